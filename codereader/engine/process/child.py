"""The owner's end of the process that runs an engine: start it, speak with it, and see it off.

Its answers are read by a thread, as fast as they come but never more than `MOST_WAITING` ahead of who takes them; its
errors by another, which keeps the last of them. Sending never waits. Seconds are of wall clock.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, Queue, SimpleQueue
from threading import Thread
from typing import IO, Literal

from codereader import interpreter
from codereader.cancel import CancelToken
from codereader.engine.process.messages import (
    LAST,
    LONGEST_LINE,
    Row,
    line_of,
    not_understood,
    printable,
    raise_error,
    row_of,
    version_of,
)
from codereader.errors import EngineEnded, EngineUnusable, ModelError, ModelTooLarge

MOST_WAITING = 512
"""Answers that wait to be taken; the process pauses beyond."""

END_SECONDS = 10.0
"""How long is waited for the system to take the memory of a process back."""

LAST_SECONDS = 1.0
"""How long what a process has evaluated may take to be on disk once nobody listens to it any more."""

LOOK_SECONDS = 0.02
"""How often the cancel token is looked at."""

PATIENT_LOOKS = 100
"""Looks in a row at a process that somebody has stopped (SIGSTOP) before it is told to go on. Ctrl-Z stops its owner
too, which then does not look."""

SERVING = "codereader.engine.process.serving"

_KILLED = 9
"""The number of SIGKILL, which Windows has no name for."""

_UNREADABLE = int(getattr(signal, "SIGBUS", 0))
"""The number of the signal for pages of a file that are not there any more; 0, which is none, on Windows."""

_LIKELY = {
    4: ", most likely because llama.cpp was built for another processor",
    _KILLED: ", most likely because the system ran out of memory",
    _UNREADABLE: ", most likely because the model's file was cut short or can no longer be read",
}
"""What the signals mean that end a process unasked, where it is not plain."""

_LAST_LINES = 10
"""Lines before the end of a process that may tell why it ended; older ones speak of what it has survived."""

_PAUSE_SECONDS = 0.01
_KEPT_ERRORS = 64
"""Pieces of at most `_ERROR_BYTES` that are kept of what the process wrote to standard error."""

_ERROR_BYTES = 1024
_TELLING = re.compile(r"GGML_ASSERT|GGML_ABORT|terminate called|fatal|error|failed|cannot|out of memory", re.I)
_NO_MEMORY = re.compile(
    r"insufficient memory|bad_alloc|(failed|unable) to allocate|cannot allocate|out of memory|MemoryError"
    r"|GGML_ASSERT\(.*(alloc|buf|mem)",
    re.I,
)
_FOLDER = re.compile(r"^\S*[/\\](?=[^/\\\s]+:\d+: )")
"""Where llama.cpp was built, before the name of its source file."""


class Child:
    """A process that runs one engine. Used by one thread at a time."""

    def __init__(self, module: str = SERVING) -> None:
        """Start it: `serve` of *module*. Raises: EngineUnusable."""
        try:
            self._process = interpreter.start(module, "serve", subprocess.PIPE)
        except OSError as error:
            raise EngineUnusable(f"cannot start a process for the model: {error.strerror or error}") from error
        self._version: str | None = None
        self._runs = 0
        self._answers: Queue[bytes] = Queue()  # until Python 3.13 a signal makes a SimpleQueue forget its timeout
        self._requests: SimpleQueue[bytes] = SimpleQueue()
        self._errors: deque[bytes] = deque(maxlen=_KEPT_ERRORS)
        pipes = self._process.stdin, self._process.stdout, self._process.stderr
        self._threads = [
            Thread(target=work, args=(pipe,), name="codereader-engine", daemon=True)
            for work, pipe in zip((self._write, self._read, self._read_errors), pipes, strict=True)
        ]
        try:
            for thread in self._threads:
                thread.start()
        except RuntimeError as error:
            self._requests.put(b"")
            with self._process:
                self._process.kill()
            raise EngineUnusable("cannot start the threads that speak with the model's process") from error

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    @property
    def was_killed(self) -> bool:
        """Whether it was ended by the one signal that nobody can answer, as a system out of memory does."""
        return self._process.poll() == -_KILLED

    @property
    def process_id(self) -> int:
        """The number that the system gave it."""
        return self._process.pid

    def version(self, cancel: CancelToken) -> str:
        """Return which llama.cpp runs there. Raises: ModelError where none can be loaded, Cancelled."""
        if self._version is None:
            self._version = version_of(self.wait(cancel))
        return self._version

    def ask(self, row: Row) -> Run:
        """Send a request; the run gives what answers it."""
        self._runs += 1
        self.send({**row, "run": self._runs})
        return Run(self, self._runs)

    def send(self, row: Row) -> None:
        """Send something. What cannot arrive any more is lost: `receive` tells that the process ended."""
        self._requests.put(line_of(row))

    def wait(self, cancel: CancelToken) -> Row:
        """Return the next answer. Raises as `receive`, and Cancelled."""
        stopped = 0
        while True:
            cancel.check()
            row = self.receive(LOOK_SECONDS)
            if row is not None:
                return row
            stopped = stopped + 1 if self._is_stopped() else 0
            if stopped >= PATIENT_LOOKS:
                self._process.send_signal(signal.SIGCONT)

    def receive(self, seconds: float) -> Row | None:
        """Return the next answer, None where none comes within *seconds*.

        Raises: EngineEnded where the process ended or said what is no answer; ModelTooLarge where it had no memory.
        """
        try:
            line = self._answers.get(timeout=max(0.0, seconds))
        except Empty:
            return None
        if not line:
            self._answers.put(b"")
            raise self._ended()
        return row_of(line)

    def close(self) -> None:
        """End the process and wait until its memory is free. Harmless when called twice.

        Nothing is lost of an answer that was heard to its end: what is to be kept is on disk before that. See `leave`.
        """
        self._requests.put(b"")
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        for thread in self._threads:
            thread.join(1)

    def leave(self) -> None:
        """Let the process write what it has evaluated and end by itself, and do not wait for that."""
        self._requests.put(b"")

        def see_off() -> None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(2 * LAST_SECONDS)
            self.close()

        Thread(target=see_off, name="codereader-engine-end", daemon=True).start()

    def kill(self) -> None:
        """End the process and do not wait for the system to take its memory back."""
        self._process.kill()
        Thread(target=self.close, name="codereader-engine-end", daemon=True).start()

    def _is_stopped(self) -> bool:
        """Whether a signal has stopped the process, which is then neither at work nor at an end."""
        if not hasattr(os, "waitid"):
            return False
        with suppress(ChildProcessError):
            return os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
        return False

    def _write(self, pipe: IO[bytes]) -> None:
        with suppress(OSError), pipe:
            while line := self._requests.get():
                pipe.write(line)
                pipe.flush()

    def _read(self, pipe: IO[bytes]) -> None:
        with suppress(OSError), pipe:
            while line := pipe.readline(LONGEST_LINE + 1):
                self._answers.put(line)
                while self._answers.qsize() > MOST_WAITING and self.alive:
                    time.sleep(_PAUSE_SECONDS)
        self._answers.put(b"")

    def _read_errors(self, pipe: IO[bytes]) -> None:
        with suppress(OSError), pipe:
            while piece := pipe.readline(_ERROR_BYTES):
                self._errors.append(piece)

    def _ended(self) -> EngineEnded | ModelTooLarge:
        """Return the error for a process that ended, with what it said last."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self._threads[2].join(1)
        return ended(self._process.poll(), b"".join(self._errors).decode("utf-8", "replace"))


class Run:
    """One request and its answers, the last of which ends it."""

    def __init__(self, child: Child, number: int) -> None:
        self._child = child
        self._number = number
        self._is_over = False

    def rows(self, cancel: CancelToken) -> Iterator[Row]:
        """Yield the answers. Raises: the error that the process tells of, as `Child.receive`, Cancelled."""
        while not self._is_over:
            row = self._child.wait(cancel)
            self._is_over = row["event"] in LAST
            if row["event"] == "cancelled":
                raise not_understood("nobody stopped it")
            raise_error(row)
            yield row

    def tell(self, what: Literal["cancel", "enough"]) -> None:
        """Ask the process to stop."""
        self._child.send({"do": what, "run": self._number})

    def stop(self, seconds: float) -> bool:
        """Stop what is not over; return whether it was within *seconds*, so that the process can be asked again."""
        until = time.monotonic() + seconds
        try:
            if not self._is_over:
                self.tell("cancel")
            while not self._is_over:
                row = self._child.receive(until - time.monotonic())
                if row is None:
                    return False
                self._is_over = row["event"] in LAST
        except ModelError:
            return False
        return True


def ended(code: int | None, errors: str) -> EngineEnded | ModelTooLarge:
    """Return the error for a process that ended with *code*, negative for a signal, and wrote *errors*."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()][-_LAST_LINES:]
    telling = [line for line in lines if _TELLING.search(line)]
    why = printable(_FOLDER.sub("", (telling or lines or [""])[-1]))[:300]
    message = f"the engine ended: {_how(code)}{': ' if why else ''}{why}"
    if any(_NO_MEMORY.search(line) for line in lines):
        return ModelTooLarge(message)
    return EngineEnded(message)


def _how(code: int | None) -> str:
    if code is None:
        return "it closed its output"
    if code >= 0:
        return f"exit code {code if code < 256 else hex(code)}"
    try:
        name = f" ({signal.Signals(-code).name})"
    except ValueError:
        name = ""
    return f"signal {-code}{name}{_LIKELY.get(-code, '')}"
