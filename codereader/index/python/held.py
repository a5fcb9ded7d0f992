"""What a Python expression holds, in words that another file's reader can follow.

The words are annotations (``Reader``, ``dict[str, Reader] | None``) and, after ``=``, values: ``=open_index().view`` is
what that attribute holds. In a value, ``()`` calls, ``[]`` and ``[0]`` take an item, ``[*]`` any one element by
iteration, ``[with]`` what a ``with`` statement gives; ``=self{Box}`` is an object of the class ``Box`` of this file,
``=cls{Box}`` that class, ``=super{Box}`` the classes above it. ``?`` is something that the file does not tell, ``!``
something built in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from codereader.index.parsed import Member, Record
from codereader.index.python.bound import Binding, Bound, Names
from codereader.index.python.scopes import Captures, PythonScopes

if TYPE_CHECKING:
    from tree_sitter import Node

UNKNOWN = "?"
BUILTIN = "!"

LONGEST = 160
"""Words longer than this, in characters, count as unknown."""

DEEPEST = 12
"""So many nested expressions are followed."""

MOST = 4
"""A name bound to more different things than this counts as unknown."""

_BUILTIN_NODES = frozenset(
    {
        "string", "concatenated_string", "integer", "float", "true", "false", "comparison_operator", "not_operator",
        "ellipsis",
    }
)  # fmt: skip
_SAME_ELEMENTS = frozenset({"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "deque"})
_ONE_ELEMENT = frozenset({"next", "min", "max"})
_SPACE = re.compile(r"\s+")


class Held:
    """Answers for one file. *scopes* and *bound* are its own."""

    def __init__(self, scopes: PythonScopes, bound: Bound) -> None:
        self._scopes = scopes
        self._bound = bound
        self._busy: set[tuple[int, str]] = set()
        self._known: dict[tuple[int, str], str] = {}

    def name(self, name: str, byte: int, depth: int = 0) -> str | None:
        """Return what the local *name* holds at *byte*, None where no function around binds it as a variable."""
        if (shown := self._bound.narrow(name, byte)) is not None:
            return _class_test(shown)
        for at in self._scopes.outward(byte):
            bindings = self._bound.names.get(at, {}).get(name)
            if bindings:
                return self._of_scope(at, name, bindings, byte, depth)
        return None

    def _of_scope(self, at: int, name: str, bindings: Sequence[Binding], byte: int, depth: int) -> str | None:
        forms = {one.form for one in bindings}
        if "stop" in forms:
            return None
        if len(bindings) == 1 and bindings[0].form in ("self", "cls"):
            owner = self._scopes.class_around(at)
            return f"={bindings[0].form}{{{owner}}}" if owner else UNKNOWN
        key = (at, name)
        if key in self._known:
            return self._known[key]
        if key in self._busy or depth > DEEPEST:
            return UNKNOWN
        self._busy.add(key)
        found = self._joined(bindings, depth)
        if found == UNKNOWN and len(bindings) > 1 and "type" not in forms:
            nearest = [one for one in bindings if one.byte <= byte]
            found = self._one(nearest[-1], depth) if nearest else UNKNOWN
        elif not self._busy - {key}:
            self._known[key] = found
        self._busy.discard(key)
        return found

    def _joined(self, bindings: Sequence[Binding], depth: int) -> str:
        """Return what a name holds that has all of these bindings: as annotated, else one of its values."""
        typed = [one for one in bindings if one.form == "type"]
        if typed:
            return self._one(typed[0], depth)
        return _union(self._one(one, depth) for one in bindings[: 4 * MOST])

    def _one(self, one: Binding, depth: int) -> str:
        if one.node is None:
            return UNKNOWN
        if one.form == "type":
            words = _line(one.node)
            words = {"*": f"tuple[{words}, ...]", "**": f"dict[str, {words}]"}.get(one.suffix, words)
            return words if len(words) <= LONGEST else UNKNOWN
        return _then(self.held(one.node, depth + 1), one.suffix)

    def held(self, node: Node, depth: int = 0) -> str:
        """Return what the expression *node* holds."""
        if depth > DEEPEST:
            return UNKNOWN
        words = self._held(node, depth)
        return words if len(words) <= LONGEST else UNKNOWN

    def _held(self, node: Node, depth: int) -> str:
        kind = node.type
        if kind == "identifier":
            return self.name(_text(node), node.start_byte, depth) or f"={_text(node)}"
        if kind == "attribute":
            if (shown := self._bound.narrow(_text(node), node.start_byte)) is not None:
                return _class_test(shown)
            owner, name = node.child_by_field_name("object"), node.child_by_field_name("attribute")
            return _then(self.held(owner, depth + 1), f".{_text(name)}") if owner is not None else UNKNOWN
        if kind == "call":
            return self._called(node, depth)
        if kind == "subscript":
            return self._item(node, depth)
        if kind in ("await", "parenthesized_expression"):
            return self.held(node.named_children[0], depth + 1) if node.named_child_count else UNKNOWN
        if kind == "named_expression":
            value = node.child_by_field_name("value")
            return self.held(value, depth + 1) if value is not None else UNKNOWN
        if kind in ("conditional_expression", "boolean_operator"):
            sides = [child for child in node.named_children if child.type != "comment"]
            return _union(self.held(side, depth + 1) for side in (sides[::2] if len(sides) == 3 else sides))
        if kind == "none":
            return "None"
        if kind in _BUILTIN_NODES:
            return BUILTIN
        return self._gathered(node, depth)

    def _called(self, node: Node, depth: int) -> str:
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None:
            return UNKNOWN
        if function.type == "identifier":
            name = _text(function)
            values = [one for one in arguments.named_children if one.type != "comment"] if arguments is not None else []
            if name == "super" and (owner := self._scopes.class_around(self._scopes.at(node.start_byte))):
                return f"=super{{{owner}}}"
            if values and (words := self._passed(name, values, depth)):
                return words
        return _then(self.held(function, depth + 1), "()")

    def _passed(self, name: str, values: Sequence[Node], depth: int) -> str | None:
        """Return what a builtin function gives back that hands on what it is given, None for any other."""
        if name in _SAME_ELEMENTS:
            return f"list[{self._element(values[0], depth)}]"
        if name in _ONE_ELEMENT and len([one for one in values if one.type != "keyword_argument"]) == 1:
            return self._element(values[0], depth)
        if name == "enumerate":
            return f"list[tuple[int, {self._element(values[0], depth)}]]"
        if name == "zip":
            parts = [self._element(one, depth) for one in values if one.type != "keyword_argument"]
            return f"list[tuple[{', '.join(parts)}]]"
        if name == "type" and len(values) == 1:
            return f"type[{self.held(values[0], depth + 1)}]"
        if name == "cast" and len(values) == 2:
            return _line(values[0]).strip("\"'")
        return None

    def _element(self, node: Node, depth: int) -> str:
        return _then(self.held(node, depth + 1), "[*]")

    def _item(self, node: Node, depth: int) -> str:
        value, places = node.child_by_field_name("value"), node.children_by_field_name("subscript")
        words = self.held(value, depth + 1) if value is not None else UNKNOWN
        if len(places) == 1 and places[0].type == "slice":
            return words
        is_number = len(places) == 1 and places[0].type == "integer" and _text(places[0]).isascii()
        return _then(words, f"[{_text(places[0])}]" if is_number and _text(places[0]).isdigit() else "[]")

    def _gathered(self, node: Node, depth: int) -> str:
        """Return what a display or comprehension holds."""
        kind = node.type
        parts = [child for child in node.named_children if child.type != "comment"]
        if kind in ("list_comprehension", "generator_expression", "set_comprehension") and parts:
            return f"list[{self.held(parts[0], depth + 1)}]"
        if kind in ("tuple", "expression_list") and 0 < len(parts) <= MOST:
            return f"tuple[{', '.join(self.held(one, depth + 1) for one in parts)}]"
        if kind in ("list", "set", "tuple", "expression_list"):
            return f"list[{_union(self.held(one, depth + 1) for one in parts[:MOST])}]" if parts else BUILTIN
        if kind == "dictionary_comprehension" and parts and parts[0].type == "pair":
            value = parts[0].child_by_field_name("value")
            return f"dict[?, {self.held(value, depth + 1)}]" if value is not None else BUILTIN
        if kind == "dictionary":
            values = [pair.child_by_field_name("value") for pair in parts if pair.type == "pair"][:MOST]
            words = _union(self.held(one, depth + 1) for one in values if one is not None)
            return f"dict[?, {words}]" if values else BUILTIN
        return UNKNOWN

    # -- what other files may ask for -------------------------------------------------------------------------------

    def records(self, captures: Captures) -> Iterator[Record]:
        """Yield what the module's variables, the attributes of its classes and its functions' results hold, by place.

        The module is called ``module``, a class ``class Box``, a function ``def Box.open`` with one member,
        ``return``; it is left out where its signature says more.
        """
        variables = {name: some for name, some in self._bound.names.get(-1, {}).items() if not _stops(some)}
        if members := self._members(variables):
            yield Record("module", members, 0)
        for number, scope in enumerate(self._scopes.all):
            if scope.kind != "class" or scope.name is None:
                continue
            own = {name: list(some) for name, some in self._bound.names.get(number, {}).items() if not _stops(some)}
            for name, some in self._bound.attributes.get(scope.name, {}).items():
                own.setdefault(name, []).extend(some)
            if members := self._members(own, keep_unknown=True):
                yield Record(f"class {scope.name}", members, scope.node.start_point[0])
        yield from self._results(captures)

    def _members(self, names: Names, *, keep_unknown: bool = False) -> tuple[Member, ...]:
        found: list[Member] = []
        for name, bindings in names.items():
            words = self._joined(bindings, 0)
            if words == UNKNOWN and len(bindings) > 1:  # what one binding does not tell another may
                told = (self._one(one, 0) for one in bindings[: 4 * MOST])
                words = _union(one for one in told if one != UNKNOWN)
            if words != UNKNOWN or keep_unknown:
                found.append(Member(name, words, len(found)))
        return tuple(found)

    def _results(self, captures: Captures) -> Iterator[Record]:
        given: dict[int, list[str]] = {}
        generators = {self._scopes.at(node.start_byte) for node in captures.get("yield", ())}
        for kind, form in (("return", "{}"), ("yield", "list[{}]")):
            for node in captures.get(kind, ()):
                at = self._scopes.at(node.start_byte)
                if at < 0 or self._scopes.all[at].kind != "function" or (kind == "return" and at in generators):
                    continue
                if self._scopes.all[at].node.child_by_field_name("return_type") is None:
                    value = node.named_children[0]
                    is_from = kind == "yield" and node.child_count > 1 and node.children[1].type == "from"
                    words = self.held(value) if len(given.get(at, ())) <= 4 * MOST else UNKNOWN
                    given.setdefault(at, []).append(words if is_from else form.format(words))
        for at, some in sorted(given.items()):
            words = _union(some)
            if UNKNOWN not in words:
                scope = self._scopes.all[at]
                yield Record(f"def {scope.name}", (Member("return", words, 0),), scope.node.start_point[0])


def _stops(bindings: Iterable[Binding]) -> bool:
    return any(one.form == "stop" for one in bindings)


def _then(words: str, suffix: str) -> str:
    """Return *words* with something done to what they mean."""
    if not suffix or words in (UNKNOWN, BUILTIN):
        return words
    return f"{words}{suffix}" if words.startswith("=") and " | " not in words else f"=({words}){suffix}"


def _union(parts: Iterable[str]) -> str:
    """Return one of *parts*: unknown where one of them is, or where there are too many; None does not count."""
    kept = list(dict.fromkeys(part for part in parts if part != "None"))
    if UNKNOWN in kept or len(kept) > MOST:
        return UNKNOWN
    words = " | ".join(kept)
    return (words if len(words) <= LONGEST else UNKNOWN) if kept else "None"


def _class_test(node: Node) -> str:
    words = _line(node)
    return " | ".join(part.strip() for part in words.strip("()").split(",") if part.strip())


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _line(node: Node) -> str:
    return _SPACE.sub(" ", _text(node)).strip()
