"""In which order things that depend on each other stand: strata, and what runs against them.

Dependencies carry weights. Where they run in circles, the order that keeps most weight pointing down is looked for
greedily (P. Eades, X. Lin, W. F. Smyth, A fast and effective heuristic for the feedback arc set problem, 1993); what
points up is told apart. Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

HUB_SHARE = 0.7
"""A thing that so many of the others use is used by nearly all: a drawing leaves these arrows out."""

HUB_USERS = 4
"""Fewer users make nothing a thing that nearly all use."""

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
    is_moving = True
    while is_moving:
        is_moving = False
        for node in sorted(order):
            others = [one for one in order if one != node]
            up, now = _ways_up(node, others, weights), order.index(node)
            at = min(range(len(up)), key=lambda at: (up[at], at))
            if up[at] < up[now]:
                order, is_moving = [*others[:at], node, *others[at:]], True
    return order


def _ways_up(node: str, others: Sequence[str], weights: Weights) -> list[int]:
    """Return how much of the weight at *node* points up where it stands before each of *others* and behind all."""
    up = [sum(weights.get((other, node), 0) for other in others)]
    for other in others:
        up.append(up[-1] + weights.get((node, other), 0) - weights.get((other, node), 0))
    return up


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


def targets(names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return what each of *names* uses of the others; *pairs* are (user, used)."""
    found: dict[str, list[str]] = {name: [] for name in sorted(names)}
    for user, used in sorted(pairs):
        if user in found and used in found:
            found[user].append(used)
    return found


def wider(names: Sequence[str], pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Return how many of *names* use each, and how many it uses; *pairs* are (user, used)."""
    known = set(names)
    into, out = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for user, used in pairs:
        if user in known and used in known:
            into[used] += 1
            out[user] += 1
    return {name: (into[name], out[name]) for name in names}


def hubs(names: Sequence[str], shown: Iterable[str], pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return those of *shown* that nearly all of *names* use; *pairs* are (user, used)."""
    counts = wider(names, pairs)
    least = max(HUB_USERS, HUB_SHARE * (len(names) - 1))
    return tuple(sorted(name for name in shown if counts[name][0] >= least))
