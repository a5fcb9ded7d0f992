"""The terminal itself: whether there is one, and keeping everybody else's output off it while the screen is drawn.

Textual draws on the stream that it finds as ``sys.__stderr__``. C libraries write to file descriptors 1 and 2 whatever
Python does, and one line of theirs would tear the screen: so both descriptors lead into a file meanwhile, and Textual
is given a private duplicate of the terminal. A signal that ends the process gives the terminal back first.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from codereader.config import make_private
from codereader.errors import UsageError

STRAY_NAME = "tui.log"
"""The file in the cache that takes what was not meant for the screen."""

PLAIN = (
    b"\x18\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?1004l\x1b[?2004l\x1b[<u"
    b"\x1b[?1049l\x1b[0m\x1b[?25h"
)
"""What ends a sequence that was begun, and every mode that Textual sets: mouse, focus, paste, keys, its own screen."""

ENDING = ("SIGTERM", "SIGHUP")
"""Signals that end the process, where the system has them."""


def check_terminal() -> None:
    """Check that a person can see the screen and type. Raises: UsageError."""
    hint = 'For scripts and pipes there is codereader ask PATH "explain structure".'
    for name, stream in (("stdin", sys.stdin), ("stdout", sys.stdout)):
        if stream is None or not stream.isatty():
            raise UsageError(f"codereader tui needs a terminal, and {name} is none", hint)
    if os.environ.get("TERM") == "dumb":
        raise UsageError("codereader tui needs a terminal that can move its cursor, and TERM is dumb", hint)


@contextmanager
def kept_clean(cache: Path) -> Iterator[None]:
    """Let nothing but the screen's own drawing reach the terminal; stray output lands in a file in *cache*."""
    streams = sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__
    for stream in streams[:2]:
        stream.flush()
    screens = [os.dup(1), os.dup(2)]
    stray = _open_stray(cache)
    try:
        drawn = [_stream(descriptor) for descriptor in screens]
        sys.__stdout__, sys.__stderr__ = drawn  # type: ignore[misc] # it says final; Textual looks here
        for descriptor in (1, 2):
            os.dup2(stray, descriptor)
        with _given_back(screens, stray):
            yield
    finally:
        for stream in streams[:2]:
            stream.flush()
        for descriptor, screen in zip((1, 2), screens, strict=True):
            os.dup2(screen, descriptor)
        sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__ = streams  # type: ignore[misc]
        os.close(stray)


def screen_descriptor() -> int:
    """Return the descriptor of the terminal for another program to draw on while the screen is suspended."""
    return sys.__stdout__.fileno() if sys.__stdout__ is not None else 1


@contextmanager
def _given_back(screens: Sequence[int], stray: int) -> Iterator[None]:
    """Make the terminal that *screens* lead to a plain one again before a signal ends the process."""
    if os.name == "nt":
        yield
        return
    import termios

    try:
        modes = termios.tcgetattr(0)
    except (OSError, termios.error):  # standard input is no terminal
        modes = None

    def end(number: int, _frame: object) -> None:
        own = os.dup(screens[1])
        for descriptor in screens:
            os.dup2(stray, descriptor)  # the rest of a frame is not to come behind
        signal.signal(number, signal.SIG_DFL)
        try:
            os.write(own, PLAIN)
            if modes is not None:
                termios.tcsetattr(0, termios.TCSANOW, modes)
        except (OSError, termios.error):  # the terminal is gone
            pass
        finally:
            os.kill(os.getpid(), number)

    numbers = [number for name in ENDING if (number := getattr(signal, name, None)) is not None]
    ending = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]  # as nohup has it
    before = [(number, signal.signal(number, end)) for number in ending]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _stream(descriptor: int) -> TextIOWrapper:
    return os.fdopen(descriptor, "w", encoding="utf-8", errors="replace")


def _open_stray(cache: Path) -> int:
    """Return a descriptor that swallows stray output: of a file, where one can be made."""
    try:
        make_private(cache)
        return os.open(cache / STRAY_NAME, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
