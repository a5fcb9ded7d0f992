"""Machines that are not here, from the words that a person describes them with.

A device is ``NAME[:MEMORY][:BANDWIDTH][:COMPUTE][:LINK]``, the parts behind the name in any order: ``RTX
4070:16GiB:504GB/s:29TFLOPS:PCIe 4 x16``. What is left out comes from the profile of that name; ``4x NAME``, ``4 NAME``
and ``NAME x4`` are several. Sizes are bytes, rates bytes or operations a second. A GB of memory is 2^30 bytes, as those
mean it who sell cards and modules; a GB/s is 10^9 bytes a second. A bare number is taken by its place: GiB, GB/s,
TFLOPS.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from codereader.engine.hardware import profiles
from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.hardware.pcie import link_named
from codereader.engine.plan import size
from codereader.errors import UsageError

MOST_DEVICES = 16
"""As many as llama.cpp can spread a model over: llama_max_devices."""

ASSUMED_CORES = 8
"""Physical cores of a described machine where nobody says how many."""

EXAMPLE = "RTX 4070:16GiB:504GB/s:29TFLOPS"

_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_NUMBER = r"(\d{1,9}(?:\.\d{1,6})?)\s*"
_MEMORY = re.compile(_NUMBER + r"([mgt])(?:i?b)?", re.I)
_BANDWIDTH = re.compile(_NUMBER + r"([mgt])(i?)b(?:/s|ps|/sec)", re.I)
_COMPUTE = re.compile(_NUMBER + r"([gtp])flop(?:/?s)?", re.I)
_BARE = re.compile(r"\d{1,9}(?:\.\d{1,6})?")
_PLACES = ("GiB", "GB/s", "TFLOPS")
_ASIDE = re.compile(r"\([^()]*\)")
_COMMA = re.compile(r"\d,\d")
_SEVERAL = re.compile(r"(?P<count>\d{1,3})\s*[x×*]\s*(?P<name>.*)", re.I | re.S)
_SEVERAL_BEHIND = re.compile(
    r"(?P<name>.*\S)[\s(]+(?:[x×*]\s*(?P<count>\d{1,3})|(?P<other>\d{1,3})\s*[x×*])\s*\)?", re.I | re.S
)
_NUMBER_FIRST = re.compile(r"(?P<count>\d{1,3})\s+(?P<name>.*)", re.S)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a person said of a device; 0 where nothing."""

    memory: int = 0
    bandwidth: float = 0.0
    operations: float = 0.0
    link: float = 0.0


def machine_of(
    specs: Sequence[str],
    ram: int = 0,
    *,
    bandwidth: float = 0.0,
    cores: int = 0,
    here: Machine | None = None,
) -> Machine:
    """Return the machine that *specs* describe, the devices in their order and the host last.

    *ram* is the host's memory in bytes and *bandwidth* what it gives a second, 0 where it is not known. Without *ram*
    it is that of the machine described where one comes whole (a Mac), else that of *here*: the cards are thought to be
    put into it. A memory that CPU and GPU share is one pool, counted once; there *ram* picks among the sizes for sale.
    Of what is stated, drivers and the system keep their part: see `driver_bytes` and `system_bytes`.
    Raises: UsageError.
    """
    several = [_devices(spec, ram) for spec in specs]
    described = [(spec, made) for spec, found in zip(specs, several, strict=True) for made in found]
    whole = [(spec, profile) for spec, (_, profile) in described if profile is not None and profile.shares_memory]
    _check(len(described), whole, ram)
    devices = _numbered([device for _, (device, _) in described])
    if whole:
        pool = next(device for device in devices if device.shares_memory)
        return _host(devices, whole[0][1].memory, pool.bandwidth, cores or whole[0][1].cores, _called(several, 0))
    if ram:
        return _host(devices, ram, bandwidth, cores or ASSUMED_CORES, _called(several, ram))
    if here is not None:
        return _put_into(here, devices, bandwidth, cores, _called(several, 0))
    raise UsageError("the memory of the host is not said", hint="Pass --ram, such as --ram 64GiB.")


def ram_of(text: str) -> tuple[int, float]:
    """Return bytes and bytes a second of a ``--ram`` such as ``96GiB`` or ``96GiB:60GB/s``. Raises: UsageError."""
    stated = _stated(f"--ram {text!r}", text.split(":"))
    if not stated.memory or stated.operations or stated.link:
        raise UsageError(f"--ram {text!r} says no memory", hint="Pass a size, such as --ram 96GiB or 96GiB:60GB/s.")
    return stated.memory, stated.bandwidth


def driver_bytes(memory: int) -> int:
    """Return the bytes of a card's *memory* that its driver and the context of one program take.

    Half a GiB, or a hundredth where that is more: of a 24 GiB RTX 4090, 23.6 are free to llama.cpp on a machine without
    a screen, of 80 GiB on an H100 79.1. What a desktop shows on the card comes on top.
    """
    return max(1 << 29, memory // 100)


def system_bytes(memory: int) -> int:
    """Return the bytes of a host's *memory* that its system and other programs are thought to keep.

    An eighth, at most 4 GiB.
    """
    return min(4 << 30, memory // 8)


def _check(count: int, whole: Sequence[tuple[str, profiles.Profile]], ram: int) -> None:
    """Raise UsageError for too many devices, and for what cannot be one machine: *whole* are those that come whole."""
    if count > MOST_DEVICES:
        raise UsageError(
            f"--device describes {count} devices, and llama.cpp spreads a model over at most {MOST_DEVICES}",
            hint="Describe fewer devices.",
        )
    if len(whole) > 1:
        raise UsageError(
            f"{whole[1][0]!r} is a machine of its own, as {whole[0][0]!r} is",
            hint="Plan for one machine; several need a server such as vLLM, or llama.cpp's RPC between them.",
        )
    if whole and whole[0][1].backend == "Metal" and count > 1:
        raise UsageError(f"{whole[0][0]!r} takes no other device", hint="Plan for the Mac alone.")
    if whole and ram and abs(ram - whole[0][1].memory) * profiles.SIZE_SLACK > ram:
        pool = whole[0][1].memory
        raise UsageError(
            f"{whole[0][0]!r} shares its {size(pool)} between CPU and GPU, and --ram says {size(ram)}",
            hint="Leave --ram out, or write the size behind the name of the machine.",
        )


def _devices(spec: str, ram: int) -> list[tuple[Device, profiles.Profile | None]]:
    """Return the devices that one ``--device`` describes, with the profile they follow."""
    written, *parts = spec.split(":")
    count, name = _counted(written.strip())
    if not name or not 1 <= count <= MOST_DEVICES:
        raise UsageError(
            f"{spec!r} names no device" if not name else f"{spec!r}: {count} devices cannot be used",
            hint=f"Write a name and what is known of it: {EXAMPLE!r}; at most {MOST_DEVICES} devices.",
        )
    stated = _stated(f"{spec!r}", parts)
    sold = profiles.sizes_of(name)
    if "," in _ASIDE.sub("", name) and not (sold and sold[0].shares_memory):
        raise UsageError(
            f"{spec!r} has a comma, which parts machines of --compare only",
            hint="Write the system's memory as --ram 64GiB, and several devices as 'RTX 4090 + RTX 3090'.",
        )
    pool = ram if len(sold) > 1 and sold[0].shares_memory else 0
    profile = profiles.named(name, stated.memory or pool)
    if profile is None and (sold or not stated.memory):
        raise _unknown(spec, name, sold)
    if profile is not None and 0 < stated.memory < abs(stated.memory - profile.memory) * profiles.SIZE_SLACK:
        raise UsageError(
            f"{spec!r} says its memory twice: {size(profile.memory)} and {size(stated.memory)}",
            hint="Write it once, behind the name or as a part of its own.",
        )
    return [(_device(name, stated, profile), profile)] * count


def _counted(text: str) -> tuple[int, str]:
    """Return how many devices *text* names, and the name: ``4x NAME``, ``4 NAME``, ``NAME x4``, ``NAME (4x)``."""
    if found := _SEVERAL_BEHIND.fullmatch(text):
        return int(found["count"] or found["other"]), found["name"]
    if profiles.sizes_of(text):
        return 1, text
    if found := _SEVERAL.fullmatch(text):
        return int(found["count"]), found["name"].strip()
    if (found := _NUMBER_FIRST.fullmatch(text)) and profiles.sizes_of(found["name"]):
        return int(found["count"]), found["name"]
    return 1, text


def _unknown(spec: str, name: str, sold: Sequence[profiles.Profile]) -> UsageError:
    """Return the error for a device whose memory nobody says."""
    if sold:
        return UsageError(
            f"{spec!r}: {sold[0].name} is sold with several sizes of memory, and none is said",
            hint="Write " + " or ".join(repr(profile.label) for profile in sold) + ".",
        )
    near = profiles.near(name)
    meant = f"Did you mean {' or '.join(repr(other) for other in near)}? " if near else ""
    example = f"{profiles.name_alone(name)}:16GiB:504GB/s:29TFLOPS"
    return UsageError(
        f"{spec!r} is no card that is known by name, and its memory is not said",
        hint=f"{meant}State what it has: {example!r}. `--device list` shows what is known.",
    )


def _stated(where: str, parts: Sequence[str]) -> _Stated:
    """Return what *parts* say, in whatever order; empty ones say nothing.

    Raises: UsageError, its message beginning with *where*.
    """
    found: dict[str, float] = {}
    for place, part in enumerate(parts):
        if not part.strip():
            continue
        what, amount = _part(where, _with_unit(part.strip(), place))
        if what in found:
            raise UsageError(f"{where} says its {what} twice", hint=f"Write each once: {EXAMPLE!r}.")
        if not 0 < amount < 1e18:
            raise UsageError(f"{where}: a {what} of {part.strip()!r} cannot be", hint=f"Write it as in {EXAMPLE!r}.")
        found[what] = amount
    return _Stated(
        int(found.get("memory", 0)), found.get("bandwidth", 0.0), found.get("compute", 0.0), found.get("link", 0.0)
    )


def _with_unit(part: str, place: int) -> str:
    """Return *part*, a bare number with the unit that its place behind the name has."""
    return part + _PLACES[place] if _BARE.fullmatch(part) and place < len(_PLACES) else part


def _part(where: str, part: str) -> tuple[str, float]:
    """Return what one part speaks of, and how much: bytes, bytes a second, operations a second."""
    if match := _MEMORY.fullmatch(part):
        return "memory", round(float(match[1]) * 1024 ** _UNITS[match[2].lower()])
    if match := _BANDWIDTH.fullmatch(part):
        return "bandwidth", float(match[1]) * (1024 if match[3] else 1000) ** _UNITS[match[2].lower()]
    if match := _COMPUTE.fullmatch(part):
        return "compute", float(match[1]) * 1000 ** _UNITS[match[2].lower()]
    if (link := link_named(part)) is not None:
        return "link", link
    if _COMMA.search(part):
        raise UsageError(f"{where}: {part!r} has a comma", hint="Write numbers with a point and no commas: 16.5GiB.")
    raise UsageError(
        f"{where}: {part!r} is no memory (16GiB), bandwidth (504GB/s), compute (29TFLOPS) or link (PCIe 4 x16)",
        hint=f"Write it as in {EXAMPLE!r}, the parts behind the name in any order.",
    )


def _device(name: str, stated: _Stated, profile: profiles.Profile | None) -> Device:
    """Return the device: what is stated, the rest as the profile has it."""
    if profile is None:
        free = max(0, stated.memory - driver_bytes(stated.memory))
        bare = Device(name, name, "gpu", free, stated.memory, backend=_backend(name))
        return _with_rates(bare, stated)
    shared = profile.shares_memory
    free = profile.usable if shared else max(0, profile.usable - driver_bytes(profile.memory))
    device = Device(
        name=profile.label,
        description=profile.label,
        kind="integrated gpu" if shared else "gpu",
        free_bytes=min(free, profile.memory - system_bytes(profile.memory)) if shared else free,
        total_bytes=profile.usable if shared else profile.memory,
        backend=profile.backend,
        bandwidth=profile.bandwidth,
        operations=profile.operations,
        link=profile.link,
        shares_memory=shared,
    )
    return _with_rates(device, stated)


def _with_rates(device: Device, stated: _Stated) -> Device:
    return replace(
        device,
        bandwidth=stated.bandwidth or device.bandwidth,
        operations=stated.operations or device.operations,
        link=stated.link or device.link,
    )


def _backend(name: str) -> str:
    """Return what would drive a card that no profile names, by words of its makers; empty without them."""
    words = set(re.findall(r"[a-z]+", name.lower()))
    if words & {"nvidia", "geforce", "rtx", "gtx", "quadro", "tesla"}:
        return "CUDA"
    if words & {"amd", "radeon", "rx", "instinct"}:
        return "ROCm"
    return "Vulkan" if words & {"intel", "arc"} else ""


def _numbered(devices: Sequence[Device]) -> tuple[Device, ...]:
    """Return *devices* with names that differ and sort in their order: ``RTX 4090 #2``, of sixteen ``T4 #02``."""
    names = [device.name for device in devices]
    made = []
    for place, device in enumerate(devices):
        again = names[:place].count(device.name)
        count = names.count(device.name)
        number = f"{again + 1:0{len(str(count))}}"
        made.append(device if count == 1 else replace(device, name=f"{device.name} #{number}"))
    return tuple(made)


def _host(devices: tuple[Device, ...], ram: int, bandwidth: float, cores: int, name: str) -> Machine:
    available = ram - system_bytes(ram)
    host = Device("CPU", "host memory", "cpu", available, ram, backend="CPU", bandwidth=bandwidth)
    return Machine(
        devices=(*devices, host),
        memory_available=available,
        memory_total=ram,
        physical_cores=cores,
        logical_cores=cores,
        can_offload=bool(devices),
        bandwidth=bandwidth,
        name=name,
    )


def _put_into(here: Machine, devices: tuple[Device, ...], bandwidth: float, cores: int, name: str) -> Machine:
    """Return *here* with *devices* in place of its own; *bandwidth*, where it is said, instead of what was measured."""
    rate = bandwidth or here.bandwidth
    host = replace(here.devices[-1], bandwidth=rate)
    return replace(
        here,
        devices=(*devices, host),
        physical_cores=cores or here.physical_cores,
        logical_cores=max(cores, here.logical_cores),
        can_offload=bool(devices),
        bandwidth=rate,
        bandwidth_measured=here.bandwidth_measured and not bandwidth,
        name=name,
    )


def _called(several: Sequence[Sequence[tuple[Device, profiles.Profile | None]]], ram: int) -> str:
    """Return what to call the machine: what its devices are known by, and its memory."""
    names = [(len(found), found[0][0].name) for found in several]
    told = [f"{count}x {name}" if count > 1 else name for count, name in names]
    return " + ".join([*(told or ["CPU"]), *([f"{size(ram)} RAM"] if ram else [])])
