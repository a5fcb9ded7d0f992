"""The table of what each device holds of a plan, with a bar behind every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codereader.engine.plan import Plan, Share
from codereader.fronts.plans.bars import Marks, bar
from codereader.fronts.plans.words import where

LEAST_BAR, MOST_BAR = 8, 40
LEAST_NAME, GOOD_NAME, MOST_NAME = 6, 13, 22


def table(plan: Plan, width: int, mark: Marks) -> Iterator[str]:
    """Yield the table of *plan* in *width* characters: a head, a row a device, what the bars mean.

    Where the numbers leave no room for bars there are none.
    """
    shown = [share for share in plan.shares if share.used or share.layers]
    unit, name = _unit(shown)
    has_scratch = any(share.scratch * 20 >= unit for share in shown)
    heads = ["weights", "cache", "compute", *(["scratch"] if has_scratch else []), "free", "headroom"]
    cells = [_cells(share, unit, has_scratch) for share in shown]
    wide = [max(len(head), *(len(row[at]) for row in cells)) for at, head in enumerate(heads)]
    numbers = sum(wide) + 2 * len(wide) + 4
    longest = max((len(where(share.name)) for share in shown), default=0)
    long = max(min(longest, GOOD_NAME), min(longest, MOST_NAME, width - numbers - LEAST_BAR))
    room = min(MOST_BAR, width - numbers - long)
    has_bars = room >= LEAST_BAR
    if not has_bars:
        long = max(LEAST_NAME, min(longest, MOST_NAME, width - numbers))
    yield f"  {name:<{long}}" + "".join(f"  {head:>{w}}" for head, w in zip(heads, wide, strict=True))
    for share, row in zip(shown, cells, strict=True):
        drawn = f"  {bar(kinds(share, mark), share.free, room, mark)}" if has_bars else ""
        told = "".join(f"  {cell:>{w}}" for cell, w in zip(row, wide, strict=True))
        yield f"  {_cut(where(share.name), long):<{long}}{told}{drawn}"
    if has_bars:
        yield f"  {'':<{long}}  {mark.legend}"


def kinds(share: Share, mark: Marks) -> list[tuple[str, int]]:
    """Return the bytes of *share* by the character that stands for them."""
    return [
        (mark.weights, share.weights),
        (mark.cache, share.cache),
        (mark.compute, share.compute + share.scratch),
    ]


def _unit(shares: Sequence[Share]) -> tuple[int, str]:
    """Return the unit in which a table can be read."""
    largest = max((share.used for share in shares), default=0)
    return (1 << 30, "GiB") if largest >= 4 << 30 else (1 << 20, "MiB")


def _cells(share: Share, unit: int, has_scratch: bool) -> list[str]:
    scratch = [share.scratch] if has_scratch else []
    sizes = [share.weights, share.cache, share.compute, *scratch, share.free, share.headroom]
    digits = 1 if unit == 1 << 30 else 0
    return [f"{count / unit:,.{digits}f}" for count in sizes]


def _cut(text: str, long: int) -> str:
    return text if len(text) <= long else text[: long - 3] + "..."
