"""Claims are found as the prose streams, and marks stand right behind them, however the prose was split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.answer.checks.cite import Claim
from codereader.answer.event import Citation, Mark, Token
from codereader.answer.prose.marked import MarkedStream


@dataclass
class Witness:
    """Stands in for the index: takes down every claim and holds no file."""

    asked: list[Claim] = field(default_factory=list)

    def judge(self, claim: Claim) -> Citation:
        self.asked.append(claim)
        return Citation(claim.text, "verified")

    def holds(self, _: str) -> bool:
        return False


def stream(pieces: Sequence[str], witness: Witness) -> Iterator[Token | Mark]:
    marked = MarkedStream(witness)  # type: ignore[arg-type]
    for piece in pieces:
        yield from marked.feed(piece)
    yield from marked.flush()


def marks(pieces: Sequence[str]) -> tuple[str, list[tuple[int, str]]]:
    """Return the prose and every mark with the place it stands at."""
    text, found = "", []
    for event in stream(pieces, Witness()):
        if isinstance(event, Token):
            text += event.text
        else:
            found.append((len(text), event.citation.text))
    return text, found


def strong(text: str) -> list[str]:
    """Return the claims of *text* that say themselves that they are names or paths."""
    witness = Witness()
    list(stream([text], witness))
    return [c.text for c in witness.asked if c.strong or c.called or c.type_word or c.kind == "path"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`bogus`'s list", ["bogus"]),
        ("`a`/`b` and `x`—which", ["a", "b", "x"]),
        ("see [inode.c](inode.c:999).", ["inode.c", "inode.c:999"]),
        ("see [`f`](no.c:3)", ["f", "no.c:3"]),
        ("at inode.c:500–600, inode.c:54:10 and inode.c#L900", ["inode.c:500–600", "inode.c:54:10", "inode.c#L900"]),
        ("“inode.c” and ‘inode.h’", ["inode.c", "inode.h"]),
        ("then bogus_fn(a, b) runs", ["bogus_fn(a, b)"]),
        ("`&ops`, `arr[0]`, `*ptr`, `.open`, `f(a, b);`", ["ops", "arr", "ptr", "open", "f(a, b)"]),
        ("`int f(void)`", ["int", "f", "void"]),
        ("`static struct thing *list = NULL;`", ["static", "struct", "thing", "list", "NULL"]),
        ("函数`get_inode`在inode.c:54处，调用iget()。", ["get_inode", "inode.c:54", "iget()"]),
        ("``two ` ticks``", []),
        ("https://example.com/a/page.c?x=get_it() and www.example.com/x.c", []),
        ("mail me@example.com or git log --all_of", []),
        ("file(s), open(2), core.c(36)", ["core.c"]),
        ("`core.c`:54-60 and `core.c`: `x`:3", ["core.c:54-60", "core.c", "x"]),
        ("core.c/ioctl.c", ["core.c", "ioctl.c"]),
        ("drivers/net/Makefile:3", ["drivers/net/Makefile:3"]),
        ("`git log --all` and `.c` files", []),
        ("inode.c:12345678901234567890", ["inode.c:12345678901234567890"]),
    ],
)
def test_every_spelling_of_a_claim_is_found(text, expected):
    """Quotes, links, ranges, columns, anchors, operators and prose without spaces do not hide a claim."""
    assert expected == strong(text)


def test_a_fence_claims_only_what_it_calls_and_its_types():
    """Local names of code that the model wrote are let be; calls, types and places are not."""
    code = "struct made_up {\n\tint some_count;\n};\nint other = do_it(other_count); // core.c:3"

    _, found = marks([f"```c\n{code}\n```\nand_so"])

    assert ["made_up", "do_it", "core.c:3", "and_so"] == [claim for _, claim in found]


def test_a_mark_stands_right_behind_its_claim():
    """The token before a mark ends with the claim, its backtick and its argument list."""
    _, found = marks(["The `set_inode` and set_inode(a, b) calls"])
    text = "The `set_inode` and set_inode(a, b) calls"

    places = {claim: text[:at] for at, claim in found}
    assert places["set_inode"].endswith("`set_inode`")
    assert places["set_inode(a, b)"].endswith("set_inode(a, b)")


SENTENCES = (
    "The `struct fs_type` of inode.c:54 is\n\n```c\nint do_it(void)\n{\n\treturn get_inode();\n}\n```\nDone `open",
    "`core.c`:54-60, `core.c`:5– `core.c`: `a`/`b`—see [`f`](no.c:3), [x](y.c#L9-L12) inode.c:500–600; inode.c:54:10.",
    "struct\n  mount_opts and struct **foo_bar** `x`'s ``a ` b`` ```inline``` text",
    "函数get_inode在inode.c:54处。https://a.b/c_d(e) and a->b_c() f(x, y_z) g(h(i_j), k_l)",
    "  ````\nfoo(a)\n  ````\n" + "x" * 300 + "->y_z " + "a/" * 200 + " `" + "word " * 80 + "`",
    "x_y(" + "a_b, " * 40 + ")\n" + "`" * 40 + "\n" + "-" * 255 + ">>a_b" + "-" * 257 + ">c_d",
)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=2).map(" ".join)
    | st.text(alphabet="`~\n .:/#()[]->&_–ab3c函*struct", max_size=120),
    st.lists(st.integers(1, 9), min_size=1, max_size=12),
)
def test_the_split_of_the_prose_changes_nothing(text, sizes):
    """Tokens joined are the prose, and every mark stands at the same place, however the model split it."""
    pieces, at = [], 0
    while at < len(text):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(text[at : at + size])
        at += size

    assert marks(pieces) == marks([text])
    assert text == marks(pieces)[0]


@pytest.mark.parametrize(
    "text", ["a" * 200_000, "`" * 200_000, "a_b/" * 50_000, "`a_b " * 40_000, "(" * 200_000, "x_y(" * 50_000]
)
def test_hostile_prose_is_passed_on_with_little_held_back(text):
    """However long a word or open backtick, a few hundred characters are held and judged at most once each."""
    witness = Witness()
    marked = MarkedStream(witness)  # type: ignore[arg-type]
    given_out = most_held = 0

    for at in range(0, len(text), 100):
        given_out += sum(len(event.text) for event in marked.feed(text[at : at + 100]) if isinstance(event, Token))
        most_held = max(most_held, at + 100 - given_out)

    assert most_held <= 512
    assert len(witness.asked) <= len(text) // 4
