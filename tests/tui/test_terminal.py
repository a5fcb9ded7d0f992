"""The terminal is the screen's alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os, sys
from pathlib import Path
from codereader.fronts.tui.terminal import kept_clean, screen_descriptor
print("before")
with kept_clean(Path(sys.argv[1])):
    os.write(1, b"stray one ")
    os.write(2, b"stray two ")
    print("from Python")
    print("drawn", file=sys.__stderr__, flush=True)
    os.write(screen_descriptor(), b"by the editor\\n")
print("after")
"""


def test_stray_output_of_libraries_lands_in_a_file(tmp_path: Path) -> None:
    """What a C library writes to descriptor 1 or 2 never reaches the screen, and is not lost."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, tmp_path / "c"], capture_output=True, text=True, check=True)

    assert "before\nby the editor\nafter\n" == done.stdout
    assert "drawn\n" == done.stderr
    assert "stray one stray two from Python\n" == (tmp_path / "c" / "tui.log").read_text()


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Stray output may hold pieces of source text."""
    subprocess.run([sys.executable, "-c", SCRIPT, tmp_path / "c"], capture_output=True, check=True)

    assert 0o600 == (tmp_path / "c" / "tui.log").stat().st_mode & 0o777


def test_a_cache_that_cannot_be_written_swallows_stray_output(tmp_path: Path) -> None:
    """Without a place for the file the screen stays clean too."""
    (tmp_path / "file").write_text("")
    done = subprocess.run([sys.executable, "-c", SCRIPT, tmp_path / "file"], capture_output=True, text=True, check=True)

    assert "before\nby the editor\nafter\n" == done.stdout


@pytest.mark.parametrize("arguments", [["tui"], ["tui", "--no-model", "."]])
def test_without_a_terminal_it_says_so(arguments: list[str]) -> None:
    """In a pipe there is no screen: one sentence, exit code 2."""
    command = [sys.executable, "-m", "codereader", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    assert 2 == done.returncode
    assert "codereader: codereader tui needs a terminal, and stdin is none" == done.stderr.splitlines()[0]
    assert not done.stdout
