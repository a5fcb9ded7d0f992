"""The words of `codereader.index.python.held` as trees: what an annotation or a value says, with no name looked up.

Words come from files and may say anything: what cannot be read is `UNKNOWN_WORDS`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

LONGEST = 400
"""Longer words, in characters, are not read."""

DEEPEST = 25
"""Deeper nested words are not read."""

_TOKEN = re.compile(
    r"\s*(?:(?P<own>(?:self|cls|super)\{[^}]*\})|(?P<string>\"[^\"]*\"|'[^']*')|(?P<name>[^\W\d]\w*)|(?P<number>\d+)"
    r"|(?P<sign>\.\.\.|\S))"
)


@dataclass(frozen=True, slots=True)
class Words:
    """A tree of words, told apart by `form`.

    ``name``: the annotation `text` (dotted) with its arguments in `parts`. ``union``: one of `parts`. ``list``: a
    list of annotations in brackets. ``value``: what `text`, or the one of `parts` where `text` is empty, holds after
    the steps in `steps` (``.name``, ``()``, ``[]``, ``[0]``, ``[*]``, ``[with]``). ``none``, ``builtin``,
    ``unknown`` (the `text` of an ellipsis is ``...``).
    """

    form: Literal["name", "union", "list", "value", "none", "builtin", "unknown"]
    text: str = ""
    parts: tuple[Words, ...] = ()
    steps: tuple[str, ...] = ()


UNKNOWN_WORDS = Words("unknown")


class _Unreadable(Exception):
    """Words that follow no rule."""


@lru_cache(maxsize=1 << 14)
def words_of(text: str) -> Words:
    """Return *text* as a tree."""
    if len(text) > LONGEST:
        return UNKNOWN_WORDS
    tokens = [match for match in _TOKEN.finditer(text) if match.group().strip()]
    reader = _Reader(tokens)
    try:
        made = reader.union(0)
    except _Unreadable:
        return UNKNOWN_WORDS
    return made if reader.at == len(tokens) else UNKNOWN_WORDS


class _Reader:
    """Reads tokens from the left."""

    def __init__(self, tokens: Sequence[re.Match[str]]) -> None:
        self._tokens = tokens
        self.at = 0

    def _next(self) -> str:
        return self._tokens[self.at].group().strip() if self.at < len(self._tokens) else ""

    def _kind(self) -> str:
        return self._tokens[self.at].lastgroup or "" if self.at < len(self._tokens) else ""

    def _take(self, wanted: str) -> None:
        if self._next() != wanted:
            raise _Unreadable
        self.at += 1

    def union(self, depth: int) -> Words:
        if depth > DEEPEST:
            raise _Unreadable
        parts = [self._one(depth)]
        while self._next() == "|":
            self.at += 1
            parts.append(self._one(depth))
        kept = tuple(part for part in parts if part.form != "none")
        if len(kept) == 1:
            return kept[0]
        return Words("union", parts=kept) if kept else parts[0]

    def _one(self, depth: int) -> Words:
        sign, kind = self._next(), self._kind()
        if sign == "=":
            self.at += 1
            return self._value(depth)
        if sign == "[":
            return Words("list", parts=self._arguments(depth))
        if kind == "name":
            return self._named(depth)
        self.at += 1
        if kind == "string":
            return words_of(sign[1:-1]) if depth < DEEPEST and len(sign) < LONGEST else UNKNOWN_WORDS
        if sign == "!":
            return Words("builtin")
        if sign == "*":
            return self._one(depth + 1)
        if sign == "...":
            return Words("unknown", sign)
        if sign == "?" or kind == "number":
            return UNKNOWN_WORDS
        raise _Unreadable

    def _named(self, depth: int) -> Words:
        text = self._next()
        self.at += 1
        while self._next() == ".":
            self.at += 1
            if self._kind() != "name":
                raise _Unreadable
            text = f"{text}.{self._next()}"
            self.at += 1
        if text == "None":
            return Words("none")
        return Words("name", text, self._arguments(depth) if self._next() == "[" else ())

    def _arguments(self, depth: int) -> tuple[Words, ...]:
        self._take("[")
        parts: list[Words] = []
        while self._next() != "]":
            parts.append(self.union(depth + 1))
            if self._next() == ",":
                self.at += 1
            elif self._next() != "]":
                raise _Unreadable
        self.at += 1
        return tuple(parts)

    def _value(self, depth: int) -> Words:
        text = ""
        parts: tuple[Words, ...] = ()
        if self._next() == "(":
            self.at += 1
            parts = (self.union(depth + 1),)
            self._take(")")
        elif self._kind() in ("own", "name"):
            text = self._next()
            self.at += 1
        else:
            raise _Unreadable
        steps: list[str] = []
        while self._next() in (".", "(", "["):
            steps.append(self._step())
        return Words("value", text, parts, tuple(steps))

    def _step(self) -> str:
        sign = self._next()
        self.at += 1
        if sign == ".":
            name = self._next()
            if self._kind() != "name":
                raise _Unreadable
            self.at += 1
            return f".{name}"
        if sign == "(":
            self._take(")")
            return "()"
        inner = self._next()
        if inner != "]":
            self.at += 1
        self._take("]")
        return "[]" if inner == "]" else f"[{inner}]"
