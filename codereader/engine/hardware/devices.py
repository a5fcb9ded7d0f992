"""The devices of this machine, asked of ggml through its C interface; it works without any vendor's library.

Sizes are bytes. Every question that cannot be answered leaves a CPU with the memory that the host has.
"""

from __future__ import annotations

import ctypes
from typing import Any

from codereader import native
from codereader.engine.hardware.host import host_memory, usable_cores
from codereader.engine.hardware.machine import Build, Device, DeviceKind, Machine
from codereader.errors import ModelError

_KINDS: tuple[DeviceKind, ...] = ("cpu", "gpu", "integrated gpu", "accelerator", "meta")
"""By number: ggml-backend.h, enum ggml_backend_dev_type."""


def inventory() -> Machine:
    """Return what this machine has. Never raises: what llama.cpp cannot say leaves a CPU-only machine."""
    available, total = host_memory()
    physical, logical = usable_cores()
    devices, can_offload, build = _ask_llama()
    cpu = Device("CPU", "host memory", "cpu", available, total)
    others = tuple(device for device in devices if device.kind != "cpu")
    named = next((device for device in devices if device.kind == "cpu"), cpu)
    host = Device(named.name, named.description, "cpu", available, total)
    return Machine((*others, host), available, total, physical, logical, can_offload, build)


def _ask_llama() -> tuple[tuple[Device, ...], bool, Build]:
    """Ask llama.cpp; a library that is missing or lacks a symbol means no devices."""
    try:
        llama_cpp = native.llama()
        from codereader.engine import library

        library.start()
        build = Build(
            binding=str(llama_cpp.__version__),
            llama_cpp=_text(llama_cpp.llama_version()),
            features=_text(llama_cpp.llama_print_system_info()).strip(),
        )
        return _list_devices(), bool(llama_cpp.llama_supports_gpu_offload()), build
    except (ModelError, OSError, AttributeError, RuntimeError):
        return (), False, Build()


def _list_devices() -> tuple[Device, ...]:
    """Return every device that ggml registered, in its order."""
    count = _ggml("ggml_backend_dev_count", ctypes.c_size_t)
    get = _ggml("ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
    return tuple(_describe(get(number)) for number in range(count()))


def _describe(handle: int) -> Device:
    size = ctypes.POINTER(ctypes.c_size_t)
    memory = _ggml("ggml_backend_dev_memory", None, ctypes.c_void_p, size, size)
    kind = _ggml("ggml_backend_dev_type", ctypes.c_int, ctypes.c_void_p)(handle)
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    memory(handle, ctypes.byref(free), ctypes.byref(total))
    return Device(
        name=_text(_ggml("ggml_backend_dev_name", ctypes.c_char_p, ctypes.c_void_p)(handle)),
        description=_text(_ggml("ggml_backend_dev_description", ctypes.c_char_p, ctypes.c_void_p)(handle)),
        kind=_KINDS[kind] if 0 <= kind < len(_KINDS) else "accelerator",
        free_bytes=free.value,
        total_bytes=total.value,
    )


def device_handle(name: str) -> int | None:
    """Return ggml's handle of the device called *name*, None where there is none. For `llama_model_params.devices`."""
    handle: int | None = _ggml("ggml_backend_dev_by_name", ctypes.c_void_p, ctypes.c_char_p)(name.encode())
    return handle


def _ggml(symbol: str, result: Any, *arguments: Any) -> Any:
    """Return one C function of ggml. Raises: AttributeError where no library has it."""
    from codereader.engine import library

    return library.ggml(symbol, result, *arguments)


def _text(raw: object) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
