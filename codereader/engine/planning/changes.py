"""What one change would buy: each a sentence whose figures come from planning again with that change."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from codereader.engine.footprint.cache import refused
from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.plan import size
from codereader.engine.planning.candidate import Candidate, Chooser, padded
from codereader.engine.planning.limits import names_of
from codereader.engine.planning.reach import reach, token_bytes
from codereader.engine.planning.refusal import fitting_context
from codereader.engine.planning.search import candidates, unfit

GIB = 1 << 30

MOST_DEVICES = 16
"""As many as llama.cpp spreads a model over: llama_max_devices."""

WORTH_TELLING = 0.03
"""A change that saves less than this share of the time is not told."""


_SECONDS = 120
"""From here on a time is told in minutes."""


def changes_of(chooser: Chooser, chosen: Candidate, held: int) -> tuple[str, ...]:
    """Return what one change would buy. *held* are the tokens that the placement holds as it is."""
    told = _if_short(chooser, chosen) if chosen.lacks else _if_fitting(chooser, chosen, held)
    return tuple(sentence for sentence in told if sentence)


def _if_fitting(chooser: Chooser, chosen: Candidate, held: int) -> Iterator[str]:
    yield _smaller_context(chooser, chosen)
    yield _expert_layer(chooser, chosen)
    yield _smaller_cache(chooser, chosen, held)
    yield _more_memory(chooser, chosen)


def _if_short(chooser: Chooser, chosen: Candidate) -> Iterator[str]:
    yield _least_cache(chooser, chosen)
    yield _more_cards(chooser, chosen)
    context = fitting_context(chooser)
    yield f"{context:,} tokens of context would fit this machine" if context else ""


def _smaller_context(chooser: Chooser, chosen: Candidate) -> str:
    """Say what a context that is no longer than prompt and answer would do."""
    enough = padded(chooser.need.prompt_tokens + chooser.need.answer_tokens)
    if not chooser.exact_context or enough >= chooser.context:
        return ""
    made = _best(replace(chooser, context=enough))
    if made is None:
        return ""
    freed = sum(chosen.demand.caches) - sum(made.demand.caches)
    less = f"take {size(freed)} less cache" if freed > 0 else ""
    faster = _instead(made, chosen) if _saves(made, chosen) else ""
    told = " and ".join(part for part in (less, faster) if part)
    return f"a context of {enough:,} tokens, all that prompt and answer need, would {told}" if told else ""


def _expert_layer(chooser: Chooser, chosen: Candidate) -> str:
    """Say what the experts of one layer are worth in tokens."""
    if not chosen.placement.cpu_experts:
        return ""
    layer = chosen.placement.cpu_experts[-1]
    each = token_bytes(chooser, chosen)
    bytes_ = chooser.model.experts[layer]
    if each <= 0:
        return ""
    tokens = _rounded(bytes_ / each)
    return f"the experts of one layer ({size(bytes_)}) take as much as {tokens:,} tokens of {_kind(chosen)} cache"


def _smaller_cache(chooser: Chooser, chosen: Candidate, held: int) -> str:
    """Say what q8_0 in place of f16 would do."""
    if chosen.demand.cache.kind != "f16" or refused(chooser.model.header, "q8_0", "q8_0"):
        return ""
    demand = chooser.demand(chosen.demand.context, chosen.demand.micro_batch, "q8_0")
    freed = sum(chosen.demand.caches) - sum(demand.caches)
    if freed <= 0:
        return ""
    other = chooser.candidate(chosen.placement, demand, 1, exact=False)
    more = _rounded(max(0, reach(chooser, other) - held)) if held else 0
    room = f": room for about {more:,} more tokens on the same devices" if more else ""
    return f"a q8_0 cache would take {size(freed)} less{room}"


def _more_memory(chooser: Chooser, chosen: Candidate) -> str:
    """Say what devices large enough for everything would do."""
    placement = chosen.placement
    if not placement.devices or placement.whole:
        return ""
    free = replace(chooser, need=replace(chooser.need, gpu_layers="auto"))
    alike = replace(chooser.preferences, cache_types=(chosen.demand.cache.kind,), micro_batch=chosen.demand.micro_batch)
    whole = [one for one in unfit(replace(free, preferences=alike)) if one.placement.whole]
    whole = [one for one in whole if one.placement.devices == placement.devices] or whole
    if not whole:
        return ""
    nearest = min(whole, key=lambda one: (one.lacks, one.key))
    margin = chooser.preferences.margin
    most = max(margin - share.headroom for share in nearest.shares[:-1])
    more = max(1, math.ceil(most / GIB)) * GIB
    devices = nearest.placement.devices
    made = _best(replace(free, machine=_enlarged(chooser.machine, devices, more)))
    if made is None or not made.placement.whole or not _saves(made, chosen):
        return ""
    each = "each of " if len(devices) > 1 else ""
    return f"{size(more)} more memory on {each}{names_of(devices)} would hold the whole model: {_instead(made, chosen)}"


def _enlarged(machine: Machine, devices: tuple[Device, ...], more: int) -> Machine:
    """Return *machine* with *more* bytes on each of *devices*; a pool grows with what shares it."""
    names = {device.name for device in devices}
    made = tuple(
        replace(one, free_bytes=one.free_bytes + more, total_bytes=one.total_bytes + more) if one.name in names else one
        for one in machine.devices
    )
    pool = more if any(device.shares_memory for device in devices) else 0
    return replace(
        machine,
        devices=made,
        memory_available=machine.memory_available + pool,
        memory_total=machine.memory_total + pool,
    )


def _least_cache(chooser: Chooser, chosen: Candidate) -> str:
    """Say what the least precise cache would take."""
    if chosen.demand.cache.kind == "q4_0" or refused(chooser.model.header, "q4_0", "q4_0"):
        return ""
    demand = chooser.demand(chosen.demand.context, chosen.demand.micro_batch, "q4_0")
    freed = sum(chosen.demand.caches) - sum(demand.caches)
    return f"a q4_0 cache would take {size(freed)} less, at a price in precision" if freed > 0 else ""


def _more_cards(chooser: Chooser, chosen: Candidate) -> str:
    """Say how many of the largest card would hold everything, or how much more of the pool or host."""
    devices = chosen.placement.devices
    if not devices or devices[0].shares_memory:
        where = devices[0].name if devices else "the host"
        return f"{size(_up(chosen.lacks))} more memory of {where} would hold it"
    largest = max(devices, key=lambda device: (device.free_bytes, device.name))
    held = sum(share.weights + share.cache for share in chosen.shares[:-1])
    room = largest.free_bytes - chooser.preferences.margin
    least = max(len(devices) + 1, math.ceil(held / room)) if room > 0 else MOST_DEVICES + 1
    for count in range(least, MOST_DEVICES + 1):
        cards = tuple(replace(largest, name=f"{largest.description} #{number + 1}") for number in range(count))
        machine = replace(chooser.machine, devices=(*cards, chooser.machine.devices[-1]))
        if replace(chooser, machine=machine).holds_whole(cards):
            return f"{names_of(cards)} would hold the whole model"
    return ""


def _up(count: int) -> int:
    """Return *count* bytes rounded up to a tenth of a GiB, so that what is told is enough."""
    return -(-count // (GIB // 10)) * (GIB // 10)


def _best(chooser: Chooser) -> Candidate | None:
    """Return the best candidate that fits, with the time of this very prompt; None where none fits."""
    best = min((one for one in candidates(chooser) if not one.lacks), key=lambda one: one.key, default=None)
    return best and chooser.candidate(best.placement, best.demand, best.rank, exact=False, tokens=chooser.tokens)


def _saves(made: Candidate, chosen: Candidate) -> bool:
    return made.seconds < chosen.seconds * (1 - WORTH_TELLING)


def _instead(made: Candidate, chosen: Candidate) -> str:
    times = (made.seconds, chosen.seconds)
    before, after = (_seconds(one, exact=max(times) < _SECONDS) for one in times)
    return f"{before} instead of {after}"


def _seconds(count: float, *, exact: bool) -> str:
    """Return a duration for people, to a tenth of a second where it is *exact*."""
    if count < _SECONDS:
        return f"{count:.1f} s" if exact else f"{count:.0f} s"
    minutes = round(count) // 60
    if minutes < 120:
        return f"{minutes} min {round(count) % 60} s"
    hours = minutes // 60
    if hours < 48:
        return f"{hours} h {minutes % 60} min"
    return f"{hours // 24} d {hours % 24} h" if hours < 240 else f"{hours // 24:,} days"


def _rounded(count: float) -> int:
    """Return *count* to two digits that matter."""
    digits = max(0, len(str(int(count))) - 2)
    return int(round(count, -digits))


def _kind(chosen: Candidate) -> str:
    return chosen.demand.cache.kind
