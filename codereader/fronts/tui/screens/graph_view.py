"""A diagram that can be scrolled, walked through by keys and clicked: one box is selected, its arrows are lit.

What is lit is told by heavier lines, not by colour alone. Knows boxes and arrows, nothing of parts or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from codereader.fronts.diagram_layout import Drawing, Frame, Marks
from codereader.fronts.drawing.canvas import Cell
from codereader.fronts.drawing.graph import Pair
from codereader.fronts.drawing.moves import Direction, neighbour

MARGIN = 2
"""Columns and lines that stay visible around a box that is scrolled to."""

LINE, FRAME, NAME, DETAIL, HEAD, LIT, CHOSEN, NEAR = (
    "graph--line", "graph--frame", "graph--name", "graph--detail", "graph--head", "graph--lit", "graph--chosen",
    "graph--near",
)  # fmt: skip


class GraphView(ScrollView, can_focus=True):
    """Shows a `Drawing`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {LINE, FRAME, NAME, DETAIL, HEAD, LIT, CHOSEN, NEAR}
    DEFAULT_CSS = """
    GraphView {
        background: $background;
        color: $foreground;
        scrollbar-size: 1 1;
        & > .graph--line { color: $foreground 60%; }
        & > .graph--frame { color: $foreground 60%; }
        & > .graph--name { color: $foreground; text-style: bold; }
        & > .graph--detail { color: $foreground 60%; }
        & > .graph--head { color: $foreground; }
        & > .graph--lit { color: $accent; text-style: bold; }
        & > .graph--chosen { color: $accent; text-style: bold; }
        & > .graph--near { color: $foreground; }
    }
    """
    HELP = """A box is a part, an arrow what it uses; the number at its head counts the names. Dashed arrows run against
    the order. The arrows of the selected box are heavy; rounded boxes are used by nearly all others."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move('up')", "Box above", show=False),
        Binding("down,j", "move('down')", "Box below", show=False),
        Binding("left,h", "move('left')", "Box to the left", show=False),
        Binding("right,l", "move('right')", "Box to the right", show=False),
        Binding("enter", "open", "Open"),
    ]

    @dataclass
    class Chosen(Message):
        """Another box is selected."""

        key: str

    @dataclass
    class Opened(Message):
        """The box is to be opened."""

        key: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.drawing: Drawing | None = None
        self.key = ""
        self._frames: dict[str, Frame] = {}
        self._near: frozenset[str] = frozenset()
        self._lit: dict[Cell, str] = {}

    def show(self, drawing: Drawing, key: str = "") -> None:
        """Show *drawing* with the box *key* selected, the first one where there is no such."""
        self.drawing = drawing
        self._frames = {frame.key: frame for frame in drawing.frames}
        self.virtual_size = Size(drawing.width, len(drawing.lines))
        self.scroll_to(0, 0, animate=False)
        first = drawing.frames[0].key if drawing.frames else ""
        self.key = ""
        self.choose(key if key in self._frames else first)
        self.refresh()

    def choose(self, key: str) -> None:
        """Select the box *key*, light its arrows, bring it into view."""
        if self.drawing is None or key == self.key or key not in self._frames:
            return
        self.key = key
        pairs: Sequence[Pair] = [pair for pair in self.drawing.runs if key in pair]
        self._near = frozenset(one for pair in pairs for one in pair)
        self._lit = self.drawing.lit(pairs)
        frame = self._frames[key]
        wide, tall = frame.right - frame.left + 1, frame.bottom - frame.top + 1
        region = Region(frame.left - MARGIN, frame.top - MARGIN, wide + 2 * MARGIN, tall + 2 * MARGIN)
        self.scroll_to_region(region, animate=False, force=True)
        self.refresh()
        self.post_message(self.Chosen(key))

    def action_move(self, direction: Direction) -> None:
        """Select the next box in a direction; where there is none, scroll on."""
        if self.drawing is None:
            return
        key = neighbour(self.drawing.frames, self.key, direction)
        if key != self.key:
            self.choose(key)
        else:
            x = {"left": -4, "right": 4}.get(direction, 0)
            y = {"up": -2, "down": 2}.get(direction, 0)
            self.scroll_relative(x, y, animate=False)

    def action_open(self) -> None:
        """Ask for what is inside of the selected box."""
        if self.key:
            self.post_message(self.Opened(self.key))

    def on_click(self, event: events.Click) -> None:
        """Select the box under the pointer; a second click opens it."""
        at = event.get_content_offset(self)
        frame = self._under(at) if at is not None else None
        if frame is None:
            return
        if event.chain > 1 and frame.key == self.key:
            self.action_open()
        self.choose(frame.key)

    def _under(self, at: Offset) -> Frame | None:
        x, y = at.x + self.scroll_offset.x, at.y + self.scroll_offset.y
        return next(
            (one for one in self._frames.values() if one.left <= x <= one.right and one.top <= y <= one.bottom), None
        )

    def render_line(self, y: int) -> Strip:
        """Return one line of the view."""
        offset, width = self.scroll_offset, self.size.width
        line = y + offset.y
        back = self.visual_style.rich_style
        if self.drawing is None or line >= len(self.drawing.lines):
            return Strip.blank(width, back)
        roles = self._roles(self.drawing, line)
        cells = list(self.drawing.cells[line])
        for x in range(len(cells)):
            if (lit := self._lit.get((x, line))) is not None:
                cells[x], roles[x] = lit, LIT
        if self.key in self._frames:
            self._emphasize(self._frames[self.key], line, cells, self.drawing.marks)
        styles = {role: self.get_visual_style(role).rich_style for role in set(roles)}
        at, segments = 0, []
        for role, some in groupby(roles):
            count = len(list(some))
            segments.append(Segment("".join(cells[at : at + count]), styles[role]))
            at += count
        return Strip(segments, len(cells)).crop_extend(offset.x, offset.x + width, back)

    def _roles(self, drawing: Drawing, line: int) -> list[str]:
        """Return how each cell of a line is styled."""
        heads = (drawing.marks.head_down, drawing.marks.head_up)
        row = drawing.cells[line]
        roles = [HEAD if cell in heads or cell.isalnum() or cell == "," else LINE for cell in row]
        for frame in drawing.frames:
            if frame.top <= line <= frame.bottom:
                border = CHOSEN if frame.key == self.key else NEAR if frame.key in self._near else FRAME
                first = CHOSEN if frame.key == self.key else NAME
                inside = border if line in (frame.top, frame.bottom) else first if line == frame.top + 1 else DETAIL
                roles[frame.left : frame.right + 1] = [border, *[inside] * (frame.right - frame.left - 1), border]
        return roles

    @staticmethod
    def _emphasize(frame: Frame, line: int, cells: list[str], marks: Marks) -> None:
        """Draw the selected box with heavy sides; where lines leave it stays as it is."""
        across, upright, *corners = tuple(marks.bold)
        if line in (frame.top, frame.bottom):
            first, last = corners[:2] if line == frame.top else corners[2:]
            plain = {marks.frame[0], marks.round[0]}
            for x in range(frame.left + 1, frame.right):
                cells[x] = across if cells[x] in plain else cells[x]
            cells[frame.left], cells[frame.right] = first, last
        elif frame.top < line < frame.bottom:
            cells[frame.left] = cells[frame.right] = upright
