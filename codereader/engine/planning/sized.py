"""Sizes of a model that no formula foresees, from what llama.cpp's dry run found at two contexts.

What is kept and what graphs take grow in a straight line with the context, as far as that is known of any architecture.
Pure: the dry runs are another room's.
"""

from __future__ import annotations

from dataclasses import dataclass

from codereader.engine.plan import HOST, Plan, Share

CONTEXTS = (2_048, 32_768)
"""Tokens of context at which a model is measured."""

MICRO_BATCH = 512
"""The micro-batch that it is measured with, and then run with."""


@dataclass(frozen=True, slots=True)
class Sized:
    """Bytes of cache and of scratch buffer, all layers on the host, at each of `CONTEXTS`."""

    cache: tuple[int, int]
    compute: tuple[int, int]

    def cache_at(self, context: int) -> int:
        """Return the bytes of cache for *context* tokens."""
        return _line(self.cache, context)

    def compute_at(self, context: int) -> int:
        """Return the bytes of the scratch buffer for *context* tokens."""
        return _line(self.compute, context)


def trial_plans(threads: int) -> tuple[Plan, Plan]:
    """Return the plans to measure: the host alone, an f16 cache, each of `CONTEXTS`. They say nothing of sizes."""
    first, last = (
        Plan(
            context=context,
            gpu_layers=0,
            cache_type_k="f16",
            cache_type_v="f16",
            micro_batch=MICRO_BATCH,
            threads=threads,
            flash_attention=True,
            shares=(Share(HOST, 0, 0, 0, 0),),
        )
        for context in CONTEXTS
    )
    return first, last


def _line(ends: tuple[int, int], context: int) -> int:
    """Return where the straight line through *ends* is at *context*, at least the smaller end."""
    (low, high), (start, end) = ends, CONTEXTS
    return max(min(low, high), low + (high - low) * (context - start) // (end - start))
