"""Many files to facts, in worker processes where there is enough to do.

Results come in the order of the tasks. A worker that dies, or that sits on one file for too long, takes that file
with it, which is named; workers that cannot be started at all leave the work to this process. Workers never see
Ctrl-C: their owner stops them, and they end by themselves when it is gone.

A worker is a new interpreter that imports this module and nothing of the program that called us: a script without a
main guard is not run again. Owner and worker speak in pickles through the worker's standard input and output. A
thread of the worker reads whatever comes at once, so that neither ever waits for the other to empty a pipe.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, Full, Queue, SimpleQueue
from threading import Lock, Thread
from typing import IO, Any, NamedTuple, Protocol

from codereader import interpreter
from codereader.cancel import CancelToken
from codereader.index.digest import Digest, digest

FEW_FILES = 200
FEW_BYTES = 4 << 20
"""Below both, starting workers costs more than it saves."""

MOST_WORKERS = 8
AT_ONCE = 8
"""Tasks handed to a worker together; the next ones are there before it is done, so that it never waits."""

MOST_ANSWERS = 64
"""Answers that wait to be taken; workers pause beyond."""

LOOK_SECONDS = 0.05
"""How often the cancel token is looked at."""

LONGEST_SECONDS = 60.0
"""A worker that has not answered for this long is stopped."""

STOPPED = "the parser stopped on it"
SLOW = "the parser took too long on it"

_MODULE = "codereader.index.workers"
"""Whose `serve` a worker runs."""


class Work(Protocol):
    """What a worker can be given: a picklable value on one file, `size` a guess in bytes."""

    @property
    def path(self) -> str:
        """The file, absolute."""

    @property
    def language(self) -> str:
        """The word for its language."""

    @property
    def size(self) -> int:
        """Bytes, about."""

    def work(self) -> Any:
        """Do it; never raises."""


class Task(NamedTuple):
    """A file to read and parse. `path` is absolute, `size` a guess in bytes."""

    path: str
    language: str
    size: int

    def work(self) -> Digest:
        """Return the digest of the file."""
        return digest(self.path, self.language)


class _CannotStartError(Exception):
    """Worker processes do not come up here."""


_Answer = tuple[int, Any] | None
"""The number of a task and what was made of it; None where a worker did not come up."""


def digest_all(tasks: Sequence[Task], cancel: CancelToken) -> Iterator[Digest]:
    """Yield the digest of each task, in order. Raises: Cancelled within a quarter of a second of being asked."""
    return work_all(tasks, cancel)


def work_all(tasks: Sequence[Work], cancel: CancelToken) -> Iterator[Any]:
    """Yield what each task makes, in order; a `Digest` with a reason where one ended its worker. Raises: Cancelled."""
    done = 0
    many = len(tasks) >= FEW_FILES or sum(task.size for task in tasks) >= FEW_BYTES
    count = min(os.cpu_count() or 1, MOST_WORKERS)
    if many and count > 1:
        try:
            for made in _in_order(tasks, count, cancel):
                yield made
                done += 1
        except _CannotStartError:
            pass
    for task in tasks[done:]:
        cancel.check()
        yield task.work()


def _in_order(tasks: Sequence[Work], count: int, cancel: CancelToken) -> Iterator[Any]:
    early: dict[int, Any] = {}
    turn = 0
    for number, made in _as_ready(tasks, count, cancel):
        early[number] = made
        while turn in early:
            yield early.pop(turn)
            turn += 1


def _as_ready(tasks: Sequence[Work], count: int, cancel: CancelToken) -> Iterator[tuple[int, Any]]:
    batches = deque(range(at, min(at + AT_ONCE, len(tasks))) for at in range(0, len(tasks), AT_ONCE))
    answers: Queue[_Answer] = Queue(MOST_ANSWERS)
    workers = [_Worker(tasks, batches, answers) for _ in range(count)]
    left = len(tasks)
    try:
        _start_threads(workers)
        while left:
            cancel.check()
            for worker in workers:
                worker.stop_if_slow()
            with suppress(Empty):
                answer = answers.get(timeout=LOOK_SECONDS)
                if answer is None:
                    raise _CannotStartError
                left -= 1
                yield answer
    finally:
        for worker in workers:
            worker.stop()
        for worker in workers:
            if worker.thread.ident is not None:
                worker.thread.join(1)


def _start_threads(workers: Sequence[_Worker]) -> None:
    """Start what feeds the processes. Raises: _CannotStartError where the system gives no threads."""
    try:
        for worker in workers:
            worker.thread.start()
    except RuntimeError as error:
        raise _CannotStartError from error


class _Worker:
    """A thread that feeds one process after another: a new one where the last has died."""

    def __init__(self, tasks: Sequence[Work], batches: deque[range], answers: Queue[_Answer]) -> None:
        self.thread = Thread(target=self._work, name="codereader-worker", daemon=True)
        self._tasks = tasks
        self._batches = batches
        self._answers = answers
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting_since: float | None = None
        self._is_slow = False
        self._is_stopping = False

    def stop_if_slow(self) -> None:
        """End the process where one answer takes too long."""
        since = self._waiting_since
        if since is not None and time.monotonic() - since > LONGEST_SECONDS:
            with self._lock:
                self._is_slow, self._waiting_since = True, None
                if self._process is not None:
                    self._process.kill()

    def stop(self) -> None:
        """End the process, and with it the thread, whatever it is doing."""
        with self._lock:
            self._is_stopping = True
            if self._process is not None:
                self._process.kill()

    def _work(self) -> None:
        while self._batches and not self._is_stopping:
            try:
                with self._started() as (inward, outward):
                    _receive(outward)
                    self._serve(inward, outward)
            except _CannotStartError:
                return
            except Exception:  # noqa: BLE001  # whatever it is: a thread that ended unsaid would be waited for forever
                self._put(None)
                return

    def _serve(self, inward: IO[bytes], outward: IO[bytes]) -> None:
        """Hand out batches until none is left or the process ends. Its end costs the file that it ended on."""
        sent: deque[int] = deque()
        try:
            self._send_batch(inward, sent)
            while sent:
                if len(sent) <= AT_ONCE:
                    self._send_batch(inward, sent)
                self._waiting_since = time.monotonic()
                made = _receive(outward)
                self._waiting_since = None
                self._put((sent.popleft(), made))
        except (OSError, EOFError, pickle.UnpicklingError):
            self._waiting_since = None
            if not sent:
                return
            number = sent.popleft()
            self._batches.extendleft(range(one, one + 1) for one in reversed(sent))
            self._put((number, Digest(reason=SLOW if self._is_slow else STOPPED)))
            self._is_slow = False

    def _send_batch(self, inward: IO[bytes], sent: deque[int]) -> None:
        """Send the next batch, if there is one, and append its numbers to *sent*."""
        with suppress(IndexError):
            numbers = self._batches.popleft()
            sent.extend(numbers)
            _send(inward, [self._tasks[number] for number in numbers])

    def _put(self, answer: _Answer) -> None:
        while not self._is_stopping:
            with suppress(Full):
                self._answers.put(answer, timeout=LOOK_SECONDS)
                return

    @contextmanager
    def _started(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Start a process; give its input and output, and see it off in the end."""
        with self._lock:
            if self._is_stopping:
                raise _CannotStartError
            process = self._process = interpreter.start(_MODULE, "serve", subprocess.DEVNULL)
        if process.stdin is None or process.stdout is None:
            raise _CannotStartError
        try:
            yield process.stdin, process.stdout
        finally:
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):
                    stream.close()
            process.kill()
            process.wait()


def _send(stream: IO[bytes], message: object) -> None:
    pickle.dump(message, stream)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    return pickle.load(stream)  # noqa: S301  # between an interpreter that we started and ourselves


def serve(answer: Callable[[str, str], Any] | None = None) -> None:
    """Do the tasks that come in batches on standard input until it ends, and answer on standard output.

    *answer*, if given, does them in the tasks' place, from path and language. What else is written there goes nowhere.
    The process ends with its input, whatever it is doing.
    """
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    batches: SimpleQueue[Sequence[Work]] = SimpleQueue()
    with suppress(OSError):
        _send(output, None)
        Thread(target=_listen, args=(batches,), daemon=True).start()
        while True:
            for task in batches.get():
                _send(output, answer(task.path, task.language) if answer else task.work())
    os._exit(0)


def _listen(batches: SimpleQueue[Sequence[Work]]) -> None:
    """Take what the owner sends; when it has gone, so does this process."""
    with suppress(OSError, EOFError, pickle.UnpicklingError):
        while True:
            batches.put(_receive(sys.stdin.buffer))
    os._exit(0)
