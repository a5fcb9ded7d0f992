"""Bytes a second that the host's memory gives: measured once a machine, in a third of a second, and kept in the cache.

What a model answers from memory is bound by this. Measured is reading, on all fast cores at once, of more than the
processor's caches hold. One small file a machine: who it is about stands in its name, so another machine, or another
share of this one, is measured anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from codereader.config import make_private
from codereader.engine.hardware.cores import numa_nodes, usable_cores
from codereader.engine.hardware.host import host_memory
from codereader.engine.hardware.machine import Machine
from codereader.engine.hardware.sysfs import lines, text

if TYPE_CHECKING:
    import numpy

FOLDER = "hardware"
"""The folder in the cache where it is kept."""

ROUNDS, ROUND_SECONDS = 5, 0.04
"""How often it is measured, and for how long each time; making the buffers comes before that."""

SMALLEST_BUFFER = 128 << 20
LARGEST_BUFFER = 1 << 30
"""Bytes that all threads together read over and over: twice the last caches, between these."""

MEMORY_SHARE = 8
"""A probe takes at most one part of this many of the available memory; where that is too little, none runs."""

_PROCESSORS = Path("/sys/devices/system/cpu")
_CPUINFO = Path("/proc/cpuinfo")
_LEAST, _MOST = 1e8, 1e14
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def with_bandwidth(machine: Machine, cache: Path, *, probe: bool = False, again: bool = False) -> Machine:
    """Return *machine*, which is this one, with what its memory gives: as kept in *cache*.

    With *probe* it is measured where nothing is kept, with *again* in any case: see `host_bandwidth`. Without either
    this takes a millisecond, so it may stand where a person waits.
    """
    found = host_bandwidth(cache, again=again) if probe or again else known_bandwidth(cache)
    *others, host = machine.devices
    return replace(machine, devices=(*others, replace(host, bandwidth=found)), bandwidth=found)


def known_bandwidth(cache: Path) -> float:
    """Return what was measured of this machine before, bytes a second; 0 where nothing was."""
    try:
        kept = json.loads((_place(cache)).read_bytes())["bandwidth"]
        return float(kept) if _LEAST < float(kept) < _MOST else 0.0
    except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return 0.0


def host_bandwidth(cache: Path, *, again: bool = False) -> float:
    """Return what the host's memory gives, bytes a second: as kept in *cache*, else measured now and kept there.

    With *again* it is measured in any case, and the better figure kept: other programs only ever slow a probe down.
    0 where there is too little memory to tell. A cache that cannot be written costs a probe each time.
    """
    before = known_bandwidth(cache)
    if before and not again:
        return before
    found = probe()
    if found > before:
        with contextlib.suppress(OSError):
            _keep(_place(cache), found)
    return max(found, before)


def probe() -> float:
    """Measure bytes a second that all fast cores together read from memory: the best of some rounds.

    0 where memory is short.
    """
    total = min(max(2 * last_cache(), SMALLEST_BUFFER), LARGEST_BUFFER)
    threads = usable_cores().physical
    if total > host_memory().available // MEMORY_SHARE:
        return 0.0
    try:
        with ThreadPoolExecutor(threads) as pool:
            buffers = list(pool.map(_buffer, [total // threads] * threads))
            return max(_round(pool, buffers) for _ in range(ROUNDS))
    except (MemoryError, RuntimeError):  # no room for the buffers, or for a thread
        return 0.0


def last_cache() -> int:
    """Return the bytes of the processor's last caches, all of them together; 0 where the system does not tell."""
    found: dict[tuple[int, str], int] = {}
    for folder in sorted(_PROCESSORS.glob("cpu[0-9]*/cache/index*")):
        size = text(folder / "size")
        level = text(folder / "level")
        if level.isdecimal() and size[:-1].isdecimal():
            found[int(level), text(folder / "shared_cpu_list")] = int(size[:-1]) * _UNITS.get(size[-1], 0)
    last = max((level for level, _ in found), default=0)
    return sum(size for (level, _), size in found.items() if level == last)


def _buffer(size: int) -> numpy.ndarray:
    """Return *size* bytes that are really there, first touched by the thread that will read them."""
    import numpy

    return numpy.ones(size, dtype=numpy.uint8)


def _round(pool: ThreadPoolExecutor, buffers: list[numpy.ndarray]) -> float:
    """Return the bytes a second of all threads together, each reading its own buffer until the same moment."""
    end = time.perf_counter() + ROUND_SECONDS
    return sum(pool.map(lambda buffer: _read(buffer, end), buffers))


def _read(buffer: numpy.ndarray, end: float) -> float:
    """Return the bytes a second of reading *buffer* over and over until *end*, once at least."""
    import numpy

    begun = now = time.perf_counter()
    passes = 0
    while not passes or now < end:
        numpy.maximum.reduce(buffer)
        passes, now = passes + 1, time.perf_counter()
    return float(buffer.size * passes / max(now - begun, 1e-9))


def _place(cache: Path) -> Path:
    return cache / FOLDER / f"bandwidth-{_identity()}.json"


def _identity() -> str:
    """Return what tells this machine, and what this process may use of it, from others."""
    cores, memory = usable_cores(), host_memory()
    named = next((line.partition(":")[2].strip() for line in lines(_CPUINFO) if line.startswith("model name")), "")
    about = [
        platform.machine(), named or platform.processor(), os.cpu_count(), cores.physical, numa_nodes(),
        memory.installed,
    ]  # fmt: skip
    return hashlib.blake2b(json.dumps(about).encode(), digest_size=8).hexdigest()


def _keep(path: Path, bandwidth: float) -> None:
    """Write *bandwidth* whole or not at all. Raises: OSError."""
    make_private(path.parent)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump({"bandwidth": round(bandwidth)}, file)
        Path(draft).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(draft).unlink()
        raise
