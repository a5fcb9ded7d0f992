"""The order in which a base pack takes up detail: one fixed list of steps a scope, whatever the budget.

A step raises a file by one level, adds one function's body, or adds the line of a folder. A larger budget takes
more steps of the same list, so it holds what a smaller one held. Steps come by worth per estimated token; those of
a file are made when it gets so far, so that a small budget reads few files. A step waits until it is no more than a
share of what was taken before: else one long file would take a small budget whole. Costs are estimated tokens, never
counts.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from codereader.pack import value
from codereader.pack.folders import Folder
from codereader.pack.piece import Body, Shown
from codereader.pack.segment import Level
from codereader.pack.value import Candidate, Symbols

PART_SHARE = 8
"""A step that can be cut short (its text follows what is shown already) takes at most one of so many parts of all."""

SWAP_SHARE = 16
"""The same for a step that replaces what is shown, and so fits as a whole or not at all."""

FREE_TOKENS = 600.0
"""Steps of up to so many estimated tokens never wait for their share to grow."""

LONGEST_BODY = 1500.0
"""Estimated tokens of the longest function of a long file, where nobody looked."""

LEAST_GAIN = 0.05
"""Share of a level's worth that it adds at least: some full texts are shorter than the name line with its role."""

WORTHWHILE = 0.85
"""A level is passed over if it takes more than this share of what the next one takes."""


class Readable(Protocol):
    """Where the sizes of a file's levels come from."""

    def shown(self, path: str) -> Shown | None:
        """Return the file at *path*, None where it has gone."""
        ...

    @property
    def symbols(self) -> Symbols:
        """What symbols are worth."""
        ...

    def tiers(self, path: str) -> Sequence[tuple[int | None, int]]:
        """Return the outlines of ever more symbols: how many (None for all), and their characters."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """Raise `path` to `level`; or, where there is a `body`, add it in full. `cost` is in estimated tokens.

    An outline shows the most important `symbols`, all where None. The path of a folder ends in a slash.
    """

    path: str
    level: Level
    cost: float
    body: Body | None = None
    symbols: int | None = None


_Valued = tuple[float, float, Body]
"""A body after its value and its estimated tokens."""

_Rung = tuple[Level, int | None, float]
"""A level, the symbols of an outline, and what it takes in estimated tokens."""

_Entry = tuple[float, str, int, int]
"""Minus value per token, path, 0 for a level or 1 for a body, and how many were made before: a full order."""


@dataclass(slots=True)
class _Track:
    """How far one file got. `costs` and `symbols` are those of its levels, from the least; `at` is the level taken, -1
    for none. A long outline is several levels, of ever more symbols.
    """

    candidate: Candidate
    levels: Sequence[Level]
    costs: Sequence[float]
    symbols: Sequence[int | None]
    at: int = -1
    read: bool = False
    measured: bool = False
    bodies: list[_Valued] | None = None
    """Bodies not yet taken, the next one last; None until they are looked for."""
    spent: float = 0.0
    """Estimated tokens of the bodies taken."""


class Order:
    """The steps of a scope, to be iterated once."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        folders: Sequence[Folder],
        rising: Sequence[Level],
        texts: Readable,
    ) -> None:
        self._rising = rising
        self._texts = texts
        self._tracks = {one.path: self._track(one) for one in candidates}
        self._folders = {folder.path: folder for folder in folders}
        self._spent = 0.0
        self._guesses = False
        self.complete: dict[str, float] = {}
        """Estimated tokens of all steps up to the last one of a file, by path."""
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
                if not folder and self._tracks[step.path].at == len(self._tracks[step.path].levels) - 1:
                    self.complete[step.path] = self._spent
                yield step

    def guess_rest(self) -> None:
        """Go on to the end for the sake of `complete` alone, reading no more files."""
        self._guesses = True
        for _ in self:
            pass

    def _track(self, candidate: Candidate) -> _Track:
        costs = [value.rough_cost(candidate, level) for level in self._rising]
        track = _Track(candidate, self._rising, costs, [None] * len(costs))
        if self._rising[-1] not in ("full", "uncommented") or not _elides(track):
            track.bodies = []
        return track

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
        if self._guesses and track:
            cost = min(cost, _longest_body(track))
        if cost <= FREE_TOKENS:
            return 0.0
        swaps = track is not None and entry[2] == 0 and self._level(track) == "skeleton"
        return cost * (SWAP_SHARE if swaps else PART_SHARE)

    @staticmethod
    def _level(track: _Track) -> Level | None:
        return track.levels[track.at] if track.at >= 0 else None

    @staticmethod
    def _cost(track: _Track, entry: _Entry) -> float:
        if entry[2] == 1:
            return track.bodies[-1][1] if track.bodies else 0.0
        return _rise(track)

    def _take(self, entry: _Entry) -> Step | None:
        """Return the step, or None where the file turned out to have gone or to deserve a later turn."""
        track = self._tracks[entry[1]]
        path = track.candidate.path
        if entry[2] == 1:
            if track.bodies is None:
                self._find_bodies(track, self._texts.shown(path) if not self._guesses else None)
                return None
            if not track.bodies:
                return None
            _, cost, body = track.bodies.pop()
            track.spent += cost
            step = Step(path, track.levels[track.at], cost, body, track.symbols[track.at])
            if not track.bodies:
                self._skip_to_full(track)
            self._go_on(track, bodies=True)
            return step
        if entry[3] != track.at:
            return None
        if not track.read and not self._guesses and track.levels[track.at + 1] != "name" and len(self._rising) > 1:
            if self._read(track):
                self._put(self._level_entry(track))
            return None
        if not track.measured and not self._guesses and track.levels[track.at + 1] == "skeleton":
            if self._measure(track):
                self._queue_level(track, first=True)
            return None
        cost = _rise(track)
        track.at += 1
        self._go_on(track, bodies=False)
        return Step(path, track.levels[track.at], cost, None, track.symbols[track.at])

    def _go_on(self, track: _Track, *, bodies: bool) -> None:
        """Queue what may follow in the file: its next body, its next level; the last level once no body is left."""
        started = self._level(track) in ("outline", "skeleton")
        if started and track.bodies is None and (self._guesses or not self._functions(track)):
            track.bodies = []
        if started and track.bodies != [] and (bodies or track.at == 0 or track.levels[track.at - 1] == "name"):
            self._put(self._body_entry(track))
        self._queue_level(track, first=not bodies)

    def _functions(self, track: _Track) -> Sequence[tuple[float, int]]:
        """Return worth and bytes of the functions that the index knows in the file."""
        return self._texts.symbols.functions(track.candidate.path)

    @staticmethod
    def _skip_to_full(track: _Track) -> None:
        """Pass over what is between: with all bodies there, the full text takes little more."""
        for column in ("levels", "symbols", "costs"):
            values = tuple(getattr(track, column))
            setattr(track, column, (*values[: track.at + 1], values[-1]))

    def _queue_level(self, track: _Track, *, first: bool) -> None:
        """Queue the next level of the file, unless it was before (not *first*) or has to wait for the bodies."""
        left = len(track.levels) - 1 - track.at
        if (left > 1 and first) or (left == 1 and track.bodies == []):
            self._put(self._level_entry(track))

    def _level_entry(self, track: _Track) -> _Entry:
        worth, at = track.candidate.worth, track.at
        now = value.level_value(worth, track.levels[at], value.about(track.costs[at])) if at >= 0 else 0.0
        then = value.level_value(worth, track.levels[at + 1], value.about(track.costs[at + 1]))
        density = max(then - now, LEAST_GAIN * then) / value.about(_rise(track))
        if self._guesses and at + 2 == len(track.levels) and _elides(track):
            density = min(density, value.least_density(worth, _longest_body(track)))
        return -density, track.candidate.path, 0, at

    def _body_entry(self, track: _Track) -> _Entry:
        path = track.candidate.path
        if track.bodies is None:
            expected = (self._density(track, worth, size) for worth, size in self._functions(track))
            return -max(expected, default=0.0), path, 1, 0
        gain, cost, _ = track.bodies[-1]
        return -gain / value.about(cost), path, 1, len(track.bodies)

    @staticmethod
    def _density(track: _Track, worth: float, size: int) -> float:
        cost = value.about(value.text_cost(size))
        return value.body_value(track.candidate.worth, worth, cost) / cost

    def _read(self, track: _Track) -> bool:
        """Put the sizes of the file's own levels in place of guesses, and learn its bodies; False if it has gone."""
        track.read = True
        path = track.candidate.path
        file = self._texts.shown(path)
        if file is None:
            return False
        rising: list[_Rung] = []
        for level in self._rising:
            if level == "outline":
                rising += [(level, symbols, value.text_cost(size)) for symbols, size in self._texts.tiers(path)]
            else:
                rising.append((level, None, value.rough_cost(track.candidate, level)))
        self._set(track, rising)
        return True

    def _find_bodies(self, track: _Track, file: Shown | None) -> None:
        """Learn the bodies that a file has, and queue what follows from that."""
        worths = self._texts.symbols.worths(track.candidate.path)
        bodies = file.bodies if file else ()
        track.bodies = sorted((self._body(track, body, worths.get(body.name, 1.0)) for body in bodies), key=_densest)
        if track.bodies:
            self._put(self._body_entry(track))
        else:
            self._queue_level(track, first=False)

    def _measure(self, track: _Track) -> bool:
        """Put the size of the file's own skeleton in place of a guess; False if it has gone."""
        track.measured = True
        file = self._texts.shown(track.candidate.path)
        if file is None:
            return False
        cost = value.text_cost(len(file.pieces("skeleton")[0].text))
        rungs = zip(track.levels, track.symbols, track.costs, strict=True)
        self._set(track, [(level, n, cost if level == "skeleton" else known) for level, n, known in rungs])
        return True

    @staticmethod
    def _set(track: _Track, rising: Sequence[_Rung]) -> None:
        """Give the file the levels of *rising* that are worth a step of their own; those taken stay."""
        kept = [
            rung
            for n, rung in enumerate(rising)
            if n <= track.at or rung[0] == "name" or not any(rung[2] > WORTHWHILE * up[2] for up in rising[n + 1 :])
        ]
        track.levels, track.symbols, track.costs = (tuple(column) for column in zip(*kept, strict=True))
        if not _elides(track):
            track.bodies = []

    @staticmethod
    def _body(track: _Track, body: Body, worth: float) -> _Valued:
        cost = value.text_cost(body.size)
        return value.body_value(track.candidate.worth, worth, value.about(cost)), cost, body


def _elides(track: _Track) -> bool:
    """Whether the file has a level that bodies can be added to."""
    return any(level in ("outline", "skeleton") for level in track.levels)


def _longest_body(track: _Track) -> float:
    """Return about how many estimated tokens the longest function of a file takes that was not read."""
    return min(track.costs[-1] / 2, LONGEST_BODY)


def _rise(track: _Track) -> float:
    """Return the estimated tokens that the next level adds to what is shown."""
    now = track.costs[track.at] if track.at >= 0 else 0.0
    above = track.costs[track.at + 1] - now
    return max(1.0, above - track.spent if track.at + 2 == len(track.levels) else above)


def _densest(valued: _Valued) -> tuple[float, int]:
    """Sort bodies so that the one to take first stands last."""
    gain, cost, body = valued
    return gain / value.about(cost), -body.number
