"""Reasoning on the command line: dimmed on a terminal, never in the answer, bounded, and the same in a replay."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SAYS = "<think>Look at `nowhere_at_all` first.</think>`main` is defined in a.c."


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.c").write_text("int main(void)\n{\n\treturn 0;\n}\n")
    return folder


def ask(tree, *flags, says=SAYS):
    """Return what ``ask`` writes to stdout and stderr, and its code."""
    done = subprocess.run(
        [sys.executable, "-m", "codereader", "ask", str(tree), "explain structure", "--model", "echo", *flags],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"CODEREADER_ECHO": says},
        check=False,
    )
    return done.stdout, done.stderr, done.returncode


def test_reasoning_is_no_part_of_the_answer(tree):
    """It is not shown beside it, not checked, not cited and not recorded; its tokens are counted."""
    for style in ("text", "markdown", "json", "jsonl"):
        out, err, code = ask(tree, "--think", "100", "--format", style)

        assert 0 == code
        assert "nowhere_at_all" not in out + err
        assert "main" in out
    answer = json.loads(out.splitlines()[-1])
    assert "`main` is defined in a.c." == answer["answer"]
    assert 3 < answer["usage"]["reasoning_tokens"] < answer["usage"]["completion_tokens"]
    assert 100 == answer["replay"]["spoken"]["think"]


def test_reasoning_can_be_left_out_and_bounded(tree):
    """Off, and few tokens, end it early; the answer behind it comes all the same."""
    for think in ("off", "2"):
        answer = json.loads(ask(tree, "--think", think, "--format", "json")[0])

        assert "`main` is defined in a.c." == answer["answer"]


def test_all_reasoning_and_no_answer_is_said(tree):
    """A model that never gets to its answer leaves the facts, and a hint."""
    out, _, _ = ask(tree, "--think", "100", says="<think>Hm, hm, hm.")

    assert "no answer behind 3 tokens of reasoning; --think off leaves it out" in out


def test_replay_thinks_as_long(tree, tmp_path):
    """A replay asks with the same bound, and an answer that was recorded before there was one still replays."""
    file = tmp_path / "answer.json"
    file.write_text(ask(tree, "--think", "100", "--format", "json")[0])
    again = subprocess.run(
        [sys.executable, "-m", "codereader", "ask", "--replay", str(file), "--model", "echo", "--format", "json"],
        capture_output=True,
        text=True,
        env=os.environ | {"CODEREADER_ECHO": SAYS},
        check=False,
    )

    assert 0 == again.returncode, again.stderr
    before, now = json.loads(file.read_text()), json.loads(again.stdout)
    assert [before["answer"], 100] == [now["answer"], now["replay"]["spoken"]["think"]]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff", "not UTF-8"), (b"x" * 70_000, "longer than 65,536 bytes"), (None, "No such file")],
)
def test_grammar_that_cannot_be_read_is_said_before_anything_is_loaded(tree, tmp_path, content, words):
    """One sentence and exit code 2."""
    file = tmp_path / "g.gbnf"
    if content is not None:
        file.write_bytes(content)
    _, err, code = ask(tree, "--grammar", str(file))

    assert 2 == code
    assert words in err


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_terminal_shows_reasoning_dimmed_and_apart(tree):
    """It stands on stderr before the answer, its control characters shown."""
    import pty

    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "codereader", "ask", str(tree), "explain structure", "--model", "echo", "--think", "99"],
        stdout=subprocess.PIPE,
        stderr=follower,
        env=os.environ | {"CODEREADER_ECHO": SAYS.replace("Look", "Look \x1b[31m"), "TERM": "xterm", "NO_COLOR": ""},
    )
    os.close(follower)
    out, _ = child.communicate()
    seen = b""
    try:
        while part := os.read(leader, 65536):
            seen += part
    except OSError:
        pass
    os.close(leader)

    assert 0 == child.returncode
    assert b"nowhere_at_all" not in out
    assert b"reasoning:" in seen
    assert b"\x1b[2m`nowhere_at_all` \x1b[0m" in seen
    assert b"\x1b[31m" not in seen.replace(b"\x1b[31mcodereader", b"")
    assert rb"\x1b[31m" in seen
