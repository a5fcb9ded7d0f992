"""Memory and cores of the host, as far as this process may use them.

Sizes are bytes. Affinity and containers count: what a cgroup forbids is not there. Where a system does not answer,
the larger figure stands.
"""

from __future__ import annotations

import math
from pathlib import Path

import psutil

from codereader.native import processors

_CGROUP = Path("/sys/fs/cgroup")
_TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
_NO_QUOTA = 1 << 20


def host_memory() -> tuple[int, int]:
    """Return bytes available and in total: the smaller of the machine's and this process's cgroup's."""
    memory = psutil.virtual_memory()
    available, total = memory.available, memory.total
    for limit, used in _cgroup_limits():
        total = min(total, limit)
        available = min(available, max(0, limit - used))
    return available, total


def usable_cores() -> tuple[int, int]:
    """Return physical and logical cores that this process may run on, at least one each.

    Affinity and a cgroup's processor quota count: threads beyond them only wait for each other.
    """
    allowed = processors()
    logical = len(allowed)
    physical = min(_distinct_cores(allowed) or psutil.cpu_count(logical=False) or logical, logical)
    quota = _processor_quota()
    return max(1, min(physical, quota)), max(1, min(logical, quota))


def _distinct_cores(allowed: tuple[int, ...]) -> int:
    """Return how many physical cores *allowed* lies on, 0 where the system does not say."""
    try:
        return len({Path(_TOPOLOGY.format(number)).read_text(encoding="ascii") for number in allowed})
    except (OSError, ValueError):
        return 0


def _processor_quota() -> int:
    """Return the processors that a cgroup (version 2, else 1) grants, rounded up; a large number where it does not."""
    try:
        words = (_CGROUP / "cpu.max").read_text(encoding="ascii").split()
        if words[0] == "max":
            return _NO_QUOTA
        return max(1, math.ceil(int(words[0]) / int(words[1])))
    except (OSError, ValueError, IndexError):
        quota, period = _number(_CGROUP / "cpu/cpu.cfs_quota_us"), _number(_CGROUP / "cpu/cpu.cfs_period_us")
        return max(1, math.ceil(quota / period)) if quota and period and quota > 0 else _NO_QUOTA


def _cgroup_limits() -> list[tuple[int, int]]:
    """Return (limit, used) in bytes for each memory cgroup (versions 2 and 1) from this process's up to the root.

    Page cache that can be dropped at once is not counted as used.
    """
    limits = []
    for folder, limit_name, used_name in _memory_cgroups():
        limit, used = _number(folder / limit_name), _number(folder / used_name)
        if limit and used is not None:
            limits.append((limit, max(0, used - _droppable(folder))))
    return limits


def _memory_cgroups() -> list[tuple[Path, str, str]]:
    """Return the folders of this process's memory cgroups, with the names of their limit and usage files."""
    found = []
    for line in _own_cgroups():
        number, controllers, place = [*line.split(":", 2), "", ""][:3]
        if number == "0" and not controllers:
            root, names = _CGROUP, ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            root, names = _CGROUP / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        own = root / place.lstrip("/")
        folders = [own, *own.parents]
        found += [(folder, *names) for folder in folders if folder.is_relative_to(root)]
    return found


def _own_cgroups() -> list[str]:
    """Return what the kernel says this process belongs to: ``number:controllers:path`` a line."""
    return _lines(Path("/proc/self/cgroup"))


def _droppable(folder: Path) -> int:
    """Return the bytes of inactive page cache that a memory cgroup could drop."""
    for line in _lines(folder / "memory.stat"):
        name, _, value = line.partition(" ")
        if name in ("inactive_file", "total_inactive_file"):
            return int(value)
    return 0


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _number(path: Path) -> int | None:
    """Return the whole number in a one-line file; None for ``max``, for anything else and where there is no file."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
