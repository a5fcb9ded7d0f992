"""The lines of one file, and changes to its text that keep the rest as it is.

Offsets are bytes, half-open; rows are 0-based. Lines end at a line feed alone, as editors and compilers count them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

_ONE_MORE = (1).__add__
_BLANKS = b" \t\r\f\v"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Edit:
    """Puts *text* in the place of a range. `body` is the function whose body it elides, -1 for none."""

    start: int
    end: int
    text: bytes = b""
    body: int = -1


class Lines:
    """A file's bytes and where its lines begin."""

    __slots__ = ("count", "data", "starts")

    def __init__(self, data: bytes) -> None:
        self.data = data
        starts = list(accumulate(map(_ONE_MORE, map(len, data.split(b"\n"))), initial=0))
        starts.pop()
        if len(starts) > 1 and starts[-1] == len(data):
            starts.pop()
        self.starts = starts
        self.count = len(starts)

    def row(self, byte: int) -> int:
        """Return the row that holds *byte*."""
        return bisect_right(self.starts, byte) - 1

    def start(self, row: int) -> int:
        """Return where *row* begins; a row past the last begins at the end of the file."""
        return self.starts[row] if row < self.count else len(self.data)

    def end(self, row: int) -> int:
        """Return where *row* ends, without its line break."""
        end = self.start(row + 1)
        if end > self.starts[row] and self.data[end - 1] == 10:
            end -= 1
        if end > self.starts[row] and self.data[end - 1] == 13:
            end -= 1
        return end

    def line(self, row: int) -> bytes:
        """Return the text of *row* without its line break."""
        return self.data[self.starts[row] : self.end(row)]

    def indent(self, row: int) -> int:
        """Return where the first character of *row* that is no blank stands, its end if there is none."""
        line = self.line(row)
        return self.starts[row] + len(line) - len(line.lstrip())

    def is_blank(self, row: int) -> bool:
        """Whether *row* holds nothing, or a byte order mark alone."""
        return not _bare(self.line(row))

    def opens(self, byte: int) -> bool:
        """Whether nothing stands before *byte* on its row."""
        data, start = self.data, self.starts[self.row(byte)]
        while byte > start and data[byte - 1] in _BLANKS:
            byte -= 1
        return byte == start or (not start and data[:byte] == _BOM)

    def closes(self, byte: int) -> bool:
        """Whether nothing stands behind *byte* on the row of the byte before it."""
        data, size = self.data, len(self.data)
        if byte and data[byte - 1] == 10:
            return True
        while byte < size and data[byte] in _BLANKS:
            byte += 1
        return byte == size or data[byte] == 10


def _bare(text: bytes) -> bytes:
    return text.removeprefix(_BOM).strip()


def without_rows(lines: Lines, first: int, last: int, gone: int = -1) -> Edit:
    """Return the edit that takes away whole rows, and blank ones behind them where none is needed any more.

    *gone* is the last row that another edit took away. A row that continues the one before it leaves a blank row,
    since the rows behind it would be joined otherwise.
    """
    start = lines.start(first)
    if not first and lines.data.startswith(_BOM):
        start = len(_BOM)
    if first and lines.line(first - 1).endswith(b"\\"):
        return Edit(start, lines.end(last))
    before = first - 1
    if not first or before == gone or lines.is_blank(before):
        while last + 1 < lines.count and not lines.line(last + 1).strip():
            last += 1
    return Edit(start, lines.start(last + 1))


def settled(edits: Iterable[Edit], size: int) -> list[Edit]:
    """Return *edits* in order; one that overlaps an earlier or a larger one is dropped, and so is one beyond *size*."""
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda one: (one.start, -one.end, one.text)):
        if 0 <= edit.start <= edit.end <= size and (not kept or edit.start >= kept[-1].end):
            kept.append(edit)
    return kept


def edited(lines: Lines, edits: Sequence[Edit], first: int, last: int) -> bytes:
    """Return rows *first* to *last* with those of the settled *edits* that lie in them."""
    return b"".join(text for _, text in _chunks(lines, edits, first, last))


def numbered(lines: Lines, edits: Sequence[Edit], first: int, last: int) -> bytes:
    """Return rows *first* to *last* as `edited`, each line with the number of the line that it begins with."""
    out: list[bytes] = []
    opens = True
    for place, text in _chunks(lines, edits, first, last):
        for part in text.splitlines(keepends=True) if b"\r" not in text else _split(text):
            if opens:
                out.append(b"%d\t" % (lines.row(place) + 1))
            out.append(part)
            place += len(part)
            opens = part.endswith(b"\n")
    return b"".join(out)


def _split(text: bytes) -> list[bytes]:
    parts = [part + b"\n" for part in text.split(b"\n")]
    last = parts.pop()[:-1]
    return [*parts, last] if last else parts


def _chunks(lines: Lines, edits: Sequence[Edit], first: int, last: int) -> Iterator[tuple[int, bytes]]:
    """Yield what is shown of rows *first* to *last* with the byte at which each part stands in the file."""
    at, stop = lines.start(first), lines.start(last + 1)
    here = bisect_right(edits, at, key=lambda one: one.start)
    if here and edits[here - 1].start == at:
        here -= 1
    for edit in edits[here:]:
        if edit.start >= stop:
            break
        if edit.start > at:
            yield at, lines.data[at : edit.start]
        if edit.text:
            yield edit.start, edit.text
        at = max(at, edit.end)
    if at < stop:
        yield at, lines.data[at:stop]
