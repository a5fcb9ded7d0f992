"""Bytes a second that the host's memory gives: measured once a machine, in a third of a second, and kept in the cache.

What a model answers from memory is bound by this. Measured is reading, on all fast cores at once, of more than the
processor's caches hold. One small file a machine: who it is about stands in its name, so another machine, or another
share of this one, is measured anew. A figure of a busy machine is kept until a quiet moment shows a better one.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import platform
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from codereader.cancel import CancelToken
from codereader.config import write_whole
from codereader.engine.hardware.busy import BUSY, Watch
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

PIECE = 16 << 20
"""Bytes that are written or read at once: between two pieces a probe can be stopped."""

MEMORY_SHARE = 8
"""A probe takes at most one part of this many of the available memory; where that is too little, none runs."""

AGAIN_SECONDS = 300
"""A figure that was measured on a busy machine is believed for so long, then measured again."""

_PROCESSORS = Path("/sys/devices/system/cpu")
_CPUINFO = Path("/proc/cpuinfo")
_LEAST, _MOST = 1e8, 1e14
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True, slots=True)
class Reading:
    """Bytes a second, 0 where nothing is kept. `provisional`: other programs were busy while it was measured."""

    bandwidth: float
    provisional: bool = False
    is_old: bool = field(default=False, compare=False)
    """Whether it is as old as `AGAIN_SECONDS`, or from a clock that has been set back since."""


def with_bandwidth(machine: Machine, cache: Path, *, probe: bool = False, again: bool = False) -> Machine:
    """Return *machine*, which is this one, with what its memory gives: as kept in *cache*.

    With *probe* it is measured where nothing is kept, with *again* in any case: see `host_bandwidth`. Without either
    this takes a millisecond, so it may stand where a person waits.
    """
    found = host_bandwidth(cache, again=again) if probe or again else known_bandwidth(cache)
    *others, host = machine.devices
    devices = (*others, replace(host, bandwidth=found))
    return replace(machine, devices=devices, bandwidth=found, bandwidth_measured=found > 0)


def known_bandwidth(cache: Path) -> float:
    """Return what was measured of this machine before, bytes a second; 0 where nothing was."""
    return _kept(_place(cache)).bandwidth


def host_bandwidth(cache: Path, *, again: bool = False) -> float:
    """Return what the host's memory gives, bytes a second: as kept in *cache*, else measured now and kept there.

    What was measured beside the work of others is provisional: it is measured again `AGAIN_SECONDS` later, or at once
    with *again*. The better figure is kept in any case: others only ever slow a probe down.
    0 where there is too little memory to tell. A cache that cannot be written costs a probe each time.
    """
    place = _place(cache)
    before = _kept(place)
    if before.bandwidth and not again and not (before.provisional and before.is_old):
        return before.bandwidth
    found, disturbed = probe()
    if not found:
        return before.bandwidth
    before = _kept(place)  # another process may have measured meanwhile, and each has disturbed the other
    settled = not disturbed or (before.bandwidth > 0 and not before.provisional)
    better = Reading(max(found, before.bandwidth), provisional=not settled)
    if better != before or better.provisional:
        said = {"bandwidth": round(better.bandwidth), "provisional": better.provisional}
        with contextlib.suppress(OSError):
            write_whole(place, json.dumps(said).encode())
    return better.bandwidth


def probe() -> tuple[float, bool]:
    """Measure bytes a second that all fast cores together read from memory: the best of some rounds.

    0 where memory is short. Beside it, whether the work of others took too much of the cores for it to be believed.
    """
    total = min(max(2 * last_cache(), SMALLEST_BUFFER), LARGEST_BUFFER)
    threads = usable_cores().physical
    if total > host_memory().available // MEMORY_SHARE:
        return 0.0, False
    stop = CancelToken()
    try:
        import numpy  # noqa: F401 - here, where Ctrl-C is heard: the threads find it imported

        with ThreadPoolExecutor(threads) as pool, _stopping(stop):
            buffers = list(pool.map(lambda size: _buffer(size, stop), [total // threads] * threads))
            watch = Watch()
            best = max(_round(pool, buffers, stop) for _ in range(ROUNDS))
            return best, watch.others(threads) >= BUSY
    except (MemoryError, RuntimeError):  # no room for the buffers, or for a thread
        return 0.0, False


@contextlib.contextmanager
def _stopping(stop: CancelToken) -> Iterator[None]:
    """Set *stop* at the end, however that comes, so that no thread goes on."""
    try:
        yield
    finally:
        stop.cancel()


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


def _buffer(size: int, stop: CancelToken) -> Iterator[numpy.ndarray]:
    """Return *size* bytes that are really there, in pieces, over and over: for the thread that touches them first here.

    Fewer of them are there once *stop* is set.
    """
    import numpy

    whole = numpy.empty(size, dtype=numpy.uint8)
    pieces = [whole[at : at + PIECE] for at in range(0, size, PIECE)]
    for piece in pieces:
        if not stop.cancelled:
            piece.fill(1)
    return itertools.cycle(pieces)


def _round(pool: ThreadPoolExecutor, buffers: list[Iterator[numpy.ndarray]], stop: CancelToken) -> float:
    """Return the bytes a second of all threads together, each reading its own buffer until the same moment."""
    end = time.perf_counter() + ROUND_SECONDS
    return sum(pool.map(lambda buffer: _read(buffer, end, stop), buffers))


def _read(buffer: Iterator[numpy.ndarray], end: float, stop: CancelToken) -> float:
    """Return the bytes a second of reading *buffer* on from where it was, over and over, until *end* or *stop*."""
    import numpy

    begun = now = time.perf_counter()
    read = 0
    while not stop.cancelled and (not read or now < end):
        piece = next(buffer)
        numpy.maximum.reduce(piece)
        read, now = read + piece.size, time.perf_counter()
    return float(read / max(now - begun, 1e-9))


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


def _kept(path: Path) -> Reading:
    """Return what the file at *path* keeps; nothing for anything that was not written here."""
    try:
        age = time.time() - path.stat().st_mtime
        said = json.loads(text(path))
        bandwidth = float(said["bandwidth"])
        provisional = bool(said.get("provisional", True))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return Reading(0.0)
    is_old = not 0 <= age < AGAIN_SECONDS
    return Reading(bandwidth, provisional, is_old) if _LEAST < bandwidth < _MOST else Reading(0.0)
