"""In which row each box stands, and in which order: rows by longest path, orders by barycentres.

K. Sugiyama, S. Tagawa, M. Toda, Methods for visual understanding of hierarchical system structures (1981), with rows
that hold no more than fits a width, as E. G. Coffman and R. L. Graham schedule tasks (1972). Lines that pass a row are
items of it like boxes; those that start in one box share them. Deterministic: ties keep the order of the input.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from codereader.fronts.drawing.graph import Edge, Pair

SWEEPS = 24
"""So often rows are ordered down and up again; the order with the fewest crossings is kept."""

Net = tuple[str, str]
"""Lines that are drawn as one: all that lead down out of a box (its key, ""), or one that leads up (end, start)."""


class Item(NamedTuple):
    """What stands in a row: a box with its `key`, or where `net` passes that `row`."""

    key: str
    net: Net | None = None
    row: int = -1


@dataclass(frozen=True, slots=True)
class Rows:
    """Items of each row, top first, from left to right.

    `net` is that of each edge, by its pair; `links` tells for each gap between two rows who is joined to whom, each
    link an (upper item, lower item) with its net.
    """

    items: tuple[tuple[Item, ...], ...]
    level: Mapping[str, int]
    net: Mapping[Pair, Net]
    links: tuple[tuple[tuple[Item, Item, Net], ...], ...]


def rows_of(keys: Sequence[str], edges: Sequence[Edge], widths: Mapping[str, int], width: int) -> Rows:
    """Return the rows of the boxes *keys*, each at most *width* characters wide unless a single box is wider.

    *edges* have both ends among *keys*, no two the same pair, none leads to where it starts.
    """
    down = _downward(keys, edges)
    level = _levels(keys, down, widths, width)
    net = {one.pair: _net(one, level) for one in edges}
    items, links = _with_passing(keys, edges, level, net)
    return Rows(_ordered(items, links), level, net, links)


def _downward(keys: Sequence[str], edges: Sequence[Edge]) -> dict[str, list[str]]:
    """Return the lower ends of each box, in an order without circles: what closes one is turned round."""
    below: dict[str, list[str]] = {key: [] for key in keys}
    for one in edges:
        upper, lower = (one.end, one.start) if one.is_upward else (one.start, one.end)
        if lower not in below[upper]:
            below[upper].append(lower)
    place = {key: at for at, key in enumerate(_finished(keys, below))}
    turned: dict[str, list[str]] = {key: [] for key in keys}
    for upper in keys:
        for lower in below[upper]:
            first, second = (upper, lower) if place[upper] > place[lower] else (lower, upper)
            if second not in turned[first]:
                turned[first].append(second)
    return turned


def _finished(keys: Sequence[str], below: Mapping[str, Sequence[str]]) -> list[str]:
    """Return *keys* in the order in which a search in depth is done with them, the lowest first."""
    done: dict[str, None] = {}
    seen: set[str] = set()
    for root in keys:
        waiting = [(root, iter(below[root]))] if root not in seen else []
        seen.add(root)
        while waiting:
            key, rest = waiting[-1]
            step = next((one for one in rest if one not in seen), None)
            if step is None:
                done[key] = None
                waiting.pop()
            else:
                seen.add(step)
                waiting.append((step, iter(below[step])))
    return list(done)


def _levels(
    keys: Sequence[str], below: Mapping[str, Sequence[str]], widths: Mapping[str, int], width: int
) -> dict[str, int]:
    """Return the row of each box, 0 at the top: each as low as what it stands on and the *width* let it.

    Where not all fit, those that most rows stand on go first.
    """
    above: dict[str, list[str]] = {key: [] for key in keys}
    for upper in keys:
        for lower in below[upper]:
            above[lower].append(upper)
    depth = _depths(keys, above)
    left = {key: len(below[key]) for key in keys}
    order = {key: at for at, key in enumerate(keys)}
    ready = [key for key in keys if not left[key]]
    height: dict[str, int] = {}
    row = 0
    while ready:
        taken, used = list[str](), 0
        for key in sorted(ready, key=lambda one: (-depth[one], order[one])):
            if not taken or used + widths[key] <= width:
                taken.append(key)
                used += widths[key]
        for key in taken:
            height[key] = row
            ready.remove(key)
            for upper in above[key]:
                left[upper] -= 1
                if not left[upper]:
                    ready.append(upper)
        row += 1
    return {key: row - 1 - height[key] for key in keys}


def _depths(keys: Sequence[str], above: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return how many boxes stand above each other over each box."""
    depth: dict[str, int] = {}
    for key in _finished(keys, above):
        depth[key] = max((depth[one] + 1 for one in above[key]), default=0)
    return depth


def _net(one: Edge, level: Mapping[str, int]) -> Net:
    return (one.start, "") if level[one.start] < level[one.end] else (one.end, one.start)


def is_upward(net: Net) -> bool:
    """Tell whether a net leads up."""
    return bool(net[1])


def _with_passing(
    keys: Sequence[str], edges: Sequence[Edge], level: Mapping[str, int], net: Mapping[Pair, Net]
) -> tuple[list[list[Item]], tuple[tuple[tuple[Item, Item, Net], ...], ...]]:
    """Return the rows with an item wherever a net passes one, and the links between neighbouring rows."""
    items: list[dict[Item, None]] = [{} for _ in range(max(level.values(), default=-1) + 1)]
    links: list[dict[tuple[Item, Item, Net], None]] = [{} for _ in items[1:]]
    for key in keys:
        items[level[key]][Item(key)] = None
    for one in edges:
        upper, lower = sorted(one.pair, key=lambda key: level[key])
        for row in range(level[upper], level[lower]):
            first = Item(upper) if row == level[upper] else Item("", net[one.pair], row)
            second = Item(lower) if row + 1 == level[lower] else Item("", net[one.pair], row + 1)
            items[row][first] = items[row + 1][second] = None
            links[row][first, second, net[one.pair]] = None
    return [list(row) for row in items], tuple(tuple(some) for some in links)


def _ordered(
    items: Sequence[Sequence[Item]], links: Sequence[Sequence[tuple[Item, Item, Net]]]
) -> tuple[tuple[Item, ...], ...]:
    """Return each row in the order with the fewest crossings that the sweeps meet."""
    above: dict[Item, list[Item]] = {}
    below: dict[Item, list[Item]] = {}
    for some in links:
        for upper, lower, _ in some:
            below.setdefault(upper, []).append(lower)
            above.setdefault(lower, []).append(upper)
    rows = [list(row) for row in items]
    best, fewest = [list(row) for row in rows], crossings(rows, links)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        if sweep % 2:
            for at in range(len(rows) - 2, -1, -1):
                rows[at] = _by_barycentre(rows[at], rows[at + 1], below)
        else:
            for at in range(1, len(rows)):
                rows[at] = _by_barycentre(rows[at], rows[at - 1], above)
        count = crossings(rows, links)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    return tuple(tuple(row) for row in best)


def _by_barycentre(row: Sequence[Item], other: Sequence[Item], joined: Mapping[Item, Sequence[Item]]) -> list[Item]:
    """Return *row* by the mean place of what its items are joined to in *other*; the rest keeps its share."""
    place = {item: at for at, item in enumerate(other)}
    scale = len(other) / max(1, len(row))

    def centre(at: int) -> float:
        found = [place[one] for one in joined.get(row[at], ()) if one in place]
        return sum(found) / len(found) if found else at * scale

    return [row[at] for at in sorted(range(len(row)), key=lambda at: (centre(at), at))]


def crossings(rows: Sequence[Sequence[Item]], links: Iterable[Sequence[tuple[Item, Item, Net]]]) -> int:
    """Return how many pairs of links cross."""
    count = 0
    for at, some in enumerate(links):
        upper = {item: number for number, item in enumerate(rows[at])}
        lower = {item: number for number, item in enumerate(rows[at + 1])}
        seen: list[int] = []
        for _, end in sorted((upper[one], lower[other]) for one, other, _ in some):
            count += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return count
