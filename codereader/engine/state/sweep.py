"""What nobody needs any more in the folder of blocks: drafts of killed writers, pins of the dead, the format before."""

from __future__ import annotations

import contextlib
import stat
import time
from pathlib import Path

from codereader.engine.state import files, locks, pins, shelf

_OLD_DRAFT_SUFFIX = ".tmp"


def sweep(folder: Path) -> tuple[int, int]:
    """Delete what nobody needs; return how many files, pins not counted, and the bytes. Raises: OSError."""
    gone = freed = 0
    for path, status in list(shelf.listing(folder)):
        if not stat.S_ISREG(status.st_mode):
            continue
        with contextlib.suppress(OSError):
            if _is_left(path, status.st_mtime) or (
                path.suffix in (shelf.DRAFT_SUFFIX, pins.SUFFIX) and locks.is_abandoned(path, status)
            ):
                freed += files.remove(path)
                gone += path.suffix != pins.SUFFIX
    return gone, freed


def _is_left(path: Path, changed: float) -> bool:
    """Whether a file is of the format before this: a state, or a draft that nobody can be writing any more."""
    is_late = abs(time.time() - changed) > locks.STALE_SECONDS
    return shelf.is_old(path.name) or (path.suffix == _OLD_DRAFT_SUFFIX and is_late)
