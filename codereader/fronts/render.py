"""The only writer of stdout (or of the file named by -o): answers, never narration.

The same bytes go to a terminal's pipe and into a file; colour is added only for a terminal. A file is written whole or
not at all.
"""

from __future__ import annotations

import errno
import json
import re
import shutil
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from codereader.errors import OutputError
from codereader.facts.fact import PAGE_WIDTH, Brief, Fact, Section, within
from codereader.fronts import ReaderGone, diagram, shape
from codereader.fronts.report import wants_colour
from codereader.fronts.text import safe_line
from codereader.fronts.whole_file import WholeFile

if TYPE_CHECKING:
    from codereader.facts.brief.parts.parts import Parts


PARTS = "Parts"
"""The section that is drawn in Markdown."""


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

    @property
    def width(self) -> int | None:
        """Characters that a line of the terminal holds; None where the answer goes elsewhere."""
        if self._file is not None or not sys.stdout.isatty():
            return None
        return shutil.get_terminal_size().columns

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


RAISE = "raise --lines"
"""What brings back the facts that a bound on lines dropped."""


def section_text(section: Section, output: Output, width: int | None = None, hint: str = RAISE) -> str:
    """Return a section as text: a title with what was dropped, and one line a fact, of *width* characters at most.

    *hint* says what brings back what was dropped.
    """
    more = output.faint(f"  ({section.dropped:,} more: {hint})") if section.dropped else ""
    lines = [f"{output.bold(safe_line(section.title))}{more}"]
    for whole in section.facts:
        fact = whole if width is None else within(whole, width)
        condition = f"  [{safe_line(fact.condition)}]" if fact.condition else ""
        where = place(fact)
        lines.append(f"  {safe_line(_sure(fact))}{condition}{output.faint('  ' + where) if where else ''}")
    return "\n".join(lines) + "\n"


def _sure(fact: Fact) -> str:
    """Return a fact's words with how sure they are."""
    return f"{fact.text}, {fact.confidence}" if fact.confidence else fact.text


def section_markdown(section: Section, hint: str = RAISE) -> str:
    """Return a section as Markdown: a heading and a list; *hint* as in `section_text`."""
    lines = [f"### {inert(section.title)}", ""]
    for fact in section.facts:
        depth = (len(fact.text) - len(fact.text.lstrip(" "))) // 2
        condition = f" _[{inert(fact.condition)}]_" if fact.condition else ""
        where = place(fact)
        behind = f" ({code(where)})" if where else ""
        lines.append(f"{'  ' * depth}- {inert(_sure(fact).strip())}{condition}{behind}")
    if section.dropped:
        lines.append(f"- _{section.dropped:,} more: {hint}_")
    return "\n".join(lines) + "\n\n"


def code(text: str) -> str:
    """Return *text* as a code span of Markdown."""
    return "`" + text.replace("`", "'") + "`"


_MARKER = re.compile(r"^([-+]|\d+[.)])(?=\s)")
"""What would make a list of a line."""


def inert(text: str) -> str:
    """Return *text* as Markdown that shows it letter by letter."""
    escaped = "".join("\\" + c if c in "\\`*_{}[]<>#|&~!" else c for c in safe_line(text))
    return _MARKER.sub(r"\\\1", escaped)


def brief_out(brief: Brief, output: Output, style: str) -> None:
    """Write a brief alone; in Markdown with a drawing of its parts, as a graph for Graphviz these alone."""
    parts = brief.parts
    if style == "json":
        row = {"parts": shape.parts(parts) if parts else None}
        output.json({"schema": shape.SCHEMA, **shape.brief(brief), **row})
    elif style == "jsonl":
        for section in brief.sections:
            output.json({"event": "facts", **shape.section(section)})
        if parts:
            output.json({"event": "parts", **shape.parts(parts)})
    elif style == "dot":
        if parts:
            output.write(diagram.dot(parts))
    elif style == "markdown":
        for section in brief.sections:
            output.write(section_markdown(section))
            if section.title == PARTS and parts:
                output.write(_drawing(parts))
    else:
        for section in brief.sections:
            output.write(section_text(section, output, PAGE_WIDTH))


def _drawing(parts: Parts) -> str:
    """Return a flowchart of the parts as Markdown, and what it leaves out."""
    missing = diagram.left_out(parts)
    note = (
        f"_{missing} lesser uses, and those of parts that nearly all use, are not drawn: --format dot draws all._\n\n"
    )
    return f"```mermaid\n{diagram.mermaid(parts)}```\n\n{note if missing else ''}"
