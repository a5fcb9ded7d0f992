"""An answer that goes round in circles is noticed; one that only rhymes is not."""

from __future__ import annotations

import pytest

from codereader.engine.embedded.repetition import circles


@pytest.mark.parametrize("period", [1, 2, 7, 50, 128])
def test_a_passage_said_over_and_over_is_a_circle(period: int) -> None:
    """Whatever its length, after a varied start."""
    passage = list(range(period))

    assert circles([*range(1000, 1100), *passage * max(3, -(-96 // period))])


@pytest.mark.parametrize(
    "tokens",
    [[], [1] * 95, list(range(500)), [*range(50), *range(50)], [*range(40), 99] * 2 + [*range(39), 7, 99]],
    ids=["empty", "a ruled line", "no repetition", "said twice", "three times with a change"],
)
def test_what_repeats_less_is_none(tokens: list[int]) -> None:
    """Short runs, two times, and passages that differ go on."""
    assert not circles(tokens)
