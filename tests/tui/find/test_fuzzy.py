"""Fuzzy matching: what matches, what is best, and that many at once score as one alone does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereader.fronts.tui.find.fuzzy import Strings, align

TEXTS = st.text(alphabet="abAB_/.0é→ ", max_size=14)


def best(word: str, *texts: str) -> str:
    """Return which of *texts* scores best."""
    _, numbers, scores = Strings(texts).score(word)
    return texts[numbers[int(np.argmax(scores))]]


@given(st.text(alphabet="abAB_/é→", max_size=4), st.lists(TEXTS, max_size=12))
def test_many_strings_score_as_each_does_alone(word, texts):
    """Looking through thousands of names at once finds and scores what looking at each would."""
    _, numbers, scores = Strings(texts).score(word)
    found = dict(zip(numbers.tolist(), scores.tolist(), strict=True))
    alone = {at: one.score for at, text in enumerate(texts) if (one := align(word, text))}

    assert alone == found


@given(st.text(alphabet="abA_", min_size=1, max_size=4), st.lists(TEXTS, max_size=12))
def test_typing_on_narrows_to_what_typing_at_once_finds(word, texts):
    """The survivors of a shorter word hold all that a longer one finds, with the same scores."""
    strings = Strings(texts)
    rows, _, _ = strings.score(word[:1])
    _, narrowed, scores = strings.score(word, rows)
    _, numbers, afresh = strings.score(word)

    assert (numbers.tolist(), afresh.tolist()) == (narrowed.tolist(), scores.tolist())


@given(st.text(alphabet="abA_é", min_size=1, max_size=4), TEXTS)
def test_letters_lit_are_the_letters_typed_in_order(word, text):
    """What is lit in a name spells the word, in rising places."""
    found = align(word, text)
    lit = [text[at] for at in found.places] if found else list(word)

    assert list(found.places) == sorted(set(found.places)) if found else True
    assert word.lower() == "".join(lit).lower()


@pytest.mark.parametrize(
    ("word", "better", "worse"),
    [
        ("tcp", "tcp_ack", "rds_tcp_ack"),
        ("rcv", "tcp_v4_rcv", "tcp_vercov"),
        ("tr", "tcp_rcv", "tecrev"),
        ("sb", "SkBuff", "Sokabuff"),
        ("core", "net/core/dev.c", "net/scoreboard.c"),
        ("abc", "x_abc", "axbxc"),
        ("ab", "a_b", "a___b"),
    ],
)
def test_what_people_aim_at_comes_first(word, better, worse):
    """Beginnings, word starts, humps, folders, runs and short gaps win, in either order of the list."""
    assert better == best(word, worse, better) == best(word, better, worse)


def test_a_capital_letter_means_its_case():
    """`tcp` finds TCP and tcp, `TCP` only TCP."""
    _, small, _ = Strings(["TCP_ACK", "tcp_ack"]).score("tcp")
    _, capital, _ = Strings(["TCP_ACK", "tcp_ack"]).score("TCP")

    assert [0, 1] == sorted(small.tolist())
    assert [0] == capital.tolist()


def test_odd_names_do_not_match_by_accident():
    """Letters beyond ASCII share codes inside; a name with another such letter is not found."""
    twins = ["na\u0100me", "na\u0180me", "na\udc80me"]
    _, numbers, _ = Strings(twins).score("\u0180")

    assert [1] == numbers.tolist()


def test_nothing_typed_and_far_too_much_typed():
    """No word fits every string; a word longer than any name fits none."""
    _, every, _ = Strings(["a", "", "b"]).score("")
    _, none, _ = Strings(["a" * 500]).score("a" * 300)

    assert [0, 1, 2] == sorted(every.tolist())
    assert [] == none.tolist()
