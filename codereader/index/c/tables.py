"""The initialisers of a C file as tables: which member of which variable holds which named object.

Reads an initialiser as text, from its brace on, so that a macro between two members does not hide them. A member is
known by its designators, else by its place (``#2``); elements of an array are not told apart. Takes plain C with the
insides of strings blanked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from codereader.index.c.reading import NO_OBJECT, Reading
from codereader.index.parsed import TableEntry

DEEPEST_TABLE = 24
"""Braces inside each other that are read; more is no program."""

_WORTH = re.compile(rb"[{,=&)?:(]\s*_*[A-Za-z_]*[a-z]\w*\s*[,}):]")
"""What an initialiser without named objects lacks."""

_TOKEN = re.compile(rb"[{},()]|\.\s*[A-Za-z_]\w*|\[[^\[\]{}]*\]|(?<![=!<>])=(?!=)")
_GLUED = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789)]")
_OBJECT = re.compile(
    r"(?:\s*(?:\((?=\s*[(&A-Za-z_])(?:[\w\s]|\*)*(?:\([\s*]*\)\s*\([^()]*\)\s*)?\)|&|\())*\s*([A-Za-z_]\w*)[\s)]*\Z"
)
_EITHER = re.compile(r"\?\s*&?([A-Za-z_]\w*)\s*:\s*&?([A-Za-z_]\w*)\s*\)*\s*\Z")
_INSIDE = re.compile(rb"(?<![\w\])])\.\s*([A-Za-z_]\w*)\s*=\s*&?\s*([A-Za-z_]\w*)\s*[,)]")


@dataclass(slots=True)
class _Item:
    """One item of an initialiser: its designators, where its value begins and ends, and the braces in it."""

    start: int
    names: list[str] = field(default_factory=list)
    indexed: bool = False
    value: int = -1
    end: int = -1
    inner: list[_Item] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A variable with an initialiser from `start` (its brace) to `end`.

    `array` tells that the items are elements; `assigned` as in `TableEntry`.
    """

    variable: str
    struct: str | None
    start: int
    end: int
    array: bool
    assigned: bool = False


def entries(reading: Reading, table: Table) -> Iterator[TableEntry]:
    """Yield the named objects that *table* holds, in the file's order."""
    text = reading.bare
    if not _WORTH.search(text, table.start, table.end):
        return
    items = _items(text, table.start, table.end)
    for path, name, value, at in _held(text, items, (), table.array, 0):
        row = reading.row(at)
        condition = reading.plain.condition(row)
        dotted = ".".join(path)
        yield TableEntry(table.variable, table.struct, name, value, row, condition, dotted, table.assigned)


def _items(text: bytes, start: int, end: int) -> list[_Item]:
    """Return the items between the braces at *start* and before *end*."""
    item = _Item(start + 1)
    stack: list[list[_Item]] = [[item]]
    parentheses = 0
    for token in _TOKEN.finditer(text, start + 1, end):
        sign, at = token[0], token.start()
        first = sign[0]
        if first == 40:
            parentheses += 1
        elif first == 41:
            parentheses -= 1
        elif parentheses > 0 and first not in b"{}":
            continue
        elif first == 123:
            stack.append([_Item(at + 1)])
            item.inner = stack[-1]
            item = stack[-1][0]
            parentheses = 0
        elif first == 125:
            item.end = at
            if len(stack) == 1:
                break
            stack.pop()
            item = stack[-1][-1]
            item.end = token.end()
        elif first == 44:
            if item.end < 0:
                item.end = at
            item = _Item(token.end())
            stack[-1].append(item)
        elif first == 61:
            if item.names or item.indexed:
                item.value = token.end()
        elif first == 91:
            item.indexed = item.indexed or (item.value < 0 and not text[item.start : at].strip())
        elif text[at - 1] in _GLUED and (item.value >= 0 or not (item.names or item.indexed)):
            continue
        else:
            if item.value >= 0 or (text[item.start : at].strip() and not item.names and not item.indexed):
                item.end = at
                item = _Item(at)
                stack[-1].append(item)
            item.names.append(sign[1:].strip().decode())
    return stack[0]


def _held(
    text: bytes, items: list[_Item], path: tuple[str, ...], array: bool, depth: int
) -> Iterator[tuple[tuple[str, ...], str, str, int]]:
    """Yield the path, member, object and byte of what *items* hold."""
    array = array or _is_array(items)
    place = -1
    for item in items:
        place += 1
        start = item.value if item.value >= 0 else item.start
        if item.names:
            way = (*path, *item.names)
        elif array or item.indexed:
            way = path
        else:
            way = (*path, f"#{place}")
        if item.inner is not None:
            if depth < DEEPEST_TABLE:
                yield from _held(text, item.inner, way, False, depth + 1)
            continue
        raw = text[start : item.end if item.end >= 0 else start]
        if len(way) > len(path):
            for name in _objects(raw.decode("utf-8", "replace")):
                yield way[:-1], way[-1], name, _place(text, item, start)
        if b"(" in raw and b"=" in raw:
            for inside in _INSIDE.finditer(raw):
                name = inside[2].decode()
                if _is_object(name):
                    yield path, inside[1].decode(), name, start + inside.start()


def _place(text: bytes, item: _Item, start: int) -> int:
    """Return the first byte of what *item* says."""
    at = item.start if item.names else start
    return at + len(text[at : start + 1]) - len(text[at : start + 1].lstrip()) if item.names else at + _white(text, at)


def _white(text: bytes, at: int) -> int:
    piece = text[at : at + 200]
    return len(piece) - len(piece.lstrip())


def _is_array(items: list[_Item]) -> bool:
    """Whether what is in braces are elements: all are braces themselves or have an index."""
    return any(item.indexed and not item.names for item in items) or all(
        item.inner is not None and not item.names
        for item in items
        if item.inner is not None or item.end > item.start + 1
    )


def _objects(value: str) -> Iterator[str]:
    """Yield the names that *value* may be the address of, through casts, brackets and ``&``."""
    found = _OBJECT.match(value) or (_EITHER.search(value) if "?" in value else None)
    for name in found.groups() if found else ():
        if _is_object(name):
            yield name


def _is_object(name: str) -> bool:
    return name not in NO_OBJECT and not name.isupper()
