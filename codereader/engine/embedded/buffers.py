"""What a loaded model really takes, read back from llama.cpp's log: bytes by device and kind, and where layers went.

The log rounds to 0.01 MiB. What a GPU's driver takes beside buffers (its context, CUDA's scratch) is in no log.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codereader.engine.plan import HOST, Plan
from codereader.engine.trial.measured import Held, Measured

TOLERANCE = 0.05
"""Part of a device's planned bytes by which the real ones may differ before that is worth remembering."""

_SIZE = re.compile(
    r"^\w+: +(?P<buffer>\S.*?) +(?P<kind>model|KV|RS|DSV4 \S+ state|compute|output) buffer size = +(?P<size>[\d.]+) MiB"
)
_LAYER = re.compile(r"^load_tensors: layer +(?P<layer>\d+) assigned to device (?P<device>.+?)(, is_swa = \d)?$")
_SPLITS = re.compile(r"^sched_reserve: graph.*\bsplits = (?P<count>\d+)")
_NO_FLASH = re.compile(r"Flash Attention not supported|flash_attn is not compatible")
_FIELDS = {"model": "weights", "compute": "compute", "output": "output"}


@dataclass(frozen=True, slots=True)
class Buffers:
    """What was allocated for a model and its context."""

    held: Measured
    """Bytes by device. Of weights that are mapped from the file the host counts all between the first and the last, and
    once more those that it repacks: their pages of the file can be dropped, the copy cannot."""
    layers: tuple[str, ...]
    """The device of each layer in their order, the output last; HOST for the host's own memory."""
    mapped: bool
    """Whether the host's weights are pages of the file, so that their bytes are a bound and not a sum."""
    flash_attention: bool
    """Whether attention is computed without the whole matrix of scores; False where a device cannot."""
    splits: int = 0
    """Parts of the graph of a prompt, each computed by one device in one go; 0 where the log does not say."""


def read_buffers(lines: Sequence[str], owners: Mapping[str, str]) -> Buffers:
    """Return what the log of one load tells. *owners* are devices by the name of their buffer type."""
    found: dict[str, dict[str, int]] = {HOST: {}}
    mapped = False
    for line in lines:
        match = _SIZE.match(line)
        if match is None:
            continue
        device = owner(match["buffer"], owners)
        mapped |= device == HOST and match["buffer"].endswith("_Mapped")
        field = _FIELDS.get(match["kind"], "cache")
        sizes = found.setdefault(device, {})
        sizes[field] = sizes.get(field, 0) + round(float(match["size"]) * (1 << 20))
    splits = [int(match["count"]) for line in lines if (match := _SPLITS.match(line))]
    order = [*(name for name in found if name != HOST), HOST]
    held = Measured(tuple(_held(name, found[name]) for name in order))
    able = not any(map(_NO_FLASH.search, lines))
    return Buffers(held, _layers(lines, owners), mapped, able, splits[-1] if splits else 0)


def owners() -> dict[str, str]:
    """Return the devices of this process that can hold layers, by the name of the buffer type that is their memory."""
    from codereader.engine.embedded import library

    count = library.ggml("ggml_backend_dev_count", ctypes.c_size_t)()
    get = library.ggml("ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
    kind = library.ggml("ggml_backend_dev_type", ctypes.c_int, ctypes.c_void_p)
    name = library.ggml("ggml_backend_dev_name", ctypes.c_char_p, ctypes.c_void_p)
    buffer = library.ggml("ggml_backend_dev_buffer_type", ctypes.c_void_p, ctypes.c_void_p)
    buffer_name = library.ggml("ggml_backend_buft_name", ctypes.c_char_p, ctypes.c_void_p)
    able = [handle for number in range(count) if kind(handle := get(number)) in _HOLDS_LAYERS]
    return {_text(buffer_name(buffer(handle))): _text(name(handle)) for handle in able}


def owner(buffer: str, owners: Mapping[str, str]) -> str:
    """Return the device that a buffer lies on: its own type's, or one of another type that carries the device's name.

    Host memory that a device can reach (``CUDA_Host``) carries no device's name.
    """
    carried = (name for name in owners.values() if buffer == name or buffer.startswith(f"{name}_"))
    return owners.get(buffer) or next(carried, HOST)


_HOLDS_LAYERS = (1, 2)
"""GPU and integrated GPU: ggml-backend.h, enum ggml_backend_dev_type."""


def placed_as_planned(plan: Plan, buffers: Buffers) -> bool:
    """Whether each layer went to the device that *plan* gave it; the first ones stay with the host.

    Where all are on devices llama.cpp may have made more of them than there are in the file: then their order counts.
    """
    on_host = next((share.layers for share in plan.shares if share.name == HOST), 0)
    devices = [share.name for share in plan.shares if share.name in plan.devices for _ in range(share.layers)]
    if devices and not on_host and len(buffers.layers) > len(devices):
        return tuple(dict.fromkeys(buffers.layers)) == plan.devices
    return not buffers.layers or (HOST,) * (len(buffers.layers) - len(devices)) + tuple(devices) == buffers.layers


def extra_bytes(plan: Plan, buffers: Buffers) -> dict[str, int]:
    """Return by device what was taken beside the plan, negative where it was less; none within `TOLERANCE`.

    The host is left out where its weights are mapped.
    """
    found = {}
    for share in plan.shares:
        if share.name == HOST and buffers.mapped:
            continue
        planned = share.weights + share.cache + share.compute
        extra = buffers.held.of(share.name).total - planned
        if abs(extra) > TOLERANCE * planned:
            found[share.name] = extra
    return found


def remarks(plan: Plan, buffers: Buffers) -> tuple[str, ...]:
    """Return a sentence for each thing that is not as planned and that the person should know."""
    said = []
    if plan.flash_attention and not buffers.flash_attention:
        said.append("this device computes attention without flash attention: more memory, and slower at long prompts")
    if buffers.splits > plan.gpu_layers > 1 and not plan.cpu_experts:
        said.append("this device leaves part of each layer to the CPU, which is slow: see --device")
    if not placed_as_planned(plan, buffers):
        said.append("llama.cpp placed the layers otherwise than planned")
    return tuple(said)


def _held(name: str, sizes: Mapping[str, int]) -> Held:
    return Held(name, sizes.get("weights", 0), sizes.get("cache", 0), sizes.get("compute", 0), sizes.get("output", 0))


def _layers(lines: Sequence[str], owners: Mapping[str, str]) -> tuple[str, ...]:
    able = set(owners.values())
    found = {int(match["layer"]): match["device"] for line in lines if (match := _LAYER.match(line))}
    return tuple(name if (name := found[layer]) in able else HOST for layer in sorted(found))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
