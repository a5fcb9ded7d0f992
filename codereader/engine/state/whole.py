"""Evaluated prompts kept on disk, so that no process evaluates a base twice.

One file a base: ``<environment>-<tokens>.kv`` in a container of our own,

    magic, version, token count, payload length, environment   the fixed head, little-endian
    token ids                                                  int32 each
    payload                                                    one sequence as llama.cpp wrote it
    checksum                                                   BLAKE2b-256 of all before

A state is exact: it is used only under the environment (model, cache types, batch, engine, threads ...) that made
it, and only up to where a cold run would have cut its batches. Whatever is wrong with a file makes it a miss and
deletes it; nothing here raises for a bad file or a full disk. The payload is as readable as the source text that
was evaluated, hence the owner-only permissions. Knows nothing of llama.cpp: payloads are bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

from codereader.config import make_private
from codereader.model.identity import samples

SHORTEST = 256
"""Bases of fewer tokens are not kept: evaluating them costs little more than reading them."""

LARGEST_BUDGET = 4 << 30
"""Bytes all states together may take by default, if the tenth part of the free disk is not less."""

SPARE_DISK = 1 << 30
"""Bytes that stay free on the disk: nothing is written that would leave less."""

_MAGIC = b"CDRDRKV\n"
_VERSION = 1
_HEAD = struct.Struct("<8sIIQ32s")
_DIGEST_BYTES = 32
_MAX_TOKENS = 1 << 28
_ABANDONED_SECONDS = 3600
_CHUNK_BYTES = 4 << 20
_CHUNKS_A_SYNC = 16
_PART = re.compile(r"(?P<stem>.*)-\d{5}-of-(?P<count>\d{5})\.gguf", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Match:
    """A stored state that helps: of its `tokens`, the first `reusable` are the wanted base's."""

    path: Path
    environment: bytes
    tokens: tuple[int, ...]
    reusable: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the store: bytes on disk, and when it was last used (nanoseconds since the epoch)."""

    path: Path
    bytes: int
    used_ns: int


def environment(model: Path, settings: Mapping[str, object]) -> bytes:
    """Return the 32-byte key of everything but the tokens that a state depends on.

    *settings* must name all that changes one bit of a result: cache types, batch, threads, engine version ...
    The model counts as `fingerprint` says. Raises: OSError when the model cannot be read.
    """
    digest = hashlib.blake2b(digest_size=32)
    digest.update(fingerprint(model))
    for name in sorted(settings):
        digest.update(f"\0{name}={settings[name]}".encode())
    return digest.digest()


def fingerprint(model: Path) -> bytes:
    """Return 32 bytes that tell model files apart without reading all of them.

    Of each part: size, time of last change, and 64 blocks of 64 KiB spread evenly from the first byte to the last.
    The header and most large tensors are sampled, so a fine-tune of the same shape differs; the time catches an edit
    between the samples. A copied or touched file is taken for another one. Raises: OSError.
    """
    digest = hashlib.blake2b(digest_size=32)
    for part in _parts(model):
        status = part.stat()
        digest.update(f"{status.st_size} {status.st_mtime_ns}\0".encode())
        for block in samples(part, status.st_size):
            digest.update(block)
    return digest.digest()


def reusable_tokens(stored: Sequence[int], wanted: Sequence[int], step: int) -> int:
    """Return how many tokens of *wanted* a state of *stored* gives exactly as a cold run would.

    All of them where both are equal; else their common prefix cut to a multiple of *step*, the size of a batch:
    within a batch, results depend on its length.
    """
    common = _common_prefix(stored, wanted)
    if common == len(stored) == len(wanted):
        return common
    return common // step * step


class StateStore:
    """A folder of states under a budget of bytes, the least recently used leaving first; from *shortest* tokens on.

    Any number of processes may share it: files appear by rename and are never changed.
    """

    def __init__(self, folder: Path, budget: int | None = None, shortest: int = SHORTEST) -> None:
        self.folder = folder
        self._budget = budget
        self._shortest = shortest

    def find(self, key: bytes, base: Sequence[int], step: int, *, whole: bool = False) -> Match | None:
        """Return the state that saves the most of *base*; with *whole*, only one of exactly *base*.

        Only heads are read here; `read` checks the rest.
        """
        best: Match | None = None
        for path in sorted(self.folder.glob(f"{_prefix(key)}-*.kv")):
            tokens = self._tokens_of(path, key)
            if tokens is None:
                continue
            reusable = reusable_tokens(tokens, base, step)
            if whole and reusable < max(len(tokens), len(base)):
                continue
            if reusable > (best.reusable if best else 0):
                best = Match(path, key, tokens, reusable)
        return best

    def has(self, key: bytes, base: Sequence[int]) -> bool:
        """Whether a state of exactly *base* is stored."""
        return self._path(key, base).exists()

    def wants(self, key: bytes, base: Sequence[int]) -> bool:
        """Whether a state of *base* is worth making: it is long enough and not stored yet."""
        return len(base) >= self._shortest and not self.has(key, base)

    def read(self, match: Match) -> bytearray | None:
        """Return the payload, verified whole, and mark it as used; None, and the file is gone, if a bit is wrong."""
        try:
            with match.path.open("rb") as file:
                payload = _read_verified(file, match)
        except (OSError, MemoryError):
            return None
        if payload is None:
            self.discard(match)
            return None
        with contextlib.suppress(OSError):
            os.utime(match.path)
        return payload

    def fits(self, base: Sequence[int], payload_bytes: int) -> bool:
        """Whether a state of *base* with a payload of that size would be kept now. Deletes nothing."""
        if len(base) < self._shortest:
            return False
        try:
            make_private(self.folder)
            return self._leaving(_whole_size(base, payload_bytes)) is not None
        except OSError:
            return False

    def save(
        self,
        key: bytes,
        base: Sequence[int],
        payload: bytes | bytearray | memoryview,
        stopped: Callable[[], None] = lambda: None,
    ) -> bool:
        """Write one state; return whether it was kept: not when it is short, over the budget or the disk is short.

        *stopped* is called every few milliseconds; when it raises, nothing is left behind and that is raised.
        """
        if not self.fits(base, len(payload)):
            return False
        try:
            if not self._make_room(_whole_size(base, len(payload))):
                return False
            self._write(self._path(key, base), _chunks(key, base, payload), stopped)
        except OSError:
            return False
        return True

    def discard(self, match: Match) -> None:
        """Delete a state that turned out to be of no use."""
        with contextlib.suppress(OSError):
            match.path.unlink()

    def entries(self) -> tuple[Entry, ...]:
        """Return every state, the least recently used first."""
        found = []
        for path in self.folder.glob("*.kv"):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append(Entry(path, status.st_size, status.st_mtime_ns))
        return tuple(sorted(found, key=lambda entry: (entry.used_ns, entry.path.name)))

    def clear(self) -> int:
        """Delete every state; return how many."""
        gone = 0
        for entry in self.entries():
            with contextlib.suppress(OSError):
                entry.path.unlink()
                gone += 1
        return gone

    def _path(self, key: bytes, base: Sequence[int]) -> Path:
        name = hashlib.blake2b(_packed(base), digest_size=16).hexdigest()
        return self.folder / f"{_prefix(key)}-{name}.kv"

    def _tokens_of(self, path: Path, key: bytes) -> tuple[int, ...] | None:
        """Return the token ids of a file of this environment; delete one whose head is not possible."""
        try:
            with path.open("rb") as file:
                head = _read_head(file)
                tokens = _unpacked(file.read(4 * head[0])) if head else None
        except OSError:
            return None
        if head is None or tokens is None:
            self.discard(Match(path, key, (), 0))
            return None
        return tokens if head[2] == key else None

    def _make_room(self, size: int) -> bool:
        """Delete the least recently used until *size* bytes fit; return whether they do. Where not, all stay."""
        self._sweep()
        leaving = self._leaving(size)
        for entry in leaving or ():
            entry.path.unlink(missing_ok=True)
        return leaving is not None

    def _leaving(self, size: int) -> tuple[Entry, ...] | None:
        """Return the states that have to go before *size* bytes fit, None where no number of them is enough."""
        entries = self.entries()
        taken = sum(entry.bytes for entry in entries)
        free = shutil.disk_usage(self.folder).free
        budget = min(LARGEST_BUDGET, (free + taken) // 10) if self._budget is None else self._budget
        needed = size - min(budget - taken, free - SPARE_DISK)
        if size > budget or needed > taken:
            return None
        gone = [0, *accumulate(entry.bytes for entry in entries)]
        return entries[: next(number for number, bytes_ in enumerate(gone) if bytes_ >= needed)]

    def _sweep(self) -> None:
        """Delete what a killed process left half written."""
        for path in self.folder.glob("*.tmp"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                    path.unlink()

    def _write(self, path: Path, chunks: Iterator[bytes | memoryview], stopped: Callable[[], None]) -> None:
        """Write *chunks* and their checksum so that *path* is there whole or not at all.

        Raises: OSError, and what *stopped* raises before a chunk.
        """
        handle, name = tempfile.mkstemp(suffix=".tmp", dir=self.folder)
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
                for number, chunk in enumerate(chunks, 1):
                    stopped()
                    digest.update(chunk)
                    _write_all(file, chunk)
                    if number % _CHUNKS_A_SYNC == 0:
                        os.fsync(file.fileno())  # little by little, so that none takes long
                stopped()
                _write_all(file, digest.digest())
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(self.folder)


def _chunks(key: bytes, base: Sequence[int], payload: bytes | bytearray | memoryview) -> Iterator[bytes | memoryview]:
    yield _HEAD.pack(_MAGIC, _VERSION, len(base), len(payload), key)
    yield _packed(base)
    with memoryview(payload) as view:
        for start in range(0, len(view), _CHUNK_BYTES):
            yield view[start : start + _CHUNK_BYTES]


def _whole_size(base: Sequence[int], payload_bytes: int) -> int:
    """Return the bytes of a file."""
    return _HEAD.size + 4 * len(base) + payload_bytes + _DIGEST_BYTES


def _read_head(file: BinaryIO) -> tuple[int, int, bytes] | None:
    """Return token count, payload length and environment; None where the head cannot be that of this file."""
    raw = file.read(_HEAD.size)
    if len(raw) < _HEAD.size:
        return None
    magic, version, count, length, key = _HEAD.unpack(raw)
    whole = _HEAD.size + 4 * count + length + _DIGEST_BYTES
    if magic != _MAGIC or version != _VERSION or count > _MAX_TOKENS or whole != os.fstat(file.fileno()).st_size:
        return None
    return count, length, key


def _read_verified(file: BinaryIO, match: Match) -> bytearray | None:
    """Return the payload if the file is whole and of the matched environment and tokens."""
    head = _read_head(file)
    if head is None or head[2] != match.environment or head[0] != len(match.tokens):
        return None
    count, length, key = head
    raw_tokens = file.read(4 * count)
    payload = bytearray(length)
    if file.readinto(payload) != length or raw_tokens != _packed(match.tokens):  # type: ignore[attr-defined]
        return None
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for chunk in (_HEAD.pack(_MAGIC, _VERSION, count, length, key), raw_tokens, payload):
        digest.update(chunk)
    return payload if digest.digest() == file.read() else None


def _write_all(file: BinaryIO, chunk: bytes | bytearray | memoryview) -> None:
    rest = memoryview(chunk)
    while len(rest):
        rest = rest[file.write(rest) :]


def _sync_folder(folder: Path) -> None:
    """Make a rename last, where the system lets a folder be synced."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _parts(model: Path) -> tuple[Path, ...]:
    """Return the files of a model: those beside it that share its name, where that says that it is split."""
    match = _PART.fullmatch(model.name)
    if match is None:
        return (model,)
    names = (f"{match['stem']}-{number:05}-of-{match['count']}.gguf" for number in range(1, int(match["count"]) + 1))
    return tuple(part for part in map(model.with_name, names) if part.exists())


def _common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    for index, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return index
    return min(len(first), len(second))


def _prefix(key: bytes) -> str:
    return key.hex()[:16]


def _packed(tokens: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(tokens)}i", *tokens)


def _unpacked(raw: bytes) -> tuple[int, ...] | None:
    return struct.unpack(f"<{len(raw) // 4}i", raw) if len(raw) % 4 == 0 else None
