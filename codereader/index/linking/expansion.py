"""Expand C macros as the preprocessor does: hide sets, ``#``, ``##``, variadic macros; bounded whatever they hold.

Texts are cut into tokens without white space, but for line breaks, which stay where they were in the text that is
expanded and never stand in a macro's body. Knows macros as plain data and asks a function for their definitions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from codereader.index.parsed import Macro

DEEPEST = 64
"""So many expansions inside each other are done; more is no program."""

MOST_TOKENS = 20_000
"""So many tokens come out of one expansion; what goes on is left as it is."""

_TOKEN = re.compile(
    r"""\n|[A-Za-z_$]\w*|\.?\d(?:[eEpP][+-]|[\w.])*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
    r"""|\#\#|->|\.\.\.|<<=|>>=|[-+*/%&|^<>=!]=|\+\+|--|<<|>>|&&|\|\||[^\s\w]"""
)
_NAME = re.compile(r"[A-Za-z_$]\w*\Z")

Lookup = Callable[[str], Macro | None]
"""Gives the definition of a macro, None for a name that is none."""


def tokens(text: str) -> list[str]:
    """Return the tokens of *text*; comments must be gone."""
    return _TOKEN.findall(text)


@lru_cache(maxsize=20_000)
def body_tokens(macro: Macro) -> tuple[str, ...]:
    """Return the tokens of a macro's body."""
    return tuple(lexeme for lexeme in tokens(macro.body) if lexeme != "\n")


@lru_cache(maxsize=50_000)
def is_name(lexeme: str) -> bool:
    """Whether a lexeme is an identifier."""
    return _NAME.match(lexeme) is not None


def joined(parts: Sequence[str]) -> str:
    """Return *parts* as text that is cut into the same tokens again."""
    return " ".join(parts).replace(" \n ", "\n").replace("\n ", "\n")


def arguments(found: Sequence[str], at: int) -> tuple[list[list[str]], int] | None:
    """Return the arguments in the brackets that open at *at*, and where they have closed; None if they never do."""
    depth, args = 0, [[]]  # type: tuple[int, list[list[str]]]
    for place in range(at, len(found)):
        lexeme = found[place]
        if lexeme in ("(", "[", "{"):
            depth += 1
            if depth == 1:
                continue
        elif lexeme in (")", "]", "}"):
            depth -= 1
            if depth == 0:
                return args, place + 1
        elif lexeme == "," and depth == 1:
            args.append([])
            continue
        args[-1].append(lexeme)
    return None


class Expansion:
    """Expands one text. *lookup* gives the macros; only those that *first* takes are expanded where the text itself
    names them. `met` are the names of those that were expanded, in order.
    """

    def __init__(self, lookup: Lookup, first: Callable[[str], bool] | None = None) -> None:
        self._lookup = lookup
        self._first = first
        self._left = MOST_TOKENS
        self._known: dict[str, Macro | None] = {}
        self.met: dict[str, None] = {}

    @property
    def is_cut(self) -> bool:
        """Whether macros were left as they are since too much had come out."""
        return self._left <= 0

    def expand(self, found: Sequence[str], hidden: frozenset[str] = frozenset(), depth: int = 0) -> list[str]:
        """Return the tokens *found* with their macros expanded, but for those called *hidden*."""
        made: list[str] = []
        waiting = list(reversed(found))
        marks: list[tuple[int, frozenset[str]]] = []
        known = self._known
        while waiting:
            lexeme = waiting.pop()
            if known.get(lexeme, self) is None:
                made.append(lexeme)
                continue
            while marks and len(waiting) < marks[-1][0]:
                hidden = marks.pop()[1]
            is_met = depth or marks or self._first is None or self._first(lexeme)
            macro = self._macro(lexeme, hidden) if is_met and depth <= DEEPEST and len(marks) <= DEEPEST else None
            if macro is None:
                made.append(lexeme)
                continue
            body, breaks = self._applied(macro, waiting, hidden, depth)
            if body is None:
                made.append(lexeme)
                continue
            self.met[lexeme] = None
            self._left -= len(body)
            waiting.extend(["\n"] * breaks)
            marks.append((len(waiting), hidden))
            hidden = hidden | {lexeme}
            waiting.extend(reversed(body))
        return made

    def _macro(self, lexeme: str, hidden: frozenset[str]) -> Macro | None:
        if self._left <= 0 or lexeme in hidden:
            return None
        if lexeme not in self._known:
            self._known[lexeme] = self._lookup(lexeme) if is_name(lexeme) else None
        return self._known[lexeme]

    def _applied(
        self, macro: Macro, waiting: list[str], hidden: frozenset[str], depth: int
    ) -> tuple[list[str] | None, int]:
        """Return the body of *macro* with what stands next in *waiting* (reversed) as arguments, and line breaks."""
        if macro.parameters is None:
            return self._pasted(list(body_tokens(macro)), {}, {}), 0
        at = len(waiting)
        while at and waiting[at - 1] == "\n":
            at -= 1
        if not at or waiting[at - 1] != "(":
            return None, 0
        taken = _balanced(waiting, at)
        if taken is None:
            return None, 0
        inside = [lexeme for lexeme in taken if lexeme != "\n"]
        found = arguments(inside, 0)
        given = found[0] if found else [[]]
        bound = _bound(macro.parameters, given)
        if bound is None:
            return None, 0
        breaks = taken.count("\n") + len(waiting) - at
        del waiting[at - len(taken) :]
        full = {
            name: self.expand(value, hidden, depth + 1) if _is_used_plain(macro, name) else value
            for name, value in bound.items()
        }
        return self._pasted(list(body_tokens(macro)), bound, full), breaks

    def _pasted(self, body: list[str], raw: dict[str, list[str]], full: dict[str, list[str]]) -> list[str]:
        """Return *body* with its parameters replaced, ``#`` and ``##`` done."""
        made: list[str] = []
        at = 0
        while at < len(body) and len(made) < MOST_TOKENS:
            lexeme = body[at]
            if lexeme == "#" and at + 1 < len(body) and body[at + 1] in raw:
                made.append(_quoted(raw[body[at + 1]]))
                at += 2
            elif lexeme == "##" and made and at + 1 < len(body):
                right = body[at + 1]
                some = raw.get(right, [right])
                if made[-1] == "," and right in raw:
                    made[-1:] = [",", *some] if some else []
                else:
                    left = made.pop() if made[-1] != _NOTHING else made.pop() and ""
                    made.extend([left + (some[0] if some else "") or _NOTHING, *some[1:]])
                at += 2
            elif lexeme in raw:
                pastes = at + 1 < len(body) and body[at + 1] == "##"
                some = raw[lexeme] if pastes else full[lexeme]
                made.extend(some if some or not pastes else [_NOTHING])
                at += 1
            else:
                made.append(lexeme)
                at += 1
        return [lexeme for lexeme in made if lexeme != _NOTHING]


_NOTHING = "\0"


def _balanced(waiting: list[str], at: int) -> list[str] | None:
    """Return the tokens from the bracket that opens next to the one that closes it; *waiting* is reversed."""
    depth = 0
    taken: list[str] = []
    for place in range(at - 1, max(-1, at - 1 - MOST_TOKENS), -1):
        lexeme = waiting[place]
        taken.append(lexeme)
        if lexeme == "(":
            depth += 1
        elif lexeme == ")":
            depth -= 1
            if depth == 0:
                return taken
    return None


def variadic(parameters: Sequence[str]) -> str | None:
    """Return the name by which a variadic macro's body means the rest of its arguments, None for another macro."""
    if not parameters or not parameters[-1].endswith("..."):
        return None
    return parameters[-1][:-3].strip() or "__VA_ARGS__"


def _bound(parameters: Sequence[str], given: list[list[str]]) -> dict[str, list[str]] | None:
    """Return the arguments by parameter, None where their number does not fit."""
    rest = variadic(parameters)
    named = list(parameters[:-1] if rest else parameters)
    if not rest and len(given) != len(named) and not (not named and given == [[]]):
        return None
    if len(given) < len(named):
        if not rest or len(given) + 1 < len(named):
            return None
        given = [*given, []]
    bound = dict(zip(named, given, strict=False))
    if rest:
        bound[rest] = [
            lexeme for number, one in enumerate(given[len(named) :]) for lexeme in ([","] * bool(number) + one)
        ]
    return bound


@lru_cache(maxsize=50_000)
def _is_used_plain(macro: Macro, name: str) -> bool:
    """Whether the body uses a parameter other than with ``#`` and ``##``, so that its argument is expanded."""
    body = body_tokens(macro)
    return any(
        lexeme == name and (not at or body[at - 1] not in ("#", "##")) and body[at + 1 : at + 2] != ("##",)
        for at, lexeme in enumerate(body)
    )


def _quoted(argument: Sequence[str]) -> str:
    return '"' + " ".join(argument).replace("\\", "\\\\").replace('"', '\\"') + '"'
