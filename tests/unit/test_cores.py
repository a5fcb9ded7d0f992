"""Which cores of the host this process may use, and which of them are fast."""

from __future__ import annotations

import struct
import sys

import pytest

from codereader.engine.hardware import cores
from codereader.engine.hardware.cores import Cores, classes_of, numa_nodes, usable_cores


@pytest.fixture
def linux(tmp_path, monkeypatch):
    """A Linux of eight processors on eight cores, all alike, in a tree to fill; no container."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(cores, "_DEVICES", tmp_path)
    monkeypatch.setattr(cores, "_CGROUP", tmp_path)
    allow(monkeypatch, *range(8))
    for number in range(8):
        siblings(tmp_path, number, str(number))
    return tmp_path


def allow(monkeypatch, *numbers: int) -> None:
    monkeypatch.setattr(cores, "processors", lambda: numbers)


def siblings(tree, number: int, text: str) -> None:
    write(tree / f"system/cpu/cpu{number}/topology/thread_siblings_list", text)


def write(path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


@pytest.mark.parametrize(
    ("quota", "count"), [("150000 100000", 2), ("max 100000", 8), ("50000 100000", 1), ("nonsense", 8), ("1 0", 8)]
)
def test_a_container_limits_the_cores(linux, quota, count):
    """A quota of one and a half processors is good for two threads."""
    write(linux / "cpu.max", quota)

    assert Cores(count, 0, count) == usable_cores()


def test_an_older_container_limits_the_cores(linux):
    """Version 1 of cgroups keeps its quota in two files."""
    write(linux / "cpu/cpu.cfs_quota_us", "300000")
    write(linux / "cpu/cpu.cfs_period_us", "100000")

    assert Cores(3, 0, 3) == usable_cores()


def test_siblings_of_one_core_count_once(linux, monkeypatch):
    """Two hardware threads of a core are one physical core."""
    allow(monkeypatch, 0, 1, 2, 3)
    for number in range(4):
        siblings(linux, number, f"{number % 2},{number % 2 + 2}")

    assert Cores(2, 0, 4) == usable_cores()


def test_intel_performance_cores_are_the_fast_ones(linux):
    """Two cores of two threads and four slow ones: the slow ones are told apart and not counted among the others."""
    for number in range(4):
        siblings(linux, number, f"{number // 2 * 2}-{number // 2 * 2 + 1}")
    write(linux / "cpu_core/cpus", "0-3")
    write(linux / "cpu_atom/cpus", "4-7")

    assert Cores(2, 4, 8) == usable_cores()


def test_a_process_kept_on_slow_cores_uses_them(linux, monkeypatch):
    """Where affinity leaves no fast core, the slow ones are what there is."""
    write(linux / "cpu_core/cpus", "0-3")
    write(linux / "cpu_atom/cpus", "4-7")
    allow(monkeypatch, 6, 7)

    assert Cores(2, 0, 2) == usable_cores()


def test_slow_cores_of_arm_are_told_by_their_capacity(linux):
    """Linux rates each core of an ARM processor; from three quarters of the best on a core is fast."""
    for number, capacity in enumerate([1024, 1024, 980, 800, 700, 446, 446, 446]):
        write(linux / f"system/cpu/cpu{number}/cpu_capacity", str(capacity))

    assert Cores(4, 4, 8) == usable_cores()


def test_a_quota_is_filled_with_fast_cores_first(linux):
    """Of four fast and four slow cores, five processors are the fast ones and a slow one."""
    write(linux / "cpu_core/cpus", "0-3")
    write(linux / "cpu_atom/cpus", "4-7")
    write(linux / "cpu.max", "500000 100000")

    assert Cores(4, 1, 5) == usable_cores()


@pytest.mark.parametrize(("platform", "asked"), [("darwin", "_mac_cores"), ("win32", "_windows_cores")])
def test_macs_and_windows_are_asked_in_their_own_way(linux, monkeypatch, platform, asked):
    """Performance cores count as the fast ones there too."""
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(cores, asked, lambda: (6, 2))

    assert Cores(6, 2, 8) == usable_cores()


@pytest.mark.parametrize(("platform", "asked"), [("darwin", "_mac_cores"), ("win32", "_windows_cores")])
def test_a_system_that_does_not_answer_has_cores_all_alike(linux, monkeypatch, platform, asked):
    """Without an answer psutil's figure stands."""
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(cores, asked, lambda: (0, 0))
    monkeypatch.setattr(cores.psutil, "cpu_count", lambda logical: 8 if logical else 4)

    assert Cores(4, 0, 8) == usable_cores()


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="there the questions are answered")
def test_asking_for_what_the_system_does_not_have_is_no_error():
    """The ways of other systems find nothing here."""
    assert [(0, 0), (0, 0)] == [cores._mac_cores(), cores._windows_cores()]


def test_windows_tells_cores_by_class():
    """A record a core, of any length: the highest class is the fast one; other relations are passed over."""
    record = struct.Struct("<IIBB")
    answer = b"".join(
        record.pack(relation, 32 + more, 1, efficiency) + bytes(22 + more)
        for relation, more, efficiency in [(0, 0, 1), (0, 16, 1), (3, 0, 9), (0, 0, 0)]
    )

    assert (2, 1) == classes_of(answer)
    assert (0, 0) == classes_of(b"")
    assert (1, 0) == classes_of(record.pack(0, 0, 1, 1))


@pytest.mark.parametrize(("told", "nodes"), [("0", 1), ("0-3", 4), ("0,2", 2), ("odd", 0), ("", 0)])
def test_nodes_with_memory_of_their_own_are_counted(linux, told, nodes):
    """A machine of several sockets has several; where the system does not say, none are counted."""
    write(linux / "system/node/has_memory", told)

    assert nodes == numa_nodes()
