"""What one change would buy: each a sentence whose figures come from planning again with that change."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from codereader.engine.footprint.cache import refused
from codereader.engine.plan import HOST, size
from codereader.engine.planning.candidate import Candidate, Chooser, padded
from codereader.engine.planning.limits import names_of
from codereader.engine.planning.reach import about_reach, token_bytes
from codereader.engine.planning.refusal import fitting_context
from codereader.engine.planning.search import candidates, unfit

WORTH_TELLING = 0.03
"""A change that saves less than this share of the time is not told."""


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
    made = _again(chooser, chosen, enough)
    freed = sum(share.used for share in chosen.shares) - sum(share.used for share in made.shares) if made else 0
    if made is None or freed <= 0:
        return ""
    faster = f" and {_instead(made, chosen)}" if _saves(made, chosen) else ""
    return f"a context of {enough:,} tokens, all that prompt and answer need, would take {size(freed)} less{faster}"


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
    more = _rounded(max(0, about_reach(chooser, other, chosen) - held)) if held else 0
    room = f": room for about {more:,} more tokens on the same devices" if more else ""
    return f"a q8_0 cache would take {size(freed)} less{room}"


def _more_memory(chooser: Chooser, chosen: Candidate) -> str:
    """Say what devices large enough for everything would do."""
    placement = chosen.placement
    if not placement.devices or placement.whole:
        return ""
    free = replace(_like(chooser, chosen), need=replace(chooser.need, gpu_layers="auto"))
    whole = [one for one in unfit(free) if one.placement.whole]
    whole = [one for one in whole if one.placement.devices == placement.devices] or whole
    if not whole:
        return ""
    made = min(whole, key=lambda one: (one.lacks, one.key))
    names = names_of(made.placement.devices)
    return f"{size(made.lacks)} more memory on {names} would hold the whole model: {_instead(made, chosen)}"


def _least_cache(chooser: Chooser, chosen: Candidate) -> str:
    """Say what the least precise cache would take."""
    if chosen.demand.cache.kind == "q4_0" or refused(chooser.model.header, "q4_0", "q4_0"):
        return ""
    demand = chooser.demand(chosen.demand.context, chosen.demand.micro_batch, "q4_0")
    freed = sum(chosen.demand.caches) - sum(demand.caches)
    return f"a q4_0 cache would take {size(freed)} less, at a price in precision" if freed > 0 else ""


def _more_cards(chooser: Chooser, chosen: Candidate) -> str:
    """Say how many of the largest card, or how much more of the pool or host, would do."""
    devices = chosen.placement.devices
    if not devices or devices[0].shares_memory:
        where = devices[0].name if devices else "the host"
        return f"{size(chosen.lacks)} more memory of {where} would hold it"
    largest = max(devices, key=lambda device: (device.free_bytes, device.name))
    on_cards = [share for share in chosen.shares if share.name != HOST]
    each = max((share.compute + share.scratch for share in on_cards), default=0)
    room = largest.free_bytes - chooser.preferences.margin - each
    held = sum(share.weights + share.cache for share in on_cards)
    if room <= 0 or math.ceil(held / room) <= len(devices):
        return ""
    name = names_of((largest,))
    return f"about {math.ceil(held / room)} x {name} would hold what is to lie on cards"


def _again(chooser: Chooser, chosen: Candidate, context: int) -> Candidate | None:
    """Return the best candidate with the same cache and micro-batch for another context."""
    like = replace(_like(chooser, chosen), context=context)
    return min((one for one in candidates(like) if not one.lacks), key=lambda one: one.key, default=None)


def _like(chooser: Chooser, chosen: Candidate) -> Chooser:
    preferences = replace(
        chooser.preferences, cache_types=(chosen.demand.cache.kind,), micro_batch=chosen.demand.micro_batch
    )
    return replace(chooser, preferences=preferences)


def _saves(made: Candidate, chosen: Candidate) -> bool:
    return made.seconds < chosen.seconds * (1 - WORTH_TELLING)


def _instead(made: Candidate, chosen: Candidate) -> str:
    return f"{_seconds(made.seconds)} instead of {_seconds(chosen.seconds)}"


def _seconds(count: float) -> str:
    """Return a duration for people."""
    if count < 10:
        return f"{count:.1f} s"
    if count < 600:
        return f"{count:.0f} s"
    return f"{count / 60:,.0f} min" if count < 36_000 else f"{count / 3600:,.0f} h"


def _rounded(count: float) -> int:
    """Return *count* to two digits that matter."""
    digits = max(0, len(str(int(count))) - 2)
    return int(round(count, -digits))


def _kind(chosen: Candidate) -> str:
    return chosen.demand.cache.kind
