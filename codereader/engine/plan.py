"""How a model runs on a machine: the words for it, shared by who plans, who loads and who shows.

Plain data. Sizes are bytes, lengths tokens of the model's vocabulary, rates tokens a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HOST = "host"
"""What the host's own memory is called among a plan's devices."""

GPU_MARGIN = 1 << 30
"""Bytes left free on a device, for its driver and whatever else draws on it."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a run asks for. `ctx` and `gpu_layers` are the person's wish; None and "auto" leave the choice here.

    `device` is "auto", "cpu" or the name of a device.
    """

    prompt_tokens: int
    answer_tokens: int
    ctx: int | None = None
    gpu_layers: int | Literal["auto"] = "auto"
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a plan may choose among; None leaves the choice open."""

    cache_types: tuple[str, ...] = ("f16", "q8_0")
    """Types of the cache that may be taken, the most precise first. ``q4_0`` is taken only where it is named here."""
    micro_batch: int | None = None
    threads: int | None = None
    margin: int = GPU_MARGIN
    full_window: bool = False
    """Whether windowed layers keep the whole context, so that any prefix can be gone back to."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one device holds of a plan. `free` is what it had; `layers` counts whole layers, the output as one."""

    name: str
    weights: int
    cache: int
    compute: int
    free: int
    layers: int = 0
    scratch: int = 0
    """Bytes beside the compute buffer that no dry run shows: CUDA's f16 copy of a quantized cache."""

    @property
    def used(self) -> int:
        """All bytes that the plan takes here."""
        return self.weights + self.cache + self.compute + self.scratch

    @property
    def headroom(self) -> int:
        """Bytes that stay free; negative where the plan does not fit."""
        return self.free - self.used


@dataclass(frozen=True, slots=True)
class Plan:
    """How a model will run, with what that is predicted to take."""

    context: int
    gpu_layers: int
    """Layers on devices, of `block_count` + 1: the output counts as one."""
    cache_type_k: str
    cache_type_v: str
    micro_batch: int
    threads: int
    flash_attention: bool
    shares: tuple[Share, ...]
    """What each device holds, those with layers first in the order in which they take them, the host last."""
    cpu_experts: tuple[int, ...] = ()
    """Layers (0-based, ascending) whose routed experts stay in the host's memory though the layer is on a device."""
    full_window: bool = False
    mmap: bool = True
    repacks: bool = True
    """Whether llama.cpp may copy the host's weights into memory of its own, in the order in which its processor reads
    them: faster, but no longer pages of the file that the system can drop."""
    prefill_rate: float = 0.0
    decode_rate: float = 0.0
    seconds: float = 0.0
    """Predicted wall time of prompt and answer; loading is not in it."""
    processor: str = ""
    """In local-model words, by bytes of weights: ``100% CPU``, ``14%/86% CPU/GPU``, ``100% GPU``."""
    notes: tuple[str, ...] = ()
    """Warnings for the person, a sentence each."""
    limit: str = ""
    """What binds: why not more context, more speed or more precision."""
    assumption: str = ""
    """What the predicted rates rest on, one sentence."""
    changes: tuple[str, ...] = ()
    """What one change would buy, a sentence each."""
    gpu_tokens: int = 0
    """Tokens of prompt and answer up to which this placement fits the devices as it is; 0 where there are none, and for
    all plans but the best."""
    kind: str = ""
    """``whole`` on devices, with ``experts`` or whole ``layers`` left to the host, or all with the ``host``."""
    lacks: int = 0
    """Bytes of memory that the machine is short of, margins included: such a plan only says what it would take."""
    from_disk: int = 0
    """Bytes of the host's weights that do not fit its memory and are read from disk again and again."""
    sizes: str = "formula"
    """Where the bytes of `shares` come from: ``formula`` or llama.cpp's own ``dry run``."""

    @property
    def fits(self) -> bool:
        """Whether the machine has the memory that the plan takes."""
        return not self.lacks

    @property
    def devices(self) -> tuple[str, ...]:
        """Names of the devices that hold layers, in the order in which they take them."""
        return tuple(share.name for share in self.shares if share.name != HOST and share.layers)

    @property
    def host_bytes(self) -> int:
        """Bytes of the host's memory that the system cannot take back: without weights that stay pages of the file."""
        host = next((share for share in self.shares if share.name == HOST), None)
        if host is None:
            return 0
        return host.used - (host.weights if self.mmap and not self.repacks else 0)

    @property
    def weights_bytes(self) -> int:
        """Bytes of weights, all devices together."""
        return sum(share.weights for share in self.shares)

    @property
    def cache_bytes(self) -> int:
        """Bytes of cache, all devices together."""
        return sum(share.cache for share in self.shares)

    @property
    def compute_bytes(self) -> int:
        """Bytes of scratch buffers, all devices together."""
        return sum(share.compute + share.scratch for share in self.shares)


def size(count: int) -> str:
    """Return *count* bytes in GiB or MiB, for people."""
    return f"{count / 2**30:,.1f} GiB" if count >= 1 << 30 else f"{count / 2**20:,.0f} MiB"
