"""Show one file at a level of detail.

A skeleton keeps everything that is structure (types, tables, macros, #if lines, exports) and elides
the bodies of functions, saying how many lines each had. An outline is one line a symbol. A name is one line a file.
Works on a file's bytes and its parsed facts; knows nothing of budgets or disks. Lines shown are 1-based.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from codereader.index.parsed import Definition, ParsedFile, TableEntry
from codereader.pack.segment import Level

_INDENTED = ("method", "property")
BODY_KINDS = frozenset({"function", "method", "property"})

ROLE_CHARS = 100
"""Longest role, in characters, that a name line carries."""


def show(path: str, data: bytes, parsed: ParsedFile, level: Level) -> str:
    """Return the segment text of a file at *level*, delimiters included. Bytes that are not UTF-8 become U+FFFD."""
    if level == "name":
        return show_name(path, parsed.lines, parsed.summary, main_names(parsed.definitions))
    body = _BODIES[level](data, parsed)
    end = "" if body.endswith("\n") else "\n"
    return f"=== {one_line(path)} ({level}, {_size(parsed)})\n{body}{end}"


def show_name(path: str, lines: int, summary: str | None, names: Sequence[str]) -> str:
    """Return the name level of a file: path, size, and its role by its own words or else by its first *names*."""
    role = (summary and " ".join(summary.split())) or ", ".join(names[:5])
    told = f": {one_line(role)[:ROLE_CHARS]}" if role else ""
    return f"=== {one_line(path)} ({lines} lines{told})\n"


def one_line(text: str) -> str:
    """Return *text* with line breaks and undecodable bytes escaped, so that a path cannot forge a delimiter."""
    safe = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in safe)


def full(data: bytes, _: ParsedFile) -> str:
    """Return the whole text."""
    return data.decode("utf-8", "replace")


def skeleton(data: bytes, parsed: ParsedFile) -> str:
    """Return the text with the body of every outermost function elided and counted."""
    out: list[str] = []
    at = 0
    for definition in _outermost_functions(parsed):
        start, end = definition.span.start, definition.span.end
        out.append(data[at:start].decode("utf-8", "replace"))
        out.append(_elided(definition, parsed.language))
        at = end
    out.append(data[at:].decode("utf-8", "replace"))
    return "".join(out)


def outline(_: bytes, parsed: ParsedFile) -> str:
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


_BODIES = {"full": full, "uncommented": full, "skeleton": skeleton, "outline": outline}


def _size(parsed: ParsedFile) -> str:
    return f"{parsed.lines} lines"


def main_names(definitions: Iterable[Definition]) -> list[str]:
    """Return the names that tell what a file without words of its own is about, sorted."""
    return sorted({d.name for d in definitions if d.exported or d.kind in ("function", "class", "struct")})


def _outermost_functions(parsed: ParsedFile) -> list[Definition]:
    """Return functions in order of place, without those that lie inside another."""
    kept: list[Definition] = []
    functions = (d for d in parsed.definitions if d.kind in BODY_KINDS)
    for definition in sorted(functions, key=lambda d: (d.span.start, -d.span.end)):
        if not kept or definition.span.start >= kept[-1].span.end:
            kept.append(definition)
    return kept


def _elided(definition: Definition, language: str) -> str:
    count = definition.span.last_row - definition.span.first_row + 1
    if language == "python":
        return f"{definition.signature.rstrip(':')}: ...  # {count} lines"
    return f"{definition.signature} {{ /* {count} lines */ }}"


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
