"""What a C file says: functions, types, macros, tables, calls, and how control and symbols leave it.

Text comes blanked of its preprocessor (see `codereader.index.preprocessor`), so rows and offsets are the file's
own. A function that a macro defines goes by a name one can call: ``SYSCALL_DEFINE3(read, ...)`` is ``sys_read``,
``COMPAT_SYSCALL_DEFINE3(read, ...)`` is ``compat_sys_read``, any other ``MACRO(name, ...) { }`` is ``name``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from codereader.index.parsed import (
    Definition,
    DefinitionKind,
    Entry,
    EntryKind,
    Export,
    Include,
    ParsedFile,
    Reference,
    TableEntry,
)
from codereader.index.preprocessor import Plain, plain
from codereader.index.prose import doc_of_comment, header_summary
from codereader.source.spans import Span

if TYPE_CHECKING:
    from tree_sitter import Node

Captures = Mapping[str, Sequence["Node"]]
"""Nodes of one file by capture name, as the query of the grammar names them."""

SIGNATURE_BYTES = 400
"""Longest text taken for a signature; what is longer ends in an ellipsis."""

MACRO_VALUE = 80
"""Longest value, in characters, that a macro's signature shows."""

_DECORATION = re.compile(
    rb"\b(?:__(?:init|exit|initdata|exitdata|initconst|exitconst|net_init|net_exit|net_initdata|init_or_module|user|rcu"
    rb"|force|kernel|iomem|percpu|bitwise|nocast|always_inline|always_unused|maybe_unused|unused|used|must_check|pure"
    rb"|cold|hot|weak|visible|noreturn|malloc|packed|read_mostly|ro_after_init|refdata|ref|cpuinit|meminit|sched"
    rb"|latent_entropy|randomize_layout|designated_init|private|noendbr|noclone|no_sanitize|no_kcsan|bpf_kfunc"
    rb"|cacheline_aligned_in_smp|cacheline_aligned|wsum_force|safe|lockfunc|kprobes|net_initconst|unix_exit"
    rb"|(?:printf|scanf|acquires|releases|must_hold|aligned|section|counted_by|assume_aligned|alloc_size|alias)"
    rb"[ \t]*\([^()]*\))"
    rb"|____cacheline_aligned(?:_in_smp)?|asmlinkage|noinline(?:_for_stack)?|debug_noinline|notrace|nokprobe_inline"
    rb"|INDIRECT_CALLABLE_SCOPE|randomized_struct_fields_(?:start|end)|ATTRIBUTE_UNUSED|G_GNUC_UNUSED)\b"
    rb"|\b__(?:printf|scanf|acquires|releases|must_hold|aligned|section|counted_by)[ \t]*\([^()]*\)"
)
"""Words that decorate a declaration and mean nothing to the grammar."""

_LOOSE = re.compile(rb"^[A-Z_a-z]\w*[ \t]*\([^(){};]*\)(?=[ \t\r]*(?:\n[ \t\r]*\n|\n*\Z))", re.MULTILINE)
"""A macro call that stands at file level with no semicolon after it."""

_MADE = re.compile(
    rb"^(?:static[ \t]+)?([A-Z_][A-Z0-9_x]{3,})[ \t]*\([ \t]*([A-Za-z_]\w*)(?:\s*,[^;{}]*)?\)[ \t\r]*\n?[ \t]*(?=\{)",
    re.MULTILINE,
)
"""A macro call at file level that has a body: it makes a function."""

_TYPE_ARGUMENT = re.compile(rb"(,\s*)(struct|union)(?=\s+\w+\s*[,)])")
_SPACE = re.compile(rb"\s+")
_CALL = re.compile(rb"([A-Za-z_]\w*)[ \t]*\(")
_MACRO = re.compile(r"([A-Za-z_]\w*)(\([^)]*\))? ?(.*)", re.DOTALL)
_INCLUDE = re.compile(r'(?:<([^>]+)>|"([^"]+)")')
_SYSCALL = re.compile(r"(COMPAT_)?SYSCALL(?:32)?_DEFINE\d\Z")
_EXPORT = re.compile(r"(?:EXPORT_(?:\w+_)?SYMBOL|\w+_EXPORT_SYMBOL)\w*\Z")
_INITCALL = re.compile(r"(?:\w*_?initcall(?:_sync)?|module_init|__initcall)\Z")
_EXITCALL = re.compile(r"(?:__exitcall|module_exit)\Z")
_DRIVER = re.compile(r"module_\w+_driver\Z|module_\w+_init\Z")
_VARIABLE = re.compile(
    r"(?:DEFINE|LIST_HEAD|HLIST_HEAD|DECLARE_(?:WORK|DELAYED_WORK|TASKLET|WAIT_QUEUE_HEAD|RWSEM|MUTEX))"
)
_KEYWORDS = frozenset(
    [
        "if",
        "for",
        "while",
        "switch",
        "return",
        "sizeof",
        "defined",
        "typeof",
        "__typeof__",
        "__attribute__",
        "__alignof__",
        "alignof",
        "offsetof",
        "case",
        "do",
        "else",
        "goto",
        "asm",
        "__asm__",
        "volatile",
        "static_assert",
        "_Static_assert",
        "__extension__",
        "int",
        "void",
        "char",
        "long",
    ]
)
_NO_OBJECT = frozenset({"NULL", "true", "false", "THIS_MODULE"})
_DECLARATORS = frozenset(
    {
        "pointer_declarator",
        "function_declarator",
        "parenthesized_declarator",
        "array_declarator",
        "attributed_declarator",
        "init_declarator",
    }
)


class _Reading:
    """One file being read: its texts, and where its functions lie."""

    __slots__ = ("clean", "data", "ends", "names", "plain", "starts")

    def __init__(self, data: bytes, split: Plain) -> None:
        self.data = data
        self.plain = split
        self.clean = split.text
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.names: list[str] = []

    def know(self, functions: Sequence[Definition]) -> None:
        """Remember the places of *functions*, sorted by start."""
        self.starts = [one.span.start for one in functions]
        self.ends = [one.span.end for one in functions]
        self.names = [one.name for one in functions]

    def caller(self, byte: int) -> str | None:
        """Return the name of the function that *byte* lies in."""
        at = bisect_right(self.starts, byte) - 1
        return self.names[at] if at >= 0 and byte < self.ends[at] else None

    def doc(self, start: int) -> str | None:
        """Return the first sentence of the comment that ends directly above byte *start*."""
        at = bisect_right(self.plain.comments, start, key=_end) - 1
        if at < 0:
            return None
        begin, end = self.plain.comments[at]
        between = self.data[end:start]
        if between.strip() or between.count(b"\n") > 1:
            return None
        while at and self.data[begin : begin + 2] == b"//" and self._joins(at):
            at -= 1
            begin = self.plain.comments[at][0]
        return doc_of_comment(_text(self.data[begin:end]))

    def _joins(self, at: int) -> bool:
        """Whether comment *at* continues the one before it."""
        before, here = self.plain.comments[at - 1], self.plain.comments[at]
        between = self.data[before[1] : here[0]]
        return self.data[before[0] : before[0] + 2] == b"//" and not between.strip() and between.count(b"\n") == 1

    def line(self, start: int, end: int) -> str:
        """Return the text from *start* to *end* without comments and directives, as one line."""
        cut = self.clean[start : min(end, start + SIGNATURE_BYTES)]
        return _text(_SPACE.sub(b" ", cut).strip()) + ("…" if end - start > SIGNATURE_BYTES else "")


def extract(data: bytes, query: Callable[[bytes], Captures]) -> ParsedFile:
    """Return the facts of the C text *data*; *query* parses text and returns its captures."""
    split = plain(data)
    reading = _Reading(data, split)
    text, loose = _readable(split.text)
    captures = query(text)
    functions = _functions(reading, captures.get("function", ()))
    reading.know(functions)
    statements = loose + [_statement(node) for node in captures.get("statement", ())]
    exports, entries = _ways_out(reading, statements)
    offered = {one.name for one in exports}
    definitions = [
        *functions,
        *_types(reading, captures),
        *_macros(reading),
        *_variables(reading, captures.get("declaration", ())),
        *_made_variables(reading, statements),
    ]
    entries.extend(Entry("main", "main", "main", one.row, one.condition) for one in functions if one.name == "main")
    entries.extend(_syscalls(functions))
    return ParsedFile(
        language="c",
        lines=_lines(data),
        summary=_summary(reading),
        definitions=tuple(sorted((_offered(one, offered) for one in definitions), key=_place)),
        references=tuple(_references(reading, captures, functions)),
        tables=tuple(_tables(reading, captures.get("declaration", ()))),
        includes=tuple(_includes(reading)),
        exports=tuple(exports),
        entries=tuple(sorted(entries, key=lambda one: (one.row, one.name))),
        error_nodes=len(captures.get("error", ())),
    )


def _end(span: tuple[int, int]) -> int:
    return span[1]


def _place(one: Definition) -> tuple[int, int, str, str]:
    return one.row, one.span.start, one.name, one.kind


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _lines(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n") and bool(data))


def _spaces(match: re.Match[bytes]) -> bytes:
    return b"".join(b"\n" if byte == 10 else b" " for byte in match[0])


# -- text that the grammar can read ---------------------------------------------------------------------------------


def _readable(text: bytes) -> tuple[bytes, list[tuple[str, str, int]]]:
    """Return *text* with macros out of the grammar's way, and the loose macro calls that were taken out.

    Every byte keeps its place and every line break its row. A call is (macro, arguments, start byte).
    """
    loose: list[tuple[str, str, int]] = []

    def take(match: re.Match[bytes]) -> bytes:
        name, _, rest = _text(match[0]).partition("(")
        loose.append((name.strip(), rest.rpartition(")")[0], match.start()))
        return _spaces(match)

    text = _DECORATION.sub(_spaces, text)
    text = _MADE.sub(_head, text)
    text = _TYPE_ARGUMENT.sub(lambda match: match[1] + b" " * len(match[2]), text)
    return _LOOSE.sub(take, text), loose


def _head(match: re.Match[bytes]) -> bytes:
    """Return a plain function head as long as the macro call that makes the function."""
    head = b"int " + _made_name(_text(match[1]), _text(match[2])).encode() + b"()"
    rest = match[0][len(head) :]
    return head + bytes(10 if byte == 10 else 32 for byte in rest) if b"\n" not in match[0][: len(head)] else match[0]


def _made_name(macro: str, name: str) -> str:
    syscall = _SYSCALL.match(macro)
    if syscall is None:
        return name
    return f"compat_sys_{name}" if syscall[1] else f"sys_{name}"


# -- definitions ----------------------------------------------------------------------------------------------------


def _functions(reading: _Reading, nodes: Sequence[Node]) -> list[Definition]:
    """Return the functions of the file; what looks like one inside another is a loop that a macro makes."""
    found: list[Definition] = []
    for node in nodes:
        start = node.start_byte
        if found and start < found[-1].span.end:
            continue
        body = node.child_by_field_name("body")
        name = _name_of(node.child_by_field_name("declarator"))
        if body is None or name is None or _text(name.text or b"") in _KEYWORDS:
            continue
        found.append(_definition(reading, node, "function", name, reading.line(start, body.start_byte)))
    return found


def _definition(
    reading: _Reading, node: Node, kind: DefinitionKind, name: Node, signature: str, fields: tuple[str, ...] = ()
) -> Definition:
    start, row = node.start_byte, name.start_point[0]
    return Definition(
        name=_text(name.text or b""),
        kind=kind,
        span=Span(start, node.end_byte, node.start_point[0], node.end_point[0]),
        row=row,
        signature=signature,
        condition=reading.plain.condition(row),
        fields=fields,
        doc=reading.doc(start),
    )


def _name_of(node: Node | None) -> Node | None:
    """Return the identifier that a declarator declares, walking inwards."""
    while node is not None and node.type in _DECLARATORS:
        inner = node.child_by_field_name("declarator")
        if inner is None:
            inner = next((child for child in node.named_children if child.type in _DECLARATORS or _names(child)), None)
        node = inner
    return node if node is not None and _names(node) else None


def _names(node: Node) -> bool:
    return node.type in ("identifier", "type_identifier", "field_identifier", "primitive_type")


def _types(reading: _Reading, captures: Captures) -> Iterator[Definition]:
    kinds: tuple[DefinitionKind, ...] = ("struct", "union", "enum")
    for kind in kinds:
        for node in captures.get(kind, ()):
            name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
            if name is not None and body is not None:
                signature = reading.line(node.start_byte, body.start_byte)
                yield _definition(reading, node, kind, name, signature, _members(reading, body))
    for node in captures.get("typedef", ()):
        yield from _typedefs(reading, node)


def _typedefs(reading: _Reading, node: Node) -> Iterator[Definition]:
    kind = node.child_by_field_name("type")
    body = kind.child_by_field_name("body") if kind is not None else None
    fields = _members(reading, body) if body is not None else ()
    for declarator in node.children_by_field_name("declarator"):
        name = _name_of(declarator)
        if name is None:
            continue
        signature = reading.line(node.start_byte, node.end_byte)
        if body is not None:
            head = reading.line(node.start_byte, body.start_byte)
            signature = f"{head} {{…}} {reading.line(declarator.start_byte, declarator.end_byte)}"
        yield _definition(reading, node, "typedef", name, signature.rstrip(";"), fields)


def _members(reading: _Reading, body: Node) -> tuple[str, ...]:
    """Return the members of a struct, union or enum, one line each, without the closing mark."""
    kinds = ("field_declaration", "enumerator")
    return tuple(
        reading.line(child.start_byte, child.end_byte).rstrip(";")
        for child in body.named_children
        if child.type in kinds
    )


def _variables(reading: _Reading, nodes: Sequence[Node]) -> Iterator[Definition]:
    for node in nodes:
        external = any(child.type == "storage_class_specifier" and child.text == b"extern" for child in node.children)
        for declarator in node.children_by_field_name("declarator"):
            name = _name_of(declarator)
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


def _macros(reading: _Reading) -> Iterator[Definition]:
    for directive in reading.plain.directives:
        if directive.word != "define":
            continue
        match = _MACRO.match(directive.rest)
        if match is None or (match[1] == reading.plain.guard and not match[3]):
            continue
        lines = reading.data.count(b"\n", directive.start, directive.end)
        value = "" if match[2] or len(match[3]) > MACRO_VALUE else f" {match[3]}"
        yield Definition(
            name=match[1],
            kind="macro",
            span=Span(directive.start, directive.end, directive.row, directive.row + lines),
            row=directive.row,
            signature=f"#define {match[1]}{match[2] or ''}{value}".rstrip(),
            condition=reading.plain.condition(directive.row),
            doc=reading.doc(directive.start),
        )


# -- statements at file level ---------------------------------------------------------------------------------------


def _statement(node: Node) -> tuple[str, str, int]:
    name, _, rest = _text(node.text or b"").partition("(")
    return name.strip(), rest.rpartition(")")[0], node.start_byte


def _row(reading: _Reading, byte: int) -> int:
    return reading.data.count(b"\n", 0, byte)


def _ways_out(reading: _Reading, statements: Sequence[tuple[str, str, int]]) -> tuple[list[Export], list[Entry]]:
    exports, entries = [], []
    for macro, arguments, start in sorted(statements, key=lambda one: one[2]):
        name = arguments.partition(",")[0].strip()
        if not name.isidentifier():
            continue
        row = _row(reading, start)
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
        if _SYSCALL.match(macro):
            yield Entry(one.name, "syscall", macro, one.row, one.condition)


def _made_variables(reading: _Reading, statements: Sequence[tuple[str, str, int]]) -> Iterator[Definition]:
    for macro, arguments, start in statements:
        if not _VARIABLE.match(macro):
            continue
        parts = [part.strip() for part in arguments.split(",")]
        name = parts[-1] if "PER_CPU" in macro else parts[0]
        if not name.isidentifier():
            continue
        row = _row(reading, start)
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


def _includes(reading: _Reading) -> Iterator[Include]:
    for directive in reading.plain.directives:
        match = _INCLUDE.match(directive.rest) if directive.word in ("include", "include_next") else None
        if match:
            condition = reading.plain.condition(directive.row)
            yield Include(match[1] or match[2], directive.row, system=bool(match[1]), condition=condition)


def _summary(reading: _Reading) -> str | None:
    """Return what the comments above the first line of code say of the file."""
    comments = []
    at = 0
    for start, end in reading.plain.comments:
        if reading.data[at:start].strip():
            break
        comments.append(_text(reading.data[start:end]))
        at = end
    return header_summary(comments)


# -- references -----------------------------------------------------------------------------------------------------


def _references(reading: _Reading, captures: Captures, functions: Sequence[Definition]) -> list[Reference]:
    condition, caller = reading.plain.condition, reading.caller
    rows: list[tuple[int, int, Reference]] = []
    for node in captures.get("call", ()):
        start, row = node.start_byte, node.start_point[0]
        name = _text(node.text or b"")
        if name not in _KEYWORDS:
            rows.append((row, start, Reference(name, "call", row, caller(start), None, condition(row))))
    for node in captures.get("call.member", ()):
        field = node.child_by_field_name("field")
        receiver = node.child_by_field_name("argument")
        if field is None or receiver is None:
            continue
        start, row = field.start_byte, field.start_point[0]
        name, before = _text(field.text or b""), reading.line(receiver.start_byte, receiver.end_byte)
        rows.append((row, start, Reference(name, "call", row, caller(start), before, condition(row))))
    own = {one.name for one in functions}
    local = {_text(node.text or b"") for node in captures.get("local", ())} - own
    seen: set[tuple[str, int | str | None]] = set()
    for key in ("value", "type"):
        for node in captures.get(key, ()):
            name = _text(node.text or b"")
            if key == "value" and (name in local or name in _NO_OBJECT):
                continue
            start, row = node.start_byte, node.start_point[0]
            within = caller(start)
            mark = (name, row if key == "value" else within)
            if mark in seen:
                continue
            seen.add(mark)
            rows.append((row, start, Reference(name, "name", row, within, None, condition(row))))
    rows.extend(_textual(reading))
    rows.sort(key=lambda one: (one[0], one[1], one[2].name, one[2].kind))
    return [one[2] for one in rows]


def _textual(reading: _Reading) -> Iterator[tuple[int, int, Reference]]:
    """Yield the calls that stand where the grammar does not look: macro bodies and hidden branches."""
    condition = reading.plain.condition
    for directive in reading.plain.directives:
        if directive.word != "define":
            continue
        match = _MACRO.match(directive.rest)
        if match is None or not match[3]:
            continue
        body = reading.data.find(match[1].encode(), directive.start) + len(match[1]) + len(match[2] or "")
        for call in _CALL.finditer(reading.data, body, directive.end):
            name = _text(call[1])
            if name not in _KEYWORDS and name != match[1]:
                row = directive.row + reading.data.count(b"\n", directive.start, call.start())
                yield row, call.start(), Reference(name, "call", row, match[1], None, condition(row))
    for start, end in reading.plain.hidden:
        for call in _CALL.finditer(reading.data, start, end):
            name, within = _text(call[1]), reading.caller(call.start())
            if within is not None and name not in _KEYWORDS and name != within:
                row = _row(reading, call.start())
                yield row, call.start(), Reference(name, "call", row, within, None, condition(row))


# -- tables ---------------------------------------------------------------------------------------------------------


def _tables(reading: _Reading, nodes: Sequence[Node]) -> Iterator[TableEntry]:
    """Yield the named objects in the initialisers of file-level variables, in the file's order."""
    for node in nodes:
        for declarator in node.children_by_field_name("declarator"):
            value = declarator.child_by_field_name("value") if declarator.type == "init_declarator" else None
            name = _name_of(declarator)
            if value is None or name is None or value.type != "initializer_list":
                continue
            kind = node.child_by_field_name("type")
            struct = _struct_of(kind) if kind is not None else None
            yield from _entries(reading, _text(name.text or b""), struct, value)


def _struct_of(kind: Node) -> str | None:
    name = kind.child_by_field_name("name") if kind.type.endswith("_specifier") else kind
    return _text(name.text or b"") if name is not None else None


def _entries(reading: _Reading, variable: str, struct: str | None, values: Node) -> Iterator[TableEntry]:
    waiting: list[tuple[Node, str | None]] = [(child, struct) for child in reversed(values.named_children)]
    while waiting:
        node, owner = waiting.pop()
        if node.type == "initializer_list":
            waiting.extend((child, owner) for child in reversed(node.named_children))
        if node.type != "initializer_pair":
            continue
        value = node.child_by_field_name("value")
        field = _designated(node)
        if value is None:
            continue
        if value.type == "initializer_list":
            inner = owner if field is None else None
            waiting.extend((child, inner) for child in reversed(value.named_children))
        elif field is not None and (function := _object(value)) is not None:
            row = node.start_point[0]
            yield TableEntry(variable, owner, field, function, row, reading.plain.condition(row))


def _designated(pair: Node) -> str | None:
    """Return the last field name of a designator, None for ``[index]``."""
    found = None
    for child in pair.children_by_field_name("designator"):
        if child.type == "field_designator":
            found = _text((child.text or b"").lstrip(b". \t"))
    return found


def _object(value: Node) -> str | None:
    """Return the name that a value is the address of, through casts, parentheses and ``&``."""
    node: Node | None = value
    while node is not None and node.type in ("cast_expression", "pointer_expression", "parenthesized_expression"):
        inner = node.child_by_field_name("value") or node.child_by_field_name("argument")
        node = inner if inner is not None else next(iter(node.named_children), None)
    if node is None or node.type != "identifier":
        return None
    name = _text(node.text or b"")
    return None if name in _NO_OBJECT or name.isupper() else name
