"""Files of the store as the system gives them: opened without falling into a trap, written whole or not at all.

What stands under a block's name may be a link, a pipe, a folder, a device or another user's file: none is read.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from codereader.config import make_private
from codereader.engine.state import locks
from codereader.engine.state.container import Damaged
from codereader.engine.state.shelf import DRAFT_SUFFIX

PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR, errno.EAGAIN)
"""Failures that say nothing against the file."""


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a regular file of our own for reading; give it, unbuffered, and its size in bytes.

    Raises: Damaged for anything else that stands there; OSError.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise Damaged("it is no file")
    handle = os.open(path, os.O_RDONLY | locks.NO_TRAPS)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):  # another one by now
            raise Damaged("it is no file")
        if not _is_trusted(status):
            raise Damaged("it belongs to someone else")
        file = os.fdopen(handle, "rb", buffering=0)
    except BaseException:
        os.close(handle)
        raise
    with file:
        yield file, status.st_size


def make_own(folder: Path) -> None:
    """Make *folder* if it is missing, and its owner's alone. Raises: OSError, also where it is someone else's."""
    make_private(folder)
    status = folder.stat()
    if not _is_trusted(status):
        raise PermissionError(errno.EACCES, "it belongs to someone else", str(folder))
    if stat.S_IMODE(status.st_mode) & 0o077:
        with contextlib.suppress(OSError):  # a file system without permissions
            folder.chmod(0o700)


def touch(path: Path, stamp: int) -> None:
    """Set when a file was last used, in nanoseconds since the epoch, if it is there."""
    follow = os.utime not in os.supports_follow_symlinks
    with contextlib.suppress(OSError):
        os.utime(path, ns=(stamp, stamp), follow_symlinks=follow)


def remove(path: Path) -> int:
    """Delete what stands at *path*, an empty folder too; return the bytes that this gives back, 0 where it fails."""
    try:
        status = path.lstat()
        if stat.S_ISDIR(status.st_mode):
            path.rmdir()
            return 0
        path.unlink()
    except OSError:
        return 0
    return status.st_size


def is_there(path: Path) -> bool:
    """Whether something stands at *path*, a broken link too."""
    return os.path.lexists(path)


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that is being written, open and held by this process, with the size that it will have."""

    path: Path
    handle: int


def new_draft(folder: Path, size: int) -> Draft:
    """Make a draft for its owner alone; `finish` must follow. Raises: OSError, and nothing is left then."""
    path = folder / (secrets.token_hex(8) + DRAFT_SUFFIX)
    draft = Draft(path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | locks.NO_TRAPS, 0o600))
    try:
        locks.hold(draft.handle)
        os.truncate(draft.handle, size)
    except BaseException:
        os.close(draft.handle)
        remove(path)
        raise
    return draft


def finish(draft: Draft, path: Path, fill: Callable[[BinaryIO], None]) -> None:
    """Let *fill* write *draft*, which is then at *path*, whole; where that raises, nothing is left. Raises: OSError."""
    try:
        with os.fdopen(draft.handle, "r+b", buffering=0) as file:
            fill(file)
        draft.path.replace(path)
    except BaseException:  # a stop too
        remove(draft.path)
        raise
    _sync_folder(path.parent)


def _is_trusted(status: os.stat_result) -> bool:
    """Whether a file is this user's or the system's; the administrator reads everyone's."""
    if not hasattr(os, "geteuid"):
        return True
    return os.geteuid() in (0, status.st_uid) or status.st_uid == 0


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
