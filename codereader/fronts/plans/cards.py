"""The cards and machines that `plan` knows by name, as a list: what ``--device list`` shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from codereader.fronts import shape

if TYPE_CHECKING:
    from codereader.engine.hardware.profiles import Profile
    from codereader.fronts.render import Output

LIST = "list"
"""Stands in the place of a device for the list of those that are known."""

HEADS = ("name", "GiB", "GB/s", "TFLOPS", "link GB/s", "driven by")


def list_out(out: Output, style: str) -> None:
    """Write what is known by name: sizes as sold, rates as the makers state them, in the order of the table."""
    from codereader.engine.hardware.profiles import profiles

    known = profiles()
    if style == "json":
        out.json({"schema": shape.SCHEMA, "known": [_row(one) for one in known]})
        return
    lines = _markdown(known) if style == "markdown" else _text(known)
    out.write("".join(f"{line}\n" for line in lines))


def _text(known: tuple[Profile, ...]) -> Iterator[str]:
    rows = [HEADS, *map(_cells, known)]
    wide = [max(len(row[at]) for row in rows) for at in range(len(HEADS))]
    for name, *numbers, driver in rows:
        told = "".join(f"  {cell:>{w}}" for cell, w in zip(numbers, wide[1:], strict=False))
        yield f"{name:<{wide[0]}}{told}  {driver}"


def _markdown(known: tuple[Profile, ...]) -> Iterator[str]:
    yield f"| {' | '.join(HEADS)} |"
    yield "|---|---:|---:|---:|---:|---|"
    for one in known:
        yield f"| {' | '.join(_cells(one))} |"


def _cells(one: Profile) -> tuple[str, ...]:
    """Return a profile as the cells of a row, ``?`` for what its maker does not state."""
    link = "shared" if one.shares_memory else f"{one.link / 1e9:.1f}" if one.link else "?"
    operations = f"{one.operations / 1e12:,.1f}" if one.operations else "?"
    return one.label, f"{one.memory / 2**30:.0f}", f"{one.bandwidth / 1e9:,.0f}", operations, link, one.backend


def _row(one: Profile) -> shape.Json:
    return {
        "name": one.label,
        "memory": one.memory,
        "usable": one.usable,
        "bandwidth": round(one.bandwidth),
        "operations": round(one.operations),
        "link": round(one.link),
        "backend": one.backend,
        "shares_memory": one.shares_memory,
        "cores": one.cores,
        "also": list(one.also),
        "source": one.source,
    }
