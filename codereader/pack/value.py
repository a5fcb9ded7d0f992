"""What a file, a folder or a function is worth in a pack that does not know the question.

Worth is only compared, within one scope. A file's comes from `codereader.facts.rank` (a sum of logarithms: 0 to about
40); a function's is worked out here on the same scale. Costs are estimated tokens (UTF-8 bytes over a constant), never
counts, so that the order of steps is the same for every vocabulary and whatever a cache holds; they and the worths are
rounded, so that a small edit seldom changes the order. Knows nothing of budgets.

What is shown of a thing tells ever less the longer it gets: knowledge grows with the square root of tokens here. So the
best place of a token is neither always the smallest file (worth per token) nor always the most important one (worth).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import log2, sqrt

from codereader.facts.rank import is_minor, is_shared
from codereader.index.view import IndexView
from codereader.model.estimate import BYTES_A_TOKEN
from codereader.pack.segment import Level

LEVEL_WORTH: dict[Level, float] = {"name": 2.0, "outline": 2.5, "skeleton": 3.5, "uncommented": 3.7, "full": 3.8}
"""What a token of each level tells, against the others. That a file exists and what it is for is the cheapest to know
of it; a line of a skeleton (types with fields, tables, conditions) tells more than one of an outline."""

BODY_WORTH = 3.0
"""The same for a function in full."""

TOLD = 40.0
"""Estimated tokens of a function that tell hardly more than its signature does, at most three quarters of it: a small
one is not worth most."""

LEVEL_SIZE: dict[Level, float] = {"outline": 0.12, "skeleton": 0.25, "uncommented": 0.8, "full": 1.0}
"""Share of a file's bytes that a level shows, until the file is read. Measured on Linux 6.1 net/core and net/ipv4;
skeletons of Python, Rust and Go take nearly twice as much, and are looked at no later for it."""

FIRST_SYMBOLS = 300.0
"""Estimated tokens of the most important symbols of a file, the first of the steps in which a long outline is shown."""

HEADING_TOKENS = 14.0
"""Estimated tokens of a heading without its path, and of a name line without path and role."""

LEAST_WORTH = 0.5
"""Worth of a file that nothing refers to: what is shown of it is read, if only late."""

ENTRY_WORTH = 2.0
TABLE_WORTH = 1.5
EXPORT_WORTH = 1.0
"""What a symbol is worth more for being an entry point, held in a table (or the table itself), exported; 1.0 is that of
a plain one, and each doubling of the number of files that mention it adds as much."""

KIND_SHARE = {"macro": 0.5, "enumerator": 0.25, "variable": 0.5, "constant": 0.5, "key": 0.5, "heading": 0.5}
"""What a symbol of a kind counts in an outline, against a function or a type. Who else mentions it is not looked up."""

MINOR_BODY = 0.5
"""What is left of the worth of a function in a test, an example or foreign code."""

README_SHARE = 0.8
MANIFEST_SHARE = 0.5
"""A readme and a manifest in the scope's own folder are worth at least so much of the most important file."""

_README = re.compile(r"readme(\.\w+)?", re.IGNORECASE)
_MANIFESTS = frozenset(
    "pyproject.toml setup.cfg package.json Cargo.toml go.mod pom.xml build.gradle build.gradle.kts CMakeLists.txt "
    "meson.build Makefile Kconfig Gemfile composer.json mix.exs Package.swift".split()
)

_ROUND = 4
"""Costs are told apart by quarters of a doubling, worths by quarters."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may go in. `worth` is at least 0 and only compared; `size` is in bytes, `role` in characters."""

    path: str
    worth: float
    size: int
    lines: int
    role: int = 0


def lifted(path: str, worth: float, most: float) -> float:
    """Return the *worth* of a file, raised for what tells a reader of a scope, whose most important file has *most*."""
    if _README.fullmatch(path):
        return max(worth, README_SHARE * most)
    return max(worth, MANIFEST_SHARE * most) if path in _MANIFESTS else worth


def name_cost(path: str, role: int) -> float:
    """Return the estimated tokens of a name line with *role* characters of role."""
    return HEADING_TOKENS + (len(path) + role) / BYTES_A_TOKEN


def text_cost(size: int) -> float:
    """Return the estimated tokens of *size* bytes."""
    return size / BYTES_A_TOKEN


def rough_cost(candidate: Candidate, level: Level) -> float:
    """Return the estimated tokens of a file at *level* as far as they can be told without reading it."""
    if level == "name":
        return name_cost(candidate.path, candidate.role)
    cost = text_cost(candidate.size) * LEVEL_SIZE[level]
    return name_cost(candidate.path, 0) + (min(cost, FIRST_SYMBOLS) if level == "outline" else cost)


def level_value(worth: float, level: Level, cost: float) -> float:
    """Return what a file of *worth* tells at *level*, which takes about *cost* tokens."""
    return even(worth) ** 2 * LEVEL_WORTH[level] * sqrt(cost)


def body_value(worth: float, body: float, cost: float) -> float:
    """Return what a function of worth *body* in a file of *worth* tells in full."""
    return even(worth) * even(body) * BODY_WORTH * sqrt(max(cost / 4, cost - TOLD))


def least_density(worth: float, cost: float) -> float:
    """Return what a token tells of a function of *cost* tokens that nothing speaks for, in a file of *worth*."""
    return body_value(worth, MINOR_BODY, cost) / max(1.0, cost)


def even(worth: float) -> float:
    """Return a worth with small differences taken out."""
    return max(LEAST_WORTH, round(worth * _ROUND) / _ROUND)


def about(cost: float) -> float:
    """Return a cost with small differences taken out."""
    return float(2.0 ** (round(_ROUND * log2(max(1.0, cost))) / _ROUND))


class Symbols:
    """What the symbols of a scope's files are worth; what was asked for once is kept."""

    def __init__(self, view: IndexView) -> None:
        self._view = view
        self._named: dict[str, Mapping[str, float]] = {}

    def rows(self, path: str) -> Mapping[int, float]:
        """Return the worth of the symbols of *path* by the 1-based line of their names, the most of several on one."""
        named = self.worths(path)
        filled = {at.fact.variable for at in self._view.tables(path=path) if not at.fact.assigned}
        worths: dict[int, float] = {}
        for at in self._view.definitions(path=path):
            share = 1.0 if at.fact.name in filled else KIND_SHARE.get(at.fact.kind, 1.0)
            worth = named[at.fact.name] * share + TABLE_WORTH * (at.fact.name in filled)
            worths[at.fact.row + 1] = max(worth, worths.get(at.fact.row + 1, 0.0))
        for entry in self._view.entries(path=path):
            worths[entry.fact.row + 1] = max(ENTRY_WORTH, worths.get(entry.fact.row + 1, 0.0))
        return worths

    def worths(self, path: str) -> Mapping[str, float]:
        """Return the worth of each name that *path* defines."""
        if path not in self._named:
            self._named[path] = self._work_out(path)
        return self._named[path]

    def _work_out(self, path: str) -> Mapping[str, float]:
        definitions = [at.fact for at in self._view.definitions(path=path)]
        exported = {one.name for one in definitions if one.exported}
        exported |= {at.fact.name for at in self._view.exports(path=path)}
        shared = {
            one.name for one in definitions if one.owner is None and one.kind not in KIND_SHARE and is_shared(one)
        }
        held = {at.fact.function for at in self._view.tables(path=path)}
        entries = {at.fact.name for at in self._view.entries(path=path)}
        share = MINOR_BODY if is_minor(path) else 1.0
        mentions = self._view.count_mentions(sorted(shared))
        worths: dict[str, float] = {}
        for name in sorted({one.name for one in definitions}):
            worth = (
                1.0 + ENTRY_WORTH * (name in entries) + TABLE_WORTH * (name in held) + EXPORT_WORTH * (name in exported)
            )
            if name in shared:
                worth += log2(max(1, mentions[name]))
            worths[name] = worth * share
        return worths
