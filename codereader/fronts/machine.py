"""A machine in words and as JSON: its devices, processor and memory, and what of its cards cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codereader.fronts.text import counted, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codereader.engine.hardware.machine import Device, Machine
    from codereader.engine.hardware.seen import Card


def machine_rows(machine: Machine, cards: Sequence[Card] = ()) -> list[tuple[str, str]]:
    """Return labels and what to say behind them, for a person. *cards* are what the system shows."""
    from codereader.engine.hardware.rebuild import is_used

    rows = [("device", device_words(device)) for device in machine.devices]
    rows += [("not used", _card(card)) for card in cards if not is_used(card, machine)]
    rows += [("processor", _processor(machine)), ("memory", _memory(machine))]
    if 0 < machine.memory_total < machine.memory_installed:
        of = f"{size(machine.memory_total)} of the {size(machine.memory_installed)} that this machine has"
        rows.append(("container", f"leaves this process {of}"))
    return rows


def device_words(device: Device) -> str:
    """Return one device in a line: name, what it is, who drives it, memory, and what its maker states."""
    about = f"{device.name} ({device.description})"
    if device.kind == "cpu":
        return about
    parts = [device.backend, f"{size(device.free_bytes)} free of {size(device.total_bytes)}"]
    if device.shares_memory:
        parts.append("shares the system's memory")
    if device.bandwidth:
        parts.append(f"{device.bandwidth / 1e9:,.0f} GB/s")
    if device.operations:
        parts.append(f"{device.operations / 1e12:,.0f} TFLOPS")
    if device.link:
        parts.append(f"linked with {device.link / 1e9:,.1f} GB/s")
    if device.pci:
        parts.append(f"at {device.pci}")
    return f"{about}: {', '.join(part for part in parts if part)}"


def machine_json(machine: Machine, cards: Sequence[Card]) -> dict[str, Any]:
    """Return doctor's JSON about the machine: bytes, and bytes or operations a second, 0 where they are not known.

    *cards* are what the system shows.
    """
    from codereader.engine.hardware.rebuild import is_used

    return {
        "can_offload": machine.can_offload,
        "devices": [_device_json(device) for device in machine.devices],
        "cards": [
            {"vendor": card.vendor, "name": card.name, "pci": card.pci or None, "usable": is_used(card, machine)}
            for card in cards
        ],
        "physical_cores": machine.physical_cores,
        "efficiency_cores": machine.efficiency_cores,
        "logical_cores": machine.logical_cores,
        "numa_nodes": machine.numa_nodes or None,
        "memory_available": machine.memory_available,
        "memory_total": machine.memory_total,
        "memory_installed": machine.memory_installed,
        "memory_bandwidth": round(machine.bandwidth),
        "trouble": machine.trouble or None,
    }


def _device_json(device: Device) -> dict[str, Any]:
    return {
        "name": device.name,
        "description": device.description,
        "kind": device.kind,
        "backend": device.backend,
        "pci": device.pci or None,
        "free": device.free_bytes,
        "total": device.total_bytes,
        "shares_memory": device.shares_memory,
        "bandwidth": round(device.bandwidth),
        "operations": round(device.operations),
        "link": round(device.link),
    }


def _card(card: Card) -> str:
    return f"{card.name}, at {card.pci}" if card.pci else card.name


def _processor(machine: Machine) -> str:
    cores = counted(machine.physical_cores, "core")
    if machine.efficiency_cores:
        cores = f"{counted(machine.physical_cores, 'fast core')}, {machine.efficiency_cores} slow"
    nodes = f", {counted(machine.numa_nodes, 'NUMA node')}" if machine.numa_nodes else ""
    return f"{cores}, {counted(machine.logical_cores, 'thread')} usable{nodes}"


def _memory(machine: Machine) -> str:
    free = f"{size(machine.memory_available)} available of {size(machine.memory_total)}"
    if not machine.bandwidth:
        return f"{free}; too little to measure its speed"
    return f"{free}, {machine.bandwidth / 1e9:,.1f} GB/s measured"
