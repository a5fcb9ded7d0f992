"""One line a symbol: its line, its signature, what a table holds, its condition.

Every row begins with its 1-based line. A file without symbols is told by its headings, the rules of its build, or the
lines at its margin.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from codereader.index.anatomy import Anatomy
from codereader.index.parsed import BuildRule, Definition, ParsedFile, TableEntry
from codereader.pack.detail.heading import one_line
from codereader.pack.detail.lines import Lines

BODY_KINDS = frozenset({"function", "method", "property"})
"""Kinds of definition that have a body."""

MARGIN_ROWS = 8
"""So many lines at the margin stand for a file that has nothing else."""

WIDTH = 160
"""Longest row, in characters, of what is not a signature."""

_HOLDERS = frozenset({"struct", "union", "enum", "class", "interface", "trait", "module"})
"""Kinds of definition that what follows may stand in."""

_CLOSERS = (b"}", b")", b"]", b"#", b"//", b"/*", b"*", b"<!--", b"--")


def outline(parsed: ParsedFile) -> str:
    """Return the rows of the symbols of a file, in order of place; nothing where it has none."""
    held: dict[str, list[TableEntry]] = {}
    for entry in parsed.tables:
        if not entry.assigned:
            held.setdefault(entry.variable, []).append(entry)
    definitions = sorted(parsed.definitions, key=lambda one: (one.row, one.span.start, one.name, one.kind))
    rows = list(_symbols(definitions, held))
    named = {d.name for d in definitions}
    rows += [(some[0].row, f"{name}{_members(some)}") for name, some in held.items() if name not in named]
    rows += [(one.row, _rule(one)) for one in parsed.builds]
    told = {(d.row, d.signature.partition("(")[0]) for d in definitions}
    rows += [(e.row, f"{e.via}({e.name})") for e in parsed.entries if (e.row, e.via) not in told]
    offered: dict[tuple[int, str], list[str]] = {}
    for export in parsed.exports:
        if export.kind not in named:
            offered.setdefault((export.row, export.kind), []).append(export.name)
    rows += [(row, f"{kind}({', '.join(names)})") for (row, kind), names in offered.items()]
    return "".join(f"{row + 1}: {text}\n" for row, text in sorted(rows))


def margin(lines: Lines, parts: Anatomy) -> str:
    """Return rows for a file without symbols: its headings, else its first lines that are not indented."""
    found = list(_headings(lines, parts)) or list(_first(lines))
    return "".join(f"{row + 1}: {one_line(_text(lines, row))[:WIDTH]}\n" for row in found)


def _headings(lines: Lines, parts: Anatomy) -> Iterator[int]:
    """Yield the rows between stretches of prose, without what underlines them."""
    at = 0
    for one in parts.stretches:
        if one.kind == "prose":
            yield from (row for row in range(at, lines.row(one.start)) if any(map(str.isalnum, _text(lines, row))))
            at = lines.row(one.end - 1) + 1


def _first(lines: Lines) -> Iterator[int]:
    found = 0
    for row in range(lines.count):
        line = lines.line(row)
        if line.strip() and not line[:1].isspace() and not line.startswith(_CLOSERS):
            yield row
            found += 1
            if found == MARGIN_ROWS:
                return


def _text(lines: Lines, row: int) -> str:
    return lines.line(row)[: 4 * WIDTH].decode("utf-8", "replace").strip()


def _symbols(definitions: Sequence[Definition], held: dict[str, list[TableEntry]]) -> Iterator[tuple[int, str]]:
    """Yield rows of definitions; one whose owner the row before does not tell says whose it is."""
    around = ""
    modules = {_path(one) for one in definitions if one.kind == "module"}
    for one in definitions:
        members = _members([entry for entry in held.get(one.name, ()) if entry.row in _rows(one)])
        condition = f"  [{one.condition}]" if one.condition else ""
        owned = _owned(one, around, modules)
        yield one.row, f"{owned}{one_line(one.signature)}{members}{condition}"
        around = _path(one) if one.kind in _HOLDERS else one.owner or ""


def _path(one: Definition) -> str:
    return f"{one.owner}.{one.name}" if one.owner else one.name


def _owned(one: Definition, around: str, modules: Collection[str]) -> str:
    if not one.owner or one.kind == "heading" or one.signature.startswith("["):
        return ""
    inside = one.owner.rpartition(".")[2]
    is_told = one.owner == around or one.owner in modules or one.kind == "key" or _names(one, inside)
    return "  " if is_told else f"  {inside}: "


def _names(one: Definition, owner: str) -> bool:
    """Whether what stands before the name in a signature says whose it is: ``func (c *Command) Run()``."""
    before = one.signature.partition(one.name)[0]
    return re.search(rf"\b{re.escape(owner)}\b", before) is not None


def _rule(one: BuildRule) -> str:
    words = one_line(" ".join((one.variable, one.operator, *(one.words or one.objects))))
    condition = f"  [{one.condition}]" if one.condition else ""
    return (words if len(words) <= WIDTH else f"{words[: WIDTH - 1]}…") + condition


def _members(held: Sequence[TableEntry]) -> str:
    """Return what a table holds, in order of place: ``: .open=ramfs_open .read=...``."""
    return ": " + " ".join(f".{entry.field}={entry.function}" for entry in held) if held else ""


def _rows(definition: Definition) -> range:
    return range(definition.span.first_row, definition.span.last_row + 1)
