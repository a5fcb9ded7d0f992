"""What to try when a plan that should have fitted did not: a smaller plan, with a sentence on what changes.

Pure: sizes come from the planner's own accounts, never from the machine. Which device ran out is a parameter, since
what relieves a card (experts and layers to the host) burdens the host. Sizes are bytes, lengths tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from codereader.engine.footprint.cache import refused, supported
from codereader.engine.footprint.work import widest_operations
from codereader.engine.hardware.machine import Machine
from codereader.engine.learning.learned import NOTHING, Learned
from codereader.engine.plan import GPU_MARGIN, HOST, Need, Plan, Preferences, Share, size
from codereader.engine.planning.candidate import Chooser
from codereader.engine.planning.demand import Cache, model_of
from codereader.engine.planning.explain import explained
from codereader.engine.planning.placement import HOST_ONLY, Placement
from codereader.engine.planning.planner import plans
from codereader.engine.planning.refusal import LEAST_CONTEXT, fitting_context, with_context
from codereader.engine.planning.search import candidates
from codereader.engine.planning.shares import HOST_MARGIN
from codereader.errors import ModelTooLarge
from codereader.model.gguf import ModelHeader

LEAST_PART, LEAST_BYTES = 0.03, 256 << 20
"""What a step must take less of what ran out, one or the other, to be worth loading the model again."""

SMALLEST_BATCH = 64
"""Tokens; below, llama.cpp leaves its tiled attention kernel."""

_SLOW_PROMPT = "slower at reading prompts"

PARTS = (1 / 8, 1 / 4, 1 / 2)
"""Parts of the experts, and of the layers, that leave a device step by step: as a rule little is missing."""


def retreat(
    header: ModelHeader, machine: Machine, need: Need, plan: Plan, short: str = "", most: int | None = None
) -> tuple[Plan, str] | None:
    """Return what to try where *plan* failed, and a sentence on what that changes; None where nothing is left.

    *short* is the device that ran out, HOST, or "" where nobody knows; *most* bytes may be taken of it, at least a
    little less than *plan* took by default. The first step counts that takes no more, nor more than *machine* has free
    now; where none does, the last. In order: smaller micro-batches, a cache of q8_0, experts of more layers to the
    host, fewer layers on devices, the CPU; each on top of those before it, as far as these are then still needed.
    No step takes what the host does not have. A model whose sizes cannot be predicted has none. Where devices of *plan*
    are not there any more it is what is best without them.
    """
    if supported(header):
        return None
    if gone := [name for name in plan.devices if all(name != one.name for one in machine.devices)]:
        return _without(header, machine, need, plan, gone)
    ladder = _Ladder(_corrected(_chooser(header, machine, need, plan), plan))
    relieved = _short(plan, machine, short)
    bound = _used(plan, relieved) if most is None or relieved != short else most
    short = relieved
    last = None
    for last in _steps(ladder, plan, short):
        if _is_enough(last, short, bound):
            last = _quicker(ladder, plan, last, short, bound)
            break
    return None if last is None else (last, _change(plan, last, short))


def _without(header: ModelHeader, machine: Machine, need: Need, plan: Plan, gone: list[str]) -> tuple[Plan, str] | None:
    """Return the best plan for the same context on what is left of *machine*, None where nothing fits."""
    with suppress(ModelTooLarge):
        same = replace(need, ctx=plan.context, device="auto", gpu_layers="auto")
        made = plans(header, machine, same, Preferences(threads=plan.threads), most=1, changes=False)[0]
        return made, f"trying again without {_listed(gone)}, which cannot be reached any more"
    return None


def way_out(header: ModelHeader, machine: Machine, need: Need, plan: Plan, short: str, had: int) -> str:
    """Return what a person can pass where *plan* failed and no step is left: a context that would fit.

    *short* is as in `retreat`; *had* bytes of it were there. Between those and what the plan takes the truth is not
    known: half way is counted on, and no more than *machine* has free now. Empty where no shorter context would help.
    """
    if supported(header):
        return ""
    chooser = _chooser(header, _with_half(machine, plan, short, had), need, plan)
    if any(not one.lacks for one in candidates(chooser)):
        return ""
    context = fitting_context(chooser)
    return with_context(context) if context >= LEAST_CONTEXT else ""


def _with_half(machine: Machine, plan: Plan, short: str, had: int) -> Machine:
    """Return *machine* with half of what *plan* takes of what ran out, beside the *had* bytes that were there."""
    short = short if plan.devices else HOST
    bounds = {
        share.name: (share.used + (had if short else 0)) // 2 for share in plan.shares if _is_short(share.name, short)
    }
    devices = tuple(
        replace(one, free_bytes=min(one.free_bytes, bounds.get(one.name, one.free_bytes) + GPU_MARGIN))
        for one in machine.devices
    )
    memory = min(machine.memory_available, bounds.get(HOST, machine.memory_available) + HOST_MARGIN)
    return replace(machine, devices=devices, memory_available=memory)


def _is_short(name: str, short: str) -> bool:
    return name == short if short else name != HOST


def _short(plan: Plan, machine: Machine, short: str) -> str:
    """Return what to relieve: a device that turns out to have less free now than *plan* takes, "" for several."""
    free = {device.name: device.free_bytes for device in machine.devices}
    lacking = [share.name for share in plan.shares if share.name in plan.devices and share.used > free[share.name]]
    if not plan.devices:
        return HOST
    if not lacking or short == HOST:
        return short
    return lacking[0] if {*lacking, short} <= {lacking[0], ""} else ""


def _steps(ladder: _Ladder, plan: Plan, short: str) -> Iterator[Plan]:
    """Yield plans that take less and less of *short*."""
    now = plan
    for rung in (_batches, _precision, _mapping, _experts, _layers, _host):
        for made in rung(ladder, now, short):
            if _relieves(now, made, short):
                yield made
                now = made


def _is_enough(plan: Plan, short: str, most: int) -> bool:
    fits = all(share.headroom >= 0 for share in plan.shares if share.name != HOST)
    if short == HOST:
        fits = fits and plan.host_bytes <= _share(plan, HOST).free
    return fits and _used(plan, short) <= most


def _quicker(ladder: _Ladder, before: Plan, after: Plan, short: str, most: int) -> Plan:
    """Return *after* in the largest micro-batches, up to those of *before*, with which it is still enough."""
    if not after.devices and before.devices:
        return after
    micro_batch = before.micro_batch
    while micro_batch > after.micro_batch:
        made = replace(ladder.made(after, micro_batch=micro_batch), mmap=after.mmap, repacks=after.repacks)
        if _is_enough(made, short, most) and _relieves(before, made, short):
            return made
        micro_batch //= 2
    return after


@dataclass(frozen=True, slots=True)
class _Ladder:
    chooser: Chooser

    def made(
        self,
        plan: Plan,
        *,
        micro_batch: int = 0,
        kind: str = "",
        placement: Placement | None = None,
    ) -> Plan:
        """Return *plan* with what is named changed."""
        cache = Cache(kind or plan.cache_type_k, plan.full_window)
        demand = self.chooser.sized(plan.context, micro_batch or plan.micro_batch, cache)
        found = self.chooser.candidate(placement or self.placement(plan), demand, 0)
        made = explained(self.chooser, found, best=False)
        return replace(made, threads=plan.threads, full_window=plan.full_window)

    def placement(self, plan: Plan) -> Placement:
        """Return where *plan* puts layers and experts."""
        if not plan.devices:
            return HOST_ONLY
        by_name = {device.name: device for device in self.chooser.machine.devices}
        return Placement(
            first=self.chooser.model.layers + 1 - plan.gpu_layers,
            devices=tuple(by_name[name] for name in plan.devices),
            spans=tuple(share.layers for share in plan.shares if share.name in plan.devices),
            cpu_experts=plan.cpu_experts,
        )


def _chooser(header: ModelHeader, machine: Machine, need: Need, plan: Plan) -> Chooser:
    return Chooser(
        model=model_of(header),
        machine=machine,
        need=need,
        preferences=Preferences(threads=plan.threads, full_window=plan.full_window),
        learned=NOTHING,
        context=plan.context,
        exact_context=True,
        widest=widest_operations(header),
    )


def _corrected(chooser: Chooser, plan: Plan) -> Chooser:
    """Return *chooser* with what earlier runs taught of the devices: *plan* has it in its scratch."""
    bare = _Ladder(chooser).made(plan)
    extra = {share.name: share.scratch - _share(bare, share.name).scratch for share in plan.shares}
    return replace(chooser, learned=Learned(extra_bytes={name: count for name, count in extra.items() if count}))


def _batches(ladder: _Ladder, plan: Plan, short: str) -> Iterator[Plan]:  # noqa: ARG001 - one signature for all rungs
    """Yield *plan* in micro-batches of a quarter, and of a quarter of that."""
    micro_batch = _batch(plan)
    while micro_batch > SMALLEST_BATCH:
        micro_batch = max(SMALLEST_BATCH, micro_batch // 4)
        yield ladder.made(plan, micro_batch=micro_batch)


def _precision(ladder: _Ladder, plan: Plan, short: str) -> Iterator[Plan]:  # noqa: ARG001
    """Yield *plan* with a cache of q8_0 in place of f16."""
    if plan.cache_type_k == plan.cache_type_v == "f16" and not refused(ladder.chooser.model.header, "q8_0", "q8_0"):
        yield ladder.made(plan, kind="q8_0")


def _mapping(ladder: _Ladder, plan: Plan, short: str) -> Iterator[Plan]:  # noqa: ARG001
    """Yield *plan* with the host's weights mapped from the file as they are: pages that the system can drop."""
    if short == HOST and (plan.repacks or not plan.mmap):
        yield replace(plan, mmap=True, repacks=False)


def _experts(ladder: _Ladder, plan: Plan, short: str) -> Iterator[Plan]:
    """Yield *plan* with the experts of more and more layers with the host, those of a device's front layers first."""
    placed = ladder.placement(plan)
    able = set(ladder.chooser.model.expert_layers) - set(plan.cpu_experts)
    left = [[layer for layer in layers if layer in able] for layers in _layers_on(placed, short)]
    for part in (*PARTS, 1):
        moved = [layer for layers in left for layer in layers[: -int(-part * len(layers))]]
        if moved:
            experts = tuple(sorted({*plan.cpu_experts, *moved}))
            yield ladder.made(plan, placement=replace(placed, cpu_experts=experts))


def _layers(ladder: _Ladder, plan: Plan, short: str) -> Iterator[Plan]:
    """Yield *plan* with fewer and fewer layers on the device that ran out, or on all; the host takes the front ones."""
    placed = ladder.placement(plan)
    for part in (*PARTS, 3 / 4):
        spans = [
            span if short and device.name != short else int(span * (1 - part))
            for device, span in zip(placed.devices, placed.spans, strict=True)
        ]
        if 0 < sum(spans) < plan.gpu_layers:
            first = placed.first + plan.gpu_layers - sum(spans)
            used = [(device, span) for device, span in zip(placed.devices, spans, strict=True) if span]
            experts = tuple(layer for layer in plan.cpu_experts if layer >= first)
            fewer = Placement(first, tuple(one for one, _ in used), tuple(span for _, span in used), experts)
            yield ladder.made(plan, placement=fewer)


def _host(ladder: _Ladder, plan: Plan, short: str) -> Iterator[Plan]:  # noqa: ARG001
    """Yield what is best on the CPU alone, where the host has the memory."""
    if plan.devices:
        chooser = ladder.chooser
        need = replace(chooser.need, ctx=plan.context, device="cpu", gpu_layers="auto")
        with suppress(ModelTooLarge):
            yield plans(chooser.model.header, chooser.machine, need, chooser.preferences, most=1)[0]


def _layers_on(placed: Placement, short: str) -> Iterator[range]:
    """Yield the layers on the device called *short*, or on each device."""
    start = placed.first
    for device, span in zip(placed.devices, placed.spans, strict=True):
        if short in ("", device.name):
            yield range(start, start + span)
        start += span


def _relieves(before: Plan, after: Plan, short: str) -> bool:
    """Whether *after* takes enough less of what ran out, and of the host no more than it has."""
    host, had = _share(after, HOST), _share(before, HOST)
    if host.headroom < 0 and host.used > had.used:
        return False
    used = _used(before, short)
    return used - _used(after, short) >= max(1, min(LEAST_PART * used, LEAST_BYTES))


def _used(plan: Plan, short: str) -> int:
    """Return the bytes that *plan* takes of what ran out, of all devices where nobody knows.

    The system can drop weights that stay pages of the file.
    """
    if short == HOST:
        return plan.host_bytes
    if short:
        return _share(plan, short).used
    return sum(share.used for share in plan.shares if share.name != HOST)


def _batch(plan: Plan) -> int:
    """Return the tokens that are really evaluated at once: llama.cpp takes no more than the context."""
    return min(plan.micro_batch, plan.context)


def _share(plan: Plan, name: str) -> Share:
    return next((share for share in plan.shares if share.name == name), Share(name, 0, 0, 0, 0))


def _change(before: Plan, after: Plan, short: str) -> str:
    """Say what *after* does otherwise, at what price, and what that saves."""
    saved = _used(before, short) - _used(after, short)
    where = {"": "", HOST: " of the host's memory"}.get(short, f" on {short}")
    saving = f" (takes {size(saved)} less{where})" if saved > 0 else ""
    return f"trying again {_difference(before, after)}{saving}"


def _difference(before: Plan, after: Plan) -> str:
    if before.devices and not after.devices:
        return "on the CPU alone"
    changed = list(_changed(before, after))
    prices = [price for _, price in changed]
    prices = [price for price in prices if price != _SLOW_PROMPT or "slower" not in prices]
    return f"{_listed([what for what, _ in changed])}, which is {_listed(prices)}"


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _changed(before: Plan, after: Plan) -> Iterator[tuple[str, str]]:
    """Yield what *after* does otherwise, each with its price."""
    if before.gpu_layers != after.gpu_layers:
        where = after.devices[0] if len(after.devices) == 1 else f"{len(after.devices)} devices"
        yield f"with {_layers_in_words(after.gpu_layers)} on {where}, not {before.gpu_layers}", "slower"
    elif before.cpu_experts != after.cpu_experts:
        left = _layers_in_words(len(after.cpu_experts))
        kept = len(before.cpu_experts) or "none"
        yield f"with the experts of {left} in the host's memory, not {kept}", "slower"
    if after.mmap and before.repacks and not after.repacks:
        yield "with the weights mapped from the file, not copied into memory", "slower"
    if before.cache_type_k != after.cache_type_k:
        yield f"with a {after.cache_type_k} cache, not {before.cache_type_k}", "a little less precise"
    if _batch(before) != _batch(after):
        yield f"in batches of {after.micro_batch:,} tokens, not {_batch(before):,}", _SLOW_PROMPT


def _layers_in_words(count: int) -> str:
    return f"{count} layer{'' if count == 1 else 's'}"
