"""The tree of the scope: what is read and what is not, what it costs, how the model is shown it.

Rows come from `scope_rows`, how they look from `tree_lines`; this says what the person wants of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.binding import Binding, BindingType

from codereader.cancel import Cancelled
from codereader.errors import CodereaderError
from codereader.fronts.text import safe_line
from codereader.fronts.tui.cells import Part
from codereader.fronts.tui.messages import Go, Pin, Place, Problem
from codereader.fronts.tui.row_view import RowView
from codereader.fronts.tui.tree.folders import Folder
from codereader.fronts.tui.tree.lines import WORDS_FROM, about, head, legend, row_parts, sought
from codereader.fronts.tui.tree.listing import Listing, list_paths, list_scope
from codereader.fronts.tui.tree.rows import ScopeRows

if TYPE_CHECKING:
    from codereader.fronts.tui.desk import Desk
    from codereader.reader import Reader

LEGEND_FROM = 14
"""From so many lines on the signs, and more of the row of the cursor, are told below the tree."""


class ScopeTree(RowView):
    """The tree. Posts `Go` and `Pin`; the folder pinned has no slash at its end."""

    HELP = """\
### Tree

What there is in the scope. Numbers are tokens of the whole text, or bytes until they are counted; folders sum up.

| sign | the model is shown |
|------|--------------------|
| ● | all of the file (◉ without comments) |
| ◈ | some lines, for the question |
| ◐ | its skeleton: bodies left out |
| ○ | its outline: one line a symbol |
| · | its name |
| - | nothing |
| ~ | the files of the folder, each in its way |
| ◆ | it is pinned: in the focus whatever is asked |

What is not read stands muted, with the reason.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open"),
        Binding("space", "choose", "Fold", show=False),
        Binding("left,h", "fold", "Fold", show=False),
        Binding("right,l", "unfold", "Unfold", show=False),
        Binding("minus", "fold_all", "Fold all", show=False),
        Binding("equals_sign,plus", "unfold_all", "Unfold all", show=False),
        Binding("slash", "filter", "Filter"),
        Binding("escape", "clear", "Clear the filter", show=False),
        Binding("full_stop", "skipped", "Hide skipped", show=False),
        Binding("p", "pin", "Pin"),
        Binding("y", "copy", "Copy path", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as in Textual
        super().__init__(id=id)
        self._rows = ScopeRows()
        self._types = False
        self._before = ""

    # What the app tells

    async def show(self, _opened: object = None) -> None:
        """Show what the reader of the app's desk found: names at once, sizes when the index has told them."""
        listing = await self._asked(_names)
        if listing is not None:
            self.tell(listing)
            self._weigh()

    @work(exclusive=True, group="tree", exit_on_error=False)
    async def _weigh(self) -> None:
        """Show sizes and languages too, and what could not be read into the index."""
        listing = await self._asked(_sized)
        if listing is not None:
            self.tell(listing)

    async def _asked(self, work: Callable[[Reader], Listing]) -> Listing | None:
        """Return what *work* makes of the reader; None where that failed, which is told."""
        desk: Desk = self.app.desk  # type: ignore[attr-defined]
        try:
            return await desk.run(work)
        except Cancelled:
            return None
        except CodereaderError as error:
            self.post_message(Problem(str(error), error.hint))
            return None

    def tell(self, listing: Listing) -> None:
        """Show *listing*. Folds, filter, marks and cursor stay, as far as what they are about is still there."""
        key, shift = self._key(), self.cursor - self.scroll_offset.y
        self._rows.tell(listing)
        self._redraw(key, shift)

    def mark(self, levels: Mapping[str, str], tokens: Mapping[str, int]) -> None:
        """Show how the model is shown each path (a word of `scope_listing.LEVELS`) and its tokens; {}: not known.

        A path without a level is not sent.
        """
        self._rows.mark(levels, tokens)
        self.changed()

    def mark_pins(self, pins: Iterable[str]) -> None:
        """Show which paths, files and folders, are pinned."""
        self._rows.pins = frozenset(pin.rstrip("/") for pin in pins)
        self.refresh()

    def reveal(self, path: str) -> None:
        """Put the cursor on the file *path* and unfold what it lies in; what is filtered away stays so."""
        at = self._rows.reveal(path)
        if at is not None:
            self.changed()
            self.go(at)

    @property
    def selected(self) -> str:
        """The path that the cursor stands on, "" where there is none. That of a folder has no slash at its end."""
        return self._key().rstrip("/")

    # Rows

    def count(self) -> int:
        """Return how many rows there are."""
        return len(self._rows.rows)

    def _key(self) -> str:
        return self._rows.key(self.cursor) if self.cursor < self.count() else ""

    def _redraw(self, key: str, shift: int | None = None) -> None:
        """Draw other rows, the cursor on *key* or what is left of where it was, *shift* lines below the top."""
        at = self._rows.nearest(key) if key else None
        self.cursor = self.cursor if at is None else at
        self.changed()
        if shift is not None and shift >= 0:
            self._scroll(self.cursor - shift)
        self.see(self.cursor)

    def parts(self, at: int, width: int) -> Iterable[Part]:
        """Return the parts of a row."""
        return row_parts(self._rows, at, width)

    def above(self, width: int) -> Sequence[Iterable[Part]]:
        """Return the line that says what the tree is of, and what its numbers are."""
        return [head(self._rows, width)]

    def below(self, width: int) -> Sequence[Iterable[Part]]:
        """Return the lines below: the signs, the row of the cursor, the filter."""
        lines: list[Iterable[Part]] = []
        rows = self._rows
        if self.scrollable_content_region.height >= LEGEND_FROM:
            lines += [legend(width)] if rows.has_levels and width < WORDS_FROM else []
            lines += [about(rows, self.cursor, width)] if rows.listing.paths else []
        if self._types or rows.needle:
            lines.append(sought(rows, width, types=self._types))
        return lines

    def empty(self) -> str:
        """Return what to say where nothing is shown."""
        if self._rows.needle.strip():
            return "No path holds that. esc shows all."
        return "" if self._rows.listing.paths else "reading…"

    # What the person does

    def chosen(self, at: int, column: int) -> None:  # noqa: ARG002
        """Fold or unfold a folder, open a file."""
        self.action_choose()

    def action_choose(self) -> None:
        """Open the file, or fold or unfold the folder."""
        if self.cursor >= self.count():
            return
        row = self._rows.rows[self.cursor]
        if not isinstance(row, Folder):
            self._open()
        elif self._rows.is_open(row):
            self._rows.fold(self.cursor)
            self.changed()
        else:
            self._unfold()

    def _open(self) -> None:
        row = self._rows.row(self.cursor)
        if row.reason:
            self.notify(f"{safe_line(row.label)} is not read: {safe_line(row.reason)}.", markup=False)
        else:
            self.post_message(Go(Place(row.path)))

    def _unfold(self) -> None:
        before = self.count()
        self._rows.unfold(self.cursor)
        self.changed()
        self.see_whole(self.cursor, self.cursor + self.count() - before)

    def action_fold(self) -> None:
        """Fold the folder; from elsewhere go to the folder around."""
        if self.cursor >= self.count():
            return
        row = self._rows.rows[self.cursor]
        if isinstance(row, Folder) and self._rows.is_open(row):
            self._rows.fold(self.cursor)
            self.changed()
        elif (parent := self._rows.parent(self.cursor)) is not None:
            self.go(parent)

    def action_unfold(self) -> None:
        """Unfold the folder, go into it, or open the file."""
        if self.cursor >= self.count():
            return
        row = self._rows.rows[self.cursor]
        if not isinstance(row, Folder):
            self._open()
        elif self._rows.is_open(row):
            self.go(self.cursor + 1)
        else:
            self._unfold()

    def action_fold_all(self) -> None:
        """Fold every folder."""
        key = self._key().partition("/")
        self._rows.fold_all()
        self._redraw("".join(key[:2]))

    def action_unfold_all(self) -> None:
        """Unfold every folder."""
        key = self._key()
        self._rows.unfold_all()
        self._redraw(key)

    def action_skipped(self) -> None:
        """Show what is not read, or hide it."""
        key = self._key()
        self._rows.hide_skipped(not self._rows.hides_skipped)
        self._redraw(key)

    def action_pin(self) -> None:
        """Pin the file or folder, or take its pin away."""
        if self.cursor >= self.count():
            return
        row = self._rows.row(self.cursor)
        if row.reason:
            self.notify(f"{safe_line(row.label)} is not read: {safe_line(row.reason)}.", markup=False)
        else:
            self.post_message(Pin(row.path))

    def action_copy(self) -> None:
        """Copy the path, escaped as it is shown: a name may hold what a shell obeys."""
        if self.selected:
            path = safe_line(self.selected)
            self.app.copy_to_clipboard(path)
            self.notify(f"Copied {path}", markup=False)

    # The filter

    def action_filter(self) -> None:
        """Begin to type what the rows are to hold."""
        self._types = True
        self._before = self._before or self._key()
        self.changed()
        self.see(self.cursor)

    def action_clear(self) -> None:
        """Show everything again, the cursor on the same path."""
        key = self._key() or self._before
        self._types, self._before = False, ""
        if self._rows.needle:
            self._rows.find("")
            if not key.endswith("/") and key:
                self._rows.reveal(key)
        self._redraw(key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key that clears the filter to others where there is none."""
        if action == "clear":
            return self._types or bool(self._rows.needle)
        return super().check_action(action, parameters)

    def check_consume_key(self, key: str, character: str | None) -> bool:  # noqa: ARG002
        """Tell whether the key is typed."""
        return self._types and character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        """Take what is typed into the filter."""
        if not self._types:
            return
        needle = self._rows.needle
        if event.key == "enter":
            self._types = False
            self.changed()
            if self.cursor < self.count() and not isinstance(self._rows.rows[self.cursor], Folder):
                self._open()
        elif event.key == "backspace":
            self._find(needle[:-1]) if needle else self.action_clear()
        elif event.key in ("ctrl+u", "ctrl+w"):
            self._find("" if event.key == "ctrl+u" else needle.rstrip().rpartition(" ")[0])
        elif event.is_printable and event.character:
            self._find(needle + event.character)
        else:
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Look for the first line of what is pasted."""
        if self._types:
            event.stop()
            self._find(self._rows.needle + (event.text.splitlines() or [""])[0])

    def on_blur(self) -> None:
        """Stop typing; what was found stays."""
        if self._types:
            self._types = False
            self.changed()

    def _find(self, needle: str) -> None:
        self._rows.find(needle)
        first = self._rows.first_file() if needle.strip() else self._rows.nearest(self._before)
        self.cursor = first or 0
        self.changed()
        self._scroll(0)
        self.see(self.cursor)


def _names(reader: Reader) -> Listing:
    walk = reader.walked
    return list_paths(walk.scope.name, walk.paths, reader.skipped)


def _sized(reader: Reader) -> Listing:
    return list_scope(reader.walked.scope.name, reader.view.files(), reader.skipped)
