"""Graphics processors that the system shows, whether llama.cpp can use them or not.

Asked without any driver's library: on Linux the PCI bus, on Windows the registry, on a Mac the kind of its processor.
Processors that are no help to a model are left out: those inside Intel's and AMD's chips that have little memory of
their own, and what virtual machines and servers show a console with.
"""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from codereader.engine.hardware.cores import system_number
from codereader.engine.hardware.pcie import is_address
from codereader.engine.hardware.sysfs import lines, number, text

Vendor = Literal["NVIDIA", "AMD", "Intel", "Apple"]

SMALLEST_MEMORY = 2 << 30
"""Bytes that an AMD processor has of its own at least to be worth it: those inside a chip are given less."""

_VENDORS: dict[str, Vendor] = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
_BUS = Path("/sys/bus/pci/devices")
_DISPLAY, _ACCELERATOR = "0x03", "0x12"
"""Classes of the PCI bus: display controllers, and processing accelerators, which AMD's Instinct cards are."""

_STRIX_HALO = "0x1586"
_INSIDE_INTEL = "0000:00:02.0"
"""Where the graphics of Intel's processors sit."""

_NAMES = (Path("/usr/share/hwdata/pci.ids"), Path("/usr/share/misc/pci.ids"), Path("/usr/share/pci.ids"))
_NVIDIA = Path("/proc/driver/nvidia/gpus")
_WINDOWS_LINUX = Path("/usr/lib/wsl/lib/libcuda.so.1")
_TEGRA = Path("/proc/device-tree/compatible")
_CLASSES = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
"""Where Windows keeps its display adapters."""

_BRACKETED = re.compile(r".*\[(.+)\]")
_MOST_ADAPTERS = 64


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics processor. `pci` is its place on the bus where the system tells it; `name` comes from the system."""

    vendor: Vendor
    name: str
    pci: str = ""


def cards() -> tuple[Card, ...]:
    """Return the graphics processors worth using that the system shows, in the order of their places."""
    if sys.platform == "darwin":
        return _mac()
    return _windows() if sys.platform == "win32" else _linux()


def runs_translated() -> bool:
    """Whether this Python is built for Intel and runs on a Mac of Apple's processors, where it has no Metal."""
    return sys.platform == "darwin" and platform.machine() == "x86_64" and system_number(b"hw.optional.arm64") == 1


def _mac() -> tuple[Card, ...]:
    if platform.machine() != "arm64" and not runs_translated():
        return ()
    return (Card("Apple", "the GPU of this Mac"),)


def _linux() -> tuple[Card, ...]:
    found = [card for folder in sorted(_BUS.glob("*")) if (card := _on_bus(folder)) is not None]
    nvidia = any(card.vendor == "NVIDIA" for card in found)
    if not nvidia and _WINDOWS_LINUX.exists():
        found.append(Card("NVIDIA", "an NVIDIA card of the Windows around this Linux"))
    elif not nvidia and "nvidia,tegra" in text(_TEGRA):
        found.append(Card("NVIDIA", "the GPU of this NVIDIA Jetson"))
    return tuple(found)


def _on_bus(folder: Path) -> Card | None:
    """Return the graphics processor at *folder* of the PCI bus, None where it is none that helps."""
    vendor, kind = _VENDORS.get(text(folder / "vendor")), text(folder / "class")
    if vendor is None or not is_address(folder.name):
        return None
    if not kind.startswith(_DISPLAY) and not (vendor == "AMD" and kind.startswith(_ACCELERATOR)):
        return None
    if not _helps(vendor, folder):
        return None
    return Card(vendor, _name(vendor, folder), folder.name)


def _helps(vendor: Vendor, folder: Path) -> bool:
    if vendor == "Intel":
        return folder.name != _INSIDE_INTEL
    memory = number(folder / "mem_info_vram_total")
    return vendor != "AMD" or memory is None or memory >= SMALLEST_MEMORY or text(folder / "device") == _STRIX_HALO


def _name(vendor: Vendor, folder: Path) -> str:
    """Return what the card is called: by its driver, else by the system's list of names, else by its numbers."""
    for line in lines(_NVIDIA / folder.name / "information"):
        if line.startswith("Model:"):
            return line.partition(":")[2].strip()
    device = text(folder / "device")
    listed = _listed(text(folder / "vendor"), device) if device else ""
    return f"{vendor} {listed}" if listed else f"an {vendor} card ({device or 'unknown'})"


def _listed(vendor: str, device: str) -> str:
    """Return the name of a device in the list that comes with the system, empty without it: ``GeForce RTX 4090``."""
    inside = False
    for line in next((whole for path in _NAMES if (whole := _whole(path))), "").splitlines():
        if line and line[0] not in "\t#":
            inside = line.startswith(vendor.removeprefix("0x"))
        elif inside and line.startswith("\t" + device.removeprefix("0x")):
            words = line.split(None, 1)[1]
            marked = _BRACKETED.match(words)
            return marked[1] if marked else words
    return ""


def _whole(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _windows() -> tuple[Card, ...]:
    """Return the adapters that the registry lists as PCI devices, each name once."""
    if sys.platform != "win32":
        return ()
    import winreg

    found: dict[str, Card] = {}
    for place in range(_MOST_ADAPTERS):
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, rf"{_CLASSES}\{place:04}") as key:
                name, known = (str(winreg.QueryValueEx(key, value)[0]) for value in ("DriverDesc", "MatchingDeviceId"))
        except OSError:
            continue
        card = adapter(name, known)
        if card is not None:
            found.setdefault(name, card)
    return tuple(found.values())


def adapter(name: str, known: str) -> Card | None:
    r"""Return the adapter that Windows calls *name* and knows as ``PCI\VEN_10DE&DEV_2684``, None for one of no help."""
    match = re.match(r"pci\\ven_([0-9a-f]{4})", known, re.I)
    vendor = _VENDORS.get(f"0x{match[1].lower()}") if match else None
    inside = re.search(r"\b(?:UHD|HD|Iris)\b|Radeon(?:\(TM\))? Graphics$", name) is not None
    return None if vendor is None or inside else Card(vendor, name)
