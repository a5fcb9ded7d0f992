"""Which names a Python file binds in which namespace, and from what: parameters, assignments, loops, patterns ...

Nothing is worked out here; `codereader.index.python.held` turns a binding into words when it is asked for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from codereader.index.python.scopes import Captures, PythonScopes

if TYPE_CHECKING:
    from tree_sitter import Node

Form = Literal["type", "value", "unknown", "self", "cls", "stop"]
"""How a name gets what it holds: an annotation, a value, something that the file does not tell, the object or class
that a method is called on. ``stop``: a definition or import binds the name here, which others know more about."""

NEAREST = 8
"""So many tests before a place are looked at for one that narrows a name there."""

_IMPLICIT_CLASS_METHODS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
_PATTERNS = frozenset({"pattern_list", "tuple_pattern", "list_pattern", "tuple", "list"})
_LITERAL_TUPLES = frozenset({"expression_list", "tuple", "list"})


@dataclass(frozen=True, slots=True)
class Binding:
    """A name is bound at *byte* to *node*; *suffix* is what is done to it: ``[*]`` one of its elements, ``[0]``
    its first, ``[with]`` what it gives to a ``with`` statement.
    """

    byte: int
    form: Form
    node: Node | None = None
    suffix: str = ""


Names = dict[str, list[Binding]]


@dataclass(slots=True)
class Bound:
    """Bindings by scope (-1 for the module) and name, and those of attributes by class (dotted) and name.

    `narrowed` tells for a name or attribute, as written, in which ranges of bytes a test has shown it to be of the
    class at the node.
    """

    names: dict[int, Names] = field(default_factory=dict)
    attributes: dict[str, Names] = field(default_factory=dict)
    narrowed: dict[str, list[tuple[int, int, Node]]] = field(default_factory=dict)

    def narrow(self, name: str, byte: int) -> Node | None:
        """Return the class that a test shows *name* to be of at *byte*, None where none does."""
        known = self.narrowed.get(name)
        if not known:
            return None
        at = bisect_right(known, byte, key=lambda one: one[0])
        return next((node for _, end, node in reversed(known[max(0, at - NEAREST) : at]) if byte < end), None)


def bind(captures: Captures, scopes: PythonScopes) -> Bound:
    """Return what the captured nodes of one file bind."""
    bound = Bound()
    for number, scope in enumerate(scopes.all):
        if scope.kind in ("function", "lambda"):
            _parameters(bound, scopes, number)
        if scope.name is not None and scope.kind in ("function", "class"):
            _add(bound, scope.parent, _text(scope.node.child_by_field_name("name")), Binding(scope.start, "stop"))
    for node in captures.get("bind", ()):
        _BINDERS[node.type](bound, scopes, node)
    for node in captures.get("case", ()):
        for name in _captured(node):
            _add(bound, scopes.at(node.start_byte), _text(name), Binding(name.start_byte, "unknown"))
    for node in (*captures.get("import", ()), *captures.get("import.from", ())):
        for imported in _imported(node):
            _add(bound, scopes.at(node.start_byte), imported, Binding(node.start_byte, "stop"))
    for node in captures.get("global", ()):
        for child in node.named_children:
            bound.names.get(scopes.at(node.start_byte), {}).pop(_text(child), None)
    for node in captures.get("test", ()):
        _tested(bound, node)
    for known in bound.narrowed.values():
        known.sort(key=lambda one: (one[0], one[1]))
    return bound


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _add(bound: Bound, scope: int, name: str, binding: Binding) -> None:
    if name:
        bound.names.setdefault(scope, {}).setdefault(name, []).append(binding)


# -- parameters -----------------------------------------------------------------------------------------------------


def _parameters(bound: Bound, scopes: PythonScopes, number: int) -> None:
    scope = scopes.all[number]
    held = scope.node.child_by_field_name("parameters")
    implicit = _implicit(scopes, number)
    for place, node in enumerate(held.named_children if held is not None else ()):
        form: Form = implicit if place == 0 and implicit else "unknown"
        inner = node.named_children[0] if node.type in ("typed_parameter", "list_splat_pattern") else node
        name = node.child_by_field_name("name") or inner
        kind = node.child_by_field_name("type")
        if kind is not None:
            stars = {"list_splat_pattern": "*", "dictionary_splat_pattern": "**"}.get(name.type, "")
            _add(bound, number, _text(name).lstrip("*"), Binding(node.start_byte, "type", kind, stars))
        elif form == "unknown" and (value := node.child_by_field_name("value")) is not None and value.type == "call":
            _add(bound, number, _text(name), Binding(node.start_byte, "value", value))
        else:
            _add(bound, number, _text(name).lstrip("*"), Binding(node.start_byte, form))


def _implicit(scopes: PythonScopes, number: int) -> Form | None:
    """Return what the first parameter of a method stands for, None for other functions."""
    scope = scopes.all[number]
    if scope.kind != "function" or scope.parent < 0 or scopes.all[scope.parent].kind != "class":
        return None
    marks = decorators(scope.node)
    if "@staticmethod" in marks:
        return None
    is_class = "@classmethod" in marks or _text(scope.node.child_by_field_name("name")) in _IMPLICIT_CLASS_METHODS
    return "cls" if is_class else "self"


def decorators(node: Node) -> tuple[str, ...]:
    """Return the decorators of a definition as written, ``@`` included, on one line each."""
    above = node.parent
    if above is None or above.type != "decorated_definition":
        return ()
    return tuple(" ".join(_text(child).split()) for child in above.named_children if child.type == "decorator")


# -- statements that bind -------------------------------------------------------------------------------------------


def _assigned(bound: Bound, scopes: PythonScopes, node: Node) -> None:
    left, right, kind = (node.child_by_field_name(name) for name in ("left", "right", "type"))
    while right is not None and right.type == "assignment":  # a = b = value
        right = right.child_by_field_name("right")
    if left is None:
        return
    if kind is not None:
        _target(bound, scopes, left, Binding(left.start_byte, "type", kind))
    elif right is not None:
        form: Form = "stop" if right.type == "lambda" and left.type == "identifier" else "value"
        _target(bound, scopes, left, Binding(left.start_byte, form, right))


def _walrus(bound: Bound, scopes: PythonScopes, node: Node) -> None:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    at = scopes.at(node.start_byte)
    while at >= 0 and scopes.all[at].kind == "comprehension":
        at = scopes.all[at].parent
    if name is not None:
        _add(bound, at, _text(name), Binding(name.start_byte, "value", value))


def _looped(bound: Bound, scopes: PythonScopes, node: Node) -> None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is not None:
        _target(bound, scopes, left, Binding(left.start_byte, "value", right, "[*]"))


def _named(bound: Bound, scopes: PythonScopes, node: Node) -> None:
    """Bind the name after ``as``: of a with item, an except clause, a pattern."""
    alias = node.child_by_field_name("alias")
    held, above = node.named_children[0], node.parent
    if alias is None:
        name = node.named_children[-1]
        if held.type == "case_pattern" and (kind := _class_of(held)) is not None and name.type == "identifier":
            _add(bound, scopes.at(name.start_byte), _text(name), Binding(name.start_byte, "type", kind))
    elif above is not None and above.type == "except_clause":
        name = alias.named_children[0]
        _add(bound, scopes.at(name.start_byte), _text(name), Binding(name.start_byte, "unknown"))
        bound.narrowed.setdefault(_text(name), []).append((above.start_byte, above.end_byte, held))
    else:
        _target(bound, scopes, alias.named_children[0], Binding(alias.start_byte, "value", held, "[with]"))


_BINDERS = {
    "assignment": _assigned,
    "named_expression": _walrus,
    "for_statement": _looped,
    "for_in_clause": _looped,
    "as_pattern": _named,
}


def _target(bound: Bound, scopes: PythonScopes, target: Node, binding: Binding) -> None:
    waiting = [(target, binding)]
    while waiting:
        node, one = waiting.pop()
        if node.type == "identifier":
            _add(bound, scopes.at(node.start_byte), _text(node), one)
        elif node.type == "attribute":
            _attribute(bound, scopes, node, one)
        elif node.type in _PATTERNS:
            waiting.extend(zip(node.named_children, _unpacked(node, one), strict=True))
        elif node.named_child_count:  # starred
            waiting.append((node.named_children[0], Binding(one.byte, "unknown")))


def _unpacked(node: Node, binding: Binding) -> Iterator[Binding]:
    value = binding.node
    pairs = value is not None and value.type in _LITERAL_TUPLES and not binding.suffix
    if pairs and value is not None and value.named_child_count == node.named_child_count:
        for target, held in zip(node.named_children, value.named_children, strict=True):
            yield Binding(target.start_byte, "value", held)
        return
    for place, target in enumerate(node.named_children):
        yield Binding(target.start_byte, "value", value, f"{binding.suffix}[{place}]")


def _attribute(bound: Bound, scopes: PythonScopes, node: Node, binding: Binding) -> None:
    """Bind an attribute of the object or class that the method around it is called on."""
    owner, name = node.child_by_field_name("object"), node.child_by_field_name("attribute")
    if owner is None or owner.type != "identifier":
        return
    for at in scopes.outward(node.start_byte):
        known = bound.names.get(at, {}).get(_text(owner))
        if known:
            if known[0].form in ("self", "cls") and (holder := scopes.class_around(at)):
                bound.attributes.setdefault(holder, {}).setdefault(_text(name), []).append(binding)
            return


# -- patterns, imports, tests ---------------------------------------------------------------------------------------


def _captured(pattern: Node) -> Iterator[Node]:
    """Yield the names that a pattern binds."""
    waiting = [pattern]
    while waiting:
        node = waiting.pop()
        if node.type == "dotted_name":
            if node.named_child_count == 1 and _text(node) != "_":
                yield node
            continue
        children = node.named_children
        if node.type in ("class_pattern", "keyword_pattern"):
            children = children[1:]
        elif node.type == "splat_pattern":
            yield from (child for child in children if child.type == "identifier")
        waiting.extend(reversed(children))


def _class_of(pattern: Node) -> Node | None:
    inner = pattern.named_children[0] if pattern.named_child_count else None
    return inner.named_children[0] if inner is not None and inner.type == "class_pattern" else None


def _imported(node: Node) -> Iterator[str]:
    for child in node.children_by_field_name("name"):
        alias = child.child_by_field_name("alias")
        yield _text(alias) if alias is not None else _text(child).partition(".")[0]


def _tested(bound: Bound, node: Node) -> None:
    """Remember what ``isinstance`` shows of names in the block that it guards."""
    if node.type == "conditional_expression":
        block, test = (node.named_children[0], node.named_children[1]) if node.named_child_count == 3 else (None, None)
    else:
        block, test = node.child_by_field_name("consequence"), node.child_by_field_name("condition")
    waiting = [test] if test is not None else []
    while waiting and block is not None:
        one = waiting.pop()
        if one.type == "boolean_operator" and _text(one.child_by_field_name("operator")) == "and":
            waiting.extend(side for side in one.named_children if side.type != "comment")
        elif one.type == "call" and (shown := _shown(one)) is not None:
            bound.narrowed.setdefault(shown[0], []).append((block.start_byte, block.end_byte, shown[1]))


def _shown(call: Node) -> tuple[str, Node] | None:
    function, held = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    if held is None or _text(function) != "isinstance" or held.named_child_count != 2:
        return None
    name, kind = held.named_children
    is_plain = name.type in ("identifier", "attribute") and kind.type in (
        "identifier",
        "attribute",
        "tuple",
        "binary_operator",
    )
    return (_text(name), kind) if is_plain else None
