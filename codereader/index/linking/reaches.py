"""Which files include which, directly or through others: of a scope and of the headers beyond it.

The files are numbered by path; what a file reaches is one number with a bit a file, so that a whole kernel fits.
"""

from __future__ import annotations

from collections.abc import Sequence


class Reaches:
    """Which files each file includes. *edges* holds for each of *paths* the places of those that it includes."""

    def __init__(self, paths: Sequence[str], edges: Sequence[Sequence[int]]) -> None:
        self.paths = paths
        self.edges = edges
        self._places = {path: at for at, path in enumerate(paths)}
        self._bits: list[int] | None = None

    def sees(self, path: str, other: str) -> bool:
        """Whether the file *path* includes the file *other*, directly or not."""
        here, there = self._places.get(path), self._places.get(other)
        if here is None or there is None:
            return False
        return bool(self._all()[here] >> there & 1)

    def _all(self) -> list[int]:
        if self._bits is None:
            self._bits = _closed(self.edges)
        return self._bits


def _closed(edges: Sequence[Sequence[int]]) -> list[int]:
    """Return for each file the files that it reaches, as bits; files that include each other reach the same."""
    size = len(edges)
    order, low, group = [0] * size, [0] * size, [-1] * size
    reached: list[int] = []
    stack: list[int] = []
    count = 0
    for root in range(size):
        if order[root]:
            continue
        waiting = [(root, 0)]
        while waiting:
            node, at = waiting.pop()
            if not order[node]:
                count += 1
                order[node] = low[node] = count
                stack.append(node)
            targets = edges[node]
            while at < len(targets):
                target = targets[at]
                if not order[target]:
                    break
                if group[target] < 0:
                    low[node] = min(low[node], order[target])
                at += 1
            if at < len(targets):
                waiting.append((node, at))
                waiting.append((targets[at], 0))
                continue
            if low[node] == order[node]:
                _close(node, stack, group, edges, reached)
            if waiting and group[node] < 0:
                low[waiting[-1][0]] = min(low[waiting[-1][0]], low[node])
    return [reached[group[node]] for node in range(size)]


def _close(node: int, stack: list[int], group: list[int], edges: Sequence[Sequence[int]], reached: list[int]) -> None:
    """Take the files that include each other, down to *node*, off the *stack* and work out what they reach."""
    members: list[int] = []
    while True:
        one = stack.pop()
        group[one] = len(reached)
        members.append(one)
        if one == node:
            break
    bits = 0
    number = len(reached)
    for one in members:
        bits |= 1 << one if len(members) > 1 else 0
        for target in edges[one]:
            bits |= 1 << target
            if group[target] != number:
                bits |= reached[group[target]]
    reached.append(bits)
