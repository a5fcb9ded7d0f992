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
    "function",
    "struct",
    "union",
    "enum",
    "enumerator",
    "typedef",
    "macro",
    "variable",
    "constant",
    "class",
    "interface",
    "trait",
    "module",
    "method",
    "property",
    "option",
    "heading",
    "key",
    "target",
]
"""``option`` is a Kconfig symbol, ``heading`` of Markdown, ``key`` of settings, ``target`` of make.

A ``method`` is a function directly inside a class. ``module`` is a namespace or module that the file itself opens.
"""

ReferenceKind = Literal["call", "name"]
"""``call``: the name is called. ``name``: it is mentioned as a value or type (address taken, decorator, base class)."""

EntryKind = Literal["initcall", "exitcall", "syscall", "main", "console script", "parameter"]


@dataclass(frozen=True, slots=True)
class Definition:
    """A symbol that this file defines (declarations do not count).

    `span` covers the whole definition; `row` is the name's row. `made` names the macro that made it, None where it is
    written out; only the linker knows. `signature` is one line of text
    without the body. `owner` is the enclosing class or function, dotted (``Reader.ask``'s owner is ``Reader``).
    `fields` holds member lines of a struct, union or enum, the bases of a class, or the decorators of a function
    (``@staticmethod``). `doc` is the first
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
    made: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A use of a name. `caller` is the dotted name of the definition it stands in, None at file level.

    `receiver` is what stands before the last dot or arrow (``os.path`` in ``os.path.join()``), None for a bare name.
    `base` is the type with which the file declares the first name of the receiver (``struct inode *`` for
    ``inode->i_op->create()``), None where it does not say. In Python it is what the whole receiver holds, or a bare
    name that is local, in the words of `codereader.index.python.held` (``?``: the file does not tell).
    `made` is as in `Definition`.
    """

    name: str
    kind: ReferenceKind
    row: int
    caller: str | None = None
    receiver: str | None = None
    condition: str | None = None
    base: str | None = None
    made: str | None = None


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One field of a file-level table that holds a function or another named object: ``.open = ramfs_open``.

    `variable` is the table's name, `struct` the type of the whole variable (element type of an array) without the
    word struct; the linker replaces it with the struct that `field` is a member of. `path` leads from the variable's
    type to that struct, dotted (``u.ops``), empty for a direct member. A member that is not named but known by its
    place is ``#2`` (0-based), in `path` and as `field` alike; array elements are not part of a path.
    `assigned` marks ``ops->open = f`` in the body of a function: `variable` is then the receiver as written, `struct`
    the type that the file declares its first name with, if any. `made` is as in `Definition`.
    """

    variable: str
    struct: str | None
    field: str
    function: str
    row: int
    condition: str | None = None
    path: str = ""
    assigned: bool = False
    made: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a struct or union. `type` is as written, one line, with a star for each pointer
    (``struct inode_operations *``); a pointer to a function has the type ``fn``. Members that are mere numbers are
    left out. `place` is the 0-based position among the members, numbers counted, which a positional initialiser means.
    """

    name: str
    type: str
    place: int


@dataclass(frozen=True, slots=True)
class Record:
    """The members of a struct or union. Members of anonymous ones inside it count as its own.

    `name` is the tag, else the typedef's name; that of an inner one with a member name and no tag is ``outer.member``.
    In Python: what the attributes of ``class Box``, the variables of the ``module`` or the result of ``def f`` hold.
    """

    name: str
    members: tuple[Member, ...]
    row: int
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Macro:
    """A ``#define`` whose expansion may make something: a function-like one, or an alias of a name.

    `parameters` is None for an object-like macro; a variadic one ends in ``...`` or ``args...``. `body` is on one
    line, without comments. Bodies that are mere numbers or strings are left out.
    """

    name: str
    parameters: tuple[str, ...] | None
    body: str
    row: int
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class MacroUse:
    """A macro used like a declaration, at file level: ``DEFINE_SHOW_ATTRIBUTE(stat);``.

    `arguments` are as written, on one line; None where the macro has no parentheses. `has_body` tells that ``{``
    follows, so that the macro makes the head of a function that stands in the file.
    """

    macro: str
    arguments: str | None
    row: int
    condition: str | None = None
    has_body: bool = False


@dataclass(frozen=True, slots=True)
class Include:
    """An ``#include`` or import. `target` is as written (``linux/fs.h``, ``codereader.source.walk``, ``.walk``).

    `names` are what ``from target import names`` binds, with an alias as ``name as alias``; ``import target as alias``
    gives ``* as alias``. `system` is true for ``<...>``.
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
    macros: tuple[Macro, ...] = ()
    records: tuple[Record, ...] = ()
    uses: tuple[MacroUse, ...] = ()
    error_nodes: int = 0
