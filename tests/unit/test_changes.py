"""What git would say of a work tree is said, and nothing that a repository names is run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereader.cancel import Cancelled, CancelToken
from codereader.errors import ExitCode, NothingReadable, UsageError
from codereader.source.changes import LOG_FILES, diff, log
from codereader.source.scope import Scope
from codereader.source.walk import open_scope

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git makes the repositories here")

posix = pytest.mark.skipif(os.name == "nt", reason="scripts, pipes and such names are of POSIX")

WHO = ("-c", "user.name=A. Writer", "-c", "user.email=a@b.invalid", "-c", "commit.gpgsign=false")


def git(top: Path, *arguments: str, ok: bool = True) -> bytes:
    return subprocess.run(["git", *WHO, *arguments], cwd=top, check=ok, capture_output=True).stdout


def made(top: Path, *options: str) -> Path:
    """Make a repository with one commit."""
    top.mkdir(parents=True, exist_ok=True)
    git(top, "init", "-q", *options)
    for name in ("a.c", "sub/b.c", "sub/deep/c.c", "other/d.c"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("".join(f"int {name[0]}{line};\n" for line in range(20)))
    commit(top, "the first")
    return top


def commit(top: Path, message: str) -> None:
    git(top, "add", "-A")
    git(top, "commit", "-q", "--allow-empty", "-m", message)


def judged(top: Path, folder: str = "", base: str = "HEAD") -> str:
    """The diff that git prints by itself."""
    place = ["--", folder] if folder else []
    relative = f"--relative={folder}/" if folder else "--relative="
    return git(top, "diff", "-M", "--ignore-submodules=dirty", relative, base, *place).decode("utf-8", "replace")


def test_a_tree_without_changes_has_an_empty_diff(tmp_path: Path) -> None:
    """Where nothing was touched since the last commit, nothing is shown."""
    top = made(tmp_path / "top")

    assert diff(open_scope(top)).text == ""


def test_staged_and_unstaged_changes_are_one_diff(tmp_path: Path) -> None:
    """What `git diff HEAD` shows is shown: `git add` makes no difference."""
    top = made(tmp_path / "top")
    (top / "a.c").write_text("staged\n")
    git(top, "add", "a.c")
    (top / "sub/b.c").write_text("not staged\n")

    shown = diff(open_scope(top)).text

    assert judged(top) == shown
    assert "+staged" in shown
    assert "+not staged" in shown


def test_a_diff_stays_in_the_scope_and_names_files_from_it(tmp_path: Path) -> None:
    """Changes beside the folder do not show, and paths are those that the pack uses."""
    top = made(tmp_path / "top")
    for name in ("a.c", "sub/b.c", "sub/deep/c.c", "other/d.c"):
        (top / name).write_text("new\n")

    shown = diff(open_scope(top / "sub")).text

    assert judged(top, "sub") == shown
    assert [line for line in shown.splitlines() if line.startswith("+++")] == ["+++ b/b.c", "+++ b/deep/c.c"]


def test_the_diff_of_one_file_is_of_that_file(tmp_path: Path) -> None:
    """A scope of one file shows its changes alone."""
    top = made(tmp_path / "top")
    (top / "sub/b.c").write_text("new\n")
    (top / "sub/bb.c").write_text("new\n")

    changes = diff(open_scope(top / "sub" / "b.c"))

    assert "+++ b/b.c" in changes.text
    assert changes.untracked == ()


@pytest.mark.parametrize(
    ("include", "exclude", "shown"),
    [
        (("*.c",), (), ["b.c", "deep/c.c"]),
        (("deep/",), (), ["deep/c.c"]),
        ((), ("deep",), ["b.c", "e.h"]),
        (("*.c",), ("b.*",), ["deep/c.c"]),
        (("*.rs",), (), []),
    ],
)
def test_a_diff_keeps_to_what_is_included(
    tmp_path: Path, include: tuple[str, ...], exclude: tuple[str, ...], shown: list[str]
) -> None:
    """A diff of a folder shows the files that --include and --exclude leave, tracked or not, and no others."""
    top = made(tmp_path / "top")
    (top / "sub/e.h").write_text("int e;\n")
    commit(top, "another")
    for name in ("a.c", "sub/b.c", "sub/e.h", "sub/deep/c.c"):
        (top / name).write_text("changed\n")
    (top / "sub/new.c").write_text("new\n")

    found = diff(open_scope(top / "sub", include=include, exclude=exclude))

    assert shown == re.findall(r"^\+\+\+ b/(.*)$", found.text, re.MULTILINE)
    assert (("new.c",) if "*.c" in include or not include else ()) == found.untracked


def test_a_file_that_came_into_the_scope_is_new_there(tmp_path: Path) -> None:
    """A rename across the border of the scope shows only the side inside, as git does."""
    top = made(tmp_path / "top")
    git(top, "mv", "a.c", "sub/came.c")
    git(top, "mv", "sub/b.c", "other/gone.c")

    shown = diff(open_scope(top / "sub")).text

    assert judged(top, "sub") == shown
    assert "new file mode 100644\n" in shown
    assert "deleted file mode 100644\n" in shown


def test_untracked_files_are_named(tmp_path: Path) -> None:
    """A file that git does not know of yet is no part of a diff, and is told, unless rules ignore it."""
    top = made(tmp_path / "top")
    (top / ".gitignore").write_text("*.o\n")
    (top / ".git/info/exclude").write_text("mine.c\n")
    for name in ("sub/new.c", "sub/x.o", "sub/mine.c", "other/new.c"):
        (top / name).write_text("x\n")

    changes = diff(open_scope(top / "sub"))

    assert changes.untracked == ("new.c",)
    assert changes.text == ""


def test_before_the_first_commit_everything_staged_is_new(tmp_path: Path) -> None:
    """A repository without a commit has a diff against nothing, and an empty log."""
    top = tmp_path / "top"
    top.mkdir()
    git(top, "init", "-q")
    (top / "a.c").write_text("int a;\n")
    git(top, "add", "a.c")

    scope = open_scope(top)

    assert "new file mode 100644" in diff(scope).text
    assert log(scope, 5).text == ""


@pytest.mark.parametrize("state", ["detached", "packed", "sha256", "worktree", "split", "shallow"])
def test_every_kind_of_repository_is_read(tmp_path: Path, state: str) -> None:
    """Detached heads, packed objects and refs, SHA-256 ids, linked work trees, split indexes, shallow clones."""
    top = made(tmp_path / "top", *(["--object-format=sha256"] if state == "sha256" else []))
    commit(top, "the second")
    if state == "detached":
        git(top, "checkout", "-q", "HEAD~1")
    elif state == "packed":
        git(top, "gc", "-q")
    elif state == "worktree":
        git(top, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
        top = tmp_path / "side"
    elif state == "split":
        git(top, "update-index", "--split-index")
    elif state == "shallow":
        git(tmp_path, "clone", "-q", "--depth=1", top.as_uri(), "small")
        top = tmp_path / "small"
    (top / "sub/b.c").write_text("changed\n")
    git(top, "rm", "-q", "--cached", "a.c")

    shown = diff(open_scope(top / "sub"))
    logged = log(open_scope(top), 5)

    assert judged(top, "sub") == shown.text != ""
    assert git(top, "rev-list", "--count", "HEAD").decode().strip() == str(logged.text.count("A. Writer"))


def test_line_ends_are_compared_as_the_repository_says(tmp_path: Path) -> None:
    """With core.autocrlf a file that differs in line ends alone is no change; without it every line is one."""
    top = made(tmp_path / "top")
    (top / "a.c").write_bytes((top / "a.c").read_bytes().replace(b"\n", b"\r\n"))
    before = diff(open_scope(top)).text
    git(top, "config", "core.autocrlf", "true")

    after = diff(open_scope(top)).text

    assert before.count("\n+") == 21
    assert judged(top) == after == ""


def test_a_conflict_is_told(tmp_path: Path) -> None:
    """In the middle of a merge the marks of a conflict are shown, as git does."""
    top = made(tmp_path / "top")
    git(top, "checkout", "-q", "-b", "side")
    (top / "a.c").write_text("side\n")
    commit(top, "side")
    git(top, "checkout", "-q", "-")
    (top / "a.c").write_text("main\n")
    commit(top, "main")
    git(top, "merge", "-q", "side", ok=False)

    shown = diff(open_scope(top)).text

    assert judged(top) == shown
    assert "+<<<<<<< HEAD" in shown


def test_a_submodule_is_told_by_its_commit(tmp_path: Path) -> None:
    """A submodule that stands at another commit is one line each way; nothing runs in it."""
    inner = made(tmp_path / "inner")
    top = made(tmp_path / "top")
    git(top, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "inner")
    commit(top, "with a submodule")
    (top / "inner" / "a.c").write_text("dirty\n")
    before = diff(open_scope(top)).text
    commit(top / "inner", "further")

    after = diff(open_scope(top)).text

    assert before == ""
    assert judged(top) == after
    assert "+Subproject commit" in after


NAMES = st.sampled_from(["a.c", "sub/b.c", "sub/deep/c.c", "sub/new.c", 'sub/ü "q"\t.c', "sub/z.bin", "sub/-x.c"])
CONTENTS = st.one_of(
    st.binary(max_size=40),
    st.lists(st.sampled_from([b"int a0;\n", b"int s1;\r\n", b"x\n", b"no end", b"\xff\xfe\n", b"\x1b[31m\n"])).map(
        b"".join
    ),
    st.just(b"".join(b"int s%d;\n" % line for line in range(20))),
)
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), NAMES, CONTENTS),
        st.tuples(st.just("append"), NAMES, CONTENTS),
        st.tuples(st.sampled_from(["delete", "stage", "chmod", "link", "unstage", "intend"]), NAMES, st.just(b"")),
        st.tuples(st.just("rename"), NAMES, NAMES.map(str.encode)),
        st.tuples(st.just("commit"), NAMES, st.just(b"")),
    ),
    min_size=1,
    max_size=8,
)


def edit(top: Path, what: str, name: str, data: bytes) -> None:
    path = top / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if what in ("write", "append"):
        path.unlink(missing_ok=True) if path.is_symlink() else None
        path.write_bytes((path.read_bytes() if what == "append" and path.exists() else b"") + data)
    elif what == "delete":
        path.unlink(missing_ok=True)
    elif what == "stage":
        git(top, "add", "-A", "--", name, ok=False)
    elif what == "intend":
        git(top, "add", "-N", "--", name, ok=False)
    elif what == "unstage":
        git(top, "reset", "-q", "--", name, ok=False)
    elif what == "chmod" and path.exists():
        path.chmod(0o755)
    elif what == "link":
        path.unlink(missing_ok=True)
        path.symlink_to("a target")
    elif what == "rename" and path.exists():
        (top / os.fsdecode(data)).parent.mkdir(parents=True, exist_ok=True)
        path.rename(top / os.fsdecode(data))
    elif what == "commit":
        git(top, "commit", "-q", "--allow-empty", "-m", "more")


@posix
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits=EDITS, folder=st.sampled_from(["", "sub", "sub/deep"]))
def test_git_agrees_on_generated_trees(edits: list[tuple[str, str, bytes]], folder: str) -> None:
    """Whatever was written, staged, renamed, deleted or committed: the diff is git's, and so are untracked files."""
    with tempfile.TemporaryDirectory() as place:
        top = made(Path(place).resolve() / "top")
        for what, name, data in edits:
            edit(top, what, name, data)
        (top / folder).mkdir(parents=True, exist_ok=True)

        changes = diff(Scope(top, folder, has_git=True))
        others = git(top / folder, "ls-files", "-z", "--others", "--exclude-standard", ".")

        assert judged(top, folder) == changes.text
        assert tuple(sorted(os.fsdecode(name) for name in others.split(b"\0")[:-1])) == changes.untracked


@posix
def test_a_name_that_is_not_utf8_is_quoted(tmp_path: Path) -> None:
    """File names of any bytes reach neither the diff's text nor a terminal as they are."""
    top = made(tmp_path / "top")
    name = os.fsdecode(b"sub/\xff\x1b[31m.c")
    try:
        (top / name).write_text("x\n")
    except OSError:
        pytest.skip("this file system takes no such names")
    git(top, "add", "-A")
    (top / os.fsdecode(b"sub/\xfe.c")).write_text("x\n")

    changes = diff(open_scope(top / "sub"))

    assert '+++ "b/\\377\\033[31m.c"' in changes.text
    assert changes.untracked == (os.fsdecode(b"\xfe.c"),)


def test_a_long_diff_ends_with_a_whole_file(tmp_path: Path) -> None:
    """A diff beyond the limit shows the files that fit and names the others."""
    top = made(tmp_path / "top")
    for name in ("a.c", "other/d.c", "sub/b.c", "sub/deep/c.c"):
        (top / name).write_text(f"{name}\n" * 200)
    whole = judged(top)

    changes = diff(open_scope(top), limit=len(whole) * 6 // 10)

    assert whole.startswith(changes.text)
    assert changes.text.endswith("\n+other/d.c\n")
    assert changes.left_out == ("sub/b.c", "sub/deep/c.c")
    assert not changes.cut


def test_a_long_diff_of_one_file_ends_with_a_whole_line(tmp_path: Path) -> None:
    """A single file whose diff is too long is cut at a line, and that is told."""
    top = made(tmp_path / "top")
    (top / "a.c").write_text("changed\n" * 1000)

    changes = diff(open_scope(top), limit=2000)

    assert changes.cut
    assert changes.text.endswith("\n+changed\n")
    assert changes.left_out == ()


def test_the_log_tells_commits_and_their_files(tmp_path: Path) -> None:
    """The newest commit stands first, with its subject and the files that it touched in the scope."""
    top = made(tmp_path / "top")
    (top / "other/d.c").write_text("beside\n")
    commit(top, "beside the scope")
    (top / "sub/b.c").rename(top / "sub/bb.c")
    commit(top, "rename a file\n\nBecause it was wrong.")

    lines = log(open_scope(top / "sub"), 5).text.splitlines()

    assert len(lines) == 5
    assert lines[0].endswith(" A. Writer: rename a file")
    assert lines[1] == "    R b.c -> bb.c"
    assert lines[2].endswith(" A. Writer: the first")
    assert lines[3:] == ["    A b.c", "    A deep/c.c"]


def test_the_log_counts_the_files_of_a_large_commit(tmp_path: Path) -> None:
    """A commit that touches many files names some and counts the rest."""
    top = made(tmp_path / "top")
    for number in range(30):
        (top / f"n{number:02}.c").write_text(f"{number}\n")
    commit(top, "many")

    lines = log(open_scope(top), 1).text.splitlines()

    assert lines[1] == "    A n00.c"
    assert lines[-1] == f"    and {30 - LOG_FILES} more"


def test_a_log_that_is_too_long_says_so(tmp_path: Path) -> None:
    """A log beyond the limit ends at a line and says that it was cut."""
    top = made(tmp_path / "top")
    for number in range(20):
        commit(top, f"commit {number} " + "x" * 100)

    short = log(open_scope(top), 30, limit=1000)

    assert short.cut
    assert log(open_scope(top), 30).text.startswith(short.text)


@posix
def test_the_log_shows_no_control_characters(tmp_path: Path) -> None:
    """A subject that would move the cursor is shown without what would."""
    top = made(tmp_path / "top")
    git(top, "commit", "-q", "--allow-empty", "-m", "red \x1b[31m\x07")
    (top / "a.c").write_text("x\n")
    commit(top, "red \x1b[31m\x07")

    shown = log(open_scope(top), 1).text

    assert "red ?[31m?" in shown
    assert "\x1b" not in shown


def test_a_folder_without_a_repository_is_one_sentence(tmp_path: Path) -> None:
    """Outside any repository the option cannot be used."""
    with pytest.raises(UsageError, match="in no git repository") as raised:
        diff(open_scope(tmp_path))

    assert raised.value.exit_code == ExitCode.USAGE
    assert raised.value.hint


def test_a_machine_without_git_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where git is not installed, that is what is said."""
    top = made(tmp_path / "top")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))

    with pytest.raises(UsageError, match="no git on PATH"):
        diff(open_scope(top))


BREAKS: dict[str, Callable[[Path], object]] = {
    "objects": lambda folder: shutil.rmtree(folder / "objects") or (folder / "objects").mkdir(),
    "index": lambda folder: (folder / "index").write_bytes(b"DIRC\0\0\0\2 nonsense"),
    "index a folder": lambda folder: ((folder / "index").unlink(), (folder / "index").mkdir()),
    "head": lambda folder: (folder / "HEAD").write_text("a" * 40 + "\n"),
    "branch": lambda folder: (
        (folder / "HEAD").write_text("ref: refs/heads/one\n") and (folder / "refs/heads/one").write_text("")
    ),
    "refs in a table": lambda folder: (folder / "config").write_text("[extensions]\n\trefStorage = reftable\n"),
    "format of tomorrow": lambda folder: (folder / "config").write_text("[extensions]\n\tyetUnknown = 1\n"),
    "version of tomorrow": lambda folder: (folder / "config").write_text("[core]\n\trepositoryFormatVersion = 2\n"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_repository_is_one_sentence(tmp_path: Path, what: str) -> None:
    """Where git cannot read a repository, its own words are passed on, in one line."""
    top = made(tmp_path / "top")
    BREAKS[what](top / ".git")
    (top / "a.c").write_text("changed\n")

    with pytest.raises(NothingReadable) as raised:
        diff(open_scope(top))

    assert str(raised.value).startswith(f"cannot show uncommitted changes of {top}: ")
    assert "\n" not in str(raised.value)


def script(path: Path, trace: Path) -> Path:
    path.write_text(f"#!/bin/sh\necho ran >> '{trace}'\ncat\n")
    path.chmod(0o755)
    return path


@posix
def test_nothing_that_a_repository_names_is_run(tmp_path: Path) -> None:
    """Filters, external diffs, text conversions, fsmonitor, pagers, hooks, signature checks: none of them runs.

    The same configuration runs several of them under plain git, so that the traps are known to work.
    """
    top, trace = made(tmp_path / "top"), tmp_path / "trace"
    trap = script(tmp_path / "trap", trace)
    (top / ".gitattributes").write_text("* filter=trap diff=trap\n")
    commit(top, "attributes")
    for key in (
        "core.fsmonitor core.pager core.editor core.sshCommand core.gitProxy core.askPass diff.external "
        "diff.trap.command diff.trap.textconv filter.trap.clean filter.trap.smudge gpg.program "
        "pager.diff pager.log alias.diff alias.log credential.helper core.alternateRefsCommand"
    ).split():
        git(top, "config", key, f"!{trap}" if key.startswith("alias.") else str(trap))
    for key in ("log.showSignature", "filter.trap.required"):
        git(top, "config", key, "true")
    git(top, "config", "core.hooksPath", str(tmp_path))
    git(top, "config", "core.worktree", str(tmp_path))
    for hook in ("post-index-change", "pre-commit", "post-checkout"):
        script(tmp_path / hook, trace)
        script(top / ".git" / "hooks" / hook, trace)
    (top / "a.c").write_text("changed\n")
    git(top, "--work-tree=.", "diff", "HEAD", ok=False)
    plain = trace.exists()
    trace.unlink(missing_ok=True)
    before = {path: path.read_bytes() for path in sorted((top / ".git").rglob("*")) if path.is_file()}

    changes = diff(open_scope(top))
    logged = log(open_scope(top), 3)

    assert plain
    assert not trace.exists()
    assert "+changed" in changes.text
    assert "attributes" in logged.text
    assert before == {path: path.read_bytes() for path in sorted((top / ".git").rglob("*")) if path.is_file()}


@posix
def test_nothing_is_run_in_a_submodule(tmp_path: Path) -> None:
    """A submodule's configuration is as foreign as the repository's own."""
    inner, trace = made(tmp_path / "inner"), tmp_path / "trace"
    top = made(tmp_path / "top")
    git(top, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "inner")
    commit(top, "with a submodule")
    git(top / "inner", "config", "core.fsmonitor", str(script(tmp_path / "trap", trace)))
    (top / "inner" / "a.c").write_text("dirty\n")
    git(top, "diff", "HEAD")
    plain = trace.exists()
    trace.unlink(missing_ok=True)

    diff(open_scope(top))

    assert plain
    assert not trace.exists()


@posix
def test_git_is_not_taken_from_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of that name in the tree is a stranger's, even where PATH leads there."""
    top, trace = made(tmp_path / "top"), tmp_path / "trace"
    script(top / "git", trace)
    monkeypatch.chdir(top)
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", str(top), os.environ["PATH"]]))

    diff(open_scope(top))

    assert not trace.exists()


@posix
def test_a_person_who_gives_up_stops_git(tmp_path: Path) -> None:
    """A pipe where git reads a file would keep it waiting for ever; cancelling ends it."""
    top = made(tmp_path / "top")
    os.mkfifo(top / ".gitattributes")
    (top / "a.c").write_text("changed\n")
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        diff(open_scope(top), cancel=cancel)


@posix
def test_a_git_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same without a person there: after a while that is said."""
    top = made(tmp_path / "top")
    os.mkfifo(top / ".gitattributes")
    (top / "a.c").write_text("changed\n")
    monkeypatch.setattr(sys.modules["codereader.source.changes"], "_SECONDS", 0.2)

    with pytest.raises(NothingReadable, match="not done after"):
        diff(open_scope(top))
