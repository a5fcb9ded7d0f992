"""Goes to a file or a definition by a few letters of its name. What may be typed is told by `names`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from codereader.fronts.text import counted
from codereader.fronts.tui.messages import Place
from codereader.fronts.tui.preview import Preview
from codereader.fronts.tui.row_view import Part, RowView
from codereader.fronts.tui.shelf import Shelf
from codereader.fronts.tui.sides import lit_parts, two_ends

if TYPE_CHECKING:
    from codereader.fronts.tui.names import Entry, Fit, Fits

SIGNS = {
    "file": "□", "function": "ƒ", "method": "ƒ", "struct": "S", "union": "U", "enum": "E", "enumerator": "e",
    "typedef": "T", "macro": "#", "variable": "v", "constant": "c", "class": "C", "interface": "I", "trait": "I",
    "module": "M", "property": "p", "option": "K", "heading": "§", "key": "k", "target": "t",
}  # fmt: skip
"""A letter for each kind, so that a list can be read without colour."""

HINT = "@ symbols  / files  file:line  file:symbol  struct:name  ·  enter goes there, esc leaves"
SHORT_HINT = "@ symbols  / files  file:line"

WIDE = 110
"""Columns from which the lines around a place are shown too."""


class Hits(RowView):
    """What fits, best first."""

    class Chosen(Message):
        """The person takes what the cursor stands on."""

    class Passed(Message):
        """The cursor stands elsewhere."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as in Textual
        super().__init__(id=id)
        self.fits: Fits | None = None
        self._rows: Sequence[Fit] = ()

    can_focus = False  # the keys stay with what is typed

    def show(self, fits: Fits) -> None:
        """Show what fits, the cursor on the best."""
        self.fits, self._rows, self.cursor = fits, fits.best, 0
        self.see(0)
        self.changed()
        self.moved()

    @property
    def entry(self) -> Entry | None:
        """What the cursor stands on."""
        return self._rows[self.cursor].entry if self.cursor < len(self._rows) else None

    def count(self) -> int:
        """Return how many are shown."""
        return len(self._rows)

    def parts(self, at: int, width: int) -> Iterable[Part]:
        """Yield kind, name and place, the letters typed lit."""
        from codereader.fronts.tui.names import FILE, lit

        entry = self._rows[at].entry
        in_name, in_path = lit(entry, self.fits.query) if self.fits else (frozenset(), frozenset())
        folder = entry.path[: -len(entry.name)].rstrip("/") if entry.kind == FILE else entry.path
        line = f":{entry.line}" if entry.kind != FILE or entry.line > 1 else ""
        left = [(f" {SIGNS.get(entry.kind, '·')} ", "accent"), *lit_parts(entry.name, in_name, "")]
        right = [*lit_parts(folder, [at for at in in_path if at < len(folder)], "muted"), (f"{line} ", "muted")]
        return two_ends(left, right, width)

    def moved(self) -> None:
        """Tell of it."""
        self.post_message(self.Passed())

    def chosen(self, at: int, column: int) -> None:  # noqa: ARG002
        """Take what was clicked."""
        self.post_message(self.Chosen())


class Finder(ModalScreen["Place | None"]):
    """The box over the panes: what is typed above, what fits below, and at its side the lines around it.

    It ends with a place, or None. `taken` then is the entry that was taken.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("down,ctrl+n", "move(1)", "Next", show=False),
        Binding("up,ctrl+p", "move(-1)", "Before", show=False, priority=True),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("tab", "sort", "All, symbols or files"),
    ]
    DEFAULT_CSS = """
    Finder {
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
        #finder-top { height: 1; margin: 0 1; }
        #finder-input { width: 1fr; border: none; height: 1; padding: 0; background: transparent; }
        #finder-count { width: auto; color: $text-muted; }
        #finder-body { height: 1fr; margin-top: 1; }
        #finder-hits { width: 1fr; background: transparent; }
        #finder-preview { width: 1fr; display: none; border-left: vkey $border-blurred; }
        #finder-hint { height: 1; margin: 0 1; color: $text-muted; }
        &.-wide #finder-preview { display: block; }
        & .rows--cursor { color: $block-cursor-foreground; background: $block-cursor-background; }
        &.-narrow > Vertical { width: 100%; height: 100%; margin: 0; }
    }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-normal"), (WIDE, "-wide")]

    def __init__(self, shelf: Shelf, text: str = "", title: str = "Go to") -> None:
        super().__init__()
        self.taken: Entry | None = None
        self._shelf = shelf
        self._text = text
        self._title = title

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        with Vertical() as box:
            box.border_title = self._title
            with Horizontal(id="finder-top"):
                yield Input(self._text, placeholder="a file or a symbol", id="finder-input", select_on_focus=False)
                yield Static("reading names", id="finder-count", markup=False)
            with Horizontal(id="finder-body"):
                yield Hits(id="finder-hits")
                yield Preview(id="finder-preview")
            yield Static(HINT, id="finder-hint", markup=False)

    def on_mount(self) -> None:
        """Show what is at hand, and have the names read."""
        self.query_one(Input).focus()
        self._find(self._text)
        self._read()

    @work(exclusive=True, group="names", exit_on_error=False)
    async def _read(self) -> None:
        await self._shelf.read()
        self._find(self.query_one(Input).value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._find(event.value)

    @work(exclusive=True, group="find", exit_on_error=False)
    async def _find(self, text: str) -> None:
        fits = await self._shelf.find(text)
        if fits is not None:
            self.query_one(Hits).show(fits)
            self.query_one("#finder-count", Static).update(_count(fits, self._shelf.size))

    @on(Hits.Passed)
    def _show_lines(self) -> None:
        preview, entry = self.query_one(Preview), self.query_one(Hits).entry
        if preview.display and entry is not None:
            preview.show(Place(entry.path, entry.line))

    def on_resize(self) -> None:
        """Say what the room allows."""
        self.query_one("#finder-hint", Static).update(HINT if self.size.width >= len(HINT) + 12 else SHORT_HINT)
        self.call_after_refresh(self._show_lines)

    def action_move(self, way: int) -> None:
        """Go to another row."""
        self.query_one(Hits).action_move(way)

    def action_page(self, way: int) -> None:
        """Go a screen on."""
        self.query_one(Hits).action_page(way)

    def action_sort(self) -> None:
        """Look among all, among symbols alone, among files alone."""
        box = self.query_one(Input)
        mark, rest = (box.value[:1], box.value[1:]) if box.value[:1] in ("@", "/") else ("", box.value)
        box.value = {"": "@", "@": "/", "/": ""}[mark] + rest
        box.cursor_position = len(box.value)

    @on(Hits.Chosen)
    @on(Input.Submitted)
    def _take(self) -> None:
        entry = self.query_one(Hits).entry
        if entry is not None:
            self.taken = entry
            self.dismiss(Place(entry.path, entry.line))

    def action_leave(self) -> None:
        """Go nowhere."""
        self.dismiss(None)


def _count(fits: Fits, size: int) -> str:
    if not fits.total:
        return "nothing fits"
    return f"{fits.total:,} of {counted(size, 'name')}" if fits.total < size else counted(size, "name")
