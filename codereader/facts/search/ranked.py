"""What a search answers: files and symbols in order, each with the reasons that put it there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RankedFile:
    """A file that the text may be about. Scores compare only within one answer; `reasons` are words for a person."""

    path: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RankedSymbol:
    """A definition that the text may be about. `line` is 1-based, the name's."""

    name: str
    kind: str
    path: str
    line: int
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Files and symbols, each highest score first, then by place."""

    files: tuple[RankedFile, ...]
    symbols: tuple[RankedSymbol, ...]
