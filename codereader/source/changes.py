"""The uncommitted changes and the recent log of the git repository around a scope, as text.

The ``git`` program works them out, since nothing else agrees with it on every tree, but it never sees the
repository's configuration: it works in a git folder of our own, made anew for each call, that only borrows the
repository's objects and index. What a stranger's repository names (fsmonitor, filters, external diffs, text
conversions, pagers, hooks, aliases, signature checks, remotes to fetch from) is therefore unknown to it, and nothing is
written to the repository. Submodules are compared by their commit alone; git is not run in them.
Paths in the text are relative to the scope's folder. Sizes are in bytes, times in seconds.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from codereader.cancel import CancelToken
from codereader.errors import NothingReadable, UsageError
from codereader.source.disk import read_small
from codereader.source.git import Repository, open_repository
from codereader.source.scope import Scope

DIFF_BYTES = 1 << 20
"""Longest diff that is returned."""

LOG_BYTES = 256 << 10
"""Longest log that is returned."""

_SECONDS = 60.0
"""How long git may take; a work tree may hold things that never end."""

_EMPTY_TREE = {
    20: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    32: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The id of a tree without files, which git knows without having it, by the length of ids."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between the last commit and the disk in a scope, staged or not.

    `text` is a unified diff, empty where nothing differs; `untracked` are the files that git neither tracks nor
    ignores, sorted: they are no part of the diff. `cut` tells that `text` ends early, at a line.
    """

    text: str
    untracked: tuple[str, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """The last commits that touch a scope, the newest first: a line each, and the files below it. `cut` as above."""

    text: str
    cut: bool = False


def diff(scope: Scope, limit: int = DIFF_BYTES, cancel: CancelToken | None = None) -> Changes:
    """Return the uncommitted changes of the files in *scope*, at most *limit* bytes of them.

    Raises: UsageError where there is no repository or no git program; NothingReadable where git cannot read it.
    """
    with _borrowed(scope, "show uncommitted changes") as git:
        base = git.head or _EMPTY_TREE[git.repository.id_bytes]
        shown = git.run(["diff", *_DIFF, f"--relative={_folder(scope)}", base, "--", *_place(scope)], limit, cancel)
        listed = git.run(["ls-files", "-z", "--others", "--exclude-standard", "--", *_place(scope)], limit, cancel)
    names = listed[0].decode("utf-8", "surrogateescape").split("\0")[:-1]
    start = len(_folder(scope))
    return Changes(_text(*shown), tuple(sorted(name[start:] for name in names)), shown[1])


def log(scope: Scope, count: int, limit: int = LOG_BYTES, cancel: CancelToken | None = None) -> Log:
    """Return the last *count* commits that touch *scope*. Raises as `diff` does."""
    with _borrowed(scope, "show the log") as git:
        if git.head is None:
            return Log("")
        shown = git.run(
            ["log", f"--max-count={count}", *_LOG, f"--relative={_folder(scope)}", git.head, "--", *_place(scope)],
            limit,
            cancel,
        )
    return Log(_text(*shown), shown[1])


_DIFF = ("--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty", "--submodule=short", "-M")
_LOG = (*_DIFF, "--no-show-signature", "--no-mailmap", "--date=short", "--format=%h %ad %an: %s", "--name-status")


def _folder(scope: Scope) -> str:
    return f"{scope.folder}/" if scope.folder else ""


def _place(scope: Scope) -> list[str]:
    return [place] if (place := _folder(scope) + (scope.only or "")) else []


def _text(data: bytes, cut: bool) -> str:
    if cut:
        data = data[: data.rfind(b"\n") + 1]
    return data.decode("utf-8", "replace")


# Running git


@dataclass(frozen=True, slots=True)
class _Git:
    """A git folder of our own at `folder` that borrows from `repository`. `head` is the commit, None before any."""

    program: str
    folder: Path
    repository: Repository
    head: str | None
    task: str

    def run(self, arguments: Sequence[str], limit: int, cancel: CancelToken | None) -> tuple[bytes, bool]:
        """Return the first *limit* bytes of what git prints, and whether there was more."""
        printed, said = self.folder / "printed", self.folder / "said"
        with printed.open("wb") as out, said.open("wb") as err:
            process = subprocess.Popen(  # noqa: S603  # a program from PATH, no shell, an environment of our own
                [self.program, "--no-pager", "--literal-pathspecs", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self.repository.top,
                env=self._environment(),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            try:
                more = self._wait(process, printed, limit, cancel)
            finally:
                process.kill()
                process.wait()
        if not more and process.returncode:
            raise NothingReadable(
                f"cannot {self.task} of {self.repository.top}: git says: {_sentence(said)}", "Check it with `git fsck`."
            )
        with printed.open("rb") as file:
            data = file.read(limit + 1)
        return data[:limit], len(data) > limit

    def _wait(self, process: subprocess.Popen[bytes], printed: Path, limit: int, cancel: CancelToken | None) -> bool:
        """Wait for *process*; return True as soon as it printed more than *limit* bytes."""
        end = time.monotonic() + _SECONDS
        while True:
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                if cancel is not None:
                    cancel.check()
                if printed.stat().st_size > limit:
                    return True
                if time.monotonic() > end:
                    raise NothingReadable(
                        f"cannot {self.task} of {self.repository.top}: git was not done after {_SECONDS:.0f} s"
                    ) from None
            else:
                return False

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "TMP", "TMPDIR") if name in os.environ}
        return kept | {
            "PATH": os.defpath,
            "LC_ALL": "C",
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "GIT_DIR": str(self.folder),
            "GIT_WORK_TREE": str(self.repository.top),
            "GIT_OBJECT_DIRECTORY": str(self.repository.common / "objects"),
            "GIT_INDEX_FILE": str(self.repository.folder / "index"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_ALLOW_PROTOCOL": "",
            "GIT_TERMINAL_PROMPT": "0",
        }


@contextmanager
def _borrowed(scope: Scope, task: str) -> Iterator[_Git]:
    """Make a git folder that borrows from the repository around *scope*."""
    repository = open_repository(scope.root) if scope.has_git else None
    if repository is None:
        raise UsageError(f"cannot {task} of {scope.path}: it is in no git repository", "Leave that option away.")
    program = _program(repository.top)
    if program is None:
        raise UsageError(f"cannot {task} of {scope.path}: the git program is not on PATH", "Install git.")
    head = _head(repository)
    with tempfile.TemporaryDirectory(prefix="codereader-git-") as made:
        folder = Path(made)
        for name in ("refs", "info"):
            (folder / name).mkdir()
        (folder / "HEAD").write_text(f"{head or 'ref: refs/heads/none'}\n", encoding="ascii")
        (folder / "config").write_text(_config(repository), encoding="utf-8")
        for source, name in (
            (repository.common, "shallow"),
            (repository.common, "info/exclude"),
            (repository.common, "info/attributes"),
        ):
            if found := read_small(source / name, 16 << 20):
                (folder / name).write_bytes(found[0])
        yield _Git(program, folder, repository, head, task)


def _config(repository: Repository) -> str:
    lines = ["[core]", "bare = false", f"repositoryformatversion = {1 if repository.id_bytes == 32 else 0}"]
    if repository.ignore_case:
        lines.append("ignorecase = true")
    if repository.id_bytes == 32:
        lines += ["[extensions]", "objectformat = sha256"]
    return "\n".join([*lines, ""])


def _head(repository: Repository) -> str | None:
    """Return the id of the commit that is checked out, None where there is none yet."""
    name = _line(repository.folder / "HEAD")
    for _ in range(5):
        if not name.startswith("ref:"):
            return name if re.fullmatch(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", name) else None
        name = name.removeprefix("ref:").strip()
        if ".." in name or not name.startswith("refs/"):
            return None
        name = _line(repository.folder / name) or _line(repository.common / name) or _packed(repository, name)
    return None


def _packed(repository: Repository, name: str) -> str:
    found = read_small(repository.common / "packed-refs", 64 << 20)
    for line in (found[0] if found else b"").splitlines():
        if line.endswith(b" " + os.fsencode(name)):
            return line.split(b" ")[0].decode("ascii", "replace")
    return ""


def _line(path: Path) -> str:
    found = read_small(path, 4096)
    return os.fsdecode(found[0].strip()) if found else ""


def _program(top: Path) -> str | None:
    """Return the git on PATH, which is never looked for in the folder that is read, or in a relative one."""
    name = "git.exe" if os.name == "nt" else "git"
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        folder = Path(entry)
        if folder.is_absolute() and not folder.resolve().is_relative_to(top) and os.access(folder / name, os.X_OK):
            return str(folder / name)
    return None


def _sentence(said: Path) -> str:
    """Return the first line of what git said, without what a terminal would act on."""
    found = read_small(said, 4096)
    lines = found[0].decode("utf-8", "replace").splitlines() if found else []
    return "".join(character if character.isprintable() else "?" for character in (lines or ["nothing"])[0])[:300]
