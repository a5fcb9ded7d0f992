"""The folders of sorted paths. What lies in one lies side by side: a folder is a half-open range, found by bisection.

Only folders that somebody opens are looked into. Positions count from 0.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

BLOCK = 256
"""So many paths are looked at together for a folder among them."""

_AFTER_SLASH = chr(ord("/") + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Folder:
    """The folder *path*, which ends in a slash: what lies in it are the chosen paths from `first` to before `last`.

    One that holds nothing but one folder is not shown by itself: `label` then names all that were passed through.
    """

    path: str
    label: str
    depth: int
    first: int
    last: int


class Inside(NamedTuple):
    """What lies directly in a folder, both by path: files by position. `depth` is that of their rows."""

    folders: list[Folder]
    files: list[int]
    depth: int


class Folders:
    """The folders of *paths*, which are sorted; what was looked into is kept."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = paths
        self._known: dict[str, Inside] = {}

    def inside(self, folder: Folder | None) -> Inside:
        """Return what lies directly in *folder*, None for the top."""
        prefix = folder.path if folder else ""
        known = self._known.get(prefix)
        if known is None:
            first, last, depth = (folder.first, folder.last, folder.depth + 1) if folder else (0, len(self.paths), 0)
            known = self._known[prefix] = self._looked_into(prefix, first, last, depth)
        return known

    def depth(self, folder: str) -> int:
        """Return the depth of what lies directly in *folder* (its path without a slash), which was looked into."""
        return self._known[f"{folder}/" if folder else ""].depth

    def below(self, folder: Folder | None, opened: Container[str]) -> list[int | Folder]:
        """Return the rows below *folder* where those of *opened* are unfolded: folders first, both by path."""
        rows: list[int | Folder] = []
        inside = self.inside(folder)
        todo: list[Folder | list[int]] = [inside.files, *reversed(inside.folders)]
        while todo:
            one = todo.pop()
            if isinstance(one, list):
                rows += one
                continue
            rows.append(one)
            if one.path in opened:
                inside = self.inside(one)
                todo += (inside.files, *reversed(inside.folders))
        return rows

    def unfolded(self, most: int | None) -> Iterator[str]:
        """Yield the folders to open, the outermost first, so that there are no more than *most* rows (None: any)."""
        top = self.inside(None)
        rows, folders = len(top.folders) + len(top.files), top.folders
        while folders:
            inner: list[Folder] = []
            for folder in folders:
                if most is not None and rows >= most:
                    return
                below = self.inside(folder)
                more = len(below.folders) + len(below.files)
                if most is None or rows + more <= most:
                    rows += more
                    yield from passed(folder)
                    inner += below.folders
            folders = inner

    def _looked_into(self, prefix: str, first: int, last: int, depth: int) -> Inside:
        folders: list[Folder] = []
        files: list[int] = []
        paths, begins, at = self.paths, len(prefix), first
        while at < last:
            path = paths[at]
            slash = path.find("/", begins)
            if slash < 0:
                end = at + BLOCK if self._is_flat(prefix, at, at + BLOCK, last) else at + 1
                files += range(at, end)
                at = end
            else:
                end = bisect_left(paths, path[:slash] + _AFTER_SLASH, at, last)
                folders.append(self._folder(path[: slash + 1], begins, at, end, depth))
                at = end
        return Inside(folders, files, depth)

    def _is_flat(self, prefix: str, first: int, end: int, last: int) -> bool:
        """Tell whether the paths from *first* to before *end* all lie directly in the folder *prefix*."""
        slashes = prefix.count("/") * (end - first)
        return end <= last and "\0".join(self.paths[first:end]).count("/") == slashes

    def _folder(self, path: str, begins: int, first: int, last: int, depth: int) -> Folder:
        """Return the folder *path*, or the one further in that is all that it holds. Its name starts at *begins*."""
        one, other = self.paths[first], self.paths[last - 1]
        while (slash := one.find("/", len(path))) >= 0 and other.startswith(one[: slash + 1]):
            path = one[: slash + 1]
        return Folder(path, path[begins:-1], depth, first, last)


def passed(folder: Folder) -> list[str]:
    """Return the paths of all folders that the row of *folder* stands for."""
    begins = len(folder.path) - len(folder.label) - 1
    return [folder.path[: at + 1] for at in range(begins, len(folder.path)) if folder.path[at] == "/"]


def stands_for(folder: Folder, path: str) -> bool:
    """Tell whether the row of *folder* stands for the folder *path*."""
    return folder.path.startswith(path) and len(path) > len(folder.path) - len(folder.label) - 1


def lies_in(row: int | Folder, folder: Folder) -> bool:
    """Tell whether *row*, which stands below *folder*, lies in it."""
    return folder.first <= (row.first if isinstance(row, Folder) else row) < folder.last and row is not folder
