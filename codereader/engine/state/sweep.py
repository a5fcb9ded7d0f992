"""What nobody needs any more in the folder of blocks: drafts of killed writers, pins of the dead, the format before."""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path

from codereader.engine.state import files, locks, pins, shelf

_OLD_DRAFT = re.compile(r"tmp[0-9a-z_]{8}\.tmp")
"""Names as `tempfile` makes them: what the format before was written under."""


def sweep(folder: Path) -> tuple[int, int]:
    """Delete what nobody needs; return how many files, pins not counted, and the bytes. Raises: OSError."""
    gone = freed = 0
    for path, status in shelf.listing(folder, _is_ours):
        if stat.S_ISREG(status.st_mode) and _is_left(path, status):
            freed += files.remove(path)
            gone += path.suffix != pins.SUFFIX
    return gone, freed


def _is_ours(name: str) -> bool:
    """Whether *name* is one that this package gives: the folder may hold a person's own files too."""
    return shelf.is_draft(name) or pins.is_pin(name) or shelf.is_old(name) or _OLD_DRAFT.fullmatch(name) is not None


def _is_left(path: Path, status: os.stat_result) -> bool:
    """Whether nobody needs a file any more, or it is a state of the format before this."""
    match path.suffix:
        case shelf.DRAFT_SUFFIX | pins.SUFFIX:
            return locks.is_abandoned(path, status)
        case shelf.OLD_SUFFIX:
            return True
        case _:
            return abs(time.time() - status.st_mtime) > locks.STALE_SECONDS
