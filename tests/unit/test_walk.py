"""The walk finds the files that git lists, says why others are not read, and is not led astray."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereader.cancel import Cancelled, CancelToken
from codereader.errors import ExitCode
from codereader.source import walk as walk_module
from codereader.source.scope import Walk
from codereader.source.walk import nothing_readable, open_scope, walk

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is the judge here")
needs_posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such names or files")

DEPTH = 1200

Plant = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """A function that writes files, by path, into a new folder and returns it."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        return grow(tmp_path / "tree", files)

    return write


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A tree deeper than Python's stack, taken down step by step: pytest's own cleaning would not get through."""
    monkeypatch.chdir(tmp_path)
    for _ in range(DEPTH):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.c").touch()
    yield tmp_path
    Path("a.c").unlink()
    for _ in range(DEPTH):
        os.chdir("..")
        Path("d").rmdir()


def grow(top: Path, files: Mapping[str, str | bytes]) -> Path:
    top.mkdir(exist_ok=True)
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return top


def git(top: Path, *arguments: str) -> bytes:
    return subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
        cwd=top,
        check=True,
        capture_output=True,
    ).stdout


def listed_by_git(folder: Path, *flags: str) -> list[str]:
    """The files and submodules that git lists and that lie on disk: no deleted ones."""
    raw = git(folder, "ls-files", "-z", *(flags or ("--cached", "--others", "--exclude-standard")))
    names = {os.fsdecode(name) for name in raw.split(b"\0") if name}
    return sorted(name for name in names if (folder / name).is_symlink() or (folder / name).exists())


def go(folder: Path, **options: tuple[str, ...] | int) -> Walk:
    return walk(open_scope(folder, **options), CancelToken())  # type: ignore[arg-type]


def paths(walked: Walk) -> list[str]:
    return [file.path for file in walked.files]


def reasons(walked: Walk) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in walked.skipped}


# Agreement with git

NAMES = ["a", "b", "ab", "x.c", "y.o", "Z", "b c", ".h", "#a"]
FOLDERS = ["", "a/", "ab/", "a/b/", "a/b/ab/", "Z/"]
LINES = st.lists(
    st.sampled_from(
        [*"a b ab x.c *.o * ? [a-b] [!a]* ** Z [Z] \\a x* .* \\#a #a [[:upper:]] X.C".split(), "b c", "b\\ c"]
    ),
    min_size=1,
    max_size=3,
).map("/".join)
RULES = st.lists(
    st.tuples(st.sampled_from(["", "", "!", "/", "!/"]), LINES, st.sampled_from(["", "", "/", "/**", "  "])).map(
        "".join
    ),
    max_size=4,
).map("\n".join)
FILES = st.sets(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES)).map("".join), min_size=1, max_size=14)


@needs_git
@settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    files=FILES,
    tracked=st.sets(st.integers(0, 13), max_size=5),
    rules=st.dictionaries(st.sampled_from(FOLDERS), RULES, max_size=3),
    private=RULES,
    personal=RULES,
    below=st.sampled_from(FOLDERS),
    fold=st.booleans(),
    linked=st.sampled_from([None, "a/sub", "ab/sub"]),
)
def test_a_generated_tree_is_listed_as_git_lists_it(
    files: set[str],
    tracked: set[int],
    rules: dict[str, str],
    private: str,
    personal: str,
    below: str,
    fold: bool,
    linked: str | None,
    tmp_path: Path,
    own_world: Path,
) -> None:
    """Nested rules, what is tracked but ignored, info/exclude and the excludes file give git's list, from any folder.

    So does core.ignorecase, and a submodule wherever it lies.
    """
    top = tmp_path / "tree"
    shutil.rmtree(top, ignore_errors=True)
    top.mkdir()
    git(top, "init", "-q")
    git(top, "config", "core.ignorecase", str(fold))
    planted = [name for name in sorted(files) if plant_file(top / name)]
    kept = [name for index, name in enumerate(planted) if index in tracked]
    if kept:
        git(top, "--literal-pathspecs", "add", "-f", "--", *kept)
    if linked and plant_file(top / linked / "stray.c"):
        git(top, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},{linked}")
    for folder, text in rules.items():
        if (top / folder).is_dir():
            (top / folder / ".gitignore").write_text(text)
    grow(top / ".git", {"info/exclude": private})
    grow(own_world, {".config/git/ignore": personal})
    folder = top / below if (top / below).is_dir() else top

    walked = go(folder)

    assert listed_by_git(folder) == sorted([*paths(walked), *reasons(walked)])


PLAIN = st.tuples(st.sampled_from(["", "", "/"]), LINES, st.sampled_from(["", "", "/", "/**"])).map("".join)
FLAGS = st.lists(st.tuples(st.sampled_from(["", "!"]), PLAIN).map("".join), max_size=3)


@needs_git
@settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    files=FILES,
    strong=st.dictionaries(st.sampled_from(FOLDERS), RULES, max_size=3),
    weak=RULES,
    exclude=FLAGS,
    include=st.lists(PLAIN, max_size=3),
)
def test_our_own_rules_choose_as_git_does_with_the_same_lines(
    files: set[str], strong: dict[str, str], weak: str, exclude: list[str], include: list[str], tmp_path: Path
) -> None:
    """--exclude over .codereaderignore in any folder over .ignore: git calls them -x, -X and files in each folder.

    --include takes what git would ignore by those lines: the files that they fit, and all in the folders they fit.
    """
    top = tmp_path / "tree"
    shutil.rmtree(top, ignore_errors=True)
    top.mkdir()
    git(top, "init", "-q")
    for name in sorted(files):
        plant_file(top / name)
    for folder, text in strong.items():
        if (top / folder).is_dir():
            (top / folder / ".codereaderignore").write_text(text)
    (top / ".ignore").write_text(weak)
    excluded = tuple(line for line in exclude if line.strip("!/") and not line.startswith("#"))
    included = tuple(line for line in include if line.strip("/") and not line.startswith("#"))

    walked = go(top, exclude=excluded, include=included)

    hide = [f"--exclude={line}" for line in excluded]
    take = [f"--exclude={line}" for line in included]
    expected = set(listed_by_git(top, "--others", "--exclude-per-directory=.codereaderignore", "-X", ".ignore", *hide))
    if take:
        expected &= set(listed_by_git(top, "--others", "--ignored", *take))
    assert sorted(expected) == paths(walked)


def plant_file(path: Path) -> bool:
    """Write a file unless a file stands where its folder should be, or a folder where it should be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text\n")
    except OSError:
        return False
    return True


@needs_git
def test_a_folder_of_a_bigger_repository_is_walked_alone(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules of its parents apply, and no folder beside it is listed."""
    top = plant({".gitignore": "*.o\n", "fs/.gitignore": "/ramfs/tmp\n", "net/a.c": "", "fs/ramfs/inode.c": ""})
    grow(top, {"fs/ramfs/inode.o": "", "fs/ramfs/tmp": "", "fs/ext4/a.c": ""})
    git(top, "init", "-q")
    listed: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(walk_module.os, "scandir", lambda path: listed.append(str(path)) or scandir(path))

    walked = go(top / "fs" / "ramfs")

    assert paths(walked) == ["inode.c"]
    assert {str(top / "fs" / "ramfs")} == set(listed)


@needs_git
def test_the_excludes_file_of_the_person_applies_and_that_of_the_repository_does_not(
    plant: Plant, own_world: Path
) -> None:
    """core.excludesFile is taken from one's own configuration only, where it may stand in an included file."""
    top = plant({"a.log": "", "b.tmp": "", "c.c": "", "theirs": "*.c\n"})
    git(top, "init", "-q")
    git(top, "config", "core.excludesFile", str(top / "theirs"))
    grow(own_world, {".gitconfig": "[include]\n\tpath = more\n", "more": '[core]\nexcludesFile = "~/mine" ; x\n'})
    grow(own_world, {"mine": "*.log\n"})

    walked = go(top)

    assert paths(walked) == ["b.tmp", "c.c", "theirs"]


@needs_git
def test_another_repository_inside_is_not_entered(plant: Plant) -> None:
    """A nested checkout is told as one skipped folder; an empty .git folder makes no repository."""
    top = plant({"a.c": "", "sub/b.c": "", "empty/c.c": ""})
    for folder in (top, top / "sub"):
        git(folder, "init", "-q")
    (top / "empty" / ".git").mkdir()

    walked = go(top)

    assert paths(walked) == ["a.c", "empty/c.c"]
    assert reasons(walked) == {"sub": "another git repository"}


@needs_git
def test_a_submodule_that_was_never_fetched_is_not_entered(plant: Plant) -> None:
    """A folder that the index holds as another repository is skipped even when nothing of it is there."""
    top = plant({"a.c": "", "sub/stray.c": ""})
    git(top, "init", "-q")
    git(top, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")

    walked = go(top)

    assert paths(walked) == ["a.c"]
    assert reasons(walked) == {"sub": "another git repository"}


@needs_git
def test_a_submodule_below_a_hidden_folder_is_told(plant: Plant) -> None:
    """What the index holds is listed whatever rules say, another repository as much as a file."""
    top = plant({".gitignore": "vendor/\n", "vendor/mine.c": "", "vendor/sub/stray.c": ""})
    git(top, "init", "-q")
    git(top, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/sub")

    walked = go(top)

    assert paths(walked) == [".gitignore"]
    assert reasons(walked) == {"vendor/sub": "another git repository"}


@needs_git
def test_a_linked_worktree_is_a_repository(plant: Plant, tmp_path: Path) -> None:
    """Where .git is a file, its index and the common info/exclude are found."""
    top = plant({"a.c": "int a;\n", "b.tmp": ""})
    git(top, "init", "-q")
    git(top, "add", "a.c")
    git(top, "commit", "-qm", "one")
    git(top, "worktree", "add", "-q", str(tmp_path / "linked"))
    grow(top / ".git", {"info/exclude": "*.tmp\n"})
    grow(tmp_path / "linked", {"b.tmp": "", "new.c": ""})

    walked = go(tmp_path / "linked")

    assert walked.scope.has_git
    assert paths(walked) == ["a.c", "new.c"]


def test_rules_apply_without_git(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """No repository and no git on the path: .gitignore files still count, from the folder down."""
    top = plant({".gitignore": "*.o\n/out/\n", "a.c": "", "a.o": "", "out/b.c": "", "sub/.gitignore": "!a.o\n"})
    grow(top, {"sub/a.o": "", "sub/out/c.c": ""})
    monkeypatch.setenv("PATH", "")

    walked = go(top)

    assert not walked.scope.has_git
    assert paths(walked) == [".gitignore", "a.c", "sub/.gitignore", "sub/a.o", "sub/out/c.c"]


# Our own rules and flags


@needs_git
def test_own_rule_files_stand_above_git(plant: Plant) -> None:
    """They hide tracked files, say so, and bring back what git ignores; .codereaderignore is the stronger."""
    top = plant({"a.c": "", "b.c": "", "c.log": "", "d.log": "", "old/e.c": "", ".gitignore": "*.log\n"})
    grow(top, {".ignore": "a.c\nb.c\n/old/\n", ".codereaderignore": "!b.c\n!c.log\n.*ignore\n"})
    git(top, "init", "-q")
    git(top, "add", "a.c")

    walked = go(top)

    assert paths(walked) == ["b.c", "c.log"]
    assert reasons(walked) == {
        ".codereaderignore": "hidden by .codereaderignore",
        ".gitignore": "hidden by .codereaderignore",
        ".ignore": "hidden by .codereaderignore",
        "a.c": "hidden by .ignore",
        "old": "folder hidden by .ignore",
    }


def test_flags_choose_files(plant: Plant) -> None:
    """--include takes what matches, whole folders too, and --exclude takes away; both tell what they hid."""
    top = plant({"src/a.c": "", "src/b.py": "", "doc/a.txt": "", "doc/deep/b.txt": "", "x.c": "", "old/y.c": ""})

    walked = go(top, include=("*.c", "doc/"), exclude=("/old",))

    assert paths(walked) == ["doc/a.txt", "doc/deep/b.txt", "src/a.c", "x.c"]
    assert reasons(walked) == {"old": "folder hidden by --exclude", "src/b.py": "does not match --include"}


# Files that are not read


def test_each_skipped_file_has_a_reason(plant: Plant) -> None:
    """What is no source text is named with a phrase that a person understands."""
    top = plant(
        {
            "ok.c": "int a;\n",
            "empty.c": "",
            "data.bin": b"ab\0c",
            "wide.txt": "hello".encode("utf-16"),
            "wider.txt": "hello".encode("utf-32"),
            "big.c": "x" * 3000,
            "yarn.lock": "a",
            "lib.min.js": "a",
            "api_pb2.py": "a",
            "made.c": "\n/*\n * Code generated by a tool. DO NOT EDIT.\n */\n",
            "made.h": "// @generated by a tool\n",
            "made.mk": "# Automatically generated by configure; do not edit\n",
            "talks.c": "#include <generated/autoconf.h>\n/* packets generated by us\n * are locally generated */\n",
            "late.c": "\n" * 6 + "/* DO NOT EDIT */\n",
            "says.py": 'print("DO NOT EDIT")\n',
        }
    )

    walked = go(top, max_bytes=2048)

    assert paths(walked) == ["empty.c", "late.c", "ok.c", "says.py", "talks.c"]
    assert reasons(walked) == {
        "api_pb2.py": "generated (by its name)",
        "big.c": "over 2 KiB (it is 2.9 KiB)",
        "data.bin": "binary",
        "lib.min.js": "generated (by its name)",
        "made.c": "generated (it says so in line 3)",
        "made.h": "generated (it says so in line 1)",
        "made.mk": "generated (it says so in line 1)",
        "wide.txt": "text in UTF-16, not read",
        "wider.txt": "text in UTF-32, not read",
        "yarn.lock": "lock file",
    }


def test_a_line_in_our_rules_brings_generated_text_back(plant: Plant) -> None:
    """`!name` is the way to have a generated file or a lock file read after all."""
    top = plant({"yarn.lock": "a", "made.h": "// @generated\n", "made.bin": b"\0", ".codereaderignore": "!made.*\n"})

    walked = go(top, exclude=("!yarn.lock", ".codereaderignore"))

    assert paths(walked) == ["made.h", "yarn.lock"]
    assert reasons(walked)["made.bin"] == "binary"


@needs_posix
def test_a_huge_file_is_not_opened(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """100 MB are skipped by their size alone."""
    top = plant({"huge.c": ""})
    os.truncate(top / "huge.c", 100_000_000)
    opened: list[str] = []
    monkeypatch.setattr(walk_module, "read_head", lambda path, _limit: opened.append(path))

    walked = go(top)

    assert reasons(walked) == {"huge.c": "over 1 MiB (it is 95.4 MiB)"}
    assert opened == []


@needs_posix
def test_pipes_and_sockets_are_never_opened(plant: Plant) -> None:
    """A pipe, even one called .gitignore, does not hold up the walk."""
    top = plant({"a.c": ""})
    for name in ("pipe", ".gitignore", ".codereaderignore", ".gitattributes"):
        os.mkfifo(top / name)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(top / "socket"))

        walked = go(top)

    assert paths(walked) == ["a.c"]
    assert set(reasons(walked).values()) == {"not a regular file"}


@needs_posix
def test_links_are_told_and_not_followed(plant: Plant, tmp_path: Path) -> None:
    """A link out of the tree, to a folder above, or to a file in the tree ends where it stands."""
    top = plant({"sub/a.c": ""})
    secret = tmp_path / "secret.c"
    secret.write_text("int key;\n")
    for name, target in {"out.c": secret, "sub/up": top, "sub/b.c": "a.c", "self": "self"}.items():
        (top / name).symlink_to(target)

    walked = go(top)

    assert paths(walked) == ["sub/a.c"]
    assert reasons(walked) == dict.fromkeys(["out.c", "self", "sub/b.c", "sub/up"], "symbolic link")


def test_a_file_or_folder_without_permission_is_told(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the tree is read. (Tests may run as root, who may read all: the refusal is played.)"""
    top = plant({"a.c": "", "shut/b.c": "", "secret.c": "int a;\n"})
    scandir, read_head = os.scandir, walk_module.read_head

    def refuse(path: object, *rest: int) -> object:
        if "shut" in str(path) or "secret" in str(path):
            raise PermissionError(13, "Permission denied")
        return read_head(str(path), *rest) if rest else scandir(str(path))

    monkeypatch.setattr(walk_module.os, "scandir", refuse)
    monkeypatch.setattr(walk_module, "read_head", refuse)

    walked = go(top)

    assert paths(walked) == ["a.c"]
    assert reasons(walked) == {"secret.c": "no permission", "shut": "no permission"}


def test_a_file_that_vanishes_is_told(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file deleted between the listing and the reading is no error."""
    top = plant({"a.c": "int a;\n", "b.c": "int b;\n"})
    read_head = walk_module.read_head

    def vanish(path: str, limit: int) -> bytes:
        if path.endswith("b.c"):
            Path(path).unlink()
        return read_head(path, limit)

    monkeypatch.setattr(walk_module, "read_head", vanish)

    walked = go(top)

    assert paths(walked) == ["a.c"]
    assert reasons(walked) == {"b.c": "vanished while walking"}


@needs_posix
@pytest.mark.skipif(sys.platform == "darwin", reason="the file system refuses names that are not UTF-8")
def test_hostile_names_survive(plant: Plant) -> None:
    """Newlines, escapes, leading dashes, spaces and bytes that are not UTF-8 come through as they are."""
    names = [
        "-rf.c",
        " lead.c",
        "trail .c ",
        "new\nline.c",
        "esc\x1b[31m.c",
        "quote'\".c",
        os.fsdecode(b"b\xff\xfed.c"),
    ]
    top = plant(dict.fromkeys([*names, "d\n\udcff/x.c"], "int a;\n"))

    walked = go(top)

    assert paths(walked) == sorted([*names, "d\n\udcff/x.c"])


@needs_posix
def test_a_very_deep_tree_is_walked(deep: Path) -> None:
    """Depth is bounded by the file system, not by Python's stack."""
    walked = go(deep)

    assert paths(walked) == ["d/" * DEPTH + "a.c"]


# A repository that means harm


@needs_git
@needs_posix
def test_commands_in_the_configuration_of_a_repository_are_not_run(plant: Plant, tmp_path: Path) -> None:
    """core.fsmonitor, filters, hooks and pagers of a stranger's repository stay words."""
    marker = tmp_path / "ran"
    top = plant({"a.c": "int a;\n", ".gitattributes": "*.c filter=evil diff=evil\n"})
    git(top, "init", "-q")
    git(top, "add", "a.c", ".gitattributes")
    command = f"touch '{marker}'; cat"
    for key in ("core.fsmonitor", "filter.evil.clean", "filter.evil.process", "diff.evil.textconv", "core.pager"):
        git(top, "config", key, command)
    git(top, "config", "core.hooksPath", str(top / "hooks"))
    (top / "a.c").write_text("int b;\n")

    walked = go(top)

    assert paths(walked) == [".gitattributes", "a.c"]
    assert not marker.exists()


@needs_git
def test_a_repository_cannot_move_its_work_tree(plant: Plant, tmp_path: Path) -> None:
    """core.worktree does not make the walk read elsewhere."""
    top = plant({"a.c": ""})
    grow(tmp_path / "elsewhere", {"secret.c": ""})
    git(top, "init", "-q")
    git(top, "config", "core.worktree", str(tmp_path / "elsewhere"))

    walked = go(top)

    assert paths(walked) == ["a.c"]


# Scopes


def test_a_file_is_a_scope_of_one(plant: Plant) -> None:
    """It is read even if rules hide it or it looks generated, but not if it is binary."""
    top = plant({"a.c": "/* DO NOT EDIT */\n", "b.c": "", "c.bin": b"\0", ".ignore": "a.c\n", ".gitignore": "a.c\n"})

    read, refused = go(top / "a.c"), go(top / "c.bin")

    assert paths(read) == ["a.c"]
    assert reasons(refused) == {"c.bin": "binary"}


def test_an_empty_scope_says_what_was_skipped(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence counts the reasons, most frequent first, and the hint names the command that lists them."""
    top = plant({"x y/a": b"\0", "x y/b": b"\0", "x y/c": "x" * 2000})
    monkeypatch.chdir(top)

    error = nothing_readable(go(top / "x y", max_bytes=1024))

    assert error.exit_code == ExitCode.UNREADABLE
    assert str(error) == "no source text under x y (3 skipped: 2 binary, 1 over 1 KiB)"
    assert error.hint == "See them with: codereader map 'x y' --skipped"


@needs_git
def test_an_ignored_folder_says_how_to_read_it(plant: Plant) -> None:
    """Pointing at what git ignores finds nothing, as in git, and the hint's line brings it back."""
    top = plant({"out/a.c": "", ".gitignore": "out\n"})
    git(top, "init", "-q")

    before = nothing_readable(go(top / "out"))
    (top / ".codereaderignore").write_text("!/out/\n")
    after = go(top / "out")

    assert "!/out/" in before.hint
    assert paths(after) == ["a.c"]


# Walking again


@needs_git
def test_blob_ids_are_given_for_clean_tracked_files_only(plant: Plant) -> None:
    """A committed file has git's id; an edited, a new, or a possibly converted one has none."""
    top = plant({"same.c": "int a;\n", "edited.c": "int b;\n", "conv/x.c": "", "conv/.gitattributes": "*.c text\n"})
    git(top, "init", "-q")
    os.utime(top / "same.c", (1_000_000_000, 1_000_000_000))
    os.utime(top / "conv" / "x.c", (1_000_000_000, 1_000_000_000))
    git(top, "add", ".")
    grow(top, {"new.c": "", "edited.c": "int longer;\n"})

    walked = go(top)

    expected = git(top, "hash-object", "same.c").decode().strip()
    assert {file.path: file.blob for file in walked.files if file.blob} == {"same.c": expected}


def test_a_second_walk_opens_only_what_changed(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files known from an earlier walk are not opened again, and the result is the same."""
    top = plant({"a.c": "int a;\n", "script": "#!/usr/bin/env python3\n", "b.c": "int b;\n"})
    first = go(top)
    (top / "b.c").write_text("int changed;\n")
    opened: list[str] = []
    read_head = walk_module.read_head
    monkeypatch.setattr(walk_module, "read_head", lambda path, limit: opened.append(path) or read_head(path, limit))

    second = walk(first.scope, CancelToken(), known={file.path: file for file in first.files})

    assert opened == [str(top / "b.c")]
    assert [file.language for file in second.files] == [file.language for file in first.files]


def test_a_walk_stops_when_asked_and_tells_how_far_it_is(plant: Plant) -> None:
    """Progress counts files; a set token ends the walk."""
    top = plant({"a.c": "", "b/c.c": ""})
    told: list[int] = []
    token = CancelToken()

    walk(open_scope(top), token, told.append)
    token.cancel()

    assert told == [1, 2]
    with pytest.raises(Cancelled):
        walk(open_scope(top), token)
