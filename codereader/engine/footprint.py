"""How many bytes and operations a model needs, predicted from its header.

The formulas are those of llama.cpp's cache and graph allocators with flash attention on, a trimmed sliding-window
cache and one row of logits. Sizes are bytes. Knows nothing of machines.
"""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of the weights by where they can be placed. `blocks` has one entry a layer, the first layer first."""

    embedding: int
    """Input tables, which llama.cpp keeps in the host's memory."""
    blocks: tuple[int, ...]
    output: int
    tied: int = 0
    """Bytes of the input table where it serves as the output too: a device that holds the output gets a copy."""

    @property
    def total(self) -> int:
        """Bytes of all of them."""
        return self.embedding + sum(self.blocks) + self.output

    def offloaded(self, layers: int) -> int:
        """Return the bytes that *layers* offloaded layers take; the output counts as one, and goes first."""
        if layers <= 0:
            return 0
        return self.output + self.tied + sum(self.blocks[self._first_offloaded(layers) :])

    def kept(self, layers: int) -> int:
        """Return the bytes that stay in the host's memory when *layers* are offloaded."""
        return self.embedding + sum(self.blocks[: self._first_offloaded(layers)]) + (self.output if layers <= 0 else 0)

    def _first_offloaded(self, layers: int) -> int:
        return len(self.blocks) - max(0, min(layers - 1, len(self.blocks)))


def weights(header: ModelHeader) -> Weights:
    """Sort the header's tensors into blocks, input tables and output."""
    blocks = [0] * header.block_count
    embedding = output = 0
    sizes = {tensor.name: tensor.bytes for tensor in header.tensors}
    tied = 0 if "output.weight" in sizes else sizes.get("token_embd.weight", 0)
    for tensor in header.tensors:
        number = _block_number(tensor.name)
        if number is not None and number < len(blocks):
            blocks[number] += tensor.bytes
        elif tensor.name.startswith(("token_embd", "per_layer_token_embd", "position_embd", "token_types")):
            embedding += tensor.bytes
        else:
            output += tensor.bytes
    return Weights(embedding, tuple(blocks), output, tied)


def cache_bytes(header: ModelHeader, context: int, micro_batch: int, type_k: str, type_v: str) -> int:
    """Return the bytes of the key/value cache for *context* tokens.

    A layer takes cells x kv_heads x (key_length x bytes + value_length x bytes); a windowed layer has only
    pad256(min(context, window + micro_batch)) cells. Models with latent attention store keys alone. The fixed state
    of recurrent layers (tens of MiB) is not counted.
    """
    window = window_length(header)
    windowed = _padded(min(context, window + micro_batch), 256) if window else context
    values = 0.0 if header.number("attention.kv_lora_rank") else header.value_length * CACHE_TYPE_BYTES[type_v]
    cell = header.key_length * CACHE_TYPE_BYTES[type_k] + values
    return int(
        sum(
            heads * cell * (context if _sees_everything(header, layer) else windowed)
            for layer, heads in enumerate(header.kv_head_counts)
        )
    )


def compute_bytes(header: ModelHeader, context: int, micro_batch: int) -> int:
    """Return the bytes of the scratch buffer of one device, rather too many than too few.

    micro_batch x (context x 2 a mask + width of a layer's activations as f32), or the logits where they are larger.
    """
    window = window_length(header)
    masks = 2 * context + (2 * _padded(min(context, window + micro_batch), 256) if window else 0)
    dense = header.number("feed_forward_length")
    expert = header.number("expert_feed_forward_length", dense)
    wide = 7 * header.embedding_length + 2 * dense
    wide += header.expert_used_count * 2 * (expert + header.embedding_length)
    return max(micro_batch * (masks + 4 * wide), 4 * header.vocab_size)


def prefill_operations(header: ModelHeader, prompt_tokens: int) -> float:
    """Return floating-point operations a prompt token: 2 a weight used, and 4 x heads x key_length a token it sees."""
    attention = 4 * sum(header.head_counts) * header.key_length * prompt_tokens / 2
    return 2 * _weights_used(header) + attention


def widest_operations(header: ModelHeader) -> int:
    """Return floating-point operations a token of the largest matrix inside a layer: the longest that cannot stop."""
    inside = (tensor for tensor in header.tensors if _block_number(tensor.name) is not None)
    return max((2 * int(tensor.elements * _share_used(header, tensor.name)) for tensor in inside), default=0)


def window_length(header: ModelHeader) -> int:
    """Return the tokens that windowed layers see, 0 where every layer sees everything or the pattern is not known."""
    if _pattern(header) is None:
        return 0
    if header.architecture == "llama4" and "llama4.attention.sliding_window" not in header.metadata:
        return _LLAMA4_CHUNK
    return header.sliding_window


def _sees_everything(header: ModelHeader, layer: int) -> bool:
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


def _weights_used(header: ModelHeader) -> float:
    """Return the number of weights one token is multiplied with: of experts only those that are used."""
    multiplied = (tensor for tensor in header.tensors if len(tensor.shape) > 1 and tensor.name != "token_embd.weight")
    return sum(tensor.elements * _share_used(header, tensor.name) for tensor in multiplied)


def _share_used(header: ModelHeader, name: str) -> float:
    if "_exps." not in name or not header.expert_count:
        return 1.0
    return header.expert_used_count / header.expert_count


def _block_number(name: str) -> int | None:
    """Return the layer of a tensor called ``blk.<layer>.<part>``, None for the others."""
    head, _, rest = name.partition(".")
    digits = rest.partition(".")[0]
    return int(digits) if head == "blk" and digits.isdecimal() else None


def _padded(count: int, step: int) -> int:
    return -(-count // step) * step
