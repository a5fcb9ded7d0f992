"""Files that a living process holds: what it needs of the store, and what it is still writing.

The system takes the hold away when the process ends, however it ends, so nothing is left to clean but the file. Where a
file system knows no holds, a file counts as held until it is `STALE_SECONDS` old.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STALE_SECONDS = 3600.0
"""Age from which a file is nobody's, where that cannot be seen."""

YOUNG_SECONDS = 2.0
"""Age below which a file is somebody's, since it is made a moment before it is held."""

NO_TRAPS = 0
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    NO_TRAPS |= getattr(os, _name, 0)
"""Flags of an open that follows no symlink, waits for no pipe, and reads bytes as they are."""

_LOOK_SECONDS = 0.002
_HELD = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK)
_FAR = 1 << 40
"""The byte that is held where the system holds bytes: beyond what is ever written, so that all may be read."""


def hold(handle: int) -> bool | None:
    """Take hold of an open file without waiting: whether that went, None where the file system knows no holds."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, _FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _HELD else None
    return True


@contextmanager
def alone(path: Path, seconds: float) -> Iterator[None]:
    """Do something that one process does at a time, waiting at most *seconds* for the others; then all the same.

    *path* is made, and stays; where it cannot be made nothing is waited for.
    """
    until = time.monotonic() + seconds
    with contextlib.ExitStack() as at_end:
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_RDWR | os.O_CREAT | NO_TRAPS, 0o600)
            at_end.callback(os.close, handle)
            while hold(handle) is False and time.monotonic() < until:
                time.sleep(_LOOK_SECONDS)
        yield


def is_abandoned(path: Path, status: os.stat_result) -> bool:
    """Whether no living process holds the regular file *path*. False where that cannot be told."""
    age = time.time() - status.st_mtime
    if -STALE_SECONDS < age < YOUNG_SECONDS:
        return False
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDWR | NO_TRAPS)
        try:
            taken = hold(handle)
        finally:
            os.close(handle)
        return abs(age) > STALE_SECONDS if taken is None else taken
    return False
