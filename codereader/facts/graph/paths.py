"""The shortest ways from one function to another: along calls, through tables, through pointers.

Where none is seen, functions that are named as values count as called too: most of them are handed on to be called.
Searched from both ends at once, a whole level at a time, so that only what lies near either end is looked into. The
graph numbers each definition once and keeps its neighbours, so that a second question costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from codereader.facts.graph.edges import Call, Edges, not_followed, place_of
from codereader.index.parsed import Definition
from codereader.index.view import At

DEPTH = 12
"""Hops of a path at most, unless asked for more."""

_VIAS = ("direct", "macro", "pointer", "table", "name")


@dataclass(frozen=True, slots=True)
class Paths:
    """The shortest paths, each a chain of hops, the surest first.

    `total` counts all that are equally short. `looked` counts the definitions that were looked into, `not_followed` the
    call sites in them that lead to no definition of the scope or of a header that it includes. `is_bounded` tells that
    the search ended at the depth asked for.
    """

    found: tuple[tuple[Call, ...], ...]
    total: int
    looked: int
    not_followed: int
    is_bounded: bool


class Graph:
    """The definitions of one scope as numbers, and what each reaches and is reached by.

    *with_values* counts functions that are named as values as called.
    """

    def __init__(self, edges: Edges, *, with_values: bool = False) -> None:
        self._edges = edges
        self._with_values = with_values
        self._wider: Graph | None = None
        self._numbers: dict[tuple[str, int, str], int] = {}
        self._definitions: list[At[Definition]] = []
        self._out: dict[int, tuple[int, ...]] = {}
        self._into: dict[int, tuple[int, ...]] = {}
        self._hops: dict[tuple[int, int], Call] = {}

    def number(self, at: At[Definition]) -> int:
        """Return the number of a definition."""
        found = self._numbers.setdefault(place_of(at), len(self._definitions))
        if found == len(self._definitions):
            self._definitions.append(at)
        return found

    def out(self, number: int) -> tuple[int, ...]:
        """Return what a definition reaches, each once, in the order of its source."""
        if number not in self._out:
            edges = self._reached(number)
            self._out[number] = tuple(dict.fromkeys(self.number(one.target) for one in edges if one.target))
        return self._out[number]

    def into(self, number: int) -> tuple[int, ...]:
        """Return what reaches a definition, each once, by place."""
        if number not in self._into:
            at = self._definitions[number]
            edges = (*self._edges.callers(at), *(self._edges.naming(at) if self._with_values else ()))
            origins = (self._edges.origin(one) for one in edges)
            self._into[number] = tuple(dict.fromkeys(self.number(at) for at in origins if at))
        return self._into[number]

    def _reached(self, number: int) -> tuple[Call, ...]:
        at = self._definitions[number]
        return (*self._edges.callees(at), *(self._edges.named(at) if self._with_values else ()))

    def hop(self, start: int, end: int) -> Call:
        """Return the surest edge between two neighbours."""
        if (start, end) not in self._hops:
            edges = self._reached(start)
            between = (one for one in edges if one.target and self.number(one.target) == end)
            self._hops[start, end] = min(between, key=_unsureness)
        return self._hops[start, end]

    def lost(self, number: int) -> int:
        """Return how many call sites of a definition lead nowhere."""
        return not_followed(self._edges.callees(self._definitions[number]))

    def paths(
        self, starts: Sequence[At[Definition]], ends: Sequence[At[Definition]], depth: int, limit: int,
        check: Callable[[], None],
    ) -> Paths:  # fmt: skip
        """Return the shortest paths of up to *depth* hops, at most *limit* of them; *check* is called at each level.

        Where there is none, functions named as values count as called.
        """
        found = self._paths(starts, ends, depth, limit, check)
        if found.found or self._with_values:
            return found
        self._wider = self._wider or Graph(self._edges, with_values=True)
        return self._wider.paths(starts, ends, depth, limit, check)

    def _paths(
        self, starts: Sequence[At[Definition]], ends: Sequence[At[Definition]], depth: int, limit: int,
        check: Callable[[], None],
    ) -> Paths:  # fmt: skip
        near = _Side([self.number(at) for at in starts], self.out)
        far = _Side([self.number(at) for at in ends], self.into)
        while not (meeting := near.level & far.level) and near.hops + far.hops < depth:
            check()
            side = near if len(near.level) <= len(far.level) else far
            if not side.level:
                break
            side.grow()
        looked = sorted(near.opened)
        lost = sum(self.lost(number) for number in looked)
        is_bounded = not meeting and bool(near.level and far.level)
        if not meeting:
            return Paths((), 0, len(looked) + len(far.opened), lost, is_bounded)
        following = _following(near, far, meeting)
        firsts = sorted(set(near.firsts) & (set(following) | meeting))
        found = self._spelled(firsts, following, near.hops + far.hops, limit)
        total = _count(firsts, following, near.hops + far.hops)
        return Paths(tuple(found), total, len(looked) + len(far.opened), lost, is_bounded)

    def _spelled(
        self, firsts: Sequence[int], following: Mapping[int, frozenset[int]], hops: int, limit: int
    ) -> Iterator[tuple[Call, ...]]:
        """Yield up to *limit* paths, depth first, the surest hop first."""
        waiting: list[tuple[tuple[Call, ...], int]] = [((), first) for first in reversed(firsts)]
        left = limit
        while waiting and left:
            chain, here = waiting.pop()
            if len(chain) == hops:
                left -= 1
                yield chain
                continue
            steps = sorted((self.hop(here, there) for there in following[here]), key=_unsureness, reverse=True)
            waiting.extend(((*chain, one), self.number(one.target)) for one in steps if one.target)


class _Side:
    """One end of the search: what it reached so far, level by level."""

    def __init__(self, firsts: Sequence[int], neighbours: Callable[[int], tuple[int, ...]]) -> None:
        self.firsts = tuple(firsts)
        self.level = set(firsts)
        self.hops = 0
        self.opened: set[int] = set()
        self.parents: dict[int, set[int]] = {}
        self._reached = set(firsts)
        self._neighbours = neighbours

    def grow(self) -> None:
        """Go one hop on from every definition of the outermost level."""
        reached: set[int] = set()
        for number in sorted(self.level):
            for other in self._neighbours(number):
                if other not in self._reached:
                    reached.add(other)
                    self.parents.setdefault(other, set()).add(number)
        self.opened |= self.level
        self._reached |= reached
        self.level = reached
        self.hops += 1


def _following(near: _Side, far: _Side, meeting: set[int]) -> dict[int, frozenset[int]]:
    """Return for each definition on a shortest path those that come next on one."""
    following: dict[int, set[int]] = {}
    level = meeting
    while before := {parent for number in level for parent in near.parents.get(number, ())}:
        for number in level:
            for parent in near.parents.get(number, ()):
                following.setdefault(parent, set()).add(number)
        level = before
    level = meeting
    while after := {child for number in level for child in far.parents.get(number, ())}:
        for number in level:
            following.setdefault(number, set()).update(far.parents.get(number, ()))
        level = after
    return {number: frozenset(those) for number, those in following.items()}


def _count(firsts: Sequence[int], following: Mapping[int, frozenset[int]], hops: int) -> int:
    """Return how many paths of *hops* lead on from *firsts*."""
    ways = dict.fromkeys(firsts, 1)
    for _ in range(hops):
        further: dict[int, int] = {}
        for number, count in ways.items():
            for other in following.get(number, ()):
                further[other] = further.get(other, 0) + count
        ways = further
    return sum(ways.values())


def _unsureness(one: Call) -> tuple[int, int, int, str, int, str, int]:
    """Return the key that puts the surest edge first: by word, way, and place."""
    word = int(one.confidence.removeprefix("one of ")) if one.confidence.startswith("one of ") else 1
    target = one.target
    return (
        word, _VIAS.index(one.via), one.condition is not None, one.path, one.line, target.path if target else "",
        target.fact.row if target else 0,
    )  # fmt: skip
