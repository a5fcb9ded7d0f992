"""Token counts that are kept on disk, so that a text that was counted once is not counted again.

A count is found by a digest of the vocabulary and of the text (`codereader.model.kept_numbers`); a text that changed is
another text. The vocabulary is opened only for texts that were never counted. Counts are those of the vocabulary.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

import codereader
from codereader.model.counter import Vocabulary
from codereader.model.gguf import ModelHeader, read_header
from codereader.model.kept_numbers import KeptNumbers
from codereader.model.pretokenizer import PRE_TOKENIZERS
from codereader.model.special import CONTROL_TEXTS

COUNTING = 1
"""Counts up with every change of what a vocabulary makes of a text; the counts from before are then not found."""

_LIBRARIES = {"tiktoken": "tiktoken-", "llama_cpp": "llama_cpp_python-"}
"""What counts, and how the folders begin that name its version beside it."""


Guard = Callable[[], AbstractContextManager[None]]
"""What the opening of a vocabulary, seconds the first time, is done in; `CancelToken.anywhere` lets Ctrl-C end it."""


def kept_vocabulary(path: Path, cache: Path, guard: Guard = nullcontext) -> KeptVocabulary:
    """Return the vocabulary of the GGUF at *path*, its counts kept in the folder *cache*.

    Only the header is read; what is wrong with the vocabulary itself is raised when it is first needed.
    Raises: ModelNotFound, ModelUnreadable.
    """
    return kept_vocabulary_of(read_header(path), cache, guard)


def kept_vocabulary_of(header: ModelHeader, cache: Path, guard: Guard = nullcontext) -> KeptVocabulary:
    """Return the vocabulary of the model that *header* describes, as `kept_vocabulary`."""

    def opened() -> Vocabulary:
        from codereader.model.vocabulary import vocabulary_of

        with guard():
            return vocabulary_of(header, cache)

    name = f"{header.name} ({header.vocab_size:,} tokens)"
    return KeptVocabulary(name, counting_key(header), opened, cache, header.context_length)


def counting_key(header: ModelHeader) -> bytes:
    """Return 32 bytes that differ where the count of some text may: of the file's vocabulary, and of what counts."""
    cutter = PRE_TOKENIZERS.get(header.tokenizer_pre)
    ours = [codereader.__version__, str(COUNTING), repr(cutter), *sorted(CONTROL_TEXTS), *_versions()]
    return sha256("\n".join([header.digest, *ours]).encode()).digest()


class KeptVocabulary:
    """A `Vocabulary` that looks counts up before it counts. For one thread at a time.

    Use as a context manager, or call `close`: what was counted is written then. Counting goes on after that; only what
    is new then is written by the next `close`.
    """

    exact = True

    def __init__(self, name: str, key: bytes, opened: Callable[[], Vocabulary], cache: Path, window: int = 0) -> None:
        """Count as the vocabulary that *opened* gives, whose counts are those of *key* (at most 64 bytes).

        *window* is how many tokens of context its model was trained for, 0 where that is not known.
        """
        self.name = name
        self.window = window
        self.key = key
        self._open = opened
        self._counts = KeptNumbers(key, cache)
        self._vocabulary: Vocabulary | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Write what was counted since. Never fails: what cannot be written is counted again."""
        self._counts.close()

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return token ids, as `Vocabulary.encode`."""
        return self._opened().encode(text, special=special)

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, as `TokenCounter.count_many`."""
        keys = [self._counts.key(text.encode("utf-8", "surrogatepass")) for text in texts]
        counts = self._counts.known(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in counts}
        if missing:
            made = dict(zip(missing, self._opened().count_many(list(missing.values())), strict=True))
            self._counts.learn(made)
            counts |= made
        return [counts[key] for key in keys]

    def _opened(self) -> Vocabulary:
        if self._vocabulary is None:
            self._vocabulary = self._open()
        return self._vocabulary


def _versions() -> list[str]:
    """Return the versions of the libraries that count, as the folders beside them tell; importing them takes longer."""
    found = []
    for library, start in _LIBRARIES.items():
        with suppress(OSError, ValueError):
            spec = importlib.util.find_spec(library)
            if spec is not None and spec.origin:
                found += [one.name for one in Path(spec.origin).parent.parent.glob(f"{start}*")]
    return sorted(found)
