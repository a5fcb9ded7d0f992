"""Exact token ids and counts of a model, from its own vocabulary.

Byte-level BPE (``tokenizer.ggml.model`` = ``gpt2``) and SentencePiece (``llama``) run on tiktoken, several times faster
than llama.cpp and equal to it token for token, where that can be shown; every other vocabulary is left to llama.cpp.
Working out the ranks of a vocabulary takes seconds for the largest, so they are kept in the cache under the digest of
all they come from. Those of SentencePiece are worked out only where they can be kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from codereader.model import sentencepiece
from codereader.model.counter import Vocabulary, count_each
from codereader.model.gguf import ModelHeader, read_header, read_numbers, read_strings
from codereader.model.merges import MergeTable, merge_table
from codereader.model.pretokenizer import PRE_TOKENIZERS, PreTokenizer
from codereader.model.ranks import load_ranks, save_ranks
from codereader.model.special import SEPARATED, Cutter, SpecialToken, special_tokens, strips_space

if TYPE_CHECKING:
    from codereader.model.llama_vocabulary import LlamaVocabulary

LONGEST_SPACE = 100_000
"""Characters of white space in a row that tiktoken is trusted with; at a million its regular expressions overflow."""

_LIKE_GEMMA4 = ("gemma4", "granite-embed-multi-311m")
"""Pre-tokenizers whose prompts begin with BOS whatever the file says."""

_LONG_SPACE = re.compile(rf"(?<!\s)\s{{{LONGEST_SPACE}}}")


def open_vocabulary(path: Path, cache: Path | None = None) -> Vocabulary:
    """Return the vocabulary of the GGUF at *path*; ranks are kept under the folder *cache*, if there is one.

    Raises: ModelNotFound, ModelUnreadable.
    """
    return vocabulary_of(read_header(path), cache)


def vocabulary_of(header: ModelHeader, cache: Path | None = None) -> Vocabulary:
    """Return the vocabulary of the model that *header* describes, as `open_vocabulary`."""
    cutter = PRE_TOKENIZERS.get(header.tokenizer_pre) if header.tokenizer_model == "gpt2" else None
    if cutter is not None and not strips_space(header.name):
        key = _key(header, cutter)
        ranks = load_ranks(cache, key) or _ranks(header, cutter, cache, key)
        if ranks is not None:
            return BytePairVocabulary(header, cutter, *ranks)
    if header.tokenizer_model == "llama" and cache is not None and not strips_space(header.name):
        found = _sentence_pieces(header, cache)
        if found is not None:
            return found
    from codereader.model.llama_vocabulary import LlamaVocabulary

    return LlamaVocabulary(header, cut_runs=header.tokenizer_model == "gpt2")


def _sentence_pieces(header: ModelHeader, cache: Path) -> Vocabulary | None:
    """Return a SentencePiece vocabulary that needs no llama.cpp, or None. That there is none is kept as an empty table.

    One that puts a space before a text does so again behind each special token, and is left to llama.cpp.
    """
    if header.metadata.get("tokenizer.ggml.add_space_prefix", True):
        return None
    key = _key(header, ("SentencePiece", sentencepiece.VERSION))
    kept = load_ranks(cache, key)
    if kept is None:
        from codereader.model.llama_vocabulary import LlamaVocabulary

        native = LlamaVocabulary(header, cut_runs=False)
        tokens = _texts(header, "tokenizer.ggml.tokens")
        special = special_tokens(tokens, read_numbers(header, "tokenizer.ggml.token_type"))
        scores = read_numbers(header, "tokenizer.ggml.scores")
        table = sentencepiece.piece_table(tokens, scores, special, native.encode)
        kept = table or MergeTable([], [], len(tokens), ordered=False), special
        save_ranks(cache, key, *kept)
    return sentencepiece.open_pieces(header, *kept)


def adds_bos(header: ModelHeader) -> bool:
    """Tell whether a prompt for this model begins with its BOS token (llama.cpp's rule, src/llama-vocab.cpp)."""
    if header.bos_id is None:
        return False
    byte_pairs = header.tokenizer_model == "gpt2"
    if header.tokenizer_model == "gemma4" or (byte_pairs and header.tokenizer_pre in _LIKE_GEMMA4):
        return True
    if header.add_bos is not None:
        return header.add_bos
    if byte_pairs:
        known = PRE_TOKENIZERS.get(header.tokenizer_pre)
        return known.add_bos if known else header.tokenizer_pre == "chameleon"
    return header.tokenizer_model in ("llama", "bert")


class BytePairVocabulary:
    """A `Vocabulary` on tiktoken. Encoding holds no lock and may run in several threads."""

    exact = True

    def __init__(
        self, header: ModelHeader, cutter: PreTokenizer, table: MergeTable, special: tuple[SpecialToken, ...]
    ) -> None:
        """Build the encoding of *table* and *special* with the pieces that *cutter* makes."""
        import tiktoken

        self.name = f"{header.name} ({table.size:,} tokens)"
        self._header = header
        self._special = Cutter(special)
        self._plain = Cutter([token for token in special if not token.control])
        self._size = table.size
        self._ids = None if table.ordered else table.ids
        ranks = table.ids if table.ordered else range(len(table.ids))
        self._encoding = tiktoken.Encoding(
            header.digest,
            pat_str=cutter.pattern,
            mergeable_ranks=dict(zip(table.words, ranks, strict=True)),
            special_tokens={},
        )
        self._lacks_bytes = max(table.ids[:256]) >= table.size

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return token ids, as `Vocabulary.encode`."""
        ids: list[int] = []
        for part in (self._special if special else self._plain).cut(text):
            ids += [part] if isinstance(part, int) else self._encode(part)
        return ids

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, as `TokenCounter.count_many`."""
        return count_each(texts, lambda text: len(self.encode(text)))

    def _encode(self, text: str) -> list[int]:
        """Return the ids of *text*, which holds no special token."""
        if len(text) >= LONGEST_SPACE and _LONG_SPACE.search(text):
            return self._native.encode(text)
        ids = self._encoding.encode_ordinary(text)
        if self._ids is not None:
            ids = [self._ids[rank] for rank in ids]
        if self._lacks_bytes and ids and max(ids) >= self._size:
            ids = [number for number in ids if number < self._size]
        return ids

    @cached_property
    def _native(self) -> LlamaVocabulary:
        from codereader.model.llama_vocabulary import LlamaVocabulary

        return LlamaVocabulary(self._header, cut_runs=True)


def _key(header: ModelHeader, rules: object) -> str:
    """Return the name under which ranks are kept: of all that they are worked out from, ours and the file's."""
    ours = "\n".join([header.digest, repr(rules), *sorted(SEPARATED)])
    return hashlib.sha256(ours.encode()).hexdigest()


def _ranks(
    header: ModelHeader, cutter: PreTokenizer, cache: Path | None, key: str
) -> tuple[MergeTable, tuple[SpecialToken, ...]] | None:
    """Work out the ranks and keep them; None where only llama.cpp can tell."""
    tokens = _texts(header, "tokenizer.ggml.tokens")
    table = merge_table(tokens, _texts(header, "tokenizer.ggml.merges"), cutter.whole_words)
    if table is None or not tokens or len({token for token in tokens if token}) != sum(map(bool, tokens)):
        return None
    special = special_tokens(tokens, read_numbers(header, "tokenizer.ggml.token_type"))
    save_ranks(cache, key, table, special)
    return table, special


def _texts(header: ModelHeader, key: str) -> list[str]:
    return [text.decode("utf-8", "surrogateescape") for text in read_strings(header, key)]
