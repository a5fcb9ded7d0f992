"""Which lines of a file stand on the screen, in which order: folded to the skeleton, wrapped at the edge.

A line of the view is a row of the file, or several rows of which a mark takes the place: ``{ /* 35 lines: 57-91 */ }``.
Rows and lines of the view are 0-based, offsets bytes. Knows no widget.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codereader.index.parsed import ParsedFile
    from codereader.pack.detail.lines import Edit, Lines


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a folded line: bytes of the file, or the *mark* that takes the place of them."""

    start: int
    end: int
    mark: bytes = b""


@dataclass(frozen=True, slots=True)
class Folded:
    """A line of which something is left out: rows *first* to *last* of the file. `folds` number what was left out."""

    first: int
    last: int
    pieces: tuple[Piece, ...]
    folds: tuple[int, ...]


def skeleton_edits(lines: Lines, parsed: ParsedFile) -> Sequence[Edit]:
    """Return what the skeleton of a file leaves out, in order; nothing where it would be no shorter."""
    from codereader.index.anatomy import anatomy
    from codereader.pack.detail.skeleton import skeleton

    return skeleton(lines, anatomy(lines.data, parsed.language), parsed, True).edits


class Layout:
    """The lines of a view over *lines*, with the numbers *folds* of *edits* left out; *widths* are cells by row."""

    def __init__(
        self, lines: Lines, widths: Sequence[int], edits: Sequence[Edit] = (), opened: Collection[int] = ()
    ) -> None:
        self._widths = widths
        self._rows: Sequence[int] = range(lines.count)
        self._folded: dict[int, Folded] = {}
        self._tops: Sequence[int] | None = None
        if edits:
            self._rows, self._folded = _folded_lines(lines, [(n, e) for n, e in enumerate(edits) if n not in opened])

    @property
    def count(self) -> int:
        """Lines of the view."""
        return len(self._rows)

    @property
    def height(self) -> int:
        """Rows of the screen that all lines take."""
        return self._tops[-1] if self._tops is not None else self.count

    def row(self, line: int) -> int:
        """Return the row of the file with which *line* begins."""
        return self._rows[line]

    def line(self, row: int) -> int:
        """Return the line that shows *row*, or stands for it."""
        return max(0, bisect_right(self._rows, row) - 1)

    def folded(self, line: int) -> Folded | None:
        """Return what is left out of *line*, None for a row as it is."""
        return self._folded.get(line)

    def wrap(self, width: int, rows_of: Callable[[int], int]) -> None:
        """Wrap lines at *width* cells; *rows_of* tells how many rows a line takes that may be wider. 0: do not."""
        if not width:
            self._tops = None
            return
        widths, folded = self._widths, self._folded
        heights = (
            1 if widths[row] <= width and line not in folded else rows_of(line) for line, row in enumerate(self._rows)
        )
        self._tops = list(accumulate(heights, initial=0))

    def top(self, line: int) -> int:
        """Return the row of the screen, from the top of the view, at which *line* begins."""
        return self._tops[line] if self._tops is not None else line

    def at(self, y: int) -> tuple[int, int]:
        """Return the line at row *y* of the screen, and which of its rows that is. Beyond the end: (count, 0)."""
        if y >= self.height:
            return self.count, 0
        if self._tops is None:
            return y, 0
        line = bisect_right(self._tops, y) - 1
        return line, y - self._tops[line]


def _folded_lines(lines: Lines, edits: Sequence[tuple[int, Edit]]) -> tuple[list[int], dict[int, Folded]]:
    """Return the row with which each line of the view begins, and the lines of which something is left out."""
    rows: list[int] = []
    folded: dict[int, Folded] = {}
    row = at = 0
    while at < len(edits):
        first = lines.row(min(edits[at][1].start, max(0, len(lines.data) - 1)))
        rows.extend(range(row, first))
        pieces, folds, at, row = _joined(lines, first, edits, at)
        if pieces:
            folded[len(rows)] = Folded(first, max(first, row - 1), tuple(pieces), tuple(folds))
            rows.append(first)
    rows.extend(range(row, lines.count))
    return (rows, folded) if rows else ([0], {})


def _joined(
    lines: Lines, first: int, edits: Sequence[tuple[int, Edit]], at: int
) -> tuple[list[Piece], list[int], int, int]:  # fmt: skip
    """Return the pieces of the line that begins at row *first*, the folds in it, the next edit and the next row.

    No piece is left where whole rows went without a mark.
    """
    pieces: list[Piece] = []
    folds: list[int] = []
    here = lines.start(first)
    row = first
    while at < len(edits) and lines.start(row) <= edits[at][1].start <= lines.end(row):
        number, edit = edits[at]
        if edit.start > here:
            pieces.append(Piece(here, edit.start))
        if edit.text.strip():
            pieces.append(Piece(edit.start, edit.end, edit.text.strip(b"\r\n")))
        folds.append(number)
        at += 1
        here = edit.end
        if here and here > edit.start and lines.data[here - 1] == 10:
            return pieces, folds, at, _row_after(lines, here)
        row = lines.row(here) if here < len(lines.data) else lines.count - 1
    if here < lines.end(row):
        pieces.append(Piece(here, lines.end(row)))
    return pieces, folds, at, row + 1


def _row_after(lines: Lines, byte: int) -> int:
    return lines.row(byte) if byte < len(lines.data) else lines.count
