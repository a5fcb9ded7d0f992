"""How fast a placement reads a prompt and writes an answer: a roofline, device by device.

Bytes, operations and seconds. A token of the answer costs what it reads on each device, one device after the other. A
micro-batch of the prompt costs the operations on each device, what is copied to the first one, and what the host
computes itself. Peaks are what makers state; the shares of them that llama.cpp reaches are the constants below, each
with where it is from.
"""

from __future__ import annotations

from dataclasses import dataclass

from codereader.engine.footprint.cache import CACHE_TYPE_BYTES
from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.planning.demand import Demand, Model, Reading
from codereader.engine.planning.placement import Placement

DECODE_SHARE, SHARED_DECODE_SHARE = 0.65, 0.55
"""Share of a card's bandwidth, and of a pool's, that decoding reaches. gpt-oss-20b: 51 % on an RTX PRO 6000 Max-Q and
69 % on an RTX 6000 Ada (llama.cpp, pull request 19053); a 7B Q4_0 58 % on an M4 Max (llama.cpp, discussion 4167)."""

PREFILL_SHARE, SHARED_PREFILL_SHARE = 0.75, 0.35
"""Share of the stated f16 rate that prefill reaches with many rows a matrix: an 8B Q4_K_S 0.9 on an RTX 4090
(llama.cpp, pull request 7860), an 8B Q4_0 0.75 on an RTX 3090 (pull request 17505), gpt-oss-120b 0.7 there, a 7B F16
0.75 on an M4 Max (discussion 4167). What shares its memory and is no Mac reaches less."""

MOST_OPERATIONS = 150e12
"""What it reaches at most, however large the card: what the RTX 4090 does is the most that was found published."""

HALF_ROWS = 56
"""Rows a matrix at which half of that is reached: experts see few of a batch's tokens each. Pull request 7860 has 0.58
of the best at 64 rows, 0.74 at 128, 0.92 at 256."""

PIPELINE_GAIN = 0.5
"""Share of what several devices would gain by working on one prompt in turn. Two read a long one 1.6 times as fast
(llama.cpp, pull request 4918) to 1.9 times (two P40, koboldcpp, issue 1059), three of those only 1.5 times."""

HOP_SECONDS = 1e-3
"""What a token of the answer waits where it goes from one device to the next: 0.4 ms on MI50 (llama.cpp, pull request
19922), 2.5 ms reported in issue 13751."""

LINK_SHARE, PAGED_LINK_SHARE = 0.76, 0.38
"""Share of a link's peak that copies of weights reach from pinned memory (24 of 31.5 GB/s on PCIe 4 x16), and from
files mapped into memory (12)."""

HOST_SHARE, MANY_CHANNELS_SHARE, FEW_CHANNELS = 0.65, 0.4, 110e9
"""Share of the host's stated bandwidth that decoding reaches: 0.65 of up to FEW_CHANNELS bytes a second (two channels),
no less than 0.4 of more. gpt-oss-120b reaches more than 0.6 on two channels; Scout Q6_K 0.39 on 12 channels of DDR5,
and 0.35 on 8 of DDR4 (ik_llama.cpp, pull request 321)."""

MEASURED_SHARE = 0.85
"""The same of what this machine's memory was measured to give: a probe only reads, a model also computes."""

CORE_OPERATIONS = 40e9
"""Operations a second of one CPU core multiplying a prompt: 31 and 42 measured on EPYC cores with AVX2 (135M Q4_1,
270M Q4_K_M); cores with AVX-512 reach twice that."""

CORE_ATTENTION, CORE_UNPACKING = 17e9, 5e9
"""The same for attention, and for attention of a prompt to a quantized cache: one such core read 1,536 tokens at 112
tokens a second with an f16 cache and at 60 with q8_0, and answered at 33 and 35."""

CORE_DECODE = 25e9
"""The same for the products of a single token: 18 and 21 measured on those cores, 35 follow from Scout on an EPYC
9175F."""

ALIKE = 12
"""Tokens of a batch choose experts alike, as if only one in so many chose for itself: of gpt-oss-120b's 128 experts a
batch of 512 tokens uses 72 to 95 (llama.cpp, pull request 15346)."""

LAYER_SECONDS = 20e-6
"""What starting the kernels of one layer takes on a device."""

CROSSING_SECONDS = 150e-6
"""What a token waits where one layer's work goes from a device to the host and back."""

DISK = 1.5e9
"""Bytes a second of weights that are read from disk again and again."""

CARD_BANDWIDTH, CARD_OPERATIONS = 300e9, 20e12
POOL_BANDWIDTH, POOL_OPERATIONS = 60e9, 3e12
HOST_BANDWIDTH = 60e9
LINK = 31.5e9
"""What is assumed where nothing is stated: a small card, an integrated GPU, two channels of DDR5, PCIe 4 x16."""

OFFLOAD_BATCH = 32
"""Rows from which products with the host's weights go to a device (GGML_OP_OFFLOAD_MIN_BATCH)."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Predicted seconds of the whole prompt and of one token of the answer."""

    prompt: float
    token: float


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a run evaluates: a prompt, and an answer to it."""

    prompt: int
    answer: int


def speed_of(
    model: Model,
    demand: Demand,
    reading: Reading,
    placement: Placement,
    machine: Machine,
    tokens: Tokens,
    *,
    mmap: bool,
    from_disk: int = 0,
) -> Speed:
    """Return how long *placement* takes; *from_disk* bytes of the host's weights do not fit its memory."""
    parts = _parts(model, reading, placement)
    threads = machine.physical_cores
    token = _token(model, demand, parts, placement, machine, threads) + _disk_token(parts, from_disk)
    full, rest = divmod(max(1, tokens.prompt), demand.micro_batch)
    prompt = 0.0
    for count, rows in ((full, demand.micro_batch), (1, rest)):
        if count and rows:
            prompt += _batches(count, rows, model, demand, parts, placement, machine, threads, mmap)
    if from_disk:
        prompt += (full + bool(rest)) * parts.host.weights / DISK
    return Speed(prompt, token)


@dataclass(frozen=True, slots=True)
class _Part:
    """What lies in one place. `read` are bytes that one token of the answer reads of the weights."""

    weights: int = 0
    read: float = 0.0
    experts: float = 0.0
    cache: float = 0.0
    operations: float = 0.0
    expert_operations: float = 0.0
    attention: float = 0.0
    layers: int = 0


@dataclass(frozen=True, slots=True)
class _Parts:
    devices: tuple[_Part, ...]
    host: _Part
    crossings: int
    """Layers of devices whose experts are the host's."""


def _parts(model: Model, reading: Reading, placement: Placement) -> _Parts:
    """Add up what lies on each device and with the host."""
    left = frozenset(placement.cpu_experts)
    first = min(placement.first, model.layers)
    host = _part(model, reading, range(first), frozenset(), output=not placement.devices)
    experts = sum(model.experts[layer] for layer in left)
    host = _Part(
        host.weights + experts,
        host.read + model.used * experts,
        host.experts + experts,
        host.cache,
        host.operations,
        host.expert_operations + sum(model.work.experts[layer] for layer in left),
        host.attention,
        host.layers,
    )
    devices = []
    start = placement.first
    for span in placement.spans:
        end = min(start + span, model.layers)
        devices.append(_part(model, reading, range(start, end), left, output=start + span > model.layers))
        start += span
    return _Parts(tuple(devices), host, len(left))


def _part(model: Model, reading: Reading, layers: range, left: frozenset[int], *, output: bool) -> _Part:
    here = slice(layers.start, layers.stop)
    with_experts = [layer for layer in layers if layer not in left] if left else layers
    experts = sum(model.experts[layer] for layer in with_experts)
    rest = sum(model.rest[here]) + ((model.output or model.tied) if output else 0)
    return _Part(
        rest + experts,
        rest + model.used * experts,
        experts,
        sum(reading.caches[here]),
        sum(model.work.rest[here]),
        sum(model.work.experts[layer] for layer in with_experts),
        sum(reading.attention[here]),
        len(layers),
    )


def _token(model: Model, demand: Demand, parts: _Parts, placement: Placement, machine: Machine, threads: int) -> float:
    """Return the seconds of one token of the answer, without what comes from disk."""
    # unpacking a quantized cache takes as long as reading fewer bytes saves: it counts as the f16 cache it stands for
    unpacked = CACHE_TYPE_BYTES["f16"] / CACHE_TYPE_BYTES[demand.cache.kind]
    seconds = parts.crossings * CROSSING_SECONDS + max(0, len(placement.devices) - 1) * HOP_SECONDS
    for device, part in zip(placement.devices, parts.devices, strict=True):
        held = part.read + part.cache * unpacked
        seconds += held / decode_bandwidth(device, machine) + part.layers * LAYER_SECONDS
    host = parts.host
    if not host.read:
        return seconds
    products = host.operations + host.expert_operations + (0 if placement.devices else model.work.output)
    seconds += max(host.read / host_bandwidth(machine), products / (CORE_DECODE * threads))
    # a token of the answer sees about all of the prompt, one of the prompt half of it
    return seconds + max(
        host.cache * unpacked / host_bandwidth(machine), 2 * host.attention / (CORE_ATTENTION * threads)
    )


def _disk_token(parts: _Parts, from_disk: int) -> float:
    """Return the seconds that one token waits for the disk.

    Of experts the missing share of those it uses; without experts all of the host's weights, since what is read in
    turn is dropped before it is needed again.
    """
    if not from_disk:
        return 0.0
    host = parts.host
    missing = min(1.0, from_disk / host.experts) * (host.read - (host.weights - host.experts)) if host.experts else 0.0
    return (missing if from_disk <= host.experts else host.read) / DISK


def _batches(
    count: int,
    rows: int,
    model: Model,
    demand: Demand,
    parts: _Parts,
    placement: Placement,
    machine: Machine,
    threads: int,
    mmap: bool,
) -> float:
    """Return the seconds of *count* micro-batches of *rows* tokens."""
    stages = [
        max(
            _computing(part, rows, device, model.used),
            (part.weights + part.cache) / decode_bandwidth(device, machine),
        )
        + part.layers * LAYER_SECONDS
        for device, part in zip(placement.devices, parts.devices, strict=True)
    ]
    host = parts.host
    if placement.offloads and rows >= OFFLOAD_BATCH:
        touched = (
            host.weights - host.experts + host.experts * (1 - (1 - model.used) ** max(1.0, rows / ALIKE)) + host.cache
        )
        copied = touched / link_rate(placement.devices[0], mmap=mmap)
        stages[0] += copied + _computing(host, rows, placement.devices[0], model.used)
        return count * sum(stages)
    if host.weights:
        products = host.operations + host.expert_operations
        attention = host.attention / (CORE_ATTENTION if demand.cache.kind == "f16" else CORE_UNPACKING)
        seconds = rows * (products / CORE_OPERATIONS + attention) / threads
        stages.append(max(seconds, host.weights / host_bandwidth(machine)))
    serial = count * sum(stages)
    if placement.pipeline:
        return serial - PIPELINE_GAIN * (serial - min(serial, (count + len(stages) - 1) * max(stages)))
    return serial


def _computing(part: _Part, rows: int, device: Device, used: float) -> float:
    """Return the seconds that *device* computes the layers of *part* for *rows* tokens."""
    peak = prefill_operations(device)
    few = max(1.0, rows * used)
    dense = (part.operations + part.attention) / (peak * rows / (rows + HALF_ROWS))
    return rows * (dense + part.expert_operations / (peak * few / (few + HALF_ROWS)))


def decode_bandwidth(device: Device, machine: Machine) -> float:
    """Return the bytes a second that decoding is thought to read of *device*."""
    if device.shares_memory:
        return (device.bandwidth or machine.bandwidth or POOL_BANDWIDTH) * SHARED_DECODE_SHARE
    return (device.bandwidth or CARD_BANDWIDTH) * DECODE_SHARE


def prefill_operations(device: Device) -> float:
    """Return the operations a second that *device* is thought to reach on a long prompt."""
    stated = device.operations or (POOL_OPERATIONS if device.shares_memory else CARD_OPERATIONS)
    share = SHARED_PREFILL_SHARE if device.shares_memory and device.backend != "Metal" else PREFILL_SHARE
    return min(MOST_OPERATIONS, stated * share)


def host_bandwidth(machine: Machine) -> float:
    """Return the bytes a second that decoding is thought to read of the host's memory."""
    if machine.bandwidth_measured:
        return MEASURED_SHARE * machine.bandwidth
    stated = machine.bandwidth or HOST_BANDWIDTH
    return max(HOST_SHARE * min(stated, FEW_CHANNELS), MANY_CHANNELS_SHARE * stated)


def link_rate(device: Device, *, mmap: bool) -> float:
    """Return the bytes a second that weights are thought to be copied to *device*: within a pool read and written."""
    if device.shares_memory:
        return (device.bandwidth or POOL_BANDWIDTH) / 2
    return (device.link or LINK) * (PAGED_LINK_SHARE if mmap else LINK_SHARE)
