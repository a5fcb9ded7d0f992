"""What this machine is said to have."""

from __future__ import annotations

import os
import sys

import psutil
import pytest

from codereader.engine.embedded import library
from codereader.engine.hardware import devices
from codereader.engine.hardware.host import Memory
from codereader.engine.hardware.machine import Device, Machine


def test_every_machine_has_a_cpu_with_its_memory():
    """The last device is the host, and it fits the figures of the operating system."""
    found = devices.inventory()

    assert "cpu" == found.devices[-1].kind
    assert 0 < found.memory_available <= found.memory_total <= psutil.virtual_memory().total
    assert 1 <= found.physical_cores <= found.logical_cores <= os.cpu_count()


def test_the_versions_are_those_of_the_library():
    """doctor can name the binding, llama.cpp and what it was compiled for."""
    import llama_cpp

    build = devices.inventory().build

    assert llama_cpp.__version__ == build.binding
    assert build.llama_cpp
    assert "CPU" in build.features


def test_a_missing_library_leaves_a_cpu(monkeypatch):
    """Without llama.cpp the machine still has a CPU and cannot offload."""
    monkeypatch.setitem(sys.modules, "llama_cpp", None)

    found = devices.inventory()

    assert (["cpu"], False, "") == ([device.kind for device in found.devices], found.can_offload, found.build.binding)
    assert "cannot load the llama.cpp library" in found.trouble


def test_the_parts_of_ggml_are_told():
    """Every llama.cpp has a CPU part; the host's device says that it is driven by it."""
    found = devices.inventory()

    assert "CPU" in found.build.backends
    assert ("CPU", "") == (found.devices[-1].backend, found.devices[-1].pci)


def test_a_library_without_the_registry_leaves_a_cpu(monkeypatch):
    """A binding that exports no devices does not stop anybody."""

    def missing(*_names):
        raise AttributeError

    monkeypatch.setattr(devices, "_ggml", missing)

    assert ["cpu"] == [device.kind for device in devices.inventory().devices]


def test_a_device_is_found_by_its_name():
    """The handle that llama.cpp wants exists for a real name only."""
    name = devices.inventory().devices[-1].name

    assert devices.device_handle(name) is not None
    assert devices.device_handle("no such device") is None


def test_the_card_with_most_free_memory_comes_first():
    """Only devices that can hold layers count, the roomiest first, then by name."""
    kinds = [("a", "gpu", 5), ("b", "gpu", 9), ("c", "accelerator", 99), ("d", "integrated gpu", 9)]
    listed = tuple(Device(name, "", kind, free, 10) for name, kind, free in kinds)

    ordered = Machine(listed, 1, 1, 1, 1).layer_devices

    assert ["b", "d", "a"] == [device.name for device in ordered]


def card(name: str, description: str, kind: str = "gpu", backend: str = "CUDA", pci: str = "", gib: int = 24) -> Device:
    """A device as ggml would describe it."""
    return Device(name, description, kind, gib << 30, gib << 30, backend=backend, pci=pci)


MEMORY = Memory(available=20 << 30, total=32 << 30, installed=128 << 30)


def test_a_card_known_by_name_has_its_makers_figures():
    """What ggml does not say comes from the table; of a stranger nothing is said."""
    known = devices._completed(card("CUDA0", "NVIDIA GeForce RTX 4090"), MEMORY)
    stranger = devices._completed(card("CUDA1", "NVIDIA Graphics Device"), MEMORY)

    assert (1008e9, False, 24 << 30) == (known.bandwidth, known.shares_memory, known.free_bytes)
    assert known.link > 30e9
    assert (0, 0, 0) == (stranger.bandwidth, stranger.operations, stranger.link)


@pytest.mark.parametrize(
    ("device", "shared"),
    [
        (card("CUDA0", "NVIDIA GB10", "integrated gpu"), True),
        (card("Vulkan0", "AMD Radeon Graphics (RADV RAPHAEL)", "integrated gpu", "Vulkan"), True),
        (card("MTL0", "Apple M4 Max", backend="Metal"), True),
        (card("MTL0", "AMD Radeon Pro 5500M", backend="Metal"), False),
        (card("SYCL0", "Intel(R) UHD Graphics 770", backend="SYCL"), True),
        (card("SYCL0", "Intel(R) Arc(TM) Graphics", backend="SYCL"), True),
        (card("SYCL0", "Intel(R) Arc(TM) A770 Graphics", backend="SYCL"), False),
        (card("RPC0", "10.0.0.2:50052", backend="RPC"), False),
    ],
)
def test_memory_that_is_the_hosts_is_told(device, shared):
    """As ggml says it, or as the names say where it does not; then no more is free than the host has available."""
    found = devices._completed(device, MEMORY)

    assert (shared, (20 if shared else 24) << 30) == (found.shares_memory, found.free_bytes)
    assert not (shared and found.link)


def test_the_size_of_a_mac_is_that_of_its_memory():
    """Metal shows three quarters of it; what it is sold with picks the figures."""
    small = devices._completed(card("MTL0", "Apple M4 Max", backend="Metal"), Memory(1, 1, 36 << 30))
    large = devices._completed(card("MTL0", "Apple M4 Max", backend="Metal"), MEMORY)

    assert (410e9, 546e9) == (small.bandwidth, large.bandwidth)


def test_a_card_that_two_backends_show_counts_once():
    """CUDA and Vulkan in one build list the same card; the first stands, and cards without a place all stand."""
    shown = [
        card("CUDA0", "NVIDIA", pci="0000:01:00.0"),
        card("Vulkan0", "NVIDIA", backend="Vulkan", pci="0000:01:00.0"),
        card("RPC0", "a"),
        card("RPC1", "a"),
    ]

    assert ["CUDA0", "RPC0", "RPC1"] == [device.name for device in devices._each_once(shown)]


def test_the_log_keeps_the_cause_and_hides_escapes():
    """The first error that says something is told, without control characters."""
    library.forget_log()
    library._keep_line(4, b"gguf_init: key 'a\x1b[31m' is bad\n", None)
    library._keep_line(4, b"llama_model_load: failed to load model\n", None)

    assert "key 'a\\x1b[31m' is bad" == library.last_error()


def test_a_failed_allocation_is_told_from_a_broken_file():
    """Only a message about memory counts as being out of memory."""
    library.forget_log()
    library._keep_line(4, b"read: string too long\n", None)
    before = library.ran_out_of_memory()
    library._keep_line(4, b"alloc: failed to allocate buffer of size 5\n", None)

    assert (False, True) == (before, library.ran_out_of_memory())


def test_a_continued_line_is_one_line():
    """llama.cpp sends some lines in pieces."""
    library.forget_log()
    library._keep_line(4, b"one ", None)
    library._keep_line(5, b"two\n", None)

    assert "one two" == library.last_error()
