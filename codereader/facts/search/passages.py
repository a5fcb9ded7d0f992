"""Which definitions a text needs: by the words in them and above them, and by what uses them or is used by them.

The best files of a search are looked into. Words count by BM25 (Robertson and Zaragoza, 2009) over name, comment and
body; then each definition gives of its score to what it mentions and to what mentions it, a few steps far, so that
what a good one calls is found although the text has no word for it. All weights were measured: ``benchmarks/held.py``.
"""

from __future__ import annotations

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

NAME_WEIGHT, LEAD_WEIGHT, BODY_WEIGHT = 3.0, 1.0, 1.0
"""What a word counts in the name, in the lines above that belong to no other definition, and in the body."""

LEAD_BYTES, LEAD_MOST = 1_500, 3
"""So far above a definition words count as its own, and so often."""

LENGTH_SHARE = 0.3
"""How much the length of a definition counts against it (b of BM25)."""

FILE_SHARE = 0.9
"""How much of the score of a definition is multiplied by that of its file, against that of the best."""

STEPS = 2
"""So many times scores spread."""

DOWN, UP = 0.6, 0.4
"""What a definition gives to those that it mentions, and to those that mention it."""

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


class _Telling:
    """Which words tell something: the terms of the text that they hold, and whether they name a definition."""

    def __init__(self, worth: Mapping[str, float], names: frozenset[str]) -> None:
        self._parts = re.compile("|".join(map(re.escape, sorted(worth))) or "(?!)")
        self._names = names
        self._known: dict[str, tuple[tuple[str, ...], bool] | None] = {}
        self.worth = worth

    def terms(self, word: str) -> tuple[str, ...]:
        """Return the terms of the text that *word* holds."""
        if word.isascii() and not self._parts.search(word.lower()):
            return ()
        return tuple(term for term in terms_of(word) if term in self.worth)

    def among(self, text: str) -> dict[str, tuple[tuple[str, ...], bool]]:
        """Return what the words of *text* tell; those that tell nothing are left out."""
        found = {}
        for word in set(WORD.findall(text)):
            if word not in self._known:
                terms, names = self.terms(word), word in self._names
                self._known[word] = (terms, names) if terms or names else None
            if (told := self._known[word]) is not None:
                found[word] = told
        return found


def _counted(path: str, share: float, text: str, defined: Sequence[Definition], telling: _Telling) -> Iterator[_Node]:
    """Yield the definitions of one file. *text* has a character a byte."""
    told = telling.among(text)
    hits = [(match.start(), match[0]) for match in WORD.finditer(text) if match[0] in told]
    starts = [at for at, _ in hits]
    ends = list(accumulate(len(line) + 1 for line in text.split("\n"))) if hits else []
    before = 0
    for one in defined:
        node = _Node(path, one, share, frozenset(telling.terms(one.name)))
        first, last = bisect_left(starts, one.span.start), bisect_left(starts, one.span.end)
        for at in range(bisect_left(starts, max(before, one.span.start - LEAD_BYTES)), first):
            node.lead.update(told[hits[at][1]][0])
        for at in range(first, last):
            terms, is_name = told[hits[at][1]]
            if terms:
                node.body.update(terms)
                node.rows[bisect_right(ends, hits[at][0]) + 1] += len(terms)
            if is_name and hits[at][1] != one.name:
                is_call = text.startswith("(", hits[at][0] + len(hits[at][1]))
                node.uses[hits[at][1]] = max(node.uses.get(hits[at][1], 0.0), 1.0 if is_call else MENTIONED)
        before = max(before, one.span.end) if one.kind != "class" else before
        yield node


def _scored(nodes: Sequence[_Node], worth: Mapping[str, float]) -> list[float]:
    average = sum(node.fact.span.end - node.fact.span.start for node in nodes) / max(1, len(nodes)) or 1.0
    return [_score(node, worth, average) for node in nodes]


def _score(node: _Node, worth: Mapping[str, float], average: float) -> float:
    size = node.fact.span.end - node.fact.span.start
    norm = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * size / average)
    score = 0.0
    for term in sorted({*node.name, *node.lead, *node.body}):
        often = NAME_WEIGHT * (term in node.name) + LEAD_WEIGHT * min(LEAD_MOST, node.lead[term])
        often += BODY_WEIGHT * node.body[term]
        score += worth[term] * often / (often + norm)
    return score * (1 - FILE_SHARE + FILE_SHARE * node.share) * KINDS[node.fact.kind]


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
    """Return *scores* after each definition gave of its own to those that it mentions and that mention it.

    What is mentioned by many, or mentions many, tells less: shares are divided by the root of how many there are, those
    that go up by their number.
    """
    uses = list(_uses(nodes))
    down, up = Counter(user for user, _, _ in uses), Counter(used for _, used, _ in uses)
    weights = [
        (user, used, share / (down[user] * up[used]) ** 0.5, share / up[used] / down[user] ** 0.5)
        for user, used, share in uses
    ]
    now = list(scores)
    for _ in range(STEPS):
        given = [0.0] * len(nodes)
        for user, used, falls, rises in weights:
            given[used] += DOWN * now[user] * falls
            given[user] += UP * now[used] * rises
        now = [score + more for score, more in zip(scores, given, strict=True)]
    return now


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
