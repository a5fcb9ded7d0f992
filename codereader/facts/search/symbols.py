"""Which definitions of the best files a text is about: by name, by signature, by what their comments say."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from codereader.facts.search.question import Read
from codereader.facts.search.ranked import RankedSymbol
from codereader.facts.search.reasons import SHOWN
from codereader.index.terms.words import WORD, terms_of

if TYPE_CHECKING:
    from codereader.index.parsed import Definition
    from codereader.index.view import IndexView

LOOKED_INTO = 30
"""So many of the best files are looked into for symbols."""

FILE_SHARE = 0.35
"""What the score of its file counts for a symbol that is not named outright."""

_MINOR = frozenset({"macro", "enumerator", "heading", "key", "typedef"})


def rank_symbols(
    view: IndexView, read: Read, files: Sequence[tuple[str, float]], worth: Mapping[str, float], top: int
) -> tuple[RankedSymbol, ...]:
    """Return the *top* definitions of *files* (path and score, best first); *worth* is how much each term tells."""
    best = files[0][1] if files else 1.0
    found: list[RankedSymbol] = []
    terms = read.all_terms()
    for path, score in files[:LOOKED_INTO]:
        for at in view.definitions(path=path):
            made = _ranked(at.fact, path, read, terms, worth, score / best)
            if made is not None:
                found.append(made)
    found.sort(key=lambda one: (-one.score, one.path, one.line, one.name, one.kind))
    return tuple(found[:top])


def _ranked(
    one: Definition, path: str, read: Read, asked: Container[str], worth: Mapping[str, float], share: float
) -> RankedSymbol | None:
    low = one.name.strip("_").lower()
    reasons: list[str] = []
    score = 0.0
    if low in read.frames:
        score += 4.0 * read.frames[low]
        reasons.append("in the trace")
    if low in read.names:
        score += 3.0
        reasons.append("named in the text")
    words = [term for term in _terms(one.name) if term in asked and term != low]
    if low in asked and low not in read.names:
        words.append(low)
    if words:
        score += sum(worth.get(term, 0.0) for term in words)
        reasons.append(f"name: {_listed(words, read)}")
    said = [term for term in _terms(one.doc or "") if term in asked and term not in words]
    if said:
        score += 0.6 * sum(worth.get(term, 0.0) for term in said)
        reasons.append(f"comment: {_listed(said, read)}")
    if not score:
        return None
    score *= (0.5 if one.kind in _MINOR else 1.0) * (FILE_SHARE + (1 - FILE_SHARE) * share)
    return RankedSymbol(one.name, one.kind, path, one.row + 1, round(score, 6), tuple(reasons))


def _listed(terms: Sequence[str], read: Read) -> str:
    """Return the first *terms* as the text has them."""
    return ", ".join(read.spelled.get(term, term).lower() for term in terms[:SHOWN])


def _terms(text: str) -> list[str]:
    return list(dict.fromkeys(term for word in WORD.findall(text) for term in _terms_of(word)))


_terms_of = lru_cache(maxsize=1 << 15)(terms_of)
