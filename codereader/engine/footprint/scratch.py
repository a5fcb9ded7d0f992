"""How ggml lays the results of a graph into buffers, one a device: what each must hold at its fullest.

Follows ggml's scheduler and allocator (ggml-backend.cpp, ggml-alloc.c): a result lives from its step to the last step
that reads it; the smallest hole that is large enough is taken; a few operations write over what only they read; views
have no bytes of their own; what another device computed is copied here once. Holes that nothing fits count, which is up
to a quarter of a buffer. Sizes are bytes; a home is the number of a device, 0 being the host.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Graph:
    """Steps in the order in which llama.cpp evaluates them. A step's number stands for its result.

    Kept as one list for each fact of a step: graphs have thousands of steps, and a plan lays out a dozen of them.
    """

    home: int = 0
    """Where the next steps are evaluated."""
    copies: int = 1
    """Copies that are kept of what goes from home to home, so that homes can work at the same time: 1, or several."""
    _sizes: list[int] = field(default_factory=list)
    _sources: list[tuple[int, ...]] = field(default_factory=list)
    _homes: list[int] = field(default_factory=list)
    _roots: list[int] = field(default_factory=list)
    """For each step the one whose bytes it is: itself, or what it is a view of."""
    _is_over: list[bool] = field(default_factory=list)
    _readers: list[int] = field(default_factory=list)
    _views: list[int] = field(default_factory=list)
    _copies: dict[tuple[int, int], int] = field(default_factory=dict)
    _given: dict[int, tuple[Hashable, int]] = field(default_factory=dict)
    """Steps whose size is told when the graph is laid out: its name, and how many times it counts."""

    def new(self, size: float, *sources: int) -> int:
        """Add a step whose result of *size* bytes gets a place of its own."""
        return self._add(int(size), sources, is_over=False)

    def over(self, size: float, *sources: int) -> int:
        """Add a step that may write over a source of the same size which nothing else reads."""
        return self._add(int(size), sources, is_over=True)

    def given(self, name: Hashable) -> int:
        """Add a step of its own place, whose bytes are told by *name* when the graph is laid out."""
        number = self._add(0, (), is_over=False)
        self._given[number] = name, 1
        return number

    def view(self, source: int) -> int:
        """Add another look at the bytes of *source*, wherever they are: at their copy, if there is one here."""
        source = self._copies.get((self._roots[source], self.home), source)
        root = self._roots[source]
        self._readers[source] += 1
        self._views[root] += 1
        return self._append(0, (source,), self._homes[source], root)

    def fetch(self, *sources: int) -> None:
        """Copy *sources* here where they were computed elsewhere: ggml does it before the first step that follows."""
        for source in sources:
            self._here(source)

    def most_bytes(self, homes: int, given: Mapping[Hashable, int] | None = None) -> tuple[int, ...]:
        """Return for each of *homes* the bytes of the buffer that all its steps fit into.

        *given* has the bytes of what was added by name.
        """
        sizes = self._sizes.copy()
        for number, (name, copies) in self._given.items():
            sizes[number] = copies * (given or {})[name]
        readers, views, roots, at = self._readers.copy(), self._views.copy(), self._roots, self._homes
        arenas = tuple(_Arena() for _ in range(homes))
        places = [-1] * len(sizes)
        for number, sources in enumerate(self._sources):
            if roots[number] == number:
                size = sizes[number]
                if self._is_over[number]:
                    for source in sources:
                        if places[source] >= 0 and readers[source] == 1 and not views[source] and sizes[source] == size:
                            places[number], places[source] = places[source], -1
                            break
                if places[number] < 0:
                    places[number] = arenas[at[number]].take(size)
            for source in sources:
                readers[source] -= 1
                if readers[source] or views[source]:
                    continue
                root = roots[source]
                if root != source:
                    views[root] -= 1
                    if readers[root] or views[root]:
                        continue
                if places[root] >= 0:
                    arenas[at[root]].give(places[root], sizes[root])
                    places[root] = -1
        return tuple(arena.most for arena in arenas)

    def _add(self, size: int, sources: tuple[int, ...], *, is_over: bool) -> int:
        homes, home, readers = self._homes, self.home, self._readers
        for source in sources:
            if homes[source] != home:
                sources = tuple(map(self._here, sources))
                break
        for source in sources:
            readers[source] += 1
        return self._append(size, sources, home, len(homes), is_over=is_over)

    def _append(
        self, size: int, sources: tuple[int, ...], home: int, root: int, *, is_over: bool = False, readers: int = 0
    ) -> int:
        self._sizes.append(size)
        self._sources.append(sources)
        self._homes.append(home)
        self._roots.append(root)
        self._is_over.append(is_over)
        self._readers.append(readers)
        self._views.append(0)
        return len(self._sizes) - 1

    def _here(self, source: int) -> int:
        """Return *source*, or the copy of it where it was computed elsewhere."""
        if self._homes[source] == self.home:
            return source
        root = self._roots[source]
        key = (root, self.home)
        if key not in self._copies:
            self._readers[source] += 1
            kept = int(self.copies > 1)
            size = self._sizes[root] * self.copies
            self._copies[key] = self._append(size, (source,), self.home, len(self._sizes), readers=kept)
            if root in self._given:
                name, count = self._given[root]
                self._given[self._copies[key]] = name, count * self.copies
        return self._copies[key]


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
