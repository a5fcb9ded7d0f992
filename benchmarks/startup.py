"""Start-up of the command against the interpreter's own: ``python benchmarks/startup.py``.

Runs the commands in turn, many times, and prints the median of each and its ratio to ``python -c pass`` of the same
round, so that a noisy machine moves both.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROUNDS = 25


def command() -> str:
    """Return the installed console script of this interpreter."""
    script = Path(sysconfig.get_path("scripts")) / "codereader"
    return str(script) if script.exists() else shutil.which("codereader") or sys.exit("install codereader first")


def seconds(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    rows = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import click'": [sys.executable, "-c", "import click"],
        "codereader --version": [command(), "--version"],
        "codereader --help": [command(), "--help"],
    }
    times: dict[str, list[float]] = {name: [] for name in rows}
    for arguments in rows.values():
        seconds(arguments)
    for _ in range(ROUNDS):
        for name, arguments in rows.items():
            times[name].append(seconds(arguments))
    floor = times["python -c pass"]
    for name, taken in times.items():
        ratio = statistics.median(a / b for a, b in zip(taken, floor, strict=True))
        print(f"{name:<26} {1000 * statistics.median(taken):7.1f} ms   {ratio:5.2f} x python -c pass")


if __name__ == "__main__":
    main()
