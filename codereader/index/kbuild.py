"""What build files say: the lists of a makefile with their configuration symbols, and the options of a Kconfig file.

Makefile conditionals (``ifeq``, ``ifdef`` ...) are blanked before the grammar sees the text, so that the assignments
of all branches are read; each keeps its condition in words.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from codereader.index.c.preprocessor import DEEPEST, joined
from codereader.index.parsed import BuildRule, Definition, Include, ParsedFile
from codereader.index.prose import first_sentence, summary_of_lines
from codereader.source.spans import Span

if TYPE_CHECKING:
    from tree_sitter import Node

Captures = Mapping[str, Sequence["Node"]]
"""Nodes of one file by capture name."""

_CONDITIONAL = re.compile(rb"^[ ]*(ifeq|ifneq|ifdef|ifndef|else|endif)\b([^\n]*)", re.MULTILINE)
_SYMBOL = re.compile(rb"\$[({](\w+)[)}](?=[\w$(){}-]*[ \t]*(?:[:+?]?=))")
_BUILT_IN = re.compile(rb"\$[({]subst m,y,[ \t]*\$[({](\w+)[)}][)}]")
"""A symbol with a module taken for built in."""
_GOAL = re.compile(r"(?P<goal>.+?)-(?:\$[({](?P<symbol>\w+)[)}]|(?P<plain>[ymn]|objs))\Z")
_REFERENCE = re.compile(r"\$[({]([^(){}$\s]+)[)}]\Z")
_WORD = re.compile(r"\$\([^()]*(?:\([^()]*\)[^()]*)*\)|[^\s$]+")
_WHOLE = re.compile(r"(?:\$\([^()]*(?:\([^()]*\)[^()]*)*\)|\S)+")
_EQUAL = re.compile(r"\((.*),(.*)\)\Z|[\"'](.*)[\"']\s+[\"'](.*)[\"']\Z")
_SPACE = re.compile(r"(?:\\\r?\n|\s)+")


def extract_make(data: bytes, query: Callable[[bytes], Captures]) -> ParsedFile:
    """Return the facts of the makefile *data*; *query* parses text and returns its captures."""
    data = _BUILT_IN.sub(_symbol_alone, data)
    text, changes = _unconditional(data)
    captures = query(_SYMBOL.sub(_plain_name, text))
    rules = list(_rules(data, captures.get("assignment", ()), changes))
    return ParsedFile(
        language="make",
        lines=_lines(data),
        summary=_header(data),
        includes=tuple(_makefile_includes(captures.get("include", ()), changes)),
        builds=tuple(_expanded(rules)),
        error_nodes=len(captures.get("error", ())),
    )


def extract_kconfig(data: bytes, query: Callable[[bytes], Captures]) -> ParsedFile:
    """Return the facts of the Kconfig file *data*; *query* parses text and returns its captures."""
    captures = query(data)
    blocks = _blocks(captures.get("block", ()))
    return ParsedFile(
        language="kconfig",
        lines=_lines(data),
        summary=_header(data),
        definitions=tuple(_options(captures.get("option", ()), blocks)),
        includes=tuple(_sources(captures.get("source", ()), blocks)),
        error_nodes=len(captures.get("error", ())),
    )


def _lines(data: bytes) -> int:
    return data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _one_line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _header(data: bytes) -> str | None:
    """Return what the comments at the top say of the file."""
    lines = []
    for line in data[:8192].decode("utf-8", "replace").splitlines():
        if line.strip() and not line.startswith("#"):
            break
        lines.append(line.lstrip("# \t"))
    return summary_of_lines(lines)


# -- makefiles ------------------------------------------------------------------------------------------------------

_Changes = list[tuple[int, str | None]]
"""Byte offsets from which on another condition holds."""


def _unconditional(data: bytes) -> tuple[bytes, _Changes]:
    """Return *data* with its conditional lines blanked, and the conditions by byte."""
    stack: list[list[str]] = []
    changes: _Changes = []
    for match in _CONDITIONAL.finditer(data):
        word, rest = match[1].decode(), match[2].decode("utf-8", "replace").partition("#")[0].strip()
        if word == "endif":
            if stack:
                stack.pop()
        elif word != "else":
            stack.append([_test(word, rest)])
        elif stack:
            arm, _, test = rest.partition(" ")
            before = _negated(stack[-1].pop())
            stack[-1].append(before)
            stack[-1].append(_test(arm, test.strip()) if test else "")
        parts = [part for group in stack[-DEEPEST:] for part in group[-DEEPEST:] if part]
        changes.append((match.start(), joined(parts)))
    return _CONDITIONAL.sub(lambda match: b" " * len(match[0]), data), changes


def _test(word: str, rest: str) -> str:
    if word in ("ifdef", "ifndef"):
        return f"defined({rest})" if word == "ifdef" else f"!defined({rest})"
    match = _EQUAL.match(rest)
    left, right = (match[1] or match[3] or "", match[2] or match[4] or "") if match else (rest, "")
    sign = "==" if word == "ifeq" else "!="
    return f"{left.strip()} {sign} {right.strip() or 'nothing'}"


def _negated(test: str) -> str:
    if " == " in test:
        return test.replace(" == ", " != ", 1)
    if " != " in test:
        return test.replace(" != ", " == ", 1)
    return test[1:] if test.startswith("!") else f"!{test}"


def _condition(changes: _Changes, byte: int) -> str | None:
    at = bisect_right(changes, byte, key=lambda one: one[0])
    return changes[at - 1][1] if at else None


def _symbol_alone(match: re.Match[bytes]) -> bytes:
    """Return ``$(subst m,y,$(X))`` as ``$(X)`` and blanks, of the same length."""
    return (b"$(" + match[1] + b")").ljust(len(match[0]))


def _plain_name(match: re.Match[bytes]) -> bytes:
    """Return a variable's reference inside a name as a plain word of the same length."""
    return b"__" + match[1] + b"_"


def _rules(data: bytes, nodes: Sequence[Node], changes: _Changes) -> Iterator[BuildRule]:
    for node in nodes:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            continue
        written, operator = _signed(data[name.start_byte : name.end_byte].decode("utf-8", "replace"), _operator(node))
        right = _one_line(data[value.start_byte : value.end_byte].decode("utf-8", "replace"))
        words = _WORD.findall(right)
        match = _GOAL.match(written)
        goal = match["goal"] if match else written
        symbol = (match["symbol"] or {"objs": "y"}.get(match["plain"], match["plain"])) if match else "y"
        objects = tuple(word for word in words if word.endswith((".o", "/")) or _REFERENCE.match(word))
        if objects and not any(word.startswith("-") for word in words):
            condition = _condition(changes, node.start_byte)
            whole = tuple(_WHOLE.findall(right.partition("#")[0]))
            yield BuildRule(goal, symbol, objects, node.start_point[0], condition, written, operator, whole)


def _signed(name: str, operator: str) -> tuple[str, str]:
    """Give back to the operator what the grammar takes for the end of a name: ``x+= y``."""
    return (name[:-1], name[-1] + operator) if operator == "=" and name.endswith(("+", "?")) else (name, operator)


def _operator(node: Node) -> str:
    sign = node.child_by_field_name("operator")
    return _text(sign) if sign is not None else "="


def _expanded(rules: list[BuildRule]) -> Iterator[BuildRule]:
    """Replace references to lists of the same file by what those lists may hold; drop other references."""
    lists: dict[str, list[str]] = {}
    for rule in rules:
        lists.setdefault(rule.goal, []).extend(rule.objects)
    for rule in rules:
        objects = tuple(dict.fromkeys(_flat(rule.objects, lists, {rule.goal})))
        if objects:
            yield replace(rule, objects=objects)


def _flat(words: Sequence[str], lists: Mapping[str, Sequence[str]], seen: set[str]) -> Iterator[str]:
    waiting = list(reversed(words))
    while waiting:
        word = waiting.pop()
        match = _REFERENCE.match(word)
        if match is None:
            yield word
            continue
        goal = _GOAL.match(match[1])
        name = goal["goal"] if goal else match[1]
        if name not in seen:
            seen.add(name)
            waiting.extend(reversed(lists.get(name, ())))


def _makefile_includes(nodes: Sequence[Node], changes: _Changes) -> Iterator[Include]:
    for node in nodes:
        files = node.child_by_field_name("filenames")
        for word in _one_line(_text(files)).split() if files is not None else ():
            yield Include(word, node.start_point[0], condition=_condition(changes, node.start_byte))


# -- Kconfig --------------------------------------------------------------------------------------------------------


def _blocks(nodes: Sequence[Node]) -> _Changes:
    """Return the bytes at which the conditions of if, menu and choice blocks change."""
    edges: list[tuple[int, int, str]] = []
    for node in nodes:
        test = node.child_by_field_name("condition") if node.type == "if" else None
        parts = [_one_line(_text(test))] if test is not None else []
        parts.extend(_depends(child) for child in node.named_children if child.type == "dependencies")
        if parts:
            edges.append((node.start_byte, 1, joined(parts) or ""))
            edges.append((node.end_byte, 0, ""))
    stack: list[str] = []
    changes: _Changes = []
    for byte, opens, test_ in sorted(edges):
        if opens:
            stack.append(test_)
        elif stack:
            stack.pop()
        changes.append((byte, joined(stack[-DEEPEST - 1 :])))
    return changes


def _depends(node: Node) -> str:
    return _one_line(_text(node)).removeprefix("depends on").strip()


def _options(nodes: Sequence[Node], blocks: _Changes) -> Iterator[Definition]:
    for node in sorted(nodes, key=lambda one: one.start_byte):
        name = node.child_by_field_name("name")
        if name is None:
            continue
        attributes = [child for child in node.named_children if child.id != name.id and child.type != "comment"]
        helps = [child for child in attributes if child.type == "help_text"]
        fields = tuple(_one_line(_text(child)) for child in attributes if child.type != "help_text")
        words = [_text(child).partition("help")[2].strip("- ").removeprefix("help---") for child in helps]
        yield Definition(
            name=_text(name),
            kind="option",
            span=Span(node.start_byte, node.end_byte, node.start_point[0], node.end_point[0]),
            row=name.start_point[0],
            signature=f"{node.type} {_text(name)}",
            condition=_condition(blocks, node.start_byte),
            fields=fields,
            doc=first_sentence(words[0]) if words else None,
        )


def _sources(nodes: Sequence[Node], blocks: _Changes) -> Iterator[Include]:
    for node in nodes:
        target = _one_line(_text(node)).partition(" ")[2].strip('"')
        yield Include(target, node.start_point[0], condition=_condition(blocks, node.start_byte))
