"""Which command opens a file at a line in which editor."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from textual.app import App

from codereader.errors import UsageError
from codereader.fronts.tui.source.editor import editor_command, open_in_editor
from tests.tui.driver import play


def installed(folder: Path, *names: str) -> str:
    for name in names:
        place = folder / name
        place.write_text("#!/bin/sh\n")
        place.chmod(place.stat().st_mode | stat.S_IXUSR)
    return os.fspath(folder)


pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="the editors are scripts with a first line that Windows ignores"
)


@pytest.mark.parametrize(
    ("editor", "arguments"),
    [
        ("vim", ["+12", "/t/a.c"]),
        ("nano", ["+12", "/t/a.c"]),
        ("emacs -nw", ["-nw", "+12", "/t/a.c"]),
        ("hx", ["/t/a.c:12"]),
        ("code", ["--wait", "--goto", "/t/a.c:12"]),
        ("code -w", ["-w", "--goto", "/t/a.c:12"]),
        ("subl", ["--wait", "/t/a.c:12"]),
        ("kate", ["--line", "12", "/t/a.c"]),
        ("'my editor' --fast", ["--fast", "/t/a.c"]),
    ],
)
def test_each_editor_is_told_the_line_in_its_own_way(tmp_path, editor, arguments):
    """An editor that is not known is given the file alone."""
    folder = installed(tmp_path, "vim", "nano", "emacs", "hx", "code", "subl", "kate", "my editor")

    command = editor_command("/t/a.c", 12, {"EDITOR": editor, "PATH": folder})

    assert arguments == command[1:]


def test_visual_goes_before_editor(tmp_path):
    """As every other program has it."""
    folder = installed(tmp_path, "vim", "nano")

    command = editor_command("/t/a.c", 1, {"VISUAL": "nano", "EDITOR": "vim", "PATH": folder})

    assert os.fspath(tmp_path / "nano") == command[0]


def test_a_name_that_looks_like_a_flag_stays_a_name(tmp_path):
    """A hostile file name gives the editor no orders; a name with signs of the shell is one word."""
    folder = installed(tmp_path, "vim")

    assert ["+1", "./-c:q"] == editor_command("-c:q", 1, {"EDITOR": "vim", "PATH": folder})[1:]
    assert ["+1", "/t/a;rm $(x)"] == editor_command("/t/a;rm $(x)", 1, {"EDITOR": "vim", "PATH": folder})[1:]


@pytest.mark.parametrize(("editor", "told"), [("nonesuch", "nonesuch is not installed"), ("'open", "cannot read")])
def test_a_missing_editor_is_one_sentence(tmp_path, editor, told):
    """It says what to set."""
    with pytest.raises(UsageError, match=told) as caught:
        editor_command("/t/a.c", 1, {"EDITOR": editor, "PATH": os.fspath(tmp_path)})

    assert "EDITOR" in caught.value.hint


def test_a_screen_that_cannot_be_given_away_is_one_sentence(monkeypatch):
    """As in a test, or in a browser."""
    monkeypatch.setenv("EDITOR", sys.executable)

    async def script(pilot):
        open_in_editor(pilot.app, "/t/a.c", 1)

    with pytest.raises(UsageError, match="cannot be given away"):
        play(App(), script)
