"""Facts of one file as compact bytes, and back.

Four sections, so that a question reads only what it needs: definitions, references (the bulk, in columns with
their strings once), what has a meaning only together with other files (macros, records), and the rest. Each is
JSON, compressed. Equal facts give equal bytes.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codereader.index.parsed import (
    BuildRule,
    Definition,
    Entry,
    Export,
    Include,
    Macro,
    MacroUse,
    Member,
    ParsedFile,
    Record,
    Reference,
    TableEntry,
)
from codereader.source.spans import Span

LEVEL = 1
"""Compression level: speed counts more than the last tenth of size."""

_KINDS = ("call", "name")


class DamagedSection(ValueError):
    """Bytes that `pack` did not write."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A `ParsedFile` ready for the store.

    `mentions` has one row a name, sorted: how often the file defines it, calls it, names it, and puts it in a table.
    """

    lines: int
    summary: str | None
    error_nodes: int
    definitions: bytes
    references: bytes
    others: bytes
    links: bytes
    mentions: tuple[tuple[str, int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Links:
    """What of a file has a meaning only together with other files."""

    macros: tuple[Macro, ...]
    records: tuple[Record, ...]
    uses: tuple[MacroUse, ...]


@dataclass(frozen=True, slots=True)
class Others:
    """The facts of a file besides definitions and references."""

    tables: tuple[TableEntry, ...]
    includes: tuple[Include, ...]
    exports: tuple[Export, ...]
    entries: tuple[Entry, ...]
    builds: tuple[BuildRule, ...]


def pack(parsed: ParsedFile) -> Packed:
    """Return *parsed* as bytes."""
    return Packed(
        lines=parsed.lines,
        summary=parsed.summary,
        error_nodes=parsed.error_nodes,
        definitions=_squeeze([_definition_row(one) for one in parsed.definitions]),
        references=_squeeze(_columns(parsed.references)),
        others=_squeeze(
            [
                [_table_row(one) for one in parsed.tables],
                [[one.target, one.row, one.names, one.system, one.condition] for one in parsed.includes],
                [[one.name, one.kind, one.row, one.condition] for one in parsed.exports],
                [[one.name, one.kind, one.via, one.row, one.condition] for one in parsed.entries],
                [_build_row(one) for one in parsed.builds],
            ]
        ),
        links=_squeeze(
            [
                [[one.name, one.parameters, one.body, one.row, one.condition] for one in parsed.macros],
                [_record_row(one) for one in parsed.records],
                [[one.macro, one.arguments, one.row, one.condition, int(one.has_body)] for one in parsed.uses],
            ]
        ),
        mentions=_mentions(parsed),
    )


def unpack_definitions(raw: bytes) -> tuple[Definition, ...]:
    """Return the definitions that `pack` wrote. Raises: DamagedSection for bytes that it did not write."""
    return tuple(
        Definition(row[0], row[1], Span(*row[2]), row[3], row[4], row[5], bool(row[6]), row[7], tuple(row[8]), row[9])
        for row in _expand(raw)
    )


def unpack_references(raw: bytes, name: str | None = None) -> tuple[Reference, ...]:
    """Return the references that `pack` wrote, only those to *name* if given. Raises: DamagedSection for others."""
    strings, *columns = _expand(raw)
    if name is None:
        picked: Iterable[tuple[int, ...]] = zip(*columns, strict=True)
    else:
        wanted = strings.index(name) if name in strings else -1
        picked = (row for row in zip(*columns, strict=True) if row[0] == wanted)
    return tuple(
        Reference(
            strings[row[0]],
            _KINDS[row[1]],  # type: ignore[arg-type]
            row[2],
            strings[row[3]] if row[3] >= 0 else None,
            strings[row[4]] if row[4] >= 0 else None,
            strings[row[5]] if row[5] >= 0 else None,
            strings[row[6]] if row[6] >= 0 else None,
        )
        for row in picked
    )


def unpack_others(raw: bytes) -> Others:
    """Return the other facts that `pack` wrote. Raises: DamagedSection for bytes that it did not write."""
    tables, includes, exports, entries, builds = _expand(raw)
    return Others(
        tuple(TableEntry(row[0], row[1], row[2], row[3], row[4], row[5], row[6], bool(row[7])) for row in tables),
        tuple(Include(row[0], row[1], tuple(row[2]), bool(row[3]), row[4]) for row in includes),
        tuple(Export(*row) for row in exports),
        tuple(Entry(*row) for row in entries),
        tuple(
            BuildRule(row[0], row[1], tuple(row[2]), row[3], row[4], row[5], row[6], tuple(row[7])) for row in builds
        ),
    )


def unpack_links(raw: bytes) -> Links:
    """Return what `pack` wrote of macros and records. Raises: DamagedSection for bytes that it did not write."""
    macros, records, uses = _expand(raw)
    return Links(
        tuple(Macro(row[0], None if row[1] is None else tuple(row[1]), *row[2:]) for row in macros),
        tuple(Record(row[0], tuple(Member(*one) for one in row[1]), row[2], row[3]) for row in records),
        tuple(MacroUse(row[0], row[1], row[2], row[3], bool(row[4])) for row in uses),
    )


def _definition_row(one: Definition) -> list[Any]:
    span = one.span
    place = [span.start, span.end, span.first_row, span.last_row]
    return [
        one.name, one.kind, place, one.row, one.signature, one.owner, int(one.exported), one.condition, one.fields,
        one.doc,
    ]  # fmt: skip


def _table_row(one: TableEntry) -> list[Any]:
    return [one.variable, one.struct, one.field, one.function, one.row, one.condition, one.path, int(one.assigned)]


def _record_row(one: Record) -> list[Any]:
    return [one.name, [[member.name, member.type, member.place] for member in one.members], one.row, one.condition]


def _build_row(one: BuildRule) -> list[Any]:
    written = [one.variable, one.operator, one.words]
    return [one.goal, one.symbol, one.objects, one.row, one.condition, *written]


def _columns(references: Sequence[Reference]) -> list[list[Any]]:
    """Return the strings, then columns of name, kind, row, caller, receiver, condition and base; -1 for none."""
    places: dict[str | None, int] = {None: -1}
    strings: list[str] = []
    columns: list[list[Any]] = [[], [], [], [], [], [], []]

    def place(text: str | None) -> int:
        at = places.get(text)
        if at is None:
            at = places[text] = len(strings)
            strings.append(text or "")
        return at

    name, kind, row, caller, receiver, condition, base = columns
    for one in references:
        name.append(place(one.name))
        kind.append(0 if one.kind == "call" else 1)
        row.append(one.row)
        caller.append(place(one.caller))
        receiver.append(place(one.receiver))
        condition.append(place(one.condition))
        base.append(place(one.base))
    return [strings, *columns]


def _mentions(parsed: ParsedFile) -> tuple[tuple[str, int, int, int, int], ...]:
    counts: dict[str, list[int]] = {}
    for definition in parsed.definitions:
        counts.setdefault(definition.name, [0, 0, 0, 0])[0] += 1
    for reference in parsed.references:
        counts.setdefault(reference.name, [0, 0, 0, 0])[1 if reference.kind == "call" else 2] += 1
    for table in parsed.tables:
        counts.setdefault(table.function, [0, 0, 0, 0])[3] += 1
    return tuple((name, *count) for name, count in sorted(counts.items()))  # type: ignore[misc]


def _squeeze(value: Sequence[Any] | Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode("ascii"), LEVEL)


def _expand(raw: bytes) -> Any:
    try:
        return json.loads(zlib.decompress(raw))
    except (zlib.error, ValueError, TypeError) as error:
        raise DamagedSection(f"not a packed section: {error}") from error
