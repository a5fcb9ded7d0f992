"""Finding words in a file."""

from __future__ import annotations

from codereader.fronts.tui.source.document import STRETCH
from codereader.fronts.tui.source.in_file import matches, next_match, pattern_of


def found(data: bytes, words: str) -> list[int]:
    pattern = pattern_of(words)
    assert pattern is not None
    return matches(data, pattern)


def test_capitals_count_where_they_are_typed():
    """Small letters find both."""
    assert [0, 4, 8] == found(b"ack ACK Ack", "ack")
    assert [8] == found(b"ack ACK Ack", "Ack")


def test_letters_of_other_alphabets_have_cases_too():
    """What a person types is found as they would expect."""
    assert [0, 6] == found("Über über".encode(), "über")


def test_signs_stand_for_themselves():
    """Words are no regular expression."""
    assert [2] == found(b"x(a.*b)", "a.*")


def test_nothing_typed_finds_nothing():
    """An empty prompt lights nothing."""
    assert pattern_of("") is None


def test_matches_across_stretches_are_found_once():
    """A large file is looked through in parts."""
    data = b"x" * (STRETCH - 2) + b"needle" + b"y" * STRETCH + b"aaaa"

    assert [STRETCH - 2] == found(data, "needle")
    assert [len(data) - 4, len(data) - 2] == found(data, "aa")


def test_the_next_match_goes_around_the_ends():
    """n at the last match begins anew, N at the first ends at the last."""
    hits = [10, 20, 30]

    assert [1, 0, 0, 2, 1] == [
        next_match(hits, 10, 1), next_match(hits, 30, 1), next_match(hits, 5, 1), next_match(hits, 10, -1),
        next_match(hits, 25, -1),
    ]  # fmt: skip
    assert next_match([], 0, 1) is None
