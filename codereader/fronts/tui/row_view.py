"""A list of rows of which only those on the screen are drawn: a cursor, keys and mouse, a line above and one below.

Who inherits tells how many rows there are and what stands in one. Columns and rows count from 0; widths are cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from codereader.fronts.tui.cells import Part, apart, shortened

WHEEL = 3
"""Rows that a turn of the wheel moves."""

FOUND = Style(underline=True)
"""How a match is told apart on the row of the cursor."""


class _Frame(NamedTuple):
    """What the lines of one picture have in common.

    `width` is in cells that a row may fill, `height` in lines.
    """

    width: int
    height: int
    above: Sequence[Sequence[Part]]
    below: Sequence[Sequence[Part]]
    styles: Mapping[str, Style]


class RowView(ScrollView, can_focus=True):
    """The list. `cursor` is the row that keys act on."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--cursor",
        "rows--muted",
        "rows--accent",
        "rows--good",
        "rows--warning",
        "rows--match",
        "rows--head",
    }
    DEFAULT_CSS = """
    RowView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        color: $foreground;
        & > .rows--muted { color: $text-muted; }
        & > .rows--accent { color: $text-accent; }
        & > .rows--good { color: $text-success; }
        & > .rows--warning { color: $text-warning; }
        & > .rows--match { color: $text-accent; text-style: bold underline; }
        & > .rows--head { color: $text-muted; }
        & > .rows--cursor {
            color: $block-cursor-blurred-foreground;
            background: $block-cursor-blurred-background;
        }
        &:focus > .rows--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: $block-cursor-text-style;
        }
        &:focus > .rows--head { color: $text-accent; text-style: bold; }
        &:ansi > .rows--muted { text-style: dim; }
        &:ansi > .rows--head { text-style: dim; }
        &:ansi > .rows--cursor { text-style: underline; }
        &:ansi:focus > .rows--cursor { text-style: bold; }
        &:ansi:focus > .rows--head { text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("ctrl+u", "half(-1)", "Half a page up", show=False),
        Binding("ctrl+d", "half(1)", "Half a page down", show=False),
        Binding("home,g", "edge(-1)", "First", show=False),
        Binding("end,G", "edge(1)", "Last", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - as in Textual
        super().__init__(id=id, classes=classes)
        self.cursor = 0
        self._frame: _Frame | None = None

    # What who inherits tells

    def count(self) -> int:
        """Return how many rows there are."""
        raise NotImplementedError

    def parts(self, at: int, width: int) -> Iterable[Part]:
        """Yield what stands in row *at*, no more than *width* cells of it."""
        raise NotImplementedError

    def above(self, width: int) -> Sequence[Iterable[Part]]:  # noqa: ARG002
        """Return the lines that stay above the rows."""
        return ()

    def below(self, width: int) -> Sequence[Iterable[Part]]:  # noqa: ARG002
        """Return the lines that stay below the rows."""
        return ()

    def empty(self) -> str:
        """Return what to say where there are no rows."""
        return ""

    def can_stand(self, at: int) -> bool:  # noqa: ARG002
        """Tell whether the cursor may stand on row *at*."""
        return True

    def moved(self) -> None:
        """Do what follows from the cursor standing elsewhere."""

    def chosen(self, at: int, column: int) -> None:
        """Do what a click at *column* of row *at*, where the cursor stands by then, asks for."""

    # Drawing

    @property
    def _width(self) -> int:
        """The cells that a row may fill: one at the right stays free."""
        return max(1, self.scrollable_content_region.width - 1)

    def _room(self) -> int:
        """Return the rows that the screen has room for, at least 1."""
        fixed = len(self.above(self._width)) + len(self.below(self._width))
        return max(1, self.scrollable_content_region.height - fixed)

    def changed(self) -> None:
        """Draw anew after rows, or the lines around them, have become others."""
        fixed = len(self.above(self._width)) + len(self.below(self._width))
        self._take_room(Size(max(1, self._width), self.count() + fixed))
        self.cursor = min(max(0, self.cursor), max(0, self.count() - 1))
        self.refresh()

    def _take_room(self, size: Size) -> None:
        """Be *size* large; where no scroll bar comes or goes, without a layout of the screen, which costs the most."""
        before, rows = self.virtual_size, self.scrollable_content_region.height
        if size.width != before.width or (size.height > rows) != (before.height > rows):
            self.virtual_size = size
            return
        self.set_reactive(Widget.virtual_size, size)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = size.height
        if self.scroll_y > self.max_scroll_y:
            self.scroll_y = self.max_scroll_y

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.changed()
        self.see(self.cursor)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of *crop*; what they have in common is worked out once."""
        self._frame = None
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return the line *y* of the screen."""
        frame = self._frame = self._frame or self._framed()
        width = frame.width
        if y < len(frame.above):
            return self._strip(frame.above[y], frame, None)
        if y >= frame.height - len(frame.below):
            return self._strip(frame.below[y - frame.height + len(frame.below)], frame, None)
        at = self.scroll_offset.y + y - len(frame.above)
        if at == self.count() == 0:
            return self._strip([(f" {shortened(self.empty(), width - 1)}", "muted")], frame, None)
        if at >= self.count():
            return Strip.blank(width + 1, frame.styles[""])
        return self._strip(self.parts(at, width), frame, at)

    def _framed(self) -> _Frame:
        width = self._width
        styles = {name.partition("--")[2]: self.get_component_rich_style(name) for name in RowView.COMPONENT_CLASSES}
        above = [list(line) for line in self.above(width)]
        below = [list(line) for line in self.below(width)]
        height = self.scrollable_content_region.height
        ground = self.rich_style
        if self.app.no_color:
            styles["cursor"] = ground + Style(reverse=self.has_focus, underline=not self.has_focus)
        return _Frame(width, height, above, below, {**styles, "": ground})

    def _strip(self, parts: Iterable[Part], frame: _Frame, at: int | None) -> Strip:
        cursor = frame.styles["cursor"] if at == self.cursor else None
        ground = frame.styles[""] if cursor is None else cursor
        segments: list[Segment] = []
        for part, kind in parts:
            style = frame.styles[kind] if cursor is None else cursor + FOUND if kind == "match" else cursor
            segments += (Segment(text, style) for text in apart(part))
        return Strip(segments).adjust_cell_length(frame.width + 1, ground)

    # Moving

    def see(self, at: int) -> None:
        """Scroll so that row *at* is on the screen, no further than that takes."""
        room, top = self._room(), self.scroll_offset.y
        if at < top:
            self._scroll(at)
        elif at >= top + room:
            self._scroll(at - room + 1)

    def see_whole(self, first: int, last: int) -> None:
        """Scroll so that the rows *first* to *last* are on the screen, the *first* above all."""
        self.see(last)
        self.see(first)

    def _scroll(self, top: int) -> None:
        self.scroll_to(y=max(0, top), animate=False, force=True)

    def go(self, at: int, way: int = 1) -> None:
        """Put the cursor on row *at*, or on the next one in the direction of *way* where it may stand."""
        at = min(max(0, at), self.count() - 1)
        while 0 <= at < self.count() and not self.can_stand(at):
            at += way
        if 0 <= at < self.count():
            self.cursor = at
        self.see(self.cursor)
        self.refresh()
        self.moved()

    def action_move(self, way: int) -> None:
        """Go to the row before (-1) or behind (1)."""
        self.go(self.cursor + way, way)

    def action_page(self, way: int) -> None:
        """Go a screen up (-1) or down (1)."""
        self.go(self.cursor + way * self._room(), way)

    def action_half(self, way: int) -> None:
        """Go half a screen up (-1) or down (1)."""
        self.go(self.cursor + way * max(1, self._room() // 2), way)

    def action_edge(self, way: int) -> None:
        """Go to the first (-1) or last (1) row."""
        self.go(0 if way < 0 else self.count() - 1, -way)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        line = offset.y - len(self.above(self._width))
        at = self.scroll_offset.y + line
        if 0 <= line < self._room() and at < self.count() and self.can_stand(at):
            self.go(at)
            self.chosen(at, offset.x)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move the rows up under the mouse."""
        self._wheel(event, WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move the rows down under the mouse."""
        self._wheel(event, -WHEEL)

    def _wheel(self, event: events.MouseEvent, rows: int) -> None:
        event.stop()
        event.prevent_default()
        self._scroll(min(self.scroll_offset.y + rows, self.max_scroll_y))
