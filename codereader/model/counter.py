"""What the pack and the prompt need from a vocabulary: exact token ids, or an estimate that says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class TokenCounter(Protocol):
    """Token ids of one vocabulary. Source text never becomes a control token unless `special` is asked for."""

    name: str
    """The vocabulary's name for people, e.g. ``SmolLM2 135M Instruct (49,152 tokens)``."""

    exact: bool
    """Whether counts are those of the answering model; False for the estimate."""

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return token ids; with *special*, control tokens written in *text* (``<|im_start|>``) become one id each."""
        ...

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text alone, as `encode` without *special* gives."""
        ...
