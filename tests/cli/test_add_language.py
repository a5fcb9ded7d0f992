"""A stranger adds a language by the steps of CONTRIBUTING.md, and is told what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GUIDE = Path(__file__).parents[2] / "CONTRIBUTING.md"
TASK = "# Bakes bread. Slowly.\nbake() {\n  knead\n  echo done\n}\nknead() {\n  true\n}\n"


def block(kind: str) -> str:
    """Return the text of the guide's only code block of a kind."""
    (found,) = re.findall(rf"^   ```{kind}\n(.*?)^   ```$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return "".join(line[3:] if line.startswith("   ") else line for line in found.splitlines(keepends=True))


@pytest.fixture
def grammars(tmp_path: Path) -> Path:
    """A folder with the grammar of the guide."""
    folder = tmp_path / "my-grammars" / "task"
    folder.mkdir(parents=True)
    (folder / "language.toml").write_text(block("toml"))
    (folder / "tags.scm").write_text(block("scheme"))
    return folder.parent


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with a file of the new language."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "bread.task").write_text(TASK)
    return folder


def test_the_steps_of_the_guide_add_a_language(run: Callable[..., Any], grammars: Path, tree: Path) -> None:
    """Functions are listed with their lines; without the folder the file is text."""
    with_it = run("map", tree, CODEREADER_GRAMMARS=str(grammars))
    without = run("map", tree)

    assert with_it.code == 0
    assert "2: bake()\n6: knead()" in with_it.stdout
    assert "2: bake()\n" not in without.stdout
    assert with_it.stderr.count("Task") == 0


def test_calls_of_the_new_language_are_resolved(run: Callable[..., Any], grammars: Path, tree: Path) -> None:
    """What a function calls in its file is found, and the brief tells its comment."""
    called = run("find", tree, "bake", "--callees", CODEREADER_GRAMMARS=str(grammars))
    page = run("brief", tree, CODEREADER_GRAMMARS=str(grammars))

    assert (0, 0) == (called.code, page.code)
    assert "bread.task:3: bake calls knead, same file\n" in called.stdout
    assert "Bakes bread. Slowly; bake, knead  bread.task:1\n" in page.stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "language.toml",
            "tree_sitter_bash",
            "tree_sitter_nowhere",
            "Task is carried as text: its parser tree_sitter_no",
        ),
        ("language.toml", 'name = "Task"', "name = 3", "language left out: "),
        ("language.toml", "'^[a-z]'", "'('", "public_name is not a regular expression"),
        ("language.toml", "name =", "nane =", "nane is not a key of a language"),
        ("tags.scm", "function_definition", "no_such_node", "Task is carried as text: "),
        ("tags.scm", "(comment)", "((comment)", "Task is carried as text: "),
    ],
)
def test_what_is_wrong_with_a_grammar_is_one_sentence(
    run: Callable[..., Any], grammars: Path, tree: Path, file: str, old: str, new: str, told: str
) -> None:
    """The file is read as text, and the command does its work."""
    broken = grammars / "task" / file
    broken.write_text(broken.read_text().replace(old, new))

    found = run("map", tree, CODEREADER_GRAMMARS=str(grammars))

    assert found.code == 0
    assert told in found.stderr
    assert "Traceback" not in found.stderr
    assert "=== bread.task" in found.stdout


def test_a_folder_that_is_not_there_is_told(run: Callable[..., Any], tree: Path) -> None:
    """A mistyped variable does not go unnoticed."""
    found = run("map", tree, CODEREADER_GRAMMARS=str(tree / "none"))

    assert found.code == 0
    assert "CODEREADER_GRAMMARS names no folder" in found.stderr


def test_a_user_may_not_replace_a_language_of_ours(run: Callable[..., Any], grammars: Path, tree: Path) -> None:
    """A folder of the same name is left out."""
    (grammars / "task").rename(grammars / "python")

    found = run("map", tree, CODEREADER_GRAMMARS=str(grammars))

    assert found.code == 0
    assert "has the name of a language that is built in" in found.stderr
