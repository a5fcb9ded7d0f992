"""Predicted bytes of published models beside those of llama.cpp's dry run of the same header."""

from __future__ import annotations

import pytest

from codereader.engine.footprint.cache import cache_bytes
from codereader.engine.footprint.weights import weights
from codereader.engine.plan import HOST, Plan, Share
from codereader.engine.trial.measured import Measured
from codereader.engine.trial.run import dry_runs
from codereader.model.known import known_header
from tests.hollow import write_hollow

SETTINGS = [
    (8192, 128, "f16", False),
    (131_072, 2048, "q8_0", False),
    (131_072, 512, "f16", True),
    (1 << 20, 512, "q4_0", False),
    (10_485_760, 256, "q8_0", False),
]
"""Context, micro-batch, type of keys and values, and whether windows keep the whole context."""


def on_the_host(context: int, micro_batch: int, type_: str, full_window: bool) -> Plan:
    """Return a plan that leaves everything in the host's memory."""
    return Plan(
        context=context, gpu_layers=0, cache_type_k=type_, cache_type_v=type_, micro_batch=micro_batch, threads=1,
        flash_attention=True, shares=(Share(HOST, 0, 0, 0, 0),), full_window=full_window, mmap=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "llama-4-scout", "qwen3-coder-30b-a3b", "gpt-oss-20b", "gemma-3-4b", "deepseek-v2-lite", "granite-4.0-h-tiny",
        "qwen3-next-80b-a3b", "nemotron-3-nano-30b-a3b", "falcon-h1-7b", "lfm2-8b-a1b", "glm-4.5-air", "smollm2-135m",
    ],
)  # fmt: skip
def test_weights_and_cache_are_what_a_dry_run_finds(tmp_path, name):
    """To a thousandth, for every context, micro-batch and type."""
    header = known_header(name)
    assert header is not None
    settings = SETTINGS if name == "llama-4-scout" else SETTINGS[:-1]

    found = dry_runs(write_hollow(tmp_path, header), [on_the_host(*setting) for setting in settings])

    for (context, micro_batch, type_, full_window), measured in zip(settings, found, strict=True):
        assert isinstance(measured, Measured), measured
        cache = cache_bytes(header, context, micro_batch, type_, type_, full_window=full_window)
        assert cache == pytest.approx(measured.host.cache, rel=1e-3)
        assert weights(header).total == pytest.approx(measured.host.weights, rel=1e-3)
