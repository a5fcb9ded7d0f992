"""Start another interpreter with this package in it, as a process that belongs to this one.

It imports from where this one does and never out of the current folder, which may be a stranger's tree; it runs
outside of that folder too, where llama.cpp looks for backends. Ctrl-C never reaches it: its owner stops it. It speaks
with its owner through its standard streams. Knows nothing of what is said there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import codereader

_CODE = (
    "import sys, json; sys.path[:] = json.loads(sys.stdin.buffer.readline()); from {module} import {function} as run; "
    "run()"
)


def start(module: str, function: str, errors: IO[bytes] | int) -> subprocess.Popen[bytes]:
    """Return a new process that runs *function* of *module*, its input and output pipes, its errors going to *errors*.

    Raises: OSError where none can be started.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        raise OSError("there is no interpreter to start")
    command = [
        sys.executable,
        "-I" if sys.flags.isolated else "-P",
        "-c",
        _CODE.format(module=module, function=function),
    ]
    with _without_interrupts():
        process = subprocess.Popen(  # noqa: S603  # this interpreter and our own code
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=Path(sys.executable).parent,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    if process.stdin is not None:
        with suppress(BrokenPipeError):  # it has ended already, which its owner sees
            process.stdin.write(json.dumps(_places()).encode() + b"\n")
            process.stdin.flush()
    return process


def _places() -> list[str]:
    """Return where to import from: what this process has, without the current folder, and this package."""
    home = str(Path(codereader.__file__).parent.parent)
    places = [os.path.abspath(place) for place in _chosen() if place]  # noqa: PTH100 - may lie in an archive
    return [*(place for place in places if place != home), home]


def _chosen() -> list[str]:
    """Return `sys.path` without the current folder that `python -m` puts first."""
    first = sys.path[0] if sys.path else ""
    from_here = not sys.flags.safe_path and first in ("", str(Path.cwd()))
    return sys.path[1:] if from_here else sys.path


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
