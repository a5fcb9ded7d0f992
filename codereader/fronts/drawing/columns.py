"""Where things that stand side by side go, so that they keep their order and distance and are near where they want to.

Columns are 0-based, in characters. The placement with the least squared distance is found by pooling neighbours that
would overlap (R. E. Barlow et al., Statistical inference under order restrictions, 1972).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


def settled(wanted: Sequence[float], gaps: Sequence[int], weights: Sequence[float] | None = None) -> list[int]:
    """Return columns near *wanted*, each at least a gap behind the one before.

    *gaps* has one entry fewer than *wanted*: the distance of each to the next. *weights* tell whose wish counts more.
    """
    offsets = [0, *accumulate(gaps)][: len(wanted)]
    pools: list[tuple[float, float, int]] = []
    for at, want in enumerate(wanted):
        weight = weights[at] if weights else 1.0
        mean, size = want - offsets[at], 1
        while pools and pools[-1][0] > mean:
            other, others, count = pools.pop()
            mean = (mean * weight + other * others) / (weight + others)
            weight, size = weight + others, size + count
        pools.append((mean, weight, size))
    columns = [mean for mean, _, size in pools for _ in range(size)]
    return [round(column) + offset for column, offset in zip(columns, offsets, strict=True)]


def within(wanted: Sequence[float], gaps: Sequence[int], first: int, last: int) -> list[int]:
    """Return columns as `settled` does, none before *first*, none behind *last*; the gaps leave room for that."""
    offsets = [0, *accumulate(gaps)][: len(wanted)]
    most = max(first, last - max(offsets, default=0))
    columns = settled(wanted, gaps)
    return [min(max(column - offset, first), most) + offset for column, offset in zip(columns, offsets, strict=True)]
