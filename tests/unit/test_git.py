"""A repository is read without running git, and agrees with git and GitPython on what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from codereader.source.git import (
    Repository,
    find_top,
    is_repository,
    may_convert,
    open_repository,
    parse_config,
    tracked_files,
)

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git makes the repositories here")

FILES = ("a.c", "dir/b.c", "dir/deep/c.c", "dir/deep/" + "long" * 40 + ".c", "z é\n.c")


def git(top: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=top, check=True, capture_output=True)
    return os.fsdecode(done.stdout)


def make(top: Path, *options: str) -> Path:
    """Make a repository with a few tracked files whose times are long past."""
    top.mkdir()
    git(top, "init", "-q", *options)
    for name in FILES:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(f"int {len(name)};\n")
        os.utime(top / name, (1_000_000_000, 1_000_000_000))
    git(top, "add", ".")
    return top


def opened(top: Path) -> Repository:
    repository = open_repository(top)
    assert repository is not None
    return repository


def listed(top: Path) -> dict[str, str]:
    """Blob ids by path, as git tells them."""
    rows = [row.split("\t", 1) for row in git(top, "ls-files", "-s", "-z").split("\0") if row]
    return {path: fields.split()[1] for fields, path in rows}


def read(top: Path) -> dict[str, str | None]:
    return {path: entry.blob for path, entry in tracked_files(opened(top), "").files.items()}


@needs_git
@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_each_version_of_the_index_is_read_as_git_reads_it(tmp_path: Path, version: str) -> None:
    """Paths and blob ids agree with git ls-files -s."""
    top = make(tmp_path / "top")
    if version == "3":
        git(top, "update-index", "--skip-worktree", "a.c")
    else:
        git(top, "update-index", f"--index-version={version}")

    found = read(top)

    assert (top / ".git" / "index").read_bytes()[7] == int(version)
    assert listed(top) == found


@needs_git
def test_the_index_is_read_as_gitpython_reads_it(tmp_path: Path) -> None:
    """Sizes, times and blob ids are those that GitPython's own reader gives."""
    from git.index.fun import read_cache

    top = make(tmp_path / "top")
    with (top / ".git" / "index").open("rb") as stream:
        entries = read_cache(stream)[1].values()

    found = tracked_files(opened(top), "").files

    assert {str(entry.path): (entry.size, entry.hexsha) for entry in entries} == {
        path: (entry.size, entry.blob) for path, entry in found.items()
    }
    assert {entry.mtime_ns for entry in found.values()} == {1_000_000_000 * 10**9}


@needs_git
def test_a_repository_of_sha256_is_read(tmp_path: Path) -> None:
    """Longer object ids are no obstacle."""
    top = make(tmp_path / "top", "--object-format=sha256")

    found = read(top)

    assert listed(top) == found


@needs_git
def test_only_the_asked_folder_is_returned(tmp_path: Path) -> None:
    """Paths are relative to it; a folder whose name only begins alike is another."""
    top = make(tmp_path / "top")
    (top / "dir2").mkdir()
    (top / "dir2" / "x.c").write_text("")
    git(top, "add", "dir2")

    found = tracked_files(opened(top), "dir")

    assert sorted(found.files) == sorted(name.removeprefix("dir/") for name in FILES if name.startswith("dir/"))
    assert found.folders == {"deep"}


@needs_git
def test_a_split_index_is_said_and_not_misread(tmp_path: Path) -> None:
    """Where tracked files cannot be told there is a note, and no wrong list."""
    top = make(tmp_path / "top")
    git(top, "update-index", "--split-index")

    found = tracked_files(opened(top), "")

    assert found.note
    assert "split" in found.note
    assert not found.files


@needs_git
@pytest.mark.parametrize("keep", [0, 3, 11, 12, 40, 100, 200])
def test_a_damaged_index_is_said(tmp_path: Path, keep: int) -> None:
    """An index that ends too early is a note, not a traceback."""
    top = make(tmp_path / "top")
    index = top / ".git" / "index"
    index.write_bytes(index.read_bytes()[:keep])

    found = tracked_files(opened(top), "")

    assert found.note
    assert not found.files


@needs_git
def test_an_entry_as_young_as_the_index_has_no_blob_id(tmp_path: Path) -> None:
    """A file changed in the same instant as the index may differ from its blob unseen."""
    top = make(tmp_path / "top")
    index_time = (top / ".git" / "index").stat().st_mtime_ns
    (top / "a.c").write_text("int new;\n")
    os.utime(top / "a.c", ns=(index_time, index_time))
    git(top, "add", "a.c")
    moment = (top / "a.c").stat().st_mtime_ns
    os.utime(top / ".git" / "index", ns=(moment, moment))

    found = read(top)

    assert found["a.c"] is None
    assert found["dir/b.c"] is not None


@needs_git
def test_files_in_conflict_or_only_announced_have_no_blob_id(tmp_path: Path) -> None:
    """Stages of a merge, `add -N` and assume-unchanged vouch for nothing."""
    top = make(tmp_path / "top")
    blob = listed(top)["a.c"]
    (top / "new.c").write_text("int n;\n")
    git(top, "add", "-N", "new.c")
    git(top, "update-index", "--assume-unchanged", "dir/b.c")
    rows = f"0 {'0' * 40}\ta.c\n100644 {blob} 2\ta.c\n100644 {blob} 3\ta.c\n"
    subprocess.run(["git", "update-index", "--index-info"], cwd=top, input=rows.encode(), check=True)

    found = read(top)

    assert [found["a.c"], found["new.c"], found["dir/b.c"]] == [None, None, None]


@needs_git
@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("core.autocrlf", "true", True),
        ("core.autocrlf", "input", True),
        ("core.autocrlf", "false", False),
        ("core.attributesFile", "anything", True),
        ("include.path", "anything", True),
        ("user.name", "someone", False),
    ],
)
def test_settings_that_may_convert_content_are_seen(tmp_path: Path, key: str, value: str, expected: bool) -> None:
    """Where line ends may be changed, or it cannot be told, blob ids do not stand for bytes."""
    top = make(tmp_path / "top")
    git(top, "config", "core.autocrlf", "false")
    git(top, "config", key, value)

    found = opened(top).converts

    assert expected == found


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (b"*.c diff=cpp\n", False),
        (b"*.png binary\n*.c -text\n", False),
        (b"# *.c text\n", False),
        (b"* text=auto\n", True),
        (b"*.sh eol=lf", True),
        (b"*.c diff=cpp ident\r\n", True),
        (b"[attr]special\tfilter=x\n", True),
        (b"*.c working-tree-encoding=UTF-16\n", True),
        (b"textual filterless\n", False),
    ],
)
def test_attributes_that_convert_content_are_told(attributes: bytes, expected: bool) -> None:
    """Only what changes bytes between disk and blob counts."""
    found = may_convert(attributes)

    assert expected == found


def test_a_configuration_is_read_as_git_writes_it() -> None:
    """Sections, subsections, quotes, escapes, comments, continued lines and keys without a value."""
    text = (
        b'\xef\xbb\xbf[core]\r\n\texcludesFile = "~/a b" ; note\r\n\tIgnoreCase\n[a "B\\"c"] x = 1 # one\n'
        b'[a.Old]y=two \\\n three\n[broken\nz = "q;#\\t" r\n'
    )

    found = parse_config(text)

    assert found == [
        ("core.excludesfile", "~/a b"),
        ("core.ignorecase", "true"),
        ('a.B"c.x', "1"),
        ("a.Old.y", "two  three"),
        ("a.Old.z", "q;#\t r"),
    ]


def test_a_git_mark_that_is_no_repository_is_none(tmp_path: Path) -> None:
    """Empty folders, pipes, wrong words and names that cannot exist are no repository."""
    (tmp_path / "empty" / ".git").mkdir(parents=True)
    for name, text in {"words": "hello\n", "gone": "gitdir: /no/such/place\n", "nul": "gitdir: a\0b\n"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / ".git").write_text(text)

    found = [is_repository(tmp_path / name) for name in ("empty", "words", "gone", "nul", "nothing")]

    assert found == [False] * 5
    assert find_top(tmp_path / "empty") != tmp_path / "empty"
