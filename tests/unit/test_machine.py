"""How a machine is put into words."""

from __future__ import annotations

from dataclasses import replace

from codereader.engine.hardware.described import machine_of
from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.hardware.seen import Card
from codereader.fronts.machine import device_words, machine_json, machine_rows

GIB = 1 << 30


def test_a_card_is_one_line_with_what_is_known():
    """Name, driver, memory, the maker's figures, link and place."""
    card = replace(machine_of(["RTX 4090"], GIB).devices[0], name="CUDA0", pci="0000:01:00.0")

    expected = (
        "CUDA0 (RTX 4090): CUDA, 23.5 GiB free of 24.0 GiB, 1,008 GB/s, 165 TFLOPS, linked with 31.5 GB/s, "
        "at 0000:01:00.0"
    )
    assert expected == device_words(card)


def test_what_is_not_known_is_left_out():
    """A stranger is no more than its memory; a shared memory is said to be one."""
    stranger = Device("Vulkan0", "a card", "gpu", GIB, 2 * GIB)
    mac = machine_of(["M4 Max 128GB"]).devices[0]

    assert "Vulkan0 (a card): 1.0 GiB free of 2.0 GiB" == device_words(stranger)
    assert "shares the system's memory" in device_words(mac)


def test_a_container_that_binds_is_told():
    """What it leaves of the machine's memory has a line of its own; a limit that leaves all has none."""
    host = Device("CPU", "a processor", "cpu", 6 * GIB, 8 * GIB)
    bound = Machine((host,), 6 * GIB, 8 * GIB, 4, 8, memory_installed=64 * GIB, bandwidth=25e9)

    rows = dict(machine_rows(bound))

    assert "leaves this process 8.0 GiB of the 64.0 GiB that this machine has" == rows["container"]
    assert "container" not in dict(machine_rows(replace(bound, memory_total=64 * GIB)))


def test_fast_and_slow_cores_and_nodes_are_counted():
    """Where all are alike there is no word of it."""
    host = Device("CPU", "a processor", "cpu", GIB, GIB)
    alike = Machine((host,), GIB, GIB, 8, 16, numa_nodes=2)
    hybrid = replace(alike, efficiency_cores=4, numa_nodes=1)

    assert "8 cores, 16 threads usable, 2 NUMA nodes" == dict(machine_rows(alike))["processor"]
    assert "8 fast cores, 4 slow, 16 threads usable, 1 NUMA node" == dict(machine_rows(hybrid))["processor"]
    assert "8 cores, 16 threads usable" == dict(machine_rows(replace(alike, numa_nodes=0)))["processor"]


def test_cards_that_are_not_used_stand_among_the_devices():
    """What the system shows and no device is has a line with its place."""
    host = Device("CPU", "a processor", "cpu", GIB, GIB)
    card = Card("AMD", "AMD Radeon RX 7900 XTX", "0000:02:00.0")

    rows = machine_rows(Machine((host,), GIB, GIB, 4, 8), (card, replace(card, pci="")))

    expected = ["AMD Radeon RX 7900 XTX, at 0000:02:00.0", "AMD Radeon RX 7900 XTX"]
    assert expected == [text for label, text in rows if label == "not used"]


def test_programs_get_null_for_what_is_not_told():
    """No place, no nodes, no trouble: null, so that zero is never a place."""
    row = machine_json(machine_of([], GIB), ())

    assert [None, None, None] == [row["devices"][0]["pci"], row["numa_nodes"], row["trouble"]]


def test_cards_that_the_system_shows_are_told_used_or_not():
    """Of two cards of one vendor the one that is a device is usable."""
    first, second = (Card("NVIDIA", "NVIDIA GeForce RTX 4090", f"0000:0{place}:00.0") for place in (1, 2))
    cuda = Device("CUDA0", "NVIDIA GeForce RTX 4090", "gpu", GIB, GIB, backend="CUDA", pci=first.pci)
    host = Device("CPU", "a processor", "cpu", GIB, GIB)

    row = machine_json(Machine((cuda, host), GIB, GIB, 4, 8), (first, second))

    assert [(first.pci, True), (second.pci, False)] == [(card["pci"], card["usable"]) for card in row["cards"]]
