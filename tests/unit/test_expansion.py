"""Macros expand as the preprocessor expands them, and hostile ones end."""

from __future__ import annotations

import pytest

from codereader.index.linking.expansion import MOST_TOKENS, Expansion, tokens
from codereader.index.parsed import Macro

MACROS = {
    macro.name: macro
    for macro in (
        Macro("CAT", ("a", "b"), "a##b", 0),
        Macro("XCAT", ("a", "b"), "CAT(a,b)", 0),
        Macro("APPLY", ("f", "..."), "f(__VA_ARGS__)", 0),
        Macro("TEXT", ("x",), "#x", 0),
        Macro("SELF", ("x",), "SELF(x) + SELF(x)", 0),
        Macro("LOG", ("fmt", "args..."), "pr(fmt, ##args)", 0),
        Macro("ONE", None, "1", 0),
        Macro("PING", None, "PONG", 0),
        Macro("PONG", None, "PING", 0),
        *(Macro(f"D{at}", ("x",), f"D{at + 1}(x) D{at + 1}(x)", 0) for at in range(40)),
    )
}


def expanded(text: str) -> list[str]:
    return Expansion(MACROS.get).expand(tokens(text))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("CAT(x,y)", ["xy"]),
        ("CAT(,x)", ["x"]),
        ("XCAT(v,ONE)", ["v1"]),
        ("APPLY(g,1,2)", ["g", "(", "1", ",", "2", ")"]),
        ('TEXT(a "b")', ['"a \\"b\\""']),
        ("SELF(1)", ["SELF", "(", "1", ")", "+", "SELF", "(", "1", ")"]),
        ('LOG("x")', ["pr", "(", '"x"', ")"]),
        ('LOG("x",1)', ["pr", "(", '"x"', ",", "1", ")"]),
        ("PING", ["PING"]),
        ("CAT", ["CAT"]),
        ("CAT(1,2,3)", ["CAT", "(", "1", ",", "2", ",", "3", ")"]),
        ("CAT(1", ["CAT", "(", "1"]),
    ],
)
def test_macros_expand_as_in_c(text: str, wanted: list[str]) -> None:
    """Arguments, pasting, quoting, variadic macros and hide sets work as the standard says."""
    found = expanded(text)

    assert wanted == found


def test_rows_survive_an_expansion() -> None:
    """What stands after a use that spans rows stays on its row."""
    found = expanded("APPLY(g,\n1)\nafter")

    assert 2 == found.count("\n")
    assert "after" == found[-1]


def test_a_macro_that_doubles_forever_ends() -> None:
    """A chain of macros that each double their argument stops at the bound."""
    found = expanded("D0(1)")

    assert len(found) < 4 * MOST_TOKENS
