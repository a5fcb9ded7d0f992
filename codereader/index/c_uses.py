"""What a C file uses: the calls and mentions of names, and the tables of file-level variables that hold functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from codereader.index.c_reading import KEYWORDS, MACRO, Captures, Reading, name_of, text_of
from codereader.index.parsed import Definition, Reference, TableEntry

if TYPE_CHECKING:
    from tree_sitter import Node

_CALL = re.compile(rb"([A-Za-z_]\w*)[ \t]*\(")
_IDENTIFIER = re.compile(rb"[A-Za-z_]\w*")
_NO_OBJECT = frozenset({"NULL", "true", "false", "THIS_MODULE"})

FEW_VARIABLES = 64
"""Names up to this number are looked for one by one; more are found by reading every word."""


_Row = tuple[int, int, Reference]
"""Row, start byte, and the reference that stands there."""


def references(reading: Reading, captures: Captures, variables: Sequence[Definition]) -> list[Reference]:
    """Return the calls and mentions of the file, by row and column.

    A name that a function declares as a parameter or local variable is no mention inside it. One of the file's own
    *variables* is mentioned once a row, wherever a function uses it. A struct or union is mentioned once a function.
    """
    caller = reading.caller
    local = {(caller(node.start_byte), text_of(node)) for node in captures.get("local", ())}
    values = list(_values(reading, captures, local))
    seen = {(row, one.name) for row, _, one in values}
    rows = [
        *_calls(reading, captures),
        *values,
        *_own_variables(reading, {one.name for one in variables if one.name}, local, seen),
        *_types(reading, captures),
        *_textual(reading),
    ]
    rows.sort(key=lambda one: (one[0], one[1], one[2].name, one[2].kind))
    return [one[2] for one in rows]


def _calls(reading: Reading, captures: Captures) -> Iterator[_Row]:
    condition, caller = reading.plain.condition, reading.caller
    for node in captures.get("call", ()):
        start, row, name = node.start_byte, node.start_point[0], text_of(node)
        if name not in KEYWORDS:
            yield row, start, Reference(name, "call", row, caller(start), None, condition(row))
    for node in captures.get("call.member", ()):
        field, receiver = node.child_by_field_name("field"), node.child_by_field_name("argument")
        if field is not None and receiver is not None:
            start, row = field.start_byte, field.start_point[0]
            before = reading.line(receiver.start_byte, receiver.end_byte)
            yield row, start, Reference(text_of(field), "call", row, caller(start), before, condition(row))


def _values(reading: Reading, captures: Captures, local: set[tuple[str | None, str]]) -> Iterator[_Row]:
    condition, caller = reading.plain.condition, reading.caller
    seen: set[tuple[str, int]] = set()
    for node in captures.get("value", ()):
        name, row, start = text_of(node), node.start_point[0], node.start_byte
        if name in _NO_OBJECT or (name, row) in seen:
            continue
        within = caller(start)
        if within is None or (within, name) not in local:
            seen.add((name, row))
            yield row, start, Reference(name, "name", row, within, None, condition(row))


def _own_variables(
    reading: Reading, names: set[str], local: set[tuple[str | None, str]], seen: set[tuple[int, str]]
) -> Iterator[_Row]:
    """Yield the uses of the file's own variables inside its functions that are not among *seen* (row, name)."""
    for start, name in _words(reading.clean, names):
        within = reading.caller(start)
        if within is None or (within, name) in local or not _is_free(reading.clean, start):
            continue
        row = reading.row(start)
        if (row, name) not in seen:
            seen.add((row, name))
            yield row, start, Reference(name, "name", row, within, None, reading.plain.condition(row))


def _words(text: bytes, names: set[str]) -> Iterable[tuple[int, str]]:
    """Return where *names* stand in *text* as whole words."""
    if len(names) > FEW_VARIABLES:
        words = ((match.start(), match[0].decode("ascii")) for match in _IDENTIFIER.finditer(text))
        return (one for one in words if one[1] in names)
    return (one for name in sorted(names) for one in _places(text, name))


def _places(text: bytes, name: str) -> Iterator[tuple[int, str]]:
    word = name.encode()
    at = text.find(word)
    while at >= 0:
        match = _IDENTIFIER.match(text, at)
        if match and match[0] == word and not (at and (text[at - 1 : at].isalnum() or text[at - 1] == ord("_"))):
            yield at, name
        at = text.find(word, at + len(word))


def _is_free(text: bytes, start: int) -> bool:
    """Whether the word at *start* is neither a member (``.x``, ``->x``), nor a tag, nor inside a string."""
    line = text[text.rfind(b"\n", 0, start) + 1 : start]
    before = line.rstrip()
    return not before.endswith((b".", b"->", b"struct", b"union", b"enum")) and line.count(b'"') % 2 == 0


def _types(reading: Reading, captures: Captures) -> Iterator[_Row]:
    condition, caller = reading.plain.condition, reading.caller
    seen: set[tuple[str, str | None]] = set()
    for node in captures.get("type", ()):
        name, start = text_of(node), node.start_byte
        within = caller(start)
        if (name, within) not in seen:
            seen.add((name, within))
            row = node.start_point[0]
            yield row, start, Reference(name, "name", row, within, None, condition(row))


def _textual(reading: Reading) -> Iterator[_Row]:
    """Yield the calls that stand where the grammar does not look: macro bodies and hidden branches."""
    condition = reading.plain.condition
    for directive in reading.plain.directives:
        if directive.word != "define":
            continue
        match = MACRO.match(directive.rest)
        if match is None or not match[3]:
            continue
        body = reading.data.find(match[1].encode(), directive.start) + len(match[1]) + len(match[2] or "")
        for call in _CALL.finditer(reading.data, body, directive.end):
            name = call[1].decode("ascii")
            if name not in KEYWORDS and name != match[1]:
                row = reading.row(call.start())
                yield row, call.start(), Reference(name, "call", row, match[1], None, condition(row))
    for start, end in reading.plain.hidden:
        for call in _CALL.finditer(reading.data, start, end):
            name, within = call[1].decode("ascii"), reading.caller(call.start())
            if within is not None and name not in KEYWORDS and name != within:
                row = reading.row(call.start())
                yield row, call.start(), Reference(name, "call", row, within, None, condition(row))


# -- tables ---------------------------------------------------------------------------------------------------------


def tables(reading: Reading, nodes: Sequence[Node]) -> Iterator[TableEntry]:
    """Yield the named objects in the initialisers of file-level variables, in the file's order."""
    for node in nodes:
        for declarator in node.children_by_field_name("declarator"):
            value = declarator.child_by_field_name("value") if declarator.type == "init_declarator" else None
            name = name_of(declarator)
            if value is None or name is None or value.type != "initializer_list":
                continue
            kind = node.child_by_field_name("type")
            struct = _struct_of(kind) if kind is not None else None
            yield from _entries(reading, text_of(name), struct, value)


def _struct_of(kind: Node) -> str | None:
    name = kind.child_by_field_name("name") if kind.type.endswith("_specifier") else kind
    return text_of(name) if name is not None else None


def _entries(reading: Reading, variable: str, struct: str | None, values: Node) -> Iterator[TableEntry]:
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
            found = text_of(child).lstrip(". \t")
    return found


def _object(value: Node) -> str | None:
    """Return the name that a value is the address of, through casts, parentheses and ``&``."""
    node: Node | None = value
    while node is not None and node.type != "identifier":
        node = _within(node)
    if node is None:
        return None
    name = text_of(node)
    return None if name in _NO_OBJECT or name.isupper() else name


def _within(node: Node) -> Node | None:
    """Return what a cast, parentheses or ``&`` stand around; ``(type)&name`` looks like an ``and`` to the grammar."""
    if node.type == "cast_expression":
        return node.child_by_field_name("value")
    if node.type == "pointer_expression":
        return node.child_by_field_name("argument")
    if node.type == "parenthesized_expression":
        return next(iter(node.named_children), None)
    if node.type == "binary_expression":
        left = node.child_by_field_name("left")
        is_cast = left is not None and left.type == "parenthesized_expression"
        return node.child_by_field_name("right") if is_cast else None
    return None
