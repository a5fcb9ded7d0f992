"""A real terminal: the command in a pane of tmux, its keys and what stands on its screen."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 240.0
"""Seconds until a screen that never comes is a failure."""


class Terminal:
    """A pane of its own tmux server."""

    def __init__(self, name: str) -> None:
        self._name = name

    def tmux(self, *arguments: str) -> str:
        """Return what tmux prints."""
        command = ["tmux", "-L", self._name, "-f", os.devnull, *arguments]
        environment = dict(os.environ)  # not the C library's: readline, which pytest loads, puts a screen's size there
        return subprocess.run(command, capture_output=True, check=True, timeout=60, env=environment).stdout.decode()

    def press(self, *keys: str) -> None:
        """Press *keys* at once, each as tmux calls it (``Enter``, ``C-t``, ``Space``), or text without blanks."""
        self.tmux("send-keys", "-t", "main", *keys)

    def type(self, text: str) -> None:
        """Type *text* as it stands."""
        self.tmux("send-keys", "-t", "main", "-l", text)

    def screen(self) -> str:
        """Return the text on the screen."""
        return self.tmux("capture-pane", "-p", "-t", "main")

    def wait_for(self, *texts: str, patience: float = PATIENCE) -> str:
        """Return the screen once all *texts* stand on it."""
        until = time.monotonic() + patience
        while True:
            screen = self.screen()
            if all(text in screen for text in texts):
                return screen
            if time.monotonic() > until:
                raise AssertionError(f"{texts} did not appear:\n{screen}")
            time.sleep(0.05)

    def resize(self, columns: int, rows: int) -> None:
        """Make the window so large."""
        self.tmux("resize-window", "-t", "main", "-x", str(columns), "-y", str(rows))


@contextmanager
def terminal(
    arguments: list[str], environment: Mapping[str, str], folder: Path, size: tuple[int, int] = (120, 35)
) -> Iterator[Terminal]:
    """Yield a terminal in which ``codereader`` runs with *arguments*; its exit code is printed when it ends."""
    command = shlex.join([sys.executable, "-m", "codereader", *arguments])
    with _opened(["sh", "-c", f"{command}; echo ended with $?; cat"], environment, folder, size) as one:
        yield one


@contextmanager
def shell(environment: Mapping[str, str], folder: Path, size: tuple[int, int] = (120, 35)) -> Iterator[Terminal]:
    """Yield a terminal in which a shell waits for commands."""
    with _opened(["sh", "-i"], environment, folder, size) as one:
        yield one


@contextmanager
def _opened(
    command: list[str], environment: Mapping[str, str], folder: Path, size: tuple[int, int]
) -> Iterator[Terminal]:
    one = Terminal(f"codereader-{uuid.uuid4().hex[:8]}")
    settings = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
    columns, rows = map(str, size)
    opened = ["new-session", "-d", "-s", "main", "-x", columns, "-y", rows, "-c", str(folder)]
    one.tmux(*opened, *settings, *command, ";", "set-option", "window-size", "manual")
    try:
        yield one
    finally:
        one.tmux("kill-server")
