"""What a person pointed at, and the files found there.

Paths inside a scope are relative to it, written with ``/``, and may hold lone surrogates
where the file system's bytes are not UTF-8 (`os.fsdecode`). Knows nothing of parsing.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

DEFAULT_MAX_BYTES = 1 << 20
"""Files above this size in bytes are skipped unless asked for."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A folder (or one file in it) inside a root.

    `root` is the git top, else the folder itself; `folder` is the scope's place under it
    (``""`` for the root); `only` names the single file of a one-file scope, relative to `folder`.
    `root` is absolute and has its symbolic links resolved. `max_bytes` bounds a file's size.
    `generated` takes in code that says it was generated: it is no reading for people, but what it does is a fact.
    """

    root: Path
    folder: str = ""
    only: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_bytes: int = DEFAULT_MAX_BYTES
    has_git: bool = False
    generated: bool = False

    @property
    def path(self) -> Path:
        """The absolute folder of the scope."""
        return self.root / self.folder if self.folder else self.root

    @property
    def name(self) -> str:
        """What to call the scope in a sentence: its folder's or file's name."""
        return self.only or self.path.name


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A text file found by the walk.

    `path` is relative to the scope's folder; `size` in bytes; `language` is a folder name under
    ``grammars/`` or ``"text"``. `blob` is the hex git blob id that the repository's index claims for the bytes,
    None where it does not vouch for them. The repository may lie: look results up by it, but store results only
    under the hash of bytes that were read. `asked` marks a file that is read because it was asked for, by its name or
    by a rule that brings it back: whether it looks generated was not considered.
    """

    path: str
    size: int
    mtime_ns: int
    inode: int
    language: str
    blob: str | None = None
    asked: bool = False


class Known(Protocol):
    """A file as an earlier walk found it: see `SourceFile`."""

    @property
    def size(self) -> int:
        """Its bytes."""

    @property
    def mtime_ns(self) -> int:
        """When it was last written."""

    @property
    def inode(self) -> int:
        """Its number in the file system."""

    @property
    def language(self) -> str:
        """What it is written in."""

    @property
    def asked(self) -> bool:
        """Whether it was asked for."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was seen and not read, and why (a short phrase for a person)."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Walk:
    """All that a walk found, both lists sorted by path.

    `notes` are sentences on what the walk could not take into account (a git index of an unknown kind).
    """

    scope: Scope
    files: tuple[SourceFile, ...]
    skipped: tuple[Skipped, ...] = field(default=())
    notes: tuple[str, ...] = ()


def from_root(scope: Scope, path: str) -> str:
    """Return the path from the root of a *path* from the scope's folder, which begins with ``../`` for one outside."""
    if path.startswith("../"):
        return posixpath.normpath(f"{scope.folder}/{path}")
    return f"{scope.folder}/{path}" if scope.folder else path


def from_scope(scope: Scope, path: str) -> str:
    """Return the path from the scope's folder of a *path* from the root; one outside begins with ``../``."""
    if not scope.folder:
        return path
    if path.startswith(scope.folder + "/"):
        return path[len(scope.folder) + 1 :]
    return posixpath.relpath(path, scope.folder)
