"""Tell when an answer goes round in circles, as small models do. Works on token ids; knows nothing of engines."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 128
"""Tokens of the longest passage whose repetition is noticed."""

TIMES = 3
"""A passage said so often in a row, at least, is a circle ..."""

LEAST = 96
"""... once it has taken this many tokens: a table's ruled line or a row of zeros is none."""

EVERY = 8
"""Tokens between two looks."""


def circles(tokens: Sequence[int]) -> bool:
    """Whether *tokens* end with one passage said over and over."""
    return any(_repeats(tokens, period) for period in range(1, LONGEST + 1))


def _repeats(tokens: Sequence[int], period: int) -> bool:
    length = period * max(TIMES, -(-LEAST // period))
    tail = tokens[-length:]
    return len(tail) == length and tail[period:] == tail[:-period]
