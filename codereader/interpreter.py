"""Start another interpreter with this package in it, as a process that belongs to this one.

It imports from where this one does and never out of the current folder, which may be a stranger's tree; it runs
outside of that folder too, where llama.cpp looks for backends. Ctrl-C never reaches it: its owner stops it. It speaks
with its owner through its standard streams. Knows nothing of what is said there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import codereader

_CODE = "import sys; sys.path[:] = sys.argv[1:]; del sys.argv[1:]; from {module} import {function} as run; run()"


def start(
    module: str, function: str, errors: IO[bytes] | int, output: IO[bytes] | int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Return a new process that runs *function* of *module*, its input a pipe, its errors going to *errors*.

    Raises: OSError where none can be started.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        raise OSError("there is no interpreter to start")
    command = [
        sys.executable,
        "-I" if sys.flags.isolated else "-P",
        "-c",
        _CODE.format(module=module, function=function),
        *_places(),
    ]
    with _without_interrupts():
        return subprocess.Popen(  # noqa: S603  # this interpreter and our own code
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=errors,
            cwd=Path(sys.executable).parent,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )


def _places() -> list[str]:
    """Return where to import from: what this process has, this package's own place as early as here.

    The current folder, which `python -m` puts first, is left out unless this package lies there.
    """
    home = str(Path(codereader.__file__).parent.parent)
    places = [_absolute(place) for place in sys.path]
    here = {number for number, place in enumerate(sys.path) if not place}
    if not sys.flags.safe_path and places[:1] == [_absolute("")]:
        here.add(0)
    kept = [place for number, place in enumerate(places) if number not in here or place == home]
    return kept if home in kept else [home, *kept]


def _absolute(place: str) -> str:
    """Return *place*, which may lie in an archive, seen from the current folder if there is still one."""
    try:
        return os.path.abspath(place)  # noqa: PTH100
    except OSError:
        return place


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Keep Ctrl-C from what is started meanwhile: POSIX hands the mask of this thread on, Windows has a flag for it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
