"""Finding words in one file: capitals count where they are typed. Offsets are bytes."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from codereader.fronts.tui.source.document import STRETCH

MOST = 100_000
"""So many matches are counted."""


def pattern_of(words: str) -> re.Pattern[bytes] | None:
    """Return what finds *words*, None for nothing to find."""
    if not words:
        return None
    if words != words.lower():
        return re.compile(re.escape(_written(words)))
    return re.compile(b"".join(_either(one) for one in words))


def _either(one: str) -> bytes:
    """Return what finds a character in either case."""
    ways = dict.fromkeys((one, one.upper()))
    return b"(?:" + b"|".join(re.escape(_written(way)) for way in ways) + b")"


def _written(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def matches(data: bytes, pattern: re.Pattern[bytes]) -> list[int]:
    """Return where *pattern* is found in *data*, at most `MOST` places, in order."""
    found: list[int] = []
    beyond = len(pattern.pattern)
    for start in range(0, len(data), STRETCH):
        stop = start + STRETCH
        begin = max(start, found[-1] + 1) if found else start
        found += [one.start() for one in pattern.finditer(data, begin, stop + beyond) if one.start() < stop]
        if len(found) >= MOST:
            break
    return found[:MOST]


def next_match(found: Sequence[int], byte: int, step: int) -> int | None:
    """Return which of the places *found* comes after *byte* (*step* 1) or before it (-1), around the ends."""
    if not found:
        return None
    at = bisect_right(found, byte) if step > 0 else bisect_left(found, byte) - 1
    return at % len(found)
