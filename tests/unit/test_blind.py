"""What an answer cannot see: said as far as it matters for this one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codereader.answer.blind import blind_spots
from codereader.facts.fact import Brief, Fact, Section
from codereader.facts.questions.question import Question
from codereader.facts.questions.reply import Reply
from codereader.index.view import IndexView
from codereader.pack.segment import LeftOut
from codereader.reader import Reader
from codereader.source.scope import Skipped

NO_BRIEF = Brief((), 0)


@pytest.fixture
def view(tmp_path: Path) -> Iterator[IndexView]:
    (tmp_path / "good.c").write_text("int good(void)\n{\n\treturn 1;\n}\n")
    (tmp_path / "bad.c").write_text("int x = = 3 ) ;\nint f( {\n")
    with Reader(tmp_path) as reader:
        reader.open()
        yield reader.view


def reply(*facts: Fact, intent: str = "callers", not_followed: int = 0, blind: tuple[str, ...] = ()) -> Reply:
    return Reply(Question("q", intent, (), "en"), (Section("Calls", facts),), (), not_followed, blind)


def test_an_answer_without_blind_spots_has_none(view: IndexView) -> None:
    """No noise."""
    assert () == blind_spots(view, NO_BRIEF, reply(Fact("a", "calls", "b", "", "good.c", 1)), ())


def test_files_of_the_answer_that_were_not_understood_are_named(view: IndexView) -> None:
    """Others do not matter for it."""
    assert () == blind_spots(view, NO_BRIEF, reply(Fact("a", "calls", "b", "", "good.c", 1)), ())
    (told,) = blind_spots(view, NO_BRIEF, reply(Fact("a", "calls", "b", "", "bad.c", 1)), ())

    assert "1 file that the answer rests on has parts that the parser did not understand: bad.c" == told


def test_conditions_are_said_not_to_be_decided(view: IndexView) -> None:
    """Both branches of an #if are read; the reader must know."""
    (told,) = blind_spots(view, NO_BRIEF, reply(Fact("a", "calls", "b", "", "good.c", 1, "CONFIG_X")), ())

    assert "no configuration is assumed: 1 fact holds only under the condition beside it" == told


def test_what_was_not_followed_comes_first_in_its_own_words(view: IndexView) -> None:
    """The kind says more than the count."""
    some = Skipped("a.bin", "binary"), Skipped("b.bin", "binary"), Skipped("c.txt", "above 1 MiB")
    told = blind_spots(view, NO_BRIEF, reply(not_followed=3, blind=("3 calls through pointers",)), some)

    assert ("not followed: 3 calls through pointers", "not read: 2 binary, 1 above 1 MiB") == told


def test_a_count_without_words_is_still_said(view: IndexView) -> None:
    """Never in silence."""
    assert ("not followed: 1 place",) == blind_spots(view, NO_BRIEF, reply(not_followed=1), ())


def test_an_overview_has_the_blind_spots_of_its_brief(view: IndexView) -> None:
    """What the brief could not follow, and what the model was not shown."""
    brief = Brief((Section("Not followed", (Fact("", "", "", "  5 uses of 2 names"),)),), 2)
    left = LeftOut("a.c", "name", "", 1), LeftOut("a.c", None, "", 1)

    assert ("5 uses of 2 names", "the model was not shown 1 file in full") == blind_spots(
        view, brief, reply(intent="overview"), (), left
    )
