"""The box a question is typed in, with what it would cost below it, and what is pinned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import TextArea

from codereader.fronts.text import safe_line
from codereader.fronts.tui.ask.cost import Cost
from codereader.fronts.tui.ask.history import History
from codereader.fronts.tui.messages import Ask, Drafted, Pinned

EXAMPLE = "Ask about this tree: explain structure · who calls NAME · how does X reach Y"

NO_MODEL = "no model: the facts are the answer · 3 then m chooses one"

QUIET = 0.25
"""Seconds without a key after which what was typed is counted."""

BAR = 20
"""Cells of the bar, where there is room."""

NEWLINE = ("shift+enter", "alt+enter", "ctrl+j")
"""Keys that begin a line; terminals that cannot tell shift+enter from enter send ctrl+j or alt+enter."""


class QuestionArea(TextArea):
    """The text. Enter sends it; the arrow keys at its edges go through what was asked before."""

    HELP = """\
### Question

Ask about the tree: enter sends, alt+enter begins a line, up brings older questions, esc goes to the answers. Below
stands what the question costs of the model's window: the part that is the same for every question, what is pinned,
the question, the room for the answer.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send"),
        Binding("escape", "app.leave_question", "To the answers"),
        Binding("alt+enter", "newline", "New line", show=False),
        Binding("up", "older", "Older question", show=False),
        Binding("down", "newer", "Newer question", show=False),
    ]
    DEFAULT_CSS = """
    QuestionArea { border: none; padding: 0; height: auto; min-height: 1; max-height: 6; background: transparent; }
    QuestionArea:focus { border: none; }
    QuestionArea .text-area--cursor-line { background: transparent; }
    """

    @dataclass
    class Sent(Message):
        """The person pressed enter."""

    @dataclass
    class Turned(Message):
        """The person wants the older question, or the newer one."""

        is_older: bool

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.action_send()
        elif event.key in NEWLINE:
            event.stop()
            event.prevent_default()
            self.action_newline()
        else:
            await super()._on_key(event)

    def action_send(self) -> None:
        """Ask what was typed."""
        self.post_message(self.Sent())

    def action_newline(self) -> None:
        """Begin a line."""
        self.insert("\n")

    def action_older(self) -> None:
        """Move up, or show the question before."""
        if self.cursor_location[0] == 0:
            self.post_message(self.Turned(is_older=True))
        else:
            self.action_cursor_up()

    def action_newer(self) -> None:
        """Move down, or show the question after."""
        if self.cursor_location[0] == self.document.line_count - 1:
            self.post_message(self.Turned(is_older=False))
        else:
            self.action_cursor_down()


class CostLine(Widget):
    """What the question would cost: a bar, the parts, what to do where they do not fit; and what is pinned."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"cost--ok", "cost--near", "cost--over", "cost--rest"}
    DEFAULT_CSS = """
    CostLine { height: auto; color: $text-muted; &:ansi { text-style: dim; } }
    CostLine > .cost--ok { color: $text-success; }
    CostLine > .cost--near { color: $text-warning; text-style: bold; }
    CostLine > .cost--over { color: $text-error; text-style: bold; }
    CostLine > .cost--rest { text-style: dim; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._cost: Cost | None = None
        self._pins: tuple[str, ...] = ()
        self._told = ""

    def show(self, cost: Cost | None, pins: tuple[str, ...], otherwise: str = "") -> None:
        """Show *cost*; without one, what stands there *otherwise*."""
        self._cost, self._pins, self._told = cost, pins, otherwise
        self.refresh(layout=True)

    def render(self) -> Content:
        """Return one line for the cost and one for the pins, where there are some."""
        width = self.size.width
        lines = [self._line(self._cost, width) if self._cost else Content(self._told)]
        if self._pins:
            lines.append(Content(f"pinned: {' · '.join(self._pin(path) for path in self._pins)}"))
        return Content("\n").join(line.truncate(max(1, width), ellipsis=True) for line in lines)

    def _pin(self, path: str) -> str:
        tokens = next((pin.tokens for pin in self._cost.pins if pin.path == path), None) if self._cost else None
        told = "" if tokens is None else " sent anyway" if tokens == 0 else f" {tokens:,}"
        return f"{safe_line(path) or 'everything'}{told}"

    def _line(self, cost: Cost, width: int) -> Content:
        style = ".cost--over" if cost.over else ".cost--near" if cost.is_near else ".cost--ok"
        cells = min(BAR, max(6, width // 7))
        full = min(cells, -(-cells * cost.total // max(1, cost.room)))
        bar = Content.styled("━" * full, style) + Content.styled("─" * (cells - full), ".cost--rest")
        sign = "✗ " if cost.over else "! " if cost.is_near else ""
        head = Content.styled(f" {sign}{cost.total:,} of {cost.room:,} tokens", style)
        return Content.assemble(bar, head, Content(f" · {_advice(cost) or _parts(cost)}"))


def _advice(cost: Cost) -> str:
    """Return what to do where the parts do not fit, "" where they do."""
    if not cost.over:
        return ""
    what = "unpin something" if cost.pins else "shorten the question"
    return f"{cost.over:,} too many: {what}, or take a larger window (b among the answers)"


def _parts(cost: Cost) -> str:
    pinned = f"pinned {cost.pinned:,} · " if cost.pinned else ""
    time = f" · read in about {cost.seconds:.0f} s" if cost.pins and cost.seconds >= 1 else ""
    about = "" if cost.is_exact else "~"
    return f"shared {cost.base:,} · {pinned}question {about}{cost.question:,} · answer {cost.answer:,}{time}"


class QuestionBox(Vertical):
    """The question being typed. Posts `Ask`, `Drafted` and `Pinned`; is told the cost by `weigh`."""

    DEFAULT_CSS = """
    QuestionBox { height: auto; max-height: 9; padding: 0 1; border-left: thick $primary 50%; background: $surface; }
    QuestionBox:focus-within { border-left: thick $primary; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual calls it
        super().__init__(id=id)
        self.pins: tuple[str, ...] = ()
        self._history: History | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Put the text and the line below it there."""
        yield QuestionArea(placeholder=EXAMPLE, show_line_numbers=False, soft_wrap=True, compact=True)
        yield CostLine()

    @property
    def text(self) -> str:
        """What was typed."""
        return self._area.text

    def suggest(self, text: str) -> None:
        """Put *text* there, to be edited and sent, and the keys too."""
        self._area.text = text
        self._area.move_cursor(self._area.document.end)
        self._area.focus()

    def focus(self, scroll_visible: bool = True) -> QuestionBox:
        """Put the keys into the text."""
        self._area.focus(scroll_visible)
        return self

    def toggle_pin(self, path: str) -> frozenset[str]:
        """Pin *path*, or take it out again; return what is pinned."""
        pins = set(self.pins) ^ {path}
        self.pins = tuple(sorted(pins))
        self._show(None, "counting what is pinned…")
        self.post_message(Pinned(self.pins))
        return frozenset(pins)

    def weigh(self, cost: Cost | None, otherwise: str = NO_MODEL) -> None:
        """Show what the question would cost; without a model, what is to be said *otherwise*."""
        self._show(cost, otherwise)

    def _show(self, cost: Cost | None, otherwise: str) -> None:
        self.query_one(CostLine).show(cost, self.pins, otherwise)

    @on(QuestionArea.Sent)
    def _send(self) -> None:
        text = self.text.strip()
        if text:
            self._past.add(text)
            self._area.text = ""
            self.post_message(Ask(text))

    @on(QuestionArea.Turned)
    def _turn(self, turned: QuestionArea.Turned) -> None:
        found = self._past.older(self.text) if turned.is_older else self._past.newer()
        if found is not None:
            self._area.text = found
            self._area.move_cursor(self._area.document.end if turned.is_older else (0, 0))

    @on(TextArea.Changed)
    def _typed(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(QUIET, lambda: self.post_message(Drafted(self.text)))

    @property
    def _area(self) -> QuestionArea:
        return self.query_one(QuestionArea)

    @property
    def _past(self) -> History:
        if self._history is None:
            launch: Any = getattr(self.app, "launch", None)
            self._history = History(launch.cache if launch else None)
        return self._history
