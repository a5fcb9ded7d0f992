"""One line a symbol: its line, its signature, what a table holds, its condition."""

from __future__ import annotations

from collections.abc import Sequence

from codereader.index.parsed import Definition, ParsedFile, TableEntry
from codereader.pack.detail.heading import one_line

_INDENTED = ("method", "property")
BODY_KINDS = frozenset({"function", "method", "property"})
"""Kinds of definition that have a body."""


def outline(parsed: ParsedFile) -> str:
    """Return one line a symbol: its line, its signature, what a table holds, its condition; in order of place."""
    held: dict[str, list[TableEntry]] = {}
    for entry in parsed.tables:
        if entry.assigned:
            continue
        held.setdefault(entry.variable, []).append(entry)
    rows = [(d.row, _symbol(d, held.get(d.name, ()))) for d in parsed.definitions]
    named = {d.name for d in parsed.definitions}
    rows += [(some[0].row, f"{name}{_members(some)}") for name, some in held.items() if name not in named]
    rows += [(e.row, f"{e.via}({e.name})") for e in parsed.entries]
    rows += [(e.row, f"{e.kind}({e.name})") for e in parsed.exports]
    return "\n".join(f"{row + 1}: {text}" for row, text in sorted(rows))


def _symbol(definition: Definition, held: Sequence[TableEntry]) -> str:
    owner = f"{definition.owner}." if definition.owner and definition.kind not in _INDENTED else ""
    indent = "  " if definition.kind in _INDENTED else ""
    condition = f"  [{definition.condition}]" if definition.condition else ""
    members = _members([entry for entry in held if entry.row in _rows(definition)])
    return f"{indent}{owner}{one_line(definition.signature)}{members}{condition}"


def _members(held: Sequence[TableEntry]) -> str:
    """Return what a table holds, in order of place: ``: .open=ramfs_open .read=...``."""
    return ": " + " ".join(f".{entry.field}={entry.function}" for entry in held) if held else ""


def _rows(definition: Definition) -> range:
    return range(definition.span.first_row, definition.span.last_row + 1)
