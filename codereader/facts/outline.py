"""The call outline: from where control enters, what is reached, as an indented list.

Works on any graph of places; `codereader.facts.graph.relations` supplies the one of a scope. Cycles are cut and marked,
what was already shown is not shown again, and what breadth or depth cut is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Mark = Literal["", "above", "cycle"]
"""Why a step has nothing below it: shown further up, or reached again from inside itself."""

DEPTH = 10
"""Levels below a root that an outline follows unless told otherwise."""

BREADTH = 8
"""Steps shown below one place; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Node:
    """A definition that control or data passes through. `row` is 0-based; `kind` as in the index."""

    path: str
    row: int
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Edge:
    """How one place leads to another: ``calls``, ``names`` (address taken) or a table's ``.field``.

    `path` and `row` (0-based) are where that stands; `confidence` is the word of the name's resolution.
    """

    node: Node
    via: str
    path: str
    row: int
    confidence: str
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an outline. `depth` is 0 for a root; `edge` is None there. `cut` counts steps not shown below."""

    node: Node
    depth: int
    edge: Edge | None = None
    parent: Node | None = None
    mark: Mark = ""
    cut: int = 0


@dataclass(slots=True)
class _Pen:
    follow: Callable[[Node], Sequence[Edge]]
    depth: int
    breadth: int
    shown: set[Node] = field(default_factory=set)
    steps: list[Step] = field(default_factory=list)


def outline(
    roots: Sequence[Node],
    follow: Callable[[Node], Sequence[Edge]],
    *,
    depth: int = DEPTH,
    breadth: int = BREADTH,
) -> tuple[Step, ...]:
    """Return the steps reached from *roots* in reading order, each root at depth 0.

    A root already shown below an earlier one is left out.
    """
    pen = _Pen(follow, depth, breadth)
    for root in roots:
        if root not in pen.shown:
            _draw(pen, root, None, None, ())
    return tuple(pen.steps)


def _draw(pen: _Pen, node: Node, edge: Edge | None, parent: Node | None, trail: tuple[Node, ...]) -> None:
    if node in trail or node in pen.shown:
        mark: Mark = "cycle" if node in trail else "above" if pen.follow(node) else ""
        pen.steps.append(Step(node, len(trail), edge, parent, mark))
        return
    edges = pen.follow(node)
    kept = edges[: pen.breadth] if len(trail) < pen.depth else ()
    pen.steps.append(Step(node, len(trail), edge, parent, "", len(edges) - len(kept)))
    if kept or not edges:
        pen.shown.add(node)
    for below in kept:
        _draw(pen, below.node, below, node, (*trail, node))


def fitting(
    roots: Sequence[Node], follow: Callable[[Node], Sequence[Edge]], lines: int, *, depth: int = DEPTH
) -> tuple[Step, ...]:
    """Return the deepest outline of at most *depth* levels that takes no more than *lines* steps.

    When even the roots alone are more than *lines*, they are all returned, one step each.
    """
    best = outline(roots, follow, depth=0)
    for level in range(1, depth + 1):
        steps = outline(roots, follow, depth=level)
        if len(steps) > lines:
            break
        best = steps
    return best
