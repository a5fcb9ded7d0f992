"""The names of the scope, kept by the app for all who look for one.

They are read once, on the desk's thread, and looked through on a thread of their own: neither the screen nor the desk
waits for a keystroke.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from codereader.fronts.tui.desk import Desk

if TYPE_CHECKING:
    from codereader.fronts.tui.find.names import Fits, Names


class Shelf:
    """The names of what *desk* reads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._names: Names | None = None
        self._reading: asyncio.Task[Names] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="names")

    @property
    def size(self) -> int:
        """How many names are at hand; 0 before they were read. Those of before are at hand while they are read anew."""
        return len(self._names) if self._names else 0

    def forget(self) -> None:
        """Read the names anew when they are next wanted: the index has changed."""
        self._reading = None

    async def read(self) -> None:
        """Have the names of the index as it is. Raises: CodereaderError, Cancelled."""
        if self._reading is None or _has_failed(self._reading):
            self._reading = asyncio.create_task(self._read())
        self._names = await asyncio.shield(self._reading)

    async def _read(self) -> Names:
        from codereader.fronts.tui.find.names import read_names

        return await self._desk.run(read_names)

    async def find(self, text: str) -> Fits | None:
        """Return what fits *text* best, None before names were read. Who no longer waits is not worked for."""
        names = self._names
        return await asyncio.wrap_future(self._thread.submit(names.find, text)) if names else None

    def close(self) -> None:
        """End the thread. Does not wait for it."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _has_failed(task: asyncio.Task[Names]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
