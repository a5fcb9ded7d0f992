"""How ggml lays the results of a graph into buffers, one a device: what each must hold at its fullest.

Follows ggml's scheduler and allocator (ggml-backend.cpp, ggml-alloc.c): a result lives from its step to the last step
that reads it; the smallest hole that is large enough is taken; a few operations write over what only they read; views
have no bytes of their own; what another device computed is copied here once. Holes that nothing fits count, which is up
to a quarter of a buffer. Sizes are bytes; a home is the number of a device, 0 being the host.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field


@dataclass(slots=True)
class Graph:
    """Steps in the order in which llama.cpp evaluates them. A step's number stands for its result."""

    home: int = 0
    """Where the next steps are evaluated."""
    copies: int = 1
    """Copies that are kept of what goes from home to home, so that homes can work at the same time: 1, or several."""
    _steps: list[_Step] = field(default_factory=list)
    _copies: dict[tuple[int, int], int] = field(default_factory=dict)

    def new(self, size: float, *sources: int) -> int:
        """Add a step whose result of *size* bytes gets a place of its own."""
        return self._add(int(size), sources)

    def over(self, size: float, *sources: int) -> int:
        """Add a step that may write over a source of the same size which nothing else reads."""
        return self._add(int(size), sources, is_over=True)

    def view(self, source: int) -> int:
        """Add another look at the bytes of *source*, wherever they are: at their copy, if there is one here."""
        source = self._copies.get((self._steps[source].root, self.home), source)
        step = self._steps[source]
        step.readers += 1
        root = step.root
        self._steps[root].views += 1
        return self._append(_Step(0, (source,), step.home, root))

    def fetch(self, *sources: int) -> None:
        """Copy *sources* here where they were computed elsewhere: ggml does it before the first step that follows."""
        for source in sources:
            self._here(source)

    def most_bytes(self, homes: int) -> tuple[int, ...]:
        """Return for each of *homes* the bytes of the buffer that all its steps fit into. May be asked once."""
        arenas = tuple(_Arena() for _ in range(homes))
        for step in self._steps:
            self._place(step, arenas)
            for source in step.sources:
                self._leave(source, arenas)
        return tuple(arena.most for arena in arenas)

    def _add(self, size: int, sources: tuple[int, ...], *, is_over: bool = False) -> int:
        here = tuple(self._here(source) for source in sources)
        for source in here:
            self._steps[source].readers += 1
        return self._append(_Step(size, here, self.home, len(self._steps), is_over))

    def _append(self, step: _Step) -> int:
        self._steps.append(step)
        return len(self._steps) - 1

    def _here(self, source: int) -> int:
        """Return *source*, or the copy of it where it was computed elsewhere."""
        step = self._steps[source]
        if step.home == self.home:
            return source
        key = (step.root, self.home)
        if key not in self._copies:
            step.readers += 1
            size = self._steps[step.root].size * self.copies
            kept = int(self.copies > 1)
            self._copies[key] = self._append(_Step(size, (source,), self.home, len(self._steps), readers=kept))
        return self._copies[key]

    def _place(self, step: _Step, arenas: tuple[_Arena, ...]) -> None:
        """Find the bytes of *step*: none for a view, else those of a source that it may write over, else new ones."""
        if self._steps[step.root] is not step:
            return
        if step.is_over:
            for source in map(self._steps.__getitem__, step.sources):
                if source.place >= 0 and source.readers == 1 and not source.views and source.size == step.size:
                    step.place, source.place = source.place, -1
                    return
        step.place = arenas[step.home].take(step.size)

    def _leave(self, number: int, arenas: tuple[_Arena, ...]) -> None:
        """Count one reader of step *number* less, and give its bytes back after the last."""
        step = self._steps[number]
        step.readers -= 1
        if step.readers or step.views:
            return
        root = self._steps[step.root]
        if root is not step:
            root.views -= 1
            if root.readers or root.views:
                return
        if root.place >= 0:
            arenas[root.home].give(root.place, root.size)
            root.place = -1


@dataclass(slots=True)
class _Step:
    size: int
    sources: tuple[int, ...]
    home: int
    root: int
    """The step whose bytes these are: itself, or what this is a view of."""
    is_over: bool = False
    readers: int = 0
    views: int = 0
    place: int = -1


class _Arena:
    """One buffer without an end, with holes."""

    __slots__ = ("_end", "_ends", "_starts", "most")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._end = self.most = 0

    def take(self, size: int) -> int:
        """Return where *size* bytes go: the smallest hole that has them, else behind everything."""
        best, room = -1, 0
        for number, start in enumerate(self._starts):
            hole = self._ends[number] - start
            if hole >= size and (best < 0 or hole <= room):
                best, room = number, hole
        if best < 0:
            self._end += size
            self.most = max(self.most, self._end)
            return self._end - size
        start = self._starts[best]
        if room == size:
            del self._starts[best], self._ends[best]
        else:
            self._starts[best] = start + size
        return start

    def give(self, start: int, size: int) -> None:
        """Take *size* bytes at *start* back, and make one hole of those that touch."""
        end = start + size
        at = bisect_left(self._starts, start)
        if at and self._ends[at - 1] == start:
            at -= 1
            start = self._starts[at]
            del self._starts[at], self._ends[at]
        if at < len(self._starts) and self._starts[at] == end:
            end = self._ends[at]
            del self._starts[at], self._ends[at]
        if end == self._end:
            self._end = start
        else:
            self._starts.insert(at, start)
            self._ends.insert(at, end)
