"""Conditions under a kernel configuration: yes, no, or not known, the same as trying every possibility."""

from __future__ import annotations

import itertools
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereader.errors import ConfigError
from codereader.facts.kbuild.condition import Configuration, read_configuration

CONFIG = b"""\
# Linux/x86 6.1.0 Kernel Configuration
CONFIG_NET=y
CONFIG_IPV6=m
# CONFIG_MMU is not set
CONFIG_HZ=250
CONFIG_ADDRESS=0xff
CONFIG_NAME="a \\"b\\""
CONFIG_EMPTY=""
"""


def holds(condition: str | None, dialect="c") -> bool | None:
    """Return whether a condition holds under CONFIG."""
    return read_configuration(CONFIG, ".config").holds(condition, dialect)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (None, True),
        ("defined(CONFIG_NET)", True), ("defined CONFIG_NET", True), ("!defined(CONFIG_NET)", False),
        ("defined(CONFIG_IPV6)", False), ("defined(CONFIG_IPV6_MODULE)", True), ("CONFIG_IPV6", False),
        ("IS_ENABLED(CONFIG_IPV6)", True), ("IS_BUILTIN(CONFIG_IPV6)", False), ("IS_MODULE(CONFIG_IPV6)", True),
        ("IS_REACHABLE(CONFIG_IPV6)", None), ("IS_REACHABLE(CONFIG_NET)", True), ("IS_REACHABLE(CONFIG_MMU)", False),
        ("defined(CONFIG_MMU)", False), ("defined(CONFIG_NEVER_HEARD_OF)", False),
        ("CONFIG_HZ >= 250", True), ("CONFIG_HZ > 1000 || defined(CONFIG_NET)", True), ("CONFIG_HZ == 0xfa", True),
        ("CONFIG_ADDRESS == 255", True), ("CONFIG_HZ + 6 == 256", True), ("defined(CONFIG_NAME)", True),
        ("defined(__KERNEL__)", None), ("defined(__KERNEL__) && defined(CONFIG_MMU)", False),
        ("defined(__KERNEL__) || defined(CONFIG_NET)", True), ("BITS_PER_LONG == 64", None),
        ("LINUX_VERSION_CODE >= KERNEL_VERSION(4, 1, 0)", None), ("0", False), ("1UL", True), ("!(0)", True),
        ("defined(X) ? 1 : 1", True), ("defined(CONFIG_NET) ? 0 : 1", False),
        ("defined(", None), ("", None), ("1 +", None), ("@", None), ("(" * 5000, None), ("08", None),
        ("9" * 5000 + " > 1", None),
    ],
)  # fmt: skip
def test_what_c_says(condition, expected):
    """y is defined, m is not (its _MODULE twin is), and what the configuration does not name is unknown."""
    assert holds(condition) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("CONFIG_NET", True), ("CONFIG_IPV6", True), ("CONFIG_MMU", False), ("!CONFIG_MMU", True),
        ("CONFIG_NET && $(CONFIG_IPV6) == y", False), ("$(CONFIG_IPV6) == m", True),
        ("$(CONFIG_MMU) != nothing", False), ("$(CONFIG_NET) != nothing", True), ("defined(CONFIG_IPV6)", True),
        ("defined(CONFIG_NET) && !defined(CONFIG_NET)", False), ("(CONFIG_MMU && CONFIG_NET) || CONFIG_IPV6", True),
        ("SOMETHING", None), ("never", None),
    ],
)  # fmt: skip
def test_what_makefiles_say(condition, expected):
    """A module is built too."""
    assert holds(condition, "make") is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("NET", True), ("NET && !MMU", True), ("IPV6 = m", True), ("IPV6=n", False), ("IPV6 != n", True),
        ("(IPV6 || IPV6=n) && NET", True), ("HZ = 250", True), ("HZ > 300", False), ('NAME = "x"', False),
        ("!IPV6", True), ("!NET = n", True), ("!S390", True), ("y", True), ("n", False), ("m", True),
        ("NET + 1", None),
    ],
)  # fmt: skip
def test_what_kconfig_says(condition, expected):
    """Symbols have no prefix; !m is m, which still builds something."""
    assert holds(condition, "kconfig") is expected


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no line CONFIG_X=value"), (b"# only words\n", "no line"), (b"int main(void)\n", "line 1"),
        (b"CONFIG_A=y\n\x00\xff\n", "line 2"),
    ],
)  # fmt: skip
def test_what_is_no_configuration_is_refused_with_its_line(data, words):
    """One sentence names the file and the line."""
    with pytest.raises(ConfigError, match=words) as caught:
        read_configuration(data, "my.config")

    assert str(caught.value).startswith("my.config is no kernel configuration: ")


def test_the_last_value_counts():
    """A fragment appended to a configuration overrides it."""
    assert read_configuration(b"CONFIG_A=y\nCONFIG_A=m\n", "x").value("CONFIG_A") == "m"


NAMES = ("CONFIG_A", "CONFIG_B", "P", "Q")
KNOWN, UNKNOWN = NAMES[:2], NAMES[2:]
SPELLED = {"y": "1", "m": None, "n": None, "7": "7"}
COMPARED = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, ">=": operator.ge}


def trees(names):
    """Return conditions as trees: (word, operands...)."""
    leaves = st.one_of(
        st.tuples(st.just("defined"), st.sampled_from(names)),
        st.tuples(st.just("IS_ENABLED"), st.sampled_from(KNOWN)),
        st.tuples(st.sampled_from(sorted(COMPARED)), st.sampled_from(names), st.integers(0, 8)),
        st.tuples(st.just("value"), st.sampled_from(names)),
        st.tuples(st.just("number"), st.integers(0, 2)),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.just("!"), inner), st.tuples(st.sampled_from(["&&", "||", "+", "?"]), inner, inner)
        ),
        max_leaves=6,
    )


def written(tree) -> str:
    """Return the condition as C writes it."""
    match tree:
        case ("defined" | "IS_ENABLED", name):
            return f"{tree[0]}({name})"
        case ("value" | "number", value):
            return f"{value}"
        case ("!", inner):
            return f"!({written(inner)})"
        case ("?", one, other):
            return f"({written(one)}) ? ({written(other)}) : 1"
        case (sign, one, int() as number):
            return f"{one} {sign} {number}"
        case (sign, one, other):
            return f"({written(one)}) {sign} ({written(other)})"
    raise AssertionError


def brute(tree, values: dict[str, str], spelled: dict[str, str | None]) -> int:
    """Work a condition out as the preprocessor does that knows every macro."""
    match tree:
        case ("defined", name):
            return int(spelled[name] is not None)
        case ("IS_ENABLED", name):
            return int(values[name] in "ym")
        case ("value", name):
            return int(spelled[name] or 0)
        case ("number", value):
            return int(value)
        case ("!", inner):
            return int(not brute(inner, values, spelled))
        case (sign, name, int() as number):
            return int(COMPARED[sign](int(spelled[name] or 0), number))
    one, other = (brute(inner, values, spelled) for inner in tree[1:])
    return {"&&": int(bool(one and other)), "||": int(bool(one or other)), "+": one + other, "?": other if one else 1}[
        tree[0]
    ]


@given(trees(NAMES), st.sampled_from("ymn7"), st.sampled_from("ymn7"))
def test_a_condition_is_told_only_where_every_possibility_agrees(tree, first, second):
    """Never a yes that some value of an unknown macro would make a no."""
    values = dict(zip(KNOWN, (first, second), strict=True))
    known = {name: SPELLED[value] for name, value in values.items()}

    told = Configuration(values).holds(written(tree))

    possible = {
        bool(brute(tree, values, known | dict(zip(UNKNOWN, some, strict=True))))
        for some in itertools.product([None, "0", "1", "3", "8", "9"], repeat=2)
    }
    assert told is None or possible == {told}


@given(trees(KNOWN), st.sampled_from("ymn7"), st.sampled_from("ymn7"))
def test_a_condition_of_known_symbols_is_always_told(tree, first, second):
    """Nothing unknown in it: the answer is the preprocessor's."""
    values = dict(zip(KNOWN, (first, second), strict=True))
    known = {name: SPELLED[value] for name, value in values.items()}

    assert Configuration(values).holds(written(tree)) is bool(brute(tree, values, known))
