"""Ranks of a vocabulary on disk, so that a second start need not work them out.

One file a model under ``<cache>/vocabularies``, named by the digest of all they come from and written whole. Its
layout: a first line with the version, SHA-256 of the rest, then counts, word lengths, ids (native integers, native
order), the words' bytes, and the special tokens as JSON. A file that is missing, damaged or of another version reads
as None.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import sys
import threading
from array import array
from itertools import accumulate, pairwise
from pathlib import Path

from codereader.config import make_private
from codereader.model.merges import MergeTable
from codereader.model.special import SpecialToken

VERSION = 1
"""Counts up with every change of how ranks are worked out or laid out; their input is part of the digest."""

_MAGIC = f"codereader vocabulary {VERSION} {sys.byteorder}\n".encode()
_COUNTS = struct.Struct("<QQ?")
_DIGEST_BYTES = 32

Ranks = tuple[MergeTable, tuple[SpecialToken, ...]]


def load_ranks(cache: Path | None, digest: str) -> Ranks | None:
    """Return what `save_ranks` kept under *digest*, or None."""
    if cache is None:
        return None
    try:
        data = _place(cache, digest).read_bytes()
    except OSError:
        return None
    start = len(_MAGIC) + _DIGEST_BYTES
    body = memoryview(data)[start:]
    if data[: len(_MAGIC)] != _MAGIC or hashlib.sha256(body).digest() != data[len(_MAGIC) : start]:
        return None
    return _unpack(bytes(body))


def save_ranks(cache: Path | None, digest: str, table: MergeTable, special: tuple[SpecialToken, ...]) -> None:
    """Keep *table* and *special* under *digest*. A cache that cannot be written is not an error: it only saves time."""
    if cache is None:
        return
    place = _place(cache, digest)
    body = _pack(table, special)
    with contextlib.suppress(OSError):
        make_private(place.parent)
        _write_whole(place, _MAGIC + hashlib.sha256(body).digest() + body)


def _place(cache: Path, digest: str) -> Path:
    return cache / "vocabularies" / f"{digest}.bin"


def _write_whole(place: Path, data: bytes) -> None:
    """Write *data* so that a reader sees all of it or nothing."""
    draft = place.with_name(f".{place.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        draft.write_bytes(data)
        draft.replace(place)
    except BaseException:  # Ctrl-C too
        draft.unlink(missing_ok=True)
        raise


def _pack(table: MergeTable, special: tuple[SpecialToken, ...]) -> bytes:
    lengths = array("I", map(len, table.words))
    tail = json.dumps([[token.text, token.id, token.control] for token in special]).encode()
    counts = _COUNTS.pack(table.size, len(table.words), table.ordered)
    return b"".join((counts, lengths.tobytes(), array("I", table.ids).tobytes(), *table.words, tail))


def _unpack(body: bytes) -> Ranks:
    size, count, ordered = _COUNTS.unpack_from(body)
    lengths, ids = array("I"), array("I")
    lengths_end = _COUNTS.size + count * lengths.itemsize
    words_start = lengths_end + count * ids.itemsize
    lengths.frombytes(body[_COUNTS.size : lengths_end])
    ids.frombytes(body[lengths_end:words_start])
    ends = list(accumulate(lengths, initial=words_start))
    words = [body[start:end] for start, end in pairwise(ends)]
    special = tuple(SpecialToken(*token) for token in json.loads(body[ends[-1] :]))
    return MergeTable(words, ids, size, ordered), special
