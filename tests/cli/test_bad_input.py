"""Bad input gets one clear sentence and the right exit code; never a traceback, never silence."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from codereader.errors import ExitCode


def refused(result, code: ExitCode, *words: str) -> None:
    """Check one error: its exit code, its words, one sentence and a hint, no traceback, nothing on stdout."""
    assert (code, "") == (result.code, result.stdout)
    assert result.stderr.startswith("codereader: ")
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) <= 2
    for word in words:
        assert word in result.stderr


def test_a_missing_path(run, tmp_path: Path) -> None:
    """The path is named."""
    refused(run("ask", tmp_path / "gone", "why", "--no-model"), ExitCode.UNREADABLE, "gone")


def test_an_empty_folder(run, tmp_path: Path) -> None:
    """An empty folder has nothing to answer from."""
    refused(run("brief", tmp_path), ExitCode.UNREADABLE, tmp_path.name)


def test_binary_files_only(run, tmp_path: Path) -> None:
    """The reasons are counted, and the hint lists them."""
    (tmp_path / "a.bin").write_bytes(b"\0" * 64)

    refused(run("brief", tmp_path), ExitCode.UNREADABLE, "binary", "--skipped")


def test_what_was_skipped_can_be_listed_even_when_nothing_was_read(run, tmp_path: Path) -> None:
    """The hint's own command works."""
    (tmp_path / "a.bin").write_bytes(b"\0" * 64)

    result = run("map", tmp_path, "--skipped")

    assert (ExitCode.OK, "a.bin: binary") == (result.code, result.stdout.strip()[:13])


def test_a_100_mb_file_is_skipped_with_its_size(run, tmp_path: Path) -> None:
    """It is not read; the limit and the flag to raise it are named."""
    with (tmp_path / "big.c").open("wb") as file:
        file.truncate(100 << 20)
    (tmp_path / "small.c").write_text("int x;\n")

    result = run("map", tmp_path, "--skipped")

    assert "big.c" in result.stdout
    assert "100" in result.stdout


def test_a_file_is_a_scope_of_one_file(run, tmp_path: Path) -> None:
    """Only that file is read."""
    (tmp_path / "a.c").write_text("int in_a(void) { return 0; }\n")
    (tmp_path / "b.c").write_text("int in_b(void) { return 0; }\n")

    result = run("brief", tmp_path / "a.c")

    assert ExitCode.OK == result.code
    assert "in_a" in result.stdout
    assert "in_b" not in result.stdout


def test_a_socket_is_refused(run, tmp_path: Path) -> None:
    """Neither a folder nor a file."""
    place = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listening:
        before = Path.cwd()
        os.chdir(tmp_path)
        try:
            listening.bind("s")
        finally:
            os.chdir(before)
        refused(run("brief", place), ExitCode.UNREADABLE)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission(run, tmp_path: Path) -> None:
    """Permission is named."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)

    refused(run("brief", closed), ExitCode.UNREADABLE, "ermission")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "not a GGUF"), (b"hello, this is not a model" * 100, "not a GGUF"), (b"GGUF\x03\0\0\0", "truncated")],
)
def test_a_file_that_is_no_model(run, tmp_path: Path, content: bytes, words: str) -> None:
    """What is wrong with the file is said in one sentence, exit 4."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.c").write_text("int x;\n")
    model = tmp_path / "model.gguf"
    model.write_bytes(content)

    result = run("ask", tree, "why", "--model", model)

    assert ExitCode.MODEL == result.code
    assert "Traceback" not in result.stderr
    assert "model.gguf" in result.stderr


@pytest.mark.parametrize("named", ["missing.gguf", "no-such-model", "http://localhost:1/v1"])
def test_a_model_that_is_not_there(run, tmp_path: Path, named: str) -> None:
    """The name is repeated and the way to a list is shown."""
    (tmp_path / "a.c").write_text("int x;\n")

    result = run("ask", tmp_path, "why", "--model", named)

    assert ExitCode.MODEL == result.code
    assert named in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--budget", "0"], ["--budget", "-5"], ["--budget", "many"], ["--ctx", "1e9x"], ["--temp", "-1"],
        ["--temp", "nan"], ["--seed", "-1"], ["--max-tokens", "0"], ["--format", "yaml"], ["--gpu-layers", "some"],
        ["--no-such-flag"], ["--patience", "0"], ["--device", "gpu-that-is-not-here", "--model", "smollm2"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_flags_with_bad_values(run, tmp_path: Path, arguments: list[str]) -> None:
    """Each is refused with exit 2 and one sentence."""
    (tmp_path / "a.c").write_text("int x;\n")

    result = run("ask", tmp_path, "why", *arguments)

    assert ExitCode.USAGE == result.code
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr


def test_a_budget_that_holds_nothing(run, tmp_path: Path) -> None:
    """Not even a name fits: said, exit 2."""
    (tmp_path / "a_rather_long_name_for_a_file.c").write_text("int x;\n")

    refused(run("pack", tmp_path, "--budget", "2"), ExitCode.USAGE, "--budget 2")


def test_a_cache_that_cannot_be_written(run, tmp_path: Path) -> None:
    """The variable that moves it is named."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.c").write_text("int x;\n")
    blocked = tmp_path / "file"
    blocked.write_text("in the way")

    result = run("brief", tree, CODEREADER_CACHE_DIR=str(blocked / "cache"))

    refused(result, ExitCode.USAGE, "CODEREADER_CACHE_DIR")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_names_full_of_escapes_are_shown_not_obeyed(run, tmp_path: Path) -> None:
    """Newlines, escapes and bytes that are not UTF-8 in names survive and stay inert."""
    names = [b"esc\x1b[2J.c", b"new\nline.c", b"caf\xe9.c", b"-rf.c", b" space .c", b"tab\t.c", b"uni\xe2\x80\xae.c"]
    for at, name in enumerate(names):
        (Path(os.fsdecode(bytes(tmp_path) + b"/" + name))).write_text(f"int f{at}(void) {{ return {at}; }}\n")

    for arguments in (["brief", tmp_path], ["map", tmp_path], ["ask", tmp_path, "why", "--model", "echo"],
                      ["pack", tmp_path, "--budget", "4000"], ["brief", tmp_path, "--format", "json"]):  # fmt: skip
        result = run(*arguments)
        assert ExitCode.OK == result.code, result.stderr
        assert not set("\x1b\u202e") & set(result.stdout + result.stderr)
    assert "esc\\x1b[2J.c" in run("map", tmp_path).stdout


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    """`codereader brief | head` ends quietly."""
    for at in range(200):
        (tmp_path / f"file{at}.c").write_text(f"int f{at}(void) {{ return {at}; }}\n")
    command = [sys.executable, "-m", "codereader", "map", str(tmp_path), "--budget", "50000"]

    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, error = process.communicate(timeout=60)

    assert (ExitCode.OK, False) == (process.returncode, b"Error" in error)


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    """Interrupted while the model reads the prompt: 130, nothing on stderr but narration."""
    for at in range(40):
        (tmp_path / f"file{at}.c").write_text(
            "".join(f"int f{at}_{n}(int x) {{ return x * {n}; }}\n" for n in range(60))
        )
    command = [sys.executable, "-m", "codereader", "ask", str(tmp_path), "why", "--format", "jsonl", "--budget", "6000"]

    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    for line in process.stdout:
        if b'"prefill"' in line:
            break
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)

    assert (ExitCode.INTERRUPTED, False) == (process.returncode, b"Traceback" in error)
