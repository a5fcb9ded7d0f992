"""Has what is looked up often made ready by a process of its own, so that neither the screen nor its desk waits for it.

What is missing is looked up on the desk whenever the index was opened; only then is a process started
(`codereader.fronts.tui.warmer`). Who needs a part waits for it: `ready` on the screen's thread, `wait` on any other.
A part that could not be made is nobody's loss but time: who needs it makes it then.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

from codereader import interpreter
from codereader.cancel import Cancelled, CancelToken
from codereader.errors import CodereaderError
from codereader.fronts.tui.messages import Problem, Working

if TYPE_CHECKING:
    from textual.message import Message

    from codereader.fronts.tui.desk import Desk
    from codereader.reader import Part, Reader

LOOK_SECONDS = 0.05
"""How often who waits on another thread looks whether it was stopped."""

WARMER = "codereader.fronts.tui.warmer"

HINT = "It is made when it is first asked for; what else is asked waits meanwhile."

Tell = Callable[[str], None]
"""Called with what is being done and how far it is, "" when it is over. On the screen's thread."""


class Warming:
    """What of *desk*'s scope is being made ready; *post* takes messages for the screen, on its thread."""

    def __init__(self, desk: Desk, post: Callable[[Message], object], module: str = WARMER) -> None:
        self._desk = desk
        self._post = post
        self._module = module
        self._lock = Lock()
        self._left: dict[Part, Future[None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._is_stale = False
        self._is_closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._tells: list[Tell] = []
        self._now = ""

    # What the screen calls

    @property
    def is_ready(self) -> bool:
        """Whether nothing is being made, or looked for."""
        return self._task is None or self._task.done()

    @property
    def process_id(self) -> int | None:
        """The number of the process that makes parts, None where none does."""
        return self._process.pid if self._process is not None else None

    def begin(self) -> None:
        """Look what is missing of the index as it was opened just now, and have it made."""
        from codereader.reader import PARTS

        if self._is_closed:
            return
        with self._lock:
            for part in PARTS:
                self._left.setdefault(part, Future())
        if self.is_ready:
            self._task = asyncio.create_task(self._work())
        else:
            self._is_stale = True

    async def ready(self, part: Part, tell: Tell | None = None) -> None:
        """Wait until *part* is kept, or nobody else makes it; *tell* is called meanwhile. No wait where it is there."""
        future = self._wanted(part)
        if future is None:
            return
        if tell is not None:
            self._tells.append(tell)
            tell(self._now)
        try:
            await asyncio.shield(asyncio.wrap_future(future))
        finally:
            if tell is not None:
                self._tells.remove(tell)
                tell("")

    def waiting(self, make: Callable[[CancelToken], Reader]) -> Callable[[CancelToken], Reader]:
        """Return what makes readers like *make*, for other threads: they wait for what is made ready here."""

        def made(cancel: CancelToken) -> Reader:
            reader = make(cancel)
            reader.awaits = lambda part: self.wait(part, cancel)
            return reader

        return made

    def close(self) -> None:
        """End the process; nobody waits any more."""
        self._is_closed = True
        if self._task is not None:
            self._task.cancel()
        self._end()
        self._settle(())

    # What other threads call

    def wait(self, part: Part, cancel: CancelToken) -> None:
        """Wait as `ready`, on another thread. Raises: Cancelled soon after *cancel* is set."""
        future = self._wanted(part)
        while future is not None and not future.done():
            cancel.check()
            with suppress(TimeoutError):
                future.result(LOOK_SECONDS)

    def is_there(self, part: Part) -> bool:
        """Whether nobody has to wait for *part*."""
        with self._lock:
            return part not in self._left

    def _wanted(self, part: Part) -> Future[None] | None:
        """Have *part* made next; return what is done when it is there, None where it is."""
        with self._lock:
            future, process = self._left.get(part), self._process
            if future is not None and process is not None and process.stdin is not None:
                with suppress(OSError, ValueError):
                    process.stdin.write(json.dumps({"first": part}).encode() + b"\n")
                    process.stdin.flush()
            return future

    # The work

    async def _work(self) -> None:
        try:
            while await self._one_round() and self._is_stale:
                pass
        except (Cancelled, CodereaderError, RuntimeError):
            pass  # the desk was closed, or lost its index: whoever asks meets that too, and tells of it
        finally:
            self._settle(())

    async def _one_round(self) -> bool:
        """Have made what is missing by now. Return whether that went well."""
        self._is_stale = False
        arguments, missing = await self._desk.run(_looked)
        self._settle(missing)
        if not missing:
            return True
        try:
            failed = await asyncio.to_thread(self._converse, arguments, missing, asyncio.get_running_loop())
        finally:
            self._end()
            self._tell("")
            self._post(Working("", 0, 0))
        if failed is not None and not self._is_closed:
            self._post(failed)
        return failed is None

    def _converse(
        self, arguments: dict[str, Any], parts: tuple[Part, ...], loop: asyncio.AbstractEventLoop
    ) -> Problem | None:
        """Start the process and hear it to its end, on a thread. Return what went wrong."""
        try:
            process = interpreter.start(self._module, "serve", subprocess.DEVNULL)
        except OSError as error:
            return _problem(f"no process can be started: {error.strerror or error}", "")
        with self._lock:
            self._process = process
        with process:
            self._send(process, {"reader": arguments, "parts": parts})
            if self._is_closed:
                process.kill()
            left, failed = set(parts), None
            for line in process.stdout or ():
                row = _row(line)
                left.discard(row.get("made", ""))
                if "failed" in row:
                    failed = _problem(str(row["failed"]), str(row.get("hint") or ""))
                with suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(self._heard, row)
        if failed is None and left:
            failed = _problem(f"its process ended ({_how(process.returncode)})", "")
        return failed

    def _send(self, process: subprocess.Popen[bytes], row: dict[str, Any]) -> None:
        with self._lock, suppress(OSError, ValueError):
            if process.stdin is not None:
                process.stdin.write(json.dumps(row).encode() + b"\n")
                process.stdin.flush()

    def _heard(self, row: dict[str, Any]) -> None:
        """Take what the process tells, on the screen's thread."""
        if self._is_closed:
            return
        if "made" in row and not self._is_stale:
            self._settle(tuple(part for part in self._left if part != row["made"]))
        elif "stage" in row:
            stage, done, total = str(row["stage"]), int(row.get("done", 0)), int(row.get("total", 0))
            self._post(Working(stage, done, max(total, 1), "files" if total > 1 else ""))
            self._tell(f"{stage} {100 * done // total} %" if total > 1 else f"{stage} …")

    def _tell(self, text: str) -> None:
        self._now = text
        for tell in self._tells:
            tell(text)

    def _settle(self, left: tuple[Part, ...]) -> None:
        """Let those go on who wait for other parts than those *left*."""
        with self._lock:
            over = [self._left.pop(part) for part in list(self._left) if part not in left]
        for future in over:
            future.set_result(None)

    def _end(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.kill()


def _looked(reader: Reader) -> tuple[dict[str, Any], tuple[Part, ...]]:
    return reader.arguments, reader.missing()


def _problem(why: str, hint: str) -> Problem:
    return Problem(f"what is looked up often could not be made ready: {why}", hint or HINT)


def _how(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


def _row(line: bytes) -> dict[str, Any]:
    """Return the object in *line*, nothing for anything else."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}
