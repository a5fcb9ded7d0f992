"""Count texts while others are still being made: many thousand of a scope that is packed whole.

Sizes are characters. Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from codereader.cancel import CancelToken
from codereader.model.counter import TokenCounter

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

BATCH = 4 << 20
"""Texts are counted so many characters at once: enough to keep every processor busy, few enough to stop soon."""

LOOK_SECONDS = 0.05
"""How often the cancel token is looked at."""


def counted(texts: Iterable[str], count: TokenCounter, cancel: CancelToken) -> list[int]:
    """Return the tokens of each of *texts*, in order. They are made in this thread and counted beside it, by one.

    Before that the first text is counted here: it opens the vocabulary, at which only the main thread can be stopped.
    Raises: Cancelled, after the batch that is being counted.
    """
    batch: list[str] = []
    size = 0
    pool: ThreadPoolExecutor | None = None
    first: list[int] = []
    counts: list[Future[list[int]]] = []
    try:
        for text in texts:
            cancel.check()
            batch.append(text)
            size += len(text)
            if size >= BATCH:
                if pool is None:
                    first, batch = count.count_many(batch[:1]), batch[1:]
                    pool = _pool()
                counts.append(pool.submit(count.count_many, batch))
                batch, size = [], 0
        if pool is None:
            return count.count_many(batch)
        counts.append(pool.submit(count.count_many, batch))
        return [*first, *(number for future in counts for number in _waited(future, cancel))]
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def _pool() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(1, thread_name_prefix="codereader-count")


def _waited(future: Future[list[int]], cancel: CancelToken) -> list[int]:
    from concurrent.futures import wait

    while not future.done():
        cancel.check()
        wait([future], LOOK_SECONDS)
    return future.result()
