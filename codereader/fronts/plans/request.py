"""What a person asks of `plan`, as the command line or a machine of --compare says it. Lengths are tokens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from codereader.errors import UsageError

CACHE_TYPES = ("f16", "q8_0", "q4_0")
"""Types of the cache, the most precise first."""

MOST_TOKENS = (1 << 31) - 1
"""llama.cpp counts positions in 32 bits."""

LARGEST_MICRO_BATCH = 1 << 16
"""Tokens of a micro-batch. The planner tries up to 4,096; scratch buffers grow with it, the speed hardly does."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the person wrote; None and empty are what was left away."""

    path: Path | None = None
    question: str | None = None
    model: str | None = None
    budget: int | None = None
    ctx: int | None = None
    prompt: int | None = None
    answer: int | None = None
    gpu_layers: int | Literal["auto"] = "auto"
    cache_types: tuple[str, ...] = ()
    micro_batch: int | None = None
    devices: tuple[str, ...] = ()
    ram: str | None = None
    compared: tuple[str, ...] = ()
    every: bool = False
    measure: bool = False


def check(request: Request) -> None:
    """Check that the flags do not contradict each other. Raises: UsageError."""
    for flag, tokens in (("--tokens", request.ctx), ("--prompt", request.prompt), ("--max-tokens", request.answer)):
        if tokens is not None and tokens > MOST_TOKENS:
            raise UsageError(f"{flag} {tokens:,} is more than the {MOST_TOKENS:,} that llama.cpp counts", "Pass less.")
    if (request.micro_batch or 0) > LARGEST_MICRO_BATCH:
        raise UsageError(
            f"--micro-batch {request.micro_batch:,} is more than {LARGEST_MICRO_BATCH:,}: no device evaluates so many",
            "Leave it out, or pass 512 to 4096.",
        )
    if request.path is not None and request.prompt is not None:
        raise UsageError("PATH and --prompt contradict each other", "The tree says how long the prompt is.")
    if request.budget is not None and request.prompt is not None:
        raise UsageError("--budget and --prompt contradict each other", "Leave one of them out.")
    if request.every and request.compared:
        raise UsageError("--all shows the plans for one machine, and --compare the best for each", "Leave one out.")
    if request.measure and (request.devices or request.ram is not None or request.compared):
        raise UsageError(
            "--measure runs the model, so it is for this machine only", "Leave --device, --ram, --compare."
        )
