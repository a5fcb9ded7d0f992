"""What the index knows of the word under the cursor: how ``codereader find`` spells it, which file an include means.

Everything here runs on a desk's thread. Rows are 0-based.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codereader.facts.graph.edges import Edges
    from codereader.index.parsed import Definition
    from codereader.reader import Reader

_SURE = frozenset({"same file", "only one", "visible by include"})
"""Words of confidence for a name that means one definition."""


@dataclass(frozen=True, slots=True)
class Word:
    """An identifier of a file. It begins at the character `column`; `receiver` stands before its dot or arrow."""

    path: str
    name: str
    row: int
    column: int
    receiver: str | None = None


def spelled_by_index(reader: Reader, word: Word, *, is_linked: bool = True) -> str:
    """Return *word* as ``codereader find`` takes it: ``STRUCT.FIELD``, ``CLASS.METHOD``, ``FILE:NAME`` or a name.

    Without links it is told at once, by what the files say that hold it, and more often by its name alone.
    Raises: StoreError, Cancelled.
    """
    edges = reader.edges if is_linked else reader.unlinked
    found = _member_of(reader, word) or _defined(edges, word) or _used(edges, word)
    return found or word.name


def included_file(reader: Reader, path: str, row: int, *, is_linked: bool = True) -> str | None:
    """Return the file that the include or import at *row* of *path* means, None where there is none.

    Raises: StoreError, Cancelled.
    """
    from codereader.index.includes import include_map

    view = reader.view
    for at in view.includes(path=path):
        if at.fact.row != row:
            continue
        file = view.file(path)
        if file is not None and file.language == "python":
            return include_map(view).modules.find(path, at.fact.target)
        linked = reader.linked if is_linked else reader.unlinked.linked
        return next(iter(linked.included(path, at.fact)), None)
    return None


def _member_of(reader: Reader, word: Word) -> str | None:
    """Return the member of a struct that is declared, or filled by a table, on the word's row."""
    view = reader.view
    for at in view.tables(path=word.path):
        if at.fact.row == word.row and at.fact.field == word.name and at.fact.struct:
            return f"{at.fact.struct}.{word.name}"
    around = {one.name for one in _around(reader, word) if one.kind in ("struct", "union")}
    for record in view.records(path=word.path):
        if record.fact.name in around and any(one.name == word.name for one in record.fact.members):
            return f"{record.fact.name}.{word.name}"
    return None


def _around(reader: Reader, word: Word) -> Iterator[Definition]:
    for at in reader.view.definitions(path=word.path):
        if at.fact.span.first_row <= word.row <= at.fact.span.last_row and at.fact.row != word.row:
            yield at.fact


def _defined(edges: Edges, word: Word) -> str | None:
    """Return the spelling of the definition whose name stands on the word's row."""
    from codereader.facts.graph.symbol import spelled

    linked = edges.linked
    for at in linked.definitions(path=word.path):
        if at.fact.row == word.row and at.fact.name == word.name:
            return spelled(at, linked.definitions(name=word.name))
    return None


def _used(edges: Edges, word: Word) -> str | None:
    """Return the spelling of what a use on the word's row means, where that is one definition or member."""
    from codereader.facts.graph.symbol import spelled

    view = edges.linked.view
    uses = [at.fact for at in view.references(path=word.path, name=word.name) if at.fact.row == word.row]
    for one in sorted(uses, key=lambda use: use.receiver != word.receiver):
        member = edges.member(word.path, one)
        if member is not None:
            return f"{member.struct}.{word.name}" if member.struct else None
        meant = edges.resolve(word.path, word.name, one.receiver, one.caller, one.base)
        if meant and (len(meant) == 1 or meant[0].confidence in _SURE):
            return spelled(meant[0].definition, edges.linked.definitions(name=word.name))
    return None
