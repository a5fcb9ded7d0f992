"""What a file of any language says, read through the captures of that language's ``tags.scm``.

Knows no language: what differs stands in the query and in ``language.toml``. A pattern's captures belong together;
everything else is told by place. Captures whose name begins with ``_`` serve predicates and are not read.

    @definition.KIND    a definition; KIND is one of `DefinitionKind`. A function directly inside a type is a method
      @name             its name, with its owner where that is written (``T::run``); default: the node itself
      @owner            the type it belongs to, where that is written apart (Go's receiver)
      @body             its signature ends where this begins
      @level            the rank of a heading, a digit in the node's kind: it reaches to the next of its rank
      @entry            control comes in here (the function main)
      @public           it is offered to others
    @scope              names inside belong to @name, which is defined elsewhere (``impl T``)
    @wrap               a node that belongs to the definition it ends with (``template <...>``)
    @decoration         an attribute on or above a definition, which may stand between it and its comment
    @base               a type that the definition around builds on
    @member             a line of the definition around, such as a field
    @field              a member called @name (none: what the type builds on) of the type around, of the type @type or
                        with the @value
    @local              @name holds something of the type @type or a @value, or an @element of a value
    @public.name        a name that the file offers to others
    @reference.call     a call of @name, on @receiver if there is one; @name defaults to the node itself
    @reference.name     a name that is mentioned
    @reference.loose    a call where the grammar sees words alone (in a macro's arguments); its receiver is what stands
                        before it
    @import             an import of @target, which goes by @alias here; without @target, of the node itself
    @import.name        inside an import, a @name that it binds, as @alias
    @import.default     inside an import: what it offers by default goes by @alias
    @import.here        inside `import.within`: an import of just that
    @import.all         inside an import: all names of the target
    @import.within      imports inside begin with @target
    @doc                a comment
    @summary            what the file says of itself, if no comment does
    @error              text that the grammar could not read
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast, get_args

from codereader.index.parsed import (
    Definition,
    DefinitionKind,
    Entry,
    Include,
    Member,
    ParsedFile,
    Record,
    Reference,
    ReferenceKind,
)
from codereader.index.prose import first_sentence, header_summary
from codereader.index.tagged.held import Binding, Bindings, base_text
from codereader.index.tagged.nest import Nest
from codereader.index.tagged.text import MOST_DEEP, TagText, owner_of, squeezed, tag_text
from codereader.source.languages import Language
from codereader.source.spans import Span

if TYPE_CHECKING:
    from tree_sitter import Node

Match = tuple[int, Mapping[str, Sequence["Node"]]]
"""One place where a pattern of the query fits: the pattern's number in the file, its nodes by capture name."""

Matcher = Callable[[bytes], Sequence[Match] | None]
"""Parses a text and returns where the patterns of a language fit, None for text that it cannot make anything of."""

SIGNATURE_LENGTH = 400
"""Longest signature in characters."""

VALUE_LENGTH = 80
"""Longest signature, in characters, of a definition that is mostly its value."""

MEMBER_LENGTH = 120
"""Longest line of a member, in characters."""

RECEIVER_BYTES = 120
"""Longest receiver that is kept as written."""

_KINDS = frozenset(get_args(DefinitionKind))
_TYPES = frozenset({"class", "struct", "union", "interface", "trait", "enum", "scope"})
"""A function directly inside one of these is a method."""

_LEAVES = frozenset({"variable", "constant", "property", "typedef", "enumerator", "macro"})
"""Kinds that own nothing and call nothing under their own name."""

_VALUES = frozenset({"variable", "constant", "property", "key"})


@dataclass(slots=True)
class _Shape:
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


class _Reading:
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


def extract(data: bytes, language: Language, query: Matcher) -> ParsedFile | None:
    """Return the facts of *data* in *language*, None if *query* can make nothing of it."""
    text = tag_text(data, language)
    matches = query(text.plain)
    if matches is None:
        return None
    reading = _Reading(text, language, matches)
    _fill(reading)
    definitions = [*_definitions(reading), *text.macros()]
    return ParsedFile(
        language=language.key,
        lines=data.count(b"\n") + (bool(data) and not data.endswith(b"\n")),
        summary=_summary(reading),
        definitions=tuple(sorted(definitions, key=lambda one: (one.row, one.span.start, one.name, one.kind))),
        references=tuple(_references(reading)),
        records=tuple(_records(reading)),
        includes=tuple(sorted((*text.includes(), *_imports(reading)), key=lambda one: (one.row, one.target))),
        entries=tuple(_entries(reading)),
        error_nodes=len(reading.led.get("error", ())),
    )


# -- scopes ---------------------------------------------------------------------------------------------------------


class _Scopes:
    """Definitions that others stand in, innermost found first. Gives each its dotted path."""

    def __init__(self, shapes: Sequence[_Shape]) -> None:
        self._shapes = shapes
        self._nest = Nest([(shape.start, shape.end) for shape in shapes])
        self._at = {id(shape): at for at, shape in enumerate(shapes)}
        for shape in shapes:
            shape.path = self.path_of(shape)

    def around(self, byte: int) -> _Shape | None:
        """Return the innermost scope that holds *byte*."""
        at = self._nest.around(byte)
        return self._shapes[at] if at >= 0 else None

    def numbers(self, byte: int) -> Iterator[int]:
        """Yield the numbers of the scopes that hold *byte*, innermost first."""
        return self._nest.all_around(byte)

    def type_around(self, byte: int) -> _Shape | None:
        """Return the innermost type that holds *byte*."""
        found = (self._shapes[at] for at in self._nest.all_around(byte))
        return next((shape for shape in found if shape.kind in _TYPES), None)

    def parent(self, shape: _Shape) -> _Shape | None:
        """Return the scope that *shape* stands in."""
        at = self._at.get(id(shape))
        if at is None:
            return self.around(shape.start)
        return self._shapes[self._nest.parents[at]] if self._nest.parents[at] >= 0 else None

    def path_of(self, shape: _Shape) -> str:
        """Return the dotted name of *shape*, whose parent has its own."""
        parent = self.parent(shape)
        return ".".join(part for part in (parent.path if parent else "", shape.owner, shape.name) if part)


# -- definitions ----------------------------------------------------------------------------------------------------


def _shapes(reading: _Reading) -> list[_Shape]:
    """Return the definitions and scopes of the file. Of several patterns that name one node the first decides."""
    found: dict[int, _Shape] = {}
    led = [(name, one) for name, some in reading.led.items() for one in some]
    for kind, (node, order, captures) in sorted(led, key=lambda one: (one[1][1], one[1][0].start_byte)):
        kind = kind.removeprefix("definition.") if kind.startswith("definition.") else kind
        if kind != "scope" and kind not in _KINDS:
            continue
        name = _first(captures, "name") or node
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
    return shapes


def _shape(
    reading: _Reading, kind: str, node: Node, name: Node, order: int, captures: Mapping[str, Sequence[Node]]
) -> _Shape | None:
    outer, own = owner_of(reading.written(name), reading.language.separator)
    if own[:1] in ("'", '"'):
        own = own.strip("\"'")
    owner, body, level = _first(captures, "owner"), _first(captures, "body"), _first(captures, "level")
    if not own:
        return None
    start = node.start_byte if level else reading.text.reach_back(node.start_byte, node.end_byte)
    written = owner_of(reading.written(owner), reading.language.separator) if owner is not None else ("", "")
    return _Shape(
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


def _rank(shapes: Sequence[_Shape], end: int) -> None:
    """Let each heading reach to the next of its rank or above."""
    open_: list[_Shape] = []
    for shape in shapes:
        while open_ and open_[-1].level >= shape.level:
            open_.pop().end = shape.start
        open_.append(shape)
    for shape in open_:
        shape.end = end


def _first(captures: Mapping[str, Sequence[Node]], name: str) -> Node | None:
    nodes = captures.get(name)
    return nodes[0] if nodes else None


def _fill(reading: _Reading) -> None:
    """Give bases and members to the definitions around them, and mark what the file offers by name."""
    for node, _, _ in reading.led.get("base", ()):
        around = reading.scopes.around(node.start_byte)
        if around is not None:
            around.bases.append(reading.written(node))
    for node, _, _ in reading.led.get("member", ()):
        around = reading.scopes.around(node.start_byte - 1)
        if around is not None:
            around.members.append(_shortened(reading.written(node).rstrip(";,"), MEMBER_LENGTH))
    names = {reading.written(node) for node, _, _ in reading.led.get("public.name", ())}
    for shape in reading.shapes:
        shape.is_public |= shape.path in names


def _definitions(reading: _Reading) -> Iterator[Definition]:
    text, language = reading.text, reading.language
    public_name = re.compile(language.public_name) if language.public_name else None
    public_signature = re.compile(language.public_signature) if language.public_signature else None
    for shape in reading.shapes:
        if shape.kind == "scope":
            continue
        signature = _signature(reading, shape)
        yield Definition(
            name=shape.name,
            kind=_kind(reading, shape),
            span=Span(shape.start, shape.end, text.row(shape.start), text.row(max(shape.start, shape.end - 1))),
            row=shape.row,
            signature=signature,
            owner=shape.path[: -len(shape.name) - 1] or None,
            exported=shape.is_public
            or bool(public_name and public_name.search(shape.name))
            or bool(public_signature and public_signature.search(signature)),
            condition=text.condition(shape.start, shape.row),
            fields=tuple(shape.bases if shape.kind == "class" else shape.members),
            doc=text.doc(shape.start),
        )


def _kind(reading: _Reading, shape: _Shape) -> DefinitionKind:
    if shape.kind != "function":
        return cast("DefinitionKind", shape.kind)
    parent = reading.scopes.parent(shape)
    if shape.owner:
        return "function" if shape.owner in reading.namespaces else "method"
    return "method" if parent is not None and parent.kind in _TYPES else "function"


def _signature(reading: _Reading, shape: _Shape) -> str:
    if shape.level:
        return reading.text.line(shape.row)
    start, end = reading.text.after_decorations(shape.start, shape.head), shape.head
    if shape.kind == "key":
        end = min(end, reading.text.line_end(start))
    words = squeezed(reading.text.uncommented(start, min(end, start + 4 * SIGNATURE_LENGTH)))
    return _shortened(words.rstrip("{:=;, "), VALUE_LENGTH if shape.kind in _VALUES else SIGNATURE_LENGTH)


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _summary(reading: _Reading) -> str | None:
    said = header_summary(reading.text.header())
    if said is None:
        paragraphs = reading.led.get("summary", ())
        said = first_sentence(reading.written(paragraphs[0][0])) if paragraphs else None
    return said


def _entries(reading: _Reading) -> Iterator[Entry]:
    for shape in reading.shapes:
        if shape.is_entry:
            yield Entry(shape.path, "main", shape.name, shape.row, reading.text.condition(shape.start, shape.row))


# -- what names hold ------------------------------------------------------------------------------------------------


def _bindings(reading: _Reading) -> Iterator[Binding]:
    """Yield what the file's functions bind to a declared type or a value."""
    for node, _, captures in reading.led.get("local", ()):
        name, base = _first(captures, "name"), _base(reading, captures)
        if name is not None and base:
            scope = next(reading.scopes.numbers(node.start_byte), -1)
            yield Binding(reading.written(name), scope, node.start_byte, base)


def _base(reading: _Reading, captures: Mapping[str, Sequence[Node]]) -> str | None:
    kind, element = _first(captures, "type"), _first(captures, "element")
    value = element or _first(captures, "value")
    return base_text(
        reading.written(kind) if kind is not None else None,
        reading.written(value) if value is not None else None,
        is_element=element is not None,
    )


def _records(reading: _Reading) -> Iterator[Record]:
    """Yield for each type what it builds on (members without a name) and what its members hold, by its dotted path."""
    held: dict[str, dict[str, str]] = {}
    rows: dict[str, int] = {}
    for shape in reading.shapes:
        if shape.kind in _TYPES and (shape.kind != "scope" or shape.bases):
            rows.setdefault(shape.path, shape.row)
            held.setdefault(shape.path, {}).update((f"<{base}", base) for base in shape.bases)
    for node, _, captures in reading.led.get("field", ()):
        around, base = reading.scopes.type_around(node.start_byte), _base(reading, captures)
        if around is not None and base:
            name = _first(captures, "name")
            rows.setdefault(around.path, around.row)
            members = held.setdefault(around.path, {})
            members.setdefault(reading.written(name) if name is not None else f"<{base}", base)
    for path, members in held.items():
        if members:
            made = (Member("" if one[0] == "<" else one, members[one], at) for at, one in enumerate(members))
            yield Record(f"type {path}", tuple(made), rows[path])


# -- references -----------------------------------------------------------------------------------------------------


def _references(reading: _Reading) -> list[Reference]:
    names = {shape.row: set[str]() for shape in reading.shapes}
    for shape in reading.shapes:
        names[shape.row].add(shape.name)
    found: dict[tuple[int, str], Reference] = {}
    for node, _, _ in reading.led.get("reference.loose", ()):
        made = _reference(reading, node, "call", None, reading.text.before(node.start_byte))
        found[node.start_byte, made.name] = made
    for kind, leader in (("call", "reference.call"), ("name", "base"), ("name", "reference.name")):
        for node, _, captures in reading.led.get(leader, ()):
            name = _first(captures, "name") if leader != "base" else None
            made = _reference(reading, name or node, cast("ReferenceKind", kind), _first(captures, "receiver"))
            is_own = kind == "name" and made.name in names.get(made.row, ()) and leader != "base"
            if made.name and not is_own:
                found.setdefault(((name or node).start_byte, made.name), made)
    return [found[at] for at in sorted(found)]


def _reference(
    reading: _Reading, node: Node, kind: ReferenceKind, receiver: Node | None, before: str = ""
) -> Reference:
    outer, name = owner_of(reading.written(node), reading.language.separator, joint=reading.language.separator)
    start, row = node.start_byte, node.start_point[0]
    around = reading.scopes.around(start)
    said = before or outer or None
    if receiver is not None:
        is_short = receiver.end_byte - receiver.start_byte <= RECEIVER_BYTES
        said = reading.written(receiver) if is_short else "…"
    condition = reading.text.condition(start, row)
    base = reading.bindings.base(said, start, lambda: reading.scopes.numbers(start)) if said else None
    return Reference(name, kind, row, around.path if around else None, said, condition, base)


# -- imports --------------------------------------------------------------------------------------------------------


def _imports(reading: _Reading) -> Iterator[Include]:
    """Yield the imports of the file, each with what is said around it and what it binds."""
    within = [captures["target"][0] for _, _, captures in reading.led.get("import.within", ())]
    prefixes = Nest(reading.ranges("import.within"))
    bound = _bound(reading)
    starts = [start for start, _ in bound]
    seen = set[int]()
    for node, _, captures in (*reading.led.get("import", ()), *reading.led.get("import.here", ())):
        target = _first(captures, "target") or node
        if target.start_byte in seen:
            continue
        seen.add(target.start_byte)
        around = [_target(reading, within[at]) for at in prefixes.all_around(node.start_byte)][:MOST_DEEP]
        parts = [*reversed(around), "" if "import.here" in captures else _target(reading, target)]
        alias = _first(captures, "alias")
        names = [f"* as {reading.written(alias)}"] if alias is not None else []
        names += [name for _, name in bound[bisect_left(starts, node.start_byte) : bisect_left(starts, node.end_byte)]]
        condition = reading.text.condition(node.start_byte, node.start_point[0])
        whole = reading.language.separator.join(part for part in parts if part not in ("", "*"))
        yield Include(whole, node.start_point[0], tuple(names), condition=condition)


def _target(reading: _Reading, node: Node) -> str:
    return reading.written(node).strip("\"'`")


def _bound(reading: _Reading) -> list[tuple[int, str]]:
    """Return the names that imports bind with the byte at which they stand, in order."""
    found = [(start, "*") for start, _ in reading.ranges("import.all")]
    for node, _, captures in reading.led.get("import.default", ()):
        found.append((node.start_byte, f"default as {reading.written(_first(captures, 'alias') or node)}"))
    for node, _, captures in reading.led.get("import.name", ()):
        alias, name = _first(captures, "alias"), _first(captures, "name")
        words = reading.written(name) if name is not None else ("*" if alias is not None else reading.written(node))
        found.append((node.start_byte, f"{words} as {reading.written(alias)}" if alias is not None else words))
    return sorted(found)
