"""`codereader ask` and the process of its model: Ctrl-C in a real terminal, crashes, folders that lie in wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from codereader.errors import ExitCode

IN_A_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""

SERVING = "engine.process.serving"

posix_only = pytest.mark.skipif(os.name == "nt", reason="terminals and signals differ")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A C file large enough to be read for seconds."""
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "more.c").write_text("".join(f"int more_{n}(int x)\n{{\n\treturn x;\n}}\n" for n in range(400)))
    return folder


class Terminal:
    """A command with a terminal of its own, and what it has written there."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self.process = process
        self.text = ""
        self._end = end

    def until(self, *words: str) -> None:
        """Read until one of *words* was written."""
        while not any(word in self.text for word in words):
            self.text += os.read(self._end, 4096).decode("utf-8", "replace")

    def press(self, key: bytes) -> None:
        """Type *key*."""
        os.write(self._end, key)

    def rest(self) -> str:
        """Read until the command has ended, and return all that it wrote."""
        try:
            while part := os.read(self._end, 4096):
                self.text += part.decode("utf-8", "replace")
        except OSError:  # Linux tells so that nobody has the other end open any more
            pass
        return self.text

    def engines(self) -> list[psutil.Process]:
        """Return the processes that run a model for the command."""
        return [one for one in psutil.Process(self.process.pid).children() if any(SERVING in a for a in one.cmdline())]


@contextmanager
def terminal(*arguments: object) -> Iterator[Terminal]:
    """Run the command with *arguments* as the foreground of a new terminal."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-c", IN_A_TERMINAL, "-P", "-m", "codereader", *map(str, arguments)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        try:
            yield Terminal(process, ours)
        finally:
            process.kill()
            os.close(ours)


@posix_only
@pytest.mark.parametrize(
    ("phase", "words"),
    [("load", ("too small",)), ("prefill", ("prefill", "reading")), ("decode", ("Answer",))],
)
def test_ctrl_c_in_a_terminal_ends_the_command_and_the_model(tree, phase, words) -> None:
    """The terminal tells every process in the foreground; the command alone answers, with 130 and no traceback."""
    budget = "300" if phase == "decode" else "3000"
    with terminal("ask", tree, "explain", "--all-prose", "--max-tokens", "2000", "--budget", budget) as one:
        one.until(*words)
        engines = one.engines()
        one.press(b"\x03")
        text = one.rest()
        code = one.process.wait(60)

    assert ExitCode.INTERRUPTED == code
    assert "Traceback" not in text
    assert 1 == len(engines)
    assert not psutil.wait_procs(engines, 30)[1]


@posix_only
def test_a_model_that_crashes_is_an_error_and_the_facts_stand(tree) -> None:
    """Exit code 4, one sentence that names the signal; what was printed before stays."""
    with terminal("ask", tree, "explain", "--all-prose", "--max-tokens", "2000", "--budget", "300") as one:
        one.until(
            "Answer",
        )
        (engine,) = one.engines()
        engine.send_signal(signal.SIGSEGV)
        text = one.rest()
        code = one.process.wait(60)

    assert ExitCode.MODEL == code
    assert "more.c" in text
    assert "the engine ended: signal 11 (SIGSEGV)" in text
    assert "Traceback" not in text


@posix_only
def test_a_command_that_is_killed_leaves_no_model_behind(tree) -> None:
    """Nobody could tell the process: it sees that its input has ended."""
    with terminal("ask", tree, "explain", "--all-prose", "--budget", "3000") as one:
        one.until("too small")
        while not (engines := one.engines()):
            time.sleep(0.01)
        one.process.kill()
        one.process.wait(60)
        gone = not psutil.wait_procs(engines, 30)[1]

    assert gone


def test_nothing_is_imported_from_the_folder_that_is_asked_about(tmp_path) -> None:
    """A tree that brings modules named like ours, or like those that we use, is read and never run."""
    marker = tmp_path / "ran"
    tree = tmp_path / "hostile"
    trap = f"open({str(marker)!r}, 'w').close()\nraise SystemExit(99)\n"
    for name in ("codereader", "llama_cpp", "ctypes"):
        (tree / name).mkdir(parents=True)
        (tree / name / "__init__.py").write_text(trap)
    for name in ("json", "queue", "pretended", "sitecustomize", "usercustomize", "psutil"):
        (tree / f"{name}.py").write_text(trap)
    command = [sys.executable, "-P", "-m", "codereader", "ask", ".", "explain", "--max-tokens", "2", "--budget", "200"]

    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, timeout=300)

    assert (ExitCode.OK, False) == (done.returncode, marker.exists()), done.stderr
    assert "eval count:" in done.stderr
