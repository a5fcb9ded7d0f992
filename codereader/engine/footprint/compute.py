"""Bytes of the scratch buffer that a graph is evaluated in, one a device.

Knows nothing of machines.
"""

from __future__ import annotations

from codereader.engine.footprint.cache import window_length
from codereader.model.gguf import ModelHeader


def compute_bytes(header: ModelHeader, context: int, micro_batch: int) -> int:
    """Return the bytes of the scratch buffer of one device, with flash attention and one row of logits.

    micro_batch x (context x 2 a mask + width of a layer's activations as f32), or the logits where they are larger.
    """
    window = window_length(header)
    masks = 2 * context + (2 * _padded(min(context, window + micro_batch), 256) if window else 0)
    dense = header.number("feed_forward_length")
    expert = header.number("expert_feed_forward_length", dense)
    wide = 7 * header.embedding_length + 2 * dense
    wide += header.expert_used_count * 2 * (expert + header.embedding_length)
    return max(micro_batch * (masks + 4 * wide), 4 * header.vocab_size)


def scratch_bytes(header: ModelHeader, context: int, type_k: str) -> int:
    """Return the bytes a CUDA device takes beside, to hold one layer's quantized cache as f16; 0 for an f16 cache.

    2 x context x kv_heads x head length x 2 bytes, sized by the allocated context (llama.cpp, pull request 23907).
    No dry run on another backend shows them.
    """
    if type_k == "f16":
        return 0
    heads = max(header.kv_head_counts, default=0)
    return 2 * context * heads * header.key_length * 2


def _padded(count: int, step: int) -> int:
    return -(-count // step) * step
