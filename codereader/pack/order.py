"""The order in which a base pack takes up detail: one fixed list of steps a scope, whatever the budget.

A step raises a file by one level, adds one function's body to a skeleton, or adds the line of a folder. A larger
budget takes more steps of the same list, so it holds what a smaller one held. Steps come by worth per estimated token;
those of a file are made when it gets so far, so that a small budget reads few files. Names have a share of all that is
spent until every file has one; then comes structure, and functions in full when there is some of it. A step waits until
it is no more than a share of what was taken before: else one long file would take a small budget whole. Costs are
estimated tokens, never counts.
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

STEP_SHARE = 8
"""A step takes at most one of so many parts of all."""

FREE_TOKENS = 1200.0
"""Steps of up to so many estimated tokens never wait for their share to grow."""

NAMES_SHARE = 8
"""Names come before anything else while they take less than one of so many parts of all."""

STRUCTURE_TOKENS = 6000.0
"""So many estimated tokens are spent before the first body of a function: a small tree is shown as skeletons first."""

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

    An outline shows the most important `symbols`, all where None. The path of a folder ends in a slash. The `last` step
    of a file has it at its highest level.
    """

    path: str
    level: Level
    cost: float
    body: Body | None = None
    symbols: int | None = None
    last: bool = False


_Valued = tuple[float, float, Body]
"""A body after its value and its estimated tokens."""

_Rung = tuple[Level, int | None, float]
"""A level, the symbols of an outline, and what it takes in estimated tokens."""

_Entry = tuple[float, str]
"""Minus value per token, and the path of a file, whose next step it is, or of a folder: a full order."""


@dataclass(slots=True)
class _Track:
    """How far one file got. `rungs` are its levels, from the least; `at` is the one taken, -1 for none. A long outline
    is several levels, of ever more symbols.
    """

    candidate: Candidate
    rungs: Sequence[_Rung]
    bodies: Sequence[_Valued] = ()
    """Bodies of the skeleton not yet taken, the next one first."""
    at: int = -1
    is_read: bool = False
    is_measured: bool = False
    spent: float = 0.0
    """Estimated tokens of the bodies taken."""

    @property
    def body(self) -> _Valued | None:
        """The body that comes next."""
        return self.bodies[0] if self.bodies and self.at >= 0 and self.rungs[self.at][0] == "skeleton" else None

    @property
    def is_done(self) -> bool:
        return self.at == len(self.rungs) - 1 and not self.bodies

    @property
    def is_elided(self) -> bool:
        """Whether functions are shown without their bodies now."""
        return self.at >= 0 and self.rungs[self.at][0] == "skeleton" and bool(self.bodies or self.spent)

    @property
    def cost(self) -> float:
        """Estimated tokens that the next step adds to what is shown."""
        if self.body:
            return self.body[1]
        now = self.rungs[self.at][2] + self.spent if self.at >= 0 else 0.0
        return max(1.0, self.rungs[self.at + 1][2] - now)


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
        self._folders = {folder.path: folder for folder in folders}
        self._spent = self._named = 0.0
        self._guesses = False
        self.complete: dict[str, float] = {}
        """Estimated tokens of all steps up to the last one of a file, by path."""
        self._tracks = {
            one.path: _Track(one, [(level, None, value.rough_cost(one, level)) for level in rising])
            for one in candidates
        }
        self._names: list[_Entry] = []
        self._waiting: list[tuple[float, _Entry]] = []
        self._heap: list[_Entry] = []
        for folder in folders:
            self._names.append((-folder.worth / folder.cost, folder.path))
        for track in self._tracks.values():
            if rising[0] == "name":
                self._names.append(self._entry(track))
            else:
                self._put(track)
        heapq.heapify(self._names)

    def __iter__(self) -> Iterator[Step]:
        """Yield the steps. A file that is no longer there is left out from where it is read."""
        while entry := self._next():
            folder = self._folders.get(entry[1])
            step = Step(folder.path, "name", folder.cost) if folder else self._take(self._tracks[entry[1]])
            if step is not None:
                self._spent += step.cost
                self._named += step.cost if step.level == "name" else 0.0
                if step.last:
                    self.complete[step.path] = self._spent
                yield step

    def guess_rest(self) -> None:
        """Go on to the end for the sake of `complete` alone, reading no more files."""
        self._guesses = True
        for _ in self:
            pass

    def _next(self) -> _Entry | None:
        """Return the best step that need not wait; the smallest one where all do."""
        while self._waiting and self._waiting[0][0] <= self._spent:
            heapq.heappush(self._heap, heapq.heappop(self._waiting)[1])
        names, heap = self._names, self._heap
        if names and (not heap or names[0] < heap[0] or self._named * NAMES_SHARE <= self._spent):
            return heapq.heappop(names)
        if heap:
            return heapq.heappop(heap)
        return heapq.heappop(self._waiting)[1] if self._waiting else None

    def _put(self, track: _Track) -> None:
        """Let the next step of a file wait for its turn by value, or first until enough was spent for it."""
        due = self._due(track)
        if due <= self._spent:
            heapq.heappush(self._heap, self._entry(track))
        else:
            heapq.heappush(self._waiting, (due, self._entry(track)))

    def _due(self, track: _Track) -> float:
        """Return how many tokens have to be spent before the next step of a file may come."""
        cost = value.about(track.cost)
        if self._guesses:
            cost = min(cost, _longest_body(track))
        least = STRUCTURE_TOKENS if track.is_elided else 0.0
        return max(least, cost * STEP_SHARE if cost > FREE_TOKENS else 0.0)

    def _take(self, track: _Track) -> Step | None:
        """Return the next step, or None where the file turned out to have gone or to deserve a later turn."""
        path = track.candidate.path
        if body := track.body:
            cost, track.bodies = body[1], track.bodies[1:]
            track.spent += cost
            step = Step(path, "skeleton", cost, body[2], last=track.is_done)
        else:
            if not self._guesses and self._learns(track):
                return None
            cost = track.cost
            track.at += 1
            level, symbols, _ = track.rungs[track.at]
            step = Step(path, level, cost, None, symbols, track.is_done)
        if not track.is_done:
            self._put(track)
        return step

    def _learns(self, track: _Track) -> bool:
        """Whether what the next step takes was a guess: it is known now, and the file gets its turn by that."""
        level = track.rungs[track.at + 1][0]
        if not track.is_read and level != "name" and len(self._rising) > 1:
            learned = self._read(track)
        elif not track.is_measured and level == "skeleton":
            learned = self._measure(track)
        else:
            return False
        if learned:
            self._put(track)
        return True

    def _entry(self, track: _Track) -> _Entry:
        path, worth = track.candidate.path, track.candidate.worth
        if body := track.body:
            return -body[0] / value.about(body[1]), path
        level, _, cost = track.rungs[track.at + 1]
        now = 0.0
        if track.at >= 0:
            shown, _, spent = track.rungs[track.at]
            now = value.level_value(worth, shown, value.about(spent))
        then = value.level_value(worth, level, value.about(cost))
        density = max(then - now, LEAST_GAIN * then) / value.about(track.cost)
        if self._guesses and track.at + 2 == len(track.rungs) and not track.is_measured:
            density = min(density, value.least_density(worth, _longest_body(track)))
        return -density, path

    def _read(self, track: _Track) -> bool:
        """Put the sizes of the file's own outlines in place of guesses; False if it has gone."""
        track.is_read = True
        path = track.candidate.path
        if self._texts.shown(path) is None:
            return False
        rising: list[_Rung] = []
        for rung in track.rungs:
            if rung[0] == "outline":
                rising += [("outline", symbols, value.text_cost(size)) for symbols, size in self._texts.tiers(path)]
            else:
                rising.append(rung)
        _set(track, rising)
        return True

    def _measure(self, track: _Track) -> bool:
        """Put the size of the file's own skeleton in place of a guess, and learn its bodies; False if it has gone."""
        track.is_measured = True
        path = track.candidate.path
        file = self._texts.shown(path)
        if file is None:
            return False
        cost = value.text_cost(len(file.pieces("skeleton")[0].text))
        _set(track, [(level, n, cost if level == "skeleton" else known) for level, n, known in track.rungs])
        if [level in ("skeleton", "full", "uncommented") for level, _, _ in track.rungs[-2:]] == [True, True]:
            worths = self._texts.symbols.worths(path)
            track.bodies = sorted((_valued(track, body, worths.get(body.name, 1.0)) for body in file.bodies), key=_rank)
        return True


def _set(track: _Track, rising: Sequence[_Rung]) -> None:
    """Give the file the levels of *rising* that are worth a step of their own; those taken stay."""
    track.rungs = [
        rung
        for n, rung in enumerate(rising)
        if n <= track.at or rung[0] == "name" or not any(rung[2] > WORTHWHILE * up[2] for up in rising[n + 1 :])
    ]


def _valued(track: _Track, body: Body, worth: float) -> _Valued:
    cost = value.text_cost(body.size)
    return value.body_value(track.candidate.worth, worth, value.about(cost)), cost, body


def _rank(valued: _Valued) -> tuple[float, int]:
    """Sort bodies by value per token, the best first."""
    gain, cost, body = valued
    return -gain / value.about(cost), body.number


def _longest_body(track: _Track) -> float:
    """Return about how many estimated tokens the longest function of a file takes that was not read."""
    return min(track.rungs[-1][2] / 2, LONGEST_BODY)
