"""The structs and unions of a C file with the types of their members, which lead from ``a->b->c()`` to a table.

Reads plain C as text (directives, comments and decorations blanked), member by member, so that a member which a
macro makes does not hide its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codereader.index.c.blocks import Skeleton
from codereader.index.c.reading import NUMBERS, Reading
from codereader.index.parsed import Member, Record

DEEPEST_RECORD = 16
"""So many structs inside each other are read; more is no program."""

_ATTRIBUTES = rb"(?:__attribute__\s*\(\([^;{}]*?\)\)\s*)?"
_HEAD = re.compile(rb"\b(struct|union)\s+" + _ATTRIBUTES + rb"(?:([A-Za-z_]\w*)\s*)?" + _ATTRIBUTES + rb"\{")
_INNER = re.compile(rb"(struct|union)\s*" + _ATTRIBUTES + rb"([A-Za-z_]\w*)?\s*" + _ATTRIBUTES + rb"\Z")
_MARK = re.compile(rb"[{}();]")
_GROUP = re.compile(rb"\s*(?:__)?struct_group(_tagged|_attr)?\s*\(")
_POINTER = re.compile(r"\(\s*(?:[A-Za-z_]\w*\s+)*\*[\s*]*(?:(?:const|volatile|__\w+)\s+)*([A-Za-z_]\w*)\s*\)\s*\(")
_ATTRIBUTE = re.compile(r"\b__attribute__\s*\(\(.*?\)\)|\b_\w+\s*\([^()]*\)|\[[^\]]*\]|:[^,;]*", re.DOTALL)
_WORD = re.compile(r"\*|[A-Za-z_]\w*")
_QUALIFIERS = frozenset({"const", "volatile", "static", "extern", "register", "__extension__", "_Atomic"})
_TAGGED = ("struct", "union", "enum")


def records(reading: Reading, skeleton: Skeleton) -> list[Record]:
    """Return the records of *skeleton*, by place; one inside another stands before it."""
    text = skeleton.text
    found: list[Record] = []
    head = _HEAD.search(text)
    while head:
        end = _closing(text, head.end())
        name = head[2].decode() if head[2] else _typedef(text, head.start(), end)
        if name:
            _Body(reading, skeleton, found).read(name, head.start(), head.end(), end)
        head = _HEAD.search(text, end)
    return found


def _closing(text: bytes, at: int) -> int:
    """Return where the brace that was opened before *at* closes, the end of *text* if nowhere."""
    depth = 1
    while depth:
        end = text.find(b"}", at)
        if end < 0:
            return len(text)
        depth += text.count(b"{", at, end) - 1
        at = end + 1
    return at - 1


def _typedef(text: bytes, start: int, end: int) -> str | None:
    """Return the name that a typedef gives the struct without a tag from *start* to its brace at *end*."""
    before = text[max(0, start - 40) : start].split()
    stop = text.find(b";", end)
    if b"typedef" not in before[-2:] or stop < 0:
        return None
    names = [word for word in _WORD.findall(text[end:stop].decode("utf-8", "replace")) if word != "*"]
    return names[0] if names else None


class _Body:
    """Reads the body of one struct, and of those inside it."""

    def __init__(self, reading: Reading, skeleton: Skeleton, found: list[Record]) -> None:
        self._reading = reading
        self._text = skeleton.text
        self._place = skeleton.place
        self._found = found

    def read(self, name: str, start: int, body: int, end: int, depth: int = 0) -> None:
        """Add the record *name* that begins at *start* and whose members stand from *body* to *end*."""
        row = self._reading.row(self._place(start))
        members = tuple(self._members(name, body, end, depth)[0])
        self._found.append(Record(name, members, row, self._reading.plain.condition(row)))

    def _members(self, name: str, body: int, end: int, depth: int) -> tuple[list[Member], int]:
        """Return the members from *body* to *end*, and how many places they take."""
        members: list[Member] = []
        place = 0
        for start, stop in self._statements(body, end):
            brace = self._text.find(b"{", start, stop)
            group = _GROUP.match(self._text, start, stop)
            if group:
                if depth < DEEPEST_RECORD:
                    members.extend(self._grouped(name, group, stop, place, depth))
                place += 1
            elif brace >= 0:
                if depth < DEEPEST_RECORD:
                    members.extend(self._inner(name, start, brace, stop, place, depth))
                place += 1
            else:
                declared = self._text[start:stop].decode("utf-8", "replace")
                made, places = _declared(declared, place)
                members.extend(made)
                place += places
        return members, place

    def _grouped(self, name: str, group: re.Match[bytes], stop: int, place: int, depth: int) -> Iterator[Member]:
        """Yield the members inside ``struct_group(name, members)``, which count as the struct's own."""
        start = group.end()
        for _ in range(2 if group[1] else 1):
            start = self._text.find(b",", start, stop) + 1 or stop
        for member in self._members(name, start, self._text.rfind(b")", start, stop), depth + 1)[0]:
            yield Member(member.name, member.type, place)

    def _inner(self, name: str, start: int, brace: int, stop: int, place: int, depth: int) -> Iterator[Member]:
        """Yield what a struct inside the struct *name* adds to it: its own members, or one of its type."""
        head = _INNER.search(self._text[start:brace])
        if head is None:
            return
        close = self._text.rfind(b"}", brace, stop)
        kind, tag = head[1].decode(), head[2].decode() if head[2] else None
        named, _ = _declared("struct _ " + self._text[close + 1 : stop].decode("utf-8", "replace"), place)
        own = tag or (f"{name}.{named[0].name}" if named else None)
        if own is None:
            for member in self._members(name, brace + 1, close, depth + 1)[0]:
                yield Member(member.name, member.type, place)
            return
        self.read(own, start, brace + 1, close, depth + 1)
        for member in named:
            yield Member(member.name, f"{kind} {own}{member.type.removeprefix('struct _')}", member.place)

    def _statements(self, at: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges between the semicolons that stand in no bracket."""
        depth, start = 0, at
        for mark in _MARK.finditer(self._text, at, end):
            sign = mark[0]
            if sign in b"{(":
                depth += 1
            elif sign in b"})":
                depth -= 1
            elif depth <= 0:
                yield start, mark.start()
                start = mark.end()
        if self._text[start:end].strip():
            yield start, end


def _declared(text: str, place: int) -> tuple[list[Member], int]:
    """Return the members that one declaration declares, without mere numbers, and how many places they take."""
    if "(" in text and (pointer := _POINTER.search(text)):
        return [Member(pointer[1], "fn", place)], 1
    pieces = _ATTRIBUTE.sub(" ", text).split(",") if "[" in text or "_" in text or ":" in text else text.split(",")
    if "(" in text and any("(" in piece for piece in pieces):
        return [], 1
    words = [word for word in _WORD.findall(pieces[0]) if word not in _QUALIFIERS]
    least = 3 if words and words[0] in _TAGGED else 2
    while len(words) > least and words[-1].startswith("__") and words[-2] != "*" and words[-3:-2] not in ([], ["*"]):
        words.pop()
    kind = " ".join(words[: 2 if words and words[0] in _TAGGED else 1])
    rest = words[2 if words and words[0] in _TAGGED else 1 :]
    if not rest:
        return [], 0
    found = []
    base = kind.partition(" ")[0]
    for number, names in enumerate([rest, *(_WORD.findall(piece) for piece in pieces[1:])]):
        stars = names.count("*")
        if names and names[-1] != "*" and base not in NUMBERS and (kind != "void" or stars):
            found.append(Member(names[-1], f"{kind} {'*' * stars}".strip(), place + number))
    return found, len(pieces)
