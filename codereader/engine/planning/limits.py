"""What binds a plan, and what its predicted rates rest on, each in one sentence.

Sentences end without a full stop; sizes and rates are worked out, none is canned.
"""

from __future__ import annotations

from collections.abc import Sequence

from codereader.engine.hardware.machine import Device
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
        return f"the memory of {names}: the experts of {layers} layers ({size(kept)}) stay with the host"
    if placement.kind == "layers":
        kept = chosen.shares[-1].weights - chooser.model.embedding
        others = f" and the experts of {len(placement.cpu_experts)} more" if placement.cpu_experts else ""
        whole = f"{placement.first} layer{'s' if placement.first > 1 else ''}"
        return f"the memory of {names}: {whole}{others} ({size(kept)}) stay with the host"
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
        each = "up to " if len(short) > 1 else ""
        needs.append(f"needs {each}{size(most.used + margin)} free on {names}, which has {size(most.free)}")
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
        what = f"computing on {where}" if devices else f"the {chooser.machine.physical_cores} cores of the host"
        return f"the prompt takes {prompt / max(1e-9, prompt + answer):.0%} of the time: {what}"
    what = f"the memory bandwidth of {where}" if devices else "the host's memory bandwidth and cores"
    return f"the answer takes {answer / max(1e-9, prompt + answer):.0%} of the time: {what}"


def assumption_of(chooser: Chooser, chosen: Candidate) -> str:
    """Return what the rates rest on: the rates that devices, link and host are thought to reach."""
    machine, placement = chooser.machine, chosen.placement
    parts = [_device_rates(chooser, device) for device in _different(placement.devices)]
    if placement.offloads and chosen.demand.micro_batch >= OFFLOAD_BATCH:
        rate = link_rate(placement.devices[0], mmap=chosen.mmap)
        first = placement.devices[0]
        stated = "" if first.link or first.shares_memory else ", PCIe 4 x16 assumed"
        parts.append(f"weights copied at {rate / 1e9:,.0f} GB/s{stated}")
    if not placement.whole:
        stated = "" if machine.bandwidth else ", assumed"
        rate = host_bandwidth(machine) / 1e9
        parts.append(f"{machine.physical_cores} cores and {rate:,.0f} GB/s{stated} on the host")
    if chosen.from_disk:
        parts.append(f"{DISK / 1e9:.1f} GB/s from disk")
    learned = chooser.learned
    told = f"; corrected by {learned.runs} earlier runs" if learned.runs > 1 else ""
    told = "; corrected by an earlier run" if learned.runs == 1 else told
    return f"predicted, not measured: {', '.join(parts)}{told}"


def _device_rates(chooser: Chooser, device: Device) -> str:
    """Return the rates that *device* is thought to reach, and whether they follow from what is stated of it."""
    bandwidth = decode_bandwidth(device, chooser.machine)
    operations = prefill_operations(device)
    guessed = [what for what, value in (("bandwidth", device.bandwidth), ("compute", device.operations)) if not value]
    told = f" ({' and '.join(guessed)} assumed)" if guessed else ""
    return f"{bandwidth / 1e9:,.0f} GB/s and at most {operations / 1e12:,.0f} TFLOP/s on {device.name}{told}"


def names_of(devices: Sequence[Device]) -> str:
    """Return what *devices* are called together; the described ones of one name are counted."""
    counts: dict[str, int] = {}
    for device in devices:
        name = device.name.rpartition(" #")[0] or device.name
        counts[name] = counts.get(name, 0) + 1
    told = [f"{count} x {name}" if count > 1 else name for name, count in counts.items()]
    return " and ".join([", ".join(told[:-1]), told[-1]]) if len(told) > 2 else " and ".join(told)


def _different(devices: tuple[Device, ...]) -> tuple[Device, ...]:
    """Return *devices* without those that are like one before."""
    kept: dict[tuple[float, float, bool], Device] = {}
    for device in devices:
        kept.setdefault((device.bandwidth, device.operations, device.shares_memory), device)
    return tuple(kept.values())
