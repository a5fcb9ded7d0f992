"""A prompt as a chain of blocks, each named by all that stands before it.

A block is one micro-batch of token ids, cut from position 0; its key is a hash of its parent's key and its own ids, the
first parent being the key of the environment. Equal keys mean equal tokens under an equal environment, evaluated in
batches of the same shapes. So a block gives what a cold run gives, bit for bit. The last block is as long as what is
left, and is found again only by a prompt whose base ends just there. Pure; knows nothing of files or payloads.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

KEY_BYTES = 32

_DOMAIN = b"codereader block of tokens 1\0"


@dataclass(frozen=True, slots=True)
class Link:
    """One block of a chain: tokens *start* to *end* (half-open, positions in the prompt), its key and its parent's."""

    start: int
    end: int
    key: bytes
    parent: bytes


def links(environment: bytes, tokens: Sequence[int], step: int) -> tuple[Link, ...]:
    """Return the blocks of *tokens*, from the first on, each *step* tokens long but for the last.

    Raises: ValueError for a *step* below 1 or an *environment* that is not `KEY_BYTES` long.
    """
    if step < 1 or len(environment) != KEY_BYTES:
        raise ValueError("a chain needs blocks of at least one token, and a whole key to begin with")
    chain = []
    parent = environment
    for start in range(0, len(tokens), step):
        block = tokens[start : start + step]
        key = _key(parent, start, block)
        chain.append(Link(start, start + len(block), key, parent))
        parent = key
    return tuple(chain)


def belongs(link: Link, tokens: Sequence[int]) -> bool:
    """Whether *tokens*, those of the block alone, are the ones that *link* is named by."""
    return link.end - link.start == len(tokens) and link.key == _key(link.parent, link.start, tokens)


def packed(tokens: Sequence[int]) -> bytes:
    """Return token ids as int32, little-endian. Raises: OverflowError for what is no int32."""
    row = array("i", tokens)
    if sys.byteorder == "big":
        row.byteswap()
    return row.tobytes()


def unpacked(raw: bytes) -> tuple[int, ...]:
    """Return what `packed` was given. Raises: ValueError where *raw* is no whole number of ids."""
    row = array("i")
    row.frombytes(raw)
    if sys.byteorder == "big":
        row.byteswap()
    return tuple(row)


def _key(parent: bytes, start: int, tokens: Sequence[int]) -> bytes:
    return hashlib.sha256(_DOMAIN + parent + start.to_bytes(8, "little") + packed(tokens)).digest()
