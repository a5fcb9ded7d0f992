"""The order in which a base pack takes up detail: one fixed list of steps a scope, whatever the budget.

A step raises a file by one level, adds one function's body, or adds the line of a folder. A larger budget takes
more steps of the same list, so it holds what a smaller one held. Steps come by worth per estimated token; those of
a file are made when it gets so far, so that a small budget reads few files. A step waits until it is no more than a
share of what was taken before: else one long file would take a small budget whole. Costs are estimated tokens, never
counts.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from codereader.pack import value
from codereader.pack.folders import Folder
from codereader.pack.piece import Body, Shown
from codereader.pack.segment import Level
from codereader.pack.value import Candidate

PART_SHARE = 8
"""A step that can be cut short (its text follows what is shown already) takes at most one of so many parts of all."""

SWAP_SHARE = 16
"""The same for a step that replaces what is shown, and so fits as a whole or not at all."""

FREE_TOKENS = 600.0
"""Steps of up to so many estimated tokens never wait for their share to grow."""

LEAST_GAIN = 0.05
"""Share of a level's worth that it adds at least: some full texts are shorter than the name line with its role."""

WORTHWHILE = 0.85
"""A level is passed over if it takes more than this share of what the next one takes."""


@dataclass(frozen=True, slots=True)
class Step:
    """Raise `path` to `level`; or, where there is a `body`, add it in full. `cost` is in estimated tokens.

    The path of a folder ends in a slash.
    """

    path: str
    level: Level
    cost: float
    body: Body | None = None


_Valued = tuple[float, float, Body]
"""A body after its value and its estimated tokens."""

_Entry = tuple[float, str, int, int]
"""Minus value per token, path, 0 for a level or 1 for a body, and how many were made before: a full order."""


@dataclass(slots=True)
class _Track:
    """How far one file got. `costs` are those of its levels, from the least; `at` is the level taken, -1 for none."""

    candidate: Candidate
    levels: Sequence[Level]
    costs: Sequence[float]
    at: int = -1
    read: bool = False
    bodies: list[_Valued] = field(default_factory=list)
    """Bodies not yet taken, the next one last."""
    spent: float = 0.0
    """Estimated tokens of the bodies taken."""


class Order:
    """The steps of a scope, to be iterated once."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        folders: Sequence[Folder],
        rising: Sequence[Level],
        shown: Callable[[str], Shown | None],
        worths: Callable[[str, Sequence[Body]], Mapping[int, float]],
    ) -> None:
        self._rising = rising
        self._shown = shown
        self._worths = worths
        self._tracks = {one.path: self._track(one) for one in candidates}
        self._folders = {folder.path: folder for folder in folders}
        self._spent = 0.0
        self._waiting: list[tuple[float, _Entry]] = []
        entries = [self._level_entry(track) for track in self._tracks.values()]
        entries += [(-folder.worth / folder.cost, folder.path, 0, 0) for folder in folders]
        self._heap: list[_Entry] = []
        for entry in entries:
            self._put(entry)

    def __iter__(self) -> Iterator[Step]:
        """Yield the steps. A file that is no longer there is left out from where it is read."""
        while entry := self._next():
            folder = self._folders.get(entry[1])
            step = Step(folder.path, "name", folder.cost) if folder else self._take(entry)
            if step is not None:
                self._spent += step.cost
                yield step

    def _track(self, candidate: Candidate) -> _Track:
        return _Track(candidate, self._rising, [value.rough_cost(candidate, level) for level in self._rising])

    def _next(self) -> _Entry | None:
        """Return the best step that need not wait; the smallest one where all do."""
        while self._waiting and self._waiting[0][0] <= self._spent:
            heapq.heappush(self._heap, heapq.heappop(self._waiting)[1])
        if self._heap:
            return heapq.heappop(self._heap)
        return heapq.heappop(self._waiting)[1] if self._waiting else None

    def _put(self, entry: _Entry) -> None:
        """Let a step wait for its turn by value, or first until enough was spent for its size."""
        due = self._due(entry)
        if due <= self._spent:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappush(self._waiting, (due, entry))

    def _due(self, entry: _Entry) -> float:
        """Return how many tokens have to be spent before the step may come."""
        track = self._tracks.get(entry[1])
        cost = value.about(self._cost(track, entry)) if track else 0.0
        if cost <= FREE_TOKENS:
            return 0.0
        swaps = track is not None and entry[2] == 0 and track.at >= 0 and self._level(track) != "name"
        return cost * (SWAP_SHARE if swaps else PART_SHARE)

    @staticmethod
    def _level(track: _Track) -> Level | None:
        return track.levels[track.at] if track.at >= 0 else None

    @staticmethod
    def _cost(track: _Track, entry: _Entry) -> float:
        if entry[2] == 1:
            return track.bodies[-1][1]
        return _rise(track)

    def _take(self, entry: _Entry) -> Step | None:
        """Return the step, or None where the file turned out to have gone or to deserve a later turn."""
        track = self._tracks[entry[1]]
        path = track.candidate.path
        if entry[2] == 1:
            _, cost, body = track.bodies.pop()
            track.spent += cost
            self._go_on(track, bodies=True)
            return Step(path, track.levels[track.at], cost, body)
        if not track.read and track.levels[track.at + 1] != "name" and len(self._rising) > 1:
            if self._read(track):
                self._put(self._level_entry(track))
            return None
        cost = _rise(track)
        track.at += 1
        self._go_on(track, bodies=False)
        return Step(path, track.levels[track.at], cost)

    def _go_on(self, track: _Track, *, bodies: bool) -> None:
        """Queue what may follow in the file: its next body, its next level; the last level once no body is left."""
        started = self._level(track) in ("outline", "skeleton")
        if started and track.bodies and (bodies or track.at == 0 or track.levels[track.at - 1] in (None, "name")):
            self._put(self._body_entry(track))
        left = len(track.levels) - 1 - track.at
        if (left > 1 and not bodies) or (left == 1 and not track.bodies):
            self._put(self._level_entry(track))

    def _level_entry(self, track: _Track) -> _Entry:
        worth, at = track.candidate.worth, track.at
        now = value.level_value(worth, track.levels[at], value.about(track.costs[at])) if at >= 0 else 0.0
        then = value.level_value(worth, track.levels[at + 1], value.about(track.costs[at + 1]))
        gain = max(then - now, LEAST_GAIN * then)
        return -gain / value.about(_rise(track)), track.candidate.path, 0, at

    def _body_entry(self, track: _Track) -> _Entry:
        gain, cost, _ = track.bodies[-1]
        return -gain / value.about(cost), track.candidate.path, 1, len(track.bodies)

    def _read(self, track: _Track) -> bool:
        """Put the sizes of the file's own levels in place of guesses, and learn its bodies; False if it has gone."""
        track.read = True
        path = track.candidate.path
        file = self._shown(path)
        if file is None:
            return False
        sizes = {level: len(file.pieces(level)[0].text) for level in self._rising if level in ("outline", "skeleton")}
        rising = [level for level in self._rising if level != "outline" or _has_symbols(file)]
        costs = {
            level: value.text_cost(sizes[level]) if level in sizes else value.rough_cost(track.candidate, level)
            for level in rising
        }
        kept = [
            level
            for n, level in enumerate(rising)
            if level == "name" or not any(costs[level] > WORTHWHILE * costs[above] for above in rising[n + 1 :])
        ]
        track.levels, track.costs = kept, [costs[level] for level in kept]
        if self._rising[-1] in ("full", "uncommented") and len(kept) > 1 and kept[-2] != "name":
            worths = self._worths(path, file.bodies)
            track.bodies = sorted((self._body(track, body, worths[body.number]) for body in file.bodies), key=_densest)
        return True

    @staticmethod
    def _body(track: _Track, body: Body, worth: float) -> _Valued:
        cost = value.text_cost(body.size)
        return value.body_value(track.candidate.worth, worth, value.about(cost)), cost, body


def _rise(track: _Track) -> float:
    """Return the estimated tokens that the next level adds to what is shown."""
    now = track.costs[track.at] if track.at >= 0 else 0.0
    above = track.costs[track.at + 1] - now
    return max(1.0, above - track.spent if track.at + 2 == len(track.levels) else above)


def _densest(valued: _Valued) -> tuple[float, int]:
    """Sort bodies so that the one to take first stands last."""
    gain, cost, body = valued
    return gain / value.about(cost), -body.number


def _has_symbols(file: Shown) -> bool:
    return file.pieces("outline")[0].text.count("\n") > 1
