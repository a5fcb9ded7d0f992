"""What each device and the host hold of a placement, in bytes, and whether that fits."""

from __future__ import annotations

from codereader.engine.footprint.compute import Placement as Homes
from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.learning.learned import Learned
from codereader.engine.plan import HOST, Share
from codereader.engine.planning.demand import Demand, Model, buffers_of
from codereader.engine.planning.placement import PIPELINE_COPIES, Placement, Room, compute_on, scratch_on
from codereader.engine.planning.rates import OFFLOAD_BATCH

HOST_MARGIN = 256 << 20
"""Bytes of the host's memory that stay free: this program's own, and small buffers of llama.cpp."""


def room_of(devices: tuple[Device, ...], machine: Machine, margin: int, learned: Learned) -> Room:
    """Return what layers may take of each device: its free memory less the margin and what was found missing."""
    return Room(
        devices,
        tuple(_free(device, machine) - margin - learned.extra_bytes.get(device.name, 0) for device in devices),
    )


def computes_of(model: Model, demand: Demand, placement: Placement) -> tuple[int, ...]:
    """Return the bytes of the scratch buffers that llama.cpp makes, the host's first, then the devices'."""
    on_devices = [number for number, span in enumerate(placement.spans, 1) for _ in range(span)]
    homes = [0] * min(placement.first, model.layers) + on_devices
    where = Homes(
        homes=tuple(homes[: model.layers]),
        output=homes[model.layers] if len(homes) > model.layers else 0,
        host_experts=placement.cpu_experts,
        borrows=placement.offloads,
        is_pipelined=placement.pipeline,
    )
    return buffers_of(model, demand.context, demand.micro_batch, demand.cache, where)


def estimated(model: Model, demand: Demand, placement: Placement) -> tuple[int, ...]:
    """Return about the same without laying out a graph: at least as much, as a rule."""
    host = demand.inputs * (PIPELINE_COPIES if placement.pipeline else 1) + demand.residual
    if not placement.devices or not (placement.whole or _lends_all(demand, placement)):
        host = demand.compute
    return (host, *(compute_on(model, demand, placement, number) for number in range(len(placement.devices))))


def _lends_all(demand: Demand, placement: Placement) -> bool:
    """Whether devices compute prompts with all that lies with the host."""
    return placement.offloads and demand.micro_batch >= OFFLOAD_BATCH


def shares_of(
    model: Model,
    demand: Demand,
    placement: Placement,
    machine: Machine,
    learned: Learned,
    computes: tuple[int, ...],
) -> tuple[Share, ...]:
    """Return what each device holds, then the host; *computes* are the scratch buffers, the host's first.

    What shares its memory with the host draws on one pool: the host's part has free what devices leave of it, and a
    model that lies wholly on such a device has the host's few buffers counted there, none of them twice.
    """
    held = []
    start = placement.first
    for number, span in enumerate(placement.spans):
        compute = computes[number + 1] if number + 1 < len(computes) else 0
        held.append(_on_device(model, demand, placement, machine, learned, number, start, compute))
        start += span
    pooled = sum(one.used for one, device in zip(held, placement.devices, strict=True) if device.shares_memory)
    host = _on_host(model, demand, placement, machine, learned, pooled, computes[0])
    if placement.whole and len(held) == 1 and placement.devices[0].shares_memory:
        only = held[0]
        everything = Share(
            only.name,
            only.weights + host.weights,
            only.cache,
            only.compute + host.compute,
            only.free,
            only.layers,
            only.scratch + host.scratch,
        )
        return everything, Share(HOST, 0, 0, 0, max(0, machine.memory_available - everything.used))
    return (*held, host)


def missing(shares: tuple[Share, ...], margin: int) -> tuple[int, int]:
    """Return the bytes that are missing on all devices together and on the host, margins included; 0 where it fits."""
    host = shares[-1]
    return (
        sum(max(0, margin - share.headroom) for share in shares[:-1]),
        max(0, HOST_MARGIN - host.headroom) if host.used else 0,
    )


def _on_device(
    model: Model,
    demand: Demand,
    placement: Placement,
    machine: Machine,
    learned: Learned,
    number: int,
    start: int,
    compute: int,
) -> Share:
    device, span = placement.devices[number], placement.spans[number]
    end = min(start + span, model.layers)
    left = frozenset(placement.cpu_experts)
    weights = sum(model.rest[start:end]) + sum(model.experts[one] for one in range(start, end) if one not in left)
    if start + span > model.layers:
        weights += model.output + model.tied
    return Share(
        device.name,
        weights,
        sum(demand.caches[start:end]),
        compute,
        _free(device, machine),
        span,
        max(0, scratch_on(demand, device) + learned.extra_bytes.get(device.name, 0)),
    )


def _on_host(
    model: Model,
    demand: Demand,
    placement: Placement,
    machine: Machine,
    learned: Learned,
    pooled: int,
    compute: int,
) -> Share:
    first = min(placement.first, model.layers)
    weights = model.embedding + sum(model.rest[:first]) + sum(model.experts[:first])
    weights += sum(model.experts[layer] for layer in placement.cpu_experts)
    if not placement.devices:
        weights += model.output
    return Share(
        HOST,
        weights,
        sum(demand.caches[:first]),
        compute,
        max(0, machine.memory_available - pooled),
        first + (0 if placement.devices else 1),
        max(0, learned.extra_bytes.get(HOST, 0)),
    )


def _free(device: Device, machine: Machine) -> int:
    """Return the bytes that are free on *device*; of a pool no more than the host has."""
    return min(device.free_bytes, machine.memory_available) if device.shares_memory else device.free_bytes
