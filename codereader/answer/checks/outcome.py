"""What became of one relation that a sentence states."""

from __future__ import annotations

from dataclasses import dataclass, replace

from codereader.answer.event import Judgement


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on a relation, why, and the place (1-based line) that decided."""

    verdict: Judgement
    why: str
    path: str | None = None
    line: int | None = None


def so(why: str, path: str | None = None, line: int | None = None) -> Outcome:
    """Return that the index says so."""
    return Outcome("verified", why, path, line)


def not_so(why: str, path: str | None = None, line: int | None = None) -> Outcome:
    """Return that the index rules it out."""
    return Outcome("contradicted", why, path, line)


def open_(why: str, path: str | None = None, line: int | None = None) -> Outcome:
    """Return that the index neither says so nor rules it out."""
    return Outcome("no evidence", why, path, line)


def negation(of: Outcome) -> Outcome:
    """Return what becomes of the sentence that denies what *of* is about."""
    swapped: dict[Judgement, Judgement] = {"verified": "contradicted", "contradicted": "verified"}
    return replace(of, verdict=swapped.get(of.verdict, of.verdict))


def best(found: list[Outcome]) -> Outcome | None:
    """Return the first that is verified, else the first that is open, else the first."""
    for verdict in ("verified", "no evidence", "contradicted"):
        for one in found:
            if one.verdict == verdict:
                return one
    return None
