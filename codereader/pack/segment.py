"""Segments: the pieces a prompt is made of, and what was left out.

Knows nothing of files on disk, models or terminals.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["full", "uncommented", "skeleton", "outline", "name"]

LEVELS: tuple[Level, ...] = ("full", "uncommented", "skeleton", "outline", "name")
"""From the most detail to the least."""

STEPS: tuple[Level, ...] = ("full", "skeleton", "outline", "name")
"""The levels that a choice goes through; ``uncommented`` takes the place of ``full`` where comments are not wanted."""

Part = Literal["base", "focus"]
"""``base`` does not depend on the question; ``focus`` is what one question adds."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of whole lines of one file at one level.

    A file is one segment, or several that follow each other, in order of lines: a skeleton whose kept functions are
    segments of level ``full`` between. `text` includes the delimiters; the first segment of a file carries its heading.
    `tokens` counts `text` alone, since each segment is tokenized alone. Lines are 1-based and inclusive.
    """

    path: str
    level: Level
    tokens: int
    text: str
    start_line: int
    end_line: int
    part: Part = "base"

    @property
    def hash(self) -> str:
        """Hex digest of `text`: the same text has the same hash wherever it stands."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that did not go in, or went in with less than its full text.

    `level` is the level it went in at, None where it did not; `tokens` is what the full text would cost,
    an estimate from its size unless `exact`. `budget` is the smallest budget, in tokens, known to bring it in full:
    where it is `exact` by a count of all that comes before it, else one that is enough;
    None where no budget does, or nobody worked it out. `removed` counts the tokens by which it was reduced.
    """

    path: str
    level: Level | None
    reason: str
    tokens: int
    exact: bool = False
    budget: int | None = None
    removed: int = 0


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


def digest(segments: Iterable[Segment]) -> str:
    """Return the hex digest that names the texts of *segments*, in order."""
    hasher = hashlib.sha256()
    for segment in segments:
        text = segment.text.encode("utf-8", "surrogatepass")
        hasher.update(len(text).to_bytes(8, "big") + text)
    return hasher.hexdigest()[:16]
