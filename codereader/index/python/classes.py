"""Which method stands for which: what a class inherits, what overrides it, and what makes its objects."""

from __future__ import annotations

from collections.abc import Sequence

from codereader.index.parsed import Definition
from codereader.index.python.types import PythonTypes
from codereader.index.python.values import Key
from codereader.index.view import At

METHODS = ("method", "property")
"""Kinds of functions that belong to a class."""

MOST_OVERRIDES = 200
"""A method with more namesakes in the scope than this is not looked for in the classes below its own."""


class Overrides:
    """Which methods take the place of a method in the classes below its own, asked of one view."""

    def __init__(self, types: PythonTypes) -> None:
        self._types = types
        self._known: dict[tuple[Key, str], tuple[At[Definition], ...]] = {}

    def below(self, cls: Key, name: str) -> tuple[At[Definition], ...]:
        """Return the methods called *name* of the classes below *cls*, by place.

        Classes that offer all that a ``Protocol`` asks for count as below it.
        """
        key = (cls, name)
        if key not in self._known:
            self._known[key] = tuple(self._found(cls, name))
        return self._known[key]

    def _found(self, cls: Key, name: str) -> list[At[Definition]]:
        namesakes = self._types.files.view.definitions(name=name, kinds=METHODS)
        if len(namesakes) > MOST_OVERRIDES:
            return []
        wanted = self._asked(cls)
        return [at for at in namesakes if (at.path, at.fact.owner) != cls and self._is_below(at, cls, wanted)]

    def _is_below(self, at: At[Definition], cls: Key, wanted: frozenset[str]) -> bool:
        owner = at.fact.owner or ""
        if owner not in self._types.files.file(at.path).classes or at not in self._served(at, owner):
            return False
        line = self._types.line((at.path, owner))[0]
        if cls in line:
            return True
        names = {name for key in line for name in self._types.files.file(key[0]).defined.get(key[1], ())}
        return bool(wanted) and wanted <= names

    def _served(self, at: At[Definition], owner: str) -> Sequence[At[Definition]]:
        return self._types.files.file(at.path).definitions(owner, at.fact.name)

    def _asked(self, cls: Key) -> frozenset[str]:
        """Return the methods that the protocol *cls* asks for, none for a class that is no protocol."""
        file = self._types.files.file(cls[0])
        at = file.classes.get(cls[1])
        if at is None or not any(base.split("[")[0].rpartition(".")[2] == "Protocol" for base in at.fact.fields):
            return frozenset()
        return frozenset(name for name, some in file.defined.get(cls[1], {}).items() if some[0].fact.kind in METHODS)
