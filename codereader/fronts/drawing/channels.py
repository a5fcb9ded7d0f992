"""How lines run between two rows: each net on a track of its own, so that none hides another.

A net enters a channel from above at some columns and leaves it below at others; its track joins them. Tracks are
assigned left edge first (A. Hashimoto, J. Stevens, Wire routing by optimizing channel assignment, 1971), with the rule
that where one net enters at the column at which another leaves, the first has the higher track. Where such rules run in
a circle, a net changes its track on a column that nobody uses (D. Deutsch, A dogleg channel router, 1976).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codereader.fronts.drawing.rows import Net

SPACE = 2
"""Columns from the end of one line to the beginning of the next on the same track."""


@dataclass(frozen=True, slots=True)
class Pins:
    """The columns at which a net enters a channel from above, and at which it leaves it below."""

    net: Net
    upper: tuple[int, ...]
    lower: tuple[int, ...]

    @property
    def is_straight(self) -> bool:
        """Whether it needs no track."""
        return len({*self.upper, *self.lower}) == 1


@dataclass(frozen=True, slots=True)
class Way:
    """The track that serves the upper ends of a net, and that of the lower ones; another where `turn` joins them."""

    upper: int
    lower: int
    turn: int | None = None


@dataclass(slots=True)
class _Piece:
    """What lies on one track. `after` are the pieces (by number) that must have higher tracks."""

    columns: tuple[int, ...]
    after: list[int]
    track: int = -1

    @property
    def left(self) -> int:
        return min(self.columns)

    @property
    def right(self) -> int:
        return max(self.columns)


def ways(pins: Sequence[Pins]) -> tuple[dict[Net, Way], int]:
    """Return the way of each net, track 0 at the top, and how many tracks there are.

    No two nets enter at one column, nor leave at one. A straight net has the way (0, 0) and takes no track.
    """
    turned: dict[Net, int] = {}
    bent = [one for one in pins if not one.is_straight]
    free = _free_columns(pins)
    while circle := _circle(bent, turned):
        one = min(circle, key=lambda one: (max(*one.upper, *one.lower) - min(*one.upper, *one.lower), one.net))
        middle = (min(one.upper) + max(one.lower)) // 2
        turned[one.net] = free.pop(min(range(len(free)), key=lambda at: (abs(free[at] - middle), free[at])))
    pieces, place = _pieces(bent, turned)
    count = _assign(pieces)
    found = {one.net: Way(0, 0) for one in pins}
    for one in bent:
        first, last = place[one.net]
        found[one.net] = Way(pieces[first].track, pieces[last].track, turned.get(one.net))
    return found, count


def _free_columns(pins: Sequence[Pins]) -> list[int]:
    """Return columns at which no net enters or leaves, more than there are nets."""
    taken = {column for one in pins for column in (*one.upper, *one.lower)}
    last = max(taken, default=0) + 2 * len(pins) + 2
    return [column for column in range(1, last) if column not in taken]


def _rules(bent: Sequence[Pins], turned: Mapping[Net, int]) -> dict[int, list[int]]:
    """Return for each net that keeps one track those which must lie below it."""
    leaving = {column: at for at, one in enumerate(bent) for column in one.lower}
    return {
        at: [] if one.net in turned else [leaving[column] for column in one.upper if leaving.get(column, at) != at]
        for at, one in enumerate(bent)
    }


def _circle(bent: Sequence[Pins], turned: Mapping[Net, int]) -> list[Pins]:
    """Return nets whose rules run in a circle; empty where none do."""
    rules = _rules(bent, turned)
    done: set[int] = set()
    for root in range(len(bent)):
        path: list[int] = []
        waiting = [(root, iter(rules[root]))] if root not in done else []
        path += [root] if waiting else []
        while waiting:
            step = next(waiting[-1][1], None)
            if step is None:
                done.add(waiting.pop()[0])
                path.pop()
            elif step in path:
                return [bent[at] for at in path[path.index(step) :]]
            elif step not in done:
                waiting.append((step, iter(rules[step])))
                path.append(step)
    return []


def _pieces(bent: Sequence[Pins], turned: Mapping[Net, int]) -> tuple[list[_Piece], dict[Net, tuple[int, int]]]:
    """Return what needs a track, and for each net the numbers of its first and its last piece."""
    pieces: list[_Piece] = []
    place: dict[Net, tuple[int, int]] = {}
    for one in bent:
        turn = turned.get(one.net)
        number = len(pieces)
        if turn is None:
            pieces.append(_Piece((*one.upper, *one.lower), []))
            place[one.net] = number, number
        else:
            pieces += [_Piece((*one.upper, turn), []), _Piece((turn, *one.lower), [number])]
            place[one.net] = number, number + 1
    leaving = {column: one.net for one in bent for column in one.lower}
    for one in bent:
        for column in one.upper:
            below = leaving.get(column, one.net)
            if below != one.net:
                pieces[place[below][1]].after.append(place[one.net][0])
    return pieces, place


def _assign(pieces: Sequence[_Piece]) -> int:
    """Give each piece the highest track that its rules and those before it leave; return how many there are."""
    waiting = sorted(range(len(pieces)), key=lambda at: (pieces[at].left, pieces[at].right, at))
    track = 0
    while waiting:
        end = -SPACE
        placed = []
        for at in waiting:
            one = pieces[at]
            if one.left >= end + SPACE and all(0 <= pieces[other].track < track for other in one.after):
                one.track, end = track, one.right
                placed.append(at)
        waiting = [at for at in waiting if at not in placed]
        track += 1
    return track
