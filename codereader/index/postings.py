"""Which contents mention a name: an inverted index that holds numbers only.

A mention is one unsigned 64-bit number: the CRC-32 of the name, the row of the content (28 bits), and four flags
that tell how the content uses the name. Two names may share a CRC, so a hit says where to look, not what is there.
Mentions lie sorted in `BUCKETS` buckets, by the leading bits of the CRC. Knows no database.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from zlib import crc32

DEFINES, CALLS, NAMES, TABLES = 1, 2, 4, 8
"""The flags of a mention: the content defines the name, calls it, names it, or puts it in a table."""

UNNAMED = "#"
"""How the member of a table entry begins that is told by its position."""

BUCKETS = 1024
"""A power of two: small enough to write a batch with few rows, large enough to read a bucket of a big tree at once."""

_BUCKET_AT = 64 - (BUCKETS.bit_length() - 1)
_PARSE_AT, _CRC_AT = 4, 32


def member_key(field: str) -> str:
    """Return the name under which the entries of tables for the member *field* are found; no symbol is called so."""
    return f".{UNNAMED if field.startswith(UNNAMED) else field}"


def mentions_of(flags: Mapping[str, int]) -> bytes:
    """Return the mentions of one content, whose row is not known yet, from the flags of each name."""
    return _bytes(sorted(_crc(name) << _CRC_AT | flag for name, flag in flags.items()))


def placed(mentions: bytes, parse: int) -> list[int]:
    """Return the *mentions* of the content with the row *parse*."""
    row = parse << _PARSE_AT
    return [number | row for number in _array(mentions)]


def bucketed(mentions: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Yield each bucket that sorted *mentions* touch, with its part of them."""
    at = 0
    while at < len(mentions):
        bucket = mentions[at] >> _BUCKET_AT
        end = bisect_left(mentions, bucket + 1 << _BUCKET_AT, at)
        yield bucket, _bytes(mentions[at:end])
        at = end


def merged(parts: Iterable[bytes], dropped: frozenset[int] = frozenset()) -> bytes:
    """Return one bucket's mentions out of several segments, without those of the contents *dropped*."""
    numbers = [number for part in parts for number in _array(part)]
    numbers.sort()
    if dropped:
        numbers = [number for number in numbers if _parse(number) not in dropped]
    return _bytes(numbers)


def bucket_of(name: str) -> int:
    """Return the bucket that mentions of *name* lie in."""
    return _crc(name) >> (_BUCKET_AT - _CRC_AT)


def found(bucket: bytes, name: str) -> Iterator[tuple[int, int]]:
    """Yield row and flags of each content in *bucket* that may mention *name*, by rising row.

    Raises: ValueError for bytes that were not written here.
    """
    numbers, crc = _array(bucket), _crc(name)
    for number in numbers[bisect_left(numbers, crc << _CRC_AT) : bisect_left(numbers, crc + 1 << _CRC_AT)]:
        yield _parse(number), number & (1 << _PARSE_AT) - 1


def _parse(number: int) -> int:
    return (number & 0xFFFFFFFF) >> _PARSE_AT


def _crc(name: str) -> int:
    return crc32(name.encode("utf-8", "surrogatepass"))


def _bytes(numbers: Iterable[int]) -> bytes:
    return _little_endian(array("Q", numbers)).tobytes()


def _array(raw: bytes) -> array[int]:
    numbers = array("Q")
    numbers.frombytes(raw)
    return _little_endian(numbers)


def _little_endian(numbers: array[int]) -> array[int]:
    if sys.byteorder != "little":
        numbers.byteswap()
    return numbers
