"""Whether a condition holds under a kernel configuration: yes, no, or not to be known from it.

Three dialects: ``#if`` of C (``defined(CONFIG_X) && !IS_MODULE(CONFIG_Y)``), makefiles as the build map words them
(``CONFIG_INET && $(CONFIG_X) == m``), and Kconfig (``INET && X != n``). A part that a configuration says nothing of may
be anything; the whole is told only where it comes out the same whatever that part is. Text that cannot be read is
never an error here, only not known.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from codereader.errors import ConfigError

Dialect = Literal["c", "make", "kconfig"]

MAX_TOKENS = 4000
"""A condition of more tokens than this is not read."""

MAX_DEPTH = 40
"""A condition nested deeper than this is not read."""

_ASSIGNED = re.compile(r"(CONFIG_\w+)=(.*)")
_UNSET = re.compile(r"#\s*(CONFIG_\w+) is not set")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]{1,30}|\d{1,30})[uUlL]*\b|\$\((?P<make>\w+)\)|(?P<name>[A-Za-z_]\w*)|(?P<digits>\d\w*)"
    r"|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<sign>&&|\|\||==|!=|<=|>=|<<|>>|[-+*/%&|^~!<>=?:(),]))"
)
_TRISTATE: Mapping[str, int] = {"n": 0, "m": 1, "y": 2, "nothing": 0}
_ENABLED: Mapping[str, frozenset[str]] = {
    "IS_ENABLED": frozenset("ym"), "IS_BUILTIN": frozenset("y"), "IS_MODULE": frozenset("m"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Configuration:
    """The values of a ``.config``, by symbol with its prefix: ``y``, ``m``, ``n``, a number or a text without quotes.

    A symbol that it does not mention is ``n``: make writes every symbol that has a value.
    """

    values: Mapping[str, str]

    def value(self, symbol: str) -> str:
        """Return the value of *symbol* (``CONFIG_X``)."""
        return self.values.get(symbol, "n")

    def holds(self, condition: str | None, dialect: Dialect = "c") -> bool | None:
        """Return whether *condition* holds; None where this configuration does not tell. No condition holds."""
        if condition is None:
            return True
        try:
            values = _Reading(condition, dialect, self).whole()
        except _UnreadableError:
            return None
        if values is None or (0 in values and len(values) > 1):
            return None
        return 0 not in values


def read_configuration(data: bytes, name: str) -> Configuration:
    """Return the configuration that *data* holds; *name* is what to call it. Raises: ConfigError."""
    values: dict[str, str] = {}
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").splitlines(), 1):
        text = line.strip()
        assigned, unset = _ASSIGNED.fullmatch(text), _UNSET.fullmatch(text)
        if assigned:
            values[assigned[1]] = _plain(assigned[2])
        elif unset:
            values[unset[1]] = "n"
        elif text and not text.startswith("#"):
            message = f"{name} is no kernel configuration: line {number} is neither CONFIG_X=value nor a comment"
            raise ConfigError(message, _HINT)
    if not values:
        raise ConfigError(f"{name} is no kernel configuration: it has no line CONFIG_X=value", _HINT)
    return Configuration(values)


_HINT = "Pass the .config that `make` wrote, such as .config in the top folder of a configured kernel."


def _plain(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


class _UnreadableError(Exception):
    """The text is no condition of the dialect."""


_Values = frozenset[int] | None
"""What an expression may come to; None is any number. Truth is being other than 0; in Kconfig 1 is m and 2 is y."""

_BOTH = frozenset((0, 1))
_COMPARED: Mapping[str, Callable[[int, int], bool]] = {
    "==": operator.eq, "=": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le,
    ">=": operator.ge,
}  # fmt: skip
_COUNTED: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "&": operator.and_, "|": operator.or_,
    "^": operator.xor,
}  # fmt: skip
_BINDS: Mapping[str, int] = {
    "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7, "<<": 8,
    ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}  # fmt: skip


class _Reading:
    """One condition being read from left to right, worked out as it is read."""

    def __init__(self, text: str, dialect: Dialect, configuration: Configuration) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0
        self._is_c = dialect == "c"
        self._yes = 1 if self._is_c else 2
        self._either = frozenset((0, self._yes))
        self._prefix = "CONFIG_" if dialect == "kconfig" else ""
        self._configuration = configuration

    def whole(self) -> _Values:
        values = self._choice()
        if self._at != len(self._tokens):
            raise _UnreadableError
        return values

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self, sign: str) -> bool:
        if self._next() != ("sign", sign):
            return False
        self._at += 1
        return True

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise _UnreadableError

    def _choice(self) -> _Values:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _UnreadableError
        test = self._binary(0)
        if self._take("?"):
            yes = self._choice()
            self._need(":")
            no = self._choice()
            test = _chosen(test, yes, no)
        self._depth -= 1
        return test

    def _binary(self, least: int) -> _Values:
        left = self._unary()
        while True:
            kind, sign = self._next()
            binds = _BINDS.get(sign, 0) if kind == "sign" else 0
            if binds <= least:
                return left
            self._at += 1
            left = self._joined(sign, left, self._binary(binds))

    def _unary(self) -> _Values:
        signs: list[str] = []
        while self._next()[0] == "sign" and self._next()[1] in "!-+~":
            signs.append(self._next()[1])
            self._at += 1
        values = self._primary() if self._is_c else self._words()
        for sign in reversed(signs):
            values = self._signed(sign, values)
        return values

    def _signed(self, sign: str, values: _Values) -> _Values:
        if sign == "!":
            if values is None:
                return self._either
            return frozenset(int(not v) if self._is_c else 2 - v for v in values)
        if values is None or sign == "+":
            return values
        return frozenset(-v if sign == "-" else ~v for v in values)

    def _primary(self) -> _Values:
        kind, text = self._next()
        self._at += 1
        if (kind, text) == ("sign", "("):
            values = self._choice()
            self._need(")")
            return values
        if kind == "number" and self._is_c:
            number = _number(text)
            return None if number is None else frozenset((number,))
        if kind == "name":
            return self._named(text)
        if kind == "make":
            return self._tristate(text)
        if kind in ("text", "number", "digits"):
            return self._tristate(self._prefix + text) if kind == "digits" and self._prefix else None
        raise _UnreadableError

    def _named(self, name: str) -> _Values:
        if name == "defined":
            return self._defined()
        if name in (*_ENABLED, "IS_REACHABLE") and self._next() == ("sign", "("):
            return self._enabled(name)
        if self._take("("):
            self._skip()
            return None
        if self._is_c:
            return self._macro(name)
        if name in _TRISTATE:
            return frozenset((_TRISTATE[name],))
        return self._tristate(self._prefix + name)

    def _defined(self) -> _Values:
        has_bracket = self._take("(")
        kind, name = self._next()
        if kind != "name":
            raise _UnreadableError
        self._at += 1
        if has_bracket:
            self._need(")")
        if not name.startswith("CONFIG_"):
            return self._either
        is_defined = self._spelled(name) is not None if self._is_c else self._configuration.value(name) != "n"
        return frozenset((self._yes * is_defined,))

    def _enabled(self, word: str) -> _Values:
        self._need("(")
        kind, name = self._next()
        self._at += 1
        if kind != "name":
            raise _UnreadableError
        self._need(")")
        if not name.startswith("CONFIG_"):
            return self._either
        value = self._configuration.value(name)
        if word == "IS_REACHABLE":
            return self._either if value == "m" else frozenset((self._yes * (value == "y"),))
        return frozenset((self._yes * (value in _ENABLED[word]),))

    def _skip(self) -> None:
        """Pass the arguments of a macro whose value is not known."""
        depth = 1
        while depth:
            kind, text = self._next()
            if kind == "end":
                raise _UnreadableError
            depth += (text == "(") - (text == ")") if kind == "sign" else 0
            self._at += 1

    def _spelled(self, name: str) -> str | None:
        """Return what the C preprocessor sees for a symbol, None where it is not defined."""
        value = self._configuration.value(name)
        if value == "y":
            return "1"
        if value in ("m", "n"):
            is_module = name.endswith("_MODULE") and self._configuration.value(name[: -len("_MODULE")]) == "m"
            return "1" if is_module else None
        return value

    def _macro(self, name: str) -> _Values:
        if not name.startswith("CONFIG_"):
            return None
        spelled = self._spelled(name)
        if spelled is None:
            return frozenset((0,))
        number = _number(spelled)
        return None if number is None else frozenset((number,))

    def _tristate(self, symbol: str) -> _Values:
        if not symbol.startswith("CONFIG_"):
            return frozenset((0, 1, 2))
        return frozenset((_TRISTATE.get(self._configuration.value(symbol), 2),))

    def _words(self) -> _Values:
        """Return an operand of Kconfig or make: a symbol, or two words compared."""
        first = self._next()
        values = self._primary()
        kind, sign = self._next()
        if kind != "sign" or sign not in _COMPARED:
            return values
        self._at += 1
        second = self._next()
        self._primary()
        one, other = self._word(first), self._word(second)
        if one is None or other is None:
            return self._either
        numbers = _number(one), _number(other)
        if sign in ("=", "==", "!="):
            same = one == other or (numbers[0] is not None and numbers[0] == numbers[1])
            return frozenset((2 * (same == (sign != "!=")),))
        if numbers[0] is None or numbers[1] is None:
            return self._either
        return frozenset((2 * _COMPARED[sign](numbers[0], numbers[1]),))

    def _word(self, token: tuple[str, str]) -> str | None:
        """Return what a word stands for; None for one that this configuration says nothing of."""
        kind, text = token
        if kind == "text":
            return text[1:-1]
        if kind == "number" or (kind == "name" and text in _TRISTATE):
            return "n" if text == "nothing" else text
        if kind not in ("name", "make", "digits"):
            return None
        symbol = text if kind == "make" else self._prefix + text
        return self._configuration.value(symbol) if symbol.startswith("CONFIG_") else None

    def _joined(self, sign: str, left: _Values, right: _Values) -> _Values:
        if sign in ("&&", "||"):
            one, other = self._truth(left), self._truth(right)
            pick = min if sign == "&&" else max
            return frozenset(pick(a, b) for a in one for b in other)
        if not self._is_c:
            raise _UnreadableError
        if left is None or right is None:
            return _BOTH if sign in _COMPARED else None
        if sign in _COMPARED:
            return frozenset(int(_COMPARED[sign](a, b)) for a in left for b in right)
        if sign in _COUNTED:
            return frozenset(_COUNTED[sign](a, b) for a in left for b in right)
        return None

    def _truth(self, values: _Values) -> frozenset[int]:
        """Return what an operand of ``&&`` or ``||`` may be: 0 or 1 in C, a tristate elsewhere."""
        if values is None:
            return _BOTH if self._is_c else frozenset((0, 1, 2))
        return frozenset(int(v != 0) for v in values) if self._is_c else values


def _chosen(test: _Values, yes: _Values, no: _Values) -> _Values:
    if test is not None and 0 not in test:
        return yes
    if test == frozenset((0,)):
        return no
    return None if yes is None or no is None else yes | no


def _number(text: str) -> int | None:
    """Return the number that C reads in *text*, None for one that it does not."""
    try:
        if not re.fullmatch(r"-?\w+", text) or "_" in text:
            return None
        return int(text, 8) if re.fullmatch(r"0\d+", text) else int(text, 0)
    except ValueError:
        return None


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None or len(found) >= MAX_TOKENS:
            raise _UnreadableError
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found
