"""What the skeleton of a C file declares: structs, unions, enums and typedefs with their members, and variables.

The nodes are those of the grammar; their offsets are the skeleton's, what is told is placed in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codereader.index.c.blocks import Skeleton
from codereader.index.c.reading import Captures, Reading, name_of, text_of
from codereader.index.parsed import Definition, DefinitionKind
from codereader.source.spans import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_MEMBERS = ("field_declaration", "enumerator")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that a declaration declares. `kind` is its type as in `Member`, `struct` its tag or the type's name.

    `filled` is where its value begins in the file, -1 for none. `definition` is None where it lies elsewhere.
    """

    name: str
    kind: str
    struct: str | None
    filled: int
    array: bool
    definition: Definition | None


class Declared:
    """Reads the declarations of one file."""

    def __init__(self, reading: Reading, skeleton: Skeleton, captures: Captures) -> None:
        self._reading = reading
        self._skeleton = skeleton
        self._captures = captures

    def types(self) -> Iterator[Definition]:
        """Yield the structs, unions, enums that have a name and a body, and the typedefs."""
        kinds: tuple[DefinitionKind, ...] = ("struct", "union", "enum")
        for kind in kinds:
            for node in self._captures.get(kind, ()):
                name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
                if name is not None and body is not None:
                    signature = self._line(node.start_byte, body.start_byte)
                    yield self._definition(node, kind, name, signature, self._members(body))
        for node in self._captures.get("typedef", ()):
            yield from self._typedefs(node)

    def variables(self) -> list[Variable]:
        """Return the variables that file-level declarations declare, prototypes left out."""
        return [one for node in self._captures.get("declaration", ()) for one in self._variables(node)]

    def _typedefs(self, node: Node) -> Iterator[Definition]:
        kind = node.child_by_field_name("type")
        body = kind.child_by_field_name("body") if kind is not None else None
        fields = self._members(body) if body is not None else ()
        for declarator in node.children_by_field_name("declarator"):
            name = name_of(declarator)
            if name is None:
                continue
            signature = self._line(node.start_byte, node.end_byte)
            if body is not None:
                head = self._line(node.start_byte, body.start_byte)
                signature = f"{head} {{…}} {self._line(declarator.start_byte, declarator.end_byte)}"
            yield self._definition(node, "typedef", name, signature.rstrip(";"), fields)

    def _members(self, body: Node) -> tuple[str, ...]:
        """Return the members of a struct, union or enum, one line each, without the closing mark."""
        return tuple(
            self._line(child.start_byte, child.end_byte).rstrip(";")
            for child in body.named_children
            if child.type in _MEMBERS
        )

    def _variables(self, node: Node) -> Iterator[Variable]:
        kind = node.child_by_field_name("type")
        declarators = node.children_by_field_name("declarator")
        if not declarators or kind is None:
            return
        text = self._skeleton.text
        external = text.find(b"extern", node.start_byte, kind.start_byte) >= 0
        struct = _struct_of(kind)
        tagged = kind.type.endswith("_specifier") and kind.type != "sized_type_specifier"
        written = f"{kind.type.partition('_')[0]} {struct}" if tagged else struct or ""
        for declarator in declarators:
            name = name_of(declarator)
            if name is None or _is_prototype(declarator):
                continue
            value = declarator.child_by_field_name("value") if declarator.type == "init_declarator" else None
            end = declarator.end_byte if value is None else text.rfind(b"=", 0, value.start_byte)
            stars = text[declarator.start_byte : name.start_byte].count(b"*")
            definition = None
            if value is not None or not external:
                definition = self._definition(node, "variable", name, self._line(node.start_byte, end))
            yield Variable(
                name=text_of(name),
                kind=f"{written} {'*' * stars}".strip(),
                struct=struct,
                filled=-1 if value is None else self._skeleton.place(value.start_byte),
                array=b"[" in text[name.end_byte : end],
                definition=definition,
            )

    def _definition(
        self, node: Node, kind: DefinitionKind, name: Node, signature: str, fields: tuple[str, ...] = ()
    ) -> Definition:
        start, row = self._skeleton.place(node.start_byte), name.start_point[0]
        return Definition(
            name=text_of(name),
            kind=kind,
            span=Span(start, self._skeleton.end(node.end_byte), node.start_point[0], node.end_point[0]),
            row=row,
            signature=signature,
            condition=self._reading.plain.condition(row),
            fields=fields,
            doc=self._reading.doc(start),
        )

    def _line(self, start: int, end: int) -> str:
        return self._reading.line(self._skeleton.place(start), self._skeleton.end(end))


def _struct_of(kind: Node) -> str | None:
    name = kind.child_by_field_name("name") if kind.type.endswith("_specifier") else kind
    return text_of(name) if name is not None else None


def _is_prototype(declarator: Node) -> bool:
    """Whether a declarator declares a function and not a pointer to one."""
    node: Node | None = declarator
    while node is not None and node.type in ("pointer_declarator", "attributed_declarator", "init_declarator"):
        node = node.child_by_field_name("declarator")
    if node is None or node.type != "function_declarator":
        return False
    inner = node.child_by_field_name("declarator")
    return inner is not None and inner.type == "identifier"
