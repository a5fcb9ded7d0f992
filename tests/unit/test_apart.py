"""Listing devices in a process of its own, which drivers may crash."""

from __future__ import annotations

import sys

import pytest

from codereader.engine.hardware import apart
from codereader.engine.hardware.devices import inventory

PLUGIN = """
import codereader.engine.hardware.devices as devices
from codereader import native
native.functions_only = lambda: None
def inventory():
    {}
devices.inventory = inventory
"""


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """Return what lets the other process do something else than list devices, as a bad driver would."""

    def install(code: str) -> None:
        (tmp_path / "sitecustomize.py").write_text(PLUGIN.format(code))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return install


def test_the_machine_is_the_same_from_outside():
    """What another process sees is what this one would see, and this one loads no library."""
    here, there = inventory(), apart.inventory()

    assert here.devices[-1].name == there.devices[-1].name
    assert (here.build, here.physical_cores, here.memory_total) == (
        there.build,
        there.physical_cores,
        there.memory_total,
    )
    assert "" == there.trouble


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("import os; os.abort()", "SIGABRT"),
        ("raise SystemExit(3)", "exit code 3"),
        ("import os; os.write(2, b'CUDA error\\x1b[31m'); os._exit(9)", "exit code 9: CUDA error\\x1b[31m"),
    ],
)
def test_a_driver_that_crashes_leaves_a_machine_without_cards(driver, code, told):
    """The host is still there, and the trouble is told in one printable sentence."""
    if sys.platform == "win32" and "SIG" in told:
        pytest.skip("Windows has no such signals")
    driver(code)

    found = apart.inventory()

    assert told in found.trouble
    assert found.trouble.isprintable()
    assert (["cpu"], False) == ([device.kind for device in found.devices], found.can_offload)
    assert 0 < found.memory_available


def test_a_driver_that_hangs_is_not_waited_for(driver):
    """After the limit the process is ended, and the machine has no cards."""
    driver("import time; time.sleep(600)")

    assert "within 2 s" in apart.inventory(limit=2).trouble


def test_a_driver_that_writes_to_standard_output_disturbs_nobody(driver):
    """Only the answer comes through."""
    driver("print('CUDA: hello', flush=True); return devices.host_only('said')")

    assert "said" == apart.inventory().trouble


def test_without_an_interpreter_there_are_no_cards(monkeypatch):
    """A frozen program cannot start another interpreter."""
    monkeypatch.setattr(sys, "executable", "")

    assert "cannot start a process" in apart.inventory().trouble
