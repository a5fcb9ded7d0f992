"""What this machine is said to have."""

from __future__ import annotations

import os
import sys

import psutil
import pytest

from codereader.engine import library
from codereader.engine.hardware import devices, host
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


@pytest.fixture
def cgroup(tmp_path, monkeypatch):
    """A cgroup tree to fill; psutil sees 64 GiB with 32 available."""
    memory = type("Memory", (), {"available": 32 << 30, "total": 64 << 30})
    monkeypatch.setattr(host.psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(host, "_CGROUP", tmp_path)
    monkeypatch.setattr(host, "_own_cgroups", lambda: ["0::/box", "4:memory:/old"])
    (tmp_path / "box").mkdir()
    (tmp_path / "memory" / "old").mkdir(parents=True)
    return tmp_path


def test_no_container_leaves_what_the_machine_has(cgroup):
    """Without limits, psutil's figures stand."""
    (cgroup / "box" / "memory.max").write_text("max\n")
    (cgroup / "box" / "memory.current").write_text("1\n")

    assert (32 << 30, 64 << 30) == host.host_memory()


def test_a_container_limits_the_memory(cgroup):
    """Of 8 GiB with 3 used, of which 1 is droppable cache, 6 are available (cgroup version 2)."""
    (cgroup / "box" / "memory.max").write_text(f"{8 << 30}\n")
    (cgroup / "box" / "memory.current").write_text(f"{3 << 30}\n")
    (cgroup / "box" / "memory.stat").write_text(f"anon 7\ninactive_file {1 << 30}\n")

    assert (6 << 30, 8 << 30) == host.host_memory()


def test_the_limit_of_an_outer_container_counts(cgroup):
    """A limit set further up holds too, however many stand between (cgroup version 1)."""
    (cgroup / "memory" / "memory.limit_in_bytes").write_text(f"{2 << 30}\n")
    (cgroup / "memory" / "memory.usage_in_bytes").write_text(f"{1 << 30}\n")

    assert (1 << 30, 2 << 30) == host.host_memory()


def test_the_available_memory_is_that_of_the_tightest_container(cgroup):
    """An outer limit that is larger but fuller leaves less than the inner one."""
    (cgroup / "box" / "memory.max").write_text(f"{4 << 30}\n")
    (cgroup / "box" / "memory.current").write_text("0\n")
    (cgroup / "memory.max").write_text(f"{8 << 30}\n")
    (cgroup / "memory.current").write_text(f"{7 << 30}\n")

    assert (1 << 30, 4 << 30) == host.host_memory()


@pytest.mark.parametrize(
    ("quota", "cores"), [("150000 100000", 2), ("max 100000", 8), ("50000 100000", 1), ("nonsense", 8)]
)
def test_a_container_limits_the_cores(cgroup, monkeypatch, quota, cores):
    """A quota of one and a half processors is good for two threads."""
    monkeypatch.setattr(host, "processors", lambda: tuple(range(8)))
    monkeypatch.setattr(host, "_distinct_cores", lambda allowed: len(allowed))
    (cgroup / "cpu.max").write_text(quota)

    assert (cores, cores) == host.usable_cores()


def test_siblings_of_one_core_count_once(cgroup, monkeypatch):
    """Two hardware threads of a core are one physical core."""
    monkeypatch.setattr(host, "processors", lambda: (0, 1, 2, 3))
    monkeypatch.setattr(host, "_TOPOLOGY", str(cgroup / "cpu{}"))
    for number in range(4):
        (cgroup / f"cpu{number}").write_text(f"{number % 2},{number % 2 + 2}\n")

    assert (2, 4) == host.usable_cores()


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
