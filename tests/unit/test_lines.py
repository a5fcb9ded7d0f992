"""Briefs of any length: never longer than asked, nothing dropped unsaid."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codereader.facts.brief.lines import MINIMUM_LINES, Draft, fit_lines
from codereader.facts.fact import Fact, plain


def draft(title: str, facts: int, weight: float = 1.0, first: int = 1) -> Draft:
    return Draft(title, tuple(Fact(title, "is", str(n), f"{title} {n}") for n in range(facts)), weight, first)


DRAFTS = st.lists(
    st.builds(
        draft, st.sampled_from("abcdef"), st.integers(0, 30), st.floats(0.5, 8), st.integers(1, 4)
    ),
    max_size=12,
)  # fmt: skip


@given(DRAFTS, st.integers(0, 120))
def test_a_brief_is_never_longer_than_asked_and_counts_what_it_drops(drafts, lines):
    """Shown and dropped facts add up to all facts, within the lines."""
    brief = fit_lines(drafts, lines)

    shown = sum(len(section.facts) for section in brief.sections)
    assert plain(brief).count("\n") <= max(lines, MINIMUM_LINES)
    assert sum(len(one.facts) for one in drafts) == shown + brief.dropped


@given(DRAFTS)
def test_the_lines_needed_show_everything_and_one_less_does_not(drafts):
    """lines_needed is exact."""
    needed = fit_lines(drafts, 0).lines_needed

    assert fit_lines(drafts, needed).dropped == 0
    assert needed == plain(fit_lines(drafts, needed)).count("\n")
    assert needed <= MINIMUM_LINES or fit_lines(drafts, needed - 1).dropped > 0


def test_sections_without_room_are_named():
    """A reader of five lines learns which sections exist."""
    brief = fit_lines([draft("What it is", 3), draft("Files", 9), draft("Build", 4)], 5)

    assert [section.title for section in brief.sections] == ["What it is", "Files", "Not shown: Build"]
    assert [section.dropped for section in brief.sections] == [2, 8, 4]


def test_empty_sections_vanish():
    """A section without facts takes no line."""
    assert [section.title for section in fit_lines([draft("a", 0), draft("b", 1)], 10).sections] == ["b"]


def test_nothing_to_say_needs_no_lines():
    """An empty scope gives an empty brief."""
    assert plain(fit_lines([], 0)).count("\n") == 0
