"""What to do about a graphics processor that is there and that this llama.cpp cannot use.

A wheel of llama-cpp-python is built for one part of ggml; the command here builds another, from the sources that pip
fetches. Nothing is run.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.hardware.seen import Card, runs_translated

PACKAGE = "llama-cpp-python"

_WINDOWS = os.name == "nt"

_OPTIONS = {"CUDA": "-DGGML_CUDA=on", "ROCm": "-DGGML_HIP=on", "Vulkan": "-DGGML_VULKAN=on", "Metal": "-DGGML_METAL=on"}

_TOOLS: dict[str, tuple[str, ...]] = {"CUDA": ("nvcc",), "ROCm": ("hipconfig",), "Vulkan": ("glslc",), "Metal": ("cc",)}
"""Programs of the kit that each part is built with."""

_KITS = {
    "CUDA": "the CUDA toolkit (nvcc)",
    "ROCm": "ROCm (hipconfig, hipBLAS, rocBLAS)",
    "Vulkan": "the Vulkan SDK (on Debian and Ubuntu: libvulkan-dev glslc spirv-headers)",
    "Metal": "Apple's command line tools (xcode-select --install)",
}
_CHECKS = {"CUDA": "nvidia-smi", "ROCm": "rocminfo", "Vulkan": "vulkaninfo --summary"}
"""Programs of the drivers that list what they see."""

_NOT_LOADED = "cannot load the llama.cpp library"
"""How the trouble begins that `native.llama` tells of."""

_PARTS = {"NVIDIA": ("CUDA", "Vulkan"), "AMD": ("ROCm", "Vulkan"), "Intel": ("Vulkan", "SYCL"), "Apple": ("Metal",)}
"""The parts of ggml that can use a vendor's processors, the one to build first."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What is wrong with some cards, in a sentence, and the command that mends it."""

    cards: tuple[Card, ...]
    problem: str
    mend: str


def advice(
    machine: Machine, cards: Sequence[Card], find: Callable[[str], str | None] = shutil.which
) -> tuple[Advice, ...]:
    """Return what to do about those of *cards* that *machine* cannot use, of each vendor the first.

    What is to be built is one command, which keeps what is built in already. None where a driver ended the question
    which devices there are. *find* tells where a program lies, None where it is missing.
    """
    if machine.trouble and not machine.trouble.startswith(_NOT_LOADED):
        return ()
    unused: dict[str, Card] = {}
    for card in cards:
        if not is_used(card, machine):
            unused.setdefault(card.vendor, card)
    mended = {card: one for card in unused.values() if (one := _without_building(card, machine)) is not None}
    to_build = {card: _to_build(card, find) for card in unused.values() if card not in mended}
    return (*mended.values(), *([_building(to_build, machine, find)] if to_build else []))


def command(parts: Sequence[str], version: str = "") -> str:
    """Return the command that builds llama-cpp-python with *parts* of ggml for this Python: on Windows for PowerShell.

    *version* is the one to build, empty for the newest.
    """
    install = _installer(version, only="--no-deps ")
    options = " ".join(_OPTIONS[part] for part in parts)
    if _WINDOWS:
        return f"$env:CMAKE_ARGS='{options}'; & {install}"
    compiler = 'HIPCXX="$(hipconfig -l)/clang" HIP_PATH="$(hipconfig -R)" ' if "ROCm" in parts else ""
    return f'{compiler}CMAKE_ARGS="{options}" {install}'


def repair(machine: Machine) -> str:
    """Return what to try where *machine* has `trouble`: its llama.cpp cannot be loaded, or a driver does not answer."""
    if machine.trouble.startswith(_NOT_LOADED):
        return f"{_installer()}   (on Linux it needs the system's libgomp)"
    return "update the driver of the graphics card; CUDA_VISIBLE_DEVICES=-1 in the environment leaves NVIDIA's out"


def is_used(card: Card, machine: Machine) -> bool:
    """Whether a device of *machine* is *card*: at the same place, or of its vendor where a place is not known."""
    return any(
        device.pci == card.pci if device.pci and card.pci else _is_of(card.vendor, device)
        for device in machine.layer_devices
    )


def _is_of(vendor: str, device: Device) -> bool:
    if device.backend in ("CUDA", "ROCm", "Metal"):
        return device.backend == _PARTS[vendor][0]
    said = device.description.lower()
    words = {"NVIDIA": ("nvidia", "geforce"), "AMD": ("amd", "radeon"), "Intel": ("intel", "arc"), "Apple": ("apple",)}
    return any(word in said for word in words[vendor])


def _without_building(card: Card, machine: Machine) -> Advice | None:
    """Return what to do about *card* where building llama.cpp would not help, None where it would."""
    if card.vendor == "Apple" and runs_translated():
        problem = f"{card.name} is not used: this Python is built for Intel, and Metal needs one for Apple's processors"
        return Advice((card,), problem, f"install a Python for arm64, then there: {_bare(machine)}")
    built = next((part for part in _PARTS[card.vendor] if part in machine.build.backends), None)
    if built is None:
        return None
    problem = f"{card.name} is there, and this llama.cpp is built for {built}, but its driver shows no such card"
    hidden = ", and CUDA_VISIBLE_DEVICES must not hide it" if built == "CUDA" else ""
    return Advice((card,), problem, f"{_CHECKS.get(built, 'codereader doctor')}   (it should list the card{hidden})")


def _building(to_build: Mapping[Card, str], machine: Machine, find: Callable[[str], str | None]) -> Advice:
    """Return the command that builds what is wanted for each card, beside what is built in."""
    new = tuple(dict.fromkeys(to_build.values()))
    names, are = " and ".join(card.name for card in to_build), "are" if len(to_build) > 1 else "is"
    problem = f"{names} {are} there, but this llama.cpp is built without {' and '.join(new)}"
    kept = [part for part in machine.build.backends if part in _OPTIONS]
    mend = f"{command((*kept, *new), machine.build.binding)}   (needs {_needed(new, find)})"
    return Advice(tuple(to_build), problem, mend)


def _needed(parts: Sequence[str], find: Callable[[str], str | None]) -> str:
    """Return what *parts* are built with, and which of it is not here."""
    kits = [_KITS[part] for part in parts]
    kits = kits if parts == ("Metal",) else ["a C++ compiler", *kits]
    missing = [tool for part in parts for tool in _TOOLS[part] if not _has(tool, find)]
    told = " and ".join(filter(None, [", ".join(kits[:-1]), kits[-1]]))
    return f"{told}; not found here: {', '.join(missing)}" if missing else told


def _bare(machine: Machine) -> str:
    wanted = f"{PACKAGE}=={machine.build.binding}" if machine.build.binding else PACKAGE
    return f"python -m pip install {wanted}"


def _to_build(card: Card, find: Callable[[str], str | None]) -> str:
    """Return the part of ggml to build: the vendor's own; for AMD on Windows or without ROCm's compiler Vulkan."""
    part = _PARTS[card.vendor][0]
    return "Vulkan" if part == "ROCm" and (_WINDOWS or not _has_kit(part, find)) else part


def _has_kit(part: str, find: Callable[[str], str | None]) -> bool:
    return all(_has(tool, find) for tool in _TOOLS[part])


def _has(tool: str, find: Callable[[str], str | None]) -> bool:
    return find(tool) is not None or _aside(tool)


def _aside(tool: str) -> bool:
    """Whether *tool* lies where its kit puts it, though not on the PATH."""
    places = {"nvcc": Path("/usr/local/cuda/bin/nvcc"), "hipconfig": Path("/opt/rocm/bin/hipconfig")}
    return tool in places and places[tool].exists()


def _installer(version: str = "", only: str = "") -> str:
    """Return how to build the package anew for this Python: with its pip, else with uv. *only* is an option more."""
    wanted = f"{PACKAGE}=={version}" if version else PACKAGE
    if importlib.util.find_spec("pip") is None:
        where = _quoted(sys.executable)
        return f"uv pip install --python {where} {only}--no-binary {PACKAGE} --reinstall --no-cache {wanted}"
    return f"{python()} -m pip install {only}--no-binary {PACKAGE} --force-reinstall --no-cache-dir {wanted}"


def python() -> str:
    """Return what to type to run this Python: its name where that finds it, else where it lies."""
    name = Path(sys.executable).name
    found = shutil.which(name)
    is_found = found is not None and Path(found) == Path(sys.executable)
    return name if is_found else _quoted(sys.executable)


def _quoted(path: str) -> str:
    return f"'{path}'" if _WINDOWS else shlex.quote(path)
