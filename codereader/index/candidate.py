"""A definition that a name may mean, with a word for how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codereader.index.parsed import Definition
from codereader.index.view import At

SAME_FILE = "same file"
ONLY_ONE = "only one"
BY_INCLUDE = "visible by include"
NOT_FOUND = "not found"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A definition that a name may mean, and how sure that is: one of the words above, or ``one of N``."""

    definition: At[Definition]
    confidence: str


def worded(found: Sequence[At[Definition]], word: str) -> tuple[Candidate, ...]:
    """Return *found* under *word* if they stand in one file, such as both branches of an ``#if``; else as one of N."""
    files = {at.path for at in found}
    confidence = word if len(files) == 1 else f"one of {len(found)}"
    return tuple(Candidate(at, confidence) for at in found)
