"""Vocabularies that llama.cpp tokenizes itself: WordPiece, unusual BPE, and SentencePiece where tiktoken cannot.

Wraps llama_cpp; loads the vocabulary of a GGUF without its weights. Ids and counts are exact by definition, but for
two things. llama.cpp runs some pre-tokenizers on std::regex, which overflows the stack of the process on very long runs
of one kind of character: such runs are cut at `LONGEST_RUN` characters first. And it takes some tokens for user-defined
ones that are control tokens here (`codereader.model.special`), and finds them in any text: theirs is cut, so that it
stays text.

llama.cpp's time grows with the square of the special tokens in a text, and each line end is one for Gemma. So texts
go to it in blocks, cut where the ids stay the same: beside a special token, at a place that none crosses. What is found
in the whole text is then found in the parts, and what lies between special tokens is tokenized alone anyway.
"""

from __future__ import annotations

import ctypes
import itertools
import logging
import os
import re
import weakref
from collections.abc import Iterator, Sequence

from codereader import native
from codereader.errors import ModelUnreadable
from codereader.model.counter import count_each
from codereader.model.gguf import ModelHeader, read_numbers, read_strings
from codereader.model.special import Cutter, forced_texts, special_tokens, strips_space, user_markers

llama_cpp = native.llama()

LONGEST_RUN = 4096
"""Characters, all white space or all not, that std::regex is trusted with. Its stack use grows with their number."""

BLOCK = 2048
"""Characters of a text that are tokenized in one go where it can be cut."""

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
        tokens = [token.decode("utf-8", "surrogateescape") for token in read_strings(header, "tokenizer.ggml.tokens")]
        types = read_numbers(header, "tokenizer.ggml.token_type")
        special = special_tokens(tokens, types)
        self._inside = _inside([*forced_texts(special), *user_markers(tokens, types)])
        self._cutters = (Cutter([token for token in special if not token.control]), Cutter(special))
        self._blocks = header.tokenizer_model == "llama" and not strips_space(header.name)

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return token ids, as `Vocabulary.encode`."""
        ids: list[int] = []
        for data in self._cut(text, special=special):
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
        return count_each(texts, self._count)

    def _count(self, text: str) -> int:
        return sum(self._tokenize(data, None, 0, False) for data in self._cut(text, special=False))

    def _cut(self, text: str, *, special: bool) -> Iterator[bytes]:
        """Yield *text* in UTF-8, in pieces that are safe to tokenize."""
        for part in [text] if special or self._inside is None else self._inside.split(text):
            if self._blocks:
                yield from map(_utf8, self._cutters[special].blocks(part, BLOCK))
            elif self._cut_runs and _LONG_RUN.search(part):
                ends = [match.end() for match in _RUNS.finditer(part) if len(match[0]) == LONGEST_RUN]
                yield from (_utf8(part[start:end]) for start, end in itertools.pairwise([0, *ends, len(part)]))
            else:
                yield _utf8(part)

    def _tokenize(self, data: bytes, buffer: ctypes.Array[ctypes.c_int32] | None, size: int, special: bool) -> int:
        """Tokenize into *buffer* of *size* ids; return how many ids there are."""
        count: int = llama_cpp.llama_tokenize(self._vocabulary, data, len(data), buffer, size, False, special)
        return abs(count)


def _inside(texts: Sequence[str]) -> re.Pattern[str] | None:
    """Return an expression for the places behind the first character of any of *texts*."""
    places = (f"(?<={re.escape(text[0])})(?={re.escape(text[1:])})" for text in texts)
    return re.compile("|".join(places)) if texts else None


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
