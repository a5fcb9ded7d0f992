"""Ctrl-C at the edges of a command: while it is imported, and when all is told."""

from __future__ import annotations

import subprocess
import sys

import pytest

PRESSED = """
import atexit, signal, sys

when, heard = sys.argv[1:]

class Press:
    def find_spec(self, name, path=None, target=None):
        if name == when:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Press())
if when == "end":
    atexit.register(signal.raise_signal, signal.SIGINT)
if heard == "ignored":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
from codereader.__main__ import main

assert "click" not in sys.modules
sys.argv[1:] = ["models", "list"]
main()
"""


def pressed(when: str, heard: str = "heard") -> subprocess.CompletedProcess[str]:
    """Run a command in which Ctrl-C is pressed as a module is looked for, or at the end."""
    command = [sys.executable, "-c", PRESSED, when, heard]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "when",
    ["codereader.fronts.interrupts", "codereader.fronts.cli", "click", "codereader.errors", "codereader.fronts.report",
     "codereader.fronts.cli.models", "codereader.model.catalogue", "end"],
)  # fmt: skip
def test_ctrl_c_is_silent_from_the_first_import_to_the_last_moment(when):
    """Exit code 130 and no traceback, whatever was going on."""
    done = pressed(when)

    assert (130, "") == (done.returncode, done.stderr.strip())


@pytest.mark.parametrize("when", ["click", "codereader.model.catalogue", "end"])
def test_a_command_that_was_told_to_ignore_ctrl_c_goes_on(when):
    """As nohup and shells tell what runs in the background."""
    done = pressed(when, "ignored")

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout
