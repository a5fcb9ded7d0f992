"""A small mixture of experts with random weights and the vocabulary of the bundled model: what it says is noise, but
always the same noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from codereader.model.gguf import read_header, read_numbers, read_strings
from tests.gguf_files import bundled_model, header_bytes, write_gguf

LAYERS, EXPERTS, USED, WIDTH, INNER, HEADS = 4, 16, 2, 128, 256, 4


def write_experts(path: Path) -> Path:
    """Write the model to *path* and return that."""
    metadata, tensors = _metadata(), _tensors()
    write_gguf(path, metadata, tensors)
    random = np.random.default_rng(6)
    with path.open("r+b") as file:
        file.seek(len(header_bytes(metadata, tensors)))
        for name, shape, kind in tensors:
            ones = np.ones(shape) if name.endswith("norm.weight") else random.standard_normal(shape) * 0.08
            data = ones.astype(np.float32 if kind == "F32" else np.float16).tobytes()
            file.write(data.ljust(-(-len(data) // 32) * 32, b"\0"))
    return path


def _metadata() -> dict[str, object]:
    header = read_header(bundled_model())
    kept = ("tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id")
    return {
        "general.architecture": "llama",
        "general.name": "Small Experts",
        "general.file_type": 1,
        "llama.block_count": LAYERS,
        "llama.context_length": 4096,
        "llama.embedding_length": WIDTH,
        "llama.feed_forward_length": INNER,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": HEADS,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": WIDTH // HEADS,
        "llama.expert_count": EXPERTS,
        "llama.expert_used_count": USED,
        **{key: header.metadata[key] for key in kept if key in header.metadata},
        "tokenizer.ggml.tokens": [text.decode() for text in read_strings(header, "tokenizer.ggml.tokens")],
        "tokenizer.ggml.merges": [text.decode() for text in read_strings(header, "tokenizer.ggml.merges")],
        "tokenizer.ggml.token_type": read_numbers(header, "tokenizer.ggml.token_type"),
    }


def _tensors() -> list[tuple[str, tuple[int, ...], str]]:
    words = read_header(bundled_model()).vocab_size
    found: list[tuple[str, tuple[int, ...], str]] = [("token_embd.weight", (WIDTH, words), "F16")]
    for layer in range(LAYERS):
        block = {
            "attn_norm": (WIDTH,), "attn_q": (WIDTH, WIDTH), "attn_k": (WIDTH, WIDTH), "attn_v": (WIDTH, WIDTH),
            "attn_output": (WIDTH, WIDTH), "ffn_norm": (WIDTH,), "ffn_gate_inp": (WIDTH, EXPERTS),
            "ffn_gate_exps": (WIDTH, INNER, EXPERTS), "ffn_up_exps": (WIDTH, INNER, EXPERTS),
            "ffn_down_exps": (INNER, WIDTH, EXPERTS),
        }  # fmt: skip
        found += [
            (f"blk.{layer}.{name}.weight", shape, "F32" if "norm" in name or "inp" in name else "F16")
            for name, shape in block.items()
        ]
    return [*found, ("output_norm.weight", (WIDTH,), "F32")]
