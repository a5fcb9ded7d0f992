"""The idea of aider's repository map, for comparison: definitions ranked over a graph of references.

Nodes are files; an edge leads from a file that mentions an identifier to each file that defines it, and files rank by
the walk of a random reader (PageRank) who starts over at files that the question names. A file's rank is shared out
over its edges, which ranks definitions. Weights are those that aider documents; the code is our own, on our index.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from codereader.index.view import IndexView

KINDS = ("function", "method", "class", "struct", "union", "enum", "typedef", "interface", "trait")
"""What counts as a definition."""

MENTIONED, LONG_NAME, PRIVATE, COMMON = 10.0, 10.0, 0.1, 0.1
"""Factors on an edge whose identifier stands in the question, is a long compound word, is private, or is everywhere."""

LONG_FROM, COMMON_FROM = 8, 5
"""Letters from which a compound name is long; a name with more homes than this is common."""

UNUSED = 0.1
"""Weight of the edge from a file to itself for a definition that nobody mentions."""

DAMPING, ROUNDS, ENOUGH = 0.85, 100, 1e-9

_COMPOUND = re.compile(r"[a-zA-Z]_[a-zA-Z0-9]|[a-z][A-Z]")
_WORD = re.compile(r"\w+")


class RepoMap:
    """The graph of one scope, to be ranked for one question after the other."""

    def __init__(self, view: IndexView) -> None:
        self.paths = [file.path for file in view.files()]
        homes: dict[str, set[int]] = {}
        mentions: dict[str, Counter[int]] = {}
        for number, path in enumerate(self.paths):
            for at in view.definitions(path=path, kinds=KINDS):
                homes.setdefault(at.fact.name, set()).add(number)
            for one in view.references(path=path):
                mentions.setdefault(one.fact.name, Counter())[number] += 1
        self.names = sorted(homes)
        rows = [
            edge
            for number, name in enumerate(self.names)
            for edge in _edges(number, name, sorted(homes[name]), mentions.get(name, {}))
        ]
        self._from, self._to, self._name = (np.array([row[at] for row in rows], dtype=np.int64) for at in range(3))
        self._weight = np.array([row[3] for row in rows])

    def rank(self, question: str) -> list[tuple[str, str]]:
        """Return (path, name) of every definition, the highest first, then by path and name."""
        words = set(_WORD.findall(question))
        weight = self._weight * np.array([MENTIONED if name in words else 1.0 for name in self.names])[self._name]
        share = weight / np.bincount(self._from, weight, len(self.paths))[self._from]
        value = self._walk(share, self._start(question, words))[self._from] * share
        keys, places = np.unique(self._to * len(self.names) + self._name, return_inverse=True)
        summed = np.bincount(places, value)
        found = ((self.paths[key // len(self.names)], self.names[key % len(self.names)]) for key in keys)
        return [one for _, one in sorted(zip(-np.round(summed, 15), found, strict=True))]

    def _start(self, question: str, words: Collection[str]) -> NDArray[np.float64]:
        """Return where the reader starts over: at files that the question names, by path or a part of it."""
        named = np.array([_is_named(path, question, words) for path in self.paths], dtype=np.float64)
        return (named if named.any() else np.ones(len(self.paths))) / (named.sum() or len(self.paths))

    def _walk(self, share: NDArray[np.float64], start: NDArray[np.float64]) -> NDArray[np.float64]:
        leads_on = np.bincount(self._from, share, len(self.paths)) > 0
        rank = np.full(len(start), 1 / len(start))
        for _ in range(ROUNDS):
            reached = np.bincount(self._to, rank[self._from] * share, len(start))
            after = DAMPING * (reached + rank[~leads_on].sum() * start) + (1 - DAMPING) * start
            if np.abs(after - rank).sum() < ENOUGH:
                return after
            rank = after
        return rank


def _edges(
    number: int, name: str, homes: Sequence[int], mentions: Mapping[int, int]
) -> list[tuple[int, int, int, float]]:
    """Return (from, to, name, weight) of each edge of a name."""
    if not mentions:
        return [(home, home, number, UNUSED) for home in homes]
    factor = LONG_NAME if len(name) >= LONG_FROM and _COMPOUND.search(name) else 1.0
    factor *= PRIVATE if name.startswith("_") else 1.0
    factor *= COMMON if len(homes) > COMMON_FROM else 1.0
    return [(user, home, number, factor * count**0.5) for user, count in sorted(mentions.items()) for home in homes]


def _is_named(path: str, question: str, words: Collection[str]) -> bool:
    parts = path.split("/")
    return path in question or parts[-1] in question or any(part.partition(".")[0] in words for part in parts)
