"""The parts of one file, as plain data. Ranges are bytes, half-open, in order of their starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Range = tuple[int, int]
"""A half-open byte range."""

StretchKind = Literal["value", "text", "help", "prose", "block", "macro", "recipe", "unread"]
"""``value``: a bracketed or indented literal. ``text``: a long string. ``help``: of a Kconfig option. ``prose``: what
stands under a heading. ``block``: lines deeper than the one above. ``macro``: a ``#define`` of several lines.
``recipe``: what makes a target. ``unread``: a branch that no compiler reads, or that breaks off in the middle.
"""


@dataclass(frozen=True, slots=True)
class Function:
    """A function with a body: `head` is where it begins with what decorates it, `body` to `end` what it does.

    `name` is empty where it has none.
    """

    name: str
    head: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """What may be long and say little: a range and what it is. `depth` counts the blocks around a block."""

    start: int
    end: int
    kind: StretchKind
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Directive:
    """A line of the preprocessor that opens (1), divides (0) or closes (-1) a condition."""

    start: int
    end: int
    change: int


@dataclass(frozen=True, slots=True)
class Docstring:
    """A string that documents what it stands in. `is_alone`: nothing else stands there, so it cannot be taken away."""

    start: int
    end: int
    is_alone: bool


@dataclass(frozen=True, slots=True)
class Anatomy:
    """All parts of one file. Functions and stretches may stand inside each other."""

    comments: tuple[Range, ...] = ()
    docstrings: tuple[Docstring, ...] = ()
    functions: tuple[Function, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    directives: tuple[Directive, ...] = ()
