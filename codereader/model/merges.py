"""Turn the merge list of a byte-level BPE vocabulary into one rank per token.

A GGUF lists merges of *pairs*; tiktoken wants a rank for every *merged token*. Both give the same tokens exactly when

- each token's own text, tokenized alone by pairs, ends as that one token (its last pair gives the rank), and
- every token that does not is kept out of the ranks.

For if two neighbours ``l r`` meet anywhere, they also meet when ``lr`` is tokenized alone, since merges inside ``lr``
do not depend on what stands outside. So at most one pair can ever make a token, and `merge_table` finds it for each.
Vocabularies that this cannot express give None. Text here is in GPT-2's alphabet: one printable character a byte.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_TOKEN = 2048
"""Vocabularies with a longer token, in bytes, get no table: the time to check one grows with its square."""


def _alphabet() -> str:
    """Return the character that stands for each byte 0..255 (GPT-2's `bytes_to_unicode`)."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in shown]
    stand_ins = {byte: 0x100 + number for number, byte in enumerate(others)}
    return "".join(chr(stand_ins.get(byte, byte)) for byte in range(256))


ALPHABET = _alphabet()
_OUTSIDE = 0xFFFF
_TO_BYTES = {code: _OUTSIDE for code in range(256) if chr(code) not in ALPHABET} | {
    ord(character): byte for byte, character in enumerate(ALPHABET)
}


@dataclass(frozen=True, slots=True)
class MergeTable:
    """Tokens in order of their rank, and their ids. Ids at or above `size` stand for bytes that have no token."""

    words: Sequence[bytes]
    ids: Sequence[int]
    size: int
    """Number of tokens in the vocabulary, special ones included."""
    ordered: bool
    """Whether ids rise with rank, so that an id can serve as rank."""


def merge_table(tokens: Sequence[str], merges: Sequence[str], whole_words: bool) -> MergeTable | None:
    """Return the ranks of a vocabulary, or None where merged tokens cannot express its merges.

    *whole_words*: a piece of text that is a token is that token, whatever the merges say (llama.cpp: ignore_merges).
    """
    ids = {token: number for number, token in enumerate(tokens) if token}
    if max(map(len, ids), default=0) > LONGEST_TOKEN:
        return None
    pairs = _pairs(merges)
    ranks = _ranks(pairs)
    if not ranks.keys() <= ids.keys():
        return None
    ordered = sorted(ranks, key=ranks.__getitem__)
    if whole_words:
        rest = [token for token in ids if len(token) > 1 and token not in ranks and to_bytes(token) is not None]
        if any(len(_parts(token, pairs)) == 2 for token in rest):
            return None
        ordered += rest
    words = [word for token in ordered if (word := to_bytes(token)) is not None]
    if len(words) != len(ordered):
        return None
    missing = iter(range(len(tokens), len(tokens) + 256))
    byte_ids = [ids[character] if character in ids else next(missing) for character in ALPHABET]
    word_ids = [ids[token] for token in ordered]
    return MergeTable(
        words=[*(bytes([byte]) for byte in range(256)), *words],
        ids=[*byte_ids, *word_ids],
        size=len(tokens),
        ordered=all(left < right for left, right in itertools.pairwise(word_ids)),
    )


def to_bytes(token: str) -> bytes | None:
    """Return the bytes that *token* stands for, or None where it is not written in the alphabet."""
    try:
        return token.translate(_TO_BYTES).encode("latin-1")
    except UnicodeEncodeError:
        return None


Pairs = dict[tuple[str, str], int]


def _pairs(merges: Sequence[str]) -> Pairs:
    """Return the rank of each pair; the first mention of a pair counts."""
    pairs: Pairs = {}
    for rank, merge in enumerate(merges):
        cut = merge.find(" ", 1)
        if cut > 0:
            pairs.setdefault((merge[:cut], merge[cut + 1 :]), rank)
    return pairs


Made = dict[str, tuple[int, str, str]]
"""A token that merges make: rank of its last merge, its left part, its right part."""


def _ranks(pairs: Pairs) -> dict[str, int]:
    """Return the rank of the last merge of every token that merges can make.

    Where a pair that is used ranks before the merges that make its parts (80 pairs of Llama 3), the walk of `_meet`
    says nothing about the tokens that hold its text; those are tokenized one by one.
    """
    made: Made = {}
    early: list[tuple[str, str]] = []
    for pair, rank in pairs.items():
        left, right = pair
        if not _known(pair, made):
            early.append(pair)
        elif left + right not in made and _meet(left, right, made, pairs):
            made[left + right] = (rank, left, right)
    ranks = {token: rank for token, (rank, _, _) in made.items()}
    odd = ["".join(pair) for pair in early if _known(pair, made) and _meet(*pair, made, pairs)]
    if odd:
        ranks |= _ranks_one_by_one(odd, pairs, ranks)
    return ranks


def _ranks_one_by_one(odd: list[str], pairs: Pairs, ranks: dict[str, int]) -> dict[str, int]:
    """Return the ranks of the tokens that hold a text of *odd*; those that cannot be made leave *ranks*."""
    holds_odd = re.compile("|".join(map(re.escape, sorted(odd)))).search
    found: dict[str, int] = {}
    for token in {left + right: None for left, right in pairs}:
        if holds_odd(token):
            ranks.pop(token, None)
            parts = _parts(token, pairs)
            if len(parts) == 2 and (parts[0], parts[1]) in pairs:
                found[token] = pairs[parts[0], parts[1]]
    return found


def _known(pair: tuple[str, str], made: Made) -> bool:
    return all(len(part) == 1 or part in made for part in pair)


def _meet(left: str, right: str, made: Made, pairs: Pairs) -> bool:
    """Tell whether *left* and *right* stand side by side when their joined text is tokenized alone.

    They do unless, at some earlier time, the last part of *left* and the first part of *right* merged. The walk goes
    back in time: whichever of the two was made later is replaced by its part that touches the other. Of equal ranks
    the leftmost merges first: a part of *left* is safe at the rank that consumes it, a part of *right* is not.
    """
    left_until = right_until = sys.maxsize
    while True:
        left_rank = made[left][0] if len(left) > 1 else -1
        right_rank = made[right][0] if len(right) > 1 else -1
        if left_rank > right_rank:
            left_until, left = left_rank, made[left][2]
        elif right_rank >= 0:
            right_until, right = right_rank, made[right][1]
        else:
            return True
        crossing = pairs.get((left, right))
        if crossing is not None and crossing < left_until and crossing <= right_until:
            return False


def _parts(token: str, pairs: Pairs) -> list[str]:
    """Tokenize *token* alone by pairs, leftmost first among equal ranks, until two parts are left or none merge."""
    parts = list(token)
    while len(parts) > 2:
        known = [(pairs[pair], start) for start, pair in enumerate(itertools.pairwise(parts)) if pair in pairs]
        if not known:
            break
        start = min(known)[1]
        parts[start : start + 2] = [parts[start] + parts[start + 1]]
    return parts
