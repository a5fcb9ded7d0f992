"""Ask llama.cpp in a process of its own what plans take. A dry run loads no weights and allocates no buffer.

Whatever a model file makes llama.cpp do, this process lives on: an end without an answer is a ModelError.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from codereader import interpreter
from codereader.cancel import CancelToken
from codereader.engine.plan import Plan
from codereader.engine.trial.measured import Measured
from codereader.engine.trial.wire import plan_to_json, result_from_line
from codereader.errors import ModelError

LIMIT_SECONDS = 60.0
"""Time for one process. The largest model known takes 0.1 s a plan; a hostile file may take for ever."""

_LOOK_SECONDS = 0.05
_MOST_STARTS = 3
_CHILD = "codereader.engine.trial.child"
_MOST_BYTES = 1 << 20
"""Bytes that are read of what the process wrote."""

_ASSERTION = re.compile(rb"GGML_ASSERT\([^\n]*\) failed|GGML_ABORT[^\n]*|[^\n]*(?:fatal error|terminate called)[^\n]*")


def dry_run(path: Path, plan: Plan, cancel: CancelToken | None = None) -> Measured:
    """Return what *plan* takes with the model at *path*, to the byte where llama.cpp can be asked.

    Raises: ModelError when llama.cpp refuses the plan or ends, Cancelled (within 250 ms).
    """
    result = dry_runs(path, (plan,), cancel)[0]
    if isinstance(result, ModelError):
        raise result
    return result


def dry_runs(path: Path, plans: Sequence[Plan], cancel: CancelToken | None = None) -> tuple[Measured | ModelError, ...]:
    """Return for each of *plans* what it takes, or why llama.cpp refuses it.

    One process does them all; only a plan that ends it costs another start, and a model that ends several is tried no
    more. Raises: ModelError when none can be started, Cancelled (within 250 ms).
    """
    results: list[Measured | ModelError] = []
    until, starts = time.monotonic() + LIMIT_SECONDS, 0
    while len(results) < len(plans) and starts < _MOST_STARTS and time.monotonic() < until:
        results += _answers(path, plans[len(results) :], cancel or CancelToken(), until)
        starts += 1
    return (*results, *results[-1:] * (len(plans) - len(results)))


def _answers(path: Path, plans: Sequence[Plan], cancel: CancelToken, until: float) -> list[Measured | ModelError]:
    """Return what one process answered, at least one answer: that it ended without one is the last."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors:
        with _started(path, said, errors) as process:
            _ask(process, path, plans)
            code = _wait(process, cancel, until)
        said.seek(0)
        lines = said.read(_MOST_BYTES).splitlines()
        errors.seek(0)
        written = errors.read(_MOST_BYTES)
    results: list[Measured | ModelError] = []
    try:
        results += [result_from_line(line) for line in lines[: len(plans)]]
    except (ValueError, RecursionError):
        written += b"\nwhat it answered cannot be read"
    return results if len(results) == len(plans) else [*results, _ended(path, code, written)]


def _ask(process: subprocess.Popen[bytes], path: Path, plans: Sequence[Plan]) -> None:
    """Send the question. A process that has ended already is seen when it is waited for."""
    question = {"path": os.fsencode(path.absolute()).hex(), "plans": [plan_to_json(plan) for plan in plans]}
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.write(f"{json.dumps(question)}\n".encode())
            process.stdin.flush()


def _wait(process: subprocess.Popen[bytes], cancel: CancelToken, until: float) -> int | None:
    """Return how the process ended, None where it took too long. Raises: Cancelled."""
    while time.monotonic() < until:
        cancel.check()
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_LOOK_SECONDS)
    return None


@contextmanager
def _started(path: Path, said: IO[bytes], errors: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Give a process for a dry run, and see it off. Raises: ModelError."""
    try:
        process = interpreter.start(_CHILD, "main", errors, said)
    except OSError as error:
        raise ModelError(f"cannot start a process for a dry run of {path}: {error.strerror or error}") from error
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()


def _ended(path: Path, code: int | None, written: bytes) -> ModelError:
    """Say that the process ended without an answer, and why as far as it is known."""
    if code is None:
        return ModelError(f"a dry run of {path} took more than {LIMIT_SECONDS:.0f} s")
    found = _ASSERTION.search(written)
    last = found.group() if found else next(iter(written.strip().splitlines()[-1:]), b"")
    why = "".join(char for char in last.decode("utf-8", "replace") if char.isprintable())[:300]
    return ModelError(f"llama.cpp ended during a dry run of {path}: {why or f'exit code {code}'}")
