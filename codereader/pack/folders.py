"""One line a folder: what a scope is made of where the names of all its files take too much.

Works on paths, sizes and worths; reads nothing. The path of a folder ends in a slash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from codereader.pack.detail import one_line
from codereader.pack.value import LEVEL_WORTH, Candidate, even, name_cost

LEAST_FILES = 8
"""A folder with fewer files below it needs no line: the names of its files are about as short."""

MOST_PARTS = 5
"""So many of a folder's files and folders are named on its line, the most important first."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder below the scope's own, and the line that stands for it. `worth` is compared with those of files' steps.

    `cost` is in estimated tokens.
    """

    path: str
    text: str
    worth: float
    cost: float


@dataclass(slots=True)
class _Sum:
    files: int = 0
    lines: int = 0
    squares: float = 0.0
    most: float = 0.0


def folders(candidates: Sequence[Candidate]) -> list[Folder]:
    """Return the folders worth a line, by path. A folder that holds nothing but one folder has none of its own."""
    sums: dict[str, _Sum] = {}
    parts: dict[str, dict[str, float]] = {}
    for one in candidates:
        worth = even(one.worth)
        inner = one.path
        for folder in _above(one.path):
            found = sums.setdefault(folder, _Sum())
            found.files += 1
            found.lines += one.lines
            found.squares += worth**2
            found.most = max(found.most, worth)
            named = parts.setdefault(folder, {})
            part = inner[len(folder) :]
            named[part] = named.get(part, 0.0) + worth**2
            inner = folder
    return [
        _folder(path, found, parts[path])
        for path, found in sorted(sums.items())
        if found.files >= LEAST_FILES and not _is_passage(parts[path])
    ]


def _above(path: str) -> Iterable[str]:
    """Yield the folders that *path* lies in, the innermost first."""
    at = path.rfind("/")
    while at > 0:
        yield path[: at + 1]
        at = path.rfind("/", 0, at)


def _is_passage(parts: dict[str, float]) -> bool:
    return len(parts) == 1 and next(iter(parts)).endswith("/")


def _folder(path: str, found: _Sum, parts: dict[str, float]) -> Folder:
    best = sorted(parts, key=lambda part: (-parts[part], part))
    named = ", ".join(one_line(part) for part in best[:MOST_PARTS]) + (", ..." if len(best) > MOST_PARTS else "")
    text = f"=== {one_line(path)} ({found.files:,} files, {found.lines:,} lines: {named})\n"
    cost = name_cost(path, len(named))
    return Folder(path, text, found.most * sqrt(found.squares) * LEVEL_WORTH["name"] * sqrt(cost), cost)
