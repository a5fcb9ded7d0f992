"""What a C file says: functions, types, macros, tables, calls, and how control and symbols leave it.

Text comes blanked of its preprocessor (see `codereader.index.c.preprocessor`), so rows and offsets are the file's
own. A function that a macro defines goes by a name one can call: ``SYSCALL_DEFINE3(read, ...)`` is ``sys_read``,
``COMPATSYSCALL_DEFINE3(read, ...)`` is ``compat_sys_read``, any other ``MACRO(name, ...) { }`` is ``name``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from codereader.index.c.blocks import Blocks, Function, Statement, blocks
from codereader.index.c.declared import Declared, Variable
from codereader.index.c.macros import macro_definitions, macro_uses, macros
from codereader.index.c.preprocessor import plain
from codereader.index.c.reading import KEYWORDS, Captures, Reading
from codereader.index.c.receivers import Types
from codereader.index.c.records import records
from codereader.index.c.tables import Table, entries
from codereader.index.c.text import SYSCALL, shallow
from codereader.index.c.uses import assigned, local_tables, references
from codereader.index.parsed import (
    Definition,
    Entry,
    EntryKind,
    Export,
    Include,
    MacroUse,
    ParsedFile,
    TableEntry,
)
from codereader.index.prose import header_summary
from codereader.source.spans import Span

_STRUCT = re.compile(rb"\b(?:struct|union)\s+([A-Za-z_]\w*)")
_INCLUDE = re.compile(r'(?:<([^>]+)>|"([^"]+)")')
_EXPORT = re.compile(
    r"(?:EXPORT_(?:\w+_)?SYMBOL|\w+_EXPORT_SYMBOL|EXPORT_(?:STATIC_CALL|INDIRECT_CALLABLE|WEXT_HANDLER))\w*\Z"
)
_INITCALL = re.compile(r"(?:\w*_?initcall(?:_sync)?|module_init|__initcall)\Z")
_EXITCALL = re.compile(r"(?:__exitcall|module_exit)\Z")
_DRIVER = re.compile(r"(?:module|builtin)_(?:\w+_)?drivers?(?:_probe)?\Z|mdio_module_driver\Z|module_\w+_init\Z")
_PARAMETER = re.compile(r"(?:module_param|core_param)(?!_group)\w*\Z")
_SETUP = re.compile(r"(?:__setup|early_param)\Z")
_VARIABLE = re.compile(
    r"(?:DEFINE|LIST_HEAD|HLIST_HEAD|DECLARE_(?:WORK|DELAYED_WORK|TASKLET|WAIT_QUEUE_HEAD|RWSEM|MUTEX))"
)


def extract(data: bytes, query: Callable[[bytes], Captures]) -> ParsedFile:
    """Return the facts of the C text *data*; *query* parses text and returns its captures."""
    split = plain(data)
    reading = Reading(data, split)
    parts = blocks(split.bare)
    captures = query(shallow(parts.skeleton.text))
    functions = _functions(reading, parts)
    reading.know(functions)
    declared = Declared(reading, parts.skeleton, captures)
    held = declared.variables()
    uses = macro_uses(reading, parts)
    exports, entries = _ways_out(uses)
    variables = [one.definition for one in held if one.definition] + list(_made_variables(reading, parts))
    types = Types(reading.bare, {one.name: one.kind for one in held})
    definitions = [*functions, *declared.types(), *macro_definitions(reading), *variables]
    offered = {one.name for one in exports}
    entries.extend(Entry("main", "main", "main", one.row, one.condition) for one in functions if one.name == "main")
    entries.extend(_syscalls(parts, functions))
    return ParsedFile(
        language="c",
        lines=_lines(data),
        summary=_summary(reading),
        definitions=tuple(sorted((_offered(one, offered) for one in definitions), key=_place)),
        references=tuple(references(reading, parts, {one.name for one in variables if one.name}, types)),
        tables=tuple(_tables(reading, parts, held, types)),
        includes=tuple(_includes(reading)),
        exports=tuple(exports),
        entries=tuple(sorted(entries, key=lambda one: (one.row, one.name))),
        macros=tuple(macros(reading)),
        records=tuple(records(reading, parts.skeleton)),
        uses=tuple(uses),
        error_nodes=len(captures.get("error", ())),
    )


def _place(one: Definition) -> tuple[int, int, str, str]:
    return one.row, one.span.start, one.name, one.kind


def _lines(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


# -- definitions ----------------------------------------------------------------------------------------------------


def _functions(reading: Reading, parts: Blocks) -> list[Definition]:
    """Return the functions of the file, by place."""
    return [_function(reading, one) for one in parts.functions]


def _function(reading: Reading, one: Function) -> Definition:
    row = reading.row(one.at)
    return Definition(
        name=one.name,
        kind="function",
        span=Span(one.head, one.end, reading.row(one.head), reading.row(one.end - 1)),
        row=row,
        signature=reading.line(one.head, one.body),
        condition=reading.plain.condition(row),
        doc=reading.doc(one.head),
    )


def _tables(reading: Reading, parts: Blocks, declared: Sequence[Variable], types: Types) -> list[TableEntry]:
    """Return what the variables of the file hold, and what its functions put into members, by row."""
    tables = [
        Table(one.name, one.struct, one.filled, parts.filled[one.filled], one.array)
        for one in declared
        if one.filled in parts.filled
    ]
    for made in parts.statements:
        name = _made_name(reading, made)
        if made.filled in parts.filled and name:
            tables.append(Table(name, _argument_type(reading, made), made.filled, parts.filled[made.filled], False))
    tables.extend(local_tables(reading, parts, types))
    found = [entry for table in tables for entry in entries(reading, table)]
    found.extend(assigned(reading, parts, types))
    return sorted(found, key=lambda one: (one.row, one.variable, one.field, one.function))


def _offered(one: Definition, names: set[str]) -> Definition:
    return replace(one, exported=True) if one.name in names and one.kind in ("function", "variable") else one


# -- macros at file level ---------------------------------------------------------------------------------------------


def _ways_out(uses: Sequence[MacroUse]) -> tuple[list[Export], list[Entry]]:
    exports, entries = [], []
    for use in uses:
        first, _, rest = (use.arguments or "").partition(",")
        name = (rest if _SETUP.match(use.macro) else first).strip()
        if not name.isidentifier() or use.has_body:
            continue
        if _EXPORT.match(use.macro):
            exports.append(Export(name, use.macro, use.row, use.condition))
        elif kind := _entry_kind(use.macro):
            entries.append(Entry(name, kind, use.macro, use.row, use.condition))
    return exports, entries


def _entry_kind(macro: str) -> EntryKind | None:
    if _INITCALL.match(macro) or _DRIVER.match(macro):
        return "initcall"
    if _PARAMETER.match(macro) or _SETUP.match(macro):
        return "parameter"
    return "exitcall" if _EXITCALL.match(macro) else None


def _syscalls(parts: Blocks, functions: Sequence[Definition]) -> Iterator[Entry]:
    for block, one in zip(parts.functions, functions, strict=True):
        if block.macro and SYSCALL.match(block.macro):
            yield Entry(one.name, "syscall", block.macro, one.row, one.condition)


def _made_variables(reading: Reading, parts: Blocks) -> Iterator[Definition]:
    """Yield the variables that macros declare: ``DEFINE_MUTEX(lock)``."""
    for made in parts.statements:
        name = _made_name(reading, made)
        if not name:
            continue
        row = reading.row(made.start)
        yield Definition(
            name=name,
            kind="variable",
            span=Span(made.start, made.end, row, reading.row(made.end - 1)),
            row=row,
            signature=reading.line(made.start, made.arguments[1] + 1),
            condition=reading.plain.condition(row),
            doc=reading.doc(made.start),
        )


def _made_name(reading: Reading, made: Statement) -> str | None:
    """Return the name of the variable that a macro declares, None for one that declares none."""
    parts = [part.strip() for part in reading.bare[slice(*made.arguments)].decode("utf-8", "replace").split(",")]
    if not _VARIABLE.match(made.macro) and made.filled < 0 and not (made.alone and len(parts) == 1):
        return None
    name = parts[-1] if "PER_CPU" in made.macro else parts[0]
    return name if name.isidentifier() and name not in KEYWORDS else None


def _argument_type(reading: Reading, made: Statement) -> str | None:
    """Return the struct that a macro declares a variable with, if an argument names one."""
    found = _STRUCT.search(reading.bare, *made.arguments)
    return found[1].decode() if found else None


def _includes(reading: Reading) -> Iterator[Include]:
    for directive in reading.plain.directives:
        match = _INCLUDE.match(directive.rest) if directive.word in ("include", "include_next") else None
        if match:
            condition = reading.plain.condition(directive.row)
            yield Include(match[1] or match[2], directive.row, system=bool(match[1]), condition=condition)


def _summary(reading: Reading) -> str | None:
    """Return what the comments above the first line of code say of the file."""
    comments = []
    at = 0
    for start, end in reading.plain.comments:
        if reading.data[at:start].strip():
            break
        comments.append(reading.data[start:end].decode("utf-8", "replace"))
        at = end
    return header_summary(comments)
