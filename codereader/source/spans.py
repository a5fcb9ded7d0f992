"""Positions in a file, and their conversion at the edge.

Inside: byte offsets, half-open, and 0-based rows (tree-sitter's own units).
At the edge: 1-based lines for people. Nothing else converts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open byte range of one file and the 0-based rows it touches, both inclusive."""

    start: int
    end: int
    first_row: int
    last_row: int

    @property
    def lines(self) -> tuple[int, int]:
        """The 1-based first and last line, both inclusive."""
        return self.first_row + 1, self.last_row + 1


def line_of(row: int) -> int:
    """Return the 1-based line of a 0-based *row*."""
    return row + 1
