"""The two halves of the pack's screen: what is in it by level, and the text of one part. Widths are cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message

from codereader.fronts.text import counted, safe_line
from codereader.fronts.tui.cells import Part, clipped, padded, shortened
from codereader.fronts.tui.row_view import RowView
from codereader.fronts.tui.screens.pack_rows import BLOCKS, FREE, Group, Item, PackRows, bar, lines_of
from codereader.fronts.tui.screens.pack_seen import Seen, Wish
from codereader.pack.budget import MAX_BUDGET

NUMBER = 11
"""Cells that tokens take."""

TALL_FROM = 18
"""From so many lines on the bar has a legend."""

COLOURS = {"focus": "accent", "full": "good", "uncommented": "good", "skeleton": "good", "outline": "", "name": "muted"}


class PackList(RowView):
    """The pack by level."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "choose", "Text"),
        Binding("left,h", "fold(True)", "Fold", show=False),
        Binding("right,l", "fold(False)", "Unfold", show=False),
    ]

    class Shown(Message):
        """The cursor stands on *item*, None on what has no text."""

        def __init__(self, item: Item | None) -> None:
            super().__init__()
            self.item = item

    class Wanted(Shown):
        """The text of *item* is to be read."""

    def __init__(self) -> None:
        super().__init__(id="pack-list")
        self._rows = PackRows()
        self.seen: Seen | None = None
        self.wish = Wish()
        self.trouble = ""

    def tell(self, seen: Seen, found: tuple[Group, ...]) -> None:
        """Show *seen*, whose groups were *found*, the cursor on the path where it stood, at first on the first."""
        item = self.item
        row = self._rows.rows[self.cursor] if self._rows.rows else None
        group = row[0] if isinstance(row, tuple) else row
        self.seen, self.trouble = seen, ""
        self._rows.tell(found)
        self.cursor = self._rows.position(group.key if group else "", item.path if item else "")
        self.changed()
        self.go(self.cursor if row is not None else 1)

    @property
    def item(self) -> Item | None:
        """The item that the cursor stands on."""
        row = self._rows.rows[self.cursor] if self.cursor < len(self._rows.rows) else None
        return row[1] if isinstance(row, tuple) else None

    def count(self) -> int:
        """Return how many rows there are."""
        return len(self._rows.rows)

    def parts(self, at: int, width: int) -> Iterator[Part]:
        """Yield the parts of a group's row, or of an item's."""
        row = self._rows.rows[at]
        if isinstance(row, Group):
            sign = "▾" if self._rows.is_open(row) else "▸"
            yield f"{_number(row.tokens, is_exact=row.is_exact):>{NUMBER}}", "head"
            yield f" {sign} ", "muted"
            yield row.title, "head"
            what = "part" if row.key in ("focus", "beside") else "file"
            yield f"  {counted(len(row.items), what)}", "muted"
            return
        group, item = row
        yield f"{_number(item.tokens, is_exact=item.exact):>{NUMBER}}", "" if group.is_sent else "muted"
        yield "   ", ""
        room = width - NUMBER - 3
        column = room if not item.note else max(8, room * 9 // 20)
        yield padded(shortened(safe_line(item.path), column - 2), column), "" if item.text else "muted"
        yield clipped(item.note, max(0, room - column)), "muted"

    def empty(self) -> str:
        """Return what to say while there is no pack."""
        return self.trouble or "packing…"

    def above(self, width: int) -> Sequence[Iterable[Part]]:
        """Return what the pack is of, how full it is, and who counted."""
        seen = self.seen
        if seen is None:
            return [[(" What the model sees", "head")], self._state(width)]
        question = self.wish.question
        title = f" What the model sees of {safe_line(seen.name)}"
        asked = f" for: {safe_line(question)}" if question else ", whatever is asked"
        head = [(clipped(title, width), "head"), (clipped(asked, max(0, width - cell_len(title))), "muted")]
        lines: list[Iterable[Part]] = [head, self._state(width), self._counted(width), self._bar(width)]
        return [*lines, self._legend(width), []] if self.size.height >= TALL_FROM else lines

    def _state(self, width: int) -> list[Part]:
        """Return tokens and budget, or what is being done about another one."""
        seen = self.seen
        if self.trouble:
            return [(clipped(f" {self.trouble}", width), "warning")]
        if seen is None or seen.wish != self.wish:
            return [(clipped(f" packing {_budget_told(self.wish.budget)}…", width), "accent")]
        full = f" {'' if seen.packed.base.exact else 'about '}{seen.packed.tokens:,} of {seen.budget:,} tokens"
        why = f", as many as help: {seen.packed.why}" if seen.wish.budget is None and seen.packed.why else ""
        return [(clipped(full, width), ""), (clipped(why, max(0, width - len(full))), "muted")]

    def _counted(self, width: int) -> list[Part]:
        """Return which vocabulary counted, and what was replaced."""
        if self.seen is None:
            return []
        hidden = f"; {counted(self.seen.secrets, 'secret')} replaced" if self.seen.secrets else ""
        return [(clipped(f" counted by {safe_line(self.seen.vocabulary)}{hidden}", width), "muted")]

    def _shares(self) -> list[tuple[str, int]]:
        return [(group.key, group.tokens) for group in self._rows.groups if group.is_sent]

    def _bar(self, width: int) -> list[Part]:
        """Return the budget by level."""
        if self.seen is None:
            return []
        cells = bar(self._shares(), self.seen.budget, max(4, width - 2))
        return [(" ", ""), *((BLOCKS.get(key, FREE) * count, COLOURS.get(key, "muted")) for key, count in cells)]

    def _legend(self, width: int) -> list[Part]:
        """Return what the bar's parts are, as many as there is room for."""
        if self.seen is None:
            return []
        parts: list[Part] = []
        room = width
        free = max(0, self.seen.budget - self.seen.packed.tokens)
        words = [(key, f" {BLOCKS[key]}", f" {_brief(key)} {tokens:,} ") for key, tokens in self._shares()]
        for key, sign, told in [*words, ("", "", f" free {free:,}")]:
            if len(sign + told) > room:
                break
            room -= len(sign + told)
            parts += [(sign, COLOURS.get(key, "muted")), (told, "muted")]
        return parts

    def moved(self) -> None:
        """Tell which text is meant."""
        self.post_message(self.Shown(self.item))

    def chosen(self, at: int, column: int) -> None:  # noqa: ARG002
        """Fold or unfold a group, show a text."""
        self.action_choose()

    def action_choose(self) -> None:
        """Show the text of the row, or fold or unfold the group."""
        row = self._rows.rows[self.cursor] if self._rows.rows else None
        if isinstance(row, Group):
            self._rows.toggle(row)
            self.changed()
            self.see(self.cursor)
        elif row is not None:
            self.post_message(self.Wanted(row[1]))

    def action_fold(self, is_out: bool) -> None:
        """Fold the group around, or unfold the group; on an item show its text."""
        row = self._rows.rows[self.cursor] if self._rows.rows else None
        if row is None:
            return
        if isinstance(row, tuple):
            if is_out:
                self.go(self._rows.rows.index(row[0]))
            else:
                self.action_choose()
        elif self._rows.is_open(row) == is_out:
            self.action_choose()


class PackText(RowView):
    """The text of one part, as the model sees it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "shift(-8)", "Left", show=False),
        Binding("right,l", "shift(8)", "Right", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="pack-text")
        self.item: Item | None = None
        self._lines: list[str] = []
        self._from = 0

    def tell(self, item: Item | None) -> None:
        """Show the text of *item* from its beginning."""
        if item == self.item:
            return
        self.item = item
        self._lines = lines_of(item.text) if item else []
        self._from = self.cursor = 0
        self.changed()
        self.see(0)

    def count(self) -> int:
        """Return how many lines there are."""
        return len(self._lines)

    def parts(self, at: int, width: int) -> Iterator[Part]:
        """Yield one line of the text."""
        line = self._lines[at][self._from :]
        yield padded(f" {line}", width), "accent" if at == 0 and line.startswith("===") else ""

    def empty(self) -> str:
        """Return what to say where there is no text."""
        item = self.item
        if item is None:
            return "Choose a file to see its text."
        return f"Nothing of it is sent: {item.note}"

    def above(self, width: int) -> Sequence[Iterable[Part]]:
        """Return what the text is of."""
        if self.item is None:
            return []
        tokens = f" {counted(self.item.tokens, 'token')}" if self.item.text else ""
        room = max(1, width - len(tokens) - 2)
        return [[(padded(f" {shortened(safe_line(self.item.path), room)}", room + 1), "head"), (tokens, "muted")]]

    def action_shift(self, columns: int) -> None:
        """Show what stands further to the right, or to the left."""
        longest = max(map(len, self._lines), default=0)
        self._from = max(0, min(self._from + columns, longest - 8))
        self.refresh()


def _number(tokens: int, *, is_exact: bool) -> str:
    return f"{'' if is_exact else '~'}{tokens:,}" if tokens else ""


def _brief(key: str) -> str:
    return {"focus": "question", "uncommented": "uncommented"}.get(key, key)


def _budget_told(budget: int | None) -> str:
    if budget is None:
        return "as much as helps"
    return "everything" if budget == MAX_BUDGET else f"{budget:,} tokens"
