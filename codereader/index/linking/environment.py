"""What a C expression may ask where it stands: locals, records, typedefs, functions, variables and macros by name.

Of several that have a name, those count that the file holds, else that it includes, else all. Rows are 0-based; paths
are relative to the scope, those of headers outside it begin with ``../``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from codereader.errors import NothingReadable
from codereader.index.c.preprocessor import plain
from codereader.index.linking.headers import Headers
from codereader.index.linking.made_calls import local_type
from codereader.index.linking.names import Named
from codereader.index.linking.reaches import Reaches
from codereader.index.linking.types import Known, returned_type, variable_type
from codereader.index.parsed import Definition, Macro, Record
from codereader.index.view import At, IndexView

KEPT_TEXTS = 64
"""So many files' texts are kept while the reader is open."""

N = TypeVar("N")


class Environment:
    """The names of a scope and of the headers beyond it, as the expressions of a file see them.

    *every* gives the definitions of a name, *source* the index that a path is read from, *declared* the types that
    headers declare functions and variables with.
    """

    def __init__(
        self,
        every: Callable[[str], Sequence[At[Definition]]],
        records: Named[Record],
        macros: Named[Macro],
        reaches: Reaches,
        declared: Mapping[str, str],
        source: Callable[[str], IndexView | Headers],
    ) -> None:
        self._every = every
        self._named_records = records
        self._named_macros = macros
        self._reaches = reaches
        self._declared = declared
        self._source = source
        self._lines_kept: dict[str, Sequence[str]] = {}

    def known(self, path: str, place: Place | None) -> Known:
        """Return what an expression of the file *path* may ask; locals only where *place* is told."""
        return Known(
            local=lambda name: self._local(path, place, name),
            record=lambda name: self._records(path, name),
            typedef=lambda name: self.typedef(path, name),
            function=lambda name: self._kept("function", path, name),
            variable=lambda name: self._kept("variable", path, name),
            macro=lambda name: self._macro(path, name),
        )

    def _local(self, path: str, place: Place | None, name: str) -> str | None:
        """Return the type of *name* where a call stands: as told with it, else as the function's text declares it."""
        if place is None:
            return None
        if place.base is not None and name == place.first:
            return place.base
        function = self._function_at(path, place.row)
        if function is None:
            return None
        return local_type(self._lines(path), function, name)

    def _function_at(self, path: str, row: int) -> Definition | None:
        for at in self._source(path).definitions(path=path, kinds=("function",)):
            if at.fact.span.first_row <= row <= at.fact.span.last_row:
                return at.fact
        return None

    def _lines(self, path: str) -> Sequence[str]:
        if path not in self._lines_kept:
            if len(self._lines_kept) >= KEPT_TEXTS:
                self._lines_kept.pop(next(iter(self._lines_kept)))
            try:
                text = plain(self._source(path).text(path)).text.decode("utf-8", "replace")
            except NothingReadable:
                text = ""
            self._lines_kept[path] = text.split("\n")
        return self._lines_kept[path]

    def _records(self, path: str, name: str) -> Sequence[Record]:
        """Return the records called *name*, those that the file sees before others."""
        return [at.fact for at in self._nearest(path, self._named_records.of(name))]

    def _nearest(self, path: str, found: Sequence[At[N]]) -> Sequence[At[N]]:
        """Return those of *found* that the file *path* holds, else that it includes, else all."""
        if len(found) < 2:
            return found
        here = [at for at in found if at.path == path]
        if here:
            return here
        return [at for at in found if self._reaches.sees(path, at.path)] or found

    def typedef(self, path: str, name: str) -> str | None:
        """Return the signature of the typedef *name* that the file sees first."""
        found = [at for at in self._every(name) if at.fact.kind == "typedef"]
        near = self._nearest(path, found)
        return near[0].fact.signature if near else None

    def _kept(self, kind: str, path: str, name: str) -> str | None:
        """Return the type that the function *name* returns, or of the variable *name*."""
        some = self._nearest(path, [at for at in self._every(name) if at.fact.kind == kind])
        for at in some:
            found = returned_type(at.fact) if kind == "function" else variable_type(at.fact)
            if found:
                return found
        return self._declared.get(name)

    def _macro(self, path: str, name: str) -> Macro | None:
        near = self._nearest(path, self._named_macros.of(name))
        return near[0].fact if near else None


class Place:
    """Where an expression stands, and the type that the file tells of its first name."""

    __slots__ = ("base", "first", "row")

    def __init__(self, receiver: str, base: str | None, row: int) -> None:
        start = receiver.lstrip("(*& \t")
        end = next((at for at, sign in enumerate(start) if not (sign.isalnum() or sign == "_")), len(start))
        self.first = start[:end]
        self.base = base
        self.row = row
