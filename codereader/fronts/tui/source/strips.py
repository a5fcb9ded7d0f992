"""A line of source as a strip of cells: its colours by kind, and what lies over them: matches, the cursor.

Knows no widget: colours come as styles by name.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from codereader.fronts.text import size
from codereader.fronts.tui.source.document import Document, Shown, columns, shown
from codereader.fronts.tui.source.folding import Folded
from codereader.fronts.tui.source.highlight import KINDS, runs

FOLD = len(KINDS)
"""The number of the kind of a mark that stands for what is left out."""

NAMES = (*KINDS, "fold")
"""What styles are called, by the number of a kind."""


@dataclass(frozen=True, slots=True)
class Over:
    """What lies over the characters *start* to *end* of the text that is shown, by the name of its style."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the view: its bytes, the number of the kind of each, and how it is shown."""

    raw: bytes
    kinds: bytes
    shown: Shown


def whole_line(document: Document, row: int, painted: bytes | bytearray | None) -> Line:
    """Return *row* as a line. *painted* has the kinds of the whole file."""
    start, end = document.range(row)
    raw, kinds = document.data[start:end], bytes(painted[start:end]) if painted else bytes(end - start)
    left = document.left(row)
    if left:
        mark = f" ... {size(left)} more".encode()
        raw, kinds = raw + mark, kinds + bytes((FOLD,)) * len(mark)
    return Line(raw, kinds, shown(raw, document.tab))


def folded_line(document: Document, folded: Folded, painted: bytes | bytearray | None) -> Line:
    """Return what is left of the rows that *folded* takes together."""
    raw, kinds = [], []
    for piece in folded.pieces:
        part = piece.mark or document.data[piece.start : piece.end].replace(b"\n", b" ")
        raw.append(part)
        if piece.mark:
            kinds.append(bytes((FOLD,)) * len(part))
        else:
            kinds.append(bytes(painted[piece.start : piece.end]) if painted else bytes(len(part)))
    joined = b"".join(raw).rstrip(b"\r")
    return Line(joined, b"".join(kinds)[: len(joined)], shown(joined, document.tab))


def strip_of(line: Line, base: Style, styles: Mapping[str, Style]) -> Strip:
    """Return all cells of *line*."""
    text, at = line.shown.text, _places(line)
    inked = [(at(first), at(last), styles[NAMES[kind]]) for first, last, kind in runs(line.kinds)]
    segments = [Segment(text[first:last], base + ink if ink else base) for first, last, ink in _whole(inked, len(text))]
    return Strip(segments, line.shown.width)


def laid(strip: Strip, over: Sequence[Over], styles: Mapping[str, Style]) -> Strip:
    """Return *strip* with what lies over it; of two things over a character the later counts."""
    segments = list(strip)
    for one in over:
        segments = list(_laid(segments, one.start, one.end, styles[one.name]))
    return Strip(segments, strip.cell_length)


def _places(line: Line) -> Callable[[int], int]:
    """Return what tells where in the text that is shown a byte stands."""
    starts = line.shown.starts
    if line.shown.is_plain and len(starts) == len(line.raw) + 1:
        return starts.__getitem__
    bytes_at = columns(line.raw)
    return lambda byte: starts[min(bisect_left(bytes_at, byte), len(starts) - 1)]


def _whole(inked: Sequence[tuple[int, int, Style]], end: int) -> Iterator[tuple[int, int, Style | None]]:
    """Yield the stretches that are inked and those between them."""
    at = 0
    for first, last, ink in inked:
        if first > at:
            yield at, first, None
        if last > max(first, at):
            yield max(first, at), last, ink
        at = max(at, last)
    if at < end:
        yield at, end, None


def _laid(segments: Sequence[Segment], first: int, last: int, style: Style) -> Iterator[Segment]:
    """Yield *segments* with *style* over the characters *first* to *last*."""
    at = 0
    for segment in segments:
        text, ink = segment.text, segment.style or Style.null()
        end = at + len(text)
        if end <= first or at >= last:
            yield segment
        else:
            here, there = max(0, first - at), min(len(text), last - at)
            parts = ((text[:here], ink), (text[here:there], ink + style), (text[there:], ink))
            yield from (Segment(part, own) for part, own in parts if part)
        at = end


def breaks(line: Shown, width: int) -> Sequence[int]:
    """Return the cells at which the rows of a line begin that is wrapped at *width* cells; no character is cut."""
    if line.is_plain:
        return range(0, max(1, len(line.text)), width)
    found, cells, begin = [0], 0, 0
    for one in line.text:
        wide = cell_len(one)
        if cells + wide - begin > width:
            found.append(cells)
            begin = cells
        cells += wide
    return found
