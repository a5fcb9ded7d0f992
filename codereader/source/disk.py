"""Bounded reads of files that a stranger may have prepared.

A file is opened only if it is a regular one, without waiting (a pipe in its place never blocks) and without
following a symbolic link unless asked to. Knows nothing of what the bytes mean.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)


def read_head(path: str, limit: int) -> bytes:
    """Return at most the first *limit* bytes of the regular file *path*, in one read.

    Raises: OSError where it cannot be opened, is a symbolic link, or is not a regular file.
    """
    descriptor = os.open(path, _FLAGS | _NOFOLLOW)
    try:
        _require_regular(descriptor, path)
        return os.read(descriptor, limit)
    finally:
        os.close(descriptor)


def read_small(path: Path, limit: int, *, follow: bool = True) -> tuple[bytes, os.stat_result] | None:
    """Return the first *limit* bytes of *path* and its stat, or None where it is no readable regular file."""
    try:
        if not stat.S_ISREG(path.stat(follow_symlinks=follow).st_mode):
            return None
        descriptor = os.open(path, _FLAGS if follow else _FLAGS | _NOFOLLOW)
    except (OSError, ValueError):
        return None
    try:
        found = _require_regular(descriptor, str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(min(limit, found.st_size + 1)), found
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _require_regular(descriptor: int, path: str) -> os.stat_result:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(f"{path} is not a regular file")
    return found
