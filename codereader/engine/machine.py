"""What a machine offers to a model: devices, memory, cores, and the llama.cpp that drives them.

Sizes are bytes. Plain data: knows nothing of how it was measured, so a plan can be made for a machine that is not here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

DeviceKind = Literal["cpu", "gpu", "integrated gpu", "accelerator", "meta"]


@dataclass(frozen=True, slots=True)
class Device:
    """One device as ggml names it. `free_bytes` and `total_bytes` are its own memory; the host's for ``cpu``."""

    name: str
    description: str
    kind: DeviceKind
    free_bytes: int
    total_bytes: int

    @property
    def holds_layers(self) -> bool:
        """Whether layers of a model can be placed here instead of in the host's memory."""
        return self.kind in ("gpu", "integrated gpu")


@dataclass(frozen=True, slots=True)
class Build:
    """Versions for `doctor`: the Python binding, llama.cpp itself, and the CPU features it was compiled for."""

    binding: str = ""
    llama_cpp: str = ""
    features: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything that `plan` looks at.

    `memory_available` is what a new process may take without swapping, container limits included. `physical_cores`
    and `logical_cores` count only the cores that this process may run on.
    """

    devices: tuple[Device, ...]
    memory_available: int
    memory_total: int
    physical_cores: int
    logical_cores: int
    can_offload: bool = False
    build: Build = field(default_factory=Build)

    @property
    def layer_devices(self) -> tuple[Device, ...]:
        """The devices that can hold layers, the one with the most free memory first."""
        able = [device for device in self.devices if device.holds_layers]
        return tuple(sorted(able, key=lambda device: (-device.free_bytes, device.name)))
