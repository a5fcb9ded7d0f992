"""Where an ``#include`` leads along a tree's own include paths.

Paths are relative to the root, with ``/``. A header is looked for beside the file, then from its folder upwards in
``include/`` (and ``include/uapi``) and ``src/`` of each, as the kernel and most other trees lay them out; ``asm/``
falls back to ``include/asm-generic``. Knows no index: a function tells which paths exist.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Callable
from pathlib import Path

FOLDERS = ("include", "include/uapi", "include/generated", "src")
"""Folders, below any folder above a file, in which its headers are looked for."""

_GENERIC = ("include/asm-generic",)


class IncludePaths:
    """Finds included files among those that *exists* knows; what was found once is remembered."""

    def __init__(self, exists: Callable[[str], bool]) -> None:
        self._exists = exists
        self._found: dict[tuple[str, str, bool], str | None] = {}
        self._upwards: dict[tuple[str, str, tuple[str, ...]], str | None] = {}

    def find(self, path: str, target: str, *, system: bool) -> str | None:
        """Return the file that *target*, included in the file *path*, means, None where there is none in the root."""
        key = (path.rpartition("/")[0], target, system)
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def _find(self, folder: str, target: str, system: bool) -> str | None:
        target = target.strip()
        if not target or target.startswith("/") or "\0" in target:
            return None
        beside = None if system else self._in(folder, target)
        found = beside or self._above(folder, target, FOLDERS)
        if found is None and target.startswith("asm/"):
            found = self._above(folder, target[4:], _GENERIC)
        return found or self._above(folder, target, ("",))

    def _above(self, folder: str, target: str, names: tuple[str, ...]) -> str | None:
        """Return the first of *target* in the folders *names* of *folder*, else of the folder above it, up to the root.

        Files of one root share most of the way, so every step of it is remembered.
        """
        key = (folder, target, names)
        if key not in self._upwards:
            inside = (self._in(posixpath.join(folder, name) if name else folder, target) for name in names)
            found = next(filter(None, inside), None)
            if found is None and folder:
                found = self._above(folder.rpartition("/")[0], target, names)
            self._upwards[key] = found
        return self._upwards[key]

    def _in(self, folder: str, target: str) -> str | None:
        path = f"{folder}/{target}" if folder else target
        if "./" in path or "//" in path or path.endswith("."):
            path = posixpath.normpath(path)
        leads_out = path == ".." or path.startswith("../")
        return path if not leads_out and self._exists(path) else None


class Disk:
    """The regular files below a root, folder by folder; symbolic links are never followed."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._listed: dict[str, tuple[frozenset[str], frozenset[str]]] = {"": self._list("")}

    def exists(self, path: str) -> bool:
        """Whether *path*, relative to the root, is a regular file."""
        folder, _, name = path.rpartition("/")
        return name in self._listing(folder)[0]

    def place(self, path: str) -> str:
        """Return *path* as the operating system takes it."""
        return os.path.join(self._root, *path.split("/"))  # noqa: PTH118  # keeps every byte of a name

    def state(self, path: str) -> tuple[int, int, int] | None:
        """Return size in bytes, time of change in nanoseconds and inode of a regular file, else None."""
        try:
            found = os.lstat(self.place(path))
        except (OSError, ValueError):
            return None
        return (found.st_size, found.st_mtime_ns, found.st_ino) if stat.S_ISREG(found.st_mode) else None

    def changed(self, folder: str) -> int:
        """Return when something last came into *folder* or left it, in nanoseconds; 0 where it has gone."""
        try:
            return os.lstat(self.place(folder) if folder else self._root).st_mtime_ns
        except OSError:
            return 0

    def _listing(self, folder: str) -> tuple[frozenset[str], frozenset[str]]:
        found = self._listed.get(folder)
        if found is None:
            above, _, name = folder.rpartition("/")
            inside = name in self._listing(above)[1]
            found = self._listed[folder] = self._list(folder) if inside else (frozenset(), frozenset())
        return found

    def _list(self, folder: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names of the regular files and of the folders in *folder*."""
        files, folders = [], []
        try:
            with os.scandir(self.place(folder) if folder else self._root) as listing:
                for entry in listing:
                    if entry.is_file(follow_symlinks=False):
                        files.append(entry.name)
                    elif entry.is_dir(follow_symlinks=False) and not _is_junction(entry):
                        folders.append(entry.name)
        except OSError:
            return frozenset(), frozenset()
        return frozenset(files), frozenset(folders)


def _is_junction(entry: os.DirEntry[str]) -> bool:
    return os.name == "nt" and bool(getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0))
