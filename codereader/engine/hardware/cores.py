"""Cores of the host, as far as this process may use them.

Affinity and a container's processor quota count: threads beyond them only wait for each other. Where a system does not
answer, the larger figure stands.
"""

from __future__ import annotations

import ctypes
import math
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from codereader.engine.hardware.sysfs import number, numbers, text
from codereader.native import processors

_CGROUP = Path("/sys/fs/cgroup")
_DEVICES = Path("/sys/devices")
_TOPOLOGY = "system/cpu/cpu{}/topology/thread_siblings_list"
_CAPACITY = "system/cpu/cpu{}/cpu_capacity"
_NO_QUOTA = 1 << 20

FAST_SHARE = 0.75
"""A core counts as fast from this part of the fastest one's capacity on."""

_CORE = 0
"""RelationProcessorCore of winnt.h, LOGICAL_PROCESSOR_RELATIONSHIP."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Cores that this process may run on: fast physical ones (at least one), slow physical ones, hardware threads."""

    physical: int
    efficiency: int
    logical: int


def usable_cores() -> Cores:
    """Return the cores that this process may run on. Where all are alike, all are fast."""
    allowed = processors()
    fast, slow = _fast_and_slow(allowed)
    quota = _processor_quota()
    physical = max(1, min(fast, len(allowed), quota))
    return Cores(physical, max(0, min(slow, quota - physical)), max(1, min(len(allowed), quota)))


def numa_nodes() -> int:
    """Return how many nodes have memory of their own, 0 where the system does not say."""
    return len(numbers(text(_DEVICES / "system/node/has_memory")))


def _fast_and_slow(allowed: tuple[int, ...]) -> tuple[int, int]:
    """Return physical cores among *allowed*, the fast and the slow ones."""
    if sys.platform == "darwin":
        fast, slow = _mac_cores()
    elif sys.platform == "win32":
        fast, slow = _windows_cores()
    else:
        quick = _fast_processors(allowed)
        fast, slow = _distinct_cores(quick), _distinct_cores([one for one in allowed if one not in quick])
    return (fast, slow) if fast else (psutil.cpu_count(logical=False) or len(allowed), 0)


def _fast_processors(allowed: tuple[int, ...]) -> tuple[int, ...]:
    """Return those of *allowed* that Linux says are fast: Intel's by the units that count events, ARM's by capacity.

    All of them where none is, or where the system does not tell them apart.
    """
    intel = set(numbers(text(_DEVICES / "cpu_core/cpus")))
    if intel and numbers(text(_DEVICES / "cpu_atom/cpus")):
        return tuple(one for one in allowed if one in intel) or allowed
    capacity = {one: number(_DEVICES / _CAPACITY.format(one)) or 0 for one in allowed}
    least = FAST_SHARE * max(capacity.values())
    return tuple(one for one in allowed if capacity[one] >= least)


def _distinct_cores(processors: Iterable[int]) -> int:
    """Return how many physical cores *processors* lie on, 0 where the system does not say."""
    siblings = {text(_DEVICES / _TOPOLOGY.format(one)) for one in processors}
    return 0 if "" in siblings else len(siblings)


def _processor_quota() -> int:
    """Return the processors that a cgroup (version 2, else 1) grants, rounded up; a large number where it does not."""
    try:
        words = text(_CGROUP / "cpu.max").split()
        if words[0] == "max":
            return _NO_QUOTA
        return max(1, math.ceil(int(words[0]) / int(words[1])))
    except (ValueError, IndexError, ZeroDivisionError):
        quota, period = number(_CGROUP / "cpu/cpu.cfs_quota_us"), number(_CGROUP / "cpu/cpu.cfs_period_us")
        return max(1, math.ceil(quota / period)) if quota and period and quota > 0 else _NO_QUOTA


def _mac_cores() -> tuple[int, int]:
    """Return performance and efficiency cores of a Mac; (0, 0) where it does not tell them apart."""
    return system_number(b"hw.perflevel0.physicalcpu"), system_number(b"hw.perflevel1.physicalcpu")


def system_number(name: bytes) -> int:
    """Return the whole number that macOS keeps under *name*, 0 where there is none."""
    value, size = ctypes.c_int(), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int))
    try:
        failed = ctypes.CDLL(None).sysctlbyname(name, ctypes.byref(value), ctypes.byref(size), None, 0)
    except (AttributeError, OSError):
        return 0
    return 0 if failed else value.value


def _windows_cores() -> tuple[int, int]:
    """Return cores of Windows' highest class of efficiency, and those of the others; (0, 0) where it does not say."""
    length = ctypes.c_uint32()
    try:
        ask = ctypes.CDLL("kernel32").GetLogicalProcessorInformationEx
        ask(_CORE, None, ctypes.byref(length))
        answer = ctypes.create_string_buffer(length.value)
        return classes_of(answer.raw) if ask(_CORE, answer, ctypes.byref(length)) else (0, 0)
    except (AttributeError, OSError):
        return 0, 0


def classes_of(answer: bytes) -> tuple[int, int]:
    """Return cores of the highest class and of the others in records of SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX.

    Each begins with its relation and its length (32 bits each), then flags and the class (8 bits each): winnt.h.
    """
    found: list[int] = []
    place = 0
    while place + 10 <= len(answer):
        relation, length, _, efficiency = struct.unpack_from("<IIBB", answer, place)
        if relation == _CORE:
            found.append(efficiency)
        place += max(10, length)
    fast = found.count(max(found, default=0))
    return fast, len(found) - fast
