"""How many tokens a prompt may spend on files: what helps, what is read in time, what the window holds."""

from __future__ import annotations

import pytest

from codereader.pack.budget import (
    AUTO_BUDGET,
    LEAST_BUDGET,
    MAX_BUDGET,
    WHOLE_BUDGET,
    base_share,
    pack_budget,
    prompt_budget,
)

WINDOW = 131_072
ROOM, WHOLE = 100_000, 110_000


def test_auto_takes_what_helps_however_much_would_fit() -> None:
    """A bigger pack is not a better answer, and the note says so."""
    budget = prompt_budget(None, ROOM, WHOLE, WINDOW, seconds=20, rate=50_000)

    assert AUTO_BUDGET == budget.tokens
    assert "accuracy" in budget.note


def test_auto_is_bounded_by_patience() -> None:
    """A slow machine reads less, the same whatever a little more or less of speed."""
    budgets = [prompt_budget(None, ROOM, WHOLE, WINDOW, seconds=20, rate=rate) for rate in (200, 201)]

    assert [3_840, 3_840] == [budget.tokens for budget in budgets]
    assert "--patience" in budgets[0].note


def test_auto_reads_something_on_the_slowest_machine() -> None:
    """Less than that says nothing of a tree."""
    assert LEAST_BUDGET == prompt_budget(None, ROOM, WHOLE, WINDOW, seconds=0.1, rate=1).tokens


def test_no_patience_is_too_long() -> None:
    """Seconds beyond all numbers are as good as any that are long."""
    assert AUTO_BUDGET == prompt_budget(None, ROOM, WHOLE, WINDOW, seconds=1e308, rate=1e308).tokens


def test_auto_takes_no_more_than_keeps_the_model_on_its_card() -> None:
    """A little more context may push layers into slow memory; the note says why it stops there."""
    budget = prompt_budget(None, ROOM, WHOLE, WINDOW, 20, 50_000, stays=lambda tokens: tokens <= 9_300)

    assert (9_216, 9_216) == (budget.tokens, budget.whole)
    assert "where it is fastest" in budget.note


def test_a_model_that_never_stays_is_no_reason_to_read_less() -> None:
    """Where even the least budget does not keep it there, nothing is given up."""
    assert AUTO_BUDGET == prompt_budget(None, ROOM, WHOLE, WINDOW, 20, 50_000, stays=lambda tokens: False).tokens


@pytest.mark.parametrize("asked", [None, MAX_BUDGET, 6_000])
def test_the_window_bounds_every_budget_and_the_note_names_it(asked: int | None) -> None:
    """Never more than what is left, whatever was asked for; it is said."""
    budget = prompt_budget(asked, 1_500, 1_600, 2_048, seconds=20, rate=50_000)

    assert 1_500 == budget.tokens
    assert "2,048" in budget.note


def test_a_number_that_fits_is_kept_without_a_word() -> None:
    """What was asked for."""
    assert (6_000, "") == (
        (budget := prompt_budget(6_000, ROOM, WHOLE, WINDOW, seconds=20, rate=50_000)).tokens,
        budget.note,
    )


@pytest.mark.parametrize("budget", [0, 1, 199, 200, 4_001, 2_000_000, MAX_BUDGET])
def test_base_and_focus_share_all_of_a_budget(budget: int) -> None:
    """Nothing is lost between them, and more of a budget is never less of a base."""
    assert 0 <= base_share(budget, 0.25) <= budget
    assert base_share(budget, 0.25) <= base_share(budget + 1, 0.25)


@pytest.mark.parametrize(
    ("asked", "rate", "whole"),
    [
        (None, 50_000, WHOLE_BUDGET),
        (None, 200, 3_840),
        (None, 1, LEAST_BUDGET),
        (MAX_BUDGET, 1, WHOLE),
        (9_000, 1, 9_000),
    ],
)
def test_a_tree_is_taken_whole_up_to_more(asked: int | None, rate: float, whole: int) -> None:
    """As far as patience, what was asked for and the window allow: nothing is left out then."""
    assert whole == prompt_budget(asked, ROOM, WHOLE, WINDOW, seconds=20, rate=rate).whole


@pytest.mark.parametrize(
    ("window", "tokens", "whole"),
    [
        (0, AUTO_BUDGET, WHOLE_BUDGET),
        (10_000_000, AUTO_BUDGET, WHOLE_BUDGET),
        (32_768, AUTO_BUDGET, 22_784),
        (8_192, 5_632, 5_632),
        (2_048, 1_280, 1_280),
        (1, 256, 256),
    ],
)
def test_a_pack_of_auto_fits_the_window_of_its_model(window: int, tokens: int, whole: int) -> None:
    """Whoever is given it has facts, a question and an answer to hold, too. An unknown window bounds nothing."""
    budget = pack_budget(None, window)

    assert (tokens, whole) == (budget.tokens, budget.whole)
    assert (f"{window:,}" in budget.note) == (tokens < AUTO_BUDGET)


@pytest.mark.parametrize("asked", [1, 30_000, MAX_BUDGET])
def test_a_number_is_kept_whatever_the_window(asked: int) -> None:
    """A pack may go to another model than the one that counts."""
    assert (asked, asked, "") == ((budget := pack_budget(asked, 2_048)).tokens, budget.whole, budget.note)
