r"""SentencePiece vocabularies (``tokenizer.ggml.model`` = ``llama``) on tiktoken, several times faster than llama.cpp.

llama.cpp joins neighbours wherever their joined text is a token, best score first, leftmost first among equals. That is
what tiktoken does with ranks in place of scores. It gives the same ids if

- only tokens that joining can make have a rank. Whether one can is seen when its text is tokenized alone, since what
  joins inside it does not depend on what stands outside; llama.cpp itself is asked once, for all of them;
- bytes join to characters before anything else. So the first bytes of characters, and characters that are no token,
  have ranks too. Where such a word is left over it stands for its bytes;
- text is cut only where no token lies across: before spaces, but behind no character beyond which one may go on.

Special tokens that repeat one character (line ends, tabs, spaces) are cut out by the same expression. Texts that hold
another one are cut at all of them first. Texts with a literal ``▁``, llama.cpp's sign for a space, are left to it, as
is every vocabulary for which the above cannot be shown.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from codereader.model.counter import count_each
from codereader.model.gguf import ModelHeader
from codereader.model.merges import MergeTable
from codereader.model.special import Cutter, SpecialToken

if TYPE_CHECKING:
    from codereader.model.llama_vocabulary import LlamaVocabulary

VERSION = 1
"""Raised whenever a table is worked out in another way."""

SPACE = "\u2581"
"""Stands for a space in a token's text."""

MOST_OPEN = 16
"""With more characters beyond which tokens go on after a space, text could hardly be cut."""

_ENDS_IN_SPACE = re.compile(r"[^ ] +\Z")
_OPEN = re.compile(r"([^ ]) ")


def piece_table(
    tokens: Sequence[str],
    scores: Sequence[int | float],
    special: Sequence[SpecialToken],
    encode: Callable[[str], list[int]],
) -> MergeTable | None:
    """Return the ranks of a vocabulary, or None where tiktoken cannot be shown to agree. *encode* asks llama.cpp.

    Words hold a space for each ``▁``. Ids at or above the table's size stand for words that are no token.
    """
    ids = {token: number for number, token in enumerate(tokens) if token}
    of_bytes = [found for byte in range(256) if (found := _byte_id(byte, ids)) is not None]
    if len(of_bytes) < 256 or len(scores) < len(tokens) or not all(map(math.isfinite, scores)):
        return None
    made = _made(tokens, special, encode, of_bytes[ord("\n")])
    texts = {number: tokens[number].replace(SPACE, " ") for number in made}
    if len({scores[number] for number in made}) < len(made) or any(map(_ENDS_IN_SPACE.search, texts.values())):
        return None
    known = _letters([*texts.values(), *(token for token in tokens if len(token) == 1)])
    loose = [*_beginnings(known), *(one.encode() for one in known if one not in ids)]
    words = {bytes([byte]): number for byte, number in enumerate(of_bytes)}
    words |= {word: len(tokens) + number for number, word in enumerate(loose)}
    words |= {one.encode(): ids[one] for one in known if one in ids}
    words |= {texts[number].encode(): number for number in sorted(made, key=lambda number: -scores[number])}
    runs = _runs(special)
    words |= {token.text.encode(): token.id for token in special if _is_run(token, runs)}
    return MergeTable(list(words), list(words.values()), len(tokens), ordered=False)


def _byte_id(byte: int, ids: dict[str, int]) -> int | None:
    """Return the id of a byte that joins nothing; a space is written `SPACE`."""
    letter = SPACE if byte == ord(" ") else chr(byte) if byte < 0x80 else ""
    return ids.get(letter, ids.get(f"<0x{byte:02X}>"))


def _made(
    tokens: Sequence[str], special: Sequence[SpecialToken], encode: Callable[[str], list[int]], line_end: int
) -> list[int]:
    """Return the ids of the tokens of two and more characters that joining can make; none where that cannot be told.

    All are tokenized at once between line ends, with which nothing joins.
    """
    apart = {token.text for token in special if not token.control}
    if any("\n" in text and text != "\n" and text not in apart for text in tokens):
        return []
    asked = [number for number, text in enumerate(tokens) if len(text) > 1 and "\n" not in text and text not in apart]
    parts = _split(encode("\n" + "".join(f"{tokens[number]}\n" for number in asked)), line_end)
    return [number for number, part in zip(asked, parts[1:], strict=False) if part == [number]]


def _split(ids: Iterable[int], mark: int) -> list[list[int]]:
    """Return what stands between the *mark* in *ids*."""
    parts: list[list[int]] = [[]]
    for one in ids:
        if one == mark:
            parts.append([])
        else:
            parts[-1].append(one)
    return parts


def _letters(texts: Iterable[str]) -> list[str]:
    """Return the characters of *texts* beyond ASCII, sorted, without `SPACE` and what is no character."""
    letters = {letter for text in texts if not text.isascii() for letter in text}
    return sorted(letter for letter in letters - {SPACE} if letter >= "\x80" and not "\ud800" <= letter <= "\udfff")


def _beginnings(letters: Iterable[str]) -> list[bytes]:
    """Return the first two and three bytes of longer characters, the short ones first."""
    found = {data[:length] for letter in letters for data in [letter.encode()] for length in range(2, len(data))}
    return sorted(found, key=lambda data: (len(data), data))


Runs = dict[str, int]
"""Characters whose repetitions are special tokens, up to so many: a space from two on, others from one."""


def _runs(special: Iterable[SpecialToken]) -> Runs:
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    for token in special:
        if not token.control and token.text.isascii() and len(set(token.text)) == 1:
            lengths[token.text[0]].add(len(token.text))
    return {one: max(found) for one, found in lengths.items() if found == set(range(1 + (one == " "), max(found) + 1))}


def _is_run(token: SpecialToken, runs: Runs) -> bool:
    return not token.control and set(token.text) <= runs.keys() and len(set(token.text)) == 1


def pattern_of(words: Iterable[bytes], runs: Runs) -> str | None:
    """Return the expression that cuts text between the tokens of *words*, or None where it could hardly be cut."""
    spaced = (word.decode() for word in words if b" " in word[1:])
    opened = {letter for word in spaced for letter in _OPEN.findall(word)}
    if len(opened) > MOST_OPEN:
        return None
    stops = "".join(map(_escaped, sorted(runs.keys() - {" "})))
    open_ = "".join(map(_escaped, sorted(opened)))
    one_or_more, any_ = (" ", " ?") if " " in runs else (" +", " *")
    plain = rf"[^\x20{stops}{open_}]"
    going_on = rf"|[{open_}](?:{one_or_more}[{open_}])*(?:{one_or_more}{plain})?" if opened else ""
    repeated = [f"{_escaped(one)}{{{1 + (one == ' ')},{most}}}" for one, most in sorted(runs.items())]
    return "|".join([*repeated, f"{any_}(?:{plain}{going_on})+", one_or_more])


def open_pieces(
    header: ModelHeader, table: MergeTable, special: tuple[SpecialToken, ...]
) -> SentencePieceVocabulary | None:
    """Return the vocabulary of *table*; None where that is empty or text could not be cut."""
    pattern = pattern_of(table.words, _runs(special)) if table.words else None
    return None if pattern is None else SentencePieceVocabulary(header, table, special, pattern)


def _escaped(letter: str) -> str:
    return rf"\x{{{ord(letter):X}}}"


class SentencePieceVocabulary:
    """A `Vocabulary` on tiktoken. Encoding holds no lock and may run in several threads."""

    exact = True

    def __init__(self, header: ModelHeader, table: MergeTable, special: tuple[SpecialToken, ...], pattern: str) -> None:
        """Build the encoding of *table* and *special* for a vocabulary that puts no space before a text."""
        import tiktoken

        self.name = f"{header.name} ({table.size:,} tokens)"
        self._header = header
        self._ids = table.ids
        self._size = table.size
        runs = _runs(special)
        plain = [token for token in special if not token.control]
        self._special, self._plain = Cutter(special), Cutter(plain)
        others = [re.escape(token.text) for token in plain if not _is_run(token, runs)]
        self._holds_other = re.compile("|".join([SPACE, *others])).search
        self._encoding = tiktoken.Encoding(
            header.digest,
            pat_str=pattern,
            mergeable_ranks=dict(zip(table.words, range(len(table.words)), strict=True)),
            special_tokens={},
        )
        self._bytes = {
            number: [table.ids[byte] for byte in word]
            for word, number in zip(table.words, table.ids, strict=True)
            if number >= table.size
        }

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return token ids, as `Vocabulary.encode`."""
        if special or self._holds_other(text):
            if SPACE in text:
                return self._native.encode(text, special=special)
            parts = (self._special if special else self._plain).cut(text)
            return [one for part in parts for one in ([part] if isinstance(part, int) else self._encode(part))]
        return self._encode(text)

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, as `TokenCounter.count_many`."""
        return count_each(texts, lambda text: len(self.encode(text)))

    def _encode(self, text: str) -> list[int]:
        """Return the ids of *text*, which holds no special token but runs of one character."""
        table = self._ids
        ids = [table[rank] for rank in self._encoding.encode_ordinary(text)]
        if text.isascii() or max(ids, default=0) < self._size:
            return ids
        return [one for number in ids for one in (self._bytes[number] if number >= self._size else [number])]

    @cached_property
    def _native(self) -> LlamaVocabulary:
        from codereader.model.llama_vocabulary import LlamaVocabulary

        return LlamaVocabulary(self._header, cut_runs=False)
