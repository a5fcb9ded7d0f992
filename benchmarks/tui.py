"""The screen against an empty Textual app: ``python benchmarks/tui.py [TREE] [--rounds N] [--many]``.

Both run in a terminal of their own (a pty, so Linux and macOS) of 120 columns and 35 rows, in turn; what they write
there is read as it comes. Printed are medians: seconds from the start of the process to the first text and to the
listed tree on an index that is kept, and their ratio to the empty app's of the same round; milliseconds from a
keystroke to what fits in the finder; memory; and, on an index that is made anew, the longest time in which the screen
could not have answered. ``--many`` does the same for 50,000 files in a folder of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import re
import select
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from codereader.reader import PARTS, Reader

ROUNDS = 7
COLUMNS, ROWS = 120, 35
PATIENCE = 600.0
"""Seconds after which what does not come is given up."""

MANY, IN_A_FOLDER = 50_000, 100
KEYS = "tcp_sendmsg"
BEAT = 0.005
"""Seconds between two turns of the loop that are asked for."""

EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("ready")
Empty().run()
"""
FITS = re.compile(r"[0-9,]+ of [0-9,]+ name|nothing fits")
ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|[()].|[=>78M])")


class Screen:
    """A process on a terminal of its own, and what it wrote there, without escapes."""

    def __init__(self, arguments: Sequence[str], cache: Path) -> None:
        import fcntl
        import termios

        self._began = time.perf_counter()
        owner, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "CODEREADER_CACHE_DIR": str(cache)}
        self.process = subprocess.Popen(
            [sys.executable, *arguments], stdin=terminal, stdout=terminal, stderr=terminal, env=environment,
            start_new_session=True,
        )  # fmt: skip
        os.close(terminal)
        self._owner = owner
        self._raw = b""

    def wait(self, found: Callable[[str], bool], patience: float = PATIENCE) -> float:
        """Return the seconds since the start at which what was written since the last wait is as *found* tells."""
        while True:
            ready, _, _ = select.select([self._owner], [], [], 0.5)
            now = time.perf_counter()
            if ready:
                with suppress(OSError):
                    self._raw += os.read(self._owner, 1 << 16)
            if found(self._text()):
                self._raw = b""
                return now - self._began
            if now - self._began > patience or self.process.poll() is not None:
                sys.exit(f"it did not come; the screen got: {self._text()[-500:]!r}")

    def press(self, keys: str) -> float:
        """Type *keys*; return when, in seconds since the start."""
        os.write(self._owner, keys.encode())
        return time.perf_counter() - self._began

    def quiet(self, seconds: float = 0.3) -> None:
        """Read on until nothing was written for so long."""
        while select.select([self._owner], [], [], seconds)[0]:
            with suppress(OSError):
                os.read(self._owner, 1 << 16)
        self._raw = b""

    def memory(self) -> int:
        """Return what the process holds in memory, in bytes."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        os.close(self._owner)

    def _text(self) -> str:
        return ESCAPES.sub(b"", self._raw).decode("utf-8", "replace")


@contextmanager
def screen(arguments: Sequence[str], cache: Path) -> Iterator[Screen]:
    """Give the screen of *arguments*, and end it."""
    one = Screen(arguments, cache)
    try:
        yield one
    finally:
        one.close()


def has_text(text: str) -> bool:
    return bool(text.strip())


def first_paint(arguments: Sequence[str], cache: Path) -> float:
    with screen(arguments, cache) as one:
        return one.wait(has_text)


def tui(tree: Path) -> list[str]:
    return ["-m", "codereader", "tui", str(tree), "--no-model"]


def opened(tree: Path, cache: Path, top: str) -> tuple[float, float, int]:
    """Return seconds to the first text and to the name *top* in the tree, and the bytes of memory a second later."""
    with screen(tui(tree), cache) as one:
        painted = one.wait(has_text)
        listed = one.wait(lambda text: top in text)
        one.quiet(1.0)
        return painted, listed, one.memory()


def finder(tree: Path, cache: Path, top: str) -> tuple[list[float], int]:
    """Return the seconds from each keystroke to what fits, and the memory with the finder open."""
    with screen(tui(tree), cache) as one:
        one.wait(lambda text: top in text)
        one.quiet()
        one.press("\x14")
        one.wait(lambda text: re.search(r"[0-9] names", text) is not None)
        one.quiet()
        taken = []
        for key in KEYS:
            began = one.press(key)
            taken.append(one.wait(lambda text: FITS.search(text) is not None) - began)
            one.quiet(0.1)
        return taken, one.memory()


def cold(tree: Path) -> dict[str, dict[str, float]]:
    """Return what a run that makes the whole index anew wrote about itself."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        with screen([__file__, str(tree), "--inside", str(out)], Path(folder) / "cache") as one:
            one.wait(lambda _: out.exists() and out.stat().st_size > 0)
        found: dict[str, dict[str, float]] = json.loads(out.read_text())
        return found


def inside(tree: Path, out: Path) -> None:
    """Open *tree* on this terminal, look how late the loop is, and write it to *out* once all is made ready."""
    import asyncio

    from codereader import config
    from codereader.fronts.tui.app import CodereaderApp, Launch
    from codereader.fronts.tui.terminal import kept_clean

    class Watched(CodereaderApp):
        def on_ready(self) -> None:
            self.run_worker(self._watch())

        async def _watch(self) -> None:
            longest, begin, stage = {"index": 0.0, "warm": 0.0}, time.perf_counter(), "index"
            took = {"index": 0.0, "warm": 0.0}
            while stage:
                before = time.perf_counter()
                await asyncio.sleep(BEAT)
                now = time.perf_counter()
                longest[stage] = max(longest[stage], now - before - BEAT)
                if stage == "index" and self._opened is not None:
                    stage, took["index"], begin = "warm", now - begin, now
                elif stage == "warm" and self.warming.is_ready:
                    stage, took["warm"] = "", now - begin
            draft = out.with_suffix(".draft")
            draft.write_text(json.dumps({"took": took, "longest": longest}))
            draft.replace(out)

    cache = config.cache_dir()
    with kept_clean(cache):
        Watched(Launch(tree, lambda cancel: Reader(tree, cancel=cancel), cache, None, has_model=False)).run()


def prepare(tree: Path, cache: Path) -> tuple[int, str]:
    """Make the index and all that is kept beside it; return how many files there are, and what the tree lists first."""
    with Reader(tree, cache=cache) as reader:
        reader.open()
        for part in PARTS:
            reader.make(part)
        names = sorted({path.split("/")[0] for path in reader.walked.paths})
        return len(reader.walked.paths), names[0]


def many(folder: Path) -> Path:
    """Make a tree of `MANY` files."""
    for at in range(MANY // IN_A_FOLDER):
        place = folder / f"part{at:03}"
        place.mkdir(parents=True)
        for number in range(IN_A_FOLDER):
            (place / f"file{number:02}.py").write_text(f"def work_{at}_{number}():\n    return {number}\n")
    old = time.time() - 3600  # a file written just now may yet change within its clock's tick
    for path in folder.rglob("*"):
        os.utime(path, (old, old))
    return folder


def report(tree: Path, rounds: int, *, is_cold: bool) -> None:
    """Print everything for *tree*."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        files, top = prepare(tree, cache)
        opened(tree, cache, top)
        rows = []
        for _ in range(rounds):
            empty = first_paint(["-c", EMPTY], cache)
            rows.append((empty, *opened(tree, cache, top)))
        empties, painted, listed, memory = map(list, zip(*rows, strict=True))
        typed, memory_finder = finder(tree, cache, top)
    print(f"{tree.name}: {files:,} files, {rounds} rounds")
    print(f"empty Textual app, first text   {statistics.median(empties):6.2f} s (best {min(empties):.2f})")
    for name, taken in (("first text", painted), ("tree listed", listed)):
        ratio = statistics.median(a / b for a, b in zip(taken, empties, strict=True))
        print(f"{name:<31} {statistics.median(taken):6.2f} s (best {min(taken):.2f})   {ratio:.2f} x empty")
    print(f"keystroke to result, finder     {1000 * statistics.median(typed):6.0f} ms (worst {1000 * max(typed):.0f})")
    held, held_finder = statistics.median(memory) / 2**20, memory_finder / 2**20
    print(f"memory after opening            {held:6.0f} MiB, with the finder {held_finder:.0f}")
    if is_cold:
        found = cold(tree)
        for stage, title in (("index", "cold index"), ("warm", "making ready")):
            print(
                f"{title:<31} {found['took'][stage]:6.1f} s, longest stall of the screen "
                f"{1000 * found['longest'][stage]:.0f} ms"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path, nargs="?", default=Path(__file__).parent.parent)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--many", action="store_true", help="also for 50,000 files")
    parser.add_argument("--no-cold", action="store_true", help="leave out what makes an index anew")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    tree = given.tree.resolve()
    if given.inside:
        inside(tree, given.inside)
        return
    report(tree, given.rounds, is_cold=not given.no_cold)
    if given.many:
        folder = Path(tempfile.mkdtemp())
        try:
            report(many(folder / "many"), given.rounds, is_cold=False)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
