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
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

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
from codereader.index.tagged.nest import Nest
from codereader.index.tagged.reading import TYPES, Match, Reading, Shape, base_of, first
from codereader.index.tagged.text import MOST_DEEP, owner_of, squeezed, tag_text
from codereader.source.languages import Language
from codereader.source.spans import Span

if TYPE_CHECKING:
    from tree_sitter import Node

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

_VALUES = frozenset({"variable", "constant", "property", "key"})


def extract(data: bytes, language: Language, query: Matcher) -> ParsedFile | None:
    """Return the facts of *data* in *language*, None if *query* can make nothing of it."""
    text = tag_text(data, language)
    matches = query(text.plain)
    if matches is None:
        return None
    reading = Reading(text, language, matches)
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


# -- definitions ----------------------------------------------------------------------------------------------------


def _fill(reading: Reading) -> None:
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


def _definitions(reading: Reading) -> Iterator[Definition]:
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


def _kind(reading: Reading, shape: Shape) -> DefinitionKind:
    if shape.kind != "function":
        return cast("DefinitionKind", shape.kind)
    parent = reading.scopes.parent(shape)
    if shape.owner:
        return "function" if shape.owner in reading.namespaces else "method"
    return "method" if parent is not None and parent.kind in TYPES else "function"


def _signature(reading: Reading, shape: Shape) -> str:
    if shape.level:
        return reading.text.line(shape.row)
    start, end = reading.text.after_decorations(shape.start, shape.head), shape.head
    if shape.kind == "key":
        end = min(end, reading.text.line_end(start))
    words = squeezed(reading.text.uncommented(start, min(end, start + 4 * SIGNATURE_LENGTH)))
    return _shortened(words.rstrip("{:=;, "), VALUE_LENGTH if shape.kind in _VALUES else SIGNATURE_LENGTH)


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _summary(reading: Reading) -> str | None:
    said = header_summary(reading.text.header())
    if said is None:
        paragraphs = reading.led.get("summary", ())
        said = first_sentence(reading.written(paragraphs[0][0])) if paragraphs else None
    return said


def _entries(reading: Reading) -> Iterator[Entry]:
    for shape in reading.shapes:
        if shape.is_entry:
            yield Entry(shape.path, "main", shape.name, shape.row, reading.text.condition(shape.start, shape.row))


# -- what types hold ----------------------------------------------------------------------------------------------


def _records(reading: Reading) -> Iterator[Record]:
    """Yield for each type what it builds on (members without a name) and what its members hold, by its dotted path."""
    held: dict[str, dict[str, str]] = {}
    rows: dict[str, int] = {}
    for shape in reading.shapes:
        if shape.kind in TYPES and (shape.kind != "scope" or shape.bases):
            rows.setdefault(shape.path, shape.row)
            held.setdefault(shape.path, {}).update((f"<{base}", base) for base in shape.bases)
    for node, _, captures in reading.led.get("field", ()):
        around, base = reading.scopes.type_around(node.start_byte), base_of(reading, captures)
        if around is not None and base:
            name = first(captures, "name")
            rows.setdefault(around.path, around.row)
            members = held.setdefault(around.path, {})
            members.setdefault(reading.written(name) if name is not None else f"<{base}", base)
    for path, members in held.items():
        if members:
            made = (Member("" if one[0] == "<" else one, members[one], at) for at, one in enumerate(members))
            yield Record(f"type {path}", tuple(made), rows[path])


# -- references -----------------------------------------------------------------------------------------------------


def _references(reading: Reading) -> list[Reference]:
    names = {shape.row: set[str]() for shape in reading.shapes}
    for shape in reading.shapes:
        names[shape.row].add(shape.name)
    found: dict[tuple[int, str], Reference] = {}
    for node, _, _ in reading.led.get("reference.loose", ()):
        made = _reference(reading, node, "call", None, reading.text.before(node.start_byte))
        found[node.start_byte, made.name] = made
    for kind, leader in (("call", "reference.call"), ("name", "base"), ("name", "reference.name")):
        for node, _, captures in reading.led.get(leader, ()):
            name = first(captures, "name") if leader != "base" else None
            made = _reference(reading, name or node, cast("ReferenceKind", kind), first(captures, "receiver"))
            is_own = kind == "name" and made.name in names.get(made.row, ()) and leader != "base"
            if made.name and not is_own:
                found.setdefault(((name or node).start_byte, made.name), made)
    return [found[at] for at in sorted(found)]


def _reference(reading: Reading, node: Node, kind: ReferenceKind, receiver: Node | None, before: str = "") -> Reference:
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


def _imports(reading: Reading) -> Iterator[Include]:
    """Yield the imports of the file, each with what is said around it and what it binds."""
    within = [captures["target"][0] for _, _, captures in reading.led.get("import.within", ())]
    prefixes = Nest(reading.ranges("import.within"))
    bound = _bound(reading)
    starts = [start for start, _ in bound]
    seen = set[int]()
    for node, _, captures in (*reading.led.get("import", ()), *reading.led.get("import.here", ())):
        target = first(captures, "target") or node
        if target.start_byte in seen:
            continue
        seen.add(target.start_byte)
        around = [_target(reading, within[at]) for at in prefixes.all_around(node.start_byte)][:MOST_DEEP]
        parts = [*reversed(around), "" if "import.here" in captures else _target(reading, target)]
        alias = first(captures, "alias")
        names = [f"* as {reading.written(alias)}"] if alias is not None else []
        names += [name for _, name in bound[bisect_left(starts, node.start_byte) : bisect_left(starts, node.end_byte)]]
        condition = reading.text.condition(node.start_byte, node.start_point[0])
        whole = reading.language.separator.join(part for part in parts if part not in ("", "*"))
        yield Include(whole, node.start_point[0], tuple(names), condition=condition)


def _target(reading: Reading, node: Node) -> str:
    return reading.written(node).strip("\"'`")


def _bound(reading: Reading) -> list[tuple[int, str]]:
    """Return the names that imports bind with the byte at which they stand, in order."""
    found = [(start, "*") for start, _ in reading.ranges("import.all")]
    for node, _, captures in reading.led.get("import.default", ()):
        found.append((node.start_byte, f"default as {reading.written(first(captures, 'alias') or node)}"))
    for node, _, captures in reading.led.get("import.name", ()):
        alias, name = first(captures, "alias"), first(captures, "name")
        words = reading.written(name) if name is not None else ("*" if alias is not None else reading.written(node))
        found.append((node.start_byte, f"{words} as {reading.written(alias)}" if alias is not None else words))
    return sorted(found)
