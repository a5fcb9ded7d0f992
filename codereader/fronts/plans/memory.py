"""The memory of each device by what lies in it, experts apart from other weights: what the screen's bars show.

Sizes are bytes. A device's parts add up to what it had free; where a plan takes more, `lacks` tells how much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codereader.engine.footprint.weights import weights
from codereader.engine.hardware.machine import Machine
from codereader.engine.plan import GPU_MARGIN, HOST, Plan, Share
from codereader.engine.planning.shares import HOST_MARGIN
from codereader.fronts.plans.bars import Marks
from codereader.fronts.text import safe_line
from codereader.model.gguf import ModelHeader

Kind = Literal["weights", "experts", "cache", "compute", "headroom", "free"]
KINDS: tuple[Kind, ...] = ("weights", "experts", "cache", "compute", "headroom", "free")
"""What memory is taken by, in the order of the bars; `headroom` is kept free by the plan, `free` is left over."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What one device holds of a plan. `name` is llama.cpp's, `about` what it is; `free` is what it had."""

    name: str
    about: str
    parts: dict[Kind, int]
    free: int
    lacks: int = 0

    @property
    def used(self) -> int:
        """Bytes that the plan takes."""
        return sum(self.parts[kind] for kind in KINDS[:4])


def memories(header: ModelHeader, machine: Machine, plan: Plan) -> tuple[Memory, ...]:
    """Return what each device holds of *plan*, then the host; those that hold nothing are left out."""
    experts = expert_bytes(header, plan)
    about = {device.name: safe_line(device.description) for device in machine.devices}
    return tuple(
        _memory(share, held, about.get(share.name, ""))
        for share, held in zip(plan.shares, experts, strict=True)
        if share.used or share.layers
    )


def expert_bytes(header: ModelHeader, plan: Plan) -> list[int]:
    """Return the bytes of routed experts among the weights of each share."""
    blocks = [block.experts for block in weights(header).blocks]
    left = frozenset(plan.cpu_experts)
    start = sum(share.layers for share in plan.shares) - plan.gpu_layers
    on_host = sum(blocks[:start]) + sum(blocks[layer] for layer in left)
    found = []
    for share in plan.shares:
        if share.name == HOST:
            held = on_host
        else:
            end = start + share.layers
            held = sum(size for layer, size in enumerate(blocks[start:end], start) if layer not in left)
            start = end
        found.append(min(held, share.weights))
    return found


def _memory(share: Share, experts: int, about: str) -> Memory:
    room = max(0, share.headroom)
    kept = min(room, HOST_MARGIN if share.name == HOST else GPU_MARGIN)
    parts: dict[Kind, int] = {
        "weights": share.weights - experts,
        "experts": experts,
        "cache": share.cache,
        "compute": share.compute + share.scratch,
        "headroom": kept,
        "free": room - kept,
    }
    return Memory(share.name, about, parts, share.free, max(0, -share.headroom))


def marks_of(mark: Marks) -> dict[Kind, str]:
    """Return the character of each kind: those of the page where it has one."""
    blocks = not mark.weights.isascii()
    return {
        "weights": mark.weights,
        "experts": "▚" if blocks else "%",
        "cache": mark.cache,
        "compute": mark.compute,
        "headroom": "╌" if blocks else "-",
        "free": mark.free,
    }
