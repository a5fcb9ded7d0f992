"""Processes of ours import what this one does, and nothing out of the folder that a person stands in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from codereader import interpreter

ASKED = """
import json, os, sys

def tell():
    import codereader
    json.dump([codereader.__file__, os.getcwd(), sys.path, sys.stdin.read()], sys.stdout)
"""


def told(monkeypatch, tmp_path) -> list:
    """Return what a process says of itself that was started from the folder `here`."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "telling.py").write_text(ASKED)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "json.py").write_text("raise SystemExit(9)\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "modules")])
    monkeypatch.chdir(tmp_path / "here")
    process = interpreter.start("telling", "tell", subprocess.PIPE)
    said, errors = process.communicate(b"more")

    assert (0, b"") == (process.returncode, errors)
    return json.loads(said)


def test_the_same_package_is_imported(monkeypatch, tmp_path) -> None:
    """The one of this process, wherever it comes from; what is sent after the start is the process's own."""
    import codereader

    package, _, places, more = told(monkeypatch, tmp_path)

    assert codereader.__file__ == package
    assert str(tmp_path / "modules") in places
    assert "more" == more


def test_this_package_comes_before_another_of_its_name(monkeypatch, tmp_path) -> None:
    """A checkout that one stands in is what runs, also where an older release is installed."""
    import codereader

    (tmp_path / "installed" / "codereader").mkdir(parents=True)
    (tmp_path / "installed" / "codereader" / "__init__.py").write_text("")
    home = str(Path(codereader.__file__).parent.parent)
    monkeypatch.setattr(sys, "path", [home, str(tmp_path / "installed"), *sys.path])

    package, *_ = told(monkeypatch, tmp_path)

    assert codereader.__file__ == package


@pytest.mark.parametrize("first", ["", "here"])
def test_the_current_folder_is_neither_searched_nor_stood_in(first, monkeypatch, tmp_path) -> None:
    """Also where this process searches it, as `python -c` and `python -m` do."""
    here = str(tmp_path / "here")
    monkeypatch.setattr(sys, "path", [first and here, *sys.path])

    _, folder, places, _ = told(monkeypatch, tmp_path)

    assert here != folder
    assert not {"", here} & set(places)


def test_an_interpreter_that_is_not_there_is_an_error(monkeypatch) -> None:
    """A program that was frozen has none."""
    monkeypatch.setattr(sys, "executable", "")

    with pytest.raises(OSError, match="no interpreter"):
        interpreter.start("telling", "tell", subprocess.PIPE)
