"""What binds a plan, and what its predicted rates rest on, each in one sentence.

Sentences end without a full stop; sizes and rates are worked out, none is canned.
"""

from __future__ import annotations

from collections.abc import Sequence

from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.plan import size
from codereader.engine.planning.candidate import Candidate, Chooser
from codereader.engine.planning.rates import (
    DISK,
    OFFLOAD_BATCH,
    decode_bandwidth,
    host_bandwidth,
    link_rate,
    prefill_operations,
)


def limit_of(chooser: Chooser, chosen: Candidate) -> str:
    """Return what keeps the plan from more speed, or from fitting."""
    if chosen.lacks:
        return _short_of(chooser, chosen)
    if chosen.from_disk:
        return (
            f"the host's memory: {size(chosen.from_disk)} of the weights do not fit it and are read from disk again "
            "and again"
        )
    placement = chosen.placement
    names = names_of(placement.devices)
    if placement.kind == "whole":
        return f"the model is on {names} as a whole; {_slower(chooser, chosen)}"
    if placement.kind == "experts":
        layers = len(placement.cpu_experts)
        kept = sum(chooser.model.experts[layer] for layer in placement.cpu_experts)
        of = "1 layer" if layers == 1 else f"{layers} layers"
        return f"the memory of {names}: the experts of {of} ({size(kept)}) stay with the host"
    if placement.kind == "layers":
        kept = chosen.shares[-1].weights - chooser.model.embedding
        others = f" and the experts of {len(placement.cpu_experts)} more" if placement.cpu_experts else ""
        whole = "1 layer" if placement.first == 1 else f"{placement.first} layers"
        stay = "stays" if placement.first == 1 and not others else "stay"
        asked = chooser.need.gpu_layers
        why = f"the memory of {names}" if asked == "auto" else f"--gpu-layers {asked}"
        return f"{why}: {whole}{others} ({size(kept)}) {stay} with the host"
    return _slower(chooser, chosen)


def _short_of(chooser: Chooser, chosen: Candidate) -> str:
    """Return what is needed where, and what is there."""
    margin = chooser.preferences.margin
    short = [share for share in chosen.shares[:-1] if share.headroom < margin]
    needs = []
    if short:
        by_name = {device.name: device for device in chosen.placement.devices}
        names = names_of([by_name[share.name] for share in short])
        most = max(short, key=lambda share: (share.used, share.name))
        each, of = ("up to ", "each of ") if len(short) > 1 else ("", "")
        needs.append(f"needs {each}{size(most.used + margin)} free on {names}, {of}which has {size(most.free)}")
    host = chosen.shares[-1]
    if host.used > host.free:
        needs.append(f"needs {size(host.used)} of the host, which has {size(host.free)}")
    return "; ".join(needs) or f"lacks {size(chosen.lacks)}"


def _slower(chooser: Chooser, chosen: Candidate) -> str:
    """Return which half of the run takes longer, and what it waits for."""
    answer = chosen.speed.token * chooser.need.answer_tokens
    prompt, devices = chosen.speed.prompt, chosen.placement.devices
    where = names_of(devices)
    if prompt >= answer:
        what = f"computing on {where}" if devices else f"the host's {_cores(chooser.machine)}"
        return f"the prompt takes {prompt / max(1e-9, prompt + answer):.0%} of the time: {what}"
    what = f"the memory bandwidth of {where}" if devices else "the host's memory bandwidth and cores"
    return f"the answer takes {answer / max(1e-9, prompt + answer):.0%} of the time: {what}"


def assumption_of(chooser: Chooser, chosen: Candidate) -> str:
    """Return what the rates rest on: the rates that devices, link and host are thought to reach."""
    machine, placement = chooser.machine, chosen.placement
    parts = [_device_rates(chooser, alike) for alike in _alike(placement.devices)]
    if placement.offloads and chosen.demand.micro_batch >= OFFLOAD_BATCH:
        rate = link_rate(placement.devices[0], mmap=chosen.mmap)
        first = placement.devices[0]
        stated = "" if first.link or first.shares_memory else " (PCIe 4 x16 assumed)"
        parts.append(f"weights copied at {rate / 1e9:,.0f} GB/s{stated}")
    if not placement.whole:
        stated = "" if machine.bandwidth else " (assumed)"
        rate = host_bandwidth(machine) / 1e9
        parts.append(f"{_cores(machine)} and {rate:,.0f} GB/s{stated} on the host")
    if chosen.from_disk:
        parts.append(f"{DISK / 1e9:.1f} GB/s from disk")
    learned = chooser.learned
    told = f"; corrected by {learned.runs} earlier runs" if learned.runs > 1 else ""
    told = "; corrected by an earlier run" if learned.runs == 1 else told
    return f"predicted, not measured: {', '.join(parts)}{told}"


def _device_rates(chooser: Chooser, alike: Sequence[Device]) -> str:
    """Return the rates that each of *alike* is thought to reach, and whether they follow from what is stated."""
    device = alike[0]
    bandwidth = decode_bandwidth(device, chooser.machine)
    operations = prefill_operations(device)
    guessed = [what for what, value in (("bandwidth", device.bandwidth), ("compute", device.operations)) if not value]
    told = f" ({' and '.join(guessed)} assumed)" if guessed else ""
    each = "each of " if len(alike) > 1 else ""
    return f"{bandwidth / 1e9:,.0f} GB/s and at most {operations / 1e12:,.0f} TFLOP/s on {each}{names_of(alike)}{told}"


def _cores(machine: Machine) -> str:
    return "1 core" if machine.physical_cores == 1 else f"{machine.physical_cores} cores"


def names_of(devices: Sequence[Device]) -> str:
    """Return what *devices* are called together: those of one kind are counted, ``4x RTX 4000 Ada``."""
    kinds = [device.description or device.name for device in devices]
    told = dict.fromkeys(
        device.name.rpartition(" #")[0] or device.name if kinds.count(kind) == 1 else f"{kinds.count(kind)}x {kind}"
        for device, kind in zip(devices, kinds, strict=True)
    )
    *first, last = told or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _alike(devices: Sequence[Device]) -> list[list[Device]]:
    """Return *devices* in groups of those that reach the same, in the order of the first of each."""
    groups: dict[tuple[float, float, bool], list[Device]] = {}
    for device in devices:
        groups.setdefault((device.bandwidth, device.operations, device.shares_memory), []).append(device)
    return list(groups.values())
