"""A box over the panes in which one types, and takes one of the places that are listed below: what such boxes share."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from codereader.fronts.tui.find.preview import Preview
from codereader.fronts.tui.messages import Place
from codereader.fronts.tui.row_view import RowView

WIDE = 110
"""Columns from which the lines around a place are shown too."""


class Listed(RowView):
    """What is listed. Keys stay with what is typed."""

    class Chosen(Message):
        """The person takes what the cursor stands on."""

    class Passed(Message):
        """The cursor stands elsewhere."""

    can_focus = False

    def place(self) -> Place | None:
        """Return the place under the cursor."""
        raise NotImplementedError

    def moved(self) -> None:
        """Tell of it."""
        self.post_message(self.Passed())

    def chosen(self, at: int, column: int) -> None:  # noqa: ARG002
        """Take what was clicked."""
        self.post_message(self.Chosen())


class Box(ModalScreen["Place | None"]):
    """The box: what is typed above, what is listed below, and at its side the lines around it. It ends with a place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("down,ctrl+n", "move(1)", "Next", show=False),
        Binding("up,ctrl+p", "move(-1)", "Before", show=False, priority=True),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
    ]
    DEFAULT_CSS = """
    Box {
        align: center top;
        & > Vertical {
            margin-top: 2;
            width: 92%;
            max-width: 170;
            height: 80%;
            background: $surface;
            border: round $border;
            border-title-color: $text-muted;
            &:ansi { background: $background; }
        }
        #box-top { height: 1; margin: 0 1; }
        #box-input { width: 1fr; border: none; height: 1; padding: 0; background: transparent; }
        #box-count { width: 28; height: 1; color: $text-muted; text-align: right; }
        #box-body { height: 1fr; margin-top: 1; }
        #box-body > Listed { width: 1fr; background: transparent; }
        #box-preview { width: 1fr; display: none; margin-left: 1; }
        #box-hint { height: 1; margin: 0 1; color: $text-muted; }
        &.-wide #box-preview { display: block; }
        #box-body > Listed > .rows--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: bold;
        }
        &.-narrow > Vertical { width: 100%; height: 100%; margin: 0; }
        &.-narrow #box-count { width: 16; }
    }
    """
    HEAD = ""
    PROMPT = ""
    HINTS: ClassVar[tuple[str, ...]] = ("enter goes there, esc leaves",)
    """What is said below the list: the first that the width allows."""

    def __init__(self, listed: Listed, text: str = "") -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-normal"), (WIDE, "-wide")]
        self.listed = listed
        self._text = text

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        with Vertical() as box:
            box.border_title = self.HEAD
            with Horizontal(id="box-top"):
                yield Input(self._text, placeholder=self.PROMPT, id="box-input", select_on_focus=False)
                yield Static("", id="box-count", markup=False)
            with Horizontal(id="box-body"):
                yield self.listed
                yield Preview(id="box-preview")
            yield Static("", id="box-hint", markup=False)

    def on_mount(self) -> None:
        """Take the keys."""
        self.set_focus(self.query_one(Input))  # at once: keys may be waiting

    @property
    def text(self) -> str:
        """What is typed."""
        return self.query_one(Input).value

    def say(self, text: str) -> None:
        """Say at the end of the first line how much there is, or what is being waited for."""
        self.query_one("#box-count", Static).update(text, layout=False)

    @on(Listed.Passed)
    def _show_lines(self) -> None:
        preview, place = self.query_one(Preview), self.listed.place()
        if preview.display and place is not None:
            preview.show(place)

    def on_resize(self) -> None:
        """Say what the room allows."""
        hints = (hint for hint in self.HINTS if len(hint) + 12 <= self.size.width)
        self.query_one("#box-hint", Static).update(next(hints, self.HINTS[-1]))
        self.call_after_refresh(self._show_lines)

    def action_move(self, way: int) -> None:
        """Go to another row."""
        self.listed.action_move(way)

    def action_page(self, way: int) -> None:
        """Go a screen on."""
        self.listed.action_page(way)

    @on(Listed.Chosen)
    @on(Input.Submitted)
    def _take(self) -> None:
        self.take()

    def take(self) -> None:
        """End with the place under the cursor."""
        place = self.listed.place()
        if place is not None:
            self.dismiss(place)

    def action_leave(self) -> None:
        """Go nowhere."""
        self.dismiss(None)
