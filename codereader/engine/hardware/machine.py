"""What a machine offers to a model: devices, memory, cores, and the llama.cpp that drives them.

Sizes are bytes, rates bytes or operations a second. Plain data: knows nothing of how it was measured, so a plan can be
made for a machine that is not here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

DeviceKind = Literal["cpu", "gpu", "integrated gpu", "accelerator", "meta"]


@dataclass(frozen=True, slots=True)
class Device:
    """One device as ggml names it. `free_bytes` and `total_bytes` are its own memory; the host's for ``cpu``.

    `bandwidth` (bytes a second of its memory), `operations` (f16 floating-point operations a second) and `link` (bytes
    a second between it and the host's memory) are peaks as the maker states them, 0 where they are not known; for
    ``cpu`` the `bandwidth` is the machine's.
    """

    name: str
    description: str
    kind: DeviceKind
    free_bytes: int
    total_bytes: int
    backend: str = ""
    """Which part of ggml drives it: ``CUDA``, ``ROCm``, ``Metal``, ``Vulkan``, ``RPC``, ``CPU`` ...; empty: unknown."""
    bandwidth: float = 0.0
    operations: float = 0.0
    link: float = 0.0
    shares_memory: bool = False
    """Whether its memory is the host's, so that what one takes the other has not."""
    pci: str = ""
    """Where it sits, as ``0000:01:00.0``; empty where it is not on the bus or ggml does not say."""

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
    backends: tuple[str, ...] = ()
    """The parts of ggml that are in it, named as a `Device.backend`, whether they found a device or not."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything that a plan looks at.

    `memory_available` is what a new process may take without swapping, container limits included. `physical_cores`
    and `logical_cores` count only the cores that this process may run on; where some are slow, `physical_cores` are
    the fast ones, since the slow ones hold up the others at the end of each operation. `bandwidth` is what the host's
    memory gives in bytes a second, 0 where it is not known: the peak that its maker states, or with
    `bandwidth_measured` what reading it really reached here, which is less.
    """

    devices: tuple[Device, ...]
    """In ggml's order, the host last."""
    memory_available: int
    memory_total: int
    physical_cores: int
    logical_cores: int
    can_offload: bool = False
    build: Build = field(default_factory=Build)
    bandwidth: float = 0.0
    bandwidth_measured: bool = False
    name: str = ""
    """What a machine that is only described was called; empty for this one."""
    efficiency_cores: int = 0
    """Slow physical cores that are not among `physical_cores`."""
    numa_nodes: int = 0
    """Nodes that have memory of their own, 0 where the system does not say."""
    memory_installed: int = 0
    """What the machine has, of which a container may leave less as `memory_total`; 0 where it is not known."""
    trouble: str = ""
    """Why the devices of llama.cpp could not be asked, one sentence; empty where they could."""

    @property
    def layer_devices(self) -> tuple[Device, ...]:
        """The devices that can hold layers, the one with the most free memory first."""
        able = [device for device in self.devices if device.holds_layers]
        return tuple(sorted(able, key=lambda device: (-device.free_bytes, device.name)))
