"""How many tokens a placement holds as it is, and what a token of context takes. Lengths are tokens, sizes bytes."""

from __future__ import annotations

from codereader.engine.planning.candidate import CONTEXT_STEP, Candidate, Chooser
from codereader.engine.planning.shares import missing

MOST_TOKENS = 1 << 30
"""Where the search ends: models without a cache that grows would have no end."""

_GUESSES = 12
"""Straight lines that are tried before halving."""

_FAR = 1 << 16
"""Tokens beyond which no window grows any more."""


def reach(chooser: Chooser, chosen: Candidate) -> int:
    """Return the largest context that fits with layers, experts, cache type and micro-batch as in *chosen*.

    A multiple of 256, 0 where not even 256 tokens fit, at most `MOST_TOKENS`.
    """
    low, high = 0, MOST_TOKENS // CONTEXT_STEP + 1
    known: list[tuple[int, int]] = []
    guess = chosen.demand.context // CONTEXT_STEP
    while high - low > 1:
        guess = min(max(guess, low + 1), high - 1)
        spare = _spare(chooser, chosen, guess * CONTEXT_STEP)
        if spare >= 0:
            low = guess
        else:
            high = guess
        known.append((guess, spare))
        if len(known) == 1:
            guess += int(spare / _step_bytes(chooser, chosen))
        else:
            guess = _line(known) if len(known) <= _GUESSES else (low + high) // 2
    return low * CONTEXT_STEP


def token_bytes(chooser: Chooser, chosen: Candidate) -> float:
    """Return the bytes of cache that one more token of context takes, all layers together."""
    context = chosen.demand.context
    further = chooser.sized(context + (1 << 16), chosen.demand.micro_batch, chosen.demand.cache)
    return (sum(further.caches) - sum(chosen.demand.caches)) / (1 << 16)


def _step_bytes(chooser: Chooser, chosen: Candidate) -> float:
    """Return about how much less stays free for each 256 tokens of a long context; 1 where nothing grows."""
    far = max(_FAR, chosen.demand.context)
    near, beyond = (_spare(chooser, chosen, context, exact=False) for context in (far, 2 * far))
    return max(1.0, (near - beyond) * CONTEXT_STEP / far)


def _spare(chooser: Chooser, chosen: Candidate, context: int, *, exact: bool = True) -> int:
    """Return the bytes that stay free on the fullest device or the host, margins off; below 0 where it does not fit."""
    demand = chooser.sized(context, chosen.demand.micro_batch, chosen.demand.cache)
    shares = chooser.shares(chosen.placement, demand, exact=exact)
    margin = chooser.preferences.margin
    device, host = missing(shares, margin)
    if device or (host and not chosen.from_disk):
        return -(device + host)
    return min((share.headroom - margin for share in shares[:-1]), default=shares[-1].headroom)


def _line(known: list[tuple[int, int]]) -> int:
    """Return where a straight line through the last two of *known* (256 tokens, bytes to spare) reaches 0."""
    (before, spare_before), (last, spare_last) = known[-2:]
    if spare_last == spare_before:
        return last * 4
    return last + int(spare_last * (last - before) / (spare_before - spare_last))
