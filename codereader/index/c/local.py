"""Which names are a function's own, its parameters and local variables, and not the file's.

C wants a name declared before its use, so the first place of a name in a function tells. Takes plain C with the
insides of strings blanked; offsets are bytes of it.
"""

from __future__ import annotations

import re

from codereader.index.c.blocks import Function

FIRST_PLACES = 12
"""So many places of a name are looked at for one that is neither a member nor a tag."""

_AFTER = re.compile(rb"[ \t]*(?:\[[^\]]*\][ \t]*)*[;,=):\n]|[ \t]+__\w+")
_TYPE_FIRST = re.compile(rb"\s*(?:[A-Za-z_]\w*\s+)*[A-Za-z_]\w*[\s*]+[A-Za-z_]\w*\s*[,=\[;]")
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")
_SPACE = frozenset(b" \t\r\n*")
_NO_TYPE = frozenset({b"return", b"else", b"case", b"sizeof", b"typeof", b"in", b"do"})
_TAGGED = frozenset({b"struct", b"union", b"enum", b"goto"})


def word_ending(text: bytes, last: int) -> bytes:
    """Return the word whose last byte is at *last*, empty where there is none."""
    at = last
    while at >= 0 and text[at] in _WORD:
        at -= 1
    return text[at + 1 : last + 1]


class Locals:
    """The names that one function declares."""

    __slots__ = ("_function", "_known", "_text")

    def __init__(self, text: bytes, function: Function) -> None:
        self._text = text
        self._function = function
        self._known: dict[bytes, bool] = {}

    def __contains__(self, name: bytes) -> bool:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._declares(name)
        return known

    def __bool__(self) -> bool:
        return True

    def _declares(self, name: bytes) -> bool:
        text, end = self._text, self._function.end
        at = self._function.opened
        for _ in range(FIRST_PLACES):
            at = text.find(name, at, end)
            if at < 0:
                return False
            after = at + len(name)
            if text[at - 1] not in _WORD and text[after] not in _WORD:
                told = self._tells(at, after)
                if told is not None:
                    return told
            at = after
        return False

    def _tells(self, at: int, after: int) -> bool | None:
        """Return whether the name at byte *at* is declared there; None for a member, tag or label."""
        text = self._text
        last = at - 1
        while text[last] in _SPACE:
            last -= 1
        sign = text[last]
        if sign in _WORD:
            if last == at - 1:
                return False
            word = word_ending(text, last)
            product = text[at - 1] != 42 and b"*" in text[last:at]
            if word in _NO_TYPE or word[:1].isdigit() or product:
                return False
            return None if word in _TAGGED else _AFTER.match(text, after) is not None
        if sign == 46 or (sign == 62 and text[last - 1] == 45):
            return None
        if sign == 44:
            return self._is_listed(last)
        if sign == 40:
            return text[at - 1] == 42 and text[after : after + 1] in b")["
        return False

    def _is_listed(self, at: int) -> bool:
        """Whether the comma at *at* stands in a declaration of several variables."""
        low = self._function.body
        start = max(self._text.rfind(sign, low, at) for sign in (b";", b"{", b"}")) + 1
        if start <= 0:
            return False
        before = self._text[start : at + 1]
        return before.count(b"(") == before.count(b")") and _TYPE_FIRST.match(before) is not None
