"""Which blocks a living process still needs, told to all others by a small file that it holds.

The file is a row of key begins. It is never changed: another one takes its place. When its process ends, however it
ends, nobody holds it any more and whoever looks next deletes it.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from codereader.engine.state import locks
from codereader.engine.state.shelf import listing

SUFFIX = ".pin"
_NAME = re.compile(r"[0-9a-f]{16}\.pin")
KEY_BYTES = 16
_MOST_BYTES = 1 << 22


class Pins:
    """The blocks that this process needs, in one folder. Each change is a new file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: tuple[int, Path] | None = None
        self.keys: frozenset[str] = frozenset()
        """Begins of the pinned keys, in hex."""

    def set(self, keys: Iterable[bytes]) -> None:
        """Need the blocks of *keys*, and no others. Raises: OSError; those before stay pinned then in this process."""
        row = [key[:KEY_BYTES] for key in keys]
        self.keys = frozenset(key.hex() for key in row)
        path = self._folder / (secrets.token_hex(8) + SUFFIX)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | locks.NO_TRAPS, 0o600)
        try:
            locks.hold(handle)
            os.write(handle, b"".join(row))
        except BaseException:
            _drop(handle, path)
            raise
        self._release()
        self._held = handle, path

    def clear(self) -> None:
        """Need nothing any more. Harmless when nothing was needed."""
        self.keys = frozenset()
        self._release()

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            _drop(*held)


def is_pin(name: str) -> bool:
    """Whether *name* is one that a pin may have: other files with that ending are a person's."""
    return _NAME.fullmatch(name) is not None


def pinned(folder: Path) -> frozenset[str]:
    """Return the begins of all keys, in hex, that a living process needs; delete what dead ones left.

    Raises: OSError.
    """
    keys: set[str] = set()
    for path, status in listing(folder, is_pin):
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
            continue
        with contextlib.suppress(OSError):
            if locks.is_abandoned(path, status):
                path.unlink()
            else:
                keys.update(_read(path))
    return frozenset(keys)


def processes(folder: Path) -> int:
    """Return how many pins there are, those of dead processes too. Raises: OSError."""
    with os.scandir(folder) as entries:
        return sum(is_pin(entry.name) for entry in entries)


def _read(path: Path) -> list[str]:
    handle = os.open(path, os.O_RDONLY | locks.NO_TRAPS)
    with os.fdopen(handle, "rb") as file:
        raw = file.read(_MOST_BYTES)
    return [raw[start : start + KEY_BYTES].hex() for start in range(0, len(raw), KEY_BYTES)]


def _drop(handle: int, path: Path) -> None:
    """Close and delete a pin; in this order, since some systems delete no open file."""
    with contextlib.suppress(OSError):
        os.close(handle)
    with contextlib.suppress(OSError):
        path.unlink()
