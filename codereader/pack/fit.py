"""Choose a level of detail for each file so that the sum of tokens stays within a budget.

Input is candidates with a worth and a size; output is a `Pack`. Token counts are those of the counter passed in and
are exact: a pack never exceeds its budget. Knows nothing of files on disk, models or terminals.

The choice is greedy by worth gained per token. Name lines are counted exactly beforehand; the order in which the other
steps are tried uses estimated costs (bytes), so that a scope of thousands of files is not read and tokenized to fill a
small budget. A step is taken only on its exact cost.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from codereader.cancel import CancelToken
from codereader.model.counter import TokenCounter
from codereader.pack.segment import STEPS, LeftOut, Level, Pack, Segment, digest

LEVEL_WORTH: dict[Level, float] = {"name": 0.06, "outline": 0.35, "skeleton": 0.65, "uncommented": 0.95, "full": 1.0}
"""Share of a file's worth that each level conveys."""

LEVEL_SIZE: dict[Level, float] = {"outline": 0.12, "skeleton": 0.4, "uncommented": 0.8, "full": 1.0}
"""Estimated share of a file's bytes that a level shows; only for the order in which steps are tried."""

NAME_TOKENS = 16
"""Estimated tokens of a name line; only for the order in which steps are tried."""

BYTES_PER_TOKEN = 3.2
"""Estimated bytes of source a token covers, for files that were never tokenized."""

HOPE = 3.0
"""A step is tried if its estimated cost is at most this many times the room; dearer ones cannot be expected to fit."""

LEAST_NAME = 2
"""Fewest tokens a name line may be expected to take: so many files at most are looked at for a budget."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may go in. `worth` is positive and only compared; `size` is in bytes."""

    path: str
    worth: float
    size: int
    lines: int


@dataclass(slots=True)
class _Chosen:
    level: Level
    text: str
    tokens: int


class _Fitter:
    """The state of one fit: what is chosen so far and what is left to spend."""

    def __init__(self, budget: int, show: Callable[[str, Level], str], count: TokenCounter) -> None:
        self.left = budget
        self.chosen: dict[str, _Chosen] = {}
        self.full_tokens: dict[str, int] = {}
        self._names: dict[str, _Chosen] = {}
        self._show = show
        self._count = count

    def learn_names(self, candidates: Sequence[Candidate]) -> None:
        """Count the name lines of *candidates* at once."""
        texts = [self._show(candidate.path, "name") for candidate in candidates]
        for candidate, text, tokens in zip(candidates, texts, self._count.count_many(texts), strict=True):
            self._names[candidate.path] = _Chosen("name", text, tokens)

    def take(self, candidate: Candidate, level: Level) -> bool:
        """Raise the file to *level* if its exact cost fits; say whether it did."""
        now = self.chosen.get(candidate.path)
        room = self.left + (now.tokens if now else 0)
        wanted = self._names.get(candidate.path) if level == "name" else None
        if wanted is None:
            if room <= 0 or _cost(candidate, level) > HOPE * (room + NAME_TOKENS):
                return False
            text = self._show(candidate.path, level)
            wanted = _Chosen(level, text, self._count.count_many([text])[0])
        if level == "full":
            self.full_tokens[candidate.path] = wanted.tokens
        if wanted.tokens > room:
            return False
        self.chosen[candidate.path] = wanted
        self.left = room - wanted.tokens
        return True


def fit(
    candidates: Sequence[Candidate],
    budget: int,
    show: Callable[[str, Level], str],
    count: TokenCounter,
    *,
    levels: Sequence[Level] = STEPS,
    cancel: CancelToken | None = None,
) -> Pack:
    """Return the pack of *candidates* within *budget* tokens, segments in path order.

    *show* gives the segment text of a path at a level, delimiters included. *levels* are those allowed.
    """
    fitter = _Fitter(budget, show, count)
    worthiest = sorted(candidates, key=lambda c: (-c.worth, c.path))[: max(1, budget // LEAST_NAME)]
    if "name" in levels:
        fitter.learn_names(worthiest)
    steps = _steps(worthiest, [level for level in reversed(STEPS) if level in levels])
    _spend(fitter, steps, cancel or CancelToken())
    segments = tuple(_segments(candidates, fitter.chosen))
    return Pack(
        budget=budget,
        tokens=sum(segment.tokens for segment in segments),
        vocabulary=count.name,
        exact=count.exact,
        segments=segments,
        left_out=tuple(_left_out(candidates, fitter, levels)),
        hash=digest(segments),
    )


_Step = tuple[float, str, int, Candidate]


def _cost(candidate: Candidate, level: Level) -> float:
    if level == "name":
        return NAME_TOKENS
    return NAME_TOKENS + candidate.size * LEVEL_SIZE[level] / BYTES_PER_TOKEN


def _steps(candidates: Sequence[Candidate], rising: list[Level]) -> tuple[list[_Step], list[Level]]:
    """Return the first step of every file, densest first, and the levels from the least to the most."""
    heap = [_step(candidate, rising, 0, 0.0, 0.0) for candidate in candidates]
    heapq.heapify(heap)
    return heap, rising


def _step(candidate: Candidate, rising: list[Level], index: int, worth: float, cost: float) -> _Step:
    level = rising[index]
    gain = candidate.worth * LEVEL_WORTH[level] - worth
    return (-gain / max(1.0, _cost(candidate, level) - cost), candidate.path, index, candidate)


def _spend(fitter: _Fitter, steps: tuple[list[_Step], list[Level]], cancel: CancelToken) -> None:
    """Take steps in order of density; a file whose step does not fit still gets its later ones tried at the end."""
    heap, rising = steps
    missed: list[_Step] = []
    while heap:
        cancel.check()
        step = heapq.heappop(heap)
        _, _, index, candidate = step
        if not fitter.take(candidate, rising[index]):
            missed.append(step)
        elif index + 1 < len(rising):
            level = rising[index]
            worth, cost = candidate.worth * LEVEL_WORTH[level], _cost(candidate, level)
            heapq.heappush(heap, _step(candidate, rising, index + 1, worth, cost))
    _fill(fitter, missed, rising, cancel)


def _fill(fitter: _Fitter, missed: list[_Step], rising: list[Level], cancel: CancelToken) -> None:
    """Give what is left to the steps that were too dear, skipping over the level that did not fit."""
    for _, _, index, candidate in missed:
        for later in range(len(rising) - 1, index - 1, -1):
            cancel.check()
            if fitter.take(candidate, rising[later]):
                break


def _segments(candidates: Iterable[Candidate], chosen: dict[str, _Chosen]) -> Iterable[Segment]:
    for candidate in sorted(candidates, key=lambda c: c.path):
        if one := chosen.get(candidate.path):
            yield Segment(candidate.path, one.level, one.tokens, one.text, 1, max(1, candidate.lines))


def _left_out(candidates: Iterable[Candidate], fitter: _Fitter, levels: Sequence[Level]) -> Iterable[LeftOut]:
    for candidate in sorted(candidates, key=lambda c: c.path):
        chosen = fitter.chosen.get(candidate.path)
        if chosen and chosen.level == levels[0]:
            continue
        exact = candidate.path in fitter.full_tokens
        tokens = fitter.full_tokens.get(candidate.path) or round(_cost(candidate, "full"))
        reason = f"shortened to its {chosen.level}" if chosen else "no room in the budget"
        yield LeftOut(candidate.path, chosen.level if chosen else None, reason, tokens, exact)
