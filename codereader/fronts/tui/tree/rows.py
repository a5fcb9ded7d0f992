"""The rows of a scope's tree, of which folders may be folded, made from paths. Knows nothing of screens.

Positions and rows count from 0, sizes are bytes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple, TypeVar

from codereader.fronts.tui.tree.folders import Folder, Folders, lies_in, passed, stands_for
from codereader.fronts.tui.tree.listing import LEVELS, Listing, Marks, carried, marks_of

T = TypeVar("T")

UNFOLDED = 2_000
"""What a filter finds is unfolded from the top as long as that gives no more rows."""

MIXED = "mixed"
"""The level of a folder whose files are not all at one."""


class Row(NamedTuple):
    """What there is to show of one row. The `path` of a folder has no slash at its end.

    `tokens` is None where none of the row's are known, and only those known where `is_partial`. `level` is "" while
    nothing is known of a pack. `reason` tells why a file is not read, "" where it is. `pin` is "own" where the row
    itself is pinned, "above" where a folder is that it lies in, else "".
    """

    path: str
    label: str
    depth: int
    is_folder: bool
    is_open: bool
    files: int
    size: int
    tokens: int | None
    is_partial: bool
    level: str
    reason: str
    language: str
    pin: str


class ScopeRows:
    """The rows of a listing, and which folders are open, what is looked for, what is hidden, what is marked."""

    def __init__(self) -> None:
        self.listing = Listing()
        self.needle = ""
        self.hides_skipped = False
        self.rows: list[int | Folder] = []
        """What is shown: files by their position among the chosen paths."""
        self.pins: frozenset[str] = frozenset()
        self._open: set[str] = set()
        self._found_open: set[str] = set()
        self._marks = Marks()
        self._places: Sequence[int] = range(0)
        self._folders = Folders(())
        self._sums: dict[int, list[int]] = {}
        self._levels: bytes | None = None

    # What is listed

    def tell(self, listing: Listing) -> None:
        """Show *listing* from now on. Folders that are open stay so; what was marked is kept by path."""
        is_first = not self.listing.paths
        self._marks = carried(self._marks, self.listing, listing)
        self.listing = listing
        self._choose(self._wanted(None))
        if is_first:
            self._open_only()

    def _open_only(self) -> None:
        """Open the folder that is all there is."""
        if len(self.rows) == 1 and isinstance(self.rows[0], Folder):
            self.unfold(0)

    def find(self, needle: str) -> None:
        """Show only the paths that hold every word of *needle* somewhere, in any case, and the folders around them."""
        narrows = bool(self.needle.strip()) and needle.startswith(self.needle)
        self.needle = needle
        places = self._wanted(self._places if narrows else None)
        if not narrows or len(places) < len(self._places):
            self._choose(places)

    def hide_skipped(self, hides: bool) -> None:
        """Show what is not read, or do not."""
        self.hides_skipped = hides
        self._choose(self._wanted(None))

    def _wanted(self, among: Sequence[int] | None) -> Sequence[int]:
        """Return the positions of the paths to be shown."""
        paths = self.listing.paths
        places: Sequence[int] = range(len(paths)) if among is None else among
        if self.hides_skipped and self.listing.reasons and among is None:
            places = [at for at in places if paths[at] not in self.listing.reasons]
        lowered = self.listing.lowered
        for word in self.needle.lower().split():
            places = [at for at in places if word in lowered[at]]
        return places

    def _choose(self, places: Sequence[int]) -> None:
        paths = self.listing.paths
        self._places = places
        self._folders = Folders(paths if len(places) == len(paths) else list(map(paths.__getitem__, places)))
        self._found_open = set(self._folders.unfolded(UNFOLDED)) if self.needle.strip() else set()
        self._total_anew()
        self._list_anew()

    @property
    def found(self) -> int:
        """How many paths are shown or lie in folders that are."""
        return len(self._folders.paths)

    # Folding

    @property
    def _opened(self) -> set[str]:
        """The folders that are open: those of what was found are apart from what the person unfolded."""
        return self._found_open if self.needle.strip() else self._open

    def is_open(self, folder: Folder) -> bool:
        """Tell whether *folder* is unfolded."""
        return folder.path in self._opened

    def unfold(self, at: int) -> None:
        """Open the folder of row *at*; another row is left as it is."""
        row = self.rows[at]
        if isinstance(row, Folder) and not self.is_open(row):
            self._opened.update(passed(row))
            self.rows[at + 1 : at + 1] = self._folders.below(row, self._opened)

    def fold(self, at: int) -> None:
        """Close the folder of row *at*; another row is left as it is."""
        row = self.rows[at]
        if isinstance(row, Folder) and self.is_open(row):
            self._opened.difference_update(passed(row))
            self.rows[at + 1 : self._end(at, row)] = []

    def _end(self, at: int, folder: Folder) -> int:
        """Return the row behind all that lies in *folder*, which is row *at*."""
        end = at + 1
        while end < len(self.rows) and lies_in(self.rows[end], folder):
            end += 1
        return end

    def fold_all(self) -> None:
        """Close every folder."""
        self._opened.clear()
        self._list_anew()

    def unfold_all(self) -> None:
        """Open every folder."""
        self._opened.update(self._folders.unfolded(None))
        self._list_anew()

    # Rows

    def _list_anew(self) -> None:
        self.rows = self._folders.below(None, self._opened)

    def position(self, path: str) -> int | None:
        """Return the row of *path*, which ends in a slash if it is a folder; None where it is not shown."""
        if path.endswith("/"):
            return next(
                (at for at, row in enumerate(self.rows) if isinstance(row, Folder) and stands_for(row, path)), None
            )
        at = bisect_left(self._folders.paths, path)
        if at == len(self._folders.paths) or self._folders.paths[at] != path:
            return None
        try:
            return self.rows.index(at)
        except ValueError:
            return None

    def nearest(self, path: str) -> int | None:
        """Return the row of *path*, or of the innermost folder around it that is shown; None where none is."""
        found = self.position(path)
        while found is None and "/" in path.rstrip("/"):
            path = path.rstrip("/").rpartition("/")[0] + "/"
            found = self.position(path)
        return found

    def reveal(self, path: str) -> int | None:
        """Open the folders around the file *path* and return its row; None where it is not among what is shown."""
        at = bisect_left(self._folders.paths, path)
        if at == len(self._folders.paths) or self._folders.paths[at] != path:
            return None
        above = {path[: slash + 1] for slash, letter in enumerate(path) if letter == "/"}
        if not above <= self._opened:
            self._opened.update(above)
            self._list_anew()
        return self.position(path)

    def parent(self, at: int) -> int | None:
        """Return the row of the folder that row *at* lies in, None at the top."""
        row = self.rows[at]
        for above in range(at - 1, -1, -1):
            folder = self.rows[above]
            if isinstance(folder, Folder) and lies_in(row, folder):
                return above
        return None

    def key(self, at: int) -> str:
        """Return the path of row *at*; that of a folder ends in a slash."""
        row = self.rows[at]
        return row.path if isinstance(row, Folder) else self._folders.paths[row]

    def first_file(self) -> int | None:
        """Return the first row that is a file that is read, None where there is none."""
        reasons = self.listing.reasons
        files = (at for at, row in enumerate(self.rows) if not isinstance(row, Folder))
        return next((at for at in files if self.key(at) not in reasons), None)

    # Marks

    def mark(self, levels: Mapping[str, str], tokens: Mapping[str, int]) -> None:
        """Show the level (one of `LEVELS`) and the tokens of each path. What has no level is not sent."""
        self._marks = marks_of(self.listing, levels, tokens)
        self._total_anew()

    @property
    def has_levels(self) -> bool:
        """Whether levels are known."""
        return bool(self._marks.levels)

    @property
    def has_tokens(self) -> bool:
        """Whether tokens are known."""
        return bool(self._marks.tokens)

    def _total_anew(self) -> None:
        self._sums = {}
        self._levels = None

    def _sum(self, values: Sequence[int], folder: Folder) -> int:
        """Return the sum of *values*, which are by position in the listing, over what lies in *folder*."""
        sums = self._sums.get(id(values))
        if sums is None:
            sums = self._sums[id(values)] = list(accumulate(self._chosen(values), initial=0))
        return sums[folder.last] - sums[folder.first]

    def _chosen(self, values: Sequence[T]) -> Iterable[T]:
        """Return those of *values* that belong to the chosen paths."""
        return values if len(self._places) == len(self.listing.paths) else map(values.__getitem__, self._places)

    def row(self, at: int) -> Row:
        """Return what there is to show of row *at*."""
        row = self.rows[at]
        return self._of_folder(row) if isinstance(row, Folder) else self._of_file(row)

    def _of_folder(self, row: Folder) -> Row:
        files, marks = row.last - row.first, self._marks
        unknown = self._sum(marks.missing, row) if marks.missing else 0
        path = row.path[:-1]
        return Row(
            path=path,
            label=row.label,
            depth=row.depth,
            is_folder=True,
            is_open=self.is_open(row),
            files=files,
            size=self._sum(self.listing.sizes, row),
            tokens=self._sum(marks.tokens, row) if marks.tokens and unknown < files else None,
            is_partial=unknown > 0,
            level=self._level_of(row),
            reason="",
            language="",
            pin=self._pin(path),
        )

    def _level_of(self, folder: Folder) -> str:
        """Return the level that all files of *folder* are at."""
        if not self._marks.levels:
            return ""
        if self._levels is None:
            self._levels = bytes(self._chosen(self._marks.levels))
        level = self._levels[folder.first]
        is_one = self._levels.count(level, folder.first, folder.last) == folder.last - folder.first
        return LEVELS[level] if is_one else MIXED

    def _of_file(self, position: int) -> Row:
        path, place = self._folders.paths[position], self._places[position]
        folder, _, label = path.rpartition("/")
        reason = self.listing.reasons.get(path)
        marks = self._marks
        is_counted = marks.tokens and not (marks.missing and marks.missing[place])
        return Row(
            path=path,
            label=label,
            depth=self._folders.depth(folder),
            is_folder=False,
            is_open=False,
            files=1,
            size=self.listing.sizes[place],
            tokens=marks.tokens[place] if is_counted and reason is None else None,
            is_partial=False,
            level="" if reason is not None or not marks.levels else LEVELS[marks.levels[place]],
            reason="not read" if reason == "" else reason or "",
            language=self.listing.languages[place],
            pin=self._pin(path),
        )

    def _pin(self, path: str) -> str:
        if path in self.pins:
            return "own"
        return "above" if self.pins and any(above in self.pins for above in _above(path)) else ""


def _above(path: str) -> Iterator[str]:
    """Yield the folders that *path* lies in, without slashes at their ends, the innermost first."""
    while path := path.rpartition("/")[0]:
        yield path
