"""What a Python file says: its words on itself, classes, functions, constants, imports, calls, entry points.

`condition` is the test of a module-level ``if`` that stands around a fact (``TYPE_CHECKING``), as written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from codereader.index.parsed import (
    Definition,
    DefinitionKind,
    Entry,
    Export,
    Include,
    ParsedFile,
    Reference,
    ReferenceKind,
)
from codereader.index.prose import first_sentence, summary_of_lines
from codereader.index.python.bound import bind, decorators
from codereader.index.python.held import Held
from codereader.index.python.scopes import Captures, PythonScopes
from codereader.source.spans import Span

if TYPE_CHECKING:
    from tree_sitter import Node

VALUE_LENGTH = 80
"""Longest value, in characters, that a constant's signature shows."""

RECEIVER_BYTES = 120
"""Longest receiver that is kept as written."""

FEW_ARMS = 8
"""So many arms before an ``elif`` are named in its condition."""

MODULE_AS = "* as "
"""Begins the name that ``import a.b as c`` binds to the whole module."""

_LITERAL = re.compile(r"[A-Za-z]*(\"\"\"|'''|\"|')(.*)\1\Z", re.DOTALL)
_SPACE = re.compile(r"\s+")
_BRACKETS = re.compile(r"(?<=[(\[{]) | (?=[)\]}])")
_TRAILING = re.compile(r",(?=[)\]}])")
_PROPERTY = re.compile(r"@(?:[\w.]*property|\w+\.(?:setter|getter|deleter))")
_AROUND = frozenset({"decorated_definition", "assignment"})
_NO_REFERENCE = frozenset({"self", "cls", "None", "True", "False", "str", "int", "bool", "bytes", "float", "object"})


def extract(data: bytes, query: Callable[[bytes], Captures]) -> ParsedFile:
    """Return the facts of the Python text *data*; *query* parses text and returns its captures."""
    captures = query(data)
    scopes = PythonScopes(captures)
    held = Held(scopes, bind(captures, scopes))
    conditions = _conditions(captures)
    offered = _offered(captures, conditions)
    names = {one.name for one in offered}
    definitions = [_definition(node, name, scopes, conditions) for node, name in scopes.named]
    definitions.extend(_constants(captures, conditions))
    definitions.extend(_aliases(captures, scopes, conditions))
    return ParsedFile(
        language="python",
        lines=data.count(b"\n") + (bool(data) and not data.endswith(b"\n")),
        summary=_summary(captures),
        definitions=tuple(sorted((_public(one, names) for one in definitions), key=_place)),
        references=tuple(_references(captures, scopes, held, conditions)),
        includes=tuple(_imports(captures, conditions)),
        exports=tuple(offered),
        entries=tuple(_entries(captures)),
        records=tuple(held.records(captures)),
        error_nodes=len(captures.get("error", ())),
    )


def _public(one: Definition, names: set[str]) -> Definition:
    """Mark what the module offers: what ``__all__`` lists, else the top level names without an underscore."""
    offered = one.name in names if names else not one.name.startswith("_")
    return replace(one, exported=True) if offered and one.owner is None else one


def _place(one: Definition) -> tuple[int, int, str, str]:
    return one.row, one.span.start, one.name, one.kind


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _line(text: str) -> str:
    """Return *text* as one line, without the blanks that line breaks leave inside brackets."""
    return _TRAILING.sub("", _BRACKETS.sub("", _SPACE.sub(" ", text).strip()))


def _span(node: Node) -> Span:
    return Span(node.start_byte, node.end_byte, node.start_point[0], node.end_point[0])


# -- conditions -----------------------------------------------------------------------------------------------------

_Condition = Callable[[int], str | None]


def _conditions(captures: Captures) -> _Condition:
    """Return a function from a byte to the test of the module-level ``if`` around it."""
    arms: list[tuple[int, int, str]] = []
    for node in captures.get("if", ()):
        before: list[str] = []
        for arm in (node, *node.children_by_field_name("alternative")):
            test = arm.child_by_field_name("condition")
            body = arm.child_by_field_name("consequence") or arm.child_by_field_name("body")
            own = [_line(_text(test))] if test is not None else []
            if body is not None:
                arms.append(
                    (
                        body.start_byte,
                        body.end_byte,
                        " and ".join([*(f"not ({one})" for one in before[-FEW_ARMS:]), *own]),
                    )
                )
            before.extend(own)
    starts = [start for start, _, _ in arms]

    def condition(byte: int) -> str | None:
        at = bisect_right(starts, byte) - 1
        return arms[at][2] if at >= 0 and byte < arms[at][1] else None

    return condition


# -- definitions ----------------------------------------------------------------------------------------------------


def _definition(node: Node, name: str, scopes: PythonScopes, condition: _Condition) -> Definition:
    body = node.child_by_field_name("body")
    end = body.start_byte if body is not None else node.end_byte
    around = node.parent if node.parent is not None and node.parent.type in _AROUND else node
    named = node.child_by_field_name("name")
    first = around.start_byte if node.type == "lambda" else node.start_byte
    head = (around.text or b"")[first - around.start_byte : end - around.start_byte].decode("utf-8", "replace")
    kind, fields = _kind(node, scopes)
    return Definition(
        name=name,
        kind=kind,
        span=_span(around),
        row=(named or around).start_point[0],
        signature=_head(head),
        owner=scopes.owner(node),
        condition=condition(node.start_byte),
        fields=fields,
        doc=_docstring(body) if node.type != "lambda" else None,
    )


def _head(text: str) -> str:
    """Return a definition's head on one line, without comments and the closing colon."""
    lines = [line.split("  #")[0] if "#" in line else line for line in text.splitlines()]
    return _line(" ".join(line for line in lines if not line.lstrip().startswith("#"))).rstrip(": ")


def _kind(node: Node, scopes: PythonScopes) -> tuple[DefinitionKind, tuple[str, ...]]:
    """Return a definition's kind with the bases of a class or the decorators of a function."""
    if node.type == "class_definition":
        bases = node.child_by_field_name("superclasses")
        kept = bases.named_children if bases is not None else ()
        return "class", tuple(_line(_text(base)) for base in kept if base.type != "comment")
    parent = scopes.all[scopes.of(node)].parent
    if parent < 0 or scopes.all[parent].kind != "class":
        return "function", decorators(node)
    marks = decorators(node)
    is_property = any(_PROPERTY.fullmatch(mark.partition("(")[0]) for mark in marks)
    return ("property" if is_property else "method"), marks


def _docstring(body: Node | None) -> str | None:
    first = body.named_children[0] if body is not None and body.named_child_count else None
    if first is None or first.type != "expression_statement" or not first.named_child_count:
        return None
    string = first.named_children[0]
    return first_sentence(_string(string)) if string.type == "string" else None


def _string(node: Node) -> str:
    """Return what stands between the quotes of a string literal, escapes as they are written."""
    match = _LITERAL.match(_text(node))
    return match[2] if match else ""


def _summary(captures: Captures) -> str | None:
    strings = captures.get("doc", ())
    return summary_of_lines([line.strip() for line in _string(strings[0]).splitlines()]) if strings else None


def _constants(captures: Captures, condition: _Condition) -> Iterator[Definition]:
    for node in captures.get("assignment", ()):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or node.type != "assignment":
            continue
        targets = left.named_children if left.type in ("pattern_list", "tuple_pattern") else [left]
        for target in targets:
            if target.type != "identifier" or (right is not None and right.type == "lambda" and left == target):
                continue
            kind = node.child_by_field_name("type")
            value = f" = {_line(_text(right))}" if right is not None else ""
            shown = value if len(value) <= VALUE_LENGTH else " = …"
            yield Definition(
                name=_text(target),
                kind="variable",
                span=_span(node),
                row=target.start_point[0],
                signature=_text(target) + (f": {_line(_text(kind))}" if kind is not None else "") + shown,
                condition=condition(node.start_byte),
            )


def _aliases(captures: Captures, scopes: PythonScopes, condition: _Condition) -> Iterator[Definition]:
    """Yield the types that ``type X = ...`` names."""
    for node in captures.get("alias", ()):
        left = node.child_by_field_name("left")
        name = re.match(r"\w+", _text(left)) if left is not None else None
        if name is not None and left is not None:
            yield Definition(
                name=name[0],
                kind="typedef",
                span=_span(node),
                row=left.start_point[0],
                signature=_line(_text(node)),
                owner=scopes.around(node.start_byte),
                condition=condition(node.start_byte),
            )


# -- ways in and out ------------------------------------------------------------------------------------------------


def _offered(captures: Captures, condition: _Condition) -> list[Export]:
    found: list[Export] = []
    for node in captures.get("assignment", ()):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None or _text(left) != "__all__":
            continue
        strings = [item for item in right.named_children if item.type == "string"]
        found.extend(Export(_string(one), "__all__", one.start_point[0], condition(one.start_byte)) for one in strings)
    return found


def _entries(captures: Captures) -> Iterator[Entry]:
    for node in captures.get("if", ()):
        test = node.child_by_field_name("condition")
        words = _line(_text(test)) if test is not None else ""
        if "__name__" in words and "__main__" in words:
            called = _first_call(node)
            yield Entry(called or "__main__", "main", 'if __name__ == "__main__"', node.start_point[0])


def _first_call(node: Node) -> str | None:
    """Return the name that the guarded block calls last, the main function by custom: ``sys.exit(main())``."""
    body = node.child_by_field_name("consequence")
    calls = re.findall(r"([A-Za-z_][\w.]*)\(", _text(body)) if body is not None else []
    return calls[-1] if calls else None


def _imports(captures: Captures, condition: _Condition) -> Iterator[Include]:
    found: list[Include] = []
    for node in captures.get("import", ()):
        for child in node.children_by_field_name("name"):
            target, name = _imported(child)
            bound = (f"{MODULE_AS}{name}",) if name != target or child.type == "aliased_import" else ()
            found.append(Include(target, child.start_point[0], bound, condition=condition(node.start_byte)))
    for node in (*captures.get("import.from", ()), *captures.get("import.future", ())):
        module = node.child_by_field_name("module_name")
        pairs = [_imported(child) for child in node.children_by_field_name("name")]
        names = [name if name == alias else f"{name} as {alias}" for name, alias in pairs]
        if any(child.type == "wildcard_import" for child in node.named_children):
            names = ["*"]
        target = _text(module) if module is not None else "__future__"
        found.append(Include(target, node.start_point[0], tuple(names), condition=condition(node.start_byte)))
    yield from sorted(found, key=lambda one: (one.row, one.target, one.names))


def _imported(node: Node) -> tuple[str, str]:
    """Return what is imported, and the name it goes by here."""
    if node.type != "aliased_import":
        return _text(node), _text(node)
    name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
    return (_text(name) if name is not None else ""), (_text(alias) if alias is not None else "")


# -- references -----------------------------------------------------------------------------------------------------


def _references(captures: Captures, scopes: PythonScopes, held: Held, condition: _Condition) -> list[Reference]:
    rows: list[tuple[int, int, Reference]] = []

    def add(
        node: Node, name: str, kind: ReferenceKind, receiver: Node | None = None, caller: str | None = None
    ) -> None:
        start, row = node.start_byte, node.start_point[0]
        on = _receiver(receiver) if receiver is not None else None
        base = held.name(name, start) if receiver is None else _base(held.held(receiver), on)
        rows.append((row, start, Reference(name, kind, row, caller, on, condition(start), base)))

    for node in captures.get("call", ()):
        add(node, _text(node), "call", caller=scopes.around(node.start_byte))
    for node in captures.get("call.member", ()):
        name, receiver = node.child_by_field_name("attribute"), node.child_by_field_name("object")
        if name is not None and receiver is not None:
            add(name, _text(name), "call", receiver, scopes.around(node.start_byte))
    for node in captures.get("value", ()):
        if (name_ := _text(node)) not in _NO_REFERENCE:
            add(node, name_, "name", caller=scopes.holder(node.start_byte))
    for node in captures.get("decorator", ()):
        mentioned = node.named_children[0] if node.named_child_count else None
        if mentioned is not None and mentioned.type == "identifier":
            add(mentioned, _text(mentioned), "name", caller=scopes.around(node.start_byte))
        elif mentioned is not None and mentioned.type == "attribute":
            name, receiver = mentioned.child_by_field_name("attribute"), mentioned.child_by_field_name("object")
            if name is not None and receiver is not None:
                add(name, _text(name), "name", receiver, scopes.around(node.start_byte))
    rows.sort(key=lambda one: (one[0], one[1], one[2].name, one[2].kind))
    return [one[2] for one in rows]


def _base(words: str, receiver: str | None) -> str | None:
    """Return what a receiver holds, None where that is no more than what is written."""
    return None if words == f"={receiver}" else words


def _receiver(node: Node) -> str:
    """Return what a call is made on, as one short line."""
    text = _line(_text(node)) if node.end_byte - node.start_byte <= RECEIVER_BYTES else "…"
    return text if len(text) <= RECEIVER_BYTES else "…"
