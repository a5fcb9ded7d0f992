"""Choose how a model runs on a machine: context, layers on devices, batch, threads.

A pure function of a model's header, a machine and a need; sizes are bytes, lengths are tokens of the model's
vocabulary. Imports no engine, so a plan can be made for a machine that is not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codereader.engine.footprint import (
    Weights,
    cache_bytes,
    compute_bytes,
    prefill_operations,
    weights,
    widest_operations,
)
from codereader.engine.machine import Device, Machine
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

DEVICE_MARGIN = 1 << 30
"""Bytes left free on a device, for its driver and whatever else draws on it."""

CORE_OPERATIONS = 26e9
"""Floating-point operations a second of one CPU core in prefill: measured on 2 EPYC cores, a 135M Q4_1 model.

At 4,000 tokens of prompt; short prompts run faster.
"""

DEVICE_OPERATIONS = 10e12
"""The same of a GPU: a guess, until plans are made from measured figures."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a run asks for. `ctx` and `gpu_layers` are the person's wish; None and "auto" leave the choice here.

    `device` is "auto", "cpu" or the name of a device.
    """

    prompt_tokens: int
    answer_tokens: int
    ctx: int | None = None
    gpu_layers: int | Literal["auto"] = "auto"
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a model will run. Bytes are predicted sums over all devices; `prefill_rate` guesses tokens a second."""

    context: int
    gpu_layers: int
    """Layers on devices, of `block_count` + 1: the output counts as one."""
    device: str
    """"cpu", the one device that takes the layers, or "auto": all that there are."""
    cache_type_k: str
    cache_type_v: str
    micro_batch: int
    threads: int
    flash_attention: bool
    weights_bytes: int
    cache_bytes: int
    compute_bytes: int
    prefill_rate: float
    processor: str
    """In local-model words, by bytes of weights: ``100% CPU``, ``14%/86% CPU/GPU``, ``100% GPU``."""
    notes: tuple[str, ...]
    """Warnings for the person, a sentence each."""
    limit: str
    """What decided the context: ``--ctx`` or ``the prompt and the answer``."""


def plan(header: ModelHeader, machine: Machine, need: Need) -> Plan:
    """Return how the model runs on *machine*.

    Raises: BudgetTooSmall when --ctx cannot hold the prompt, UsageError for a device that is not there,
    ModelTooLarge when the host's memory cannot hold what the devices do not.
    """
    context = _context(need)
    micro_batch = _micro_batch(header, machine)
    sizes = weights(header)
    cache = cache_bytes(header, context, micro_batch, "f16", "f16")
    compute = compute_bytes(header, context, micro_batch)
    devices = _devices(machine, need)
    layers, device = _placement(sizes, cache, compute, devices, need)
    _check_memory(header, machine, sizes, cache, compute, layers, need)
    share = 1 - sizes.kept(layers) / sizes.total if layers else 0.0
    return Plan(
        context=context,
        gpu_layers=layers,
        device=device,
        cache_type_k="f16",
        cache_type_v="f16",
        micro_batch=micro_batch,
        threads=machine.physical_cores,
        flash_attention=True,
        weights_bytes=sizes.total,
        cache_bytes=cache,
        compute_bytes=compute,
        prefill_rate=_prefill_rate(header, machine, need, share),
        processor=_processor(layers, len(sizes.blocks), share),
        notes=_notes(header, context, need, devices),
        limit="the prompt and the answer" if need.ctx is None else "--ctx",
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


def _placement(sizes: Weights, cache: int, compute: int, devices: tuple[Device, ...], need: Need) -> tuple[int, str]:
    """Return layers to offload and the device to name: one device if the whole model fits it, else all of them."""
    if not devices or need.gpu_layers == 0:
        return 0, "cpu"
    every = len(sizes.blocks) + 1
    names = devices[0].name if len(devices) == 1 else "auto"
    if need.gpu_layers != "auto":
        return (every if need.gpu_layers < 0 else min(need.gpu_layers, every)), names
    first = devices[0].free_bytes - DEVICE_MARGIN - compute
    if sizes.offloaded(every) + cache <= first:
        return every, devices[0].name
    room = sum(max(0, device.free_bytes - DEVICE_MARGIN - compute) for device in devices)
    layers = _layers_that_fit(sizes, cache, room)
    return layers, names if layers else "cpu"


def _layers_that_fit(sizes: Weights, cache: int, room: int) -> int:
    """Return how many whole layers, each with its part of the cache, fit *room* bytes."""
    blocks = len(sizes.blocks)
    for layers in range(blocks + 1, 0, -1):
        if sizes.offloaded(layers) + cache * (layers - 1) // max(1, blocks) <= room:
            return layers
    return 0


def _check_memory(
    header: ModelHeader, machine: Machine, sizes: Weights, cache: int, compute: int, layers: int, need: Need
) -> None:
    """Raise ModelTooLarge when what stays in the host's memory is more than is available."""
    blocks = max(1, len(sizes.blocks))
    kept = cache * (blocks - max(0, min(layers - 1, blocks))) // blocks
    weights_kept = sizes.kept(layers)
    needed = weights_kept + kept + compute
    if needed <= machine.memory_available:
        return
    room = machine.memory_available - weights_kept - compute
    raise ModelTooLarge(
        f"{header.name} with a context of {_context(need):,} tokens needs {size(needed)} of memory "
        f"({size(weights_kept)} weights, {size(kept)} cache, {size(compute)} work space), "
        f"and {size(machine.memory_available)} are available",
        hint=_way_out(room, kept, _context(need)),
    )


def _way_out(room: int, cache: int, context: int) -> str:
    """Say what would fit: fewer tokens where the weights do, else another model."""
    tokens = context * room // cache // CONTEXT_STEP * CONTEXT_STEP if cache > 0 and room > 0 else 0
    if tokens < 4 * CONTEXT_STEP:
        return "Close other programs or choose a smaller model; --no-model answers from facts alone."
    return f"Pass --ctx {tokens} or less with a --budget that fits it; --no-model answers from facts alone."


def size(count: int) -> str:
    """Return *count* bytes in GiB or MiB, for people."""
    return f"{count / 2**30:,.1f} GiB" if count >= 1 << 30 else f"{count / 2**20:,.0f} MiB"


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
