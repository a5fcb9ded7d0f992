"""Machines side by side on one screen: what fits on each, how fast, how full its memory is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from codereader.engine.plan import HOST, Plan, Share, size
from codereader.fronts.plans import words
from codereader.fronts.plans.bars import Marks, bar, marks
from codereader.fronts.plans.page import page_width
from codereader.fronts.plans.planned import Planned, model_name, total_seconds
from codereader.fronts.plans.table import kinds
from codereader.fronts.text import safe_line

if TYPE_CHECKING:
    from codereader.fronts.render import Output

GPU, GPUS, MEMORY = "GPU", "{} GPUs", "system"
"""What bars are called: the devices of a machine together, and its memory."""

LEAST_BAR = 4
"""Characters of the smallest bar: room for each kind of bytes, and for what is free."""


def page(made: Sequence[Planned], out: Output) -> Iterator[str]:
    """Yield the lines of a comparison, in the order in which the machines were named."""
    width = page_width(out)
    models = {model_name(one.header) for one in made}
    needs = {words.need(one.asked, one.best.context) for one in made}
    yield out.bold(safe_line(next(iter(models))) if len(models) == 1 else "several models")
    yield from _wrapped(next(iter(needs)), width, 2) if len(needs) == 1 else ()
    yield ""
    best = fastest(made)
    largest = max((max(share.used, share.free) for one in made for _, share in pools(one.best.shares)), default=1)
    name = min(width - 44, max(len(safe_line(one.name)) for one in made) + 3)
    yield f"{'':<{name}}  {'fits':<4}  {'prefill':>9}  {'decode':>9}  {'together':>12}"
    for one in made:
        yield _row(one, name, out, is_best=one is best)
        own = [safe_line(model_name(one.header))] if len(models) > 1 else []
        own += [words.need(one.asked, one.best.context)] if len(needs) > 1 else []
        yield from _wrapped("; ".join([*own, _how(one.best)]), width, 4)
        for called, share in pools(one.best.shares):
            yield _bar(called, share, width, marks(), largest)
    yield f"  {marks().legend}"
    yield "  all bars on one scale; prefill and decode in tokens/s"
    yield from conclusion(made, width)


def fastest(made: Sequence[Planned]) -> Planned | None:
    """Return the machine that is done first, the one named first where several are; None where nothing fits."""
    able = [one for one in made if one.fits and total_seconds(one.best, one.asked)]
    return min(able, key=lambda one: total_seconds(one.best, one.asked), default=None)


def _row(one: Planned, name: int, out: Output, *, is_best: bool) -> str:
    """Return the line of a machine: its name in *name* characters, whether it fits, rates and time."""
    plan = one.best
    label = safe_line(one.name)
    label = label if len(label) <= name - 2 else label[: name - 5] + "..."
    mark = "*" if is_best else " "
    numbers = f"{words.fit(plan):<4}  {words.short(plan.prefill_rate):>9}  {words.short(plan.decode_rate):>9}"
    row = f"{mark} {label:<{name - 2}}  {numbers}  {words.seconds(total_seconds(plan, one.asked)):>12}"
    return out.bold(row) if is_best else row


def _how(plan: Plan) -> str:
    """Return how a plan runs, and what it lacks."""
    how = f"{words.placement(plan)}; {words.cache_type(plan)}, micro-batch {plan.micro_batch:,}"
    if not plan.fits:
        how = f"{words.missing(plan)}; {how}"
    elif plan.from_disk:
        how = f"{how}; {size(plan.from_disk)} read from disk again and again"
    return f"{how}; up to {plan.gpu_tokens:,} tokens" if plan.gpu_tokens else how


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    space = " " * indent
    return textwrap.wrap(text, width, initial_indent=space, subsequent_indent=space, break_on_hyphens=False)


def pools(shares: Sequence[Share]) -> list[tuple[str, Share]]:
    """Return the devices together and the host's memory, those of them that a plan takes something of."""
    devices = [share for share in shares if share.name != HOST and share.used]
    host = [share for share in shares if share.name == HOST and share.used]
    called = GPU if len(devices) == 1 else GPUS.format(len(devices))
    return ([(called, _sum(devices))] if devices else []) + [(MEMORY, share) for share in host]


def _sum(shares: Sequence[Share]) -> Share:
    """Return several shares as one."""
    return Share(
        name=GPU,
        weights=sum(share.weights for share in shares),
        cache=sum(share.cache for share in shares),
        compute=sum(share.compute for share in shares),
        free=sum(share.free for share in shares),
        layers=sum(share.layers for share in shares),
        scratch=sum(share.scratch for share in shares),
    )


def _bar(called: str, share: Share, width: int, mark: Marks, largest: int) -> str:
    """Return the bar of a pool, as long as its bytes are beside the *largest* of all machines."""
    room = width - 36
    long = max(LEAST_BAR, round(room * max(share.used, share.free) / largest))
    told = f"{share.used / 2**30:,.1f} of {share.free / 2**30:,.1f} GiB"
    return f"    {called:<7} {bar(kinds(share, mark), share.free, long, mark):<{room}}  {told}"


def times(factor: float) -> str:
    """Return *factor* in words that are as exact as a prediction is."""
    if factor < 1.05:
        return "just"
    return f"{factor:,.1f} times" if factor < 10 else f"{factor:,.0f} times"


def conclusion(made: Sequence[Planned], width: int) -> Iterator[str]:
    """Yield what follows: which is the fastest and by how much, or that none will do."""
    best = fastest(made)
    if best is None:
        yield from textwrap.wrap("None of these machines holds it.", width)
        return
    first = total_seconds(best.best, best.asked)
    others = [one for one in made if one.fits and one is not best]
    told = f"* {safe_line(best.name)} is the fastest: {words.seconds(first)}"
    after = fastest(others)
    if after is not None:
        factor = total_seconds(after.best, after.asked) / first
        told += f"; {times(factor)} as long on {safe_line(after.name)}, the next"
    yield from textwrap.wrap(told, width, subsequent_indent="  ", break_on_hyphens=False)
