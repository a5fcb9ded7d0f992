"""Goes to a file or a definition by a few letters of its name. What may be typed is told by `names`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widgets import Input

from codereader.cancel import Cancelled
from codereader.errors import CodereaderError
from codereader.fronts.text import counted
from codereader.fronts.tui.cells import Part
from codereader.fronts.tui.find.box import Box, Listed
from codereader.fronts.tui.find.shelf import Shelf
from codereader.fronts.tui.find.sides import SIGNS, lit_parts, two_ends
from codereader.fronts.tui.messages import Place, Problem

if TYPE_CHECKING:
    from codereader.fronts.tui.find.names import Entry, Fit, Fits


class Hits(Listed):
    """What fits, best first."""

    def __init__(self) -> None:
        super().__init__()
        self._fits: Fits | None = None
        self._rows: Sequence[Fit] = ()

    def show(self, fits: Fits) -> None:
        """Show what fits, the cursor on the best."""
        self._fits, self._rows, self.cursor = fits, fits.best, 0
        self.see(0)
        self.changed()
        self.moved()

    def empty(self) -> str:
        """Return what to say where there are no rows."""
        return "Nothing fits. Fewer letters, or a part of the path, find more." if self._fits else ""

    @property
    def entry(self) -> Entry | None:
        """What the cursor stands on."""
        return self._rows[self.cursor].entry if self.cursor < len(self._rows) else None

    def place(self) -> Place | None:
        """Return where it stands."""
        return Place(self.entry.path, self.entry.line) if self.entry else None

    def count(self) -> int:
        """Return how many are shown."""
        return len(self._rows)

    def parts(self, at: int, width: int) -> Iterable[Part]:
        """Yield kind, name and place, the letters typed lit."""
        from codereader.fronts.tui.find.names import FILE, lit

        entry = self._rows[at].entry
        in_name, in_path = lit(entry, self._fits.query) if self._fits else (frozenset(), frozenset())
        folder = entry.path[: -len(entry.name)].rstrip("/") if entry.kind == FILE else entry.path
        line = f":{entry.line}" if entry.kind != FILE or entry.line > 1 else ""
        left = [(f" {SIGNS.get(entry.kind, '·')} ", "accent"), *lit_parts(entry.name, in_name, "")]
        right = [*lit_parts(folder, [at for at in in_path if at < len(folder)], "muted"), (f"{line} ", "muted")]
        return two_ends(left, right, width)


class Finder(Box):
    """The box that goes to a name. `taken` is the entry that was taken, once it ended with a place."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "sort", "All, symbols or files")]
    HEAD = "Go to"
    PROMPT = "a file or a symbol"
    HINTS: ClassVar[tuple[str, ...]] = (
        "@ symbols  / files  file:line  file:symbol  struct:name  ·  enter goes there, esc leaves",
        "@ symbols  / files  file:line  file:symbol",
        "@ symbols  / files",
    )

    def __init__(self, shelf: Shelf, text: str = "", title: str = "Go to") -> None:
        self.hits = Hits()
        super().__init__(self.hits, text)
        self.taken: Entry | None = None
        self._shelf = shelf
        self.HEAD = title

    def on_mount(self) -> None:
        """Show what is at hand, and have the names read."""
        self.say("reading names")
        self._find(self._text)
        self._read()

    @work(exclusive=True, group="names", exit_on_error=False)
    async def _read(self) -> None:
        try:
            await self._shelf.read()
        except CodereaderError as error:
            self.say("no names")
            self.post_message(Problem(str(error), error.hint))
        except Cancelled:
            return
        else:
            self._find(self.text)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._find(event.value)

    @work(exclusive=True, group="find", exit_on_error=False)
    async def _find(self, text: str) -> None:
        fits = await self._shelf.find(text)
        if fits is not None:
            self.hits.show(fits)
            self.say(_count(fits, self._shelf.size))

    def action_sort(self) -> None:
        """Look among all, among symbols alone, among files alone."""
        box = self.query_one(Input)
        mark, rest = (box.value[:1], box.value[1:]) if box.value[:1] in ("@", "/") else ("", box.value)
        box.value = {"": "@", "@": "/", "/": ""}[mark] + rest
        box.cursor_position = len(box.value)

    def take(self) -> None:
        """End with the place under the cursor, and remember what it is called."""
        self.taken = self.hits.entry
        super().take()


def _count(fits: Fits, size: int) -> str:
    if not fits.total:
        return "nothing fits"
    return f"{fits.total:,} of {counted(size, 'name')}" if fits.total < size else counted(size, "name")
