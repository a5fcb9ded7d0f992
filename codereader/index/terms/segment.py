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


def opened(raw: bytes) -> Postings:
    """Return the postings of a bucket that `bucketed` wrote. Raises: DamagedSection for other bytes."""
    try:
        data = zlib.decompress(raw)
        terms, count = np.frombuffer(data, "<u4", 2).tolist()
        sizes, kinds = (terms, terms, count, count), ("<u4", "<u4", "<u4", "<u2")
        columns, at = [], 8
        for size, kind in zip(sizes, kinds, strict=True):
            width = int(kind[2])
            planes = np.frombuffer(data, np.uint8, size * width, at).reshape(width, size)
            columns.append(np.ascontiguousarray(planes.T).view(kind).reshape(size))
            at += size * width
        numbers, lengths, steps, counts = columns
        rows = np.cumsum(steps, dtype=np.int64)
        starts = np.cumsum(lengths, dtype=np.int64) - lengths
        before = np.where(starts > 0, rows[starts - 1], 0) if count else rows
        rows -= np.repeat(before, lengths)
        return Postings(np.repeat(numbers, lengths), rows.astype(np.uint32), counts.astype(np.uint16))
    except (zlib.error, ValueError, IndexError) as error:
        raise DamagedSection(f"not a bucket of terms: {error}") from error


def picked(postings: Postings, number: int) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
    """Return the rows and counts of one term."""
    start = int(np.searchsorted(postings.numbers, np.uint32(number), "left"))
    end = int(np.searchsorted(postings.numbers, np.uint32(number), "right"))
    return postings.rows[start:end], postings.counts[start:end]
