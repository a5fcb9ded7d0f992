"""In which order things that depend on each other stand: strata, and what runs against them.

Dependencies carry weights. Where they run in circles, the order that keeps most weight pointing down is looked for
greedily (P. Eades, X. Lin, W. F. Smyth, A fast and effective heuristic for the feedback arc set problem, 1993); what
points up is told apart. Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Weights = Mapping[tuple[str, str], int]
"""How much one thing depends on another: (user, used), above zero."""


def downward(nodes: Iterable[str], weights: Weights) -> list[str]:
    """Return *nodes* so that as little weight as can be found points from a later one to an earlier one."""
    left = sorted(set(nodes))
    live = {pair: weight for pair, weight in sorted(weights.items()) if pair[0] != pair[1] and set(pair) <= set(left)}
    kept, head, tail = dict(live), list[str](), list[str]()
    while left:
        out, into = dict.fromkeys(left, 0), dict.fromkeys(left, 0)
        for (user, used), weight in live.items():
            out[user] += weight
            into[used] += weight
        bottom = next((node for node in left if not out[node]), None)
        node = bottom if bottom is not None else min(left, key=lambda one: (into[one] > 0, into[one] - out[one], one))
        (tail if bottom is not None else head).append(node)
        left.remove(node)
        live = {pair: weight for pair, weight in live.items() if node not in pair}
    return _settled([*head, *reversed(tail)], kept)


def _settled(order: list[str], weights: Weights) -> list[str]:
    """Move single nodes as long as that makes less weight point up."""
    best = _weight_up(order, weights)
    is_moving = best > 0
    while is_moving:
        is_moving = False
        for node in sorted(order):
            others = [one for one in order if one != node]
            for at in range(len(order)):
                tried = [*others[:at], node, *others[at:]]
                if (weight := _weight_up(tried, weights)) < best:
                    order, best, is_moving = tried, weight, True
    return order


def _weight_up(order: Sequence[str], weights: Weights) -> int:
    place = {node: at for at, node in enumerate(order)}
    return sum(weight for (user, used), weight in weights.items() if place[user] > place[used])


def strata(order: Sequence[str], weights: Weights) -> list[tuple[str, ...]]:
    """Return *order* as strata, top first, each as low as what it stands on lets it; names within one are sorted."""
    place = {node: at for at, node in enumerate(order)}
    level = dict.fromkeys(order, 0)
    for node in reversed(order):
        for user, used in weights:
            if user == node and used in place and place[used] > place[node]:
                level[node] = max(level[node], level[used] + 1)
    found = sorted(set(level.values()), reverse=True)
    return [tuple(sorted(node for node in order if level[node] == one)) for one in found]


def upward(levels: Sequence[Iterable[str]], weights: Weights) -> list[tuple[str, str]]:
    """Return the dependencies that do not point down in *levels* (top first), heaviest first, then by name."""
    level = {node: at for at, nodes in enumerate(levels) for node in nodes}
    found = [pair for pair in weights if set(pair) <= level.keys() and level[pair[0]] >= level[pair[1]]]
    return sorted(found, key=lambda pair: (-weights[pair], pair))
