"""Bytes of the key/value cache, and of the state of recurrent layers.

What each layer keeps is `cells`' to know; here it gets a context, types and bytes. The formulas are those of llama.cpp
with flash attention on and one sequence. Knows nothing of machines.
"""

from __future__ import annotations

from codereader.engine.footprint.cells import Cells, head_lengths, is_latent, layers, supported, window_length
from codereader.model.gguf import ModelHeader

__all__ = ["CACHE_TYPE_BYTES", "cache_bytes", "layer_caches", "refused", "supported", "window_length"]

CACHE_TYPE_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""Bytes one cached number takes, by the name of the cache's type."""

BLOCK = 32
"""Numbers that a quantized cache packs together."""

STEP = 256
"""Cells are allocated in steps of so many."""


def layer_caches(
    header: ModelHeader, context: int, micro_batch: int, type_k: str, type_v: str, *, full_window: bool = False
) -> tuple[int, ...]:
    """Return the bytes of cache and fixed state of each layer, the first layer first, for *context* tokens.

    A layer has as many cells as the context, padded, or min(context, window + micro_batch) where it sees a window
    only, unless *full_window*. The sum is exact where `supported` says nothing and `refused` does not either.
    """
    whole = _padded(context)
    near = whole if full_window else _padded(min(whole, window_length(header) + min(micro_batch, context)))
    bytes_k, bytes_v = CACHE_TYPE_BYTES[type_k], CACHE_TYPE_BYTES[type_v]

    def size(cells: Cells) -> int:
        count = near if cells.windowed else _padded(-(-whole // cells.every))
        return int(count * (cells.keys * bytes_k + cells.values * bytes_v))

    return tuple(sum(map(size, layer.cells)) + layer.state for layer in layers(header))


def cache_bytes(
    header: ModelHeader, context: int, micro_batch: int, type_k: str, type_v: str, *, full_window: bool = False
) -> int:
    """Return the sum of `layer_caches`."""
    return sum(layer_caches(header, context, micro_batch, type_k, type_v, full_window=full_window))


def refused(header: ModelHeader, type_k: str, type_v: str) -> str:
    """Return '' or, in one sentence, why llama.cpp makes no cache of these types for this model."""
    if type_k != type_v and is_latent(header):
        return f"Latent attention needs one type for keys and values, not {type_k} and {type_v}."
    if type_v != "f16" and header.architecture == "grok":
        return "A quantized value cache needs flash attention, which llama.cpp does not have for Grok."
    for keys, values in head_lengths(header):
        for type_, length, what in ((type_k, keys, "keys"), (type_v, values, "values")):
            if type_ != "f16" and length % BLOCK:
                return f"A {type_} cache packs {BLOCK} numbers together, which {what} of {length} numbers cannot be."
    return ""


def _padded(count: int) -> int:
    return -(-count // STEP) * STEP
