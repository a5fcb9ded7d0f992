"""A question as it was read: what it asks, and what of the tree it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Match = Literal["exact", "case", "spelling", "text"]
"""How words of a question met the tree: as written, but for case and underscores, by close spelling, as a string."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that a question names, as `written` there and as the tree has it (`found`).

    `kind` is ``symbol`` (`found` can be read by `codereader.facts.graph.symbol.read_symbol`), ``path`` (a file or
    folder of the scope) or ``string`` (a quoted text). `places` are the (path, 1-based line) of its definitions, or of
    the lines that hold the string.
    """

    written: str
    found: str
    kind: Literal["symbol", "path", "string"]
    match: Match
    places: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was read. `intent` is a key of the patterns (``callers``, ``overview``, ...).

    It is ``search`` where nothing was recognised. `language` is that of the patterns which recognised it.
    `topic` is what a search should look for, in English words; empty where that is the text itself.
    """

    text: str
    intent: str
    subjects: tuple[Subject, ...]
    language: str
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A name of a question that the tree does not hold, and the names closest to it, the nearest first."""

    written: str
    near: tuple[str, ...]
