"""Token counts where there is no model: an estimate from bytes that says it is one."""

from __future__ import annotations

from collections.abc import Sequence

BYTES_A_TOKEN = 3.0
"""Bytes of source text a token. Measured on Linux 6.1 net/ (C) and on this project (Python): SmolLM2 2.3 and 3.4,
Llama 3 3.3 and 3.9, Qwen2 3.2 and 3.9. Below most of them, so that a budget is kept rather than passed."""


class Estimate:
    """A `TokenCounter` that divides bytes. It cannot encode: only a vocabulary has ids."""

    name = f"estimate (about {BYTES_A_TOKEN} bytes a token)"
    exact = False

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the estimated number of tokens of each text: its UTF-8 bytes over `BYTES_A_TOKEN`, rounded up."""
        return [int(-(-len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN)) for text in texts]
