"""The layout of a prompt: what every question about a tree shares stands first and does not depend on the question."""

from __future__ import annotations

from pathlib import Path

import pytest

from codereader.answer.known import Wish
from codereader.answer.prepare import Prepared
from codereader.answer.prompt import PREFACE
from codereader.answer.speaker import echo
from codereader.pack.budget import AUTO_BUDGET
from codereader.pack.segment import Segment
from codereader.reader import Reader

WISHES = (Wish(budget=6_000, max_tokens=256), Wish(max_tokens=256), Wish(ctx=8_000, max_tokens=256))
LONG = "what is done with a request and in which order? " * 6


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    for name in ("alpha", "beta", "gamma", "delta"):
        steps = "".join(f"\trequest = {name}_step_{n}(request);\n" for n in range(40))
        (folder / f"{name}.c").write_text(
            f"/* {name}: handle requests */\n"
            + "".join(f"int {name}_step_{n}(int request)\n{{\n\treturn request + {n};\n}}\n\n" for n in range(40))
            + f"int {name}(int request)\n{{\n{steps}\treturn request;\n}}\n"
        )
    return folder


def prepared(tree: Path, question: str, wish: Wish) -> Prepared:
    with Reader(tree, cache=tree.parent / "cache") as reader:
        reader.open()
        return reader.prepare(reader.known(question), echo(), wish)


def hashes(ready: Prepared) -> dict[tuple[str, int], str]:
    segments: tuple[Segment, ...] = ready.pack.segments
    return {(one.path, one.start_line): one.hash for one in segments}


@pytest.mark.parametrize("wish", WISHES)
def test_every_question_shares_the_base(tree: Path, wish: Wish) -> None:
    """The ids of system text, base and brief are the same, bit by bit, for a short, a long and another question."""
    first = prepared(tree, "explain structure", wish)

    for question in ("who calls beta_step_3?", LONG):
        other = prepared(tree, question, wish)
        assert first.composed.prompt.base == other.composed.prompt.base
        assert hashes(first) == hashes(other)
        assert first.composed.prompt.tail != other.composed.prompt.tail


@pytest.mark.parametrize("question", ["how does gamma handle a request?", LONG * 4])
@pytest.mark.parametrize("wish", WISHES)
def test_what_a_question_adds_is_under_a_quarter(tree: Path, wish: Wish, question: str) -> None:
    """So that a second question reuses three quarters of its prompt. Where all is shown in full it adds no file."""
    ready = prepared(tree, question, wish)
    prompt = ready.composed.prompt

    assert bool(ready.pack.left_out) == bool(ready.focus.segments)
    assert len(prompt.tail) < len(prompt) / 4
    assert ready.pack.tokens + ready.focus.tokens <= (wish.budget or len(prompt))


def test_a_tree_above_auto_is_taken_whole_and_asked_for_again_by_its_number(tree: Path) -> None:
    """Up to 24 thousand tokens nothing is left out; the budget that is recorded sends the same prompt."""
    (tree / "omega.c").write_text("".join(f"int omega_{n}(void)\n{{\n\treturn {n};\n}}\n" for n in range(140)))
    ready = prepared(tree, "explain structure", Wish(max_tokens=256))
    again = prepared(tree, "explain structure", Wish(budget=ready.budget, max_tokens=256))

    assert AUTO_BUDGET < ready.pack.tokens <= ready.budget
    assert ((), ()) == (ready.left_out, ready.focus.segments)
    assert ready.composed.hash == again.composed.hash


def test_the_parts_stand_in_their_order(tree: Path) -> None:
    """Files, then the brief, then the focus, then the facts, then the question."""
    ready = prepared(tree, "who calls beta_step_3?", WISHES[0])
    base, tail = (bytes(ids).decode() for ids in (ready.composed.prompt.base, ready.composed.prompt.tail))

    assert base.index(PREFACE) < base.index("=== alpha.c") < base.index("Facts that a parser found")
    assert tail.index("=== beta.c (lines ") < tail.index("Facts that answer") < tail.index("Question: who calls beta")


def test_an_edit_changes_the_segments_of_its_file_alone(tree: Path) -> None:
    """A comment more in one file leaves the hashes of all others as they were."""
    before = hashes(prepared(tree, "explain structure", WISHES[0]))
    (tree / "gamma.c").write_text((tree / "gamma.c").read_text().replace("return request + 7;", "return request + 8;"))
    after = hashes(prepared(tree, "explain structure", WISHES[0]))

    assert {"gamma.c"} >= {
        path for path, line in {*before, *after} if before.get((path, line)) != after.get((path, line))
    }


def test_a_question_of_ten_thousand_words_is_answered_or_refused_in_words(tree: Path) -> None:
    """Text of a person's has no bound; the window has."""
    ready = prepared(tree, "request " * 4_000, Wish(max_tokens=256))

    assert len(ready.composed.prompt) + 256 <= 1 << 16
    assert ready.pack.segments
