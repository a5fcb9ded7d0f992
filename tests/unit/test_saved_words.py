"""How much of a prompt was there already, in words."""

from __future__ import annotations

import pytest

from codereader.engine.protocol import Usage
from codereader.fronts.footer import reused


def usage(prompt: int, kept: int, seconds: float) -> Usage:
    return Usage(0.0, prompt, kept, seconds, 10, 1.0, seconds, seconds + 1, prompt, 8_192, "100% CPU")


@pytest.mark.parametrize(
    ("prompt", "kept", "seconds", "rate", "told"),
    [
        (4_393, 0, 30.0, 140.0, "4,393 tokens of prompt"),
        (4_393, 3_913, 3.0, 140.0, "3,913 of 4,393 tokens reused, about 28 s saved"),
        (4_393, 3_393, 10.0, 1.0, "3,393 of 4,393 tokens reused, about 34 s saved"),
        (40_000, 39_900, 1.0, 100.0, "39,900 of 40,000 tokens reused, about 6 min 39 s saved"),
        (4_393, 3_913, 3.0, 0.0, "3,913 of 4,393 tokens reused"),
        (4_393, 3_913, 0.1, 50_000.0, "3,913 of 4,393 tokens reused"),
    ],
)
def test_what_was_saved_is_told_in_seconds_where_a_rate_is_known(
    prompt: int, kept: int, seconds: float, rate: float, told: str
) -> None:
    """The rate of this run counts where it read enough, else the one that is predicted."""
    assert told == reused(usage(prompt, kept, seconds), rate)
