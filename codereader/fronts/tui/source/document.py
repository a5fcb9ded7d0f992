"""The text of one file as rows that a terminal can show: tabs made wide, control characters as escapes.

Rows are 0-based and columns count characters of the file. Bytes that are no UTF-8 become lone surrogates (PEP 383),
which are shown as escapes. Knows no widget and no colour.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from rich.cells import cell_len

from codereader.fronts.text import safe

if TYPE_CHECKING:
    from codereader.pack.detail.lines import Lines

LONGEST = 8_000
"""Bytes of a line that are shown; what follows is counted."""

STRETCH = 1 << 16
"""Bytes that are looked through at a time: a regular expression lets no other thread run meanwhile."""

WIDE_TABS = frozenset({"c", "make", "kconfig", "go", "text"})
"""Languages whose tabs stand for eight columns; elsewhere they stand for four."""

_ODD = re.compile(rb"[^\x20-\x7e]")
_ODD_BUT_TAB = re.compile(rb"[^\t\x20-\x7e]")
_ODD_BUT_BREAKS = re.compile(rb"(?:[^\t\r\n\x20-\x7e]|\r(?!\n))+")
_WORD = re.compile(r"[^\W\d]\w*")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Shown:
    """One row as it is shown. Character *i* of the row begins at `starts[i]` in `text`; the last entry is its end."""

    text: str
    starts: Sequence[int]
    is_plain: bool

    @property
    def width(self) -> int:
        """Cells that it takes."""
        return len(self.text) if self.is_plain else cell_len(self.text)

    def cell(self, column: int) -> int:
        """Return the cell at which the character *column* begins."""
        at = self.starts[min(column, len(self.starts) - 1)]
        return at if self.is_plain else cell_len(self.text[:at])

    def index(self, cell: int) -> int:
        """Return which character of `text` stands in *cell*, its length for what lies behind."""
        if self.is_plain:
            return min(cell, len(self.text))
        width = 0
        for at, one in enumerate(self.text):
            width += cell_len(one)
            if width > cell:
                return at
        return len(self.text)

    def column(self, cell: int) -> int:
        """Return the character of the row that stands in *cell*, the last for what lies behind."""
        return max(0, min(bisect_right(self.starts, self.index(cell)) - 1, len(self.starts) - 2))


def shown(raw: bytes, tab: int) -> Shown:
    """Return a row's bytes as they are shown, with tabs that reach to the next multiple of *tab* cells."""
    if not _ODD.search(raw):
        return Shown(raw.decode("ascii"), range(len(raw) + 1), True)
    if not _ODD_BUT_TAB.search(raw):
        return _tabbed(raw, tab)
    pieces, starts, at, cells = [], [0], 0, 0
    is_plain = raw.isascii()
    for one in decoded(raw):
        piece = " " * (tab - cells % tab) if one == "\t" else safe(one)
        cells += len(piece) if is_plain else cell_len(piece)
        at += len(piece)
        pieces.append(piece)
        starts.append(at)
    return Shown("".join(pieces), starts, is_plain)


def _tabbed(raw: bytes, tab: int) -> Shown:
    """Return a row of nothing but printable ASCII and tabs as it is shown."""
    starts: list[int] = []
    at = 0
    for part in raw.split(b"\t"):
        starts.extend(range(at, at + len(part) + 1))
        at += len(part)
        at += tab - at % tab
    return Shown(raw.expandtabs(tab).decode("ascii"), starts, True)


def _width(raw: bytes, tab: int) -> int:
    """Return the cells that a row takes."""
    first, *others = map(cell_len, safe(decoded(raw)).split("\t"))
    for cells in others:
        first += tab - first % tab + cells
    return first


def decoded(raw: bytes) -> str:
    """Return *raw* as text that keeps every byte."""
    return raw.decode("utf-8", "surrogateescape")


def columns(raw: bytes) -> Sequence[int]:
    """Return where each character of *raw* begins, in bytes, and its end."""
    if raw.isascii():
        return range(len(raw) + 1)
    sizes = (len(one.encode("utf-8", "surrogateescape")) for one in decoded(raw))
    return list(accumulate(sizes, initial=0))


class Document:
    """The rows of a file's bytes; an empty file has one. *tab* is how many cells a tab reaches at most."""

    __slots__ = ("count", "data", "lines", "tab")

    def __init__(self, data: bytes, tab: int = 8) -> None:
        from codereader.pack.detail.lines import Lines

        self.data = data
        self.lines: Lines = Lines(data)
        self.count = self.lines.count
        self.tab = tab

    def range(self, row: int) -> tuple[int, int]:
        """Return the bytes of *row* that are shown: no byte order mark, no line break, not beyond `LONGEST`."""
        start, end = self.lines.start(row), self.lines.end(row)
        if not row and self.data.startswith(_BOM):
            start += len(_BOM)
        if end - start <= LONGEST:
            return start, max(start, end)
        end = start + LONGEST
        while end > start and self.data[end] & 0xC0 == 0x80 and end > start + LONGEST - 4:
            end -= 1
        return start, end

    def left(self, row: int) -> int:
        """Return how many bytes of *row* are not shown."""
        return self.lines.end(row) - self.range(row)[1] if row < self.count else 0

    def raw(self, row: int) -> bytes:
        """Return the bytes of *row* that are shown."""
        start, end = self.range(row)
        return self.data[start:end]

    def text(self, row: int) -> str:
        """Return *row* as text."""
        return decoded(self.raw(row))

    def word(self, row: int, column: int) -> tuple[str, int] | None:
        """Return the identifier at *column* of *row*, or that ends there, and where it begins; None for none."""
        for found in self.words(row):
            if found.start() <= column <= found.end():
                return found[0], found.start()
        return None

    def words(self, row: int) -> Iterator[re.Match[str]]:
        """Yield the identifiers of *row*, in order."""
        return _WORD.finditer(self.text(row))

    def widths(self) -> list[int]:
        """Return the cells that each row takes. A second is enough for a million rows of ASCII."""
        plain = self.data.replace(b"\r\n", b"\n").expandtabs(self.tab)
        widths = [min(len(line), LONGEST) for line in plain.split(b"\n")][: self.count]
        row = -1
        for start in range(0, len(self.data), STRETCH):
            for found in _ODD_BUT_BREAKS.finditer(self.data, start, start + STRETCH):
                if self.lines.row(found.start()) != row:
                    row = self.lines.row(found.start())
                    widths[row] = _width(self.raw(row), self.tab)
        return widths
