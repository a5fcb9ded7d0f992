"""What a file, a folder or a function is worth in a pack that does not know the question.

Worth is only compared, within one scope. A file's comes from `codereader.facts.rank` (a sum of logarithms: 0 to about
40); a function's is worked out here on the same scale. Costs are estimated tokens (UTF-8 bytes over a constant), never
counts, so that the order of steps is the same for every vocabulary and whatever a cache holds; they and the worths are
rounded, so that a small edit seldom changes the order. Knows nothing of budgets.

What is shown of a thing tells ever less the longer it gets: knowledge grows with the square root of tokens here. So the
best place of a token is neither always the smallest file (worth per token) nor always the most important one (worth).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import log2, sqrt

from codereader.facts.rank import is_minor
from codereader.index.view import IndexView
from codereader.model.estimate import BYTES_A_TOKEN
from codereader.pack.piece import Body
from codereader.pack.segment import Level

LEVEL_WORTH: dict[Level, float] = {"name": 2.5, "outline": 2.5, "skeleton": 3.0, "uncommented": 3.2, "full": 3.3}
"""What a token of each level tells, against the others. That a file exists and what it is for is the cheapest to know
of it; a line of a skeleton (types with fields, tables) tells a little more than one of an outline."""

BODY_WORTH = 3.0
"""The same for a function in full."""

LEVEL_SIZE: dict[Level, float] = {"outline": 0.12, "skeleton": 0.4, "uncommented": 0.8, "full": 1.0}
"""Share of a file's bytes that a level shows, until the file is read. Measured on Linux 6.1 net/."""

HEADING_TOKENS = 14.0
"""Estimated tokens of a heading without its path, and of a name line without path and role."""

LEAST_WORTH = 0.5
"""Worth of a file that nothing refers to: what is shown of it is read, if only late."""

ENTRY_WORTH = 2.0
TABLE_WORTH = 1.5
EXPORT_WORTH = 1.0
"""What a function is worth more for being an entry point, held in a table, exported; 1.0 is that of a plain one, and
each doubling of the number of files that mention it adds as much."""

MINOR_BODY = 0.5
"""What is left of the worth of a function in a test, an example or foreign code."""

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
    return name_cost(candidate.path, 0) + text_cost(candidate.size) * LEVEL_SIZE[level]


def level_value(worth: float, level: Level, cost: float) -> float:
    """Return what a file of *worth* tells at *level*, which takes about *cost* tokens."""
    return even(worth) ** 2 * LEVEL_WORTH[level] * sqrt(cost)


def body_value(worth: float, body: float, cost: float) -> float:
    """Return what a function of worth *body* in a file of *worth* tells in full."""
    return even(worth) * even(body) * BODY_WORTH * sqrt(cost)


def even(worth: float) -> float:
    """Return a worth with small differences taken out."""
    return max(LEAST_WORTH, round(worth * _ROUND) / _ROUND)


def about(cost: float) -> float:
    """Return a cost with small differences taken out."""
    return float(2.0 ** (round(_ROUND * log2(max(1.0, cost))) / _ROUND))


def body_worths(view: IndexView, path: str, bodies: Collection[Body]) -> Mapping[int, float]:
    """Return the worth of each of the *bodies* of *path*, by number."""
    definitions = view.definitions(path=path)
    shared = {at.fact.name for at in definitions if at.fact.owner is None and not _is_static(at.fact.signature)}
    exported = {at.fact.name for at in view.exports(path=path)} | {
        at.fact.name for at in definitions if at.fact.exported
    }
    held = {at.fact.function for at in view.tables(path=path)}
    entries = {at.fact.name for at in view.entries(path=path)}
    share = MINOR_BODY if is_minor(path) else 1.0
    worths: dict[int, float] = {}
    for body in bodies:
        name = body.name
        worth = 1.0 + ENTRY_WORTH * (name in entries) + TABLE_WORTH * (name in held) + EXPORT_WORTH * (name in exported)
        if name in shared:
            worth += log2(max(1, view.count_mentions(name)))
        worths[body.number] = worth * share
    return worths


def _is_static(signature: str) -> bool:
    return "static" in signature.partition("(")[0].split()
