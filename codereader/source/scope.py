"""What a person pointed at, and the files found there.

Paths inside a scope are relative to it, written with ``/``, and may hold lone surrogates
where the file system's bytes are not UTF-8 (`os.fsdecode`). Knows nothing of parsing.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, overload

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
class State:
    """What a walk saw, told so shortly that it can be kept: where it is the same, another walk finds the same.

    `folders` are those that were listed, from the scope, each empty or ending in ``/``; `listed` has a digest of what
    each held. `ground` is a digest of all else that decided.
    """

    ground: bytes
    folders: tuple[str, ...]
    listed: tuple[bytes, ...]


class LazyFiles(Sequence[SourceFile]):
    """The files of a walk that was not repeated, since nothing has changed; *find* repeats it when one is looked at."""

    def __init__(self, paths: Sequence[str], find: Callable[[], Sequence[SourceFile]]) -> None:
        self.paths = paths
        self._find = find
        self._found: Sequence[SourceFile] | None = None

    def __len__(self) -> int:
        return len(self.paths if self._found is None else self._found)

    def __iter__(self) -> Iterator[SourceFile]:
        return iter(self._files())

    @overload
    def __getitem__(self, at: int) -> SourceFile: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[SourceFile]: ...

    def __getitem__(self, at: int | slice) -> SourceFile | Sequence[SourceFile]:
        return self._files()[at]

    def _files(self) -> Sequence[SourceFile]:
        if self._found is None:
            self._found = self._find()
        return self._found


@dataclass(frozen=True, slots=True)
class Walk:
    """All that a walk found, both lists sorted by path.

    `notes` are sentences on what the walk could not take into account (a git index of an unknown kind). `state` is
    None where a change could go unseen: something could not be read, or was written a moment ago.
    """

    scope: Scope
    files: Sequence[SourceFile]
    skipped: tuple[Skipped, ...] = field(default=())
    notes: tuple[str, ...] = ()
    state: State | None = None

    @property
    def paths(self) -> Sequence[str]:
        """The paths of the files, sorted."""
        return self.files.paths if isinstance(self.files, LazyFiles) else [file.path for file in self.files]


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
