"""What a Python expression may stand for, and where words stand: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codereader.index.parsed import Definition
from codereader.index.python.files import Module
from codereader.index.python.words import Words
from codereader.index.view import At

Key = tuple[str, str]
"""A class: its file and its dotted name there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where words stand: a file, the namespace in it (``""``: the module), and the class of ``Self`` there."""

    path: str
    scope: str = ""
    own: Key | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """Something that an expression may stand for.

    `cls` is the class of an ``object``, the ``class`` itself, that whose parents a ``super`` means, or that on which a
    ``function`` was found. An `exact` class was named itself, an `exact` object made by calling it; others may be of
    a class below.
    ``items`` is a container or another generic object `name` of the standard library with arguments in `parts`.
    """

    kind: Literal["object", "class", "super", "function", "module", "variable", "items", "foreign", "unknown"]
    cls: Key | None = None
    exact: bool = False
    at: At[Definition] | None = None
    module: Module | None = None
    name: str = ""
    parts: tuple[tuple[Place, Words], ...] = ()


FOREIGN = Value("foreign")
UNKNOWN = Value("unknown")
