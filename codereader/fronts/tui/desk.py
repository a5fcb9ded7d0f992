"""A reader on a thread of its own, so that the screen never waits and the index has one caller at a time.

Await `Desk.run` from a Textual worker: a worker that is cancelled because a newer one of its group began takes its work
out of the queue, unless that is running already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from codereader.cancel import CancelToken
from codereader.reader import Part, Reader

if TYPE_CHECKING:
    from codereader.fronts.tui.warming import Tell, Warming

T = TypeVar("T")


class Desk:
    """One open reader, made by *make* on the desk's own thread when it is first needed."""

    def __init__(self, make: Callable[[CancelToken], Reader]) -> None:
        self.cancel = CancelToken()
        self.warming: Warming | None = None
        """What makes parts of the index ready elsewhere, None where nothing does."""
        self._make = make
        self._reader: Reader | None = None
        self._closed: Future[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk")

    async def run(self, work: Callable[[Reader], T], *, after: Iterable[Part] = (), tell: Tell | None = None) -> T:
        """Return what *work* makes of the reader. Raises what it raises; Cancelled once the desk is closed.

        What *work* needs and another process is making is waited for: the parts *after*. *tell* is told how far it is.
        """
        if self.warming is not None:
            for part in after:
                await self.warming.ready(part, tell)
        self.cancel.check()
        return await asyncio.wrap_future(self._thread.submit(self._do, work))

    def has(self, part: Part) -> bool:
        """Whether nobody makes *part* at present."""
        return self.warming is None or self.warming.is_there(part)

    def _do(self, work: Callable[[Reader], T]) -> T:
        self.cancel.check()
        if self._reader is None:
            self._reader = self._make(self.cancel)
        return work(self._reader)

    def close(self) -> None:
        """Stop what runs at its next look, drop what waits, and close the reader. Does not wait for it."""
        if self._closed is None:
            self.cancel.cancel()
            self._closed = self._thread.submit(self._close)
            self._thread.shutdown(wait=False)

    def has_ended(self, seconds: float) -> bool:
        """Say whether a closed desk ended its work, waiting for it so long at most."""
        return self._closed is None or self._closed in wait([self._closed], seconds).done

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
