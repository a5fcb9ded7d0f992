"""Postings of many texts as bytes: sorted by term, cut into buckets, squeezed.

A posting is the number of a term (32 bits), the row of a text, and its counts (16 bits). A bucket holds the postings
whose numbers share their leading bits. Knows no database.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codereader.index.damage import DamagedSection

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUCKET_POSTINGS = 4096
"""About so many postings lie in a bucket."""

MOST_BITS = 14
LEVEL = 1


@dataclass(frozen=True, slots=True)
class Postings:
    """Columns of postings, sorted by number, then row."""

    numbers: NDArray[np.uint32]
    rows: NDArray[np.uint32]
    counts: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.numbers)


def sorted_postings(numbers: NDArray[Any], rows: NDArray[Any], counts: NDArray[Any]) -> Postings:
    """Return the columns as postings, in order."""
    order = np.argsort(numbers.astype(np.uint64) << np.uint64(32) | rows.astype(np.uint64), kind="stable")
    return Postings(numbers[order], rows[order], counts[order])


def joined(parts: Iterable[Postings]) -> Postings:
    """Return the postings of all *parts*, in order."""
    some = list(parts)
    columns = ([getattr(part, name) for part in some] for name in ("numbers", "rows", "counts"))
    numbers, rows, counts = (np.concatenate(column) if column else np.empty(0, np.uint32) for column in columns)
    return sorted_postings(numbers, rows, counts)


def held_by(postings: Postings, held: NDArray[np.bool_]) -> Postings:
    """Return the *postings* of the rows that *held* is true for."""
    mask = held[postings.rows]
    return Postings(postings.numbers[mask], postings.rows[mask], postings.counts[mask])


def bits_for(postings: int) -> int:
    """Return with how many leading bits buckets of a segment of so many *postings* are told apart."""
    return min(MOST_BITS, max(0, (postings // BUCKET_POSTINGS).bit_length()))


def bucketed(postings: Postings, bits: int) -> Iterator[tuple[int, bytes]]:
    """Yield the buckets that are not empty, by number."""
    if not bits:
        if len(postings):
            yield 0, _bytes(postings)
        return
    edges = np.searchsorted(postings.numbers, np.arange(1 << bits, dtype=np.uint64) << np.uint64(32 - bits))
    ends = [*edges[1:].tolist(), len(postings)]
    for bucket, (start, end) in enumerate(zip(edges.tolist(), ends, strict=True)):
        if end > start:
            cut = slice(start, end)
            yield bucket, _bytes(Postings(postings.numbers[cut], postings.rows[cut], postings.counts[cut]))


def _bytes(postings: Postings) -> bytes:
    """Return a bucket: terms, how many postings each has, and steps between rows, byte by byte of equal weight."""
    numbers, lengths = np.unique(postings.numbers, return_counts=True)
    steps = np.diff(postings.rows.astype(np.int64), prepend=0)
    starts = np.cumsum(lengths) - lengths
    steps[starts] = postings.rows[starts]
    head = np.array([len(numbers), len(postings)], dtype="<u4").tobytes()
    columns = (numbers.astype("<u4"), lengths.astype("<u4"), steps.astype("<u4"), postings.counts.astype("<u2"))
    planes = b"".join(np.ascontiguousarray(one.view(np.uint8).reshape(len(one), -1).T).tobytes() for one in columns)
    return zlib.compress(head + planes, LEVEL)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket as its columns: each term once, where its postings end, and the bytes of steps and counts."""

    numbers: NDArray[np.uint32]
    ends: NDArray[np.int64]
    steps: NDArray[np.uint8]
    counts: NDArray[np.uint8]

    def picked(self, number: int) -> tuple[NDArray[np.uint32], NDArray[np.uint16]] | None:
        """Return the rows and counts of one term, None where the bucket does not hold it."""
        at = int(np.searchsorted(self.numbers, np.uint32(number)))
        if at == len(self.numbers) or int(self.numbers[at]) != number:
            return None
        cut = slice(int(self.ends[at - 1]) if at else 0, int(self.ends[at]))
        return np.cumsum(_column(self.steps[:, cut], "<u4"), dtype=np.uint32), _column(self.counts[:, cut], "<u2")

    def whole(self) -> Postings:
        """Return all postings."""
        lengths = np.diff(self.ends, prepend=0)
        rows = np.cumsum(_column(self.steps, "<u4"), dtype=np.int64)
        starts = self.ends - lengths
        before = np.where(starts > 0, rows[starts - 1], 0)
        rows -= np.repeat(before, lengths)
        return Postings(np.repeat(self.numbers, lengths), rows.astype(np.uint32), _column(self.counts, "<u2"))


def opened(raw: bytes) -> Bucket:
    """Return the bucket that `bucketed` wrote. Raises: DamagedSection for other bytes."""
    try:
        data = zlib.decompress(raw)
        terms, count = np.frombuffer(data, "<u4", 2).tolist()
        planes, at = [], 8
        for size, width in ((terms, 4), (terms, 4), (count, 4), (count, 2)):
            planes.append(np.frombuffer(data, np.uint8, size * width, at).reshape(width, size))
            at += size * width
        ends = np.cumsum(_column(planes[1], "<u4"), dtype=np.int64)
    except (zlib.error, ValueError, IndexError) as error:
        raise DamagedSection(f"not a bucket of terms: {error}") from error
    if not terms or int(ends[-1]) != count:
        raise DamagedSection("not a bucket of terms: it does not add up")
    return Bucket(_column(planes[0], "<u4"), ends, planes[2], planes[3])


def _column(planes: NDArray[np.uint8], kind: str) -> NDArray[Any]:
    """Return the numbers whose bytes lie in *planes*, the lowest first."""
    return np.ascontiguousarray(planes.T).view(kind).reshape(planes.shape[1])
