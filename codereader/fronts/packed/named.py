"""The files that a list of paths names: which of a scope they are, and why the others are not among them."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from codereader.pack.segment import LeftOut
from codereader.source.scope import Skipped, Walk

OUTSIDE = "outside PATH"
MISSING = "no such file"
IGNORED = "ignored by git's rules, an ignore file, or --include and --exclude"


@dataclass(frozen=True, slots=True)
class Named:
    """The paths of a scope that were named, sorted, and what was named and is not one of them."""

    paths: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def split_names(data: bytes, *, null: bool) -> list[str]:
    """Return the paths in *data*: one a line, or ended by NUL. What is empty or was there before is passed over.

    On a line, a name in double quotes is read as git writes names with special characters.
    """
    rows = data.split(b"\0") if null else [_unquoted(row.removesuffix(b"\r")) for row in data.split(b"\n")]
    return list(dict.fromkeys(os.fsdecode(row) for row in rows if row))


def _unquoted(row: bytes) -> bytes:
    if len(row) < 2 or not (row.startswith(b'"') and row.endswith(b'"')):
        return row
    try:
        return row[1:-1].decode("unicode_escape").encode("latin-1")
    except UnicodeError:
        return row


def named(names: Iterable[str], walked: Walk, skipped: Iterable[Skipped], here: Path) -> Named:
    """Return what *names* mean: paths from the folder *here*, or else from the scope; a folder means all its files."""
    known = walked.paths
    reasons = {skip.path: skip.reason for skip in skipped}
    place = walked.scope.path
    found: set[str] = set()
    left_out: list[LeftOut] = []
    for name in names:
        tries = _tries(name, here, place)
        path = _first(tries, known)
        if path is not None:
            found.update(_files(known, path))
        else:
            reason = _reason(tries, reasons, place) or (OUTSIDE if _is_there(name, here, place) else MISSING)
            left_out.append(LeftOut(name, None, reason, 0, exact=True))
    return Named(tuple(sorted(found)), tuple(sorted(left_out, key=lambda row: row.path)))


def meant(name: str, walked: Walk, skipped: Iterable[Skipped], here: Path) -> tuple[str, str]:
    """Return the path in the scope that *name* means as in `named`, "" for all of it, and why it is none, else ""."""
    place = walked.scope.path
    tries = _tries(name, here, place)
    path = _first(tries, walked.paths)
    if path is not None:
        return path, ""
    reasons = {skip.path: skip.reason for skip in skipped}
    return "", _reason(tries, reasons, place) or (OUTSIDE if _is_there(name, here, place) else MISSING)


def _tries(name: str, here: Path, place: Path) -> list[str | None]:
    return [_within(here / name, place), _within(place / name, place)]


def _first(tries: Iterable[str | None], known: Sequence[str]) -> str | None:
    """Return the first of *tries* that is a file or a folder of the scope."""
    return next((path for path in tries if path is not None and _files(known, path)), None)


def _is_there(name: str, *folders: Path) -> bool:
    return any(os.path.lexists(folder / name) for folder in folders)


def _within(path: Path, place: Path) -> str | None:
    """Return *path* from the folder *place*, with ``/``; empty for the folder itself, None outside of it."""
    folder, name = os.path.split(os.path.normpath(path))
    try:
        inside = (_real(folder) / name).relative_to(place).as_posix()
    except (OSError, ValueError):
        return None
    return "" if inside == "." else inside


@lru_cache(maxsize=4096)
def _real(folder: str) -> Path:
    return Path(os.path.realpath(folder))


def _files(known: Sequence[str], path: str) -> Sequence[str]:
    """Return the files that *path* means: itself, or all in the folder of that name."""
    if not path:
        return known
    at = bisect_left(known, path)
    if at < len(known) and known[at] == path:
        return known[at : at + 1]
    start = path + "/"
    first = bisect_left(known, start)
    last = bisect_left(known, path + "0")
    return known[first:last]


def _reason(tries: Sequence[str | None], reasons: Mapping[str, str], place: Path) -> str | None:
    """Return why none of *tries* is a file of the scope, None where none of them is there."""
    for path in tries:
        if path is None:
            continue
        parts = path.split("/")
        for end in range(len(parts), 0, -1):
            if reason := reasons.get("/".join(parts[:end])):
                return reason
        if os.path.lexists(place / path):
            return IGNORED
    return None
