"""Facts by name: looked up one by one at first, and all together once many were asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from codereader.index.view import At

FEW = 1024
"""So many names are looked up one by one; whoever asks for more is going through everything."""

T = TypeVar("T")


class Named(Generic[T]):
    """Facts of many files by name. *one* finds those of a name, *every* gives all with their names."""

    def __init__(self, one: Callable[[str], Iterable[At[T]]], every: Callable[[], Iterable[tuple[str, At[T]]]]) -> None:
        self._one = one
        self._every = every
        self._found: dict[str, Sequence[At[T]]] = {}
        self._is_whole = False

    def of(self, name: str) -> Sequence[At[T]]:
        """Return the facts called *name*, in the order in which they are found."""
        found = self._found.get(name)
        if found is None:
            if self._is_whole:
                return ()
            if len(self._found) >= FEW:
                self._take_all()
                return self._found.get(name, ())
            found = self._found[name] = tuple(self._one(name))
        return found

    def _take_all(self) -> None:
        whole: dict[str, list[At[T]]] = {}
        for name, at in self._every():
            whole.setdefault(name, []).append(at)
        self._found = dict(whole)
        self._is_whole = True
