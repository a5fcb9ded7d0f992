"""What a C file uses: the calls and mentions of names.

Reads the bodies of functions as text (directives, comments and the insides of strings blanked), where a call is a
name before a parenthesis, so that no macro in a body hides a call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from codereader.index.c.blocks import Blocks, Function
from codereader.index.c.local import Locals, word_ending
from codereader.index.c.reading import KEYWORDS, MACRO, NO_OBJECT, Reading
from codereader.index.c.receivers import Types, receiver
from codereader.index.c.tables import Table
from codereader.index.parsed import Reference, ReferenceKind, TableEntry

FEW_VARIABLES = 64
"""Names up to this number are looked for one by one; more are found by reading every word."""

_NO_CODE = re.compile(rb'/\*.*?(?:\*/|\Z)|//[^\n]*|"(?:[^"\\\n]|\\.)*"', re.DOTALL)
_CALL = re.compile(rb"\b([A-Za-z_]\w*)[ \t]*\(")
_DECLARED_POINTER = re.compile(rb"\*[\s*]*(?:const\s+)?\w*\s*(?:\[\w*\]\s*)?\)\s*\(")
_IDENTIFIER = re.compile(rb"[A-Za-z_]\w*")
_VALUE = re.compile(rb"([(,=?:&{)])\s*([A-Za-z_]\w*)\s*(?=([,);:}]))")
_RETURN = re.compile(rb"return\s+([A-Za-z_]\w*)\s*;")
_STRUCT = re.compile(rb"struct\s+([A-Za-z_]\w*+)(?!\s*\{)")
_UNION = re.compile(rb"union\s+([A-Za-z_]\w*+)(?!\s*\{)")
_ASSIGNED = re.compile(
    rb"[>.]([A-Za-z_]\w*)[ \t]*=[ \t\n]*(?:\([\w\s*]+\)[ \t]*)?&?([A-Za-z_]\w*)[ \t]*"
    rb"(?:;|\?[ \t]*([a-z_]\w*)[ \t]*:[ \t]*([a-z_]\w*)[ \t]*;)"
)
_FILLED = re.compile(rb"=[ \t]*(?:\([\w\s*\[\]]+\)\s*)?\{")
_FILLED_NAME = re.compile(rb"([A-Za-z_]\w*)[ \t]*(\[[^\]\n]*\][ \t]*)?\Z")
_BEFORE_CALL = frozenset(
    {b"return", b"else", b"do", b"case", b"in", b"sizeof", b"__extension__", b"goto", b"and", b"or"}
)
_NO_CALL = frozenset(word.encode() for word in KEYWORDS)
_NO_VALUE = NO_OBJECT | KEYWORDS | {"break", "continue", "default", "u8", "u16", "u32", "u64"}

_order = itemgetter(0, 1, 2, 3)
_Row = tuple[int, int, str, ReferenceKind, str | None, str | None, str | None]
"""Row, start byte, name, kind, caller, receiver and base of a reference."""


def references(reading: Reading, parts: Blocks, names: Iterable[str], types: Types) -> list[Reference]:
    """Return the calls and mentions of the file, by row and column.

    A name that a function declares as a parameter or local variable is no mention inside it. One of the file's own
    variables, *names*, is mentioned once a row, wherever a function uses it. A struct is mentioned once a function.
    """
    rows: list[_Row] = []
    locals_of = [Locals(reading.bare, function) for function in parts.functions]
    seen: set[tuple[int, str]] = set()
    for function, local in zip(parts.functions, locals_of, strict=True):
        rows.extend(_calls(reading, function.body, function.end, function, types, local))
        rows.extend(_values(reading, function.body, function.end, function.name, local, seen))
    for start, end in _outside(parts):
        rows.extend(_calls(reading, start, end, None, types, frozenset()))
        rows.extend(_values(reading, start, end, None, frozenset(), seen))
    rows.extend(_own_variables(reading, set(names), locals_of, seen))
    rows.extend(_types(reading))
    rows.extend(_textual(reading))
    rows.sort(key=_order)
    return list(_conditioned(reading, rows))


def _conditioned(reading: Reading, rows: Sequence[_Row]) -> Iterator[Reference]:
    """Yield *rows*, sorted, as references with the conditions that they stand under."""
    changes = iter(reading.plain.changes)
    following = next(changes, None)
    condition: str | None = None
    for row, _, name, kind, caller, before, base in rows:
        while following is not None and following[0] <= row:
            condition = following[1]
            following = next(changes, None)
        yield Reference(name, kind, row, caller, before, condition, base)


def _outside(parts: Blocks) -> Iterator[tuple[int, int]]:
    """Yield the ranges outside of functions that use names: initialisers, and macros used like declarations."""
    yield from parts.filled.items()
    for statement in parts.statements:
        yield statement.start, statement.arguments[1] + 1


# -- calls ----------------------------------------------------------------------------------------------------------


def _calls(
    reading: Reading, start: int, end: int, function: Function | None, types: Types, local: Locals | frozenset[bytes]
) -> Iterator[_Row]:
    """Yield the calls between two bytes that lie in *function*; what a *local* variable points to has no name."""
    text, row = reading.bare, reading.row
    caller = function.name if function else None
    for call in _CALL.finditer(text, start, end):
        name = call[1]
        if name in _NO_CALL:
            continue
        at = call.start()
        before = text[at - 1] if at else 0
        if before == 46 or (before == 62 and text[at - 2] == 45):
            chain = receiver(text, at)
            base = types.base(function, chain) if function else None
            yield row(at), at, name.decode(), "call", caller, chain, base
        elif (
            name not in local
            and not (before == 32 and _is_declared(text, at, start))
            and not (text[call.end() : call.end() + 1] == b"*" and _DECLARED_POINTER.match(text, call.end()))
        ):
            yield row(at), at, name.decode(), "call", caller, None, None


def _is_declared(text: bytes, at: int, start: int) -> bool:
    """Whether a type stands before the name at byte *at*, so that it is declared and not called."""
    last = at - 1
    while last > start and text[last] in b" \t":
        last -= 1
    word = word_ending(text, last)
    return bool(word) and not word.isdigit() and word not in _BEFORE_CALL


# -- mentions -------------------------------------------------------------------------------------------------------


def _values(
    reading: Reading,
    start: int,
    end: int,
    caller: str | None,
    local: Locals | frozenset[bytes],
    seen: set[tuple[int, str]],
) -> Iterator[_Row]:
    """Yield the names that are handed on between two bytes: arguments, assigned, returned and initial values."""
    text = reading.bare
    for value in _VALUE.finditer(text, start, end):
        word = value[2]
        if word in local or not _is_value(text, value):
            continue
        name, at = word.decode(), value.start(2)
        row = reading.row(at)
        if name not in _NO_VALUE and (row, name) not in seen:
            seen.add((row, name))
            yield row, at, name, "name", caller, None, None
    for value in _RETURN.finditer(text, start, end):
        name, at = value[1].decode(), value.start(1)
        row = reading.row(at)
        if value[1] not in local and name not in _NO_VALUE and (row, name) not in seen:
            seen.add((row, name))
            yield row, at, name, "name", caller, None, None


def _is_value(text: bytes, value: re.Match[bytes]) -> bool:
    """Whether the sign before a name hands it on, and neither compares nor casts."""
    sign, at = value[1], value.start()
    before = text[at - 1] if at else 0
    if value[3] == b":" and sign != b"?":
        return False
    if sign == b"(":
        return before == 95 or chr(before).isalnum()
    if sign == b"=":
        return before not in b"=!<>"
    if sign == b"&":
        return before != 38 and value.start(2) == at + 1
    return True


def _own_variables(
    reading: Reading, names: set[str], locals_of: Sequence[Locals], seen: set[tuple[int, str]]
) -> Iterator[_Row]:
    """Yield the uses of the file's own variables inside its functions that are not among *seen* (row, name)."""
    for at, name in _words(reading.bare, names):
        place = reading.function(at)
        if place < 0 or name.encode() in locals_of[place] or not _is_free(reading.bare, at):
            continue
        row = reading.row(at)
        if (row, name) not in seen:
            seen.add((row, name))
            yield row, at, name, "name", reading.names[place], None, None


def _words(text: bytes, names: set[str]) -> Iterable[tuple[int, str]]:
    """Return where *names* stand in *text* as whole words."""
    if len(names) > FEW_VARIABLES:
        words = ((match.start(), match[0].decode("ascii")) for match in _IDENTIFIER.finditer(text))
        return (one for one in words if one[1] in names)
    return (one for name in sorted(names) for one in _places(text, name))


def _places(text: bytes, name: str) -> Iterator[tuple[int, str]]:
    word = name.encode()
    at = text.find(word)
    while at >= 0:
        match = _IDENTIFIER.match(text, at)
        if match and match[0] == word and not (at and (text[at - 1 : at].isalnum() or text[at - 1] == 95)):
            yield at, name
        at = text.find(word, at + len(word))


def _is_free(text: bytes, start: int) -> bool:
    """Whether the word at *start* is neither a member (``.x``, ``->x``) nor a tag."""
    before = text[text.rfind(b"\n", 0, start) + 1 : start].rstrip()
    return not before.endswith((b".", b"->", b"struct", b"union", b"enum"))


def _types(reading: Reading) -> Iterator[_Row]:
    seen: set[tuple[bytes, int]] = set()
    for pattern in (_STRUCT, _UNION):
        for found in pattern.finditer(reading.bare):
            at = found.start(1)
            place = reading.function(at)
            if (found[1], place) not in seen:
                seen.add((found[1], place))
                caller = reading.names[place] if place >= 0 else None
                yield reading.row(at), at, found[1].decode(), "name", caller, None, None


def _textual(reading: Reading) -> Iterator[_Row]:
    """Yield the calls that stand where nothing else looks: macro bodies and hidden branches."""
    data, row = reading.data, reading.row
    for directive in reading.plain.directives:
        if directive.word != "define":
            continue
        match = MACRO.match(directive.rest)
        if match is None or "(" not in match[3]:
            continue
        body = data.find(match[1].encode(), directive.start) + len(match[1]) + len(match[2] or "")
        for at, name in _calls_in(data, body, directive.end):
            if name != match[1]:
                yield row(at), at, name, "call", match[1], None, None
    for start, end in reading.plain.hidden:
        for at, name in _calls_in(data, start, end):
            within = reading.caller(at)
            if within is not None and name != within:
                yield row(at), at, name, "call", within, None, None


def _calls_in(data: bytes, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Yield place and name of each call in a piece of *data*, those in comments and strings left out."""
    code = _NO_CODE.sub(lambda found: b" " * len(found[0]), data[start:end])
    for call in _CALL.finditer(code):
        if call[1] not in _NO_CALL:
            yield start + call.start(), call[1].decode("ascii")


# -- assignments ----------------------------------------------------------------------------------------------------


def assigned(reading: Reading, parts: Blocks, types: Types) -> Iterator[TableEntry]:
    """Yield the members that functions set to named objects: ``ops->open = box_open``."""
    text = reading.bare
    for function in parts.functions:
        local: Locals | None = None
        for found in _ASSIGNED.finditer(text, function.body, function.end):
            at = found.start(1)
            if text[at - 1] == 62 and text[at - 2] != 45:
                continue
            if local is None:
                local = Locals(text, function)
            chain: str | None = None
            for word in (found[3], found[4]) if found[3] else (found[2],):
                name = word.decode()
                if word in local or name in _NO_VALUE or name.isupper():
                    continue
                chain = chain if chain is not None else receiver(text, at)
                row = reading.row(at)
                kind = types.base(function, chain)
                condition = reading.plain.condition(row)
                yield TableEntry(chain, kind, found[1].decode(), name, row, condition, "", assigned=True)


def local_tables(reading: Reading, parts: Blocks, types: Types) -> Iterator[Table]:
    """Yield the initialisers in functions that designate members."""
    for function in parts.functions:
        for found in _FILLED.finditer(reading.bare, function.body, function.end):
            end = reading.bare.find(b"}", found.end())
            named = _FILLED_NAME.search(reading.bare, max(function.body, found.start() - 100), found.start())
            if named and b"." in reading.bare[found.end() : end]:
                name = named[1].decode()
                kind = types.base(function, name)
                yield Table(name, kind, found.end() - 1, function.end, bool(named[2]), assigned=True)
