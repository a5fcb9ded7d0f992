"""How the index stands to what is on disk, and how to forget it.

Sizes are bytes, times seconds since the epoch. `status` parses and writes nothing.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from codereader.config import COUNTS_NAME
from codereader.errors import NothingReadable, StoreError
from codereader.index.database import BROKEN, FILE_NAME, TERMS_NAME, beside_of
from codereader.index.known import is_fresh
from codereader.index.pruning import prune_all
from codereader.index.store import Root, Store, open_store, open_to_read
from codereader.source.git import find_top
from codereader.source.scope import Walk, from_root


@dataclass(frozen=True, slots=True)
class Status:
    """What the index at `path`, of `size` bytes, holds of a scope in `root`; `terms` are the bytes of the words beside.

    `languages` counts the scope's files on disk. Of these the index lacks `missing` and holds `changed` as they no
    longer are; it knows `gone` files that the scope no longer has. `built` is when a build of the root last changed
    anything, None where none did. `unused` counts contents that no file of any root holds any more; `others` are the
    other roots.
    """

    path: Path
    size: int
    terms: int
    root: Path
    files: int
    languages: Mapping[str, int]
    missing: int
    changed: int
    gone: int
    built: int | None
    contents: int
    unused: int
    others: tuple[Root, ...]

    @property
    def is_current(self) -> bool:
        """Whether a build would find nothing to do."""
        return not (self.missing or self.changed or self.gone)


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was forgotten: files of how many roots, contents that none holds any more, and bytes on disk."""

    path: Path
    roots: int
    files: int
    contents: int
    freed: int


def status(walk: Walk, cache: Path) -> Status:
    """Return how the index in the folder *cache* stands to *walk*.

    Raises: StoreError where there is an index that cannot be read.
    """
    path = cache / FILE_NAME
    if not path.is_file():
        return _status(walk, path, None)
    with closing(open_to_read(cache)) as store:
        return _status(walk, path, store)


def _status(walk: Walk, path: Path, store: Store | None) -> Status:
    scope = walk.scope
    known = dict(store.files(scope.root, scope.folder)) if store else {}
    roots = store.roots() if store else []
    rows = [(file, known.pop(from_root(scope, file.path), None)) for file in walk.files]
    narrowed = scope.only or scope.include or scope.exclude
    return Status(
        path=path,
        size=_size(path),
        terms=_size(path.with_name(TERMS_NAME)),
        root=scope.root,
        files=len(walk.files),
        languages=dict(sorted(Counter(file.language for file in walk.files).items())),
        missing=sum(row is None for _, row in rows),
        changed=sum(row is not None and not is_fresh(row, file) for file, row in rows),
        gone=0 if narrowed else len(known),
        built=next((root.built for root in roots if root.path == scope.root and root.built), None),
        contents=store.count_contents() if store else 0,
        unused=store.count_contents() - store.count_in_use() if store else 0,
        others=tuple(root for root in roots if root.path != scope.root),
    )


def clear(path: Path, cache: Path) -> Cleared:
    """Forget the root that *path* lies in, and the contents and words that no other root holds.

    Raises: NothingReadable where the index knows no such root; StoreError where it cannot be written.
    """
    index = cache / FILE_NAME
    terms = cache / TERMS_NAME
    before = _size(index) + _size(terms)
    wanted = _root_of(path)
    known = _known_root(wanted, cache)
    if known is None:
        raise NothingReadable(f"the index {index} holds nothing of {wanted}", "See: codereader index PATH --status")
    with closing(open_store(cache)) as store:
        with store.batch():
            store.forget_root(known.row)
            contents = prune_all(store)
        store.shrink()
        if terms.exists():
            _forget_terms(store, cache)
    return Cleared(index, 1, known.files, contents, before - _size(index) - _size(terms))


def _forget_terms(store: Store, cache: Path) -> None:
    """Forget the words of what *store* no longer holds. Raises: StoreError."""
    from codereader.index.terms.shelves import key_of_content, path_key
    from codereader.index.terms.store import open_terms

    kept = {key_of_content(blob, language) for blob, language in store.contents()}
    kept.update(map(path_key, store.paths()))
    with closing(open_terms(cache)) as terms:
        terms.forget(kept)


def _known_root(path: Path, cache: Path) -> Root | None:
    if not (cache / FILE_NAME).is_file():
        return None
    with closing(open_to_read(cache)) as store:
        return next((root for root in store.roots() if root.path == path), None)


def _root_of(path: Path) -> Path:
    """Return the root that *path* lies in, whether or not it is still on disk."""
    found = Path(os.path.realpath(path))
    folder = found if found.is_dir() or not found.exists() else found.parent
    return find_top(folder) or folder


def clear_all(cache: Path) -> Cleared:
    """Delete the index in the folder *cache*, one that was set aside, and the words and counts beside.

    Raises: StoreError where that fails.
    """
    index = cache / FILE_NAME
    terms = cache / TERMS_NAME
    counts = cache / COUNTS_NAME
    places = (index, *beside_of(index), cache / BROKEN, terms, *beside_of(terms), counts, *beside_of(counts))
    doomed = [place for place in places if place.exists()]
    freed = sum(place.stat().st_size for place in doomed)
    roots = contents = files = 0
    try:
        with closing(open_to_read(cache)) as store:
            roots, contents = len(store.roots()), store.count_contents()
            files = sum(root.files for root in store.roots())
    except StoreError:
        pass  # an index that cannot be read is deleted all the same
    try:
        for place in doomed:
            place.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"cannot delete {error.filename}: {error.strerror or error}") from error
    return Cleared(index, roots, files, contents, freed)


def _size(index: Path) -> int:
    return sum(place.stat().st_size for place in (index, *beside_of(index)) if place.exists())
