"""Text in the cells of a terminal: cut, padded, and parted by what it is. A wide letter takes two cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

Part = tuple[str, str]
"""Safe text, and what it is: ``""``, ``muted``, ``accent``, ``good``, ``warning``, ``match``, ``head``."""


def apart(text: str) -> Iterator[str]:
    """Yield the spaces that *text* begins with, and the rest: who makes a picture of the screen may drop spaces."""
    shown = text.lstrip(" ")
    if len(shown) < len(text):
        yield text[: len(text) - len(shown)]
    if shown:
        yield shown


@lru_cache(4096)
def shortened(text: str, width: int) -> str:
    """Return safe *text* in at most *width* cells; what is cut out of a longer one is its middle."""
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    tail = min(width // 3, 8)
    head = set_cell_size(text, width - 1 - tail).rstrip(" ")
    ends = list(_fitting(text, tail))
    return f"{head}…{''.join(reversed(ends))}"


def _fitting(text: str, width: int) -> Iterator[str]:
    """Yield the last letters of *text*, from its end, that fit into *width* cells."""
    for letter in reversed(text):
        width -= cell_len(letter)
        if width < 0:
            return
        yield letter


@lru_cache(4096)
def clipped(text: str, width: int) -> str:
    """Return safe *text* in at most *width* cells; what is cut off a longer one is its end."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip(" ") + "…" if width > 0 else ""


def padded(text: str, width: int) -> str:
    """Return *text* in exactly *width* cells, cut or filled with spaces at its end."""
    return set_cell_size(text, width)


def marked(text: str, words: Sequence[str], kind: str) -> Iterator[Part]:
    """Yield *text* as parts of *kind*, and what it has of *words*, which are in small letters, as matches."""
    low = text.lower()
    hits = [False] * len(text)
    if len(low) == len(text):
        for word in words:
            at = low.find(word)
            while word and at >= 0:
                hits[at : at + len(word)] = [True] * len(word)
                at = low.find(word, at + len(word))
    begin = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or hits[at] != hits[begin]:
            yield text[begin:at], "match" if hits[begin] else kind
            begin = at
