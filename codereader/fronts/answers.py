"""Show the events of an answer as they come: as text, as Markdown, as one object, or as an object a line."""

from __future__ import annotations

import re
from collections.abc import Callable

from codereader.answer.event import (
    OVERVIEW,
    Answer,
    Done,
    Event,
    FactSection,
    Judged,
    Mark,
    Remark,
    Statement,
    Thought,
    Token,
)
from codereader.facts.fact import PAGE_WIDTH, Section
from codereader.fronts import shape
from codereader.fronts.render import RAISE, Output, code, inert, section_markdown, section_text
from codereader.fronts.text import counted, safe, safe_line

CUT = {
    "max tokens": "the answer was cut at --max-tokens",
    "context full": "the answer was cut at the end of the context window",
    "repetition": "the answer was stopped because it repeats itself",
    "drift": "the answer was stopped because none of its last sentences could be verified",
}
"""Why an answer ended before the model did."""

NOT_FOUND = " [not found]"
"""Stands right behind a claim that is not in the tree."""

BEYOND = "codereader find and export list all"
"""What shows the facts that a reply itself leaves out as less important."""

NO_EVIDENCE = " [no evidence]"
"""Stands right behind a sentence of which nothing could be looked up."""


class AnswerText:
    """Shows the events of an answer as they come, as text or Markdown."""

    def __init__(self, output: Output, *, intent: str, is_cut: bool, markdown: bool = False) -> None:
        self._output = output
        self._markdown = markdown
        self._width = PAGE_WIDTH if intent == OVERVIEW else None
        self._hint = RAISE if is_cut or intent == OVERVIEW else BEYOND
        self._spoke = False
        self._remarked = False
        self._last = ""
        self._held = ""

    def show(self, event: Event) -> None:
        """Write what *event* adds to the answer; other events add nothing."""
        out = self._output
        if self._held and not isinstance(event, Token):
            out.write(self._held.replace("<", "&lt;"))
            self._held = ""
        match event:
            case FactSection(section=section):
                out.write(self._section(section))
            case Remark(text=text):
                out.write(self._remark(text))
            case Token(text=text):
                out.write(self._said(safe(text)))
            case Mark(citation=citation) if citation.verdict == "not found":
                out.write(out.alarm(NOT_FOUND))
            case Judged(statement=statement) if statement.verdict != "verified":
                out.write(self._verdict(statement))
            case Done(answer=answer):
                out.write(self._end(answer))

    def _section(self, section: Section) -> str:
        if self._markdown:
            return section_markdown(section, self._hint)
        return section_text(section, self._output, self._width, self._hint)

    def _remark(self, text: str) -> str:
        title = "" if self._remarked or self._markdown else f"{self._output.bold('Note')}\n"
        self._remarked = True
        return f"_{inert(text)}_\n\n" if self._markdown else f"{title}  {safe_line(text)}\n"

    def _said(self, text: str) -> str:
        """Return *text* of the prose as it is written.

        In Markdown no image is loaded because a model says so: what may become a tag with attributes is held back
        until it is known.
        """
        title = ""
        if not self._spoke:
            self._spoke = True
            title = "## Answer\n\n" if self._markdown else f"\n{self._output.bold('Answer')}\n"
            text = text.lstrip()
        if self._markdown:
            text, self._held = _cut_at_tag(self._held + text)
            before, self._last = self._last, text[-1:] or self._last
            text = ("\\" if before == "!" and text.startswith("[") else "") + text.replace("![", "!\\[")
            text = _without_tags(text)
        return title + text

    def _verdict(self, statement: Statement) -> str:
        """Return what stands behind a sentence that was not verified."""
        if statement.verdict == "no evidence":
            return self._output.faint(NO_EVIDENCE)
        why = inert(statement.why) if self._markdown else safe_line(statement.why)
        return self._output.alarm(f" [contradicted: {why}]")

    def _end(self, answer: Answer) -> str:
        if answer.model is None:
            return ""
        if not self._spoke:
            return f"\n({silence(answer)})\n"
        return "\n" + "".join(f"{line}\n" for line in _verdicts(answer, self._output, self._markdown))


_TAG = re.compile(r"<(?=[!?]|[A-Za-z][\w:.-]*\s)")
"""Where HTML begins that can do more than stand there: a tag with attributes, a declaration."""

_OPEN_TAG = re.compile(r"<[\w:.-]*\Z")
"""The end of a text that may go on as a tag."""


def _cut_at_tag(text: str) -> tuple[str, str]:
    """Return what of *text* can be written, and the end that may become a tag."""
    found = _OPEN_TAG.search(text)
    return (text[: found.start()], found[0]) if found else (text, "")


def _without_tags(text: str) -> str:
    return _TAG.sub("&lt;", text)


def silence(answer: Answer, key: str = "--all-prose") -> str:
    """Say why there is no prose; *key* is what shows sentences that could not be verified."""
    thought = answer.usage.reasoning_tokens if answer.usage else 0
    spoke = answer.usage is not None and answer.usage.completion_tokens - thought > 1
    if thought and not answer.dropped and not spoke:
        return f"the model gave no answer behind {counted(thought, 'token')} of reasoning; --think off leaves it out"
    if not answer.dropped and not spoke:
        return "the model gave no text"
    what = counted(answer.dropped, "sentence") if answer.dropped else "no sentence, only code or signs"
    cut = f"; {CUT[answer.reason]}" if answer.reason in CUT else ""
    said = f"nothing that the model said could be verified ({what}{cut})"
    return f"{said}: the facts above are the answer; {key} shows it all the same"


def _verdicts(answer: Answer, output: Output, markdown: bool) -> list[str]:
    """Return the lines under the prose: how many sentences hold, why it ended, what is not in the tree."""
    head = outcome(answer)
    bullet = "- " if markdown else "  "
    rows = [f"{bullet}not found: {_shown(c.text, markdown)} ({_why(c.why, markdown)})" for c in answer.not_found]
    return ["", output.bold(head), *(output.alarm(row) for row in rows)]


def outcome(answer: Answer, key: str = "--all-prose") -> str:
    """Return how many sentences hold and why the prose ended; *key* as in `silence`."""
    head = f"Checked against the tree: {sentences(answer)}"
    if answer.dropped:
        head += f"; {counted(answer.dropped, 'sentence')} dropped, {key} shows them"
    if answer.reason in CUT:
        head += f"; {CUT[answer.reason]}"
    return head


def sentences(answer: Answer) -> str:
    """Return how many sentences were judged how, in words."""
    verified, wrong = len(answer.judged("verified")), len(answer.judged("contradicted"))
    unknown, total = len(answer.judged("no evidence")), counted(len(answer.statements), "sentence")
    return f"{total}: {verified:,} verified, {unknown:,} without evidence, {wrong:,} contradicted"


def _shown(text: str, markdown: bool) -> str:
    return code(safe_line(text)) if markdown else safe_line(text)


def _why(text: str, markdown: bool) -> str:
    return inert(text) if markdown else safe_line(text)


class AnswerJson:
    """Shows an answer as one object at the end, or every event as a line of its own."""

    def __init__(self, output: Output, *, lines: bool = False) -> None:
        self._output = output
        self._lines = lines

    def show(self, event: Event) -> None:
        """Write *event* where the format asks for it."""
        if isinstance(event, Thought):
            return
        if self._lines:
            self._output.json(shape.event(event))
        elif isinstance(event, Done):
            self._output.json(shape.answer(event.answer))


def answer_renderer(style: str, output: Output, intent: str, *, is_cut: bool) -> Callable[[Event], None]:
    """Return what shows the events of an answer to a question of *intent* in *style*.

    *is_cut*: a bound on lines dropped some of its facts.
    """
    if style in ("json", "jsonl"):
        return AnswerJson(output, lines=style == "jsonl").show
    return AnswerText(output, intent=intent, is_cut=is_cut, markdown=style == "markdown").show
