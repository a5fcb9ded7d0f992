"""A page on the screen, with a cursor: what is seen of it is drawn, whatever its length.

Knows no keys (see `viewer`) and no index (see `source`). Rows of the file and lines of the view are 0-based.
"""

from __future__ import annotations

from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from codereader.fronts.text import counted, safe_line
from codereader.fronts.tui.messages import Moved, Place
from codereader.fronts.tui.source.document import decoded
from codereader.fronts.tui.source.in_file import next_match
from codereader.fronts.tui.source.page import Page
from codereader.fronts.tui.source.prompt import Prompt
from codereader.fronts.tui.source.strips import NAMES, Line, Over, laid, strip_of
from codereader.source.spans import line_of

HEAD = 1
"""Rows above the text, which tell what is shown."""

NEAR = 3
"""Lines that are kept in view above and below the cursor."""

SIDEWAYS = 8
"""Cells that are kept in view left and right of the cursor."""

_GROUNDS = frozenset({"current", "lit", "selected", "match"})
_SHAPES = frozenset({"cursor", "chosen"})
_ROWS = frozenset({"head", "prompt"})
_FLAGS = ("bold", "dim", "italic", "underline", "reverse")

KEPT = 2000
"""Lines that are kept drawn."""

LIT, FOLDED = "▌", "▸"
"""Signs in front of line numbers: a line that was cited or selected, one that stands for several."""


class SourceCanvas(ScrollView, can_focus=True):
    """A page, and where the cursor stands in it."""

    ALLOW_SELECT = True
    DEFAULT_CSS = """
    SourceCanvas {
        background: $background;
        color: $foreground;
        overflow-x: auto;
        overflow-y: auto;
        scrollbar-size-horizontal: 0;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    SourceCanvas > .source--head { color: $text-muted; background: $surface; }
    SourceCanvas > .source--title { color: $foreground; text-style: bold; }
    SourceCanvas:focus > .source--title { color: $text-primary; }
    SourceCanvas > .source--prompt { color: $foreground; background: $surface; text-style: bold; }
    SourceCanvas > .source--gutter { color: $text-muted; }
    SourceCanvas > .source--here { color: $foreground; text-style: bold; }
    SourceCanvas > .source--current { background: $foreground 5%; }
    SourceCanvas:focus > .source--current { background: $foreground 10%; }
    SourceCanvas > .source--lit { background: $warning 18%; }
    SourceCanvas > .source--sign { color: $text-warning; text-style: bold; }
    SourceCanvas > .source--selected { background: $primary 30%; }
    SourceCanvas > .source--cursor { text-style: underline; }
    SourceCanvas:focus > .source--cursor { text-style: reverse; }
    SourceCanvas > .source--match { background: $warning 40%; text-style: underline; }
    SourceCanvas > .source--chosen { text-style: reverse; }
    SourceCanvas > .source--message { color: $text-muted; }
    SourceCanvas > .source--fold { color: $text-muted; text-style: italic; }
    SourceCanvas > .source--operator { color: $foreground 75%; }
    SourceCanvas > .source--string { color: $text-success; }
    SourceCanvas > .source--property { color: $foreground; }
    SourceCanvas > .source--constant { color: $text-error; }
    SourceCanvas > .source--type { color: $text-secondary; }
    SourceCanvas > .source--function { color: $text-primary; }
    SourceCanvas > .source--definition { color: $text-primary; text-style: bold; }
    SourceCanvas > .source--label { color: $text-accent; }
    SourceCanvas > .source--number { color: $text-error; }
    SourceCanvas > .source--attribute { color: $text-accent; }
    SourceCanvas > .source--escape { color: $text-success; text-style: bold; }
    SourceCanvas > .source--keyword { color: $text-accent; }
    SourceCanvas > .source--preprocessor { color: $text-accent; text-style: italic; }
    SourceCanvas > .source--heading { color: $text-primary; text-style: bold; }
    SourceCanvas > .source--comment { color: $text-muted; text-style: italic; }
    SourceCanvas:ansi > .source--comment { text-style: dim italic; }
    SourceCanvas:ansi > .source--gutter { text-style: dim; }
    SourceCanvas:ansi > .source--current { background: ansi_default; }
    SourceCanvas:ansi > .source--lit { background: ansi_default; }
    SourceCanvas:ansi > .source--selected { background: ansi_default; text-style: reverse; }
    SourceCanvas:ansi > .source--match { background: ansi_default; text-style: reverse; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"source--{name}"
        for name in (
            *NAMES[1:], "head", "title", "prompt", "gutter", "here", "current", "lit", "sign", "selected", "cursor",
            "match", "chosen", "message",
        )
    }  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self.shown: Page | None = None
        self.message = ""
        self.prompt = Prompt()
        self._row = self._column = 0
        self._anchor: int | None = None
        self._lit: tuple[int, int] | None = None
        self._is_wrapped = False
        self._inks: dict[str, Style] = {}
        self._pens: dict[str, Style] = {}
        self._drawn_lines: dict[tuple[int, Style], tuple[Line, Strip]] = {}

    # Where the cursor stands

    @property
    def place(self) -> Place | None:
        """Where the cursor stands, the selected lines where there are some; None while no file is shown."""
        if self.shown is None:
            return None
        first, last = self.selected_rows
        end = None if self._anchor is None else line_of(last)
        column = self._column if self._anchor is None else 0
        return Place(self.shown.contents.path, line_of(first), end, column)

    @property
    def selected_rows(self) -> tuple[int, int]:
        """The first and the last row that are selected, else the cursor's."""
        anchor = self._row if self._anchor is None else self._anchor
        return min(anchor, self._row), max(anchor, self._row)

    def show_page(self, page: Page | None) -> None:
        """Show another file, or the message."""
        self.shown = page
        self._anchor = None
        if page is None:
            self._row = self._column = 0
            self.scroll_to(0, 0, animate=False)
        self.resize()

    def stand_at(self, place: Place) -> None:
        """Put the cursor to *place* and light its lines."""
        page = self.shown
        if page is None:
            return
        row = min(max(place.line, 1), page.document.count) - 1
        last = min(max(place.end_line or 1, place.line), page.document.count) - 1
        self._lit = (row, max(row, last)) if row or place.end_line is not None else None
        self._anchor = None
        page.show_row(row)
        self.resize()
        self.move(row, place.column or page.first_column(row), is_jump=True)

    def move(self, row: int, column: int, *, is_jump: bool = False) -> None:
        """Put the cursor to a character of a row and keep it in view; a jump that leads out of it is centred."""
        page = self.shown
        if page is None:
            return
        self._row = min(max(row, 0), page.document.count - 1)
        self._column = min(max(column, 0), len(page.document.text(self._row)))
        self._reveal(is_jump)
        self.refresh()
        place = self.place
        if place is not None:
            self.post_message(Moved(place))

    def _reveal(self, is_jump: bool = False) -> None:
        page = self.shown
        if page is None or not self.room.height:
            return
        shown = page.line(line := page.layout.line(self._row)).shown
        cell = shown.cell(self._column)
        breaks = page.breaks(line)
        y = page.layout.top(line) + sum(1 for at in breaks[1:] if at <= cell)
        top, rows = self.scroll_offset.y, self._rows
        near = min(NEAR, max(0, (rows - 1) // 2))
        if is_jump and not top + near <= y < top + rows - near:
            top = y - rows // 3
        top = max(min(top, y - near), y - rows + 1 + near)
        left, width = self.scroll_offset.x, max(1, self.room.width - self._gutter)
        if not self._is_wrapped:
            aside = min(SIDEWAYS, width // 4)
            left = max(min(left, cell - aside), cell + aside - width + 1 if cell >= width - aside else 0, 0)
        self.scroll_to(left, max(0, top), animate=False, force=True)

    # Size

    @property
    def room(self) -> Size:
        """Cells that are seen beside the scrollbars."""
        return self.scrollable_content_region.size

    @property
    def _rows(self) -> int:
        """Rows of the screen that show text."""
        return max(1, self.room.height - HEAD - self.prompt.is_open)

    @property
    def _gutter(self) -> int:
        """Cells in front of the text: a sign, the number, a blank."""
        return len(str(self.shown.document.count)) + 2 if self.shown else 0

    def resize(self) -> None:
        """Take note of another size of the page or of the screen."""
        page = self.shown
        if page is None:
            self.virtual_size = Size(0, 0)
        else:
            page.wrap(max(8, self.room.width - self._gutter) if self._is_wrapped and self.room.width else 0)
            width = 0 if self._is_wrapped else page.cells + self._gutter + 1
            self.virtual_size = Size(width, page.layout.height + HEAD + self.prompt.is_open)
        self.redraw()

    def on_resize(self) -> None:
        """Wrap anew and keep the cursor in view."""
        if self._is_wrapped:
            self.resize()
        self._reveal()

    # Drawing

    def redraw(self) -> None:
        """Draw every line anew."""
        self._drawn_lines.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        """Forget the styles of another theme."""
        super().notify_style_update()
        self._inks.clear()
        self._pens.clear()
        self._drawn_lines.clear()

    def on_focus(self) -> None:
        """Draw the cursor as one that keys move."""
        self._pens.clear()

    def on_blur(self) -> None:
        """Draw the cursor as one that waits."""
        self._pens.clear()

    def _ink(self, name: str) -> Style:
        """Return what a component class says: colours of text for what is in the text, of the ground for what is under.

        Colours are blended with those of the pane here, since what lies over each other is put together later.
        """
        key = f"{name}{self.has_focus}"
        if key not in self._inks:
            made = self.get_visual_style(f"source--{name}").rich_style
            text = self.get_component_styles(f"source--{name}").text_style
            flags: dict[str, Any] = {flag: True for flag in _FLAGS if getattr(text, flag)}
            color = None if name in _GROUNDS or name in _SHAPES else made.color
            ground = made.bgcolor if name in _GROUNDS or name in _ROWS else None
            self._inks[key] = Style(color=color, bgcolor=ground, **flags)
        return self._inks[key]

    def render_line(self, y: int) -> Strip:
        """Draw row *y* of the screen."""
        width = self.room.width
        if y < HEAD:
            return self._head(width)
        if self.prompt.is_open and y == self.room.height - 1:
            return self._foot(width)
        if self.shown is None:
            return self._told(y, width)
        line, part = self.shown.layout.at(self.scroll_offset.y + y - HEAD)
        if line >= self.shown.layout.count:
            return Strip.blank(width, self._base)
        return self._drawn(self.shown, line, part).adjust_cell_length(width, self._base)

    def _drawn(self, page: Page, line: int, part: int) -> Strip:
        row = page.layout.row(line)
        base = self._base + self._ground(row)
        made, strip = self._cells(page, line, base)
        over = self._over(page, line, row, made)
        if over:
            strip = laid(strip, over, self._pens)
        if row == self._row and self._column >= len(made.shown.starts) - 1:
            strip = Strip([*strip, Segment(" ", base + self._ink("cursor"))])
        width = max(1, self.room.width - self._gutter)
        breaks = page.breaks(line)
        at = breaks[part] if part < len(breaks) else 0
        begin = at if self._is_wrapped else self.scroll_offset.x
        end = breaks[part + 1] if self._is_wrapped and part + 1 < len(breaks) else begin + width
        strip = strip.crop(begin, end).extend_cell_length(width, base).apply_offsets(made.shown.index(begin), line)
        return Strip.join([self._number(page, line, row, part, base), strip])

    @property
    def _base(self) -> Style:
        if not self._pens:
            self._pens = {name: self._ink(name) for name in (*NAMES[1:], "match", "cursor", "chosen")}
            self._pens["base"] = self.rich_style
        return self._pens["base"]

    def _cells(self, page: Page, line: int, base: Style) -> tuple[Line, Strip]:
        """Return a line and its cells; those of the last lines are kept."""
        key = (line, base)
        found = self._drawn_lines.get(key)
        if found is None:
            if len(self._drawn_lines) >= KEPT:
                self._drawn_lines.clear()
            made = page.line(line)
            found = self._drawn_lines[key] = made, strip_of(made, base, self._pens)
        return found

    def _ground(self, row: int) -> Style:
        """Return what lies under the text of a row."""
        first, last = self.selected_rows
        if self._anchor is not None and first <= row <= last:
            return self._ink("selected")
        if self._lit is not None and self._lit[0] <= row <= self._lit[1]:
            return self._ink("lit")
        return self._ink("current") if row == self._row else Style.null()

    def _number(self, page: Page, line: int, row: int, part: int, base: Style) -> Strip:
        first, last = self.selected_rows
        is_marked = self._anchor is not None and first <= row <= last
        is_lit = is_marked or (self._lit is not None and self._lit[0] <= row <= self._lit[1])
        sign = LIT if is_lit else FOLDED if page.layout.folded(line) is not None and not part else " "
        number = f"{'' if part else line_of(row):>{self._gutter - 2}} "
        ink = self._ink("here" if row == self._row else "gutter")
        return Strip([Segment(sign, base + self._ink("sign")), Segment(number, base + ink)])

    def _over(self, page: Page, line: int, row: int, made: Line) -> list[Over]:
        """Return what lies over the text of a line: what was found, what the mouse selected, the cursor."""
        found: list[Over] = []
        starts, ends = made.shown.starts, len(made.shown.starts) - 1
        if page.pattern is not None and page.layout.folded(line) is None:
            for one in page.pattern.finditer(made.raw):
                first = len(decoded(made.raw[: one.start()]))
                last = first + len(decoded(one[0]))
                found.append(Over(starts[min(first, ends)], starts[min(last, ends)], "match"))
        chosen = self.text_selection.get_span(line) if self.text_selection else None
        if chosen is not None:
            found.append(Over(chosen[0], chosen[1] if chosen[1] >= 0 else len(made.shown.text), "chosen"))
        if row == self._row and self._column < ends:
            found.append(Over(starts[self._column], starts[self._column] + 1, "cursor"))
        return found

    def _head(self, width: int) -> Strip:
        base = self._base + self._ink("head")
        page = self.shown
        if page is None:
            return Strip.blank(width, base)
        around = page.around(self._row)
        title, inside = safe_line(page.contents.path), f" › {safe_line(around.name)}" if around else ""
        right = " · ".join(self._facts(page))
        room = width - cell_len(title) - cell_len(right) - 3
        inside = inside if cell_len(inside) <= room else ""
        right = right if cell_len(title) + cell_len(right) + 3 <= width else ""
        if cell_len(title) > width - 2:
            title = f"…{title[-(width - 3) :]}"
        pad = " " * max(0, width - 2 - cell_len(title) - cell_len(inside) - cell_len(right))
        strip = Strip([Segment(f" {title}", base + self._ink("title")), Segment(f"{inside}{pad}{right} ", base)])
        return strip.adjust_cell_length(width, base)

    def _facts(self, page: Page) -> list[str]:
        found = [counted(page.document.count, "line")]
        if page.hits:
            found.insert(0, counted(len(page.hits), "match").replace("matchs", "matches"))
        first, last = self.selected_rows
        if self._anchor is not None:
            found.insert(0, f"{counted(last - first + 1, 'line')} selected")
        return [*found, *(["folded"] if page.is_folded else []), *(["wrapped"] if self._is_wrapped else [])]

    def _foot(self, width: int) -> Strip:
        base = self._base + self._ink("prompt")
        told = self._count() if self.prompt.sign == "/" else "a line number"
        typed = f" {self.prompt.sign}{safe_line(self.prompt.text)}"[-max(1, width - len(told) - 4) :]
        caret, words = base + Style(reverse=True), base + self._ink("message")
        strip = Strip([Segment(typed, base), Segment(" ", caret), Segment(f"  {told}", words)])
        return strip.adjust_cell_length(width, base)

    def _count(self) -> str:
        page = self.shown
        if page is None or not self.prompt.text:
            return "capitals count where they are typed"
        if not page.hits:
            return "no match"
        at = next_match(page.hits, page.byte(self._row, self._column) - 1, 1)
        return f"{(at or 0) + 1:,} of {len(page.hits):,}"

    def _told(self, y: int, width: int) -> Strip:
        words = self._wrapped_message(max(10, width - 4))
        at = y - max(HEAD, (self.room.height - len(words)) // 3)
        text = words[at] if 0 <= at < len(words) else ""
        strip = Strip([Segment(f"  {text}", self._base + self._ink("message"))])
        return strip.adjust_cell_length(width, self._base)

    def _wrapped_message(self, width: int) -> list[str]:
        from textwrap import wrap

        return wrap(safe_line(self.message), width)

    # What the mouse does

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the text that the mouse selected, and how it ends."""
        if self.shown is None:
            return None
        first = selection.start.y if selection.start else 0
        last = min(selection.end.y if selection.end else self.shown.layout.count - 1, self.shown.layout.count - 1)
        texts = []
        for line in range(first, last + 1):
            text = self.shown.line(line).shown.text
            span = selection.get_span(line)
            if span is not None:
                texts.append(text[span[0] : span[1] if span[1] >= 0 else len(text)])
        return "\n".join(texts), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002  # Textual's signature
        """Draw what is selected."""
        self.refresh()

    def at_mouse(self, event: events.Click) -> tuple[int, int] | None:
        """Return the row and the character under the mouse; a click on a line number is at its first character."""
        page = self.shown
        if page is None or event.y < HEAD:
            return None
        line, part = page.layout.at(self.scroll_offset.y + event.y - HEAD)
        if line >= page.layout.count:
            return None
        begin = page.breaks(line)[part] if self._is_wrapped else self.scroll_offset.x
        cell = max(0, event.x - self._gutter) + begin
        return page.layout.row(line), page.line(line).shown.column(cell) if event.x >= self._gutter else 0
