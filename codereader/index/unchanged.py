"""Whether a scope is as it was when the index last held all of it: then neither a walk nor a build has anything to do.

A walk is kept in the index when a build has nothing left to do and nothing that decided can have changed unseen
(`codereader.source.listing`). Whatever is written of a root afterwards forgets the walks of that root.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path

from codereader.cancel import CancelToken
from codereader.errors import StoreError
from codereader.index.known import is_fresh
from codereader.index.parse import EXTRACTOR, problems, stamp
from codereader.index.store import FileRow, Store, WalkRow, open_to_read
from codereader.source.listing import is_same
from codereader.source.scope import LazyFiles, Scope, Skipped, State, Walk, from_root

LEVEL = 1
LISTED_BYTES = 8

Again = Callable[[], Walk]


def unchanged(
    scope: Scope, ground: bytes, cache: Path, cancel: CancelToken, again: Again
) -> tuple[Walk, tuple[str, ...]] | None:
    """Return the walk of *scope* that the index in the folder *cache* holds whole, and the notes of its build.

    None where anything changed since. *ground* is that of `codereader.source.listing`; *again* walks, for who looks at
    files one by one. Raises: Cancelled.
    """
    if not ground or scope.only:
        return None
    try:
        with closing(open_to_read(cache)) as store:
            row = store.walk(scope.root, _key(scope))
    except StoreError:
        return None
    if row is None or row.ground != ground:
        return None
    try:
        languages, skipped, notes, told = json.loads(row.rest)
        state = State(ground, tuple(_split(row.folders)), _cut(row.listed))
        paths = _split(row.paths)
    except (zlib.error, ValueError, TypeError):
        return None
    if row.stamps != _stamps(languages) or len(state.folders) != len(state.listed):
        return None
    if not is_same(scope, state, cancel):
        return None
    files = LazyFiles(paths, lambda: again().files)
    return Walk(scope, files, tuple(Skipped(*one) for one in skipped), tuple(notes), state), tuple(told)


def keep(store: Store, walk: Walk, known: Mapping[str, FileRow]) -> None:
    """Keep *walk* where the index holds each of its files as it is; *known* are the files that it holds, by path."""
    state, scope = walk.state, walk.scope
    if state is None or not all(is_fresh(known.get(from_root(scope, file.path)), file) for file in walk.files):
        return
    row = _row(walk, state)
    if store.walk(scope.root, _key(scope)) == row:
        return
    with suppress(StoreError), store.batch():
        store.keep_walk(store.root(scope.root), _key(scope), row)


def _row(walk: Walk, state: State) -> WalkRow:
    languages = sorted({file.language for file in walk.files})
    rest = [languages, [[one.path, one.reason] for one in walk.skipped], walk.notes, problems(languages)]
    return WalkRow(
        ground=state.ground,
        stamps=_stamps(languages),
        folders=_joined(state.folders),
        listed=b"".join(state.listed),
        paths=_joined(walk.paths),
        rest=json.dumps(rest, separators=(",", ":")),
    )


def _key(scope: Scope) -> bytes:
    return hashlib.blake2b(repr(scope).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _stamps(languages: Iterable[str]) -> str:
    return " ".join([EXTRACTOR, *(stamp(language) for language in languages)])


def _joined(paths: Iterable[str]) -> bytes:
    return zlib.compress(os.fsencode("\0".join(paths)), LEVEL)


def _split(raw: bytes) -> list[str]:
    data = zlib.decompress(raw)
    return os.fsdecode(data).split("\0") if data else [""]


def _cut(listed: bytes) -> tuple[bytes, ...]:
    return tuple(listed[at : at + LISTED_BYTES] for at in range(0, len(listed), LISTED_BYTES))
