"""One file as it is shown: its rows, what is folded and wrapped, what is painted, what was found in it.

Holds no widget. Rows and lines of the view are 0-based (see `folding`), lines of the file 1-based.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from codereader.fronts.tui.source import in_file
from codereader.fronts.tui.source.contents import Contents
from codereader.fronts.tui.source.document import WIDE_TABS, Document
from codereader.fronts.tui.source.folding import Layout
from codereader.fronts.tui.source.highlight import KINDS, Painter
from codereader.fronts.tui.source.strips import Line, breaks, folded_line, whole_line

if TYPE_CHECKING:
    from codereader.index.parsed import Definition
    from codereader.pack.detail.lines import Edit

CHUNK = 4096
"""Bytes that are painted at a time."""

WHOLE = 1 << 20
"""Files up to so many bytes are painted to the end; of larger ones what is looked at and a little around it."""

AROUND = 4
"""Chunks before and behind what is looked at that are painted too."""

_NO_NAMES = frozenset(number for number, kind in enumerate(KINDS) if kind in ("keyword", "preprocessor"))
_DEFINING = frozenset(
    {"function", "method", "struct", "union", "enum", "class", "interface", "trait", "module", "macro", "typedef",
     "variable", "constant", "property", "option", "heading", "target"}
)  # fmt: skip


class Page:
    """The shown file. `cells` are the widest row's; until `measure` the width of rows is not known.

    `painted` has the number of the kind of each byte, 0 until that is known; `brush` tells it, None before the file is
    parsed and where it stays plain.
    """

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        language = contents.parsed.language
        self.document = Document(contents.data, 8 if language in WIDE_TABS else 4)
        self.definitions = _ordered(contents.parsed.definitions)
        self.layout = Layout(self.document.lines, ())
        self.cells = 0
        self.painted = bytearray(len(contents.data))
        self.brush: Painter | None = None
        self.is_painting = False
        self.hits: Sequence[int] = ()
        self.pattern: re.Pattern[bytes] | None = None
        self._widths: Sequence[int] = ()
        self._edits: Sequence[Edit] | None = None
        self._opened: set[int] = set()
        self._done: set[int] = set()
        self._wrapped = 0
        self._around: tuple[int, Definition | None] = (-1, None)

    # Width

    def measure(self, widths: Sequence[int]) -> None:
        """Take what `Document.widths` found."""
        self._widths = widths
        self.cells = max(widths, default=0)
        self._lay()

    @property
    def is_measured(self) -> bool:
        """Whether the width of every row is known."""
        return bool(self._widths)

    def wrap(self, width: int) -> None:
        """Wrap lines at *width* cells, 0 not at all."""
        if width != self._wrapped:
            self._wrapped = width
            self._lay()

    def _lay(self) -> None:
        edits = self._edits or ()
        self.layout = Layout(self.document.lines, self._widths, edits, self._opened)
        if self._wrapped and self._widths:
            self.layout.wrap(self._wrapped, lambda line: len(self.breaks(line)))

    def breaks(self, line: int) -> Sequence[int]:
        """Return the cells at which the rows of the screen begin that *line* takes."""
        return breaks(self.line(line).shown, self._wrapped) if self._wrapped else (0,)

    # Lines

    def line(self, line: int) -> Line:
        """Return a line of the view."""
        folded = self.layout.folded(line)
        if folded is not None:
            return folded_line(self.document, folded, self.painted)
        return whole_line(self.document, self.layout.row(line), self.painted)

    def bytes_of(self, line: int) -> Iterator[tuple[int, int]]:
        """Yield the parts of the file that a line of the view shows."""
        folded = self.layout.folded(line)
        if folded is None:
            yield self.document.range(self.layout.row(line))
            return
        yield from ((piece.start, piece.end) for piece in folded.pieces if not piece.mark)

    # Folding

    @property
    def is_folded(self) -> bool:
        """Whether the skeleton is shown."""
        return self._edits is not None

    def fold(self, edits: Sequence[Edit]) -> None:
        """Show what *edits* leave."""
        self._edits, self._opened = edits, set()
        self._lay()

    def unfold(self) -> None:
        """Show every row."""
        self._edits = None
        self._lay()

    def open_fold(self, line: int) -> bool:
        """Show what is left out at *line* of the view; False where nothing is."""
        folded = self.layout.folded(line)
        if folded is None:
            return False
        self._opened.update(folded.folds)
        self._lay()
        return True

    def show_row(self, row: int) -> None:
        """Open the fold that hides *row*; where that is none of its own, show every row."""
        if not self._is_shown(row) and not (self.open_fold(self.layout.line(row)) and self._is_shown(row)):
            self.unfold()

    def _is_shown(self, row: int) -> bool:
        return self.layout.row(self.layout.line(row)) == row

    # Painting

    def take_paint(self, chunk: int, kinds: bytes) -> None:
        """Keep the kinds of the bytes of a chunk."""
        self.painted[chunk * CHUNK : chunk * CHUNK + len(kinds)] = kinds
        self._done.add(chunk)

    def unpainted(self, lines: Iterable[int]) -> list[int]:
        """Return the chunks that *lines* of the view show and that have no colours yet."""
        chunks = {
            chunk
            for line in lines
            for start, end in self.bytes_of(line)
            for chunk in range(start // CHUNK, max(start, end - 1) // CHUNK + 1)
        }
        return sorted(chunks - self._done)

    def unpainted_near(self, byte: int) -> int | None:
        """Return the unpainted chunk nearest to *byte* that is worth painting ahead, None for none."""
        last, here = (len(self.contents.data) - 1) // CHUNK, byte // CHUNK
        reach = last if len(self.contents.data) <= WHOLE else AROUND
        ahead = (here + step * sign for step in range(reach + 1) for sign in (1, -1))
        return next((chunk for chunk in ahead if 0 <= chunk <= last and chunk not in self._done), None)

    # Finding

    def look_for(self, words: str) -> Callable[[], Sequence[int]]:
        """Return what looks for *words* in the whole file, in any thread; `take_hits` takes its outcome."""
        data, pattern = self.contents.data, in_file.pattern_of(words)
        return lambda: in_file.matches(data, pattern) if pattern else ()

    def take_hits(self, words: str, hits: Sequence[int]) -> None:
        """Take where *words* were found."""
        self.pattern = in_file.pattern_of(words)
        self.hits = hits

    def byte(self, row: int, column: int) -> int:
        """Return where the character *column* of *row* begins."""
        start = self.document.range(row)[0]
        return start + len(self.document.text(row)[:column].encode("utf-8", "surrogateescape"))

    def place(self, byte: int) -> tuple[int, int]:
        """Return the row and the character of it that stand at *byte*."""
        row = self.document.lines.row(byte)
        start, end = self.document.range(row)
        return row, len(self.contents.data[start : min(max(byte, start), end)].decode("utf-8", "surrogateescape"))

    # Definitions

    def around(self, row: int) -> Definition | None:
        """Return the innermost definition that *row* stands in."""
        if self._around[0] != row:
            holding = [one for one in self.definitions if one.span.first_row <= row <= one.span.last_row]
            inner = min(holding, key=lambda one: (one.span.last_row - one.span.first_row, one.row), default=None)
            self._around = row, inner
        return self._around[1]

    def word(self, row: int, column: int) -> tuple[str, int] | None:
        """Return the name at *column* of *row* and where it begins, None where none stands.

        A keyword is no name: instead of it, and of blanks, counts what is defined on the row.
        """
        found = self.document.word(row, column)
        if found is not None and self.painted[self.byte(row, found[1])] not in _NO_NAMES:
            return found
        at = self.first_column(row)
        named = self.document.word(row, at)
        return (
            named
            if named is not None and any((one.row, one.name) == (row, named[0]) for one in self.definitions)
            else None
        )

    def first_column(self, row: int) -> int:
        """Return where a cursor best stands on *row*: at the name that is defined there, else at the first sign."""
        names = {one.name for one in self.definitions if one.row == row}
        text = self.document.text(row)
        named = (found.start() for found in self.document.words(row) if found[0] in names)
        return next(named, len(text) - len(text.lstrip()) if text.strip() else 0)

    def definition_after(self, row: int, step: int) -> int | None:
        """Return the row of the next definition after *row*, or the last before it (*step* -1)."""
        rows = [one.row for one in self.definitions]
        found = [one for one in rows if one > row] if step > 0 else [one for one in reversed(rows) if one < row]
        return found[0] if found else None


def _ordered(definitions: Iterable[Definition]) -> tuple[Definition, ...]:
    """Return what a person would step through, in order of lines: nothing inside functions but what they define."""
    return tuple(sorted((one for one in definitions if one.kind in _DEFINING), key=lambda one: (one.row, one.name)))
