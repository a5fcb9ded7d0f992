"""What a scope holds, registers and needs: its tables of functions, and the names that it uses from outside.

Every relation carries its place (1-based lines) and the ``#if`` condition it stands under. Both branches of an
``#ifdef`` are kept. Lists are sorted by path and line unless a docstring says otherwise. Who calls whom is told by
`codereader.facts.graph.edges`.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codereader.facts.brief.uses import Use, Uses, added
from codereader.index.parsed import Definition, TableEntry
from codereader.index.view import At, IndexView
from codereader.source.spans import line_of

C_LANGUAGE_NAMES = frozenset(
    {
        "sizeof", "offsetof", "typeof", "alignof", "_Alignof", "__alignof__", "__typeof__", "defined",
        "va_start", "va_end", "va_arg", "va_copy", "assert", "static_assert", "_Static_assert",
        "container_of", "likely", "unlikely", "ARRAY_SIZE", "READ_ONCE", "WRITE_ONCE", "min", "max",
        "min_t", "max_t", "BUILD_BUG_ON", "BUG", "BUG_ON", "WARN_ON", "WARN_ON_ONCE", "IS_ERR", "PTR_ERR",
        "ERR_PTR", "IS_ENABLED", "__attribute__", "if", "while", "for", "switch", "return",
    }
)  # fmt: skip
"""What C, its compilers and the kernel's most basic macros give every file: never worth naming as used from outside."""

_PYTHON_LANGUAGE_NAMES = frozenset(dir(builtins))
_STATEMENTS = re.compile(
    r"__builtin|(EXPORT|MODULE|module|DEFINE|DECLARE|SYSCALL_DEFINE\d)_|\w*initcall|\w*_SYMBOL(_GPL)?$"
)
"""Macros that make statements or definitions rather than being used."""

_REGISTERS = re.compile(r"(^|_)(register|add_protocol|add_offload|add_pack)(_|s?$)", re.IGNORECASE)
_STRUCT = re.compile(r"\bstruct (\w+)")
_UNREGISTERS = re.compile(r"(^|_)(un|de)_?register|(^|_)(del|remove)_")


@dataclass(frozen=True, slots=True)
class Table:
    """A file-level table of functions. `line` is that of the variable's name where known, else of its first entry."""

    variable: str
    struct: str | None
    path: str
    line: int
    entries: tuple[TableEntry, ...]
    condition: str | None = None


def dotted(definition: Definition) -> str:
    """Return the name under which references inside *definition* know it."""
    return f"{definition.owner}.{definition.name}" if definition.owner else definition.name


def tables(view: IndexView, path: str | None = None) -> tuple[Table, ...]:
    """Return the tables of functions, their entries in the order of the source."""
    return grouped_tables(view.tables(path=path), view.definitions(path=path, kinds=("variable",)))


def grouped_tables(entries: Iterable[At[TableEntry]], definitions: Iterable[At[Definition]]) -> tuple[Table, ...]:
    """Group *entries* into tables and find each one's variable among *definitions*.

    What functions assign to members is no part of a table.
    """
    grouped: dict[tuple[str, str], list[TableEntry]] = {}
    for at in entries:
        if not at.fact.assigned:
            grouped.setdefault((at.path, at.fact.variable), []).append(at.fact)
    named: dict[tuple[str, str], list[Definition]] = {}
    for one in definitions:
        if one.fact.kind == "variable" and (one.path, one.fact.name) in grouped:
            named.setdefault((one.path, one.fact.name), []).append(one.fact)
    return tuple(_table(key, grouped[key], named.get(key, ())) for key in sorted(grouped))


def _table(key: tuple[str, str], entries: Sequence[TableEntry], named: Sequence[Definition]) -> Table:
    ordered = tuple(sorted(entries, key=lambda entry: (entry.row, entry.field, entry.function)))
    first = ordered[0].row
    around = [one for one in named if one.span.first_row <= first <= one.span.last_row]
    if not around:
        return Table(key[1], ordered[0].struct, key[0], line_of(first), ordered, ordered[0].condition)
    struct = ordered[0].struct or _declared(around[0])
    return Table(key[1], struct, key[0], line_of(around[0].row), ordered, around[0].condition)


def _declared(variable: Definition) -> str | None:
    """Return the struct that a variable's declaration names; entries of a nested initialiser have another one."""
    match = _STRUCT.search(variable.signature)
    return match[1] if match else None


def is_registering(function: str) -> bool:
    """Tell whether a function's name says that it registers what it is given."""
    return bool(_REGISTERS.search(function)) and not _UNREGISTERS.search(function)


def used_from_outside(uses: Uses, defined: Iterable[str]) -> tuple[Use, ...]:
    """Return the names that are called or put into tables and not among *defined*, most used first.

    Names of the language itself are left out, and so are calls on objects, whose targets a name does not tell.
    """
    known = frozenset(defined)
    return tuple(use for use in added(uses.calls, uses.held) if not (use.name in known or _is_language(use)))


def _is_language(use: Use) -> bool:
    """Tell whether a name belongs to the language of the file that uses it."""
    if use.path.endswith((".py", ".pyi")):
        return use.name in _PYTHON_LANGUAGE_NAMES
    return use.name in C_LANGUAGE_NAMES or bool(_STATEMENTS.match(use.name))
