"""One file from disk to facts ready for the store: read, hash, parse, pack.

The only module of the index that reads the user's files. Runs in this process and in worker processes alike.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codereader.index.rows import Packed


@dataclass(frozen=True, slots=True)
class Content:
    """What a file held when it was read: its bytes, their git blob id in hex, and the file's state just after.

    `read_ns` is the clock before the read began, in nanoseconds since the epoch.
    """

    data: bytes
    blob: str
    mtime_ns: int
    inode: int
    read_ns: int


@dataclass(frozen=True, slots=True)
class Digest:
    """The facts of a file's content, or the reason why there are none (a short phrase for a person)."""

    size: int = 0
    blob: str = ""
    mtime_ns: int = 0
    inode: int = 0
    read_ns: int = 0
    packed: Packed | None = None
    reason: str | None = None


class UnreadableError(Exception):
    """A file cannot be read as it should; the message is a short phrase for a person."""


def blob_id(data: bytes) -> str:
    """Return the git blob id of *data*, in hex."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def read(path: str) -> Content:
    """Return what the file *path* holds. Raises: UnreadableError when it is gone, forbidden, or changes meanwhile."""
    for _ in range(2):
        began = time.time_ns()
        try:
            data, before, after = _read(path)
        except FileNotFoundError:
            raise UnreadableError("gone before it was read") from None
        except OSError as error:
            raise UnreadableError(f"cannot be read: {error.strerror or error}") from None
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and len(data) == after.st_size:
            return Content(data, blob_id(data), after.st_mtime_ns, after.st_ino, began)
    raise UnreadableError("changes while it is read")


def _read(path: str) -> tuple[bytes, os.stat_result, os.stat_result]:
    with os.fdopen(os.open(path, _FLAGS), "rb") as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise OSError(None, "not a regular file")
        return file.read(), before, os.fstat(file.fileno())


_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOFOLLOW", "O_BINARY", "O_CLOEXEC"):
    _FLAGS |= getattr(os, _name, 0)


def digest(path: str, language: str) -> Digest:
    """Return the facts of the file *path*; every failure is a reason, never an exception."""
    try:
        content = read(path)
    except UnreadableError as error:
        return Digest(reason=str(error))
    try:
        return digested(content, language)
    except Exception as error:  # noqa: BLE001  # one file must never end the reading of a tree, whatever it holds
        return Digest(reason=f"could not be parsed: {type(error).__name__}")


def digested(content: Content, language: str) -> Digest:
    """Return the facts of *content*."""
    from codereader.index.parse import parse
    from codereader.index.rows import pack

    packed = pack(parse(content.data, language))
    return Digest(len(content.data), content.blob, content.mtime_ns, content.inode, content.read_ns, packed)
