"""What a person pointed at becomes a scope, or one sentence on why it cannot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codereader.errors import NothingReadable
from codereader.source import walk as walk_module
from codereader.source.walk import open_scope, shown_path

needs_posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A work tree as git makes it, without git."""
    folder = tmp_path.resolve() / "top"
    for name in ("objects", "refs"):
        (folder / ".git" / name).mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "fs" / "ramfs").mkdir(parents=True)
    (folder / "fs" / "ramfs" / "inode.c").write_text("int a;\n")
    return folder


def test_a_folder_lies_in_the_nearest_work_tree(top: Path) -> None:
    """The root is git's top; the folder is named from there."""
    scope = open_scope(top / "fs" / "ramfs")

    assert (top, "fs/ramfs", None, True) == (scope.root, scope.folder, scope.only, scope.has_git)
    assert scope.path == top / "fs" / "ramfs"


def test_a_file_is_named_in_its_folder(top: Path) -> None:
    """One file makes a scope of one file."""
    scope = open_scope(top / "fs" / "ramfs" / "inode.c")

    assert (top, "fs/ramfs", "inode.c") == (scope.root, scope.folder, scope.only)
    assert scope.name == "inode.c"


def test_a_folder_outside_git_is_its_own_root(tmp_path: Path) -> None:
    """Without a work tree around it the folder itself is the root."""
    scope = open_scope(tmp_path)

    assert (tmp_path.resolve(), "", False) == (scope.root, scope.folder, scope.has_git)


def test_the_inside_of_a_git_folder_is_no_work_tree(top: Path) -> None:
    """Pointing at .git/refs reads that folder as any other."""
    scope = open_scope(top / ".git" / "refs")

    assert (top / ".git" / "refs", False) == (scope.root, scope.has_git)


def test_a_git_file_that_leads_nowhere_ends_the_search(top: Path) -> None:
    """A submodule torn out of its repository is not taken for a part of what lies above it."""
    (top / "fs" / ".git").write_text("gitdir: ../gone\n")

    scope = open_scope(top / "fs" / "ramfs")

    assert (top / "fs", "ramfs", False) == (scope.root, scope.folder, scope.has_git)


@needs_posix
def test_a_link_is_resolved_where_it_is_asked_for(top: Path, tmp_path: Path) -> None:
    """A link given as PATH leads to what it names."""
    (tmp_path / "link").symlink_to(top / "fs")

    scope = open_scope(tmp_path / "link")

    assert (top, "fs") == (scope.root, scope.folder)


@pytest.mark.parametrize("name", ["gone", "gone/deeper", "x" * 5000, "nul\0"])
def test_a_path_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    """A missing or impossible path is one sentence."""
    with pytest.raises(NothingReadable, match="cannot read ") as caught:
        open_scope(tmp_path / name)

    assert caught.value.hint


@needs_posix
def test_a_pipe_or_device_is_told_at_once(tmp_path: Path) -> None:
    """What is neither folder nor file is not opened: a pipe would wait for ever."""
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(NothingReadable, match="neither a folder nor a regular file"):
            open_scope(path)


@needs_posix
def test_a_link_to_itself_is_told(tmp_path: Path) -> None:
    """A loop of links is one sentence."""
    (tmp_path / "loop").symlink_to("loop")

    with pytest.raises(NothingReadable, match="cannot read"):
        open_scope(tmp_path / "loop")


@pytest.mark.parametrize("is_folder", [True, False])
def test_no_permission_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_folder: bool) -> None:
    """A folder or file that may not be read is named. (Tests may run as root: the refusal is played.)"""
    (tmp_path / "a.c").write_text("")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(walk_module.os, "scandir", refuse)
    monkeypatch.setattr(walk_module, "read_head", refuse)

    with pytest.raises(NothingReadable, match="no permission"):
        open_scope(tmp_path if is_folder else tmp_path / "a.c")


def test_a_scope_is_shown_as_it_would_be_typed(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the working folder the path is relative, else absolute."""
    scope = open_scope(top / "fs" / "ramfs" / "inode.c")
    monkeypatch.chdir(top / "fs")

    inside = shown_path(scope)
    monkeypatch.chdir(top / ".git")
    outside = shown_path(scope)

    assert inside == str(Path("ramfs", "inode.c"))
    assert outside == str(top / "fs" / "ramfs" / "inode.c")
