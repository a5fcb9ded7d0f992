"""Bytes of the key/value cache, and of the state of recurrent layers, by architecture.

The formulas are those of llama.cpp with flash attention on and one sequence. Knows nothing of machines.
"""

from __future__ import annotations

from codereader.model.gguf import ModelHeader

CACHE_TYPE_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""Bytes one cached number takes, by the name of the cache's type."""

_WINDOW_PERIODS = {
    "afmoe": 4, "cohere2": 4, "exaone-moe": 4, "exaone4": 4, "gemma2": 2, "gemma3": 6, "gemma3n": 5, "gpt-oss": 2,
    "llama4": 4, "olmo2": 4, "plamo3": 8,
}  # fmt: skip
"""Architectures of which every n-th layer sees everything and the others only a window (llama.cpp, src/models/)."""

_LLAMA4_CHUNK = 8192
"""Tokens a chunked layer of Llama 4 sees; the file need not say it (llama.cpp, src/models/llama4.cpp)."""


def layer_caches(
    header: ModelHeader, context: int, micro_batch: int, type_k: str, type_v: str, *, full_window: bool = False
) -> tuple[int, ...]:
    """Return the bytes of cache and fixed state of each layer, the first layer first, for *context* tokens.

    A layer takes cells x kv_heads x (key_length x bytes + value_length x bytes); a windowed layer has only
    pad256(min(context, window + micro_batch)) cells unless *full_window*. Models with latent attention store keys
    alone. The fixed state of recurrent layers is not counted.
    """
    window = 0 if full_window else window_length(header)
    windowed = _padded(min(context, window + micro_batch), 256) if window else context
    values = 0.0 if header.number("attention.kv_lora_rank") else header.value_length * CACHE_TYPE_BYTES[type_v]
    cell = header.key_length * CACHE_TYPE_BYTES[type_k] + values
    return tuple(
        int(heads * cell * (context if not window or sees_everything(header, layer) else windowed))
        for layer, heads in enumerate(header.kv_head_counts)
    )


def cache_bytes(
    header: ModelHeader, context: int, micro_batch: int, type_k: str, type_v: str, *, full_window: bool = False
) -> int:
    """Return the sum of `layer_caches`."""
    return sum(layer_caches(header, context, micro_batch, type_k, type_v, full_window=full_window))


def window_length(header: ModelHeader) -> int:
    """Return the tokens that windowed layers see, 0 where every layer sees everything or the pattern is not known."""
    if _pattern(header) is None:
        return 0
    if header.architecture == "llama4" and "llama4.attention.sliding_window" not in header.metadata:
        return _LLAMA4_CHUNK
    return header.sliding_window


def sees_everything(header: ModelHeader, layer: int) -> bool:
    """Whether *layer* attends to the whole context."""
    if not window_length(header):
        return True
    pattern = _pattern(header)
    if isinstance(pattern, tuple):
        return layer >= len(pattern) or not pattern[layer]
    return not pattern or layer % pattern == pattern - 1


def _pattern(header: ModelHeader) -> int | tuple[object, ...] | None:
    """Return which layers are windowed: a flag a layer, or the period at which a layer is not."""
    written = header.metadata.get(f"{header.architecture}.attention.sliding_window_pattern")
    if isinstance(written, tuple):
        return written
    known = _WINDOW_PERIODS.get(header.architecture)
    return header.number("attention.sliding_window_pattern", known) if known else None


def _padded(count: int, step: int) -> int:
    return -(-count // step) * step
