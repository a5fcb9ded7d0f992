"""The process that runs an engine: requests come on standard input, answers go to standard output.

It ends with its input, whatever it is doing: it outlives who started it by no more than `LAST_SECONDS`, in which
what it has evaluated goes to disk; what it held is then free.
A thread of its own reads the input: a stop is seen while llama.cpp works. What anything else writes to standard output
goes to standard error, which the owner reads when this process has ended.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from codereader import native
from codereader.cancel import Cancelled, CancelToken
from codereader.engine.plan import Plan
from codereader.engine.process.child import LAST_SECONDS
from codereader.engine.process.messages import Row, line_of, row_of_error, row_of_event
from codereader.engine.process.plain import from_plain, to_plain
from codereader.engine.protocol import Prompt, Sampling
from codereader.errors import ModelError

if TYPE_CHECKING:
    from codereader.engine.embedded.llama import LlamaEngine
    from codereader.engine.state.store import StateStore


@dataclass(frozen=True, slots=True)
class _Request:
    """What the owner wants, and how it stops it."""

    row: dict[str, Any]
    cancel: CancelToken = field(default_factory=CancelToken)
    enough: CancelToken = field(default_factory=CancelToken)


def serve() -> None:
    """Do what is asked until standard input ends, and end with it."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def say(row: Row) -> None:
        output.write(line_of(row))
        output.flush()

    requests: SimpleQueue[_Request] = SimpleQueue()
    work = _Work(say)
    Thread(target=_listen, args=(requests, work), daemon=True).start()
    with suppress(OSError):
        work.greet()
        while True:
            work.answer(requests.get())
    _end(work)


def _end(work: _Work) -> None:
    """End this process, whatever its threads do."""
    try:
        work.finish()
    finally:
        os._exit(0)


def _listen(requests: SimpleQueue[_Request], work: _Work) -> None:
    """Take what the owner sends; when it has gone, so does this process."""
    last: _Request | None = None
    with suppress(OSError, ValueError):
        for line in sys.stdin.buffer:
            row = json.loads(line)
            if row["do"] not in ("cancel", "enough"):
                last = _Request(row)
                requests.put(last)
            elif last is not None and last.row.get("run") == row["run"]:
                (last.cancel if row["do"] == "cancel" else last.enough).cancel()
    if last is not None:
        last.cancel.cancel()
    _end(work)


class _Work:
    """The engine of this process, and what it is asked to do. Each answer goes out as soon as it is there."""

    def __init__(self, say: Callable[[Row], None]) -> None:
        self._say = say
        self._engine: LlamaEngine | None = None
        self._state: StateStore | None = None

    def greet(self) -> None:
        """Load llama.cpp; say which it is, or why there is none."""
        try:
            native.functions_only()
            from codereader.engine.embedded import library
            from codereader.engine.embedded.llama import LlamaEngine  # noqa: F401 - loaded before anybody waits for it
            from codereader.engine.embedded.version import version

            library.repeat_errors()
            self._say({"event": "hello", "version": version()})
        except ModelError as error:
            self._say(row_of_error(error, ""))

    def finish(self) -> None:
        """Let what was evaluated get to disk, where that takes no longer than `LAST_SECONDS`."""
        if self._state is not None:
            self._state.flush(LAST_SECONDS)

    def answer(self, request: _Request) -> None:
        """Do what *request* asks; the last thing said ends it."""
        try:
            match request.row["do"]:
                case "machine":
                    self._machine()
                case "load":
                    self._load(request)
                case "generate":
                    self._generate(request)
        except Cancelled:
            self._say({"event": "cancelled"})
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - the owner raises it again
            self._say(row_of_error(error, traceback.format_exc()))

    def _machine(self) -> None:
        from codereader.engine.hardware.devices import inventory

        self._say({"event": "machine", "machine": to_plain(inventory())})

    def _load(self, request: _Request) -> None:
        from codereader.engine.embedded.llama import LlamaEngine
        from codereader.engine.state.store import StateStore

        row = request.row
        self._state = None if row["state"] is None else StateStore(Path(row["state"]), row["budget"])
        self._engine = LlamaEngine(from_plain(Plan, row["plan"]), Path(row["path"]), self._state)
        told = -1

        def progress(share: float) -> None:
            nonlocal told
            if (percent := int(share * 100)) > told:
                told = percent
                self._say({"event": "loading", "share": min(1.0, max(0.0, share))})

        self._engine.load(request.cancel, progress, lambda text: self._say({"event": "told", "text": text}))
        buffers = self._engine.buffers
        self._say({"event": "loaded", "buffers": buffers and to_plain(buffers)})

    def _generate(self, request: _Request) -> None:
        row = request.row
        if self._engine is None:
            raise ValueError("the engine is not loaded")
        prompt = Prompt(tuple(row["base"]), tuple(row["tail"]))
        sampling = from_plain(Sampling, row["sampling"])
        for event in self._engine.generate(prompt, sampling, request.cancel, request.enough):
            self._say(row_of_event(event))
