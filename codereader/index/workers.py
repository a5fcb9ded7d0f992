"""Many files to facts, in worker processes where there is enough to do.

Results come in the order of the tasks. A worker that dies takes one file with it, which is named; workers that
cannot be started at all leave the work to this process. Workers ignore Ctrl-C: their owner stops them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import NamedTuple

from codereader.cancel import CancelToken
from codereader.index.digest import Digest, digest

FEW_FILES = 200
FEW_BYTES = 4 << 20
"""Below both, starting workers costs more than it saves."""

MOST_WORKERS = 8
WAITING = 8
"""Tasks handed to a worker beforehand, so that it never waits."""

LOOK_SECONDS = 0.05
"""How often the cancel token is looked at."""

STOPPED = "the parser stopped on it"


class Task(NamedTuple):
    """A file to read and parse. `path` is absolute, `size` a guess in bytes."""

    path: str
    language: str
    size: int


class _Worker:
    """A process and the numbers of the tasks that it has not answered, in order."""

    def __init__(self, process: SpawnProcess, pipe: Connection) -> None:
        self.process = process
        self.pipe = pipe
        self.waiting: deque[int] = deque()
        self.is_ready = False


class _CannotStartError(Exception):
    """Worker processes do not come up here."""


def digest_all(tasks: Sequence[Task], cancel: CancelToken) -> Iterator[Digest]:
    """Yield the digest of each task, in order. Raises: Cancelled within a quarter of a second of being asked."""
    done = 0
    many = len(tasks) >= FEW_FILES or sum(task.size for task in tasks) >= FEW_BYTES
    count = min(os.cpu_count() or 1, MOST_WORKERS)
    if many and count > 1 and multiprocessing.parent_process() is None:
        try:
            for made in _in_order(tasks, count, cancel):
                yield made
                done += 1
        except _CannotStartError:
            pass
    for task in tasks[done:]:
        cancel.check()
        yield digest(task.path, task.language)


def _in_order(tasks: Sequence[Task], count: int, cancel: CancelToken) -> Iterator[Digest]:
    early: dict[int, Digest] = {}
    turn = 0
    for number, made in _as_ready(tasks, count, cancel):
        early[number] = made
        while turn in early:
            yield early.pop(turn)
            turn += 1


def _as_ready(tasks: Sequence[Task], count: int, cancel: CancelToken) -> Iterator[tuple[int, Digest]]:
    queue = deque(range(len(tasks)))
    workers: list[_Worker] = []
    try:
        workers.extend(_start() for _ in range(count))
        while queue or any(worker.waiting for worker in workers):
            for worker in workers:
                _hand_out(worker, queue, tasks)
            cancel.check()
            for pipe in wait([worker.pipe for worker in workers], LOOK_SECONDS):
                worker = next(one for one in workers if one.pipe is pipe)
                if answer := _answer(worker):
                    yield answer
                elif not worker.process.is_alive():
                    workers[workers.index(worker)] = _start()
                    number = _bury(worker, queue)
                    if number is not None:
                        yield number, Digest(reason=STOPPED)
    finally:
        for worker in workers:
            _stop(worker)


def _hand_out(worker: _Worker, queue: deque[int], tasks: Sequence[Task]) -> None:
    while queue and len(worker.waiting) < WAITING:
        number = queue.popleft()
        worker.waiting.append(number)
        try:
            worker.pipe.send((number, tasks[number]))
        except OSError:
            return


def _answer(worker: _Worker) -> tuple[int, Digest] | None:
    """Return the next result of *worker*, None where it only reported for work or has died."""
    try:
        message: tuple[int, Digest] | None = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join(1)
        return None
    worker.is_ready = True
    if message is not None:
        worker.waiting.popleft()
    return message


def _bury(worker: _Worker, queue: deque[int]) -> int | None:
    """Give the tasks of a dead worker back, but for the one it died on, which is returned."""
    if not worker.is_ready:
        raise _CannotStartError
    number = worker.waiting.popleft() if worker.waiting else None
    queue.extendleft(reversed(worker.waiting))
    worker.pipe.close()
    return number


def _start() -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    try:
        with _safe_path():
            process.start()
    except (OSError, RuntimeError) as error:
        ours.close()
        raise _CannotStartError from error
    finally:
        theirs.close()
    return _Worker(process, ours)


@contextmanager
def _safe_path() -> Iterator[None]:
    """Keep new interpreters from importing out of the current folder, which may be a stranger's tree."""
    name = "PYTHONSAFEPATH"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _stop(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.terminate()
    worker.process.join(1)


def _serve(pipe: Connection) -> None:
    """Answer tasks until the owner closes the pipe or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe.send(None)
    while True:
        try:
            number, task = pipe.recv()
            pipe.send((number, digest(task.path, task.language)))
        except (EOFError, OSError):
            return
