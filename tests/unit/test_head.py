"""The commit of a work tree, read as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from codereader.source.head import head_commit

COMMIT = "52ed27f8ef751128c816aae96d9af0bf51eb393b"


def repository(top: Path, head: str) -> Path:
    """A folder that git would take for a work tree."""
    for name in ("objects", "refs/heads"):
        (top / ".git" / name).mkdir(parents=True)
    (top / ".git" / "HEAD").write_text(head)
    return top / ".git"


def test_a_branch_leads_to_its_commit(tmp_path: Path) -> None:
    """The usual case: HEAD names a branch, the branch has a file."""
    git = repository(tmp_path, "ref: refs/heads/main\n")
    (git / "refs" / "heads" / "main").write_text(COMMIT + "\n")

    assert COMMIT == head_commit(tmp_path)


def test_a_branch_may_be_packed(tmp_path: Path) -> None:
    """After `git gc` the branch is a line of packed-refs."""
    git = repository(tmp_path, "ref: refs/heads/main\n")
    (git / "packed-refs").write_text(
        f"# pack-refs with: peeled\n{'0' * 40} refs/heads/main2\n{COMMIT} refs/heads/main\n"
    )

    assert COMMIT == head_commit(tmp_path)


def test_a_detached_head_is_the_commit_itself(tmp_path: Path) -> None:
    """HEAD may hold the commit."""
    repository(tmp_path, COMMIT + "\n")

    assert COMMIT == head_commit(tmp_path)


@pytest.mark.parametrize("head", ["ref: refs/heads/none\n", "ref: refs/../../secret\n", "ref: refs/heads/\x1b[2J\n"])
def test_what_leads_to_no_commit_is_none(tmp_path: Path, head: str) -> None:
    """No commit yet, a way out of the repository, an escape: no answer, and no file outside is read."""
    repository(tmp_path, head)
    (tmp_path / "secret").write_text(COMMIT)

    assert head_commit(tmp_path) is None


def test_without_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    """A folder is no repository."""
    assert head_commit(tmp_path) is None
