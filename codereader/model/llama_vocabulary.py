"""Vocabularies that llama.cpp tokenizes itself: SentencePiece, WordPiece, and unusual BPE.

Wraps llama_cpp; loads the vocabulary of a GGUF without its weights. Ids and counts are exact by definition, but for
one thing: llama.cpp runs some pre-tokenizers on std::regex, which overflows the stack of the process on very long runs
of one kind of character. Such runs are cut at `LONGEST_RUN` characters first.
"""

from __future__ import annotations

import ctypes
import itertools
import logging
import os
import re
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from codereader import native
from codereader.errors import ModelUnreadable
from codereader.model.gguf import ModelHeader, read_strings

llama_cpp = native.llama()

LONGEST_RUN = 4096
"""Characters, all white space or all not, that std::regex is trusted with. Its stack use grows with their number."""

_LONG_RUN = re.compile(rf"(?<!\S)\S{{{LONGEST_RUN}}}|(?<!\s)\s{{{LONGEST_RUN}}}")
_RUNS = re.compile(rf"\S{{1,{LONGEST_RUN}}}|\s{{1,{LONGEST_RUN}}}")


class LlamaVocabulary:
    """A `Vocabulary` that asks llama.cpp. Tokenizing holds no lock and may run in several threads."""

    exact = True

    def __init__(self, header: ModelHeader, *, cut_runs: bool) -> None:
        """Load the vocabulary of the model file of *header*. Raises: ModelUnreadable.

        *cut_runs*: whether llama.cpp's pre-tokenizer for it is a regular expression (see the module).
        """
        _check_unique(header)
        logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL)
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = True
        model = llama_cpp.llama_model_load_from_file(os.fsencode(header.path), params)
        if not model:
            raise ModelUnreadable(
                f"llama.cpp cannot read the vocabulary of {header.path}"
                f" (tokenizer {header.tokenizer_model!r}, pre-tokenizer {header.tokenizer_pre!r})"
            )
        weakref.finalize(self, llama_cpp.llama_model_free, model)
        self.name = f"{header.name} ({header.vocab_size:,} tokens)"
        self._vocabulary = llama_cpp.llama_model_get_vocab(model)
        self._cut_runs = cut_runs

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return token ids, as `Vocabulary.encode`."""
        ids: list[int] = []
        for data in self._cut(text):
            room = len(data) + 8
            buffer = (llama_cpp.llama_token * room)()
            count = self._tokenize(data, buffer, room, special)
            if count > room:
                buffer = (llama_cpp.llama_token * count)()
                self._tokenize(data, buffer, count, special)
            ids += buffer[:count]
        return ids

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, as `TokenCounter.count_many`."""
        with ThreadPoolExecutor(len(native.processors())) as pool:
            return list(pool.map(self._count, texts))

    def _count(self, text: str) -> int:
        return sum(self._tokenize(data, None, 0, False) for data in self._cut(text))

    def _cut(self, text: str) -> list[bytes]:
        """Return *text* in UTF-8, in pieces that are safe to tokenize."""
        if not self._cut_runs or _LONG_RUN.search(text) is None:
            return [_utf8(text)]
        ends = [match.end() for match in _RUNS.finditer(text) if len(match[0]) == LONGEST_RUN]
        return [_utf8(text[start:end]) for start, end in itertools.pairwise([0, *ends, len(text)])]

    def _tokenize(self, data: bytes, buffer: ctypes.Array[ctypes.c_int32] | None, size: int, special: bool) -> int:
        """Tokenize into *buffer* of *size* ids; return how many ids there are."""
        count: int = llama_cpp.llama_tokenize(self._vocabulary, data, len(data), buffer, size, False, special)
        return abs(count)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _check_unique(header: ModelHeader) -> None:
    """Refuse a vocabulary that names a token twice: llama.cpp ends the process on one."""
    tokens = [token for token in read_strings(header, "tokenizer.ggml.tokens") if token]
    if len(set(tokens)) != len(tokens):
        raise ModelUnreadable(f"cannot read the vocabulary of {header.path}: it lists a token twice")
