"""The headers outside a scope that its files include, read for their types and macros.

They lie in the scope's root, are found along `codereader.index.linking.include_paths`, and go through the ordinary
`build` into the same store, so that an index of their own folder shares them. They are never part of the scope: no
list, count or pack names them. Paths here are relative to the root.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from codereader.cancel import CancelToken
from codereader.index.build import build
from codereader.index.linking.include_paths import Disk, IncludePaths
from codereader.index.parsed import Definition, Include, Macro, Record, Reference
from codereader.index.view import At, IndexView, open_index
from codereader.source.languages import language_of
from codereader.source.scope import Scope, SourceFile, Walk, from_root, from_scope
from codereader.source.skip import HEAD_BYTES, unread_bytes

MOST_HEADERS = 20_000
"""So many headers are followed from one scope."""

C_LANGUAGES = ("c", "cpp")
"""Languages whose files include headers."""

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include(?:_next)?[ \t]*(?:<([^>\n]+)>|"([^"\n]+)")', re.MULTILINE)

Progress = Callable[[int, int], None]

T = TypeVar("T")

State = tuple[int, int, int]
"""Size in bytes, time of change in nanoseconds, and inode of a file."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header outside the scope as it was found on disk."""

    path: str
    state: State


@dataclass(frozen=True, slots=True)
class Reach:
    """The headers outside a scope, by path, and the state of each folder that holds one of them.

    A folder's state is its time of change in nanoseconds: another one means that a header may have come or gone.
    """

    headers: tuple[Header, ...]
    folders: tuple[tuple[str, int], ...]


def find_headers(view: IndexView, cancel: CancelToken) -> Reach:
    """Return the headers that the C files of *view* include, directly or through others, and that lie outside it."""
    scope = view.scope
    if not scope.folder and not (scope.only or scope.include or scope.exclude):
        return Reach((), ())
    disk = Disk(scope.root)
    paths = IncludePaths(disk.exists)
    own = {from_root(scope, file.path) for file in view.files()}
    waiting: list[str] = []
    found: dict[str, Header] = {}

    def follow(path: str, target: str, *, system: bool) -> None:
        header = paths.find(path, target, system=system)
        if header is None or header in own or header in found or len(found) >= MOST_HEADERS:
            return
        state = disk.state(header)
        if state is not None and state[0] <= scope.max_bytes:
            found[header] = Header(header, state)
            waiting.append(header)

    for at in view.includes():
        if at.path.endswith(_C_SUFFIXES):
            follow(from_root(scope, at.path), at.fact.target, system=at.fact.system)
    while waiting:
        cancel.check()
        path = waiting.pop()
        for match in _INCLUDE.finditer(_bytes(disk, path)):
            target = (match[1] or match[2]).decode("utf-8", "surrogateescape")
            follow(path, target, system=match[1] is not None)
    headers = tuple(found[path] for path in sorted(found))
    return Reach(headers, tuple(_folders(disk, headers)))


_C_SUFFIXES = (".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".inc", ".S")


def is_current(reach: Reach, root: Path) -> bool:
    """Whether the headers of *reach* are on disk as they were, and none can have come since."""
    disk = Disk(root)
    return all(disk.state(one.path) == one.state for one in reach.headers) and all(
        disk.changed(folder) == changed for folder, changed in reach.folders
    )


def _folders(disk: Disk, headers: Iterable[Header]) -> Iterable[tuple[str, int]]:
    for folder in sorted({one.path.rpartition("/")[0] for one in headers}):
        yield folder, disk.changed(folder)


def _bytes(disk: Disk, path: str) -> bytes:
    try:
        return Path(disk.place(path)).read_bytes()
    except OSError:
        return b""


class Headers:
    """The index of headers outside a scope, open for reading. Paths are those from the scope: ``../include/x.h``.

    One view a top folder of the root, since an index is that of a folder.
    """

    def __init__(self, scope: Scope, views: Mapping[str, IndexView]) -> None:
        self._scope = scope
        self._views = {folder: views[folder] for folder in sorted(views)}
        self._names = {
            folder: {
                file.path: from_scope(scope, f"{folder}/{file.path}" if folder else file.path) for file in one.files()
            }
            for folder, one in self._views.items()
        }
        self._homes = {
            outer: (folder, inner) for folder, names in self._names.items() for inner, outer in names.items()
        }
        self.paths: tuple[str, ...] = tuple(sorted(self._homes))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the index."""
        for view in self._views.values():
            view.close()

    def blobs(self) -> Mapping[str, str]:
        """Return the git blob id of each header's content, by path."""
        found = {
            self._names[folder][file.path]: file.blob for folder, view in self._views.items() for file in view.files()
        }
        return dict(sorted(found.items()))

    def definitions(
        self, *, name: str | None = None, path: str | None = None, kinds: Sequence[str] = ()
    ) -> list[At[Definition]]:
        """Return the definitions in these headers, as `IndexView.definitions` does."""
        return self._found(path, lambda view, inner: view.definitions(name=name, path=inner, kinds=kinds))

    def references(
        self, *, name: str | None = None, path: str | None = None, caller: str | None = None, kind: str | None = None
    ) -> list[At[Reference]]:
        """Return the references in these headers, as `IndexView.references` does."""
        return self._found(path, lambda view, inner: view.references(name=name, path=inner, caller=caller, kind=kind))

    def macros(self, *, name: str | None = None, path: str | None = None) -> list[At[Macro]]:
        """Return the macros of these headers, as `IndexView.macros` does."""
        return self._found(path, lambda view, inner: view.macros(name=name, path=inner))

    def records(self, *, name: str | None = None, path: str | None = None) -> list[At[Record]]:
        """Return the structs and unions of these headers, as `IndexView.records` does."""
        return self._found(path, lambda view, inner: view.records(name=name, path=inner))

    def includes(self, *, path: str | None = None) -> list[At[Include]]:
        """Return what these headers include, as `IndexView.includes` does."""
        return self._found(path, lambda view, inner: view.includes(path=inner))

    def plain_calls(self, path: str, wanted: Container[str]) -> Sequence[Reference]:
        """Return the calls of *wanted* names in the header *path*, as `IndexView.plain_calls` does."""
        home = self._homes.get(path)
        return self._views[home[0]].plain_calls(home[1], wanted) if home else ()

    def text(self, path: str) -> bytes:
        """Return the bytes of a header. Raises: NothingReadable where they changed, KeyError for another path."""
        folder, inner = self._homes[path]
        return self._views[folder].text(inner)

    def _found(self, path: str | None, ask: Callable[[IndexView, str | None], Iterable[At[T]]]) -> list[At[T]]:
        if path is not None:
            home = self._homes.get(path)
            if home is None:
                return []
            return [At(path, at.fact) for at in ask(self._views[home[0]], home[1])]
        return [
            At(self._names[folder][at.path], at.fact) for folder, view in self._views.items() for at in ask(view, None)
        ]


def open_headers(
    scope: Scope, reach: Reach, cache: Path, cancel: CancelToken, progress: Progress, *, is_built: bool = False
) -> Headers:
    """Bring the index up to date with the headers of *reach*, unless it *is_built*, and open it.

    Raises: StoreError, Cancelled.
    """
    walks = _walks(scope, reach, is_built=is_built)
    total, before = len(reach.headers), 0
    for walk in () if is_built else walks.values():
        build(walk, cache, cancel, lambda done, _, before=before: progress(before + done, total))  # type: ignore[misc]
        before += len(walk.files)
    views: dict[str, IndexView] = {}
    try:
        for folder, walk in walks.items():
            views[folder] = open_index(walk, cache)
        return Headers(scope, views)
    except BaseException:
        for view in views.values():
            view.close()
        raise


def _walks(scope: Scope, reach: Reach, *, is_built: bool) -> Mapping[str, Walk]:
    """Return the headers as a walk of each top folder; a walk that is narrowed forgets no file of the index."""
    files: dict[str, list[SourceFile]] = {}
    disk = Disk(scope.root)
    for one in reach.headers:
        folder, _, inner = one.path.rpartition("/") if "/" not in one.path else one.path.partition("/")
        head = b"" if is_built else _head(disk, one.path)
        language = language_of(one.path, head)
        if not is_built and (unread_bytes(head) or language not in C_LANGUAGES):
            continue
        size, mtime_ns, inode = one.state
        files.setdefault(folder, []).append(SourceFile(inner, size, mtime_ns, inode, language, asked=True))
    return {
        folder: Walk(
            Scope(scope.root, folder, include=("*",), max_bytes=scope.max_bytes, has_git=scope.has_git), tuple(some)
        )
        for folder, some in sorted(files.items())
    }


def _head(disk: Disk, path: str) -> bytes:
    try:
        with Path(disk.place(path)).open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""
