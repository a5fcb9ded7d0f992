"""One question with all that came of it: facts, reasoning, the answer as it is said, checks, figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Markdown, Static

from codereader.answer.event import Answer, Done, FactSection, Judged, Mark, Note, Progress, Remark, Thought, Token
from codereader.fronts.text import counted, safe, safe_line
from codereader.fronts.tui.ask.asking import Failed, Sent, Stage, Stopped, Turn
from codereader.fronts.tui.ask.facts import Facts
from codereader.fronts.tui.ask.prose import Claims, Prose, inert
from codereader.fronts.tui.messages import Place, Working
from codereader.fronts.tui.wording import in_keys

if TYPE_CHECKING:
    from textual.widgets._markdown import MarkdownStream

LEAST_SECONDS = 0.3
"""Seconds after which a rate says something."""


@dataclass(frozen=True, slots=True)
class Link:
    """A place that can be reached by keys: link *number* of *widget*."""

    widget: Facts | Prose
    number: int

    @property
    def place(self) -> Place | None:
        """Where it leads."""
        return (
            self.widget.place(self.number) if isinstance(self.widget, Facts) else self.widget.claims.place(self.number)
        )


class Aside(Static):
    """Text that is not the answer itself, shown letter by letter."""

    DEFAULT_CSS = """
    Aside { color: $text-muted; height: auto; &:ansi { text-style: dim; } }
    Aside.-empty { display: none; }
    """

    def __init__(self, *, classes: str = "") -> None:
        super().__init__("", markup=False, classes=f"{classes} -empty".strip())

    def say(self, *lines: str) -> None:
        """Show *lines*, already safe; none hides it."""
        self.update(Content("\n".join(lines)))
        self.set_class(not lines, "-empty")


class Reasoning(Aside):
    """What the model thought before it spoke: one line with its size, or all of it."""

    def __init__(self) -> None:
        super().__init__(classes="reasoning")
        self._text: list[str] = []
        self._tokens = 0
        self.is_open = False

    def add(self, text: str) -> None:
        """Take in a piece, which is about a token."""
        self._text.append(inert(text))
        self._tokens += 1

    def count(self, tokens: int) -> None:
        """Take the exact number of tokens."""
        self._tokens = tokens or self._tokens
        self.draw()

    def draw(self) -> None:
        """Show what there is by now."""
        if self._text:
            sign = "▾" if self.is_open else "▸"
            body = [safe("".join(self._text)).strip()] if self.is_open else []
            self.say(
                f"{sign} reasoning · {counted(self._tokens, 'token')}{'' if self.is_open else ' (r shows it)'}", *body
            )

    def on_click(self) -> None:
        """Show all of it, or one line again."""
        self.toggle()

    def toggle(self) -> None:
        """Show all of it, or one line again."""
        self.is_open = not self.is_open
        self.draw()


class Entry(Widget):
    """A question and its answer. `answer` is None until all of it is there; `events` are those that any front shows."""

    DEFAULT_CSS = """
    Entry { height: auto; width: 1fr; padding: 0 1; margin: 0 0 1 0; }
    Entry > .asked { text-style: bold; color: $text-primary; height: auto; margin: 0 0 1 0; }
    Entry > Facts { margin: 0 0 1 0; }
    Entry > Prose { margin: 0; }
    Entry > .state { color: $text-accent; }
    Entry > .reasoning { text-style: italic; margin: 0 0 1 0; }
    Entry > .failed { color: $text-error; text-style: bold; &:ansi { text-style: bold; } }
    Entry > .figures { margin: 0; }
    """

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self.turn = turn
        self.answer: Answer | None = None
        self.events: list[Any] = []
        self.claims = Claims()
        self.is_over = False
        self.reused = 0
        self.rate = 0.0
        self._stream: MarkdownStream | None = None
        self._notes: list[str] = []
        self._first: tuple[float, int] | None = None
        self._spoken: tuple[float, int] | None = None

    def compose(self) -> ComposeResult:
        """Put the parts there, empty but for the question."""
        yield Static(Content(f"❯ {safe(self.turn.question)}"), markup=False, classes="asked")
        yield Facts()
        yield Reasoning()
        yield Prose(self.claims)
        yield Aside(classes="checks")
        yield Aside(classes="failed")
        yield Aside(classes="state")
        yield Aside(classes="figures")

    async def show(self, items: Sequence[object]) -> list[Working]:
        """Show what happened; return what the status line is to tell of it."""
        told: list[Working] = []
        text: list[str] = []
        thought = False
        for item in items:
            if self.is_over:
                break
            match item:
                case FactSection(section=section):
                    self.query_one(Facts).add(section)
                case Remark(text=said):
                    self.query_one(Facts).remark(said)
                case Token(text=said):
                    text.append(self._said(said, is_first=not text and self._stream is None))
                case Mark(citation=citation):
                    text.append(self.claims.cite(citation))
                case Judged(statement=statement):
                    text.append(self.claims.judge(statement))
                case Thought(text=said):
                    self.query_one(Reasoning).add(said)
                    thought = True
                case Progress():
                    told.append(self._moved(item))
                case Note(text=said):
                    self._note(said)
                case Stage(text=said):
                    self._state(f"{said}…")
                case Sent():
                    self._sent(item)
                case _:
                    await self._write(text)
                    text = []
                    await self._end(item)
            if not isinstance(item, Thought | Stage | Sent):
                self.events.append(item)
        if thought:
            self.query_one(Reasoning).draw()
        await self._write(text)
        return told

    @property
    def links(self) -> list[Link]:
        """The places that the entry names, from the top."""
        facts, prose = self.query_one(Facts), self.query_one(Prose)
        return [*(Link(facts, n) for n in facts.links), *(Link(prose, n) for n in self.claims.links)]

    # While it lasts

    def _said(self, text: str, *, is_first: bool) -> str:
        if self._spoken is None:
            self._spoken = (monotonic(), 0)
            self._state("")
        self._spoken = (self._spoken[0], self._spoken[1] + 1)
        return inert(text.lstrip() if is_first else text)

    async def _write(self, text: list[str]) -> None:
        if not text:
            return
        if self._stream is None:
            self._stream = Markdown.get_stream(self.query_one(Prose))
        await self._stream.write("".join(text))

    def _sent(self, sent: Sent) -> None:
        self.rate = sent.rate
        self.query_one(Facts).fold(folded=True)
        self._state(*sent.lines)

    def _moved(self, progress: Progress) -> Working:
        """Return the work as the status line tells it, with its rate and the seconds left."""
        now = monotonic()
        if progress.stage != "prefill":
            return Working(progress.stage, progress.done, progress.total, progress.unit)
        self.reused = max(self.reused, progress.reused)
        if self._first is None:
            self._first = (now, progress.done)
        began, before = self._first
        seconds, done = now - began, progress.done - before
        rate = done / seconds if seconds >= LEAST_SECONDS and done > 0 else None
        left = (progress.total - progress.done) / rate if rate else None
        if progress.done >= progress.total:
            return Working("prefill", 0, 0)
        told = f"reading the prompt · {progress.done:,} of {progress.total:,} tokens"
        if rate:
            told += f" · {rate:,.0f}/s · {left:,.0f} s left"
        self._state(told)
        return Working("prefill", progress.done, progress.total, "tokens", rate, left)

    def _note(self, text: str) -> None:
        self._notes.append(in_keys(text))
        self.query_one(".checks", Aside).say(*(f"Note: {safe_line(note)}" for note in self._notes))

    def _state(self, *lines: str) -> None:
        self.query_one(".state", Aside).say(*(safe_line(line) for line in lines if line))

    # The end

    async def _end(self, item: object) -> None:
        self.is_over = True
        self._state("")
        if self._stream is not None:
            stream, self._stream = self._stream, None
            await stream.stop()
        match item:
            case Done(answer=answer):
                self.answer = answer
                self._checked(answer)
            case Failed(text=text, hint=hint):
                self.query_one(".failed", Aside).say(
                    f"✗ {safe_line(in_keys(text))}", *([f"  {safe_line(in_keys(hint))}"] if hint else [])
                )
            case Stopped():
                self.query_one(".figures", Aside).say("■ stopped; what was said stays")

    def _checked(self, answer: Answer) -> None:
        from codereader.fronts.answers import outcome, silence
        from codereader.fronts.footer import one_line

        if answer.usage is not None:
            self.query_one(Reasoning).count(answer.usage.reasoning_tokens)
        lines = [f"Note: {safe_line(note)}" for note in self._notes]
        if answer.model is not None:
            spoke = self._spoken is not None
            lines.append(in_keys(outcome(answer, "v") if spoke else silence(answer, "v")))
            lines += [f"✗ not found: {safe_line(one.text)} ({safe_line(one.why)})" for one in answer.not_found]
        lines += [f"cannot see: {safe_line(text)}" for text in answer.blind]
        self.query_one(".checks", Aside).say(*lines)
        self.query_one(".figures", Aside).say(one_line(answer, self.rate))
