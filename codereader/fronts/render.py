"""The only writer of stdout (or of the file named by -o): answers, never narration.

The same bytes go to a terminal's pipe and into a file; colour is added only for a terminal. A file is written whole or
not at all.
"""

from __future__ import annotations

import errno
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from codereader.answer.event import Answer, Done, Event, FactSection, Mark, Token
from codereader.errors import OutputError
from codereader.facts.fact import PAGE_WIDTH, Brief, Fact, Section, within
from codereader.fronts import ReaderGone, shape
from codereader.fronts.report import wants_colour
from codereader.fronts.text import safe, safe_line
from codereader.fronts.whole_file import WholeFile

CUT = {
    "max tokens": "the answer was cut at --max-tokens",
    "context full": "the answer was cut at the end of the context window",
    "repetition": "the answer was stopped because it repeats itself",
}
"""Why an answer ended before the model did."""

NOT_FOUND = " [not found]"
"""Stands right behind a claim that is not in the tree."""


class Output:
    """Where an answer goes: stdout as it comes, or *path* as a whole when the work ends well."""

    def __init__(self, path: Path | None = None, colour: str = "auto") -> None:
        self._file = WholeFile(path) if path and str(path) != "-" else None
        if self._file is None and sys.stdout is None:
            raise OutputError("cannot write the answer: stdout is closed", "Pass -o FILE.")
        self.coloured = self._file is None and wants_colour(sys.stdout, colour)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        if self._file:
            self._file.__exit__(kind, value, at)

    def write(self, text: str) -> None:
        """Write *text*, already made safe, at once. Raises: OutputError, ReaderGone."""
        self.raw(text.encode("utf-8", "backslashreplace"))

    def raw(self, data: bytes) -> None:
        """Write *data* at once. Raises: OutputError, ReaderGone."""
        if self._file:
            self._file.write(data)
            return
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise ReaderGone from None
        except OSError as error:
            if error.errno == errno.EINVAL:  # what Windows says of a closed pipe
                raise ReaderGone from None
            raise OutputError(f"cannot write the answer: {error.strerror}") from error

    def json(self, row: Any) -> None:
        """Write one object on one line."""
        self.write(json.dumps(row, ensure_ascii=True) + "\n")

    def bold(self, text: str) -> str:
        """Return *text* as a title."""
        return f"\x1b[1m{text}\x1b[0m" if self.coloured else text

    def faint(self, text: str) -> str:
        """Return *text* as an aside."""
        return f"\x1b[2m{text}\x1b[0m" if self.coloured else text

    def alarm(self, text: str) -> str:
        """Return *text* as something that needs a look."""
        return f"\x1b[31m{text}\x1b[0m" if self.coloured else text


def place(fact: Fact) -> str:
    """Return a fact's place as editors and terminals understand it, empty where it has none."""
    if fact.path is None:
        return ""
    return f"{safe_line(fact.path)}:{fact.line}" if fact.line else safe_line(fact.path)


def section_text(section: Section, output: Output, width: int | None = None) -> str:
    """Return a section as text: a title with what was dropped, and one line a fact, of *width* characters at most."""
    more = output.faint(f"  ({section.dropped:,} more: raise --lines)") if section.dropped else ""
    lines = [f"{output.bold(safe_line(section.title))}{more}"]
    for whole in section.facts:
        fact = whole if width is None else within(whole, width)
        condition = f"  [{safe_line(fact.condition)}]" if fact.condition else ""
        where = place(fact)
        lines.append(f"  {safe_line(fact.text)}{condition}{output.faint('  ' + where) if where else ''}")
    return "\n".join(lines) + "\n"


def section_markdown(section: Section) -> str:
    """Return a section as Markdown: a heading and a list."""
    lines = [f"### {_inert(section.title)}", ""]
    for fact in section.facts:
        depth = (len(fact.text) - len(fact.text.lstrip(" "))) // 2
        condition = f" _[{_inert(fact.condition)}]_" if fact.condition else ""
        where = place(fact)
        behind = f" ({_code(where)})" if where else ""
        lines.append(f"{'  ' * depth}- {_inert(fact.text.strip())}{condition}{behind}")
    if section.dropped:
        lines.append(f"- _{section.dropped} more: raise --lines_")
    return "\n".join(lines) + "\n\n"


def _code(text: str) -> str:
    return "`" + text.replace("`", "'") + "`"


_MARKER = re.compile(r"^([-+]|\d+[.)])(?=\s)")
"""What would make a list of a line."""


def _inert(text: str) -> str:
    """Return *text* as Markdown that shows it letter by letter."""
    escaped = "".join("\\" + c if c in "\\`*_{}[]<>#|&~!" else c for c in safe_line(text))
    return _MARKER.sub(r"\\\1", escaped)


def brief_out(brief: Brief, output: Output, style: str) -> None:
    """Write a brief alone."""
    if style == "json":
        output.json({"schema": shape.SCHEMA, **shape.brief(brief)})
    elif style == "jsonl":
        for section in brief.sections:
            output.json({"event": "facts", **shape.section(section)})
    else:
        for section in brief.sections:
            output.write(
                section_markdown(section) if style == "markdown" else section_text(section, output, PAGE_WIDTH)
            )


class AnswerText:
    """Shows the events of an answer as they come, as text or Markdown."""

    def __init__(self, output: Output, *, markdown: bool = False) -> None:
        self._output = output
        self._markdown = markdown
        self._spoke = False
        self._last = ""

    def show(self, event: Event) -> None:
        """Write what *event* adds to the answer; other events add nothing."""
        match event:
            case FactSection(section=section):
                text = section_markdown(section) if self._markdown else section_text(section, self._output)
                self._output.write(text)
            case Token(text=text):
                self._output.write(self._said(safe(text)))
            case Mark(citation=citation) if citation.verdict == "not found":
                self._output.write(self._output.alarm(NOT_FOUND))
            case Done(answer=answer):
                self._output.write(self._end(answer))

    def _said(self, text: str) -> str:
        """Return *text* of the prose as it is written; in Markdown no image is loaded because a model says so."""
        title = ""
        if not self._spoke:
            self._spoke = True
            title = "## Answer\n\n" if self._markdown else f"\n{self._output.bold('Answer')}\n"
            text = text.lstrip()
        if self._markdown:
            before, self._last = self._last, text[-1:] or self._last
            text = ("\\" if before == "!" and text.startswith("[") else "") + text.replace("![", "!\\[")
        return title + text

    def _end(self, answer: Answer) -> str:
        if answer.model is None:
            return ""
        if not self._spoke:
            return "\n(the model gave no text)\n"
        return "\n" + "".join(f"{line}\n" for line in _verdicts(answer, self._output, self._markdown))


def _verdicts(answer: Answer, output: Output, markdown: bool) -> list[str]:
    missing = answer.not_found
    verified = len(answer.citations) - len(missing)
    head = f"Checked against the tree: {verified} verified, {len(missing)} not found"
    if answer.reason in CUT:
        head += f"; {CUT[answer.reason]}"
    bullet = "- " if markdown else "  "
    rows = [f"{bullet}not found: {_shown(c.text, markdown)} ({c.why})" for c in missing]
    return ["", output.bold(head), *(output.alarm(row) for row in rows)]


def _shown(text: str, markdown: bool) -> str:
    return _code(safe_line(text)) if markdown else safe_line(text)


class AnswerJson:
    """Shows an answer as one object at the end, or every event as a line of its own."""

    def __init__(self, output: Output, *, lines: bool = False) -> None:
        self._output = output
        self._lines = lines

    def show(self, event: Event) -> None:
        """Write *event* where the format asks for it."""
        if self._lines:
            self._output.json(shape.event(event))
        elif isinstance(event, Done):
            self._output.json(shape.answer(event.answer))


def answer_renderer(style: str, output: Output) -> Callable[[Event], None]:
    """Return what shows the events of an answer in *style*."""
    if style in ("json", "jsonl"):
        return AnswerJson(output, lines=style == "jsonl").show
    return AnswerText(output, markdown=style == "markdown").show
