"""Bring the index of terms up to date with an index of facts: only contents and paths that it does not know are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from codereader.cancel import CancelToken
from codereader.index.digest import UnreadableError, read
from codereader.index.terms.bag import Bag, bag_of_content, bag_of_path
from codereader.index.terms.store import TermStore, open_terms
from codereader.index.view import IndexedFile, IndexView
from codereader.source.scope import from_root

BATCH_TERMS = 4 << 20
"""So many postings are written at once."""

Progress = Callable[[int, int], None]


def content_key(file: IndexedFile) -> bytes:
    """Return what the content of *file* is known by."""
    return bytes.fromhex(file.blob) + file.language.encode()


def path_key(path: str) -> bytes:
    """Return what *path*, relative to the root, is known by."""
    return b"/" + os.fsencode(path)


def collect(view: IndexView, cache: Path, cancel: CancelToken, progress: Progress) -> TermStore:
    """Return the index of terms in the folder *cache*, holding every text of *view*.

    *progress* is called with the contents read and those to read. Raises: StoreError, Cancelled.
    """
    store = open_terms(cache)
    try:
        known = store.texts()
        contents: dict[bytes, IndexedFile] = {}
        for file in view.files():
            contents.setdefault(content_key(file), file)
        places = {path_key(path): path for path in (from_root(view.scope, file.path) for file in view.files())}
        new = [(key, path) for key, path in places.items() if key not in known]
        if new:
            store.add([(key, bag_of_path(path)) for key, path in new])
        wanted = {file.path: file for key, file in contents.items() if key not in known}
        _collect(store, _bags(view, wanted, cancel), lambda done: progress(done, len(wanted)))
        if len(wanted) > len(contents) / 2:
            store.compact()
    except BaseException:
        store.close()
        raise
    return store


def _collect(store: TermStore, bags: Iterator[tuple[bytes, Bag]], progress: Callable[[int], None]) -> None:
    batch: list[tuple[bytes, Bag]] = []
    size = 0
    for done, (key, bag) in enumerate(bags, 1):
        batch.append((key, bag))
        size += len(bag.numbers)
        progress(done)
        if size >= BATCH_TERMS:
            store.add(batch)
            batch, size = [], 0
    if batch:
        store.add(batch)


def _bags(view: IndexView, files: Mapping[str, IndexedFile], cancel: CancelToken) -> Iterator[tuple[bytes, Bag]]:
    """Yield the bags of *files*, by path; one that changed since it was indexed is left out."""
    scope = view.scope
    for path, names in view.defined_names(files):
        cancel.check()
        try:
            content = read(os.path.join(scope.root, from_root(scope, path)))  # noqa: PTH118  # keeps every byte of a name
        except UnreadableError:
            continue
        file = files[path]
        if content.blob == file.blob:
            yield content_key(file), bag_of_content(content.data.decode("utf-8", "replace"), file.language, names)
