"""The file of one block of state: what it is of, what it holds, and whether every bit of it is as it was written.

    head        magic, version, kind, environment, parent, key, start, end, lengths      little-endian
    dimensions  bytes that the writer of payloads understands; here they are only compared
    label       UTF-8, for people
    token ids   int32 each, those from start to end
    checksum    SHA-256 of all before
    payload
    checksum    SHA-256 of the first checksum and the CRC-32 of each MiB of the payload, 4 bytes each

So the head can be trusted without reading the payload, and the payload only with its head. No checksum without a secret
withstands a forger; against what disks and crashes do, one for each MiB misses one damage in four billion. CRC-32 takes
less than half the time of SHA-256 where the processor has instructions for that, and an eighth where it has none: 3.7
GB/s a core measured, against 1.6 and 0.5. Both let other threads run meanwhile. A file is data from outside: no length
in it is believed before it agrees with the file's own. Knows nothing of llama.cpp, of names of files or of folders.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO

from codereader.engine.state.chain import KEY_BYTES, Link, belongs, packed, unpacked

Payload = bytes | bytearray | memoryview

LARGEST_PAYLOAD = 16 << 30
"""Bytes beyond which a payload is not believed; the reader may know a smaller limit."""

VERSION = 3
_MAGIC = b"CDRSTATE"
_HEAD = struct.Struct("<8sHHI32s32s32sQQIIQ")
_DIGEST_BYTES = 32
_MOST_DIMENSIONS, _MOST_LABEL, _MOST_TOKENS = 1 << 16, 256, 1 << 22
_CHUNK_BYTES = 1 << 20
_CHUNKS_A_SYNC = 32


class Kind(IntEnum):
    """What a payload is of. The numbers stand in files: none is ever given another meaning."""

    ROWS = 1
    """The cells of start to end of those layers that keep every position. Of use only behind its parent's."""
    WINDOW = 2
    """The cells of windowed or chunked layers, or the recurrent state, as they are at the block's end."""
    WHOLE = 3
    """The whole sequence as it is at the block's end. Of use by itself."""


class Damaged(Exception):
    """A file that is not, bit for bit, the block that was asked for; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Block:
    """What a file is of. Of `tokens` and `dimensions` all must agree before a payload is given out; `label` is free.

    `tokens` are those of the link alone, whatever the kind. `label` names the model for people.
    """

    environment: bytes
    link: Link
    kind: Kind
    tokens: tuple[int, ...]
    dimensions: bytes = b""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """A block as its file tells it, and the length of its payload in bytes."""

    block: Block
    payload_bytes: int
    checksum: bytes


def file_bytes(block: Block, payload_bytes: int) -> int:
    """Return the size of the file that holds *block* with a payload of that size."""
    return len(_packed_head(block, payload_bytes)) + _DIGEST_BYTES + payload_bytes + _DIGEST_BYTES


def write(file: BinaryIO, block: Block, payload: Payload, stopped: Callable[[], None] = lambda: None) -> None:
    """Write a block into an unbuffered *file* and sync it, in pieces so that no step takes long.

    *stopped* is called before each piece, some milliseconds apart; what it raises is raised. Raises: OSError.
    """
    with memoryview(payload).cast("B") as view:
        head = _packed_head(block, len(view))
        checksum = hashlib.sha256(head).digest()
        _write_all(file, head + checksum)
        digest = hashlib.sha256(checksum)
        for number, start in enumerate(range(0, len(view), _CHUNK_BYTES), 1):
            stopped()
            piece = view[start : start + _CHUNK_BYTES]
            digest.update(_crc(piece))
            _write_all(file, piece)
            if number % _CHUNKS_A_SYNC == 0:
                os.fsync(file.fileno())
    stopped()
    _write_all(file, digest.digest())
    os.fsync(file.fileno())


def read_head(file: BinaryIO, size: int) -> Head:
    """Return what a file of *size* bytes says of itself, read from its begin. Raises: Damaged, OSError."""
    raw = _exactly(file, _HEAD.size)
    magic, version, kind, flags, environment, parent, key, start, end, dims, label, length = _HEAD.unpack(raw)
    if magic != _MAGIC:
        raise Damaged("it is no block of state")
    if version != VERSION or flags:
        raise Damaged(f"it is of version {version}, not {VERSION}")
    if kind not in list(Kind) or not 0 < end - start <= _MOST_TOKENS or dims > _MOST_DIMENSIONS or label > _MOST_LABEL:
        raise Damaged("its head is not possible")
    if length > LARGEST_PAYLOAD:
        raise Damaged(f"it says that it holds {length:,} bytes")
    rest = dims + label + 4 * (end - start)
    if size != _HEAD.size + rest + length + 2 * _DIGEST_BYTES:
        raise Damaged("it is longer or shorter than it says")
    body = _exactly(file, rest)
    checksum = _exactly(file, _DIGEST_BYTES)
    if hashlib.sha256(raw + body).digest() != checksum:
        raise Damaged("its head does not agree with its checksum")
    tokens = unpacked(body[dims + label :])
    link = Link(start, end, key, parent)
    if not belongs(link, tokens):
        raise Damaged("its tokens are not those that its key names")
    text = body[dims : dims + label].decode("utf-8", "replace")
    return Head(Block(environment, link, Kind(kind), tokens, body[:dims], text), length, checksum)


def read_payload(file: BinaryIO, head: Head, most: int, buffer: bytearray) -> memoryview:
    """Return the payload that follows *head*, every bit verified: a view of *buffer*, of a new one if that is small.

    Memory that was used before is several times faster than new memory. Raises: Damaged, also for a payload of more
    than *most* bytes, before any is read; OSError, MemoryError.
    """
    if head.payload_bytes > most:
        raise Damaged(f"it says that it holds {head.payload_bytes:,} bytes, more than the {most:,} it can")
    enough = buffer if len(buffer) >= head.payload_bytes else bytearray(head.payload_bytes)
    payload = memoryview(enough)[: head.payload_bytes]
    digest = hashlib.sha256(head.checksum)
    for start in range(0, len(payload), _CHUNK_BYTES):
        piece = payload[start : start + _CHUNK_BYTES]
        if not _fill(file, piece):
            raise Damaged("it ends too early")
        digest.update(_crc(piece))
    if _exactly(file, _DIGEST_BYTES) != digest.digest():
        raise Damaged("its payload does not agree with its checksum")
    return payload


def verify_payload(file: BinaryIO, head: Head, stopped: Callable[[], None] = lambda: None) -> None:
    """Read the payload that follows *head* piece by piece. Raises: Damaged, OSError, and what *stopped* raises."""
    digest = hashlib.sha256(head.checksum)
    piece = memoryview(bytearray(min(_CHUNK_BYTES, head.payload_bytes)))
    left = head.payload_bytes
    while left:
        stopped()
        part = piece[: min(left, len(piece))]
        if not _fill(file, part):
            raise Damaged("it ends too early")
        digest.update(_crc(part))
        left -= len(part)
    if _exactly(file, _DIGEST_BYTES) != digest.digest():
        raise Damaged("its payload does not agree with its checksum")


def difference(asked: Block, found: Block) -> str:
    """Return what tells *found* from the block that was asked for, "" where nothing does but the label."""
    if found.environment != asked.environment:
        return "it was made by another model, or under other settings"
    if found.link != asked.link or found.kind != asked.kind or found.tokens != asked.tokens:
        return "it is another block than its name says"
    return "" if found.dimensions == asked.dimensions else "its dimensions are others"


def _packed_head(block: Block, payload_bytes: int) -> bytes:
    """Return everything before the first checksum. Raises: ValueError for a block that no file could be of."""
    link, label = block.link, block.label.encode("utf-8", "replace")[:_MOST_LABEL]
    lengths = {len(key) for key in (block.environment, link.parent, link.key)}
    if lengths != {KEY_BYTES} or len(block.dimensions) > _MOST_DIMENSIONS or not belongs(link, block.tokens):
        raise ValueError("the block's keys, tokens and dimensions do not go together")
    head = _HEAD.pack(
        _MAGIC,
        VERSION,
        block.kind,
        0,
        block.environment,
        link.parent,
        link.key,
        link.start,
        link.end,
        len(block.dimensions),
        len(label),
        payload_bytes,
    )
    return head + block.dimensions + label + packed(block.tokens)


def _crc(piece: memoryview) -> bytes:
    """Return the CRC-32 of at most `_CHUNK_BYTES`."""
    return zlib.crc32(piece).to_bytes(4, "little")


def _exactly(file: BinaryIO, count: int) -> bytes:
    raw = bytearray(count)
    if not _fill(file, memoryview(raw)):
        raise Damaged("it ends too early")
    return bytes(raw)


def _fill(file: BinaryIO, view: memoryview) -> bool:
    """Read until *view* is full; return whether the file had that much. Works where a read gives less than asked."""
    while len(view):
        count = file.readinto(view)  # type: ignore[attr-defined]
        if not count:
            return False
        view = view[count:]
    return True


def _write_all(file: BinaryIO, piece: bytes | memoryview) -> None:
    rest = memoryview(piece)
    while len(rest):
        rest = rest[file.write(rest) :]
