"""Which parsed contents to forget: those that no file has held for long, or that are too many.

A content that loses its last file is kept, so that going back to another branch parses nothing. Ages are in days.
"""

from __future__ import annotations

import time

from codereader.index.store import Store

KEPT_DAYS = 30
"""A content that no file holds is forgotten after so many days."""

KEPT_SHARE = 2
KEPT_LEAST = 10_000
"""Contents that no file holds are kept up to this many times those in use, and so many in any case."""

_DAY_SECONDS = 86_400


def prune_all(store: Store) -> int:
    """Forget every content that no file holds, and return how many these were. Inside a batch."""
    store.note_unused(0)
    due = [parse for parse, _ in store.unused()]
    store.forget(due)
    return len(due)


def prune(store: Store, today: int | None = None) -> int:
    """Forget what is due, the longest unused first, and return how many contents that were. Inside a batch.

    *today* is the day since the epoch, by default that of the clock.
    """
    today = int(time.time()) // _DAY_SECONDS if today is None else today
    store.note_unused(today)
    in_use, unused = store.count_in_use(), store.unused()
    most = max(KEPT_LEAST, KEPT_SHARE * in_use)
    due = [parse for place, (parse, since) in enumerate(unused) if place >= most or since < today - KEPT_DAYS]
    store.forget(due)
    return len(due)
