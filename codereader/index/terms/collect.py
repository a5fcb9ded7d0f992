"""Bring the index of terms up to date with an index of facts: only what it does not know is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from codereader.cancel import CancelToken
from codereader.index.damage import DamagedSection
from codereader.index.digest import UnreadableError, read
from codereader.index.rows import unpack_definition_names
from codereader.index.terms.bag import Bag, bag_of_content, bag_of_path
from codereader.index.terms.shelves import content_key, path_key
from codereader.index.terms.store import TermStore
from codereader.index.view import IndexedFile, IndexView
from codereader.index.workers import work_all
from codereader.source.scope import from_root

BATCH_TERMS = 4 << 20
BATCH_TEXTS = 8192
"""So many postings, or texts, are written at once."""

FORGOTTEN, FEW = 4, 10_000
"""With so many texts for each content that the index of facts knows, and so many more, it begins anew."""

CHUNK = 8192
"""So many contents are handed to workers together, with what the index has of them."""

Progress = Callable[[int, int], None]


def collect(view: IndexView, store: TermStore, cancel: CancelToken, progress: Progress) -> None:
    """Let the index of terms *store* hold every text of *view*, where it can be written.

    *progress* is called with the contents read and those to read. Raises: StoreError, Cancelled.
    """
    if not store.is_writable:
        return
    known = store.texts()
    if len(known) > FORGOTTEN * view.count_contents() + FEW:
        store.clear()
        known = {}
    contents: dict[bytes, IndexedFile] = {}
    for file in view.files():
        contents.setdefault(content_key(file), file)
    places = {path_key(path): path for path in (from_root(view.scope, file.path) for file in view.files())}
    _take(store, _path_bags(places, known, cancel), cancel, _silent)
    wanted = {file.path: file for key, file in contents.items() if key not in known}
    _take(store, _bags(view, wanted, cancel), cancel, lambda done: progress(done, len(wanted)))
    if len(wanted) > len(contents) / 2:
        with cancel.anywhere():
            store.compact()


def _silent(_: int) -> None:
    """Report nothing."""


def _path_bags(
    places: Mapping[bytes, str], known: Container[bytes], cancel: CancelToken
) -> Iterator[tuple[bytes, Bag | None]]:
    """Yield the bags of the paths that are not known, by key."""
    for key, path in places.items():
        if key not in known:
            cancel.check()
            yield key, bag_of_path(path)


def _take(
    store: TermStore, bags: Iterator[tuple[bytes, Bag | None]], cancel: CancelToken, progress: Callable[[int], None]
) -> None:
    """Add the *bags* batch by batch; what is written is kept when the work is stopped."""
    batch: list[tuple[bytes, Bag]] = []
    size = 0
    for done, (key, bag) in enumerate(bags, 1):
        progress(done)
        if bag is None:
            continue
        batch.append((key, bag))
        size += len(bag.numbers)
        if size >= BATCH_TERMS or len(batch) >= BATCH_TEXTS:
            with cancel.anywhere():
                store.add(batch)
            batch, size = [], 0
    if batch:
        with cancel.anywhere():
            store.add(batch)


class _Task(NamedTuple):
    """A content to read words from: where it lies, what it must still be, and its definitions as the index has them."""

    path: str
    language: str
    size: int
    blob: str
    definitions: bytes

    def work(self) -> Bag | None:
        """Return the bag; None for a file that has gone or changed, or whose definitions are damaged."""
        try:
            content = read(self.path)
            names = unpack_definition_names(self.definitions)
        except (UnreadableError, DamagedSection):
            return None
        if content.blob != self.blob:
            return None
        return bag_of_content(content.data.decode("utf-8", "replace"), self.language, names)


def _bags(view: IndexView, files: Mapping[str, IndexedFile], cancel: CancelToken) -> Iterator[tuple[bytes, Bag | None]]:
    """Yield the bags of *files*, by path, with their keys; None for one that cannot be read as it was indexed."""
    packed = view.packed_definitions(files)
    while some := list(islice(packed, CHUNK)):
        tasks = [
            _Task(
                os.path.join(view.scope.root, from_root(view.scope, path)),  # noqa: PTH118  # keeps every byte of a name
                files[path].language,
                files[path].size,
                files[path].blob,
                raw,
            )
            for path, raw in some
        ]
        for (path, _), made in zip(some, work_all(tasks, cancel), strict=True):
            yield content_key(files[path]), made if isinstance(made, Bag) else None
