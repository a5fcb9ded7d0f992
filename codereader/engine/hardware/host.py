"""Memory of the host, as far as this process may use it.

Sizes are bytes. Containers count: what a cgroup forbids is not there, nor what `ulimit -v` does. Where a system does
not answer, the larger figure stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

try:
    import resource
except ImportError:  # Windows limits no addresses
    resource = None  # type: ignore[assignment]

from codereader.engine.hardware.sysfs import lines, number

_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that are available and that there are for this process, and what the machine has installed."""

    available: int
    total: int
    installed: int


def host_memory() -> Memory:
    """Return the smallest of the machine's memory, that of this process's cgroups, and the addresses it may use."""
    memory = psutil.virtual_memory()
    available, total = memory.available, memory.total
    for limit, used in _cgroup_limits():
        total = min(total, limit)
        available = min(available, max(0, limit - used))
    addresses = resource.getrlimit(resource.RLIMIT_AS)[0] if resource else -1
    if addresses >= 0:  # -1 stands for no limit
        available = min(available, max(0, addresses - psutil.Process().memory_info().vms))
    return Memory(available, total, memory.total)


def _cgroup_limits() -> list[tuple[int, int]]:
    """Return (limit, used) in bytes for each memory cgroup (versions 2 and 1) from this process's up to the root.

    Page cache that can be dropped at once is not counted as used.
    """
    limits = []
    for folder, limit_name, used_name in _memory_cgroups():
        limit, used = number(folder / limit_name), number(folder / used_name)
        if limit and used is not None:
            limits.append((limit, max(0, used - _droppable(folder))))
    return limits


def _memory_cgroups() -> list[tuple[Path, str, str]]:
    """Return the folders of this process's memory cgroups, with the names of their limit and usage files."""
    found = []
    for line in _own_cgroups():
        hierarchy, controllers, place = [*line.split(":", 2), "", ""][:3]
        if hierarchy == "0" and not controllers:
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
    return lines(Path("/proc/self/cgroup"))


def _droppable(folder: Path) -> int:
    """Return the bytes of page cache that a memory cgroup could drop, a model that was read before among them.

    Version 1 counts what is below it apart, as ``total_``.
    """
    told = dict(line.split(" ", 1) for line in lines(folder / "memory.stat") if " " in line)
    prefix = "total_" if "total_inactive_file" in told else ""
    values = [told.get(f"{prefix}{name}", "") for name in ("inactive_file", "active_file")]
    return sum(int(value) for value in values if value.isdecimal())
