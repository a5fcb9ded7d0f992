"""What is kept in an index as JSON: packed small, and unpacked with no trust in what stands there."""

from __future__ import annotations

import json
import zlib

MOST_BYTES = 4 << 20
"""A longer outcome, in bytes of JSON, is neither kept nor read: others are to have room beside it."""


def packed(made: object) -> bytes | None:
    """Return *made*, of nothing but what JSON has, to be kept; None where that is too long."""
    raw = json.dumps(made).encode("ascii")
    return zlib.compress(raw, 1) if len(raw) <= MOST_BYTES else None


def unpacked(raw: bytes) -> object:
    """Return what `packed` was given. Raises: ValueError for anything that it did not make."""
    try:
        return json.loads(zlib.decompressobj().decompress(raw, MOST_BYTES))
    except (zlib.error, RecursionError) as error:
        raise ValueError(str(error)) from None
