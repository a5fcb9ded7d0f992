"""The seam between showing a file and choosing what of it to show.

`codereader.pack.detail` makes a `Shown` of one file's bytes and facts; `codereader.pack.fit` asks it for pieces.
Knows nothing of budgets, disks or models. Lines are 1-based and inclusive.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from codereader.pack.segment import Level


@dataclass(frozen=True, slots=True)
class Rendering:
    """How text is shown at every level. `comments` False: ``full`` text is shown ``uncommented``.

    `line_numbers`: every line of full text carries its number; without it numbers stand only where they are cheap.
    """

    comments: bool = True
    line_numbers: bool = False


PLAIN = Rendering()


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of a run of whole lines of a file at one level; it ends in a line break.

    The first piece of a file begins with the file's heading (``=== path (level, N lines)``), the others do not.
    """

    level: Level
    text: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Body:
    """A function whose body a skeleton elides: its whole lines, those of its signature too.

    `number` is its place among the bodies of its file, from 0, in order of lines; bodies that share a line are one.
    `size` is in bytes, of what the skeleton leaves out.
    """

    number: int
    name: str
    start_line: int
    end_line: int
    size: int


class Shown(Protocol):
    """One file, ready to be shown at any level."""

    @property
    def bodies(self) -> Sequence[Body]:
        """The functions that may be kept in full in a skeleton, in order of lines."""
        ...

    def pieces(self, level: Level, kept: Collection[int] = ()) -> tuple[Piece, ...]:
        """Return the file at *level*, in order of lines; of a skeleton the bodies *kept* are pieces of level ``full``.

        Without *kept*, one piece. Same file, level and *kept*: same bytes.
        """
        ...

    def cut(self, piece: Piece, lines: int) -> Piece:
        """Return *piece* with its first *lines* lines only (at least 1) and a line that counts those left out.

        The `end_line` of what is returned is that of the last line shown, so that others can go on behind it.
        """
        ...
