"""`codereader pack` takes lists of files, headers and flags as other packers do, and refuses what it cannot use."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from codereader.errors import ExitCode
from codereader.fronts.cli import run as main
from codereader.fronts.packed.habits import HERE


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small project with an ignored folder, a binary file and a file of secrets."""
    folder = tmp_path / "tree"
    (folder / "src" / "deep").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".gitignore").write_text("/build\n")
    (folder / "build").mkdir()
    (folder / "build" / "out.c").write_text("int out;\n")
    (folder / "src" / "a.c").write_text("/* first */\nint a(void)\n{\n\treturn 1;\n}\n")
    (folder / "src" / "deep" / "b.c").write_text("int b(void)\n{\n\treturn 2;\n}\n")
    (folder / "src" / "picture.c").write_bytes(b"\0\1\2")
    (folder / "caf\u00e9.py").write_text("def c():\n    return 3\n")
    return folder


def paths(result) -> list[str]:
    return [segment["path"] for segment in json.loads(result.stdout)["segments"]]


def left_out(result) -> dict[str, str]:
    return {row["path"]: row["reason"] for row in json.loads(result.stdout)["left_out"]}


def test_only_the_listed_files_are_packed(run, tree: Path) -> None:
    """Paths are read from the current folder or from PATH; a folder means its files; git's quotes are understood."""
    listed = b'src/a.c\n./src/deep\r\n\n"caf\\303\\251.py"\n'

    inside = run("pack", ".", "--stdin", "--format", "json", stdin=listed, cwd=tree)
    outside = run("pack", tree, "--stdin", "--format", "json", stdin=listed)
    from_here = run("pack", "tree", "--stdin", "--format", "json", stdin=b"tree/src/a.c\n", cwd=tree.parent)

    assert ["caf\u00e9.py", "src/a.c", "src/deep/b.c"] == paths(inside) == paths(outside)
    assert ["src/a.c"] == paths(from_here)


def test_what_is_listed_in_vain_is_told(run, tree: Path) -> None:
    """Missing, ignored, outside and binary files stand in the left-out list, each with its reason."""
    listed = b"src/a.c\ngone.c\nbuild/out.c\n/etc/hosts\n../beside.c\nsrc/picture.c\n"

    (tree.parent / "beside.c").write_text("int beside;\n")

    result = run("pack", tree, "--stdin", "--format", "json", stdin=listed)

    assert ["src/a.c"] == paths(result)
    assert "not read: 5 paths" in result.stderr
    assert {
        "gone.c": "no such file",
        "build/out.c": "ignored by git's rules, an ignore file, or --include and --exclude",
        "/etc/hosts": "outside PATH",
        "../beside.c": "outside PATH",
        "src/picture.c": "binary",
    } == left_out(result)


def test_paths_may_end_with_nul(run, tree: Path) -> None:
    """`find -print0` and `git ls-files -z` are read with -0; without it they get a sentence."""
    listed = b"src/a.c\0src/deep/b.c\0"

    assert ["src/a.c", "src/deep/b.c"] == paths(run("pack", tree, "--stdin", "-0", "--format", "json", stdin=listed))
    refused = run("pack", tree, "--stdin", stdin=listed)
    assert (ExitCode.USAGE, "") == (refused.code, refused.stdout)
    assert "--null" in refused.stderr


@pytest.mark.parametrize(
    ("listed", "code", "words"),
    [
        (b"", ExitCode.USAGE, "standard input is empty"),
        (b"\n\n", ExitCode.USAGE, "standard input is empty"),
        (b"gone.c\n", ExitCode.NOTHING_FOUND, "gone.c: no such file"),
    ],
)
def test_a_list_that_names_nothing(run, tree: Path, listed: bytes, code: ExitCode, words: str) -> None:
    """One sentence, and nothing on stdout."""
    result = run("pack", tree, "--stdin", stdin=listed)

    assert (code, "") == (result.code, result.stdout)
    assert words in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="terminals differ")
def test_a_terminal_is_no_list_of_paths(tree: Path) -> None:
    """Nobody waits for lines that somebody would have to type."""
    ours, theirs = os.openpty()

    command = [sys.executable, "-m", "codereader", "pack", str(tree), "--stdin"]
    done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, check=False, timeout=60)

    os.close(ours)
    os.close(theirs)
    assert (ExitCode.USAGE, "") == (done.returncode, done.stdout)
    assert "standard input is a terminal" in done.stderr


def test_a_pack_of_one_file(run, tree: Path) -> None:
    """PATH may be a file; its folder is named over it."""
    result = run("pack", tree / "src" / "a.c")

    assert "src/\n  a.c\n\n=== a.c (full, 5 lines)\n/* first */" in result.stdout


def test_include_and_exclude_choose_files(run, tree: Path) -> None:
    """As for every command."""
    result = run("pack", tree, "--include", "*.c", "--exclude", "deep", "--format", "json")

    assert ["src/a.c"] == paths(result)


@pytest.mark.parametrize("flag", sorted(HERE))
def test_every_habit_is_answered_with_flags_that_there_are(flag: str) -> None:
    """A flag of another packer is no flag of ours, and the flags that its answer names are."""
    import click

    from codereader.fronts.cli import group

    known = {option for p in group.get_command(click.Context(group), "pack").params for option in p.opts}

    assert flag not in known
    named = {word.strip(".,:;'()") for word in HERE[flag].split() if word.startswith("-")}
    assert named - {"-"} <= known | {"--no-secrets"}


def test_a_flag_of_another_packer_gets_ours(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence that names the flag to use; any other unknown flag is refused as ever."""
    code = main(["pack", str(tree), "--style", "xml"])

    assert ExitCode.USAGE == code
    assert "pack has no --style\n  It is --format" in capsys.readouterr().err
    main(["pack", str(tree), "--sytle", "xml"])
    assert "No such option" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "yaml"], "yaml"),
        (["--tree", "--left-out"], "--tree and --left-out contradict each other"),
        (["--tree", "--format", "cxml"], "a table cannot be written as cxml"),
        (["--depth", "2"], "--depth is for --tree"),
        (["--bare", "--header", "a"], "--bare prints the files alone, and --header adds something"),
        (["--bare", "--log"], "--bare prints the files alone, and --log adds something"),
        (["--budget", "1"], "--budget 1 holds no file of "),
        (["--log", "tests"], "'tests' is not a number of commits"),
        (["--header", "a", "--header-file", "b"], "--header and --header-file contradict each other"),
        (["--header-file", "no-such-file"], "cannot read --header-file no-such-file"),
        (["--budget", "0"], "less than 1"),
        (["--model", "echo"], "the echo model has no vocabulary"),
        ([" "], "the question has no text"),
        ([os.curdir], "takes one"),
        (["-o", "no-such-folder/pack.txt"], "no-such-folder"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(
    tree: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, a sentence and a hint, nothing on stdout."""
    code = main(["pack", str(tree), *arguments])

    said = capsys.readouterr()
    assert (ExitCode.USAGE, "") == (code, said.out)
    assert words in said.err
    assert len(said.err.strip().splitlines()) <= 2


def test_a_header_may_come_from_a_file(run, tree: Path, tmp_path: Path) -> None:
    """It stands first, without what a terminal would obey."""
    (tmp_path / "how.txt").write_text("Review this.\x1b[2J\n")

    result = run("pack", tree, "--header-file", tmp_path / "how.txt")

    assert result.stdout.startswith("Review this.\\x1b[2J\n")


def test_a_file_gets_the_same_bytes_as_a_pipe(run, tree: Path, tmp_path: Path) -> None:
    """-o FILE, -o - and no -o at all."""
    out = tmp_path / "pack.txt"

    written = run("pack", tree, "-o", out)

    assert (ExitCode.OK, "") == (written.code, written.stdout)
    assert out.read_bytes().decode() == run("pack", tree).stdout == run("pack", tree, "-o", "-").stdout


def test_secrets_are_replaced_unless_kept(run, tree: Path) -> None:
    """What looks like a key is replaced in the text, listed on stderr with its place, and told in JSON."""
    key = "AIza" + "SyB3kD9fQ2xWm7Lr4TzVh8NcPq1EuYg5JoX"
    (tree / "src" / "cloud.py").write_text(f'import os\n\nKEY = "{key}"\n')

    shown = run("pack", tree)
    row = json.loads(run("pack", tree, "--format", "json", "--text").stdout)

    assert key not in shown.stdout + shown.stderr + json.dumps(row)
    assert "src/cloud.py:3: " in shown.stderr
    assert [("src/cloud.py", 3)] == [(find["path"], find["line"]) for find in row["secrets"]]
    assert key in run("pack", tree, "--no-secrets").stdout


def test_names_and_texts_full_of_escapes_stay_inert(run, tmp_path: Path) -> None:
    """No format lets a terminal's control characters through."""
    (tmp_path / "new\nline \x1b[2J.py").write_text("'''\x1b]0;owned\x07 \u202e'''\n")
    (tmp_path / "a`b`` ]]> &<.py").write_text("x = '```'\n")

    for style in ("text", "cxml", "markdown", "json"):
        result = run("pack", tmp_path, "--format", style, "--text")
        assert ExitCode.OK == result.code, result.stderr
        assert not set("\x1b\x07\u202e") & set(result.stdout + result.stderr)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_changes_and_log_are_added_when_asked_for(run, tmp_path: Path) -> None:
    """--diff shows what is not committed, --log the last commits; where there is no git they are refused."""
    tree = tmp_path / "repo"
    tree.mkdir()
    git = ["git", "-C", str(tree), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    (tree / "a.py").write_text("x = 1\n")
    for command in (["init", "-q"], ["add", "a.py"], ["commit", "-qm", "Begin with one"]):
        subprocess.run([*git, *command], check=True)
    (tree / "a.py").write_text("x = 2\n")
    (tree / "new.py").write_text("y = 1\n")

    result = run("pack", tree, "--diff", "--log")

    for words in ("+x = 2", "-x = 1", "new, not in git: new.py", "Recent commits:", "Begin with one"):
        assert words in result.stdout
    assert "diff" in result.stderr
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "a.py").write_text("x = 1\n")
    assert ExitCode.USAGE == run("pack", tmp_path / "plain", "--diff").code


def test_a_pack_does_not_hold_the_pack_before_it(run, tmp_path: Path) -> None:
    """-o into the tree that is packed: neither what is written nor what was there before is source."""
    (tmp_path / "a.py").write_text("x = 1\n")
    out = tmp_path / "a [1]#!.txt"

    first = run("pack", tmp_path, "-o", out)
    text = out.read_text()
    run("pack", tmp_path, "-o", out)

    assert ExitCode.OK == first.code
    assert "Directory tree (1 file: 1 in full)" in text
    assert text == out.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_ends_with_130_while_a_pack_is_written(tmp_path: Path) -> None:
    """Nobody reads the pipe any more: 130, no traceback."""
    for at in range(20):
        (tmp_path / f"file{at}.c").write_text("".join(f"int f{at}_{n}(int x) {{ return {n}; }}\n" for n in range(300)))

    command = [sys.executable, "-m", "codereader", "pack", str(tmp_path), "--budget", "max"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)

    assert (ExitCode.INTERRUPTED, False) == (process.returncode, b"Traceback" in error)
