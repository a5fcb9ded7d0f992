"""What a C file says: functions, types, macros, tables, calls, and how control and symbols leave it.

Text comes blanked of its preprocessor (see `codereader.index.preprocessor`), so rows and offsets are the file's
own. A function that a macro defines goes by a name one can call: ``SYSCALL_DEFINE3(read, ...)`` is ``sys_read``,
``COMPATSYSCALL_DEFINE3(read, ...)`` is ``compat_sys_read``, any other ``MACRO(name, ...) { }`` is ``name``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from codereader.index.c_macros import macro_definitions, macro_uses, macros
from codereader.index.c_reading import KEYWORDS, Captures, Reading, name_of, text_of
from codereader.index.c_records import records
from codereader.index.c_text import SYSCALL, Statement, readable, shallow
from codereader.index.c_uses import references, tables
from codereader.index.parsed import Definition, DefinitionKind, Entry, EntryKind, Export, Include, ParsedFile
from codereader.index.preprocessor import plain
from codereader.index.prose import header_summary
from codereader.source.spans import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_INCLUDE = re.compile(r'(?:<([^>]+)>|"([^"]+)")')
_EXPORT = re.compile(r"(?:EXPORT_(?:\w+_)?SYMBOL|\w+_EXPORT_SYMBOL)\w*\Z")
_INITCALL = re.compile(r"(?:\w*_?initcall(?:_sync)?|module_init|__initcall)\Z")
_EXITCALL = re.compile(r"(?:__exitcall|module_exit)\Z")
_DRIVER = re.compile(r"module_\w+_driver\Z|module_\w+_init\Z")
_VARIABLE = re.compile(
    r"(?:DEFINE|LIST_HEAD|HLIST_HEAD|DECLARE_(?:WORK|DELAYED_WORK|TASKLET|WAIT_QUEUE_HEAD|RWSEM|MUTEX))"
)


def extract(data: bytes, query: Callable[[bytes], Captures]) -> ParsedFile:
    """Return the facts of the C text *data*; *query* parses text and returns its captures."""
    split = plain(data)
    reading = Reading(data, split)
    text, loose = readable(split.text)
    captures = query(shallow(text))
    functions = _functions(reading, captures.get("function", ()))
    reading.know(functions)
    statements = loose + [_statement(node) for node in captures.get("statement", ())]
    exports, entries = _ways_out(reading, statements)
    offered = {one.name for one in exports}
    variables = [*_variables(reading, captures.get("declaration", ())), *_made_variables(reading, statements)]
    definitions = [*functions, *_types(reading, captures), *macro_definitions(reading), *variables]
    entries.extend(Entry("main", "main", "main", one.row, one.condition) for one in functions if one.name == "main")
    entries.extend(_syscalls(functions))
    return ParsedFile(
        language="c",
        lines=_lines(data),
        summary=_summary(reading),
        definitions=tuple(sorted((_offered(one, offered) for one in definitions), key=_place)),
        references=tuple(references(reading, captures, variables)),
        tables=tuple(tables(reading, captures.get("declaration", ()))),
        includes=tuple(_includes(reading)),
        exports=tuple(exports),
        entries=tuple(sorted(entries, key=lambda one: (one.row, one.name))),
        macros=tuple(macros(reading)),
        records=tuple(records(reading, text)),
        uses=tuple(macro_uses(reading, statements)),
        error_nodes=len(captures.get("error", ())),
    )


def _place(one: Definition) -> tuple[int, int, str, str]:
    return one.row, one.span.start, one.name, one.kind


def _lines(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


# -- definitions ----------------------------------------------------------------------------------------------------


def _functions(reading: Reading, nodes: Sequence[Node]) -> list[Definition]:
    """Return the functions of the file; what looks like one inside another is a loop that a macro makes."""
    found: list[Definition] = []
    for node in nodes:
        start = node.start_byte
        if found and start < found[-1].span.end:
            continue
        body = node.child_by_field_name("body")
        name = name_of(node.child_by_field_name("declarator"))
        if body is None or name is None or text_of(name) in KEYWORDS:
            continue
        found.append(_definition(reading, node, "function", name, reading.line(start, body.start_byte)))
    return found


def _definition(
    reading: Reading, node: Node, kind: DefinitionKind, name: Node, signature: str, fields: tuple[str, ...] = ()
) -> Definition:
    start, row = node.start_byte, name.start_point[0]
    return Definition(
        name=text_of(name),
        kind=kind,
        span=Span(start, node.end_byte, node.start_point[0], node.end_point[0]),
        row=row,
        signature=signature,
        condition=reading.plain.condition(row),
        fields=fields,
        doc=reading.doc(start),
    )


def _types(reading: Reading, captures: Captures) -> Iterator[Definition]:
    kinds: tuple[DefinitionKind, ...] = ("struct", "union", "enum")
    for kind in kinds:
        for node in captures.get(kind, ()):
            name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
            if name is not None and body is not None:
                signature = reading.line(node.start_byte, body.start_byte)
                yield _definition(reading, node, kind, name, signature, _members(reading, body))
    for node in captures.get("typedef", ()):
        yield from _typedefs(reading, node)


def _typedefs(reading: Reading, node: Node) -> Iterator[Definition]:
    kind = node.child_by_field_name("type")
    body = kind.child_by_field_name("body") if kind is not None else None
    fields = _members(reading, body) if body is not None else ()
    for declarator in node.children_by_field_name("declarator"):
        name = name_of(declarator)
        if name is None:
            continue
        signature = reading.line(node.start_byte, node.end_byte)
        if body is not None:
            head = reading.line(node.start_byte, body.start_byte)
            signature = f"{head} {{…}} {reading.line(declarator.start_byte, declarator.end_byte)}"
        yield _definition(reading, node, "typedef", name, signature.rstrip(";"), fields)


def _members(reading: Reading, body: Node) -> tuple[str, ...]:
    """Return the members of a struct, union or enum, one line each, without the closing mark."""
    kinds = ("field_declaration", "enumerator")
    return tuple(
        reading.line(child.start_byte, child.end_byte).rstrip(";")
        for child in body.named_children
        if child.type in kinds
    )


def _variables(reading: Reading, nodes: Sequence[Node]) -> Iterator[Definition]:
    for node in nodes:
        external = any(child.type == "storage_class_specifier" and child.text == b"extern" for child in node.children)
        for declarator in node.children_by_field_name("declarator"):
            name = name_of(declarator)
            if name is None or _is_prototype(declarator) or (external and declarator.type != "init_declarator"):
                continue
            value = declarator.child_by_field_name("value") if declarator.type == "init_declarator" else None
            end = declarator.end_byte if value is None else _equals(value)
            yield _definition(reading, node, "variable", name, reading.line(node.start_byte, end))


def _equals(value: Node) -> int:
    before = value.prev_sibling
    return before.start_byte if before is not None else value.start_byte


def _is_prototype(declarator: Node) -> bool:
    """Whether a declarator declares a function and not a pointer to one."""
    node: Node | None = declarator
    while node is not None and node.type in ("pointer_declarator", "attributed_declarator", "init_declarator"):
        node = node.child_by_field_name("declarator")
    if node is None or node.type != "function_declarator":
        return False
    inner = node.child_by_field_name("declarator")
    return inner is not None and inner.type == "identifier"


def _offered(one: Definition, names: set[str]) -> Definition:
    return replace(one, exported=True) if one.name in names and one.kind in ("function", "variable") else one


# -- statements at file level ---------------------------------------------------------------------------------------


def _statement(node: Node) -> Statement:
    name, _, rest = text_of(node).partition("(")
    return name.strip(), rest.rpartition(")")[0], node.start_byte


def _ways_out(reading: Reading, statements: Sequence[Statement]) -> tuple[list[Export], list[Entry]]:
    exports, entries = [], []
    for macro, arguments, start in sorted(statements, key=lambda one: one[2]):
        name = arguments.partition(",")[0].strip()
        if not name.isidentifier():
            continue
        row = reading.row(start)
        condition = reading.plain.condition(row)
        if _EXPORT.match(macro):
            exports.append(Export(name, macro, row, condition))
        elif kind := _entry_kind(macro):
            entries.append(Entry(name, kind, macro, row, condition))
    return exports, entries


def _entry_kind(macro: str) -> EntryKind | None:
    if _INITCALL.match(macro) or _DRIVER.match(macro):
        return "initcall"
    return "exitcall" if _EXITCALL.match(macro) else None


def _syscalls(functions: Sequence[Definition]) -> Iterator[Entry]:
    for one in functions:
        macro = one.signature.partition("(")[0].strip()
        if SYSCALL.match(macro):
            yield Entry(one.name, "syscall", macro, one.row, one.condition)


def _made_variables(reading: Reading, statements: Sequence[Statement]) -> Iterator[Definition]:
    for macro, arguments, start in statements:
        if not _VARIABLE.match(macro):
            continue
        parts = [part.strip() for part in arguments.split(",")]
        name = parts[-1] if "PER_CPU" in macro else parts[0]
        if not name.isidentifier() or name in KEYWORDS:
            continue
        row = reading.row(start)
        end = start + len(macro) + len(arguments) + 2
        yield Definition(
            name=name,
            kind="variable",
            span=Span(start, end, row, row + arguments.count("\n")),
            row=row,
            signature=" ".join(f"{macro}({arguments})".split()),
            condition=reading.plain.condition(row),
            doc=reading.doc(start),
        )


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
