"""Which devices of a machine are tried together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, combinations

from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.plan import Need
from codereader.engine.planning.demand import Model
from codereader.errors import UsageError

FEW = 4
"""Cards of which every set is tried."""


def devices_of(machine: Machine, need: Need) -> tuple[Device, ...]:
    """Return the devices that may take layers, the one with the most free memory first.

    ``need.device`` may name several, with commas between. Raises: UsageError for one that is not there.
    """
    able = machine.layer_devices if machine.can_offload else ()
    if need.device == "auto":
        return able
    if need.device.lower() == "cpu":
        return ()
    if any(device.name == need.device for device in able):
        return tuple(device for device in able if device.name == need.device)
    wanted = [name.strip() for name in need.device.split(",")]
    for name in wanted:
        if all(device.name != name for device in able):
            names = ", ".join(device.name for device in able) or "none"
            raise UsageError(
                f"there is no device {name!r} that can hold layers of a model (found: {names})",
                hint="Pass --device cpu, or a name that `codereader doctor` lists; several with commas between.",
            )
    return tuple(device for device in able if device.name in wanted)


def device_sets(model: Model, devices: Sequence[Device]) -> tuple[tuple[Device, ...], ...]:
    """Return the sets of devices that are worth a try: each kind of device alone, then cards together.

    A few cards are tried in all ways; more of them with the most memory first, and with the fastest first: as few as
    could hold the weights, one more, and all. What shares the host's memory is not mixed with cards: llama.cpp would
    not use it beside them.
    """
    sets: list[tuple[Device, ...]] = []
    kinds = set()
    for device in devices:
        kind = _kind(device)
        if kind not in kinds:
            kinds.add(kind)
            sets.append((device,))
    cards = [device for device in devices if not device.shares_memory]
    if 1 < len(cards) <= FEW:
        sets += [some for count in range(2, len(cards) + 1) for some in _each_kind(cards, count)]
    elif len(cards) > 1:
        sets += _together(model, cards)
        fastest = sorted(cards, key=lambda device: (-device.bandwidth, -device.free_bytes, device.name))
        if fastest != cards:
            sets += [some for some in _together(model, fastest) if some not in sets]
    return tuple(dict.fromkeys(sets))


def _each_kind(cards: Sequence[Device], count: int) -> list[tuple[Device, ...]]:
    """Return *count* of the cards in all ways that differ in more than names."""
    found: dict[tuple[object, ...], tuple[Device, ...]] = {}
    for some in combinations(cards, count):
        found.setdefault(tuple(_kind(card) for card in some), some)
    return list(found.values())


def _together(model: Model, cards: Sequence[Device]) -> list[tuple[Device, ...]]:
    """Return the first cards that could hold the weights, one more than these, those before another kind, and all."""
    weights = model.output + model.tied + sum(model.rest) + sum(model.experts)
    held = list(accumulate(device.free_bytes for device in cards))
    enough = next((count for count, room in enumerate(held, 1) if room >= weights), len(cards))
    kinds = [_kind(card) for card in cards]
    changes = (count for count in range(2, len(cards)) if kinds[count] != kinds[count - 1])
    counts = sorted({min(max(2, count), len(cards)) for count in (enough, enough + 1, len(cards), *changes)})
    return [tuple(cards[:count]) for count in counts]


def _kind(device: Device) -> tuple[object, ...]:
    """Return what makes a device like another."""
    return device.free_bytes, device.bandwidth, device.operations, device.link, device.backend
