"""Choose how a model runs on a machine: context, layers on devices, cache, batch, threads.

A pure function of a model's header, a machine and a need; sizes are bytes, lengths are tokens of the model's
vocabulary. Imports no engine, so a plan can be made for a machine that is not here.
"""

from __future__ import annotations

from codereader.engine.footprint.cache import layer_caches
from codereader.engine.footprint.compute import compute_bytes
from codereader.engine.footprint.weights import Weights, weights
from codereader.engine.footprint.work import prefill_operations, widest_operations
from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.learned import NOTHING, Learned
from codereader.engine.plan import HOST, Need, Plan, Preferences, Share, size
from codereader.errors import BudgetTooSmall, ModelTooLarge, UsageError
from codereader.model.gguf import ModelHeader

CONTEXT_STEP = 256
"""llama.cpp pads every context to a multiple of this many tokens."""

MICRO_BATCH = 512
"""Prompt tokens that are evaluated at once, unless that would take too long to stop."""

SMALLEST_MICRO_BATCH = 64
"""Below this many rows llama.cpp leaves its tiled attention kernel for a slower one."""

STOP_SECONDS = 0.2
"""No single matrix product may be predicted to take longer: between products is where a run can be stopped."""

CORE_OPERATIONS = 26e9
"""Floating-point operations a second of one CPU core in prefill: measured on 2 EPYC cores, a 135M Q4_1 model.

At 4,000 tokens of prompt; short prompts run faster.
"""

DEVICE_OPERATIONS = 10e12
"""The same of a GPU: a guess, until plans are made from measured figures."""


def plan(header: ModelHeader, machine: Machine, need: Need) -> Plan:
    """Return the best plan. Raises as `plans`."""
    return plans(header, machine, need)[0]


def plans(
    header: ModelHeader,
    machine: Machine,
    need: Need,
    preferences: Preferences = Preferences(),  # noqa: B008 - frozen
    learned: Learned = NOTHING,
) -> tuple[Plan, ...]:
    """Return how the model can run on *machine*, the best plan first; at least one.

    Raises: BudgetTooSmall when --ctx cannot hold the prompt, UsageError for a device that is not there,
    ModelTooLarge when the host's memory cannot hold what the devices do not.
    """
    context = _context(need)
    micro_batch = preferences.micro_batch or _micro_batch(header, machine)
    sizes = weights(header)
    caches = layer_caches(header, context, micro_batch, "f16", "f16")
    compute = compute_bytes(header, context, micro_batch)
    devices = _devices(machine, need)
    layers, chosen = _placement(sizes, caches, compute, devices, need)
    shares = _shares(machine, sizes, caches, compute, layers, chosen)
    _check_memory(header, shares[-1], need)
    on_gpu = sum(share.weights for share in shares[:-1])
    share = on_gpu / (on_gpu + shares[-1].weights) if on_gpu else 0.0
    rate = _prefill_rate(header, machine, need, share) * learned.prefill
    return (
        Plan(
            context=context,
            gpu_layers=layers,
            cache_type_k="f16",
            cache_type_v="f16",
            micro_batch=micro_batch,
            threads=preferences.threads or machine.physical_cores,
            flash_attention=True,
            shares=shares,
            prefill_rate=rate,
            processor=_processor(layers, len(sizes.blocks), share),
            notes=_notes(header, context, need, devices),
            limit="the prompt and the answer" if need.ctx is None else "--ctx",
        ),
    )


def _context(need: Need) -> int:
    """Return the context in tokens, padded as llama.cpp pads it."""
    if need.ctx is None:
        return _padded(need.prompt_tokens + need.answer_tokens)
    if need.ctx <= need.prompt_tokens:
        raise BudgetTooSmall(
            f"the prompt has {need.prompt_tokens:,} tokens, and --ctx {need.ctx:,} leaves no room for an answer",
            hint=f"Pass --ctx {_padded(need.prompt_tokens + need.answer_tokens)}, or a smaller --budget.",
        )
    return _padded(need.ctx)


def _padded(tokens: int) -> int:
    return max(1, -(-tokens // CONTEXT_STEP)) * CONTEXT_STEP


def _micro_batch(header: ModelHeader, machine: Machine) -> int:
    """Return the largest batch whose longest matrix product on the CPU ends within `STOP_SECONDS`."""
    second = CORE_OPERATIONS * machine.physical_cores
    size = MICRO_BATCH
    while size > SMALLEST_MICRO_BATCH and size * widest_operations(header) / second > STOP_SECONDS:
        size //= 2
    return size


def _devices(machine: Machine, need: Need) -> tuple[Device, ...]:
    """Return the devices that may take layers, the one with the most free memory first."""
    able = machine.layer_devices if machine.can_offload else ()
    if need.device == "auto":
        return able
    if need.device.lower() == "cpu":
        return ()
    chosen = tuple(device for device in able if device.name == need.device)
    if not chosen:
        names = ", ".join(device.name for device in able) or "none"
        raise UsageError(
            f"there is no device {need.device!r} that can hold layers of a model (found: {names})",
            hint="Pass --device cpu, or a name that `codereader doctor` lists.",
        )
    return chosen


def _placement(
    sizes: Weights, caches: tuple[int, ...], compute: int, devices: tuple[Device, ...], need: Need
) -> tuple[int, tuple[Device, ...]]:
    """Return layers to offload and the devices to use: one device if the whole model fits it, else all of them."""
    if not devices or need.gpu_layers == 0:
        return 0, ()
    every = len(sizes.blocks) + 1
    if need.gpu_layers != "auto":
        return (every if need.gpu_layers < 0 else min(need.gpu_layers, every)), devices
    margin = Preferences().margin
    for chosen in (devices[:1], devices):
        room = sum(max(0, device.free_bytes - margin - compute) for device in chosen)
        if sizes.output + sizes.tied + sum(block.total for block in sizes.blocks) + sum(caches) <= room:
            return every, chosen
    layers = _layers_that_fit(sizes, caches, room)
    return layers, devices if layers else ()


def _layers_that_fit(sizes: Weights, caches: tuple[int, ...], room: int) -> int:
    """Return how many whole layers, each with its part of the cache, fit *room* bytes."""
    blocks = len(sizes.blocks)
    for layers in range(blocks + 1, 0, -1):
        first = blocks - (layers - 1)
        taken = sizes.output + sizes.tied + sum(block.total for block in sizes.blocks[first:]) + sum(caches[first:])
        if taken <= room:
            return layers
    return 0


def _shares(
    machine: Machine, sizes: Weights, caches: tuple[int, ...], compute: int, layers: int, devices: tuple[Device, ...]
) -> tuple[Share, ...]:
    """Spread the offloaded layers over *devices* by free memory, as llama.cpp does; the host keeps the rest."""
    first = len(sizes.blocks) - max(0, layers - 1)
    host = Share(
        HOST,
        weights=sizes.embedding + sum(block.total for block in sizes.blocks[:first]) + (0 if layers else sizes.output),
        cache=sum(caches[:first]),
        compute=compute,
        free=machine.memory_available,
        layers=first + (0 if layers else 1),
    )
    made = []
    total = sum(device.free_bytes for device in devices)
    start, passed = first, 0
    for number, device in enumerate(devices):
        passed += device.free_bytes
        last = number == len(devices) - 1
        end = len(sizes.blocks) if last else first + round(layers * passed / max(1, total))
        end = max(start, min(end, len(sizes.blocks)))
        taken = sum(block.total for block in sizes.blocks[start:end]) + (sizes.output + sizes.tied if last else 0)
        share = Share(device.name, taken, sum(caches[start:end]), compute, device.free_bytes, end - start + last)
        made.append(share)
        start = end
    return (*made, host)


def _check_memory(header: ModelHeader, host: Share, need: Need) -> None:
    """Raise ModelTooLarge when what stays in the host's memory is more than is available."""
    if host.headroom >= 0:
        return
    room = host.free - host.weights - host.compute
    raise ModelTooLarge(
        f"{header.name} with a context of {_context(need):,} tokens needs {size(host.used)} of memory "
        f"({size(host.weights)} weights, {size(host.cache)} cache, {size(host.compute)} work space), "
        f"and {size(host.free)} are available",
        hint=_way_out(room, host.cache, _context(need)),
    )


def _way_out(room: int, cache: int, context: int) -> str:
    """Say what would fit: fewer tokens where the weights do, else another model."""
    tokens = context * room // cache // CONTEXT_STEP * CONTEXT_STEP if cache > 0 and room > 0 else 0
    if tokens < 4 * CONTEXT_STEP:
        return "Close other programs or choose a smaller model; --no-model answers from facts alone."
    return f"Pass --ctx {tokens} or less with a --budget that fits it; --no-model answers from facts alone."


def _prefill_rate(header: ModelHeader, machine: Machine, need: Need, share: float) -> float:
    """Return predicted prompt tokens a second: operations a token over operations a second, CPU and devices in turn."""
    operations = prefill_operations(header, need.prompt_tokens)
    host = CORE_OPERATIONS * machine.physical_cores
    seconds = operations * ((1 - share) / host + share / DEVICE_OPERATIONS)
    return round(1 / seconds, 1) if seconds else 0.0


def _processor(layers: int, blocks: int, share: float) -> str:
    if layers == 0:
        return "100% CPU"
    if layers > blocks:
        return "100% GPU"
    device = min(99, max(1, round(100 * share)))
    return f"{100 - device}%/{device}% CPU/GPU"


def _notes(header: ModelHeader, context: int, need: Need, devices: tuple[Device, ...]) -> tuple[str, ...]:
    notes = []
    wanted = need.ctx if need.ctx is not None else need.prompt_tokens + need.answer_tokens
    if 0 < header.context_length < wanted:
        notes.append(
            f"the context of {wanted:,} tokens is larger than the {header.context_length:,} that {header.name} "
            f"was trained for: expect worse answers"
        )
    if context < need.prompt_tokens + need.answer_tokens:
        room = context - need.prompt_tokens
        notes.append(
            f"--ctx leaves {room:,} tokens for the answer, which may be cut; {need.answer_tokens:,} were asked"
        )
    if need.gpu_layers not in ("auto", 0) and not devices:
        notes.append("--gpu-layers has no effect: there is no device that can hold layers of a model")
    return tuple(notes)
