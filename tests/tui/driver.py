"""Drives an app of the terminal interface as a person would: keys, clicks, and what the screen then shows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from textual.app import App
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

T = TypeVar("T")


def play(app: App[Any], script: Callable[[Pilot[Any]], Awaitable[T]], size: tuple[int, int] = (120, 35)) -> T:
    """Return what *script* returns, run on *app* on a screen of *size* (columns, rows)."""

    async def run() -> T:
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            return await script(pilot)

    return asyncio.run(run())


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until nothing is being worked on and every message was handled."""
    for _ in range(2):
        await pilot.pause()
        waiting = [worker for worker in pilot.app.workers if not worker.is_finished]
        for worker in waiting:
            with contextlib.suppress(WorkerCancelled):
                await worker.wait()
        await pilot.pause()


def shown(app: App[Any]) -> str:
    """Return the text on the screen, a line a row."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    rows = ["".join(segment.text for segment in strip).ljust(width) for strip in strips]
    return "\n".join(row.rstrip() for row in rows[:height])


async def rest(pilot: Pilot[Any]) -> None:
    """Wait until the whole app rests: its panes, the index that is made ready, the answer."""
    app = pilot.app
    quiet = 0
    while quiet < 3:
        await settle(pilot)
        await pilot.pause(0.05)
        asking = app.screen_stack[0].query_one("#conversation").asking  # type: ignore[attr-defined]
        is_busy = asking is not None and asking.is_busy
        is_ready = app.warming.is_ready  # type: ignore[attr-defined]
        works = any(not worker.is_finished for worker in app.workers)
        quiet = 0 if is_busy or works or not is_ready else quiet + 1
