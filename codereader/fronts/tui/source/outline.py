"""The definitions of the shown file, one a row: its kind, its name, its line. Typing narrows them.

It follows the cursor of the source, and enter goes to a definition. Rows that are not seen are not drawn.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events, work
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from codereader.cancel import Cancelled
from codereader.errors import CodereaderError
from codereader.fronts.text import counted, safe_line
from codereader.fronts.tui.messages import Go, Place
from codereader.fronts.tui.source.contents import read_definitions
from codereader.fronts.tui.source.prompt import Prompt
from codereader.source.spans import line_of

if TYPE_CHECKING:
    from codereader.fronts.tui.app import CodereaderApp
    from codereader.index.parsed import Definition

SIGNS: Mapping[str, str] = {
    "function": "ƒ", "method": "ƒ", "property": "ƒ", "struct": "S", "union": "U", "enum": "E", "enumerator": "e",
    "typedef": "T", "macro": "#", "variable": "v", "constant": "c", "class": "C", "interface": "I", "trait": "I",
    "module": "M", "option": "o", "heading": "§", "key": "k", "target": "t",
}  # fmt: skip
"""What stands before a name, by the kind of its definition."""

DEEPEST = 4
"""Definitions inside each other are moved in so many times."""


@dataclass(frozen=True, slots=True)
class Row:
    """A definition as a row. `line` is 1-based, `last` the last line of the whole; `depth` counts what it stands in."""

    name: str
    kind: str
    line: int
    last: int
    depth: int


def rows_of(definitions: Sequence[Definition]) -> list[Row]:
    """Return the rows of a file's definitions, in order of lines."""
    made: list[Row] = []
    around: list[int] = []
    ordered = sorted(definitions, key=lambda one: (one.span.first_row, -one.span.last_row, one.row, one.name, one.kind))
    for one in ordered:
        while around and around[-1] < one.span.last_row:
            around.pop()
        made.append(Row(one.name, one.kind, line_of(one.row), line_of(one.span.last_row), min(len(around), DEEPEST)))
        if one.span.last_row > one.span.first_row:
            around.append(one.span.last_row)
    return made


class Outline(ScrollView, can_focus=True):
    """The definitions of one file. `follow` tells where the cursor of the source stands."""

    DEFAULT_CSS = """
    Outline {
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    Outline > .outline--head { color: $text-muted; background: $surface; }
    Outline > .outline--sign { color: $text-secondary; }
    Outline > .outline--line { color: $text-muted; }
    Outline > .outline--current { color: $text-primary; text-style: bold; }
    Outline > .outline--cursor { background: $foreground 6%; }
    Outline:focus > .outline--cursor { background: $primary 30%; text-style: bold; }
    Outline:ansi > .outline--cursor { background: ansi_default; }
    Outline:ansi:focus > .outline--cursor { text-style: reverse; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "outline--head", "outline--sign", "outline--line", "outline--current", "outline--cursor",
    }  # fmt: skip
    HELP = """\
### Outline

The definitions of the file shown, in its order; the one around the cursor stands out.

| sign | meaning |
|------|---------|
| ƒ | function or method |
| S | struct, U union, C class, E enum, e enumerator |
| # | macro |
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,l,right", "choose", "Go to"),
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("escape", "clear", "Show all", show=False),
        Binding("down,j", "step(1)", "Down", show=False),
        Binding("up,k", "step(-1)", "Up", show=False),
        Binding("pagedown,space,ctrl+d", "page(1)", "Page down", show=False),
        Binding("pageup,b,ctrl+u", "page(-1)", "Page up", show=False),
        Binding("home,g", "step(-1000000000)", "First", show=False),
        Binding("end,G", "step(1000000000)", "Last", show=False),
    ]

    def __init__(self, *, id: str | None = "outline") -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self.path: str | None = None
        self.rows: Sequence[Row] = ()
        self.prompt = Prompt()
        self._all: Sequence[Row] = ()
        self._at = 0
        self._here = 0
        self._current: int | None = None

    # What is shown

    def follow(self, place: Place) -> None:
        """Show where *place* is among the definitions of its file, which are read where it is another one."""
        self._here = place.line
        if place.path != self.path:
            self.path = place.path
            self._show_rows(())
            self._read(place.path)
        else:
            self._stand_at_cursor()

    def forget(self) -> None:
        """Read the file anew when the cursor moves: it changed on disk."""
        self.path = None

    @work(exclusive=True, group="outline", exit_on_error=False)
    async def _read(self, path: str) -> None:
        try:
            found = await cast("CodereaderApp", self.app).desk.run(lambda reader: read_definitions(reader, path))
        except (CodereaderError, Cancelled):  # the source tells why there is nothing to show
            return
        if path == self.path:
            self._show_rows(rows_of(found))

    def _show_rows(self, rows: Sequence[Row]) -> None:
        self._all = rows
        self.prompt = Prompt()
        self._narrow()

    def _narrow(self) -> None:
        words = self.prompt.text.lower().split()
        self.rows = [row for row in self._all if all(word in row.name.lower() for word in words)]
        self.virtual_size = Size(0, len(self.rows) + 1)
        self._stand_at_cursor()

    def _stand_at_cursor(self) -> None:
        """Choose the innermost row around the cursor of the source, of what a filter left the first."""
        self._current = self._row_here()
        self._at = 0 if self.prompt.text else self._current or 0
        self._reveal()
        self.refresh()

    def _row_here(self) -> int | None:
        """Return the row of the definition that the cursor of the source stands in, or the last before it."""
        before = bisect_right([row.line for row in self.rows], self._here) - 1
        around = [at for at, row in enumerate(self.rows[: before + 1]) if row.line <= self._here <= row.last]
        return around[-1] if around else (before if before >= 0 else None)

    # Drawing

    @property
    def room(self) -> Size:
        """Cells that are seen beside the scrollbar."""
        return self.scrollable_content_region.size

    def render_line(self, y: int) -> Strip:
        """Draw row *y* of the screen."""
        width = self.room.width
        if not y:
            return self._head(width)
        at = self.scroll_offset.y + y - 1
        if at >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        row = self.rows[at]
        ink = self._ink("current") if at == self._current else Style.null()
        ground = self._ground() if at == self._at else Style.null()
        base = self.rich_style + ground
        sign, number = f" {'  ' * row.depth}{SIGNS.get(row.kind, '·')} ", f" {row.line} "
        room = max(1, width - cell_len(sign) - len(number))
        name = safe_line(row.name)
        name = name if cell_len(name) <= room else f"{name[: max(0, room - 1)]}…"
        segments = [
            Segment(sign, base + self._ink("sign")),
            Segment(set_cell_size(name, room), base + ink),
            Segment(number, base + self._ink("line")),
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _head(self, width: int) -> Strip:
        base = self.rich_style + self.get_visual_style("outline--head").rich_style
        if self.prompt.is_open or self.prompt.text:
            caret = "▏" if self.prompt.is_open else ""
            text = f" /{safe_line(self.prompt.text)}{caret} {len(self.rows)} of {len(self._all)}"
        else:
            text = f" {counted(len(self._all), 'definition')}" if self.path else " Outline"
        return Strip([Segment(set_cell_size(text, width), base)])

    def _ink(self, name: str) -> Style:
        made = self.get_visual_style(f"outline--{name}").rich_style
        return Style(color=made.color, bold=made.bold or None)

    def _ground(self) -> Style:
        made = self.get_visual_style("outline--cursor").rich_style
        text = self.get_component_styles("outline--cursor").text_style
        return Style(bgcolor=made.bgcolor, bold=text.bold or None, reverse=text.reverse or None)

    # What keys and the mouse do

    def _reveal(self) -> None:
        top, rows = self.scroll_offset.y, max(1, self.room.height - 1)
        if not top <= self._at < top + rows:
            self.scroll_to(y=max(0, self._at - rows // 3), animate=False, force=True)

    def action_step(self, step: int) -> None:
        """Go down or up."""
        self._at = min(max(self._at + step, 0), max(0, len(self.rows) - 1))
        rows, top = max(1, self.room.height - 1), self.scroll_offset.y
        if not top <= self._at < top + rows:
            self.scroll_to(y=self._at if self._at < top else self._at - rows + 1, animate=False, force=True)
        self.refresh()

    def action_page(self, step: int) -> None:
        """Go down or up by what fits the screen."""
        self.action_step(step * max(1, self.room.height - 2))

    def action_choose(self) -> None:
        """Go to the definition."""
        if self.path is not None and self._at < len(self.rows):
            row = self.rows[self._at]
            self.post_message(Go(Place(self.path, row.line)))

    def action_filter(self) -> None:
        """Narrow the rows by what is typed."""
        self.prompt.open("/", self.prompt.text)
        self.refresh()

    def action_clear(self) -> None:
        """Show every row again."""
        self.prompt = Prompt()
        self._narrow()

    def check_consume_key(self, key: str, character: str | None) -> bool:  # noqa: ARG002  # Textual's signature
        """Tell that keys are typed while the filter is."""
        return self.prompt.is_open and character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        """Type into the filter; enter goes to the row that is chosen."""
        outcome = self.prompt.key(event.key, event.character) if self.prompt.is_open else None
        if outcome is None:
            return
        event.stop()
        event.prevent_default()
        if outcome == "left":
            self.action_clear()
        elif outcome == "done":
            self.prompt.close()
            self.action_choose()
        else:
            self._narrow()

    def on_click(self, event: events.Click) -> None:
        """Go to the definition that is clicked."""
        at = self.scroll_offset.y + event.y - 1
        if event.y and at < len(self.rows):
            self._at = at
            self.refresh()
            self.action_choose()
