"""Which definition of a Python file a byte stands in.

A scope is what opens a namespace: function, class, lambda, comprehension. Its inside is its body, since defaults,
decorators and bases are worked out by what stands around it. Bytes are 0-based offsets, ranges half-open.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tree_sitter import Node

Captures = Mapping[str, Sequence["Node"]]
"""Nodes of one file by capture name."""

ScopeKind = Literal["function", "class", "lambda", "comprehension"]

_KINDS: Mapping[str, ScopeKind] = {"function_definition": "function", "class_definition": "class", "lambda": "lambda"}


@dataclass(frozen=True, slots=True)
class PythonScope:
    """One namespace. `name` is dotted, that of the definition around it where it has none; None at file level.

    `start` and `end` bound its inside; `parent` is the number of the scope around it, -1 for the module.
    """

    node: Node
    kind: ScopeKind
    start: int
    end: int
    name: str | None
    parent: int


class PythonScopes:
    """The namespaces of one file, numbered by place."""

    def __init__(self, captures: Captures) -> None:
        self.named = _named(captures)
        """The definitions that open a namespace with a name, and that name, by place."""
        names = {node.id: name for node, name in self.named}
        nodes = [*(node for node, _ in self.named), *captures.get("comprehension", ())]
        nodes.extend(node for node in captures.get("lambda", ()) if node.id not in names)
        ranges = sorted(((*_inside(node), node) for node in nodes), key=lambda one: (one[0], -one[1]))
        self.all: list[PythonScope] = []
        self._starts = [start for start, _, _ in ranges]
        waiting: list[int] = []
        for at, (start, end, node) in enumerate(ranges):
            while waiting and self.all[waiting[-1]].end <= start:
                waiting.pop()
            parent = waiting[-1] if waiting else -1
            around = self.all[parent].name if parent >= 0 else None
            own = names.get(node.id)
            name = around if own is None else f"{around}.{own}" if around else own
            self.all.append(PythonScope(node, _KINDS.get(node.type, "comprehension"), start, end, name, parent))
            waiting.append(at)
        named = (scope for scope in self.all if scope.name is not None and scope.kind in ("function", "class"))
        self._heads = sorted((scope.node.start_byte, scope.start, scope.name or "") for scope in named)
        self._by_node = {scope.node.id: at for at, scope in enumerate(self.all)}

    def at(self, byte: int) -> int:
        """Return the number of the innermost scope whose inside holds *byte*, -1 for the module."""
        at = bisect_right(self._starts, byte) - 1
        while at >= 0 and byte >= self.all[at].end:
            at = self.all[at].parent
        return at

    def around(self, byte: int) -> str | None:
        """Return the dotted name of the innermost definition whose inside holds *byte*."""
        at = self.at(byte)
        return self.all[at].name if at >= 0 else None

    def holder(self, byte: int) -> str | None:
        """Return the dotted name of the innermost definition that holds *byte* inside or in its head."""
        at = bisect_right(self._heads, byte, key=lambda one: one[0]) - 1
        head = self._heads[at] if at >= 0 else (0, 0, "")
        return head[2] if byte < head[1] else self.around(byte)

    def of(self, node: Node) -> int:
        """Return the number of the scope that *node* opens, -1 for none."""
        return self._by_node.get(node.id, -1)

    def owner(self, node: Node) -> str | None:
        """Return the dotted name of what stands around the definition *node*."""
        at = self.of(node)
        parent = self.all[at].parent if at >= 0 else -1
        return self.all[parent].name if parent >= 0 else None

    def outward(self, byte: int) -> Iterator[int]:
        """Yield the scopes whose names can be seen at *byte*, innermost first: outer classes are passed over."""
        at = here = self.at(byte)
        while at >= 0:
            if at == here or self.all[at].kind != "class":
                yield at
            at = self.all[at].parent

    def class_around(self, at: int) -> str | None:
        """Return the dotted name of the innermost class around the scope *at*."""
        while at >= 0 and self.all[at].kind != "class":
            at = self.all[at].parent
        return self.all[at].name if at >= 0 else None


def _named(captures: Captures) -> list[tuple[Node, str]]:
    found = [(node, name) for kind in ("function", "class") for node in captures.get(kind, ()) if (name := _name(node))]
    for node in captures.get("bind", ()):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None and right is not None and left.type == "identifier" and right.type == "lambda":
            found.append((right, (left.text or b"").decode("utf-8", "replace")))
    return sorted(found, key=lambda one: (one[0].start_byte, -one[0].end_byte))


def _name(node: Node) -> str:
    name = node.child_by_field_name("name")
    return (name.text or b"").decode("utf-8", "replace") if name is not None else ""


def _inside(node: Node) -> tuple[int, int]:
    body = node.child_by_field_name("body") if node.type in _KINDS else None
    return (body.start_byte if body is not None else node.start_byte), node.end_byte
