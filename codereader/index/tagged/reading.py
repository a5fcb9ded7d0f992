"""One file while it is read through tags: what its captures name, as definitions and scopes that stand in each other.

Knows of the captures that make a definition and of those that tell what a name holds, and of nothing else in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from codereader.index.parsed import DefinitionKind
from codereader.index.tagged.held import Binding, Bindings, base_text
from codereader.index.tagged.nest import Nest
from codereader.index.tagged.text import TagText, owner_of, squeezed
from codereader.source.languages import Language

if TYPE_CHECKING:
    from tree_sitter import Node

Match = tuple[int, Mapping[str, Sequence["Node"]]]
"""One place where a pattern of the query fits: the pattern's number in the file, its nodes by capture name."""

_KINDS = frozenset(get_args(DefinitionKind))
TYPES = frozenset({"class", "struct", "union", "interface", "trait", "enum", "scope"})
"""A function directly inside one of these is a method."""


_BRACED = frozenset({"class", "struct", "union"})
_LEAVES = frozenset({"variable", "constant", "property", "typedef", "enumerator", "macro"})
"""Kinds that own nothing and call nothing under their own name."""


@dataclass(slots=True)
class Shape:
    """A definition or scope on its way: byte range, rows, and what its pattern captured."""

    name: str
    kind: str
    start: int
    end: int
    row: int
    head: int
    order: int
    owner: str = ""
    level: int = 0
    is_public: bool = False
    is_entry: bool = False
    path: str = ""
    bases: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)


class Reading:
    """One file while it is read: its text, its matches by the name that leads them, and its scopes."""

    def __init__(self, text: TagText, language: Language, matches: Sequence[Match]) -> None:
        self.text = text
        self.language = language
        self.led: dict[str, list[tuple[Node, int, Mapping[str, Sequence[Node]]]]] = {}
        for order, captures in matches:
            for name, nodes in captures.items():
                if name in _LEADERS or name.startswith("definition."):
                    for node in nodes:
                        self.led.setdefault(name, []).append((node, order, captures))
        for found in self.led.values():
            found.sort(key=lambda one: (one[0].start_byte, -one[0].end_byte, one[1]))
        text.know(self.ranges("doc"), self.ranges("decoration"), self.ranges("wrap"))
        self.shapes = _shapes(self)
        text.judge([(shape.start, shape.end) for shape in self.shapes])
        self.scopes = _Scopes([shape for shape in self.shapes if shape.kind not in _LEAVES])
        for shape in self.shapes:
            shape.path = self.scopes.path_of(shape)
        self.namespaces = {shape.path for shape in self.shapes if shape.kind == "module"}
        self.bindings = Bindings(_bindings(self))

    def ranges(self, name: str) -> list[tuple[int, int]]:
        """Return the byte ranges of a capture, in order."""
        return [(node.start_byte, node.end_byte) for node, _, _ in self.led.get(name, ())]

    def written(self, node: Node) -> str:
        """Return the text of *node* as one line."""
        return squeezed(self.text.slice(node.start_byte, node.end_byte))


_LEADERS = frozenset(
    "scope wrap decoration base member field local public.name reference.call reference.name reference.loose doc"
    " summary error import import.here import.name import.default import.all import.within".split()
)


# -- scopes ---------------------------------------------------------------------------------------------------------


class _Scopes:
    """Definitions that others stand in, innermost found first. Gives each its dotted path."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._shapes = shapes
        self._nest = Nest([(shape.start, shape.end) for shape in shapes])
        self._at = {id(shape): at for at, shape in enumerate(shapes)}
        for shape in shapes:
            shape.path = self.path_of(shape)

    def around(self, byte: int) -> Shape | None:
        """Return the innermost scope that holds *byte*."""
        at = self._nest.around(byte)
        return self._shapes[at] if at >= 0 else None

    def numbers(self, byte: int) -> Iterator[int]:
        """Yield the numbers of the scopes that hold *byte*, innermost first."""
        return self._nest.all_around(byte)

    def type_around(self, byte: int) -> Shape | None:
        """Return the innermost type that holds *byte*."""
        found = (self._shapes[at] for at in self._nest.all_around(byte))
        return next((shape for shape in found if shape.kind in TYPES), None)

    def parent(self, shape: Shape) -> Shape | None:
        """Return the scope that *shape* stands in."""
        at = self._at.get(id(shape))
        if at is None:
            return self.around(shape.start)
        return self._shapes[self._nest.parents[at]] if self._nest.parents[at] >= 0 else None

    def path_of(self, shape: Shape) -> str:
        """Return the dotted name of *shape*, whose parent has its own."""
        parent = self.parent(shape)
        return ".".join(part for part in (parent.path if parent else "", shape.owner, shape.name) if part)


def _shapes(reading: Reading) -> list[Shape]:
    """Return the definitions and scopes of the file. Of several patterns that name one node the first decides."""
    found: dict[int, Shape] = {}
    led = [(name, one) for name, some in reading.led.items() for one in some]
    for kind, (node, order, captures) in sorted(led, key=lambda one: (one[1][1], one[1][0].start_byte)):
        kind = kind.removeprefix("definition.") if kind.startswith("definition.") else kind
        if kind != "scope" and kind not in _KINDS:
            continue
        name = first(captures, "name") or node
        shape = found.get(name.start_byte)
        if shape is None:
            made = _shape(reading, kind, node, name, order, captures)
            if made is None:
                continue
            shape = found[name.start_byte] = made
        shape.is_public |= "public" in captures
        shape.is_entry |= "entry" in captures
    shapes = sorted(found.values(), key=lambda one: (one.start, -one.end, one.order))
    _rank([shape for shape in shapes if shape.level], len(reading.text.data))
    if reading.led.get("error"):
        _close(shapes, reading.text.data)
    return shapes


def _close(shapes: Sequence[Shape], data: bytes) -> None:
    """Let types end where their margin says so, in a file in which the grammar may have lost count of the braces: at a
    ``};`` that stands as far to the right as the line that begins the type.
    """
    for number, shape in enumerate(shapes):
        if shape.kind in _BRACED:
            line = data.rfind(b"\n", 0, shape.start) + 1
            margin = data[line : shape.start]
            end = -1 if margin.strip() else data.find(b"\n" + margin + b"};", shape.head, shape.end)
            if end >= 0:
                shape.end = end + len(margin) + 3
                for inner in shapes[number + 1 :]:
                    if inner.start >= shape.end:
                        break
                    inner.end = min(inner.end, shape.end)


def _shape(
    reading: Reading, kind: str, node: Node, name: Node, order: int, captures: Mapping[str, Sequence[Node]]
) -> Shape | None:
    outer, own = owner_of(reading.written(name), reading.language.separator)
    if own[:1] in ("'", '"'):
        own = own.strip("\"'")
    owner, body, level = first(captures, "owner"), first(captures, "body"), first(captures, "level")
    if not own:
        return None
    start = node.start_byte if level else reading.text.reach_back(node.start_byte, node.end_byte)
    written = owner_of(reading.written(owner), reading.language.separator) if owner is not None else ("", "")
    return Shape(
        name=own,
        kind=kind,
        start=start,
        end=max(node.end_byte, start),
        row=name.start_point[0],
        head=max(body.start_byte, name.end_byte) if body is not None else node.end_byte,
        order=order,
        owner=".".join(part for part in (*written, outer) if part),
        level=int(next((letter for letter in level.type if letter.isdigit()), "1")) if level is not None else 0,
    )


def _rank(shapes: Sequence[Shape], end: int) -> None:
    """Let each heading reach to the next of its rank or above."""
    open_: list[Shape] = []
    for shape in shapes:
        while open_ and open_[-1].level >= shape.level:
            open_.pop().end = shape.start
        open_.append(shape)
    for shape in open_:
        shape.end = end


def first(captures: Mapping[str, Sequence[Node]], name: str) -> Node | None:
    """Return the first node of a capture."""
    nodes = captures.get(name)
    return nodes[0] if nodes else None


# -- what names hold ------------------------------------------------------------------------------------------------


def _bindings(reading: Reading) -> Iterator[Binding]:
    """Yield what the file's functions bind to a declared type or a value."""
    for node, _, captures in reading.led.get("local", ()):
        name, base = first(captures, "name"), base_of(reading, captures)
        if name is not None and base:
            scope = next(reading.scopes.numbers(node.start_byte), -1)
            yield Binding(reading.written(name), scope, node.start_byte, base)


def base_of(reading: Reading, captures: Mapping[str, Sequence[Node]]) -> str | None:
    """Return what a capture says of what a name holds, as `codereader.index.tagged.held` writes it."""
    kind, element = first(captures, "type"), first(captures, "element")
    value = element or first(captures, "value")
    return base_text(
        reading.written(kind) if kind is not None else None,
        reading.written(value) if value is not None else None,
        is_element=element is not None,
    )
