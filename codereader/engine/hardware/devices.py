"""The devices of this machine, asked of ggml through its C interface; it works without any vendor's library.

Sizes are bytes, rates bytes or operations a second. Every question that cannot be answered leaves a CPU with the
memory that the host has. Asking starts the drivers of graphics cards, which may crash and take memory on the card:
`apart.inventory` does it in a process of its own.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import replace
from typing import Any

from codereader import native
from codereader.engine.hardware import pcie, profiles
from codereader.engine.hardware.cores import numa_nodes, usable_cores
from codereader.engine.hardware.host import Memory, host_memory
from codereader.engine.hardware.machine import Build, Device, DeviceKind, Machine
from codereader.errors import ModelError

_KINDS: tuple[DeviceKind, ...] = ("cpu", "gpu", "integrated gpu", "accelerator", "meta")
"""By number: ggml-backend.h, enum ggml_backend_dev_type."""

_BACKENDS = {"MTL": "Metal"}
"""What ggml calls a part of itself, where people call it otherwise."""

_INSIDE = re.compile(r"\b(?:UHD|HD|Iris|Arc\(TM\)) (?:Xe |Plus |Pro )?Graphics", re.I)
"""Graphics of Intel's processors as they call themselves, where ggml does not tell them from cards (SYCL, OpenCL)."""

_SPARE = 256
"""Bytes behind the structure that ggml fills, for what later versions add to it."""


class _Properties(ctypes.Structure):
    """ggml-backend.h, struct ggml_backend_dev_props."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("description", ctypes.c_char_p),
        ("free", ctypes.c_size_t),
        ("total", ctypes.c_size_t),
        ("kind", ctypes.c_int),
        ("place", ctypes.c_char_p),
        ("abilities", ctypes.c_bool * 8),
        ("spare", ctypes.c_byte * _SPARE),
    )


def inventory() -> Machine:
    """Return what this machine has. Never raises: what llama.cpp cannot say leaves a CPU-only machine."""
    return _machine(*_ask_llama())


def host_only(trouble: str) -> Machine:
    """Return what this machine has without asking llama.cpp, and why it was not asked."""
    return _machine((), False, Build(), trouble)


def _machine(listed: tuple[Device, ...], can_offload: bool, build: Build, trouble: str) -> Machine:
    memory, cores = host_memory(), usable_cores()
    cpu = Device("CPU", "host memory", "cpu", memory.available, memory.total, backend="CPU")
    named = next((device for device in listed if device.kind == "cpu"), cpu)
    host = replace(named, free_bytes=memory.available, total_bytes=memory.total)
    others = [_completed(device, memory) for device in listed if device.kind != "cpu"]
    return Machine(
        devices=(*_each_once(others), host),
        memory_available=memory.available,
        memory_total=memory.total,
        physical_cores=cores.physical,
        logical_cores=cores.logical,
        can_offload=can_offload,
        build=build,
        efficiency_cores=cores.efficiency,
        numa_nodes=numa_nodes(),
        memory_installed=memory.installed,
        trouble=trouble,
    )


def device_handle(name: str) -> int | None:
    """Return ggml's handle of the device called *name*, None where there is none. For `llama_model_params.devices`."""
    handle: int | None = _ggml("ggml_backend_dev_by_name", ctypes.c_void_p, ctypes.c_char_p)(name.encode())
    return handle


def free_bytes(name: str) -> int | None:
    """Return what is free at this moment of the memory of the device called *name*, None where it does not say."""
    handle = device_handle(name)
    free, total = _memory(handle) if handle is not None else (0, 0)
    return free if total else None


def _memory(handle: int) -> tuple[int, int]:
    """Return the free and all bytes of a device, both 0 where it reports none."""
    free, total, size = ctypes.c_size_t(), ctypes.c_size_t(), ctypes.POINTER(ctypes.c_size_t)
    _ggml("ggml_backend_dev_memory", None, ctypes.c_void_p, size, size)(handle, ctypes.byref(free), ctypes.byref(total))
    return free.value, total.value


def _ask_llama() -> tuple[tuple[Device, ...], bool, Build, str]:
    """Ask llama.cpp; a library that is missing or lacks a symbol means no devices, and the reason comes last."""
    try:
        llama_cpp = native.llama()
        from codereader.engine.embedded import library

        library.start()
        build = Build(
            binding=str(llama_cpp.__version__),
            llama_cpp=_text(llama_cpp.llama_version()),
            features=_text(llama_cpp.llama_print_system_info()).strip(),
            backends=_backends(),
        )
        return _list_devices(), bool(llama_cpp.llama_supports_gpu_offload()), build, ""
    except (ModelError, OSError, AttributeError, RuntimeError) as error:
        return (), False, Build(), str(error) or type(error).__name__


def _backends() -> tuple[str, ...]:
    """Return the parts of ggml that are in this llama.cpp, in its order."""
    count = _ggml("ggml_backend_reg_count", ctypes.c_size_t)
    get = _ggml("ggml_backend_reg_get", ctypes.c_void_p, ctypes.c_size_t)
    return tuple(dict.fromkeys(_backend_name(get(number)) for number in range(count())))


def _backend_name(registry: int) -> str:
    name = _text(_ggml("ggml_backend_reg_name", ctypes.c_char_p, ctypes.c_void_p)(registry))
    return "RPC" if name.startswith("RPC") else _BACKENDS.get(name, name)


def _list_devices() -> tuple[Device, ...]:
    """Return every device that ggml registered, in its order."""
    count = _ggml("ggml_backend_dev_count", ctypes.c_size_t)
    get = _ggml("ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
    return tuple(_describe(get(number)) for number in range(count()))


def _describe(handle: int) -> Device:
    """Return what ggml says of one device; its memory as it says at this moment."""
    found = _Properties()
    _ggml("ggml_backend_dev_get_props", None, ctypes.c_void_p, ctypes.c_void_p)(handle, ctypes.byref(found))
    free, total = _memory(handle)
    registry = _ggml("ggml_backend_dev_backend_reg", ctypes.c_void_p, ctypes.c_void_p)(handle)
    place = _text(found.place).lower()
    return Device(
        name=_text(found.name),
        description=_text(found.description),
        kind=_KINDS[found.kind] if 0 <= found.kind < len(_KINDS) else "accelerator",
        free_bytes=free,
        total_bytes=total,
        backend=_backend_name(registry),
        pci=place if pcie.is_address(place) else "",
    )


def _completed(device: Device, memory: Memory) -> Device:
    """Return *device* with what its maker states, what the bus says, and whether its memory is the host's."""
    if not device.holds_layers:
        return device
    shared = _shares_memory(device)
    known = profiles.matching(device.description, memory.installed if shared else device.total_bytes)
    return replace(
        device,
        free_bytes=min(device.free_bytes, memory.available) if shared else device.free_bytes,
        bandwidth=known.bandwidth if known else 0.0,
        operations=known.operations if known else 0.0,
        link=0.0 if shared else pcie.link_of(device.pci) or (known.link if known else 0.0),
        shares_memory=shared,
    )


def _shares_memory(device: Device) -> bool:
    """Whether the device draws on the host's memory: as ggml says, where it says it.

    It does for CUDA, ROCm and Vulkan. Metal calls every GPU a card: those of Apple's chips share, those of AMD in older
    Macs do not. SYCL and OpenCL do so too: there the names of Intel's processors decide.
    """
    if device.kind == "integrated gpu":
        return True
    if device.backend == "Metal":
        return device.description.startswith("Apple")
    return device.backend in ("SYCL", "OpenCL") and _INSIDE.search(device.description) is not None


def _each_once(devices: list[Device]) -> list[Device]:
    """Return *devices* without a second sight of the same card, as CUDA and Vulkan together give: the first stands."""
    kept: dict[str, Device] = {}
    for place, device in enumerate(devices):
        kept.setdefault(device.pci or f"#{place}", device)
    return list(kept.values())


def _ggml(symbol: str, result: Any, *arguments: Any) -> Any:
    """Return one C function of ggml. Raises: AttributeError where no library has it."""
    from codereader.engine.embedded import library

    return library.ggml(symbol, result, *arguments)


def _text(raw: object) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
