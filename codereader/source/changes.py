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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, takewhile
from pathlib import Path

from codereader.cancel import CancelToken
from codereader.errors import NothingReadable, UsageError
from codereader.source.disk import read_small
from codereader.source.git import Repository, comparison_settings, open_repository, parse_config
from codereader.source.ignore import rules_of
from codereader.source.scope import Scope

DIFF_BYTES = 1 << 20
"""Longest diff that is returned."""

LOG_BYTES = 256 << 10
"""Longest log that is returned."""

LOG_FILES = 12
"""How many files of one commit the log names."""

_SECONDS = 30.0
"""How long git may take; a work tree may hold things that never end."""

_COPY_BYTES = 64 << 20
"""Longest file that is copied into a git folder of our own."""

_PATHS_BYTES = 20_000
"""Longest list of paths that a command line takes everywhere."""

_SLASH = ord("/")

_EMPTY_TREE = {
    20: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    32: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The id of a tree without files, which git knows without having it, by the length of ids."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between the last commit and the disk in a scope, staged or not.

    `text` is a unified diff, empty where nothing differs. `untracked` are the files that git neither tracks nor
    ignores, sorted; they are no part of the diff. `left_out` are the changed files that `text` does not hold since
    it would be too long, in git's order; `cut` tells that even the diff of its one file ends early, at a line.
    """

    text: str
    untracked: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """The last commits that touch a scope, the newest first: id, day, author and subject, and below them the files.

    `cut` tells that it ends early, at a line, since it would be too long.
    """

    text: str
    cut: bool = False


def diff(scope: Scope, limit: int = DIFF_BYTES, cancel: CancelToken | None = None) -> Changes:
    """Return the uncommitted changes of what *scope* takes in and does not exclude, at most *limit* bytes of them.

    A diff of several files that is longer ends with the last file that fits. File names in it are quoted as git does.
    Raises: UsageError where there is no repository or no git program; NothingReadable where git cannot read it.
    """
    with _borrowed(scope, "show uncommitted changes", cancel) as git:
        compared = [f"--relative={_folder(scope)}", git.head or _EMPTY_TREE[git.repository.id_bytes]]
        place = _place(scope)
        beyond: tuple[str, ...] = ()
        data, more, changed = b"", False, beyond
        if narrow := bool(scope.include or scope.exclude):
            names = git.names(["diff", "-z", "--name-only", *_DIFF, *compared, "--", *place])
            place, beyond = _narrowed(scope, names)
        if place or not narrow:
            data, more = git.run(["diff", *_DIFF, *compared, "--", *place], limit)
        if more:
            changed = git.names(["diff", "-z", "--name-only", *_DIFF, *compared, "--", *place])
        others = git.names(["ls-files", "-z", "--others", "--exclude-standard", "--", *_place(scope)])
    kept = data
    if more:
        end = data.rfind(b"\ndiff --git ") + 1
        kept = data[: end or data.rfind(b"\n") + 1]
    left_out = (*changed[len(_DIFF_START.findall(kept)) :], *beyond)
    start = len(_folder(scope))
    untracked = tuple(sorted(filter(_asked(scope), (name[start:] for name in others))))
    return Changes(kept.decode("utf-8", "replace"), untracked, left_out, more and not end)


def log(scope: Scope, count: int, limit: int = LOG_BYTES, cancel: CancelToken | None = None) -> Log:
    """Return the last *count* commits that touch the folder of *scope*, in about *limit* bytes; none is no error.

    What the scope takes in or excludes within the folder makes no difference.
    Raises: as `diff` does.
    """
    with _borrowed(scope, "show the log", cancel) as git:
        if git.head is None:
            return Log("")
        place = [f"--relative={_folder(scope)}", git.head, "--", *_place(scope)]
        data, more = git.run(["log", f"--max-count={count}", *_DIFF, *_LOG, *place], limit)
    if more:
        data = data[: data.rfind(b"\n") + 1]
    lines = _log_lines(data.decode("utf-8", "replace").split("\n"), more=more)
    return Log("".join(f"{line}\n" for line in lines), more)


_DIFF = ("--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty", "--submodule=short", "-M")
_LOG = ("--no-show-signature", "--no-mailmap", "--date=short", "--format=%h %ad %an: %s", "--name-status")
_DIFF_START = re.compile(rb"^(?:diff --git|\* Unmerged path) ", re.MULTILINE)
_TAB, _ARROW = "\t", " -> "
_LOG_FILE = re.compile(r"(?P<kind>[A-Z])\d*\t(?P<name>.*)")


def _log_lines(lines: Sequence[str], *, more: bool) -> Iterator[str]:
    """Yield the lines of a log from what git prints: commits begin with their id, files with a letter and a tab.

    *more* tells that git had more to print.
    """
    files = 0
    for line in filter(None, lines):
        if file := _LOG_FILE.fullmatch(line):
            files += 1
            if files <= LOG_FILES:
                yield f"    {file['kind']} {_ARROW.join(file['name'].split(_TAB))}"
            continue
        if files > LOG_FILES:
            yield f"    and {files - LOG_FILES:,} more"
        files = 0
        yield _printable(line)
    if files > LOG_FILES:
        yield "    and more" if more else f"    and {files - LOG_FILES:,} more"


def _folder(scope: Scope) -> str:
    return f"{scope.folder}/" if scope.folder else ""


def _place(scope: Scope) -> list[str]:
    return [place] if (place := _folder(scope) + (scope.only or "")) else []


def _asked(scope: Scope) -> Callable[[str], bool]:
    """Return what tells whether a path, relative to the folder of *scope*, is taken in and not excluded."""
    include, exclude = rules_of(scope.include), rules_of(scope.exclude)

    def asked(path: str) -> bool:
        name = os.fsencode(path)
        places = [(name[:at], True) for at, byte in enumerate(name) if byte == _SLASH]
        taken = include is None
        for place, is_folder in [*places, (name, False)]:
            if exclude and exclude.verdict(place, is_folder=is_folder):
                return False
            word = include.verdict(place, is_folder=is_folder) if include else None
            taken = taken if word is None else word
        return taken

    return asked


def _narrowed(scope: Scope, names: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the paths to compare of those of *names* that are asked for, and the names that are too many for that."""
    asked = tuple(filter(_asked(scope), names))
    place = [_folder(scope) + name for name in asked]
    room = list(takewhile(lambda size: size <= _PATHS_BYTES, accumulate(len(os.fsencode(one)) + 1 for one in place)))
    return place[: len(room)], asked[len(room) :]


def _printable(text: str) -> str:
    """Return *text* with a question mark for each character that a terminal would act on."""
    return "".join(character if character.isprintable() else "?" for character in text)


# Running git


@dataclass(frozen=True, slots=True)
class _Git:
    """A git folder of our own at `folder` that borrows from `repository`. `head` is the commit, None before any."""

    program: Path
    folder: Path
    repository: Repository
    head: str | None
    task: str
    cancel: CancelToken | None

    def names(self, arguments: Sequence[str]) -> tuple[str, ...]:
        """Return the file names that git prints, each ended by a NUL, in its order."""
        data, _ = self.run(arguments, DIFF_BYTES)
        return tuple(os.fsdecode(name) for name in data.split(b"\0")[:-1])

    def run(self, arguments: Sequence[str], limit: int) -> tuple[bytes, bool]:
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
                more = self._wait(process, printed, limit)
            finally:
                process.kill()
                process.wait()
        if not more and process.returncode:
            raise self.failed(f"git says: {_first_words(said)}", "Look at it with `git fsck`.")
        with printed.open("rb") as file:
            data = file.read(limit + 1)
        return data[:limit], len(data) > limit

    def _wait(self, process: subprocess.Popen[bytes], printed: Path, limit: int) -> bool:
        """Wait for *process* to end; return True as soon as it has printed more than *limit* bytes."""
        end = time.monotonic() + _SECONDS
        while True:
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                if self.cancel is not None:
                    self.cancel.check()
                if printed.stat().st_size > limit:
                    return True
                if time.monotonic() > end:
                    raise self.failed(f"git was not done after {_SECONDS:.0f} seconds") from None
            else:
                return False

    def failed(self, why: str, hint: str = "Leave the option away.") -> NothingReadable:
        """Return the error that says what could not be done, and why."""
        return NothingReadable(f"cannot {self.task} of {_printable(str(self.repository.top))}: {why}", hint)

    def _environment(self) -> dict[str, str]:
        """Return all that git gets to know: nothing of the person's or the repository's configuration."""
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "TMP", "TMPDIR") if name in os.environ}
        return kept | {
            "PATH": str(self.program.parent),
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
def _borrowed(scope: Scope, task: str, cancel: CancelToken | None) -> Iterator[_Git]:
    """Make a git folder that borrows from the repository around *scope*, and forget it afterwards."""
    place = _printable(str(scope.path))
    repository = open_repository(scope.root) if scope.has_git else None
    if repository is None:
        raise UsageError(f"cannot {task} of {place}: it is in no git repository", "Leave the option away.")
    program = _program(repository.top)
    if program is None:
        raise UsageError(f"cannot {task} of {place}: there is no git on PATH", "Install git, or leave the option away.")
    try:
        with tempfile.TemporaryDirectory(prefix="codereader-git-", ignore_cleanup_errors=True) as made:
            git = _Git(program, Path(made).resolve(), repository, _head(repository), task, cancel)
            if git.head is None and (broken := _broken_branch(repository)):
                raise git.failed(f"{_printable(broken)} names no commit", "Look at it with `git fsck`.")
            _furnish(git)
            yield git
    except OSError as error:
        raise NothingReadable(f"cannot {task} of {place}: {error.strerror or error}") from error


def _furnish(git: _Git) -> None:
    """Write what makes a git folder, and copy what the repository says of its own objects and files."""
    repository, folder = git.repository, git.folder
    if unknown := _unknown_format(repository):
        raise git.failed(f"its format is not known here ({_printable(unknown)[:100]})")
    index = repository.folder / "index"
    if index.exists() and not index.is_file():
        raise git.failed("its index is no file")
    for name in ("refs", "info"):
        (folder / name).mkdir()
    (folder / "HEAD").write_text(f"{git.head or 'ref: refs/heads/none'}\n", encoding="ascii")
    (folder / "config").write_text(_config(repository), encoding="utf-8")
    copied = [repository.common / name for name in ("shallow", "info/attributes")]
    copied += sorted(repository.folder.glob("sharedindex.*"))
    for source in copied:
        if found := read_small(source, _COPY_BYTES):
            (folder / ("info" if source.parent.name == "info" else "") / source.name).write_bytes(found[0])
    rules = [found[0] for path in reversed(repository.excludes) if (found := read_small(path, _COPY_BYTES))]
    (folder / "info" / "exclude").write_bytes(b"\n".join(rules))


def _config(repository: Repository) -> str:
    """Return the configuration that git gets: how to compare, and of what kind ids are."""
    sha256 = repository.id_bytes == 32
    lines = ["[core]", "bare = false", f"repositoryformatversion = {int(sha256)}"]
    lines += [f"{name.removeprefix('core.')} = {value}" for name, value in comparison_settings(repository).items()]
    return "\n".join([*lines, *(["[extensions]", "objectformat = sha256"] if sha256 else []), ""])


_EXTENSIONS = frozenset(
    "noop noop-v1 objectformat partialclone preciousobjects relativeworktrees worktreeconfig".split()
)
"""What a repository may say of its format (gitrepository-layout(5), git-config(1)) that changes nothing here."""


def _unknown_format(repository: Repository) -> str:
    """Return what the repository says of its format that is not known, nothing where all of it is."""
    found = read_small(repository.common / "config", _COPY_BYTES)
    for name, value in parse_config(found[0]) if found else ():
        section, _, key = name.partition(".")
        told = value.lower()
        if name == "core.repositoryformatversion" and told not in ("", "0", "1"):
            return f"version {value}"
        if section == "extensions" and key not in _EXTENSIONS and (key, told) != ("refstorage", "files"):
            return f"{name} = {value}"
    return ""


def _head(repository: Repository) -> str | None:
    """Return the id of the commit that is checked out, None where there is none yet."""
    named = _line(repository.folder / "HEAD")
    for _ in range(5):
        if not named.startswith("ref:"):
            return named if re.fullmatch(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", named) else None
        name = named.removeprefix("ref:").strip()
        if not name.startswith("refs/") or ".." in name.split("/"):
            return None
        named = _line(repository.folder / name) or _line(repository.common / name) or _packed(repository, name)
    return None


def _broken_branch(repository: Repository) -> str:
    """Return the name of what is checked out if that is there and names no commit; a branch to be is not there."""
    name = _line(repository.folder / "HEAD").removeprefix("ref:").strip()
    if not name.startswith("refs/"):
        return "HEAD"
    return name if any((place / name).exists() for place in (repository.folder, repository.common)) else ""


def _packed(repository: Repository, name: str) -> str:
    found = read_small(repository.common / "packed-refs", _COPY_BYTES)
    match = re.search(
        rb"^([0-9a-f]+) " + re.escape(os.fsencode(name)) + rb"\r?$", found[0] if found else b"", re.MULTILINE
    )
    return match[1].decode("ascii") if match else ""


def _line(path: Path) -> str:
    found = read_small(path, 4096)
    return os.fsdecode(found[0].strip()) if found else ""


def _program(top: Path) -> Path | None:
    """Return the git on PATH, which is never looked for in the tree that is read, nor in a relative folder."""
    name = "git.exe" if os.name == "nt" else "git"
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        program = Path(entry, name)
        foreign = not any(Path(os.path.realpath(path)).is_relative_to(top) for path in (entry, program))
        if program.is_absolute() and foreign and program.is_file() and os.access(program, os.X_OK):
            return program
    return None


def _first_words(said: Path) -> str:
    """Return the first line of what git said."""
    found = read_small(said, 4096)
    lines = found[0].decode("utf-8", "replace").splitlines() if found else []
    return _printable((lines or ["nothing"])[0])[:300]
