"""Bars of memory: what a plan takes of a device, kind by kind, told apart by the character, never by colour."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marks:
    """The character of each kind of bytes, and of what stays free."""

    weights: str
    cache: str
    compute: str
    free: str

    @property
    def legend(self) -> str:
        """What each character means."""
        return f"{self.weights} weights  {self.cache} cache  {self.compute} compute  {self.free} headroom"


BLOCKS = Marks("█", "▓", "▒", "·")
PLAIN = Marks("#", "=", "+", ".")

LIMIT = "|"
"""Stands where a device's memory ends, in the bar of a plan that takes more."""


def marks(stream: object = None) -> Marks:
    """Return the characters that *stream*, else stdout, can show: blocks where it speaks UTF-8."""
    return BLOCKS if is_utf8(sys.stdout if stream is None else stream) else PLAIN


def is_utf8(stream: object) -> bool:
    """Whether *stream*, such as ``sys.stdout``, speaks UTF-8; None does not."""
    encoding = getattr(stream, "encoding", None) or ""
    return str(encoding).lower().replace("-", "").replace("_", "") == "utf8"


def bar(kinds: Sequence[tuple[str, int]], free: int, width: int, mark: Marks) -> str:
    """Return a bar of *width* characters: *kinds* are a character and its bytes, of *free* bytes that there are.

    Every kind that takes bytes shows. Where they take more than there is, `LIMIT` stands where it ends.
    """
    used = sum(size for _, size in kinds)
    whole = max(free, used, 1)
    room = width - 1 if used > free else width
    cells = _cells([size for _, size in kinds], whole, room)
    drawn = "".join(character * count for (character, _), count in zip(kinds, cells, strict=True))
    drawn = drawn.ljust(room, mark.free)
    if used <= free:
        return drawn
    end = min(room - 1, max(0, free) * room // whole)
    return drawn[:end] + LIMIT + drawn[end:]


def _cells(sizes: Sequence[int], whole: int, room: int) -> list[int]:
    """Return how many of *room* characters each size has: its share rounded, at least one, together never more."""
    cells = [max(1, round(size * room / whole)) if size > 0 else 0 for size in sizes]
    while sum(cells) > room:
        largest = max(range(len(cells)), key=lambda at: (cells[at], -at))
        cells[largest] -= 1
    return cells
