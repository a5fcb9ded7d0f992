"""Facts of a reply within a number of lines."""

from __future__ import annotations

import pytest

from codereader.answer.bounded import bounded, lines_needed
from codereader.facts.fact import Fact, Section
from codereader.facts.questions.question import Question
from codereader.facts.questions.reply import Reply


def reply(*counts: int) -> Reply:
    facts = [tuple(Fact("a", "has", str(n), str(n)) for n in range(count)) for count in counts]
    sections = tuple(Section(str(at), some) for at, some in enumerate(facts))
    return Reply(Question("q", "callers", (), "en"), sections)


def test_enough_lines_change_nothing() -> None:
    """The number that shows all shows all."""
    whole = reply(10, 5)

    assert whole is bounded(whole, lines_needed(whole.sections))


@pytest.mark.parametrize("lines", range(2, 20))
def test_the_lines_are_kept_and_what_is_cut_is_counted(lines: int) -> None:
    """Title lines count; no fact vanishes uncounted."""
    cut = bounded(reply(10, 5), lines)

    assert lines_needed(cut.sections) <= lines
    assert 15 == sum(len(section.facts) + section.dropped for section in cut.sections)


def test_each_section_shows_some_before_the_first_shows_all() -> None:
    """The second section is not starved by the first."""
    assert [7, 3] == [len(section.facts) for section in bounded(reply(10, 5), 12).sections]


def test_a_very_long_section_leaves_room_for_the_next() -> None:
    """Sixty facts of the first, then those of the second, then the rest."""
    assert [62, 30] == [len(section.facts) for section in bounded(reply(500, 30), 94).sections]
