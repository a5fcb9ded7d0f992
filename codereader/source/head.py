"""Which commit a work tree stands at, read without running git.

A stranger's repository is data: ``HEAD`` may name a branch under ``refs/`` and nothing else, and no file but those of
references is opened. Formats: gitrepository-layout(5).
"""

from __future__ import annotations

import re
from pathlib import Path

from codereader.source.disk import read_small
from codereader.source.git import Repository, open_repository

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_BRANCH = re.compile(r"ref:\s*(?P<name>refs/[^\s\\:?*\[~^\x00-\x1f]+)")
_PACKED_BYTES = 64 << 20


def head_commit(top: Path) -> str | None:
    """Return the commit that the work tree at *top* has checked out, in hex.

    None where there is no repository or no commit yet, or where references are kept in another way (reftable).
    """
    repository = open_repository(top)
    if repository is None:
        return None
    written = _text(repository.folder / "HEAD", 4096).strip()
    if _ID.fullmatch(written):
        return written
    branch = _BRANCH.fullmatch(written)
    if branch is None or ".." in branch["name"]:
        return None
    return _of_branch(repository, branch["name"])


def _of_branch(repository: Repository, name: str) -> str | None:
    """Return the commit of the branch *name*: a file of its own, else a line among the packed ones."""
    for folder in (repository.folder, repository.common):
        loose = _text(folder / name, 4096).strip()
        if _ID.fullmatch(loose):
            return loose
    packed = _text(repository.common / "packed-refs", _PACKED_BYTES)
    found = re.search(rf"^(?P<commit>{_ID.pattern}) {re.escape(name)}$", packed, re.MULTILINE)
    return found["commit"] if found else None


def _text(path: Path, limit: int) -> str:
    found = read_small(path, limit)
    return found[0].decode("utf-8", "surrogateescape") if found else ""
