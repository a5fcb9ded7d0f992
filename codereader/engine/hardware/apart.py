"""What this machine has, asked in a process of its own.

Listing devices starts the drivers of graphics cards. Those may crash or hang, and what they take of a card's memory
stays taken as long as the process lives: here neither touches who asks. It costs the start of an interpreter.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress

from codereader import interpreter, native
from codereader.engine.hardware.devices import host_only
from codereader.engine.hardware.machine import Machine
from codereader.engine.process.plain import from_plain, to_plain
from codereader.errors import ModelError

LIMIT_SECONDS = 30.0
"""Time for the drivers. CUDA with many cards takes two seconds, a first start of Metal five."""

_END_SECONDS = 2.0


def inventory(limit: float = LIMIT_SECONDS) -> Machine:
    """Return what this machine has. Never raises: where the drivers fail, a machine without cards, and its `trouble`.

    Its `bandwidth` is not filled in: see `bandwidth.with_bandwidth`.
    """
    try:
        process = interpreter.start("codereader.engine.hardware.apart", "tell", subprocess.PIPE)
    except OSError as error:
        return host_only(f"cannot start a process to list the devices: {error.strerror or error}")
    try:
        said, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        _end(process)
        return host_only(f"the drivers did not list their devices within {limit:.0f} s")
    except BaseException:
        _end(process)
        raise
    try:
        return from_plain(Machine, json.loads(said))
    except (ValueError, RecursionError):
        return host_only(f"listing the devices ended with {_how(process.returncode)}{_last_words(errors)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End *process*, without waiting long: what hangs in a driver may not even be killed."""
    process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_SECONDS)


def tell() -> None:
    """Write this machine to standard output as one JSON object, and end. What drivers write there goes elsewhere."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    from codereader.engine.hardware import devices

    with suppress(ModelError):  # which the inventory tells of
        native.functions_only()
    with output:
        output.write(json.dumps(to_plain(devices.inventory())).encode())
    os._exit(0)


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {-code} ({signal.Signals(-code).name})"
    except ValueError:
        return f"signal {-code}"


def _last_words(errors: bytes) -> str:
    """Return the last line of *errors*, printable and short, behind a colon; empty where there is none."""
    lines = [line.strip() for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in (lines or [""])[-1])[:200]
    return f": {shown}" if shown else ""
