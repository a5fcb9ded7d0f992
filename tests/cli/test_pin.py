"""``codereader ask --pin``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "lib").mkdir(parents=True)
    for name in ("a.c", "lib/b.c"):
        text = "".join(f"int {name[-3]}_{line}(int x)\n{{\n\treturn x + {line};\n}}\n\n" for line in range(60))
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize("written", ["lib/b.c", "tree/lib/b.c", "lib"])
def test_a_pin_may_be_named_from_here_or_from_the_tree(tree: Path, run: Callable, written: str) -> None:
    """The dry run lists it in the focus."""
    asked = ("ask", tree, "where is a_7 defined?", "--model", "echo", "--budget", "2500", "--dry-run")
    result = run(*asked, "--pin", written, "--format", "json", cwd=tree.parent)

    assert result.code == 0
    focus = json.loads(result.stdout)["focus"]
    assert [(one["path"], one["level"]) for one in focus][:1] == [("lib/b.c", "full")]


def test_a_pin_that_is_not_read_is_refused(tree: Path, run: Callable) -> None:
    """One sentence says which, and why."""
    result = run("ask", tree, "explain structure", "--model", "echo", "--pin", "nowhere.c")

    assert result.code == 2
    assert "cannot pin nowhere.c: no such file" in result.stderr


def test_an_answer_with_pins_can_be_replayed(tree: Path, run: Callable) -> None:
    """The record says what was pinned, and the same prompt is made of it."""
    answer = tree.parent / "answer.json"
    run("ask", tree, "where is a_7 defined?", "--model", "echo", "--pin", "lib", "--format", "json", "-o", answer)
    result = run("ask", "--replay", answer, "--model", "echo")

    assert json.loads(answer.read_text())["replay"]["spoken"]["pins"] == ["lib"]
    assert result.code == 0
    assert "the prompt is made otherwise" not in result.stderr
