"""The terminal itself: whether there is one, and keeping everybody else's output off it while the screen is drawn.

Textual draws on the stream that it finds as ``sys.__stderr__``. C libraries write to file descriptors 1 and 2 whatever
Python does, and one line of theirs would tear the screen: so both descriptors lead into a file meanwhile, and Textual
is given a private duplicate of the terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from codereader.config import make_private
from codereader.errors import UsageError

STRAY_NAME = "tui.log"
"""The file in the cache that takes what was not meant for the screen."""


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


def _stream(descriptor: int) -> TextIOWrapper:
    return os.fdopen(descriptor, "w", encoding="utf-8", errors="replace")


def _open_stray(cache: Path) -> int:
    """Return a descriptor that swallows stray output: of a file, where one can be made."""
    try:
        make_private(cache)
        return os.open(cache / STRAY_NAME, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
