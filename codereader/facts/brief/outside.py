"""What a brief takes from outside of its scope, and whether that is still the same.

The build files above the scope, the names of documents and tests, and a few headers: never above the root, never
through a symbolic link. Whatever else a brief says follows from the index alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice

from codereader.index.above import read_above
from codereader.source.disk import read_small
from codereader.source.scope import Scope

MOST_LISTED = 4_000
"""So many names of a folder are looked at."""

DEPTH = 3
"""So many folders deep documents and tests are looked for."""

SHORT_NAME = 3
"""A scope with a shorter name has no namesakes: too much is called like it by chance."""

NAMED = {"Documentation": "documents", "tools/testing/selftests": "selftests"}
"""The folders of the root with what may be called like a scope, and what stands in them."""

LARGEST = 256 << 10
"""Larger headers, in bytes, are not read."""


class Outside:
    """The headers outside of one scope, and what was seen of them: a digest by path from the root, None for nothing."""

    def __init__(self, scope: Scope) -> None:
        self._root = scope.root
        self.seen: dict[str, str | None] = {}

    def read(self, path: str) -> bytes | None:
        """Return the bytes of the header at *path* from the root, None where there is none that is small enough."""
        is_inside = not path.startswith("/") and ".." not in path.split("/")
        got = read_small(self._root / path, LARGEST + 1, follow=False) if is_inside else None
        data = None if got is None or len(got[0]) > LARGEST else got[0]
        self.seen[path] = None if data is None else sha256(data).hexdigest()
        return data

    def is_still(self, seen: Mapping[str, str | None]) -> bool:
        """Tell whether all that was *seen* once reads the same now."""
        for path in seen:
            self.read(path)
        return all(self.seen[path] == digest for path, digest in seen.items())


def surroundings(scope: Scope) -> bytes:
    """Return a digest of what stands around *scope*: the build files above it, and what is called like it."""
    digest = sha256()
    for path, language, data in read_above(scope):
        digest.update(os.fsencode(f"{path}\0{language}\0{len(data)}\0"))
        digest.update(data)
    for folder in NAMED:
        digest.update(os.fsencode("\0".join([folder, *namesakes(scope, folder)]) + "\n"))
    return digest.digest()


def namesakes(scope: Scope, folder: str) -> list[str]:
    """Return the files and folders (with a slash) below *folder* of the root called like *scope*, folders first."""
    name = scope.folder.rpartition("/")[2].lower()
    if len(name) < SHORT_NAME:
        return []
    found = _called(scope.root / folder, name)
    return sorted(found, key=lambda path: (not path.endswith("/"), len(path.rpartition("/")[2]), path))


def _called(top: os.PathLike[str], name: str) -> Iterator[str]:
    pattern = re.compile(rf"(?:^|[^a-z0-9]){re.escape(name)}(?:[^a-z0-9]|$)")
    folders = [("", 0)]
    while folders:
        folder, depth = folders.pop()
        for entry in _listed(os.path.join(top, folder)):  # noqa: PTH118
            path = f"{folder}/{entry.name}" if folder else entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if pattern.search(entry.name.lower()):
                yield f"{path}/" if is_folder else path
            elif is_folder and depth + 1 < DEPTH:
                folders.append((path, depth + 1))


def _listed(folder: str) -> Sequence[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(islice(entries, MOST_LISTED), key=lambda one: one.name)
    except OSError:
        return ()
