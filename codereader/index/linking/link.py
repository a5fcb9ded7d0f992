"""Work out what follows from the files of a scope together, once, and keep it in the store.

Kept is one value a scope: the headers beyond it, who includes whom, what macros make. It is used again while the
files hold the same contents; where only some changed, and no macro did, only these are worked out anew.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from codereader.cancel import CancelToken
from codereader.errors import NothingReadable, StoreError
from codereader.index.c.preprocessor import plain
from codereader.index.linking.declared import declared_types
from codereader.index.linking.headers import (
    C_LANGUAGES,
    Headers,
    Reach,
    find_headers,
    is_current,
    open_headers,
)
from codereader.index.linking.include_paths import IncludePaths
from codereader.index.linking.kept import FORMAT, from_bytes, to_bytes
from codereader.index.linking.macro_calls import MacroCalls, Made
from codereader.index.linking.macros import Macros
from codereader.index.linking.made import Makers
from codereader.index.linking.made_calls import Calls, made_calls
from codereader.index.linking.patterns import MadeFacts
from codereader.index.linking.reaches import Reaches
from codereader.index.parsed import Definition, Macro, Reference
from codereader.index.store import open_store
from codereader.index.view import At, IndexView
from codereader.source.scope import Scope, from_root

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the macro uses of one file make. `blob` is empty where the file changed since it was indexed.

    `left_out` counts the calls that its macros make and that are not told (see `_Worker._is_worth`).
    """

    blob: str
    calls: Calls
    facts: MadeFacts
    left_out: int = 0


@dataclass(slots=True)
class Found:
    """All that was worked out for a scope.

    `contents` names the contents it was worked out from, `environment` the macros and includes. `shared` are the
    calls that macros make wherever they are used, by macro; `files` what the uses of each file make; `types` the
    types that headers declare functions and variables with. `beyond` are the calls that macros make in the functions
    of headers outside the scope, worked out from the contents that `outside` names.
    """

    contents: str
    environment: str
    reach: Reach
    paths: tuple[str, ...]
    edges: tuple[tuple[int, ...], ...]
    shared: dict[str, tuple[Made, ...]] = field(default_factory=dict)
    files: dict[str, FileFacts] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    beyond: dict[str, Calls] = field(default_factory=dict)
    outside: str = ""


def link(view: IndexView, cache: Path, cancel: CancelToken, progress: Progress) -> tuple[Found, Callable[[], Headers]]:
    """Return what follows from the files of *view* together, and a function that opens the headers beyond it.

    *progress* is told a stage (``headers``, ``link``), what is done and the total, in files.
    Raises: StoreError, Cancelled.
    """
    contents = _contents(view)
    kept = _load(view.scope, cache)
    told = lambda done, total: progress("headers", done, total)  # noqa: E731
    if kept is not None and kept.contents == contents and is_current(kept.reach, view.scope.root):
        return kept, lambda: open_headers(view.scope, kept.reach, cache, CancelToken(), _silent, is_built=True)
    reach = find_headers(view, cancel)
    headers = open_headers(view.scope, reach, cache, cancel, told)
    try:
        found = _work_out(
            view, headers, reach, contents, kept, cancel, lambda done, total: progress("link", done, total)
        )
    except BaseException:
        headers.close()
        raise
    _keep(view.scope, cache, found)
    return found, lambda: headers


def _silent(_: int, __: int) -> None:
    """Ignore progress."""


def _contents(view: IndexView) -> str:
    digest = hashlib.sha256(FORMAT.encode())
    for file in view.files():
        digest.update(f"{file.path}\0{file.blob}\0{file.language}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


# -- working out ------------------------------------------------------------------------------------------------------


def _work_out(
    view: IndexView, headers: Headers, reach: Reach, contents: str, kept: Found | None, cancel: CancelToken,
    progress: Callable[[int, int], None],
) -> Found:  # fmt: skip
    sources = [file for file in view.files() if file.language in C_LANGUAGES]
    paths = tuple(sorted({file.path for file in view.files()} | set(headers.paths)))
    edges = _edges(view, headers, paths)
    everything = [*view.macros(), *headers.macros()]
    environment = _environment(everything, paths, edges)
    found = Found(contents, environment, reach, paths, edges)
    reaches = Reaches(paths, edges)
    macros = Macros(everything, reaches.sees)
    worker = _Worker(view, headers, macros)
    same = kept is not None and kept.environment == environment
    if kept is not None and same:
        found.shared.update(kept.shared)
    found.types = declared_types(_texts(view, headers))
    for done, file in enumerate(sources, 1):
        cancel.check()
        old = kept.files.get(file.path) if kept is not None and same else None
        if old is not None and old.blob == file.blob:
            found.files[file.path] = old
        else:
            found.files[file.path] = worker.file(file.path, file.blob)
        progress(done, len(sources))
    found.outside = hashlib.sha256(repr(headers.blobs()).encode("utf-8", "replace")).hexdigest()
    if kept is not None and same and kept.outside == found.outside:
        found.beyond = kept.beyond
    else:
        found.beyond = {path: calls for path in headers.paths if (calls := worker.header(path)) != Calls({}, ())}
    found.shared.update(worker.shared)
    found.shared = dict(sorted(found.shared.items()))
    return found


class _Worker:
    """Works out what the macro uses of one file after the other make."""

    def __init__(self, view: IndexView, headers: Headers, macros: Macros) -> None:
        self._view = view
        self._headers = headers
        self._macros = macros
        self._makers = Makers(macros)
        self._calls = MacroCalls(macros, self._is_function)
        self.shared: dict[str, tuple[Made, ...]] = {}

    def file(self, path: str, blob: str) -> FileFacts:
        """Return what the macro uses in *path* make. A file that changed since it was indexed makes nothing."""
        uses = self._view.plain_calls(path, self._macros)
        self._share(path, uses)
        try:
            data = self._view.text(path)
        except NothingReadable:
            return FileFacts("", Calls({}, ()), MadeFacts())
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


def _edges(view: IndexView, headers: Headers, paths: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    scope = view.scope
    places = {from_root(scope, path): at for at, path in enumerate(paths)}
    finder = IncludePaths(places.__contains__)
    edges: list[set[int]] = [set() for _ in paths]
    for at in [*view.includes(), *headers.includes()]:
        path = from_root(scope, at.path)
        target = finder.find(path, at.fact.target, system=at.fact.system)
        if target is not None and target != path:
            edges[places[path]].add(places[target])
    return tuple(tuple(sorted(some)) for some in edges)


def _environment(macros: Iterable[At[Macro]], paths: Sequence[str], edges: Sequence[Sequence[int]]) -> str:
    digest = hashlib.sha256(FORMAT.encode())
    for at in macros:
        one = at.fact
        digest.update(repr((at.path, one.name, one.parameters, one.body, one.condition)).encode("utf-8", "replace"))
    digest.update(repr((paths, edges)).encode("utf-8", "replace"))
    return digest.hexdigest()


def _texts(view: IndexView, headers: Headers) -> Iterable[bytes]:
    for path in headers.paths:
        try:
            yield headers.text(path)
        except NothingReadable:
            continue
    for file in view.files():
        if file.language in C_LANGUAGES and file.path.endswith(".h"):
            try:
                yield view.text(file.path)
            except NothingReadable:
                continue


# -- keeping ----------------------------------------------------------------------------------------------------------

_ENVIRONMENT = hashlib.sha256(FORMAT.encode()).digest()


def _row(scope: Scope) -> int:
    """Return the row under which the value of *scope* is kept: below zero, where no content has one."""
    parts = repr((str(scope.root), scope.folder, scope.only, scope.include, scope.exclude, scope.max_bytes))
    return -1 - int.from_bytes(hashlib.sha256(parts.encode("utf-8", "surrogateescape")).digest()[:7], "big")


def _load(scope: Scope, cache: Path) -> Found | None:
    row = _row(scope)
    try:
        with closing(open_store(cache)) as store:
            raw = store.made(_ENVIRONMENT, [row]).get(row)
    except StoreError:
        return None
    return from_bytes(raw, Found) if raw else None


def _keep(scope: Scope, cache: Path, found: Found) -> None:
    """Keep *found*; an index that cannot be written is no reason to stop."""
    try:
        with closing(open_store(cache)) as store, store.batch():
            store.keep_made(_ENVIRONMENT, {_row(scope): to_bytes(found)})
    except StoreError:
        return
