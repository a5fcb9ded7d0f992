"""Work out what follows from the files of a scope together, once, and keep it in the store.

Kept is one value a scope: the headers beyond it, who includes whom, what macros make. It is used again while the
files hold the same contents; where only some changed, and no macro did, only these are worked out anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from codereader.cancel import CancelToken
from codereader.errors import NothingReadable, StoreError
from codereader.index.digest import Digest
from codereader.index.linking.declared import declared_types
from codereader.index.linking.file_linker import NOTHING, FileFacts, FileLinker, LinkTask, Opening, Shared
from codereader.index.linking.headers import (
    C_LANGUAGES,
    Headers,
    Reach,
    find_headers,
    is_current,
    open_headers,
)
from codereader.index.linking.include_paths import IncludePaths
from codereader.index.linking.kept import FORMAT, first_parts, from_bytes, to_bytes
from codereader.index.linking.macro_calls import Made
from codereader.index.linking.macros import Macros
from codereader.index.linking.made_calls import Calls
from codereader.index.linking.reaches import Reaches
from codereader.index.parsed import Macro
from codereader.index.store import open_store
from codereader.index.view import At, IndexView
from codereader.index.workers import work_all
from codereader.source.scope import Scope, from_root

Progress = Callable[[str, int, int], None]

FEW_FILES = 200
"""With fewer files to work out, starting workers costs more than it saves: each reads all macros first."""


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
            view, headers, reach, contents, kept, cache, cancel, lambda done, total: progress("link", done, total)
        )
    except BaseException:
        headers.close()
        raise
    _keep(view.scope, cache, found)
    return found, lambda: headers


def is_linked(view: IndexView, cache: Path) -> bool:
    """Whether `link` has nothing to work out: what it kept follows from the files of *view* as they are."""
    raw = _raw(view.scope, cache)
    kept = first_parts(raw, Found, 3) if raw else None
    if kept is None:
        return False
    contents, _, reach = kept
    return contents == _contents(view) and is_current(reach, view.scope.root)


def _silent(_: int, __: int) -> None:
    """Ignore progress."""


def _contents(view: IndexView) -> str:
    digest = hashlib.sha256(FORMAT.encode())
    for file in view.files():
        digest.update(f"{file.path}\0{file.blob}\0{file.language}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


# -- working out ------------------------------------------------------------------------------------------------------


def _work_out(
    view: IndexView, headers: Headers, reach: Reach, contents: str, kept: Found | None, cache: Path,
    cancel: CancelToken,
    progress: Callable[[int, int], None],
) -> Found:  # fmt: skip
    sources = [file for file in view.files() if file.language in C_LANGUAGES]
    paths = tuple(sorted({file.path for file in view.files()} | set(headers.paths)))
    edges = _edges(view, headers, paths)
    everything = [*view.macros(), *headers.macros()]
    environment = _environment(everything, paths, edges)
    found = Found(contents, environment, reach, paths, edges)
    same = kept is not None and kept.environment == environment
    if kept is not None and same:
        found.shared.update(kept.shared)
        blobs = {file.path: file.blob for file in sources}
        found.files.update((path, old) for path, old in kept.files.items() if old.blob and blobs.get(path) == old.blob)
    found.types = declared_types(_texts(view, headers))
    found.outside = hashlib.sha256(repr(headers.blobs()).encode("utf-8", "replace")).hexdigest()
    beyond = headers.paths
    if kept is not None and same and kept.outside == found.outside:
        found.beyond, beyond = kept.beyond, ()
    sizes = {file.path: (file.language, file.size) for file in sources}
    left = [path for path in sizes if path not in found.files]
    opening = Opening(replace(view.walked, files=tuple(view.walked.files)), reach, paths, edges, cache)
    tasks = [(path, *sizes.get(path, ("c", 0))) for path in (*left, *beyond)]
    done = len(found.files)
    for (path, _, _), (facts, shared) in zip(
        tasks, _each(view, headers, everything, tasks, opening, cancel), strict=True
    ):
        found.shared.update(shared)
        if path in sizes:
            found.files[path] = facts
            done += 1
            progress(done, len(sources))
        elif facts.calls != NOTHING.calls:
            found.beyond[path] = facts.calls
    found.files = dict(sorted(found.files.items()))
    found.shared = dict(sorted(found.shared.items()))
    return found


def _each(
    view: IndexView, headers: Headers, macros: Sequence[At[Macro]], tasks: Sequence[tuple[str, str, int]],
    opening: Opening, cancel: CancelToken,
) -> Iterator[tuple[FileFacts, Shared]]:  # fmt: skip
    """Yield what each file makes, in order: worked out by worker processes where that is worth starting them."""
    if len(tasks) >= FEW_FILES:
        packed = opening.packed()
        for made in work_all([LinkTask(*task, packed) for task in tasks], cancel):
            yield (NOTHING, {}) if isinstance(made, Digest) else made
        return
    linker = FileLinker(view, headers, Macros(macros, Reaches(opening.paths, opening.edges).sees))
    for path, _, _ in tasks:
        cancel.check()
        yield linker.any(path), linker.shared


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
    raw = _raw(scope, cache)
    return from_bytes(raw, Found) if raw else None


def _raw(scope: Scope, cache: Path) -> bytes | None:
    """Return what `_keep` kept, None where there is nothing to be had."""
    row = _row(scope)
    try:
        with closing(open_store(cache)) as store:
            return store.made(_ENVIRONMENT, [row]).get(row)
    except StoreError:
        return None


def _keep(scope: Scope, cache: Path, found: Found) -> None:
    """Keep *found*; an index that cannot be written is no reason to stop."""
    try:
        with closing(open_store(cache)) as store, store.batch():
            store.keep_made(_ENVIRONMENT, {_row(scope): to_bytes(found)})
    except StoreError:
        return
