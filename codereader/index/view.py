"""What the rooms after the index may ask of it: one scope, read-only, located facts.

Paths are relative to the scope (see `codereader.source.scope`). All lists are sorted by (path, row, name),
so that the same tree gives the same bytes under any hash seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from codereader.index.parsed import (
    BuildRule,
    Definition,
    Entry,
    Export,
    Include,
    ParsedFile,
    Reference,
    TableEntry,
)
from codereader.source.scope import Scope, Skipped


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """One file of the scope as the index knows it. `size` in bytes; `blob` is the git blob id of its bytes, hex."""

    path: str
    language: str
    size: int
    lines: int
    blob: str
    error_nodes: int
    summary: str | None = None


T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class At(Generic[T_co]):
    """A fact and the file it stands in."""

    path: str
    fact: T_co


class IndexView(Protocol):
    """The index of one scope."""

    scope: Scope
    skipped: Sequence[Skipped]

    def files(self) -> Sequence[IndexedFile]: ...
    def file(self, path: str) -> IndexedFile | None: ...
    def parsed(self, path: str) -> ParsedFile: ...
    def definitions(
        self, *, name: str | None = None, path: str | None = None, kinds: Sequence[str] = ()
    ) -> Sequence[At[Definition]]: ...
    def references(
        self, *, name: str | None = None, path: str | None = None, caller: str | None = None, kind: str | None = None
    ) -> Sequence[At[Reference]]: ...
    def tables(self, *, path: str | None = None, function: str | None = None) -> Sequence[At[TableEntry]]: ...
    def includes(self, *, path: str | None = None) -> Sequence[At[Include]]: ...
    def exports(self, *, path: str | None = None) -> Sequence[At[Export]]: ...
    def entries(self, *, path: str | None = None) -> Sequence[At[Entry]]: ...
    def builds(self, *, path: str | None = None) -> Sequence[At[BuildRule]]: ...
    def text(self, path: str) -> bytes:
        """Return the file's bytes as they were when it was indexed.

        Raises: NothingReadable when the file has gone or its bytes have changed since.
        """
        ...
