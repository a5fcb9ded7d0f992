"""What the names in a file hold: what functions bind to a declared type or a value, and the members of types.

Written down as the file says it, for `codereader.index.tagged.types` to read with the other files at hand.
A base is a type as written (``*Command``), a value after ``=`` (``=NewFoo()``), or after ``@`` what one element of that
value is (``@c.commands``). Arguments are left out of values. A value that begins with a bound name has that name's
own base in parentheses before it (``=(*Command).Root()``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

LONGEST = 120
"""Longest base in characters; what is longer is not kept."""

_INFERRED = frozenset({"auto", "var", "const auto", "auto&", "_"})
"""Written for a type, these say that the value tells it."""

_OPENING, _CLOSING = "({", ")}"
_FIRST = re.compile(r"(?:\*|&|mut |await |\()*([A-Za-z_$][\w$]*)(?=\.|->|\?\.|\[)")


@dataclass(frozen=True, slots=True)
class Binding:
    """From byte *start* on, *name* has the base *text* in the scope with the number *scope* (-1: the file)."""

    name: str
    scope: int
    start: int
    text: str


class Bindings:
    """The bindings of one file, asked by name and place."""

    def __init__(self, found: Iterable[Binding]) -> None:
        self._by_place: dict[tuple[int, str], list[tuple[int, str]]] = {}
        for one in sorted(found, key=lambda one: (one.start, one.text)):
            self._by_place.setdefault((one.scope, one.name), []).append((one.start, one.text))

    def base(self, receiver: str, start: int, scopes: Callable[[], Iterator[int]]) -> str | None:
        """Return the base of the first name of *receiver*, used at byte *start* inside *scopes*, innermost first."""
        match = _FIRST.match(f"{receiver}.")
        if match is None or not self._by_place:
            return None
        return self._of(match[1], start, list(scopes()), 4)

    def _of(self, name: str, start: int, scopes: Sequence[int], depth: int) -> str | None:
        for scope in (*scopes, -1):
            bound = self._by_place.get((scope, name), ())
            at = bisect_right(bound, start, key=lambda one: one[0])
            if at or (scope == -1 and bound):
                return self._expanded(*bound[max(at - 1, 0)], scopes, depth - 1)
        return None

    def _expanded(self, start: int, text: str, scopes: Sequence[int], depth: int) -> str | None:
        """Return *text* with the base of the name that it begins with before it."""
        first = _FIRST.match(text, 1) if text[0] in "=@" else None
        if first is None:
            return text
        inner = self._of(first[1], start - 1, scopes, depth) if depth > 0 else None
        return f"{text[0]}({inner}){text[first.end(1) :]}"[:LONGEST] if inner else text


def base_text(kind: str | None, value: str | None, *, is_element: bool = False) -> str | None:
    """Return the base that a declaration gives: of its type as written, else of its value. None for neither."""
    if kind is not None and kind.strip() not in _INFERRED:
        return kind.strip() if len(kind) <= LONGEST else None
    if value is None:
        return None
    short = without_arguments(value)
    return f"{'@' if is_element else '='}{short}" if 0 < len(short) < LONGEST else None


def without_arguments(text: str) -> str:
    """Return an expression on one line without what stands inside round brackets and braces."""
    kept, depth = [], 0
    for letter in text[: 20 * LONGEST]:
        depth -= letter in _CLOSING
        if depth <= 0:
            kept.append(letter)
        depth = max(depth, 0) + (letter in _OPENING)
    return "".join(kept)
