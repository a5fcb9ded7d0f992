"""Byte ranges that lie inside each other, and which of them hold a byte. Half-open; knows nothing of what they mean."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence


class Nest:
    """Ranges in order of their start, the outer first. A range is known by its place in that order.

    A range that only overlaps an earlier one counts as lying inside it.
    """

    def __init__(self, ranges: Sequence[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in ranges]
        self._ends = [end for _, end in ranges]
        self.parents: list[int] = []
        """The place of the range around each, -1 for none."""
        open_: list[int] = []
        for at, (start, _) in enumerate(ranges):
            while open_ and self._ends[open_[-1]] <= start:
                open_.pop()
            self.parents.append(open_[-1] if open_ else -1)
            open_.append(at)

    def around(self, byte: int) -> int:
        """Return the place of the innermost range that holds *byte*, -1 for none."""
        at = bisect_right(self._starts, byte) - 1
        while at >= 0 and byte >= self._ends[at]:
            at = self.parents[at]
        return at

    def all_around(self, byte: int) -> Iterator[int]:
        """Yield the places of the ranges that hold *byte*, the innermost first."""
        at = self.around(byte)
        while at >= 0:
            yield at
            at = self.parents[at]
