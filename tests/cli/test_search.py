"""search ranks files and symbols for a text given, piped in, or read from a file of reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codereader.errors import ExitCode


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a tree of two files."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "disk.c").write_text('int disk_open(void)\n{\n\treturn fail("disk is busy");\n}\n')
    (tmp_path / "tree" / "net.c").write_text("/* Send a packet. */\nint net_send(void)\n{\n\treturn 0;\n}\n")
    return tmp_path / "tree"


def test_files_and_symbols_are_listed_with_reasons(tree: Path, run) -> None:
    """Text output names the file, the symbol with its line, and why."""
    result = run("search", tree, "who opens the disk")

    assert ExitCode.OK == result.code
    assert result.stdout.startswith("files\n  disk.c\n    ")
    assert "symbols\n  disk.c:1: function disk_open\n    name: " in result.stdout
    assert "net.c" not in result.stdout


def test_json_has_the_promised_shape(tree: Path, run) -> None:
    """One object, every key there, lines from 1."""
    found = json.loads(run("search", tree, "disk is busy", "--format", "json").stdout)

    assert ["schema", "files", "symbols"] == list(found)
    assert ["path", "score", "reasons"] == list(found["files"][0])
    assert ["name", "kind", "path", "line", "score", "reasons"] == list(found["symbols"][0])
    assert ("disk.c", 1) == (found["files"][0]["path"], found["symbols"][0]["line"])


def test_lines_are_events(tree: Path, run) -> None:
    """Each line is an object, the last one counts."""
    lines = [json.loads(line) for line in run("search", tree, "packet", "--format", "jsonl").stdout.splitlines()]

    assert ["file", "symbol", "done"] == [line["event"] for line in lines]
    assert {"event": "done", "files": 1, "symbols": 1} == lines[-1]


def test_editors_get_places(tree: Path, run) -> None:
    """A file is opened at its best symbol."""
    place = run("search", tree, "packet", "--format", "vimgrep").stdout.splitlines()[0]

    assert "net.c:2:1: " in place


def test_a_report_comes_on_stdin(tree: Path, run) -> None:
    """A dash or nothing reads the text from a pipe, whatever bytes it has."""
    outputs = [run("search", tree, *dash, stdin=b"disk is \xff busy\n").stdout for dash in (("-",), ())]

    assert all(output.startswith("files\n  disk.c\n") for output in outputs)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_an_error_of_use(tree: Path, run, text: str) -> None:
    """The hint shows how to pass one."""
    result = run("search", tree, text)

    assert (ExitCode.USAGE, "") == (result.code, result.stdout)
    assert "the text is empty" in result.stderr


def test_nothing_found_is_said(tree: Path, run) -> None:
    """Exit code 1 and a note; JSON is still an object."""
    result = run("search", tree, "zebra")
    found = run("search", tree, "zebra", "--format", "json")

    assert (ExitCode.NOTHING_FOUND, "") == (result.code, result.stdout)
    assert "no word of the text is in tree" in result.stderr
    assert {"schema": 1, "files": [], "symbols": []} == json.loads(found.stdout)


def test_the_same_search_gives_the_same_bytes(tree: Path, run) -> None:
    """Also when the index of terms is there already."""
    assert run("search", tree, "disk packet").stdout == run("search", tree, "disk packet").stdout
