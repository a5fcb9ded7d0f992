"""What a walk depends on, told so shortly that it can be kept: whether it is the same is seen without judging a file.

A folder is told by the names in it, and kind, size, time and inode of all but the folders among them. All else that
decides (flags, rules outside the scope, the repository, the languages) makes the ground. Times are nanoseconds.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from codereader.cancel import CancelToken
from codereader.source.disk import read_small
from codereader.source.git import Repository, is_repository, open_repository
from codereader.source.ignore import MAX_RULES_BYTES
from codereader.source.languages import known_languages
from codereader.source.layers import GIT_RULES, STRONG_RULES, WEAK_RULES
from codereader.source.scope import Scope, State

VERSION = 3
"""Raised whenever a walk judges files in another way."""

SETTLED_NS = 2_000_000_000
"""What was written this shortly before it was seen may be written again within its clock's tick."""

ATTRIBUTES = ".gitattributes"
_JUNCTION = 0xA0000003
"""Reparse tag of a Windows junction (IO_REPARSE_TAG_MOUNT_POINT), which is a link to a folder."""


def is_link(entry: os.DirEntry[str]) -> bool:
    """Tell whether *entry* is a symbolic link, or on Windows a junction. Raises: OSError."""
    if entry.is_symlink():
        return True
    return os.name == "nt" and getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == _JUNCTION


class Listing:
    """The folders that a walk lists, as it goes; `state` is what they come to."""

    def __init__(self, ground: bytes) -> None:
        self._ground = ground
        self._began = time.time_ns()
        self._folders: list[str] = []
        self._listed: list[bytes] = []
        self._latest = 0
        self.is_whole = True
        """Whether everything could be read."""

    def add(self, path: str, on_disk: str, entries: Iterable[os.DirEntry[str]]) -> None:
        """Take note of what the folder *path* lists."""
        try:
            listed, latest = _listed(path, on_disk, entries)
        except OSError:
            self.is_whole = False
            return
        self._folders.append(path)
        self._listed.append(listed)
        self._latest = max(self._latest, latest)

    @property
    def state(self) -> State | None:
        """What was seen, None where a change could go unseen."""
        if not self.is_whole or not self._ground or self._latest + SETTLED_NS >= self._began:
            return None
        return State(self._ground, tuple(self._folders), tuple(self._listed))


def is_same(scope: Scope, state: State, cancel: CancelToken) -> bool:
    """Tell whether the folders of *state* list what they did; the ground is not looked at. Raises: Cancelled."""
    top = os.fspath(scope.path)
    for path, before in zip(state.folders, state.listed, strict=True):
        cancel.check()
        folder = f"{top}/{path}"
        try:
            with os.scandir(folder) as listing:
                if _listed(path, folder, listing)[0] != before:
                    return False
        except OSError:
            return False
    return True


def _listed(path: str, on_disk: str, entries: Iterable[os.DirEntry[str]]) -> tuple[bytes, int]:
    """Return a digest of the *entries* of a folder, and the latest time of a file in it. Raises: OSError."""
    latest = 0
    rows: list[tuple[str | int, ...]] = []
    for entry in entries:
        name = entry.name
        if entry.is_dir(follow_symlinks=False):
            rows.append((name, is_link(entry)) if os.name == "nt" else (name,))
            continue
        found = entry.stat(follow_symlinks=False)
        written = found.st_mtime_ns
        if written > latest:
            latest = written
        rows.append((name, found.st_mode, found.st_size, written, found.st_ino))
    rows.sort()
    if path and (any(row[0] == ".git" for row in rows)):
        rows.append((is_repository(Path(on_disk)),))
    return hashlib.blake2b(marshal.dumps(rows, _PLAIN), digest_size=8).digest(), latest


_PLAIN = 2
"""The latest form of marshal in which equal values always give equal bytes."""


def ground_of(scope: Scope) -> bytes:
    """Return a digest of all that decides about a walk of *scope* and does not lie in its folders.

    Empty where that was written a moment ago, so that it may change again and look the same.
    """
    began = time.time_ns()
    known = known_languages()
    repository = open_repository(scope.root) if scope.has_git else None
    index = _index_of(repository) if repository else None
    if index is not None and index[1] + SETTLED_NS >= began:
        return b""
    told = (VERSION, scope, known.languages, sorted(known.own), known.problems, repository, index)
    digest = hashlib.blake2b(repr(told).encode("utf-8", "replace"), digest_size=16)
    for found in _outside(scope, repository):
        digest.update(repr(found and found[0]).encode())
    return digest.digest()


def _index_of(repository: Repository) -> tuple[int, int, int] | None:
    """Return size, time and inode of git's index, None where there is none."""
    try:
        found = (repository.folder / "index").stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _outside(scope: Scope, repository: Repository | None) -> Iterator[tuple[bytes, os.stat_result] | None]:
    """Yield what the rule files in the folders above the scope hold, and those that git names outside the tree."""
    folder = scope.root
    for name in scope.folder.split("/") if scope.folder else ():
        for rules in (GIT_RULES, STRONG_RULES, WEAK_RULES, ATTRIBUTES):
            yield read_small(folder / rules, MAX_RULES_BYTES, follow=rules == ATTRIBUTES)
        folder /= name
    for path in repository.excludes if repository else ():
        yield read_small(path, MAX_RULES_BYTES)
