"""Which definitions a text needs: by the words in them and above them, and by what uses them or is used by them.

The best files of a search are looked into. Words count by BM25 (Robertson and Zaragoza, 2009) over name, comment and
body, times the score of the file; then each definition gets a part of the best that mentions it and of the best that
it mentions, so that what a good one calls is found although the text has no word for it. All weights were measured:
``benchmarks/held.py``.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from codereader.errors import NothingReadable
from codereader.facts.search.signals import SATURATION
from codereader.index.terms.words import WORD, terms_of

if TYPE_CHECKING:
    from codereader.index.parsed import Definition
    from codereader.index.view import At, IndexView

KINDS: Mapping[str, float] = {
    "function": 1.0,
    "method": 1.0,
    "struct": 0.7,
    "interface": 0.7,
    "trait": 0.7,
    "class": 0.6,
    "variable": 0.5,
    "enum": 0.5,
    "union": 0.5,
    "macro": 0.5,
    "typedef": 0.4,
}
"""What a definition counts by its kind; others are lines of one of these."""

NAME_WEIGHT, DOC_WEIGHT, LEAD_WEIGHT, BODY_WEIGHT = 4.0, 4.0, 1.0, 1.0
"""What a word counts in the name, in the first sentence of its comment, in the lines above that belong to no other
definition, and in the body."""

LEAD_BYTES, LEAD_MOST = 1_500, 3
"""So far above a definition words count as its own, and so often."""

LENGTH_SHARE = 0.75
"""How much the length of a definition counts against it (b of BM25)."""

FILE_POWER = 2.0
"""The score of a definition counts times its file's share of the best file's score, to this power."""

DOWN, UP = 0.5, 0.4
"""The part of its score that a definition gives to those that it mentions, and to those that mention it."""

THINNED = 0.3
"""What mentions many tells less of each: what it gives is divided by their number to this power; likewise upwards."""

MENTIONED = 0.1
"""What it counts to mention a name without calling it."""

NAMESAKES = 1
"""A name with more definitions than this, in its file or else anywhere, does not tell which one is meant."""

HOT = 8
"""So many lines of a definition are kept as those that the text is most about."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A definition that a text needs. `score` compares only within one answer.

    `lines` are those of it (1-based, in order) that hold most of what the text is about.
    """

    path: str
    definition: Definition
    score: float
    lines: tuple[int, ...] = ()


@dataclass(slots=True)
class _Node:
    """A definition, where its words begin (in bytes), and what was counted of it."""

    path: str
    fact: Definition
    share: float
    name: frozenset[str] = frozenset()
    doc: frozenset[str] = frozenset()
    lead: Counter[str] = field(default_factory=Counter)
    body: Counter[str] = field(default_factory=Counter)
    uses: dict[str, float] = field(default_factory=dict)
    rows: Counter[int] = field(default_factory=Counter)


def passages(
    view: IndexView,
    files: Sequence[tuple[str, float]],
    worth: Mapping[str, float],
    seeds: Mapping[tuple[str, int], float],
    check: Callable[[], None],
) -> tuple[Passage, ...]:
    """Return the definitions of *files* (path and score, best first) that have to do with a text, best first.

    *worth* is how much each term of the text tells. *seeds* are places (path, 1-based line) that are known to belong to
    the answer, each with its share of the best score.
    """
    nodes = _read(view, files, worth, check)
    scores = _spread(nodes, _seeded(nodes, _scored(nodes, worth), seeds))
    found = (
        Passage(node.path, node.fact, round(score, 6), _hot(node))
        for node, score in zip(nodes, scores, strict=True)
        if score > 0
    )
    return tuple(sorted(found, key=lambda one: (-one.score, one.path, one.definition.row, one.definition.name)))


def _hot(node: _Node) -> tuple[int, ...]:
    return tuple(sorted(row for row, _ in sorted(node.rows.items(), key=lambda one: (-one[1], one[0]))[:HOT]))


# -- words ----------------------------------------------------------------------------------------------------------


def _read(
    view: IndexView, files: Sequence[tuple[str, float]], worth: Mapping[str, float], check: Callable[[], None]
) -> list[_Node]:
    """Return the definitions of *files* with what is counted of them. What changed since it was indexed is left out."""
    texts: list[tuple[str, float, str]] = []
    for path, score in files:
        check()
        try:
            texts.append((path, score / files[0][1] if files[0][1] else 1.0, view.text(path).decode("latin-1")))
        except NothingReadable:
            continue
    defined = {path: _outer(view.definitions(path=path)) for path, _, _ in texts}
    names = Counter(one.name for some in defined.values() for one in some)
    telling = _Telling(worth, frozenset(name for name in names if len(name) > 2))
    nodes: list[_Node] = []
    for path, share, text in texts:
        check()
        nodes += _counted(path, share, text, defined[path], telling)
    return nodes


def _outer(found: Sequence[At[Definition]]) -> list[Definition]:
    kept = [at.fact for at in found if at.fact.kind in KINDS]
    return sorted(kept, key=lambda one: (one.span.start, -one.span.end, one.name))


class _Telling(dict[str, tuple[tuple[str, ...], bool] | None]):
    """What each word tells: the terms of the text that it holds, and whether it names a definition; None for nothing.

    It is worked out when a word is first looked up.
    """

    def __init__(self, worth: Mapping[str, float], names: frozenset[str]) -> None:
        self._parts = re.compile("|".join(map(re.escape, sorted(worth))) or "(?!)")
        self._names = names
        self._worth = worth

    def __missing__(self, word: str) -> tuple[tuple[str, ...], bool] | None:
        terms, names = self.terms(word), word in self._names
        self[word] = told = (terms, names) if terms or names else None
        return told

    def terms(self, word: str) -> tuple[str, ...]:
        """Return the terms of the text that *word* holds."""
        if word.isascii() and not self._parts.search(word.lower()):
            return ()
        return tuple(term for term in terms_of(word) if term in self._worth)

    def within(self, text: str) -> frozenset[str]:
        """Return the terms of the text that the words of *text* hold."""
        return frozenset(term for word in WORD.findall(text) for term in (self[word] or ((),))[0])


def _counted(path: str, share: float, text: str, defined: Sequence[Definition], telling: _Telling) -> Iterator[_Node]:
    """Yield the definitions of one file. *text* has a character a byte."""
    hits = [(match[0], match.start(), *told) for match in WORD.finditer(text) if (told := telling[match[0]])]
    starts = [start for _, start, _, _ in hits]
    ends = list(accumulate(len(line) + 1 for line in text.split("\n"))) if hits else []
    before = 0
    for one in defined:
        node = _Node(path, one, share, telling.within(one.name), telling.within(one.doc or ""))
        first, last = bisect_left(starts, one.span.start), bisect_left(starts, one.span.end)
        for _, _, terms, _ in hits[bisect_left(starts, max(before, one.span.start - LEAD_BYTES)) : first]:
            node.lead.update(terms)
        for word, start, terms, is_name in hits[first:last]:
            if terms:
                node.body.update(terms)
                node.rows[bisect_right(ends, start) + 1] += len(terms)
            if is_name and word != one.name:
                is_call = text.startswith("(", start + len(word))
                node.uses[word] = max(node.uses.get(word, 0.0), 1.0 if is_call else MENTIONED)
        before = max(before, one.span.end) if one.kind != "class" else before
        yield node


def _scored(nodes: Sequence[_Node], worth: Mapping[str, float]) -> list[float]:
    average = sum(node.fact.span.end - node.fact.span.start for node in nodes) / max(1, len(nodes)) or 1.0
    return [_score(node, worth, average) for node in nodes]


def _score(node: _Node, worth: Mapping[str, float], average: float) -> float:
    size = node.fact.span.end - node.fact.span.start
    norm = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * size / average)
    score = 0.0
    for term in sorted({*node.name, *node.doc, *node.lead, *node.body}):
        often = NAME_WEIGHT * (term in node.name) + DOC_WEIGHT * (term in node.doc)
        often += LEAD_WEIGHT * min(LEAD_MOST, node.lead[term]) + BODY_WEIGHT * node.body[term]
        score += worth[term] * often / (often + norm)
    return score * math.pow(node.share, FILE_POWER) * KINDS[node.fact.kind]


def _seeded(nodes: Sequence[_Node], scores: Sequence[float], seeds: Mapping[tuple[str, int], float]) -> list[float]:
    """Return *scores* with the definitions around the *seeds* raised."""
    best = max(scores, default=0.0) or 1.0
    found = list(scores)
    for at, node in enumerate(nodes):
        first, last = node.fact.span.lines
        shares = [share for (path, line), share in seeds.items() if path == node.path and first <= line <= last]
        found[at] += best * max(shares, default=0.0)
    return found


# -- uses -----------------------------------------------------------------------------------------------------------


def _spread(nodes: Sequence[_Node], scores: Sequence[float]) -> list[float]:
    """Return *scores* with what the best that mentions each definition gives to it, and the best that it mentions.

    The best and not the sum: what is called from everywhere is needed for few questions.
    """
    uses = list(_uses(nodes))
    down, up = Counter(user for user, _, _ in uses), Counter(used for _, used, _ in uses)
    falls, rises = [0.0] * len(nodes), [0.0] * len(nodes)
    for user, used, share in uses:
        falls[used] = max(falls[used], scores[user] * share / down[user] ** THINNED)
        rises[user] = max(rises[user], scores[used] * share / up[used] ** THINNED)
    return [score + DOWN * fell + UP * rose for score, fell, rose in zip(scores, falls, rises, strict=True)]


def _uses(nodes: Sequence[_Node]) -> Iterator[tuple[int, int, float]]:
    """Yield (user, used, share): a name with several definitions means each a little; those of the same file first."""
    named: dict[str, list[int]] = {}
    for at, node in enumerate(nodes):
        named.setdefault(node.fact.name, []).append(at)
    for at, node in enumerate(nodes):
        for name, share in sorted(node.uses.items()):
            same = [other for other in named[name] if nodes[other].path == node.path]
            meant = same or named[name]
            if len(meant) <= NAMESAKES:
                yield from ((at, other, share / len(meant)) for other in meant if other != at)
