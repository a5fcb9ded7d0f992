"""The process that works out what the cache lacks of a scope, while a person reads in it already.

It is told on standard input which reader to open and which parts to make, a line of JSON, and then perhaps which part
somebody waits for: ``{"first": PART}``. It tells on standard output how far it is, a line of JSON each:

    {"stage", "done", "total"}   so much of the part at work; 0 of 1 where it cannot be counted
    {"made": PART}               it is kept in the cache by now
    {"failed", "hint"}           one sentence; it ends

It ends with its input, whatever it is doing, and takes less of the processor than those that a person waits for.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from threading import Lock, Thread
from typing import Any

from codereader.errors import CodereaderError
from codereader.reader import PARTS, Part, Reader

POLITENESS = 10
"""Added to the nice value; the processes that it starts inherit it."""

TELL_EVERY = 0.1
"""Seconds between two lines about one stage."""

STAGES = {
    "rank": "ranking files",
    "brief": "writing the brief",
    "terms": "reading words",
    "headers": "reading headers",
    "link": "linking",
}
"""What is told of the stages of a reader; others take no time here."""

BEGINS: Mapping[Part, str] = {"worth": "rank", "brief": "brief", "terms": "terms", "linked": "headers"}
"""The stage that each part begins with."""


def serve() -> None:
    """Do what is asked on standard input and end."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def say(row: Mapping[str, Any]) -> None:
        output.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")
        output.flush()

    with suppress(OSError, KeyError, ValueError):
        request = json.loads(sys.stdin.buffer.readline())
        work = Work(request["reader"], request["parts"], say)
        Thread(target=_listen, args=(work,), daemon=True).start()
        make_polite()
        work.do()
    os._exit(0)


def _listen(work: Work) -> None:
    """Take what the owner sends; when it has gone, so does this process."""
    with suppress(OSError, ValueError):
        for line in sys.stdin.buffer:
            work.first(json.loads(line).get("first"))
    os._exit(0)


def make_polite() -> None:
    """Let others have the processor first, where the system knows of that."""
    with suppress(OSError, ImportError, AttributeError):
        if sys.platform == "win32":
            import psutil

            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.nice(POLITENESS)


class Work:
    """Makes *parts* of the reader of *arguments*, one after another; *say* is called with what is told."""

    def __init__(self, arguments: Mapping[str, Any], parts: list[Part], say: Any) -> None:
        self._arguments = arguments
        self._left = [part for part in PARTS if part in parts]
        self._say = say
        self._told = 0.0
        self._lock = Lock()

    def first(self, part: str | None) -> None:
        """Make *part* next, if it is still to be made."""
        with self._lock:
            self._left.sort(key=lambda one: one != part)

    def do(self) -> None:
        """Make all of them. What goes wrong is told."""
        try:
            with Reader.of(self._arguments) as reader:
                reader.open(self._step)
                while part := self._next():
                    self._say({"stage": STAGES[BEGINS[part]], "done": 0, "total": 1})
                    reader.make(part)
                    self._say({"made": part})
        except CodereaderError as error:
            self._say({"failed": str(error), "hint": error.hint})
        except MemoryError:
            self._say({"failed": "there is not enough memory", "hint": ""})
        except Exception as error:  # noqa: BLE001 - a bug here must not cost the person more than waiting
            self._say({"failed": f"a bug: {type(error).__name__}: {error}", "hint": "Please report it."})

    def _next(self) -> Part | None:
        with self._lock:
            return self._left.pop(0) if self._left else None

    def _step(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage in STAGES and (now - self._told >= TELL_EVERY or done == total):
            self._told = now
            self._say({"stage": STAGES[stage], "done": done, "total": total})
