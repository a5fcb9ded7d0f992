"""What stands before the last arrow or dot of a call, ``a->ops`` in ``a->ops->open()``, and with what type it begins.

Reads the text of one function backwards from the member. Takes plain C; offsets are bytes of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from codereader.index.c.blocks import Function

FIRST_USES = 4
"""So many places of a name in a function are looked at for its declaration; C wants it before any use."""

LONGEST_RECEIVER = 400
"""Bytes of a receiver, and of a declaration, that are read."""

_NAME = re.compile(rb"[A-Za-z_]\w*")
_CAST = re.compile(r"[(\s]*\(\s*(?:const\s+)?((?:struct|union)\s+\w+|\w+)\s*(\*+)\s*\)")
_FIRST = re.compile(r"[(*&\s]*([A-Za-z_]\w*)(\s*\()?")
_TYPE_BEFORE = re.compile(
    rb"(?:^|[^\w.>])((?:struct|union)\s+[A-Za-z_]\w*|[A-Za-z_]\w*)((?:\s+const|\s+__\w+|\s*\*)*)[\s*]*\Z"
)
_TYPE_FIRST = re.compile(rb"\s*(?:(?:static|const|register|volatile)\s+)*((?:struct|union)\s+\w+|[A-Za-z_]\w*)[\s*]")
_AFTER = re.compile(rb"\s*[;,=\[):]")
_NO_TYPE = frozenset({b"return", b"else", b"case", b"goto", b"sizeof", b"typeof", b"const", b"in", b"do"})


def receiver(text: bytes, at: int) -> str:
    """Return the expression that ends before the arrow or dot which ends at byte *at*, on one line."""
    end = at - (1 if text[at - 1] == 46 else 2)
    lowest = max(0, end - LONGEST_RECEIVER)
    start = end
    while True:
        start = _operand(text, start, lowest)
        before = len(text[lowest:start].rstrip()) + lowest
        if text[before - 1 : before] == b"." and not text[before - 2 : before - 1].isdigit():
            start = before - 1
        elif text[before - 2 : before] == b"->":
            start = before - 2
        else:
            return b" ".join(text[start:end].split()).decode("utf-8", "replace")


def _operand(text: bytes, end: int, lowest: int) -> int:
    """Return where the name, call or bracket that ends at *end* begins."""
    at = len(text[lowest:end].rstrip()) + lowest
    while at > lowest and text[at - 1] in b")]":
        at = _opening(text, at - 1, lowest)
    while at > lowest and (text[at - 1 : at].isalnum() or text[at - 1] == 95):
        at -= 1
    return at


def _opening(text: bytes, at: int, lowest: int) -> int:
    """Return where the bracket that closes at *at* was opened, *lowest* where it lies further back."""
    depth = 0
    while at >= lowest:
        sign = text[at]
        depth += (sign in b")]") - (sign in b"([")
        if not depth:
            return at
        at -= 1
    return lowest


class Types:
    """The types that a file declares its parameters, locals and variables with."""

    def __init__(self, text: bytes, variables: Mapping[str, str]) -> None:
        self._text = text
        self._variables = variables
        self._known: dict[tuple[int, str], str | None] = {}

    def base(self, function: Function, before: str) -> str | None:
        """Return the type of the first name of the receiver *before*, as in `Reference`; a cast gives its own."""
        cast = _CAST.match(before)
        if cast:
            return f"{' '.join(cast[1].split())} {cast[2]}"
        first = _FIRST.match(before)
        if first is None or first[2]:
            return None
        key = function.head, first[1]
        if key not in self._known:
            self._known[key] = self._local(function, first[1].encode()) or self._variables.get(first[1])
        return self._known[key]

    def _local(self, function: Function, name: bytes) -> str | None:
        at = function.opened
        for _ in range(FIRST_USES):
            at = self._text.find(name, at, function.end)
            if at < 0:
                return None
            end = at + len(name)
            whole = _NAME.match(self._text, at)
            before = self._text[at - 1]
            if (
                whole
                and whole.end() == end
                and not (before == 95 or chr(before).isalnum())
                and _AFTER.match(self._text, end)
            ):
                found = self._declared(function, at)
                if found:
                    return found
            at = end
        return None

    def _declared(self, function: Function, at: int) -> str | None:
        """Return the type that stands before the declared name at byte *at*."""
        text = self._text[max(function.opened, at - 100) : at]
        stripped = text.rstrip(b" \t\r\n*")
        stars = text[len(stripped) :].count(b"*")
        if stripped.endswith(b","):
            return self._listed(function, at, stars)
        found = _TYPE_BEFORE.search(text)
        if found is None or found[1] in _NO_TYPE:
            return None
        return _written(found[1], text[found.end(1) :].count(b"*"))

    def _listed(self, function: Function, at: int, stars: int) -> str | None:
        """Return the type of a name that stands after a comma: the one that its statement begins with."""
        start = max(self._text.rfind(sign, function.opened, at) for sign in (b";", b"{", b"}", b")"))
        found = _TYPE_FIRST.match(self._text, start + 1, at) if start >= 0 else None
        if found is None or found[1] in _NO_TYPE or b"(" in self._text[start + 1 : at]:
            return None
        return _written(found[1], stars)


def _written(kind: bytes, stars: int) -> str:
    return f"{b' '.join(kind.split()).decode()} {'*' * stars}".strip()
