"""The parts of a file of any language with a grammar, through the captures of its ``skeleton.scm``.

    @comment            a comment
    @docstring          a string that documents the definition or file it begins
    @function           a function; @body is what may be left out of it, @name how to call it
    @above              what stands before a function and belongs to it: an attribute, a decorator
    @around             a node that begins before the function @within and belongs to it: ``template <...>``, ``export``
    @value              a literal with many items
    @text               a long string

A language without that file is read through its ``tags.scm``: ``@doc`` are its comments, and definitions with a
``@body`` its functions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from codereader.index.anatomy.c import conditions, outside, preprocessed
from codereader.index.anatomy.parts import Anatomy, Docstring, Function, Range, Stretch
from codereader.index.grammar import Match, UnusableError, grammar_of, matcher_of, pattern_of
from codereader.index.tagged.text import tag_text
from codereader.source.languages import Language

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY = "skeleton.scm"

_FUNCTIONS = frozenset({"function", "definition.function", "definition.method"})
_COMMENTS = frozenset({"comment", "doc"})


def tree_anatomy(data: bytes, language: Language) -> Anatomy | None:
    """Return the parts of *data*, None where the grammar cannot be used or is lost in it."""
    text = tag_text(data, language)
    try:
        matches = _matcher(language)(text.plain)
    except UnusableError:
        return None
    if matches is None:
        return None
    led: dict[str, list[tuple[Node, Match]]] = {}
    for match in matches:
        for name, nodes in match[1].items():
            led.setdefault(name, []).extend((node, match) for node in nodes)
    split = text.split
    comments = {_trimmed(data, node) for name in _COMMENTS for node, _ in led.get(name, ())}
    stretches = {Stretch(node.start_byte, node.end_byte, "value") for node, _ in led.get("value", ())}
    stretches |= {Stretch(node.start_byte, node.end_byte, "text") for node, _ in led.get("text", ())}
    stretches.update(preprocessed(data, split) if split else ())
    return Anatomy(
        comments=outside(data, split) if split else tuple(sorted(comments)),
        docstrings=tuple(sorted(_docstrings(led.get("docstring", ())), key=lambda one: one.start)),
        functions=tuple(_functions(data, led)),
        stretches=tuple(sorted(stretches, key=lambda one: (one.start, -one.end, one.kind))),
        directives=conditions(data, split) if split else (),
    )


@cache
def _matcher(language: Language) -> Callable[[bytes], Sequence[Match] | None]:
    """Return what finds the parts of a text in *language*. Raises: UnusableError."""
    from tree_sitter import Query, QueryError

    files = [folder / QUERY for folder in (*(language.folder.parent / one for one in language.tags), language.folder)]
    texts = [text for text in map(_read, files) if text]
    if not texts:
        return matcher_of(language, pattern_of(language))
    try:
        return matcher_of(language, Query(grammar_of(language), "\n".join(texts)))
    except (ValueError, QueryError) as error:
        raise UnusableError(f"{files[-1]} cannot be used: {error}") from None


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _trimmed(data: bytes, node: Node) -> Range:
    """Return the range of *node* without a line break at its end."""
    start, end = node.start_byte, node.end_byte
    while end > start and data[end - 1] in b"\r\n":
        end -= 1
    return start, end


def _functions(data: bytes, led: dict[str, list[tuple[Node, Match]]]) -> Iterator[Function]:
    """Yield the functions in order; of a node that several patterns fit, what the one with a name says."""
    above = sorted({_trimmed(data, node) for node, _ in led.get("above", ())})
    around = {m[1]["within"][0].start_byte: node.start_byte for node, m in led.get("around", ()) if "within" in m[1]}
    found: dict[int, Function] = {}
    for lead in sorted(_FUNCTIONS & led.keys()):
        for node, (_, captures) in led[lead]:
            body = captures.get("body", ())
            if not body or body[0].end_byte > node.end_byte:
                continue
            names = captures.get("name", ())
            name = _name(data, names[0]) if names else ""
            end = body[0].end_byte
            start = around.get(node.start_byte, node.start_byte)
            at = found.get(body[0].start_byte)
            if at is None or (name and not at.name):
                found[body[0].start_byte] = Function(name, _decorated(data, start, above), body[0].start_byte, end)
    for at_ in sorted(found):
        yield found[at_]


def _name(data: bytes, node: Node) -> str:
    """Return the name that *node* gives: of a declarator, what stands before its parameters."""
    words = data[node.start_byte : node.end_byte].partition(b"(")[0].split()
    return words[-1].decode("utf-8", "replace").strip("*&\"'") if words else ""


def _decorated(data: bytes, start: int, above: Sequence[Range]) -> int:
    """Return where what decorates the function at *start* begins."""
    at = bisect_left(above, (start, start)) - 1
    while at >= 0 and above[at][1] <= start and not data[above[at][1] : start].strip():
        start = above[at][0]
        at -= 1
    return start


def _docstrings(found: Sequence[tuple[Node, Match]]) -> Iterator[Docstring]:
    for node, _ in found:
        statement = node.parent
        after = statement.next_named_sibling if statement is not None else None
        while after is not None and after.type == "comment":
            after = after.next_named_sibling
        is_module = statement is not None and statement.parent is not None and statement.parent.parent is None
        yield Docstring(node.start_byte, node.end_byte, after is None and not is_module)
