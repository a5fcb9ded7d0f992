"""Ctrl-C before the command line is there to hear it, and after it has told all that it has to tell.

While modules are imported and while the interpreter winds up nobody can answer a KeyboardInterrupt: it would end in a
traceback. Nothing has been begun then, or all is done, so the process ends on the spot. Imports next to nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPTED = 130
"""The exit code, as in `errors.ExitCode`, which is not imported yet."""


def end_at_once() -> None:
    """Let Ctrl-C end the process at once, silently. A process that was told to ignore it goes on ignoring it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


@contextmanager
def raised() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt meanwhile, where it would end the process at once."""
    before = signal.getsignal(signal.SIGINT)
    if before is not _end:
        yield
        return
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(_: int, __: FrameType | None) -> None:
    with suppress(OSError):
        if os.isatty(2):
            os.write(2, b"\n")
    os._exit(INTERRUPTED)
