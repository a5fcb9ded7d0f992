"""What to try when a plan that should have fitted did not: smaller plans, each with a sentence on what changes.

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
from codereader.engine.plan import HOST, Need, Plan, Preferences, Share, size
from codereader.engine.planning.candidate import Chooser, padded
from codereader.engine.planning.demand import Cache, model_of
from codereader.engine.planning.explain import explained
from codereader.engine.planning.placement import HOST_ONLY, Placement
from codereader.engine.planning.planner import plans
from codereader.errors import ModelTooLarge
from codereader.model.gguf import ModelHeader

LEAST_PART, LEAST_BYTES = 0.03, 256 << 20
"""What a step must take less of what ran out, one or the other, to be worth loading the model again."""

SMALLEST_BATCH = 64
"""Tokens; below, llama.cpp leaves its tiled attention kernel."""

PARTS = (1 / 8, 1 / 4, 1 / 2)
"""Parts of the experts, and of the layers, that leave a device step by step: as a rule little is missing."""

LEAST_ANSWER = 64
"""Tokens that stay free for an answer, however small the context is made."""


def retreats(
    header: ModelHeader, machine: Machine, need: Need, plan: Plan, short: str = "", *, consent: bool = False
) -> Iterator[tuple[Plan, str]]:
    """Yield plans that take less and less of *short*, each with what it changes; they end with the CPU.

    *short* is the device that ran out, HOST, or "" where nobody knows. In order: smaller micro-batches, a cache of
    q8_0, experts of more layers to the host, fewer layers on devices, with *consent* a smaller context, the CPU.
    No step takes what the host does not have. Nothing is yielded for a model whose sizes cannot be predicted.
    """
    if supported(header) or any(all(name != one.name for one in machine.devices) for name in plan.devices):
        return
    ladder = _Ladder(_corrected(_chooser(header, machine, need, plan), plan), consent)
    short, now = short if plan.devices else HOST, plan
    for rung in (_batches, _precision, _mapping, _experts, _layers, _tokens, _host):
        for made in rung(ladder, now, short):
            if _relieves(now, made, short):
                yield made, _change(now, made, short)
                now = made


@dataclass(frozen=True, slots=True)
class _Ladder:
    chooser: Chooser
    consent: bool

    def made(
        self,
        plan: Plan,
        *,
        micro_batch: int = 0,
        kind: str = "",
        context: int = 0,
        placement: Placement | None = None,
    ) -> Plan:
        """Return *plan* with what is named changed."""
        cache = Cache(kind or plan.cache_type_k, plan.full_window)
        demand = self.chooser.sized(context or plan.context, micro_batch or plan.micro_batch, cache)
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
    bare = _Ladder(chooser, consent=False).made(plan)
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
    """Yield *plan* with the host's weights mapped from the file: pages that the system can drop."""
    if short == HOST and not plan.mmap:
        yield replace(plan, mmap=True)


def _experts(ladder: _Ladder, plan: Plan, short: str) -> Iterator[Plan]:
    """Yield *plan* with the experts of more and more layers with the host, those of the front layers first."""
    placed = ladder.placement(plan)
    able = [layer for layer in _layers_on(placed, short) if layer in ladder.chooser.model.expert_layers]
    left = [layer for layer in able if layer not in plan.cpu_experts]
    for part in (*PARTS, 1):
        moved = left[: -int(-part * len(left))]
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


def _tokens(ladder: _Ladder, plan: Plan, short: str) -> Iterator[Plan]:  # noqa: ARG001
    """Yield *plan* with less room for the answer, which may then be cut."""
    need = ladder.chooser.need
    rooms = [need.answer_tokens, need.answer_tokens // 2, need.answer_tokens // 4] if ladder.consent else []
    for room in rooms:
        context = padded(need.prompt_tokens + max(LEAST_ANSWER, room))
        if context < plan.context:
            yield ladder.made(plan, context=context)


def _host(ladder: _Ladder, plan: Plan, short: str) -> Iterator[Plan]:  # noqa: ARG001
    """Yield what is best on the CPU alone, where the host has the memory."""
    if plan.devices:
        chooser = ladder.chooser
        need = replace(chooser.need, ctx=plan.context, device="cpu", gpu_layers="auto")
        with suppress(ModelTooLarge):
            yield plans(chooser.model.header, chooser.machine, need, chooser.preferences, most=1)[0]


def _layers_on(placed: Placement, short: str) -> range:
    """Return the layers on the device called *short*, or on all devices."""
    start = placed.first
    for device, span in zip(placed.devices, placed.spans, strict=True):
        if device.name == short:
            return range(start, start + span)
        start += span
    return range(0) if short == HOST else range(min(placed.first, start), start)


def _relieves(before: Plan, after: Plan, short: str) -> bool:
    """Whether *after* takes enough less of what ran out, and of the host no more than it has."""
    if short == HOST and after.mmap and not before.mmap:
        return True
    host, had = _share(after, HOST), _share(before, HOST)
    if host.headroom < 0 and host.used > had.used:
        return False
    used = _used(before, short)
    return used - _used(after, short) >= max(1, min(LEAST_PART * used, LEAST_BYTES))


def _used(plan: Plan, short: str) -> int:
    """Return the bytes that *plan* takes of what ran out: of all devices where nobody knows."""
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
    if before.context != after.context:
        return f"with a context of {after.context:,} tokens, not {before.context:,}, in which a long answer is cut"
    if before.gpu_layers != after.gpu_layers:
        where = after.devices[0] if len(after.devices) == 1 else f"{len(after.devices)} devices"
        return f"with {_layers_in_words(after.gpu_layers)} on {where}, not {before.gpu_layers}, which is slower"
    if before.cpu_experts != after.cpu_experts:
        left = _layers_in_words(len(after.cpu_experts))
        return (
            f"with the experts of {left} in the host's memory, not {len(before.cpu_experts) or 'none'}, which is slower"
        )
    if before.cache_type_k != after.cache_type_k:
        return f"with a {after.cache_type_k} cache, not {before.cache_type_k}, which is a little less precise"
    if before.micro_batch != after.micro_batch:
        return f"in batches of {after.micro_batch:,} tokens, not {_batch(before):,}, which reads prompts more slowly"
    return "with the weights mapped from the file, not read into memory"


def _layers_in_words(count: int) -> str:
    return f"{count} layer{'' if count == 1 else 's'}"
