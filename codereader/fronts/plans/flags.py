"""The command line of llama.cpp's own server that runs a model as a plan says.

Flags are those of the llama.cpp inside llama-cpp-python 0.3.36 (common/arg.cpp). What they do not set, the server
decides for itself: it must be told of one slot, and to adjust nothing.
"""

from __future__ import annotations

import os
import shlex
import subprocess

from codereader.engine.plan import Plan
from codereader.fronts.plans.planned import Planned, on_devices

DEFAULT_BATCH = 2048
"""The server's batch; a larger micro-batch needs a larger batch."""

PROMPT_CACHE = 8 << 30
"""Bytes of the host's memory in which the server keeps old prompts unless it is told not to."""


def server_flags(planned: Planned, plan: Plan) -> str:
    """Return ``llama-server`` and its flags as a line to paste; ``FILE.gguf`` stands for a file that is not here."""
    words = ["llama-server", "-m", planned.file or "FILE.gguf", *_placed(planned, plan), *_sized(planned, plan)]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _placed(planned: Planned, plan: Plan) -> list[str]:
    """Return the flags that say where weights go."""
    words = ["-ngl", str(plan.gpu_layers)]
    held = on_devices(plan)
    if planned.is_here and held and len(planned.machine.layer_devices) > 1:
        words += ["-dev", ",".join(share.name for share in held)]
    if len(held) > 1:
        words += ["-ts", ",".join(str(share.layers) for share in held)]
    return words + _experts(planned, plan)


def _experts(planned: Planned, plan: Plan) -> list[str]:
    """Return the flags that keep the routed experts of some layers in the host's memory."""
    layers = plan.cpu_experts
    if not layers:
        return []
    if layers == tuple(range(len(layers))):
        return ["-cmoe"] if len(layers) == planned.header.block_count else ["-ncmoe", str(len(layers))]
    numbers = "|".join(map(str, layers))
    return ["-ot", rf"blk\.({numbers})\.ffn_(up|down|gate|gate_up)_(ch|)exps=CPU"]


def _sized(planned: Planned, plan: Plan) -> list[str]:
    """Return the flags of context, cache, batch and threads."""
    words = ["-c", str(plan.context), "-np", "1", "-fa", "on" if plan.flash_attention else "off"]
    words += ["-ctk", plan.cache_type_k, "-ctv", plan.cache_type_v, "-ub", str(plan.micro_batch)]
    if plan.micro_batch > DEFAULT_BATCH:
        words += ["-b", str(plan.micro_batch)]
    if plan.threads and planned.is_here:
        words += ["-t", str(plan.threads)]
    if plan.full_window:
        words.append("--swa-full")
    if not plan.mmap:
        words += ["-lm", "none"]
    if not plan.repacks:
        words.append("-nr")
    if plan.shares and plan.shares[-1].headroom < PROMPT_CACHE:
        words += ["-cram", "0"]
    return [*words, "-fit", "off"]
