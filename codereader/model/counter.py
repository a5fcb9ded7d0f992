"""What others need from a vocabulary: counts for the pack, exact token ids for the prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from codereader.native import processors

THREADED_FROM = 100_000
"""Characters in all texts of a `count_each` from which threads pay."""


class TokenCounter(Protocol):
    """Counts tokens of one vocabulary, or estimates them and says so. Enough for a pack."""

    name: str
    """The vocabulary's name for people, e.g. ``SmolLM2 135M Instruct (49,152 tokens)``."""

    exact: bool
    """Whether counts are those of the answering model; False for the estimate."""

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text alone, as `Vocabulary.encode` without *special* gives."""
        ...


class Vocabulary(TokenCounter, Protocol):
    """Token ids of one vocabulary. Source text never becomes a control token unless `special` is asked for."""

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return token ids; with *special*, control tokens written in *text* (``<|im_start|>``) become one id each.

        No BOS is added. What is not a character (a lone surrogate) is read as U+FFFD.
        """
        ...


def count_each(texts: Sequence[str], count: Callable[[str], int]) -> list[int]:
    """Return *count* of each text, in threads where there is enough to do."""
    if len(texts) < 2 or sum(map(len, texts)) < THREADED_FROM:
        return [count(text) for text in texts]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(processors())) as pool:
        return list(pool.map(count, texts))
