"""What to do about a card that is there and cannot be used."""

from __future__ import annotations

import importlib.util
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from codereader.engine.hardware import rebuild
from codereader.engine.hardware.devices import host_only, inventory
from codereader.engine.hardware.machine import Build, Device, Machine
from codereader.engine.hardware.rebuild import advice, command, repair
from codereader.engine.hardware.seen import Card

NVIDIA = Card("NVIDIA", "NVIDIA GeForce RTX 4090", "0000:01:00.0")
AMD = Card("AMD", "AMD Radeon RX 7900 XTX", "0000:41:00.0")
INTEL = Card("Intel", "Intel Arc B580", "0000:03:00.0")
APPLE = Card("Apple", "the GPU of this Mac")


def machine(*devices: Device, backends: tuple[str, ...] = ("CPU",)) -> Machine:
    here = inventory()
    return replace(here, devices=(*devices, here.devices[-1]), build=Build("0.3.36", "", "", backends))


def device(backend: str, description: str, pci: str = "") -> Device:
    return Device(f"{backend}0", description, "gpu", 1, 1, backend=backend, pci=pci)


def everything(tool: str) -> str:
    return tool


def nothing(tool: str) -> None:
    return None


@pytest.mark.parametrize(
    ("card", "option", "kit"),
    [(NVIDIA, "-DGGML_CUDA=on", "nvcc"), (AMD, "-DGGML_HIP=on", "ROCm"), (INTEL, "-DGGML_VULKAN=on", "glslc"),
     (APPLE, "-DGGML_METAL=on", "xcode-select")],
)  # fmt: skip
def test_an_unused_card_brings_the_command_that_builds_for_it(monkeypatch, card, option, kit):
    """The option of its vendor, the same version, what it is built with; a kit that is here is not called missing."""
    monkeypatch.setattr(rebuild, "_WINDOWS", False)

    (one,) = advice(machine(), [card], everything)

    assert card.name in one.problem
    assert option in one.mend
    assert "--force-reinstall --no-cache-dir llama-cpp-python==0.3.36" in one.mend
    assert kit in one.mend
    assert ("needs a C++ compiler and " in one.mend) != ("needs Apple's command line tools" in one.mend)
    assert "not found" not in one.mend


def test_a_missing_kit_is_told():
    """Without the compiler of CUDA the command cannot work yet."""
    (one,) = advice(machine(), [NVIDIA], nothing)

    assert ("nvcc" in one.mend, Path("/usr/local/cuda/bin/nvcc").exists()) == (True, "not found here" not in one.mend)


def test_amd_without_rocm_is_driven_by_vulkan(monkeypatch):
    """Where ROCm's compiler is missing, the small kit of Vulkan does."""
    monkeypatch.setattr(rebuild, "_aside", lambda tool: False)

    (one,) = advice(machine(), [AMD], nothing)

    assert "built without Vulkan" in one.problem
    assert "-DGGML_VULKAN=on" in one.mend


@pytest.mark.parametrize(
    "used",
    [
        device("CUDA", "NVIDIA GeForce RTX 4090", NVIDIA.pci),
        device("CUDA", "NVIDIA GeForce RTX 4090"),
        device("Vulkan", "NVIDIA GeForce RTX 4090"),
    ],
)
def test_a_card_that_is_used_needs_nothing(used):
    """By its place, or by its vendor where a driver does not tell the place."""
    assert () == advice(machine(used, backends=("CPU", used.backend)), [NVIDIA])


def test_a_second_card_of_another_vendor_is_told():
    """A card of AMD beside one that is used through CUDA is not used."""
    found = advice(machine(device("CUDA", "NVIDIA", NVIDIA.pci), backends=("CUDA", "CPU")), [NVIDIA, AMD], everything)

    assert [(AMD,)] == [one.cards for one in found]


def test_one_command_builds_for_all_and_keeps_what_is_built(monkeypatch):
    """Two vendors at once, or one beside what is there: a second command would undo the first."""
    monkeypatch.setattr(rebuild, "_WINDOWS", False)
    (both,) = advice(machine(), [NVIDIA, INTEL], everything)
    (more,) = advice(machine(device("CUDA", "NVIDIA", NVIDIA.pci), backends=("CUDA", "CPU")), [NVIDIA, AMD], everything)

    assert 'CMAKE_ARGS="-DGGML_CUDA=on -DGGML_VULKAN=on"' in both.mend
    assert f"{NVIDIA.name} and {INTEL.name} are there" in both.problem
    assert 'CMAKE_ARGS="-DGGML_CUDA=on -DGGML_HIP=on"' in more.mend


def test_several_cards_of_one_vendor_need_one_command():
    """Four cards that are not used are one finding."""
    cards = [replace(NVIDIA, pci=f"0000:0{place}:00.0") for place in range(4)]

    assert 1 == len(advice(machine(), cards, everything))


def test_a_driver_that_shows_nothing_is_to_be_looked_at():
    """A build for CUDA without a device is no matter of building."""
    (one,) = advice(machine(backends=("CUDA", "CPU")), [NVIDIA], everything)

    assert "driver" in one.problem
    assert "nvidia-smi" in one.mend
    assert "CMAKE_ARGS" not in one.mend


def test_a_translated_python_is_to_be_replaced(monkeypatch):
    """On a Mac an Intel build of Python has no Metal, whatever is rebuilt."""
    monkeypatch.setattr(rebuild, "runs_translated", lambda: True)

    (one,) = advice(machine(), [APPLE], everything)

    assert "arm64" in one.mend


def test_the_command_names_the_python_that_runs(monkeypatch, tmp_path):
    """Not whatever python the shell would find, and quoted as that shell wants it."""
    place = str(tmp_path / "a folder" / "python3")
    monkeypatch.setattr(sys, "executable", place)
    monkeypatch.setattr(rebuild, "_WINDOWS", False)

    words = shlex.split(command(["CUDA"], "0.3.36"))

    assert ["CMAKE_ARGS=-DGGML_CUDA=on", place, "-m", "pip", "install"] == words[:5]


def test_without_pip_uv_builds(monkeypatch):
    """Environments that uv made have no pip."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    assert "uv pip install --python" in command(["CUDA"])


def test_powershell_sets_variables_its_own_way(monkeypatch):
    """On Windows the command is one for PowerShell."""
    monkeypatch.setattr(rebuild, "_WINDOWS", True)

    assert command(["CUDA"]).startswith("$env:CMAKE_ARGS='-DGGML_CUDA=on'; & ")


def test_where_a_driver_crashed_nothing_is_to_be_built():
    """Which devices there are is not known then; without the library the command builds it for the card at once."""
    crashed = host_only("listing the devices ended with signal 11 (SIGSEGV)")
    missing = host_only("cannot load the llama.cpp library: No module named 'llama_cpp'")

    assert () == advice(crashed, [NVIDIA], everything)
    assert ["-DGGML_CUDA=on" in one.mend for one in advice(missing, [NVIDIA], everything)] == [True]


def test_trouble_has_a_way_out():
    """A library that cannot be loaded is installed again; a driver that crashed is another matter."""
    broken = host_only("cannot load the llama.cpp library: libgomp.so.1 is missing")

    assert "--force-reinstall" in repair(broken)
    assert "driver" in repair(host_only("listing the devices ended with signal 11 (SIGSEGV)"))
