"""Choose how a model runs on a machine: context, layers on devices, experts, cache, batch, threads.

A pure function of a model's header, a machine and a need; sizes are bytes, lengths are tokens of the model's
vocabulary. Imports no engine, so a plan can be made for a machine that is not here. Ways to run are compared by the
predicted seconds of this prompt and this answer; see `candidate` for what is held against time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from heapq import heapify, heappop, heappush

from codereader.engine.footprint.cache import refused, supported
from codereader.engine.footprint.work import widest_operations
from codereader.engine.hardware.machine import Machine
from codereader.engine.learning.learned import NOTHING, Learned
from codereader.engine.plan import Need, Plan, Preferences
from codereader.engine.planning.candidate import Candidate, Chooser, padded
from codereader.engine.planning.demand import model_of
from codereader.engine.planning.explain import explained
from codereader.engine.planning.refusal import too_large
from codereader.engine.planning.search import candidates, layers_of, nearness, unfit
from codereader.engine.planning.sized import MICRO_BATCH, Sized
from codereader.errors import BudgetTooSmall, ModelError
from codereader.model.gguf import ModelHeader

MOST_PLANS = 6
"""Plans that are returned at most: the best of each kind of placement and type of cache."""

CLOSE = 0.06
"""Ways that leave something to the host and differ by no more than this share are compared by exact sizes, and what is
known exactly goes before what is only thought to be better by no more than that."""

DEFAULTS = Preferences()


def plan(
    header: ModelHeader,
    machine: Machine,
    need: Need,
    preferences: Preferences = DEFAULTS,
    learned: Learned = NOTHING,
    sized: Sized | None = None,
) -> Plan:
    """Return the best plan, without what changes would buy: that takes planning again. Raises as `plans`."""
    return plans(header, machine, need, preferences, learned, sized, most=1, changes=False)[0]


def plans(
    header: ModelHeader,
    machine: Machine,
    need: Need,
    preferences: Preferences = DEFAULTS,
    learned: Learned = NOTHING,
    sized: Sized | None = None,
    *,
    most: int = MOST_PLANS,
    changes: bool = True,
) -> tuple[Plan, ...]:
    """Return how the model can run on *machine*, the best plan first; at least one and at most *most*.

    *sized* is asked for where no formula foresees the sizes of the model (`supported`), and looked at only then.
    Raises: BudgetTooSmall when --ctx cannot hold the prompt, UsageError for a device that is not there, ModelTooLarge
    when nothing fits, ModelError for a model whose sizes cannot be predicted.
    """
    chooser = _chooser(header, machine, need, preferences, learned, sized)
    chosen = _best(chooser, most)
    if not chosen:
        raise too_large(chooser)
    return tuple(explained(chooser, one, best=not at, changes=changes) for at, one in enumerate(chosen))


def plans_anyway(
    header: ModelHeader,
    machine: Machine,
    need: Need,
    preferences: Preferences = DEFAULTS,
    learned: Learned = NOTHING,
    sized: Sized | None = None,
    *,
    most: int = MOST_PLANS,
    changes: bool = True,
) -> tuple[Plan, ...]:
    """Return plans as `plans` does, and where nothing fits those that lack the least, marked by `Plan.lacks`.

    Their rates are those of a machine that had the memory. Raises as `plans`, but never ModelTooLarge.
    """
    chooser = _chooser(header, machine, need, preferences, learned, sized)
    chosen = _best(chooser, most) or _nearest(chooser, most)
    return tuple(explained(chooser, one, best=not at, changes=changes) for at, one in enumerate(chosen))


def _best(chooser: Chooser, most: int) -> list[Candidate]:
    """Return the best candidate that fits of each kind of placement, set of devices and type of cache, in order."""
    fitting = sorted((one for one in candidates(chooser) if one.may_fit), key=_key)
    layers = layers_of(chooser)
    close = [one for one in fitting[1:4] if _is_close(one, fitting[0])]

    def settled(one: Candidate) -> Candidate | None:
        ways = [one, *close] if one is fitting[0] else [one]
        found = [exact for way in ways if (exact := chooser.settled(way, layers))]
        return min(found, key=_key, default=None)

    def compared(exact: Candidate) -> tuple[object, ...]:
        known = chooser.candidate(exact.placement, exact.demand, exact.rank, tokens=chooser.compared)
        return known.cost / (1 + CLOSE), *known.key[1:]

    return list(_one_of_each(((one.key, one) for one in fitting), most, settled, compared))


def _key(one: Candidate) -> tuple[object, ...]:
    return one.key


def _is_close(one: Candidate, best: Candidate) -> bool:
    """Whether exact sizes might make *one* better than *best*, which leaves something to the host."""
    alike = (one.placement.kind, one.placement.devices) == (best.placement.kind, best.placement.devices)
    return alike and not best.placement.whole and one.cost < best.cost * (1 + CLOSE)


def _nearest(chooser: Chooser, most: int) -> list[Candidate]:
    """Return the same of those that do not fit, the one that lacks the least first."""

    def exactly(one: Candidate) -> Candidate:
        return chooser.candidate(one.placement, one.demand, one.rank)

    return list(_one_of_each(((nearness(one), one) for one in unfit(chooser)), most, exactly, nearness))


def _one_of_each(
    ordered: Iterable[tuple[tuple[object, ...], Candidate]],
    most: int,
    settled: Callable[[Candidate], Candidate | None],
    key: Callable[[Candidate], tuple[object, ...]],
) -> Iterator[Candidate]:
    """Yield the first of each kind in the order of what stands before them, their sizes worked out exactly.

    Where exact sizes make another placement of one, that waits until it is its turn by its own *key*; where it is of
    another kind, none of the first kind is looked for any more, unless that was the whole model on devices. One with
    a less precise cache that is no faster for it than one before is left out.
    """
    seen: dict[tuple[object, ...], list[Candidate]] = {}
    queue: list[tuple[tuple[object, ...], int, Candidate, Candidate | None]] = [
        (place, at, one, None) for at, (place, one) in enumerate(ordered)
    ]
    heapify(queue)
    while queue and most:
        _, at, one, exact = heappop(queue)
        placement = (exact or one).placement
        alike = seen.setdefault((placement.kind, frozenset(placement.devices)), [])
        if any(_makes_needless(before, one) for before in alike):
            continue
        if exact is None and (exact := settled(one)) and exact.placement != placement:
            if exact.placement.kind != placement.kind and not placement.whole:
                alike.append(one)
            heappush(queue, (key(exact), at, one, exact))
        elif exact is not None:
            alike.append(one)
            most -= 1
            yield exact


def _makes_needless(before: Candidate, one: Candidate) -> bool:
    """Whether nobody who has *before* wants *one*, which has layers on the same devices in the same manner."""
    if before.rank == one.rank:
        return True
    return not one.lacks and before.rank < one.rank and before.seconds <= one.seconds


def _chooser(
    header: ModelHeader,
    machine: Machine,
    need: Need,
    preferences: Preferences,
    learned: Learned,
    sized: Sized | None,
) -> Chooser:
    """Return what candidates are made with. Raises: BudgetTooSmall, ModelError."""
    why = supported(header)
    if why and sized is None:
        raise ModelError(
            f"the memory that {header.name} takes cannot be predicted. {why}",
            hint="Plan with its file on this machine, which llama.cpp can measure, or choose another model.",
        )
    if why:
        preferences = replace(preferences, cache_types=("f16",), micro_batch=MICRO_BATCH)
    return Chooser(
        model=model_of(header, sized if why else None),
        machine=machine,
        need=need,
        preferences=_possible(header, preferences),
        learned=learned,
        context=_context(need),
        exact_context=need.ctx is not None,
        widest=widest_operations(header),
    )


def _possible(header: ModelHeader, preferences: Preferences) -> Preferences:
    """Return *preferences* without the types of cache that llama.cpp does not make for this model; f16 at least."""
    keeps = header.key_length > 0 and any(header.kv_head_counts)
    able = tuple(one for one in preferences.cache_types if one == "f16" or (keeps and not refused(header, one, one)))
    return replace(preferences, cache_types=able or ("f16",))


def _context(need: Need) -> int:
    """Return the context in tokens, padded as llama.cpp pads it."""
    if need.ctx is None:
        return padded(need.prompt_tokens + need.answer_tokens)
    if need.ctx <= need.prompt_tokens:
        raise BudgetTooSmall(
            f"the prompt has {need.prompt_tokens:,} tokens, and --ctx {need.ctx:,} leaves no room for an answer",
            hint=f"Pass --ctx {padded(need.prompt_tokens + need.answer_tokens)}, or a smaller --budget.",
        )
    return padded(need.ctx)
