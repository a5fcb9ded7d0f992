"""Facts of one file as compact bytes, and back.

Five sections, so that a question reads only what it needs: definitions, references (the bulk, in columns with
their strings once), what has a meaning only together with other files (macros, records), the names of others that
the file uses, and the rest. Each is JSON, compressed. Equal facts give equal bytes.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from codereader.index import postings
from codereader.index.damage import DamagedSection
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


@dataclass(frozen=True, slots=True)
class Packed:
    """A `ParsedFile` ready for the store.

    `names` holds the names that the file refers to and does not define, `mentions` all names as
    `codereader.index.postings` writes them.
    """

    lines: int
    summary: str | None
    error_nodes: int
    definitions: bytes
    references: bytes
    others: bytes
    links: bytes
    names: bytes
    mentions: bytes

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(map(len, (self.definitions, self.references, self.others, self.links, self.names, self.mentions)))


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
        names=_squeeze(_foreign(parsed)),
        mentions=_mentions(parsed),
    )


def unpack_definitions(raw: bytes) -> tuple[Definition, ...]:
    """Return the definitions that `pack` wrote. Raises: DamagedSection for bytes that it did not write."""
    return tuple(
        Definition(row[0], row[1], Span(*row[2]), row[3], row[4], row[5], bool(row[6]), row[7], tuple(row[8]), row[9])
        for row in _expand(raw)
    )


def unpack_definition_names(raw: bytes) -> tuple[str, ...]:
    """Return the names of the definitions that `pack` wrote. Raises: DamagedSection for bytes that it did not write."""
    return tuple(row[0] for row in _expand(raw))


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


def unpack_plain_calls(raw: bytes, wanted: Container[str]) -> list[Reference]:
    """Return the calls of *wanted* names, through no object and inside a definition, that `pack` wrote.

    Raises: DamagedSection for bytes that it did not write.
    """
    strings, *columns = _expand(raw)
    places = {at for at, text in enumerate(strings) if text in wanted}
    return [
        Reference(
            strings[row[0]],
            "call",
            row[2],
            strings[row[3]],
            None,
            strings[row[5]] if row[5] >= 0 else None,
            strings[row[6]] if row[6] >= 0 else None,
        )
        for row in zip(*columns, strict=True)
        if row[0] in places and row[1] == 0 and row[4] < 0 <= row[3]
    ]


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


def unpack_names(raw: bytes) -> dict[str, int]:
    """Return the names that `pack` found to be others', and how often each. Raises: DamagedSection for other bytes."""
    names, counts = _expand(raw)
    return dict(zip(names, counts, strict=True))


class Head(NamedTuple):
    """What of a definition tells whether others can mean it: as in `codereader.index.parsed.Definition`."""

    name: str
    kind: str
    signature: str
    owner: str | None


def unpack_heads(raw: bytes) -> list[Head]:
    """Return the heads of the definitions that `pack` wrote. Raises: DamagedSection for bytes that it did not write."""
    return [Head(row[0], row[1], row[4], row[5]) for row in _expand(raw)]


class Held(NamedTuple):
    """How many different names of each kind a file has. Tables that are only assigned to do not count."""

    entries: int
    tables: int
    exports: int


def unpack_held(raw: bytes) -> Held:
    """Return how many entries, tables and exports `pack` wrote. Raises: DamagedSection for bytes that it did not."""
    tables, _, exports, entries, _ = _expand(raw)
    return Held(
        len({row[0] for row in entries}),
        len({row[0] for row in tables if not row[7]}),
        len({row[0] for row in exports}),
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


def _columns(references: Sequence[Reference]) -> list[Any]:
    """Return the strings, then columns of name, kind, row, caller, receiver, condition and base; -1 for none."""
    columns = list(zip(*map(_REFERENCE, references), strict=True)) or [()] * len(_COLUMNS)
    texts = [column for name, column in zip(_COLUMNS, columns, strict=True) if name not in ("kind", "row")]
    strings = dict.fromkeys(chain.from_iterable(texts))
    strings.pop(None, None)
    places = {text: at for at, text in enumerate(strings)} | {None: -1}
    return [list(strings), *(_column(name, column, places) for name, column in zip(_COLUMNS, columns, strict=True))]


_COLUMNS = ("name", "kind", "row", "caller", "receiver", "condition", "base")
_REFERENCE = attrgetter(*_COLUMNS)


def _column(name: str, values: Sequence[Any], places: Mapping[str | None, int]) -> Sequence[int]:
    if name == "row":
        return values
    return list(map((_KINDS.index if name == "kind" else places.__getitem__), values))


def _foreign(parsed: ParsedFile) -> list[list[Any]]:
    """Return the names that *parsed* refers to and does not define, sorted, and how often each."""
    own = {one.name for one in parsed.definitions}
    counts = Counter(one.name for one in parsed.references)
    names = sorted(name for name in counts if name not in own)
    return [names, [counts[name] for name in names]]


def _mentions(parsed: ParsedFile) -> bytes:
    flags = dict.fromkeys((one.name for one in parsed.definitions), postings.DEFINES)
    for name, kind in {(one.name, one.kind) for one in parsed.references}:
        flags[name] = flags.get(name, 0) | (postings.CALLS if kind == "call" else postings.NAMES)
    held = {one.function for one in parsed.tables}
    for name in held | {postings.member_key(one.field) for one in parsed.tables}:
        flags[name] = flags.get(name, 0) | postings.TABLES
    return postings.mentions_of(flags)


def _squeeze(value: Sequence[Any] | Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode("ascii"), LEVEL)


def _expand(raw: bytes) -> Any:
    try:
        return json.loads(zlib.decompress(raw))
    except (zlib.error, ValueError, TypeError) as error:
        raise DamagedSection(f"not a packed section: {error}") from error
