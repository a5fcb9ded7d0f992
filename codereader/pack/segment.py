"""Segments: the pieces a prompt is made of, and what was left out.

Knows nothing of files on disk, models or terminals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["full", "skeleton", "outline", "name"]

LEVELS: tuple[Level, ...] = ("full", "skeleton", "outline", "name")
"""From the most detail to the least."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One file (or lines of it) at one level. `text` includes its delimiters; `tokens` counts `text` alone.

    Lines are 1-based and inclusive.
    """

    path: str
    level: Level
    tokens: int
    text: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that did not go in, or went in with less than its full text.

    `level` is the level it went in at, None where it did not; `tokens` is what the full text would cost,
    an estimate from its size unless `exact`.
    """

    path: str
    level: Level | None
    reason: str
    tokens: int
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Pack:
    """Segments in canonical path order. `tokens` is their exact sum in `vocabulary` and never exceeds `budget`."""

    budget: int
    tokens: int
    vocabulary: str
    exact: bool
    segments: tuple[Segment, ...]
    left_out: tuple[LeftOut, ...]
    hash: str
    """Hex digest over the segments' texts, in order."""
