"""The parts of a C file that no grammar is needed for: function bodies, initialisers, macros used as declarations.

Braces are matched as text, so that no macro inside a body hides the rest of a file, and the grammar reads only what
is left, the skeleton: declarations and types. Takes plain C (directives, comments and the insides of strings blanked);
offsets are bytes of it, half-open, except inside the skeleton, which is shorter.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from codereader.index.c.preprocessor import blanked
from codereader.index.c.reading import KEYWORDS
from codereader.index.c.text import made_name, undecorated

UNCLOSED = 64
"""So many braces that nothing closes are passed over; what follows more of them is left to the grammar."""

OLD_HEAD = 2000
"""Bytes before a brace in which the head of a function in the old style is looked for."""

_PARENTHESIS = re.compile(rb"[()]")
_LAST_WORD = re.compile(rb"([A-Za-z_]\w*)\s*\Z")
_FIRST_WORD = re.compile(rb"\s*([A-Za-z_]\w*)")
_TRAILING = re.compile(rb"\)\s*(?:(?!struct\b|union\b|enum\b)[A-Za-z_]\w*+\s*+)+\Z")
_TYPE = re.compile(rb"\s*(?:(?:typedef|static|const|extern)\s+)*(?:struct|union|enum)\b\s*\w*\s*\Z")
_OLD_STYLE = re.compile(rb"[A-Za-z_]\w*\s*\([\w\s,]*\)\s*(?:[A-Za-z_][^;(){}=]*(?:\([^;{}=]*\))?[^;(){}=]*;\s*)+\Z")
_RETURNED = re.compile(rb"\(\s*\*[\s*]*([A-Za-z_]\w*)\s*\(")
_TYPED = re.compile(rb"[A-Za-z_]\w*[\s*]+[A-Za-z_]|\.\.\.|\*|\bvoid\b")
_STORAGE = re.compile(rb"\s*(?:(?:static|inline|extern|noinline|asmlinkage|notrace|__\w+)\s+)*\Z")
_CAPITALS = re.compile(rb"[A-Z_][A-Z0-9_x]{3,}\Z")
_NO_FUNCTION = {b"__attribute__", b"__declspec", b"__aligned", b"__section", b"__asm__", b"asm"} | {
    word.encode() for word in KEYWORDS
}
_STATEMENT = re.compile(rb"^((?:(?:static|extern|const)[ \t]+)*)([A-Za-z_]\w*)[ \t]*\(", re.MULTILINE)
_AFTER = re.compile(
    rb"[ \t\r]*(;|(?=\n\s*(?![\s=,)\]}({\[.+*/&|?:<>-])|\s*\Z)|(?:\w+\s+)*=\s*(?=\{)|(?:\w+\s+)*=[^;{}]*;)"
)


@dataclass(frozen=True, slots=True)
class Function:
    """A function with a body. `head` is where it begins, `at` where its name stands, `opened` where its parameters
    begin, `body` its brace, `end` the byte after it. `macro` and `arguments` are what makes its head, if anything does.
    """

    name: str
    head: int
    at: int
    opened: int
    body: int
    end: int
    macro: str | None = None
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A macro used like a declaration, ``DEFINE_MUTEX(lock);``, from `start` to `end`.

    `alone` tells that ``static`` stands before it; `filled` is where its initialiser begins, -1 for none.
    """

    macro: str
    arguments: tuple[int, int]
    start: int
    end: int
    alone: bool
    filled: int = -1


@dataclass(frozen=True, slots=True)
class Blocks:
    """A file taken apart, in the file's order. `filled` has for each brace that opens an initialiser where it ends."""

    functions: list[Function]
    statements: list[Statement]
    filled: dict[int, int]
    skeleton: Skeleton


class Skeleton:
    """A text with ranges left out, all but their line breaks, so that rows stay what they are.

    `text` is what is left; `place` leads from a byte of it to the byte of the file.
    """

    __slots__ = ("_lost", "_starts", "text")

    def __init__(self, text: bytes, ranges: Iterable[tuple[int, int]]) -> None:
        pieces: list[bytes] = []
        self._starts = [0]
        self._lost = [0]
        at = length = 0
        for start, end in ranges:
            breaks = b"\n" * text.count(b"\n", start, end)
            pieces += (text[at:start], breaks)
            length += start - at + len(breaks)
            at = end
            self._starts.append(length)
            self._lost.append(end - length)
        pieces.append(text[at:])
        self.text = b"".join(pieces)

    def place(self, byte: int) -> int:
        """Return the byte of the file that *byte* of the skeleton is."""
        return byte + self._lost[bisect_right(self._starts, byte) - 1]

    def end(self, byte: int) -> int:
        """Return the end in the file of what ends at *byte* of the skeleton."""
        return self.place(byte - 1) + 1 if byte else 0


def blocks(text: bytes) -> Blocks:
    """Take the plain C *text* apart. Never fails: what has no shape stays in the skeleton."""
    functions: list[Function] = []
    filled: dict[int, int] = {}
    taken: list[tuple[int, int]] = []
    at = last = unclosed = 0
    while unclosed < UNCLOSED and (brace := text.find(b"{", at)) >= 0:
        before = text[last:brace].rstrip()
        end = _closing(text, brace)
        function = _function(text, before, last, brace, end)
        if function:
            functions.append(function)
            taken.append((function.head, function.end))
            at = last = function.end
        elif end < 0 or before.endswith(b'"'):
            unclosed += end < 0
            at = last = brace + 1
        else:
            if before.endswith(b"="):
                filled[brace] = end
                taken.append((brace + 1, end - 1))
            at = last = end
    skeleton = Skeleton(text, taken)
    skeleton.text = undecorated(skeleton.text)
    statements: list[Statement] = []
    gone: list[tuple[int, int]] = []
    for one in _statements(skeleton.text):
        gone.append((one.start, one.end))
        statements.append(_placed(one, skeleton, filled))
    skeleton.text = blanked(skeleton.text, gone)
    return Blocks(functions, statements, filled, skeleton)


def _placed(one: Statement, skeleton: Skeleton, filled: dict[int, int]) -> Statement:
    """Return *one* of the skeleton with its places in the file."""
    place = skeleton.place
    fills = place(one.filled) if one.filled >= 0 else -1
    end = filled[fills] if fills in filled else skeleton.end(one.end)
    arguments = place(one.arguments[0]), place(one.arguments[1])
    return Statement(one.macro, arguments, place(one.start), end, one.alone, fills)


def _closing(text: bytes, brace: int) -> int:
    """Return the byte after the brace that closes the one at *brace*, -1 where none does."""
    if brace and text[brace - 1] == 10:
        end = text.find(b"\n}", brace) + 2
        if (
            end > 1
            and text.find(b"\n{", brace, end) < 0
            and text.count(b"{", brace, end) == text.count(b"}", brace, end)
        ):
            return end
    depth, at = 1, brace + 1
    while depth:
        end = text.find(b"}", at)
        if end < 0:
            return -1
        depth += text.count(b"{", at, end) - 1
        at = end + 1
    return at


# -- functions ------------------------------------------------------------------------------------------------------


def _function(text: bytes, before: bytes, last: int, brace: int, end: int) -> Function | None:
    """Return the function whose body opens at *brace*, None where that is no body.

    *before* is the text from *last* to the brace, without the white space at its end.
    """
    start = _head(before)
    if start is None:
        return None
    if end < 0:
        end = text.find(b"\n}", brace) + 2
        end = end if end > 1 else len(text)
    head = before[start:]
    found = _named(head)
    if found is None:
        return None
    begin, at, opened, closed = found
    name = head[at:opened].strip().decode()
    plain = _STORAGE.match(head, begin, at)
    pasted = head[closed + 1 :].lstrip().startswith(b"(")
    place = last + start
    if not plain and not pasted:
        return Function(name, place + begin, place + at, place + opened, brace, end)
    argument = _FIRST_WORD.match(head, opened + 1)
    made = made_name(name, argument[1].decode()) if argument else name
    called = made if pasted or _CAPITALS.match(head[at:opened].strip()) else name
    arguments = head[opened + 1 : closed].decode("utf-8", "replace")
    return Function(called, place + begin, place + at, place + opened, brace, end, name, arguments)


def _head(before: bytes) -> int | None:
    """Return where in *before* the head of a function begins, None where there is none."""
    sign = before[-1:]
    if sign == b")":
        return before.rfind(b";") + 1
    if sign == b";":
        old = _OLD_STYLE.search(before[-OLD_HEAD:])
        return before.rfind(b";", 0, max(0, len(before) - OLD_HEAD) + old.start()) + 1 if old else None
    if sign.isalnum() or sign == b"_":
        return before.rfind(b";") + 1 if _TRAILING.search(before[-OLD_HEAD:]) else None
    return None


def _named(head: bytes) -> tuple[int, int, int, int] | None:
    """Return where a function begins in *head*, its name, and its parentheses, None for no function.

    Of several names before parentheses it is the one that no decoration would have: not in capitals, no leading
    ``__``, parameters with types; else the first.
    """
    groups = list(_groups(head))
    begin, alone = _alone(head, groups)
    best = None
    for opened, closed in groups[alone:]:
        word = _LAST_WORD.search(head, max(0, opened - 200), opened)
        if word is None or head[opened + 1 : opened + 2] == b"*" or word[1] in _NO_FUNCTION:
            continue
        untyped = _TYPED.search(head, opened + 1, closed) is None and bool(head[opened + 1 : closed].strip())
        rank = (word[1].startswith(b"__") or word[1].isupper(), untyped, opened)
        if best is None or rank < best[0]:
            best = (rank, word.start(), opened, closed)
    if best is None:
        returned = _RETURNED.search(head)
        return (begin, returned.start(1), returned.end(1), len(head) - 1) if returned else None
    rank, at, opened, closed = best
    begin += len(head[begin:]) - len(head[begin:].lstrip())
    if b"=" in head[begin:at] or (rank[1] and _TYPE.match(head, begin, at)):
        return None
    return begin, at, opened, closed


def _alone(head: bytes, groups: list[tuple[int, int]]) -> tuple[int, int]:
    """Return where a head begins after the macros that fill lines above it, and how many they are.

    One with a leading ``__`` is a decoration and belongs to the head.
    """
    begin = last = count = 0
    for opened, closed in groups[:-1]:
        word = _LAST_WORD.search(head, last, opened)
        line = head.find(b"\n", closed)
        if word is None or head[last : word.start()].strip() or line < 0 or head[closed + 1 : line].strip():
            break
        last, count = closed + 1, count + 1
        if not word[1].startswith(b"__"):
            begin = last
    return begin, count


def _groups(head: bytes) -> Iterator[tuple[int, int]]:
    """Yield the parentheses of *head* that stand in no others."""
    depth = opened = 0
    for sign in _PARENTHESIS.finditer(head):
        if sign[0] == b"(":
            if not depth:
                opened = sign.start()
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                yield opened, sign.start()


# -- macros used like declarations ----------------------------------------------------------------------------------


def _statements(text: bytes) -> Iterator[Statement]:
    """Yield the macros that stand at the beginning of a line like a declaration, with or without a semicolon."""
    at = last = 0
    while found := _STATEMENT.search(text, at):
        at = found.end()
        before = text[last : found.start()].rstrip()[-1:]
        last = found.start()
        if found[2] in _NO_FUNCTION or before not in (b"", b";", b"}", b")"):
            continue
        closed = _parenthesis(text, at)
        after = _AFTER.match(text, closed + 1) if closed >= 0 else None
        if after is None:
            continue
        end = after.end()
        fills = end if text[end : end + 1] == b"{" else -1
        if fills >= 0:
            end = max(end, text.find(b"}", end) + 1)
        yield Statement(found[2].decode(), (at, closed), found.start(), end, b"static" in found[1], fills)
        at = last = end


def _parenthesis(text: bytes, at: int) -> int:
    """Return where the parenthesis that was opened before *at* closes, -1 for nowhere."""
    depth = 1
    while depth:
        end = text.find(b")", at)
        if end < 0:
            return -1
        depth += text.count(b"(", at, end) - 1
        at = end + 1
    return at - 1
