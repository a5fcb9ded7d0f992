"""Words out of code, comments and bug reports: the same for what is indexed and for what is asked.

A term is a lower-case word, a part of an identifier (split by case and underscore, without its English ending), or a
whole identifier of several parts. Inside a string, two neighbouring words make a pair, one term with a space.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

WORD = re.compile(r"[A-Za-z0-9_]+|[^\W\x00-\x7f]+")
"""An identifier, a number, or a run of letters of another script."""

LONGEST = 80
"""Characters of the longest word that is looked at; beyond are encoded data."""

_PART = re.compile(
    r"^[A-Z][a-z][A-Z]$"  # QoS
    r"|[A-Z]{2,}(?=s(?![a-z]))"  # CPU of CPUs
    r"|[A-Z]{2,}(?:sec|v[0-9]+)(?![a-z])"  # IPsec, IPv4
    r"|[A-Z]+(?![a-z])[0-9]*"
    r"|[A-Z]?[a-z]+[0-9]*[a-z]?(?![a-z])|[A-Z]?[a-z]+[0-9]*|[0-9]+[a-z0-9]*"
)
_HEX = re.compile(r"0[xX]0*([0-9a-fA-F]{3,8})[uUlL]*")


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Return *word*, lower-case ASCII, without a common English ending."""
    if len(word) < 4 or not word.isalpha():
        return word
    for ending, least in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least:
            word = word[: -len(ending)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    if word.endswith("s") and word[-2] not in "sui" and len(word) > 3:
        word = word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


_ENDINGS = (("ings", 3), ("ing", 3), ("ed", 3))


def terms_of(word: str) -> tuple[str, ...]:
    """Return the terms of one *word* of `WORD`, the whole first, then its parts; none for mere numbers."""
    if len(word) > LONGEST:
        return ()
    if word[0] in "0123456789":
        match = _HEX.fullmatch(word)
        if match:
            return (match[1].lower(),)
        return (word.lower(),) if len(word) > 1 else ()
    if not word.isascii():
        return _pairs_of_letters(word)
    bare = word.strip("_")
    parts = list(dict.fromkeys(stem(part) for part in parts_of(bare) if len(part) > 1))
    whole = bare.lower()
    if not parts:
        return (whole,) if len(whole) > 1 else ()
    if len(parts) == 1 and stem(whole) == parts[0]:
        return (parts[0],)
    return (whole, *(part for part in parts if part != whole))


def parts_of(identifier: str) -> list[str]:
    """Return the lower-case parts of an *identifier*, split by underscore and case; digits stay with their letters."""
    found: list[str] = []
    for piece in identifier.split("_"):
        if not piece:
            continue
        if piece.islower() or piece.isupper() or piece.isdigit():
            found.append(piece.lower())
        else:
            found += [part.lower() for part in _PART.findall(piece)] or [piece.lower()]
    return found


def pairs_of(words: Sequence[str]) -> list[str]:
    """Return the pairs of neighbouring *words*, which are stems."""
    return [f"{one} {other}" for one, other in pairwise(words)]


def plain_words(text: str) -> list[str]:
    """Return the words of *text* in order, each as one stem, for pairs."""
    return [stem(word.strip("_").lower()) for word in WORD.findall(text) if word.strip("_")]


def _pairs_of_letters(word: str) -> tuple[str, ...]:
    """Return what a run of another script is known by: itself, and its pairs of letters where it has no spaces."""
    low = word.lower()
    if low[0] < "\u2e80":
        return (low,)
    return tuple(dict.fromkeys(low[at : at + 2] for at in range(max(1, len(low) - 1))))


def number_of(term: str) -> int:
    """Return what the index knows *term* by: 32 bits. Two terms may share it, so rarely that a ranking never shows."""
    return crc32(term.encode("utf-8", "surrogatepass"))
