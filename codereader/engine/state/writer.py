"""A thread that writes while the engine evaluates on, with a short queue between them.

The queue is bounded by bytes. A disk that is slower than the engine makes it full; what then comes is dropped after a
moment, since reading it back would be slower than evaluating it again. Seconds; bytes.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

QUEUE_BYTES = 256 << 20
"""Bytes that may wait; one task may always wait, however large."""

PATIENCE_SECONDS = 0.5
"""How long a new task waits for room in the queue."""

_LOOK_SECONDS = 0.05

Stopped = Callable[[], None]
Task = Callable[[Stopped], None]


class Abandoned(Exception):
    """What is being written is not wanted any more."""


class Writer:
    """Runs tasks one after the other in a thread of its own.

    A task is given a function that it calls every few milliseconds, and that raises `Abandoned`; it raises nothing
    else. The thread ends when nothing waits, and does not keep the process alive.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Task, int]] = deque()
        self._bytes = 0
        self._abandoned = 0
        self._is_running = False

    def put(self, task: Task, size: int, stopped: Stopped = lambda: None) -> bool:
        """Queue *task*, which holds *size* bytes; return False when the queue stays full.

        *stopped* is called while waiting for room; what it raises is raised.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        with self._changed:
            while self._waiting and self._bytes + size > QUEUE_BYTES:
                stopped()
                if time.monotonic() >= until:
                    return False
                self._changed.wait(_LOOK_SECONDS)
            self._waiting.append((task, size))
            self._bytes += size
            if not self._is_running:
                threading.Thread(target=self._run, name="state", daemon=True).start()
                self._is_running = True
        return True

    def flush(self, seconds: float | None = None, stopped: Stopped = lambda: None) -> bool:
        """Wait until nothing waits or is being written, at most *seconds*; return whether that is so.

        *stopped* is called every few milliseconds; what it raises is raised.
        """
        until = None if seconds is None else time.monotonic() + seconds
        with self._changed:
            while self._is_running:
                stopped()
                if until is not None and time.monotonic() >= until:
                    return False
                self._changed.wait(_LOOK_SECONDS)
        return True

    def abandon(self) -> None:
        """Drop what waits, and let what is being written end at its next look. Does not wait for that."""
        with self._changed:
            self._waiting.clear()
            self._bytes = 0
            self._abandoned += 1
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            while (taken := self._next()) is not None:
                task, look = taken
                with contextlib.suppress(Abandoned):
                    task(look)
                del task, taken  # what it holds is large
        except BaseException:  # a bug of a task: nobody may wait for ever because of it
            self.abandon()
            self._is_running = False
            raise

    def _next(self) -> tuple[Task, Stopped] | None:
        """Return the next task, and how it looks whether it is still wanted; None, and the end, if none waits."""
        with self._changed:
            self._changed.notify_all()
            if not self._waiting:
                self._is_running = False
                return None
            task, size = self._waiting.popleft()
            self._bytes -= size
            return task, partial(self._look, self._abandoned)

    def _look(self, begun: int) -> None:
        if self._abandoned != begun:
            raise Abandoned
