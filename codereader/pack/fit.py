"""Take as many steps of a fixed order as a budget holds, and fill what is left.

A pack at a budget is the longest run of first steps whose exact tokens fit; where that leaves too much, the first
lines of the next step's text, or steps close behind it. So a larger budget holds what a smaller one held. Token counts
are those of the counter passed in and are exact: a pack never exceeds its budget. Texts that are only passed
through on the way are not counted: steps are taken in runs as their estimates allow, and each run is counted at once.
Knows nothing of files on disk, models or terminals.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from codereader.cancel import CancelToken
from codereader.model.counter import TokenCounter
from codereader.pack.order import Step
from codereader.pack.part import LEAST_LINES, Counts, Source, part_of
from codereader.pack.piece import Piece
from codereader.pack.segment import Level

FILLED = 0.98
"""A budget from `SMALL` on is filled to this share; less may stay free so that small edits change little elsewhere."""

SMALL = 4000
"""Below so many tokens everything is filled that can be."""

LOOK_AHEAD = 64
"""So many of the next steps are looked at to fill what is left. Those taken may be dropped by a larger budget."""

LOOK_AHEAD_SMALL = 256
"""The same for budgets below `SMALL`."""

_REACH = 0.92
"""Share of the room that the next run of steps may take by its estimate."""

_FIRST_REACH = 0.7
"""The same for the first run, before it is known how estimates compare with this vocabulary."""


@dataclass(frozen=True, slots=True)
class State:
    """How a path is shown: its level, the bodies kept in full in a skeleton, the symbols of an outline (None for all).

    `part` is the step of which only a part fitted.
    """

    level: Level
    kept: frozenset[int] = frozenset()
    symbols: int | None = None
    part: Step | None = None


Counted = tuple[tuple[Piece, int], ...]
"""Pieces in order of lines, each with its tokens."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What went in, by path. `estimated` is what the steps were thought to take, for comparison with the exact sum."""

    states: dict[str, State]
    pieces: dict[str, Counted]
    estimated: float

    @property
    def tokens(self) -> int:
        """The exact sum over all pieces."""
        return sum(tokens for counted in self.pieces.values() for _, tokens in counted)


@dataclass(frozen=True, slots=True)
class Completion:
    """A file at its highest level: `budget` is the most that the steps up to its last one take, `tokens` its own.

    A last step may take less than none: a full text needs no marks.
    """

    budget: int
    tokens: int


def fit(
    steps: Iterator[Step], budget: int, source: Source, count: TokenCounter, cancel: CancelToken | None = None
) -> Fitted:
    """Return what of *steps* fits *budget* tokens of *count*."""
    fitter = _Fitter(steps, budget, source, count, cancel or CancelToken())
    fitter.take_steps()
    fitter.fill()
    return fitter.fitted()


def completions(
    steps: Iterator[Step], source: Source, count: TokenCounter, cancel: CancelToken | None = None
) -> dict[str, Completion]:
    """Return when each file of *steps* is complete, by path. Reads, shows and counts all of them."""
    return _Fitter(steps, 0, source, count, cancel or CancelToken()).complete_all()


class _Fitter:
    """The state of one fit. Steps move from `_coming` to `_taken` and back; what they show is counted by `_settle`."""

    def __init__(
        self, steps: Iterator[Step], budget: int, source: Source, count: TokenCounter, cancel: CancelToken
    ) -> None:
        self._steps = steps
        self._budget = budget
        self._source = source
        self._cancel = cancel
        self._coming: deque[Step] = deque()
        self._taken: list[tuple[Step, State | None]] = []
        self._states: dict[str, State] = {}
        self._pieces: dict[str, tuple[State, Counted]] = {}
        self._changed: dict[str, None] = {}
        self._counts = Counts(count)
        self._total = 0
        self._estimated = 0.0

    def fitted(self) -> Fitted:
        """Return what is taken."""
        return Fitted(dict(self._states), {path: made for path, (_, made) in self._pieces.items()}, self._estimated)

    def take_steps(self) -> None:
        """Take the longest run of first steps that fits."""
        reach = self._budget * _FIRST_REACH
        while True:
            fitting = len(self._taken)
            if not self._advance(reach):
                return
            if self._settle() > self._budget:
                break
            rate = self._total / self._estimated if self._estimated and self._total else 1.0
            reach = (self._budget - self._total) / rate * _REACH
        too_many = len(self._taken)
        while too_many - fitting > 1:
            middle = (fitting + too_many) // 2
            self._move_to(middle)
            if self._settle() <= self._budget:
                fitting = middle
            else:
                too_many = middle
        self._move_to(fitting)
        self._settle()

    def complete_all(self) -> dict[str, Completion]:
        """Take all steps, counting wherever a file is complete."""
        found: dict[str, Completion] = {}
        most = 0
        while (step := self._peek()) is not None:
            self._cancel.check()
            self._coming.popleft()
            if step.last:
                most = max(most, self._settle())
            self._apply(step)
            if step.last:
                most = max(most, self._settle())
                found[step.path] = Completion(most, _sum(self._pieces[step.path][1]))
        return found

    def fill(self) -> None:
        """Use what is left, if that is too much: by a part of the next step, by steps behind it, by a part of those."""
        if not self._wants_more():
            return
        missed: list[Step] = []
        blocked: set[str] = set()
        for _ in range(LOOK_AHEAD if self._budget >= SMALL else LOOK_AHEAD_SMALL):
            if not self._wants_more() or (step := self._peek()) is None:
                break
            self._coming.popleft()
            if step.path in blocked:
                continue
            if not self._try(step):
                blocked.add(step.path)
                if missed or not self._try_part(step, LEAST_LINES):
                    missed.append(step)
        for fewest in (LEAST_LINES, 1) if self._budget >= SMALL or not self._total else (LEAST_LINES,):
            for step in missed:
                if not self._wants_more() or self._try_part(step, fewest):
                    return

    def _wants_more(self) -> bool:
        return self._total < (self._budget * FILLED if self._budget >= SMALL else self._budget)

    def _peek(self) -> Step | None:
        if not self._coming and (step := next(self._steps, None)) is not None:
            self._coming.append(step)
        return self._coming[0] if self._coming else None

    def _advance(self, reach: float) -> bool:
        """Take at least one step, and more while their estimates stay within *reach*; False where none is left."""
        spent = 0.0
        while (step := self._peek()) is not None:
            if spent and spent + step.cost > reach:
                return True
            self._cancel.check()
            self._coming.popleft()
            self._apply(step)
            spent += max(step.cost, 1.0)
        return spent > 0.0

    def _apply(self, step: Step) -> None:
        before = self._states.get(step.path)
        self._taken.append((step, before))
        self._states[step.path] = _after(before, step)
        self._changed[step.path] = None
        self._estimated += step.cost

    def _undo(self) -> None:
        step, before = self._taken.pop()
        if before is None:
            del self._states[step.path]
        else:
            self._states[step.path] = before
        self._changed[step.path] = None
        self._estimated -= step.cost
        self._coming.appendleft(step)

    def _move_to(self, taken: int) -> None:
        """Take or give back steps until so many are taken."""
        while len(self._taken) > taken:
            self._undo()
        while len(self._taken) < taken:
            self._apply(self._coming.popleft())

    def _settle(self) -> int:
        """Count what changed, all at once, and return the exact tokens of everything taken."""
        self._cancel.check()
        changed = {path: self._states.get(path) for path in self._changed}
        self._changed.clear()
        shown = {path: self._show(path, state) for path, state in changed.items() if state is not None}
        self._counts.learn(piece.text for pieces in shown.values() for piece in pieces)
        for path, state in changed.items():
            self._total -= _sum(self._pieces.pop(path)[1]) if path in self._pieces else 0
            if state is not None:
                counted = self._counted(shown[path])
                self._pieces[path] = state, counted
                self._total += _sum(counted)
        return self._total

    def _show(self, path: str, state: State) -> tuple[Piece, ...]:
        known = self._pieces.get(path)
        if known is not None and known[0] == state:
            return tuple(piece for piece, _ in known[1])
        return self._source.pieces(path, state.level, state.kept, state.symbols)

    def _try(self, step: Step) -> bool:
        """Take *step* if it fits; say whether it did."""
        self._apply(step)
        if self._settle() <= self._budget:
            return True
        self._undo()
        self._coming.popleft()
        self._settle()
        return False

    def _try_part(self, step: Step, fewest: int) -> bool:
        """Take as much of *step* as fits; say whether any of it did."""
        before = self._states.get(step.path)
        state = _after(before, step)
        now = tuple(piece for piece, _ in self._pieces[step.path][1]) if before else ()
        whole = self._source.pieces(step.path, state.level, state.kept, state.symbols)
        others = self._total - self._counts.sum(now)
        enough = int(self._budget * FILLED) + 1 if self._budget >= SMALL else self._budget
        sizes = enough - others, self._budget - others
        part = part_of(step, now, whole, self._source, self._counts, *sizes, fewest)
        if part is None:
            return False
        self._states[step.path] = state if step.level == "outline" else replace(state, part=step)
        self._pieces[step.path] = self._states[step.path], self._counted(part)
        self._total = others + self._counts.sum(part)
        return True

    def _counted(self, pieces: Sequence[Piece]) -> Counted:
        return tuple((piece, self._counts.tokens(piece.text)) for piece in pieces)


def _after(before: State | None, step: Step) -> State:
    if step.body is not None:
        return State(step.level, (before.kept if before else frozenset()) | {step.body.number})
    return State(step.level, symbols=step.symbols)


def _sum(counted: Counted) -> int:
    return sum(tokens for _, tokens in counted)
