"""A directory tree in few lines: what a reader sees of a scope before its files.

Two spaces a level, as the fewest tokens have it. What is deeper than the lines allow is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from codereader.fronts.text import counted, safe_line


@dataclass(slots=True)
class _Folder:
    """A folder: its files' names, the folders in it, and how many files it holds at any depth."""

    files: list[str] = field(default_factory=list)
    folders: dict[str, _Folder] = field(default_factory=dict)
    total: int = 0


def contents(name: str, paths: Iterable[str], lines: int) -> str:
    """Return the tree of *paths* below *name*, as deep as about *lines* lines allow."""
    top = _grown(paths)
    depth, used = 0, 0
    while used < (more := sum(1 for _ in _rows(top, depth + 1, 0))) <= lines:
        depth, used = depth + 1, more
    rows = list(_rows(top, depth, 0)) if depth else list(_few(top, max(1, lines - 1)))
    return "\n".join([f"{safe_line(name)}/", *(f"  {row}" for row in rows)]) + "\n"


def _grown(paths: Iterable[str]) -> _Folder:
    top = _Folder()
    for path in paths:
        *folders, name = path.split("/")
        at = top
        at.total += 1
        for folder in folders:
            at = at.folders.setdefault(folder, _Folder())
            at.total += 1
        at.files.append(name)
    return top


def _rows(folder: _Folder, depth: int, level: int) -> Iterator[str]:
    """Yield the rows of a folder's entries down to *depth* levels, by name; folders that hold one folder are joined."""
    indent = "  " * level
    named = [(name, None) for name in folder.files] + [(name, inner) for name, inner in folder.folders.items()]
    for name, inner in sorted(named, key=lambda item: (item[0], item[1] is not None)):
        if inner is None:
            yield f"{indent}{safe_line(name)}"
            continue
        shown, within = _joined(name, inner)
        if depth == 1:
            yield f"{indent}{shown}/ ({counted(within.total, 'file')})"
        else:
            yield f"{indent}{shown}/"
            yield from _rows(within, depth - 1, level + 1)


def _joined(name: str, folder: _Folder) -> tuple[str, _Folder]:
    shown = safe_line(name)
    while len(folder.folders) == 1 and not folder.files:
        ((name, folder),) = folder.folders.items()
        shown += "/" + safe_line(name)
    return shown, folder


def _few(top: _Folder, lines: int) -> Iterator[str]:
    """Yield the entries of a scope whose top alone is too long, the largest folders first, and what is left of it."""
    named = [
        (f"{safe_line(name)}/ ({counted(inner.total, 'file')})", -inner.total) for name, inner in top.folders.items()
    ]
    folders = [row for row, _ in sorted(named, key=lambda item: (item[1], item[0]))]
    files = [safe_line(name) for name in sorted(top.files)]
    yield from folders[:lines]
    room = max(0, lines - len(folders))
    yield from files[:room]
    left = [counted(len(rest), noun) for rest, noun in ((folders[lines:], "folder"), (files[room:], "file")) if rest]
    yield f"({' and '.join(left)} more)"
