"""Which calls the body of a macro makes when it is used: by name, by argument, by a name put together from both.

A body is read lexeme by lexeme and never expanded as a whole: what the macros in it call is taken from their bodies.
So the cost is that of the text, whatever a hostile tree holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from codereader.index.c.preprocessor import joined
from codereader.index.c.reading import KEYWORDS
from codereader.index.linking.expansion import arguments, body_tokens, is_name, variadic
from codereader.index.linking.macros import Macros
from codereader.index.parsed import Macro

MOST_CALLS = 64
"""So many calls of one macro are kept."""

DEEPEST = 32
"""So many macros inside each other are followed."""

LONGEST_RECEIVER = 60
"""Tokens of a receiver that are kept."""

Piece = str | int
"""A part of a text: as it stands, or the argument of this number."""

_NO_CALL = KEYWORDS | frozenset(
    "typeof_unqual _Generic __asm asm_inline __attribute defined __typeof _Alignof __auto_type unsigned signed short"
    " float double bool const".split()
)
_ATTRIBUTES = frozenset(("__attribute__", "__attribute", "asm", "__asm__", "_Static_assert", "static_assert"))
_BEFORE = frozenset("return else do in case goto sizeof typeof __extension__ likely unlikely if while".split())
_DECLARED = re.compile(r"\b((?:struct|union) \w+|\w+_t)((?: \*| const)*) (\w+) (?=[=;,])")


@dataclass(frozen=True, slots=True)
class Made:
    """A call that a macro makes. `name` is the callee, or the member called through `receiver` (its tokens).

    `base` is the type with which the body declares the receiver's first name. Pieces that are numbers stand for
    arguments of the macro.
    """

    name: tuple[Piece, ...]
    receiver: tuple[Piece, ...] | None = None
    base: str | None = None
    condition: str | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether no argument has a part in it."""
        return not any(isinstance(piece, int) for piece in (*self.name, *(self.receiver or ())))


class MacroCalls:
    """The calls that macros make, worked out once. *has_twin* tells of a name whether a function has it too.

    A macro that leads back to itself makes other calls inside its ring than when it is used: such a one is kept only
    as what its use makes, so that the outcome does not depend on which was asked for first.
    """

    def __init__(self, macros: Macros, has_twin: Callable[[str], bool]) -> None:
        self._macros = macros
        self._has_twin = has_twin
        self._shared: dict[str, tuple[Made, ...]] = {}
        self._own: dict[tuple[str, str], tuple[Made, ...]] = {}
        self._rings: dict[tuple[str, str], tuple[tuple[Made, ...], bool]] = {}
        self._stack: list[str] = []
        self._cut: set[str] = set()
        self._local = False

    def of(self, name: str, path: str) -> tuple[tuple[Made, ...], bool]:
        """Return the calls of the macro *name* when it is used in *path*, and whether that holds there alone."""
        if name in self._shared:
            return self._shared[name], False
        key = (name, path)
        if key in self._own:
            return self._own[key], True
        if not self._stack and key in self._rings:
            return self._rings[key]
        outer, self._local, self._cut = (self._local, self._cut), False, set()
        made = self._worked_out(name, path)
        is_local, is_ring, above = self._local, name in self._cut, self._cut - {name}
        self._local, self._cut = self._local or outer[0], outer[1] | above
        if not self._stack:
            self._cut.clear()
        if not self._stack and (is_ring or above):
            self._rings[key] = made, is_local
        elif not is_ring and not above and is_local:
            self._own[key] = made
        elif not is_ring and not above:
            self._shared[name] = made
        return made, is_local

    def _worked_out(self, name: str, path: str) -> tuple[Made, ...]:
        meaning = self._macros.meaning(name, path)
        if meaning is None:
            return ()
        self._local = self._local or meaning.is_own
        self._stack.append(name)
        bodies = [dict.fromkeys(_Body(self, macro, path).calls()) for macro in meaning.macros]
        self._stack.pop()
        found: dict[Made, None] = {}
        for macro, body in zip(meaning.macros, bodies, strict=True):
            is_twin = len(bodies) > 1 or (macro.condition is not None and self._has_twin(name))
            for one in body:
                is_sure = len(bodies) > 1 and all(one in other for other in bodies)
                outer = None if is_sure or not is_twin else macro.condition
                found[replace(one, condition=_and(outer, one.condition)) if outer else one] = None
        return tuple(_simplest(found))[:MOST_CALLS]

    def inside(self, name: str, path: str) -> tuple[Made, ...] | None:
        """Return the calls of a macro met inside another one, None where *name* is no macro (or is hidden there)."""
        if name not in self._macros:
            return None
        if name in self._stack:
            self._cut.add(name)
            return None
        if len(self._stack) > DEEPEST:
            self._cut.add(self._stack[0])
            return None
        if self._macros.meaning(name, path) is None:
            return None
        made, is_local = self.of(name, path)
        self._local = self._local or is_local
        return made

    def is_stub(self, name: str, path: str) -> bool:
        """Whether *name* stands for a function of the name where a condition does not hold."""
        meaning = self._macros.meaning(name, path)
        return meaning is not None and all(one.condition for one in meaning.macros) and self._has_twin(name)

    def is_function_like(self, name: str, path: str) -> bool:
        """Whether *name* means a macro with parameters in *path*."""
        meaning = self._macros.meaning(name, path)
        return meaning is not None and meaning.macros[0].parameters is not None


class _Body:
    """Reads one definition of a macro."""

    def __init__(self, calls: MacroCalls, macro: Macro, path: str) -> None:
        self._calls = calls
        self._path = path
        self._macro = macro
        names = [name for name in macro.parameters or () if not name.endswith("...")]
        rest = variadic(macro.parameters or ())
        self._numbers = {name: at for at, name in enumerate([*names, *([rest] if rest else [])])}
        self._tokens = list(body_tokens(macro))
        self._types: dict[str, str] | None = None

    def calls(self) -> Iterator[Made]:
        found = self._tokens
        at = 0
        while at < len(found):
            pieces, end = self._name(at)
            if pieces is None:
                at += 1
                continue
            if found[at] in _ATTRIBUTES and end < len(found) and found[end] == "(":
                taken = arguments(found, end)
                at = taken[1] if taken else end
                continue
            before = found[at - 1] if at else ""
            follows = found[end] if end < len(found) else ""
            if follows == "(" and before in (".", "->"):
                yield self._member(at, pieces)
            elif before not in (".", "->", "struct", "union", "enum", "goto"):
                if follows == "(" or (end == len(found) and at == 0):
                    yield from self._called(pieces, before, end, follows)
                elif len(pieces) == 1 and isinstance(pieces[0], str):
                    yield from self._mentioned(pieces[0])
            at = end

    def _name(self, at: int) -> tuple[tuple[Piece, ...] | None, int]:
        """Return the pieces of the name at *at*, put together by ``##``, and where it ends."""
        if not is_name(self._tokens[at]):
            return None, at + 1
        pieces: list[Piece] = [self._piece(at)]
        at += 1
        while at + 1 < len(self._tokens) and self._tokens[at] == "##":
            pieces.append(self._piece(at + 1))
            at += 2
        return tuple(pieces), at

    def _piece(self, at: int) -> Piece:
        return self._numbers.get(self._tokens[at], self._tokens[at])

    def _member(self, at: int, name: tuple[Piece, ...]) -> Made:
        start = _receiver_start(self._tokens, at - 1)
        receiver = self._tokens[start : at - 1]
        while receiver[:1] in (["*"], ["&"]):
            receiver = receiver[1:]
        base = self._declared(receiver[0]) if receiver else None
        return Made(name, self._pieces(receiver), base)

    def _pieces(self, found: Sequence[str]) -> tuple[Piece, ...]:
        return tuple(self._numbers.get(lexeme, lexeme) for lexeme in found[-LONGEST_RECEIVER:])

    def _declared(self, name: str) -> str | None:
        if self._types is None:
            text = " ".join(self._tokens)
            self._types = {one[3]: (one[1] + one[2].replace("const", "")).strip() for one in _DECLARED.finditer(text)}
        return self._types.get(name)

    def _called(self, pieces: tuple[Piece, ...], before: str, end: int, follows: str) -> Iterator[Made]:
        if before and is_name(before) and before not in _BEFORE and before not in self._numbers:
            return
        if not all(isinstance(piece, str) for piece in pieces):
            if follows == "(":
                yield Made(pieces)
            return
        name = "".join(str(piece) for piece in pieces)
        if name in _NO_CALL or name.startswith("__builtin_") or not is_name(name):
            return
        inner = self._calls.inside(name, self._path)
        if inner is None:
            if follows == "(" or self._macro.parameters is None:
                yield Made((name,))
            return
        if follows != "(" and self._calls.is_function_like(name, self._path) and self._macro.parameters is not None:
            return
        taken = arguments(self._tokens, end) if follows == "(" else None
        given = taken[0] if taken else []
        if self._calls.is_stub(name, self._path):
            yield Made((name,))
        for one in inner:
            yield from self._bound(one, given, as_alias=taken is None)

    def _mentioned(self, name: str) -> Iterator[Made]:
        """Yield the calls of an object-like macro that the body mentions."""
        if name in self._numbers or name in _NO_CALL or self._calls.is_function_like(name, self._path):
            return
        for one in self._calls.inside(name, self._path) or ():
            if one.is_fixed and one.name != (name,) and one.receiver is None:
                yield one

    def _bound(self, one: Made, given: Sequence[Sequence[str]], *, as_alias: bool) -> Iterator[Made]:
        """Yield a call of another macro with what this body gives it as arguments."""
        if as_alias:
            yield one
            return
        if one.receiver is None and len(one.name) == 1 and isinstance(one.name[0], int) and one.name[0] < len(given):
            member = member_of(given[one.name[0]])
            if member is not None:
                base = self._declared(member[0][0])
                yield Made((self._numbers.get(member[1], member[1]),), self._pieces(member[0]), base, one.condition)
                return
        name = bound(one.name, given, self._numbers)
        receiver = bound_tokens(one.receiver, given, self._numbers) if one.receiver is not None else None
        if name is None or (one.receiver is not None and receiver is None):
            return
        base = one.base
        if receiver and base is None and isinstance(receiver[0], str):
            base = self._declared(receiver[0])
        if receiver is None and len(name) == 1 and isinstance(name[0], str) and name != one.name:
            inner = self._calls.inside(name[0], self._path)
            if inner is not None:
                yield from (each for each in inner if each.is_fixed)
                return
        yield Made(name, receiver, base, one.condition)


def bound(
    name: Sequence[Piece], given: Sequence[Sequence[str]], numbers: dict[str, int] | None = None
) -> tuple[Piece, ...] | None:
    """Return *name* with its numbers replaced by *given* arguments, None where one of them is no plain name.

    *numbers* are the parameters of a macro in whose body the arguments stand.
    """
    made: list[Piece] = []
    for piece in name:
        if isinstance(piece, str):
            made.append(piece)
            continue
        value = plain(given[piece]) if piece < len(given) else None
        if value is None:
            return None
        parts = [value[0], *value[2::2]] if value[1::2] == ["##"] * (len(value) // 2) else []
        if not parts:
            return None
        made.extend((numbers or {}).get(part, part) for part in parts)
    if len(made) > 1 and all(isinstance(piece, str) for piece in made):
        return ("".join(str(piece) for piece in made),)
    return tuple(made)


def plain(argument: Sequence[str]) -> list[str] | None:
    """Return an argument without the brackets and ``&`` around it, None for an empty one."""
    found = [lexeme for lexeme in argument if lexeme != "\n"]
    while len(found) > 1 and (found[0] == "&" or (found[0] == "(" and found[-1] == ")")):
        found = found[1:] if found[0] == "&" else found[1:-1]
    if not found or not all(is_name(lexeme) or lexeme.isdigit() for lexeme in found[::2]):
        return None
    return found


def member_of(argument: Sequence[str]) -> tuple[list[str], str] | None:
    """Return receiver and member of an argument like ``sk->sk_prot->recvmsg``, None for another one."""
    found = [lexeme for lexeme in argument if lexeme != "\n"]
    if len(found) < 3 or found[-2] not in (".", "->") or not is_name(found[-1]):
        return None
    if _receiver_start(found, len(found) - 2) != 0:
        return None
    return found[:-2], found[-1]


def bound_tokens(
    receiver: Sequence[Piece], given: Sequence[Sequence[str]], numbers: dict[str, int] | None = None
) -> tuple[Piece, ...] | None:
    """Return *receiver* with its numbers replaced by the tokens of *given*; None where it grows too long."""
    made: list[Piece] = []
    for piece in receiver:
        if isinstance(piece, str):
            made.append(piece)
        elif piece < len(given):
            made.extend((numbers or {}).get(lexeme, lexeme) for lexeme in given[piece] if lexeme != "\n")
        else:
            return None
    return tuple(made) if 0 < len(made) <= LONGEST_RECEIVER else None


def _receiver_start(found: Sequence[str], end: int) -> int:
    """Return where the expression before the dot or arrow at *end* begins."""
    at = end
    while at > 0:
        lexeme = found[at - 1]
        if lexeme in (")", "]"):
            at = _opening(found, at - 1)
            if lexeme == ")" and at > 0 and is_name(found[at - 1]) and found[at - 1] not in _NO_CALL:
                at -= 1
        elif is_name(lexeme):
            at -= 1
        else:
            return at
        if at == 0 or found[at - 1] not in (".", "->"):
            if lexeme == "]":
                continue
            return at
        at -= 1
    return at


def _opening(found: Sequence[str], at: int) -> int:
    depth = 0
    for place in range(at, -1, -1):
        if found[place] in (")", "]"):
            depth += 1
        elif found[place] in ("(", "["):
            depth -= 1
            if depth == 0:
                return place
    return 0


def _simplest(found: dict[Made, None]) -> Iterator[Made]:
    """Yield each call once, without a condition where it also stands without one."""
    free = {replace(one, condition=None) for one in found if one.condition is None}
    for one in found:
        if one.condition is None or replace(one, condition=None) not in free:
            yield one


def _and(outer: str, inner: str | None) -> str:
    return joined([outer, inner]) or "" if inner else outer
