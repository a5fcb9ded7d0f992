"""What the parser saw in one file, as plain data.

Content only: no path, no database, no tree-sitter types, so that the same bytes give the same value anywhere.
Rows are 0-based. `condition` is the ``#if`` stack in words (``defined(CONFIG_MMU) && !X``), None
where there is none; include guards do not count as conditions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codereader.source.spans import Span

DefinitionKind = Literal[
    "function", "struct", "union", "enum", "typedef", "macro", "variable", "class", "method", "option"
]
"""``option`` is a Kconfig symbol. A ``method`` is a function directly inside a class."""

ReferenceKind = Literal["call", "name"]
"""``call``: the name is called. ``name``: it is mentioned as a value or type (address taken, decorator, base class)."""

EntryKind = Literal["initcall", "exitcall", "syscall", "main", "console script"]


@dataclass(frozen=True, slots=True)
class Definition:
    """A symbol that this file defines (declarations do not count).

    `span` covers the whole definition; `row` is the name's row. `signature` is one line of text
    without the body. `owner` is the enclosing class or function, dotted (``Reader.ask``'s owner is ``Reader``).
    `fields` holds member lines of a struct, union or enum, or the bases of a class. `doc` is the first
    sentence of the comment or docstring that belongs to it, else None.
    """

    name: str
    kind: DefinitionKind
    span: Span
    row: int
    signature: str
    owner: str | None = None
    exported: bool = False
    condition: str | None = None
    fields: tuple[str, ...] = ()
    doc: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A use of a name. `caller` is the dotted name of the definition it stands in, None at file level.

    `receiver` is what stands before the last dot or arrow (``os.path`` in ``os.path.join()``), None for a bare name.
    """

    name: str
    kind: ReferenceKind
    row: int
    caller: str | None = None
    receiver: str | None = None
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One field of a file-level table that holds a function or another named object: ``.open = ramfs_open``.

    `struct` is the table's type without the word struct, `variable` its name.
    """

    variable: str
    struct: str | None
    field: str
    function: str
    row: int
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Include:
    """An ``#include`` or import. `target` is as written (``linux/fs.h``, ``codereader.source.walk``, ``.walk``).

    `names` are what ``from target import names`` binds; `system` is true for ``<...>``.
    """

    target: str
    row: int
    names: tuple[str, ...] = ()
    system: bool = False
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """A symbol offered to others: ``EXPORT_SYMBOL_GPL(name)``, ``__all__``. `kind` is the macro or variable's name."""

    name: str
    kind: str
    row: int
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Where control comes in from outside: ``fs_initcall(init)`` gives ``name="init", via="fs_initcall"``."""

    name: str
    kind: EntryKind
    via: str
    row: int
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class BuildRule:
    """One assignment of a build file: ``file-mmu-$(CONFIG_MMU) := file-mmu.o``.

    `goal` is the list it adds to (``file-mmu``, ``obj``), `symbol` the configuration symbol or ``y``/``m``,
    `objects` the words on the right, expanded where the file itself says how. `variable`, `operator` and `words`
    are the two sides and the sign between them as written (``file-mmu-$(CONFIG_MMU)``, ``:=``).
    """

    goal: str
    symbol: str
    objects: tuple[str, ...]
    row: int
    condition: str | None = None
    variable: str = ""
    operator: str = "+="
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """All facts of one file's bytes. `lines` counts lines; `summary` is the file's own words on itself
    (header comment or module docstring, first paragraph, without licence lines), None where it has none.
    `error_nodes` counts the parser's ERROR and MISSING nodes.
    """

    language: str
    lines: int
    summary: str | None = None
    definitions: tuple[Definition, ...] = ()
    references: tuple[Reference, ...] = ()
    tables: tuple[TableEntry, ...] = ()
    includes: tuple[Include, ...] = ()
    exports: tuple[Export, ...] = ()
    entries: tuple[Entry, ...] = ()
    builds: tuple[BuildRule, ...] = ()
    error_nodes: int = 0
