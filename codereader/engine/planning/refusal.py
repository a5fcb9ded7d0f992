"""Why a model does not fit a machine, and what would."""

from __future__ import annotations

from dataclasses import replace

from codereader.engine.plan import HOST, Share, size
from codereader.engine.planning.candidate import CONTEXT_STEP, MICRO_BATCHES, Chooser
from codereader.engine.planning.search import candidates, nearness, unfit
from codereader.errors import ModelTooLarge

LEAST_CONTEXT = 4 * CONTEXT_STEP
"""A context smaller than this is no way out."""


def too_large(chooser: Chooser) -> ModelTooLarge:
    """Return the error that says what is missing where, and the largest context that would fit."""
    nearest = min(unfit(chooser), key=nearness)
    context = fitting_context(chooser)
    asked = chooser.need.gpu_layers
    layers = "" if asked in ("auto", 0) else f" and --gpu-layers {asked}"
    message = (
        f"{chooser.model.header.name} with a context of {chooser.context:,} tokens{layers} needs "
        f"{' and '.join(_needs(share) for share in nearest.shares if share.used)}: {size(nearest.lacks)} are "
        "missing, what must stay free included"
    )
    if context >= LEAST_CONTEXT:
        hint = with_context(context)
    elif layers:
        hint = "Leave --gpu-layers to the planner, or pass a smaller number; `codereader plan` shows what fits."
    else:
        hint = (
            "Close other programs or choose a smaller model; `codereader plan` shows what it would take, "
            "`codereader ask --no-model` answers from facts alone."
        )
    return ModelTooLarge(message, hint=hint)


def with_context(context: int) -> str:
    """Return the hint to ask for a context of so many tokens."""
    return (
        f"Pass --ctx {context} or less with a --budget that fits it; `codereader ask --no-model` answers from facts "
        "alone."
    )


def fitting_context(chooser: Chooser) -> int:
    """Return the largest context below the one asked for with which anything fits, 0 where none does."""
    low, high = 0, chooser.context // CONTEXT_STEP
    while high - low > 1:
        middle = (low + high) // 2
        if any(not one.lacks for one in candidates(_smaller(chooser, middle * CONTEXT_STEP))):
            low = middle
        else:
            high = middle
    return low * CONTEXT_STEP


def _smaller(chooser: Chooser, context: int) -> Chooser:
    """Return *chooser* for another context, with the cache and micro-batch that take the least."""
    preferences = replace(chooser.preferences, cache_types=chooser.preferences.cache_types[-1:])
    return replace(
        chooser, context=context, exact_context=True, preferences=preferences, micro_batches=MICRO_BATCHES[:1]
    )


def _needs(share: Share) -> str:
    """Return what one device or the host would have to hold, and what it has."""
    parts = (
        f"{size(share.weights)} weights, {size(share.cache)} cache, {size(share.compute + share.scratch)} work space"
    )
    if share.name == HOST:
        return f"{size(share.used)} of memory ({parts}), and {size(share.free)} are available"
    return f"{size(share.used)} on {share.name} ({parts}), which has {size(share.free)} free"
