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
    """A definition that a name may mean, and how sure that is: one of the words above, or ``one of N``.

    What may lie outside the scope counts as one: a method of an object whose type is not known is ``one of 2`` even if
    the scope has no other of that name.
    """

    definition: At[Definition]
    confidence: str


def worded(found: Sequence[At[Definition]], word: str) -> tuple[Candidate, ...]:
    """Return *found* under *word* if they stand in one file, such as both branches of an ``#if``; else as one of N."""
    files = {at.path for at in found}
    confidence = word if len(files) == 1 else f"one of {len(found)}"
    return tuple(Candidate(at, confidence) for at in found)


def among(found: Sequence[At[Definition]]) -> tuple[Candidate, ...]:
    """Return *found* as what an object of unknown type may lead to, unless it leads out of the scope."""
    return tuple(Candidate(at, f"one of {len(found) + 1}") for at in found)
