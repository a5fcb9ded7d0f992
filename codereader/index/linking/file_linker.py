"""What the macro uses of one file make, in this process and in worker processes alike."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from codereader.cancel import CancelToken
from codereader.errors import NothingReadable
from codereader.index.c.preprocessor import plain
from codereader.index.linking.headers import Headers, Reach, open_headers
from codereader.index.linking.macro_calls import MacroCalls, Made
from codereader.index.linking.macros import Macros
from codereader.index.linking.made import Makers
from codereader.index.linking.made_calls import Calls, made_calls
from codereader.index.linking.patterns import MadeFacts
from codereader.index.linking.reaches import Reaches
from codereader.index.parsed import Definition, Reference
from codereader.index.view import IndexView, open_index
from codereader.source.scope import Walk


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the macro uses of one file make. `blob` is empty where the file changed since it was indexed.

    `left_out` counts the calls that its macros make and that are not told (see `FileLinker._is_worth`).
    """

    blob: str
    calls: Calls
    facts: MadeFacts
    left_out: int = 0


NOTHING = FileFacts("", Calls({}, ()), MadeFacts())
"""What is told of a file that could not be worked out."""

Shared = dict[str, tuple[Made, ...]]


class Opening(NamedTuple):
    """What a worker opens a `FileLinker` from: the scope's files, its headers, and who includes whom."""

    walk: Walk
    reach: Reach
    paths: tuple[str, ...]
    edges: tuple[tuple[int, ...], ...]
    cache: Path

    def packed(self) -> bytes:
        """Return this as a pickle, for a `LinkTask`."""
        return pickle.dumps(self)


class LinkTask(NamedTuple):
    """One file to work out. `path` is relative to the scope; `opening` is a packed `Opening`, the same for all."""

    path: str
    language: str
    size: int
    opening: bytes

    def work(self) -> tuple[FileFacts, Shared]:
        """Return what the file makes, and the calls of macros that were not told before by this process."""
        linker = _opened(self.opening)
        known = set(linker.shared)
        facts = linker.any(self.path)
        return facts, {name: some for name, some in linker.shared.items() if name not in known}


@lru_cache(maxsize=1)
def _opened(packed: bytes) -> FileLinker:
    opening: Opening = pickle.loads(packed)  # noqa: S301  # from the process that started this one
    view = open_index(opening.walk, opening.cache)
    headers = open_headers(view.scope, opening.reach, opening.cache, CancelToken(), lambda _, __: None, is_built=True)
    sees = Reaches(opening.paths, opening.edges).sees
    return FileLinker(view, headers, Macros([*view.macros(), *headers.macros()], sees))


class FileLinker:
    """Works out what the macro uses of one file after the other make."""

    def __init__(self, view: IndexView, headers: Headers, macros: Macros) -> None:
        self._view = view
        self._headers = headers
        self._macros = macros
        self._makers = Makers(macros)
        self._calls = MacroCalls(macros, self._is_function)
        self.shared: dict[str, tuple[Made, ...]] = {}

    def any(self, path: str) -> FileFacts:
        """Return what the macro uses make in *path*, of the scope or of a header outside it."""
        file = self._view.file(path)
        return self.file(path, file.blob) if file is not None else FileFacts("", self.header(path), MadeFacts())

    def file(self, path: str, blob: str) -> FileFacts:
        """Return what the macro uses in *path* make. A file that changed since it was indexed makes nothing."""
        uses = self._view.plain_calls(path, self._macros)
        self._share(path, uses)
        try:
            data = self._view.text(path)
        except NothingReadable:
            return NOTHING
        parsed = self._view.parsed(path, with_references=False)
        calls = self._made(path, uses, parsed.definitions, lambda: data)
        return FileFacts(blob, calls, self._makers.facts(path, parsed, data), self._left_out(path, uses))

    def _left_out(self, path: str, uses: Sequence[Reference]) -> int:
        """Return how many calls that the macros of *uses* make wherever they are used are not told."""
        return sum(
            count * sum(one.is_fixed and not self._is_worth(one) for one in self._calls.of(name, path)[0])
            for name, count in Counter(use.name for use in uses).items()
        )

    def header(self, path: str) -> Calls:
        """Return the calls that macros make in the functions of the header *path* outside the scope."""
        uses = self._headers.plain_calls(path, self._macros)
        if not uses:
            return Calls({}, ())
        self._share(path, uses)
        definitions = [at.fact for at in self._headers.definitions(path=path)]
        try:
            return self._made(path, uses, definitions, lambda: self._headers.text(path))
        except NothingReadable:
            return Calls({}, ())

    def _made(
        self, path: str, uses: Sequence[Reference], definitions: Iterable[Definition], read: Callable[[], bytes]
    ) -> Calls:
        functions = {one.name: one for one in definitions if one.kind == "function"}
        uses = [use for use in uses if use.caller in functions]
        lines = plain(read()).text.decode("utf-8", "replace").split("\n") if self._is_moving(path, uses) else ()
        calls = made_calls(path, uses, self._calls, lines, functions)
        fixed = {name: tuple(filter(self._is_worth, some)) for name, some in calls.fixed.items()}
        return Calls(fixed, tuple(filter(self._is_worth, calls.bound)))

    def _share(self, path: str, uses: Sequence[Reference]) -> None:
        for name in dict.fromkeys(use.name for use in uses):
            items, is_local = self._calls.of(name, path)
            if is_local or name in self.shared:
                continue
            if fixed := tuple(one for one in items if one.is_fixed and self._is_worth(one)):
                self.shared[name] = fixed

    def _is_worth(self, one: Made | Reference) -> bool:
        """Whether a call is told: not one that only some configurations make, and that leads out of the scope.

        Nor one of a helper that compiler headers declare and nobody defines.
        """
        if one.receiver is not None:
            return True
        name = one.name if isinstance(one.name, str) else str(one.name[0])
        if self._view.definitions(name=name, kinds=("function",)):
            return True
        if one.condition is not None:
            return False
        return not name.startswith("__") or bool(self._headers.definitions(name=name, kinds=("function",)))

    def _is_moving(self, path: str, uses: Sequence[Reference]) -> bool:
        names = dict.fromkeys(use.name for use in uses)
        return any(not one.is_fixed for name in names for one in self._calls.of(name, path)[0])

    def _is_function(self, name: str) -> bool:
        return bool(
            self._view.definitions(name=name, kinds=("function",))
            or self._headers.definitions(name=name, kinds=("function",))
        )
