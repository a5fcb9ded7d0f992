"""Tokens by folder and file at each level of detail, as `du` tells bytes, and what of them a pack holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codereader.fronts import shape
from codereader.fronts.packed.document import WHOLE
from codereader.fronts.text import counted, safe_line
from codereader.pack.segment import LEVELS, Level, Segment

if TYPE_CHECKING:
    from codereader.fronts.render import Output
    from codereader.pack.sizes import Sizes

ROWS = 60
"""Where no depth is asked for, the table is as deep as so many rows allow."""

ALL = 1 << 20
"""A depth that no folder has."""

LEAST_PATH = 24
"""Characters that paths keep on a narrow terminal, for which columns are left out."""

DROPPED = ("outline", "name", "uncommented", "share", "skeleton")
"""The columns that a narrow terminal does without, the first the first."""

NOTHING = (0,) * len(LEVELS)


@dataclass(slots=True)
class Entry:
    """A folder or file: its tokens at each of `LEVELS`, how many files it is, and what the pack holds of it.

    `path` is relative to the scope, empty for the scope itself; `depth` is 0 there. `level` is how a file is shown,
    None where it is not, or is a folder.
    """

    path: str
    depth: int
    is_folder: bool
    tokens: tuple[int, ...] = NOTHING
    files: int = 0
    packed: int = 0
    level: str | None = None
    below: list[Entry] = field(default_factory=list)

    @property
    def full(self) -> int:
        """Tokens of the full text."""
        return self.tokens[0]


@dataclass(frozen=True, slots=True)
class Usage:
    """The table of a scope called *name*: its entries in the order they are shown, the scope itself first.

    `dropped` counts the entries of the same depth that were left out.
    """

    name: str
    rows: tuple[Entry, ...]
    dropped: int


def usage(
    name: str, sizes: Iterable[Sizes], segments: Sequence[Segment], depth: int | None, cut: Collection[str] = ()
) -> Usage:
    """Return the table down to *depth* levels below the scope; None: as deep as `ROWS` rows allow.

    *cut* are the files of which the pack shows the beginning alone.
    """
    top = _summed(sizes, segments, cut)
    if depth is not None:
        return Usage(name, tuple(_walked(top, depth)), 0)
    deepest = 1
    while len(rows := list(_walked(top, deepest))) <= ROWS:
        more = list(_walked(top, deepest + 1))
        if len(more) == len(rows) or len(more) > ROWS:
            break
        deepest += 1
    return Usage(name, tuple(rows[: ROWS + 1]), max(0, len(rows) - ROWS - 1))


def _summed(sizes: Iterable[Sizes], segments: Sequence[Segment], cut: Collection[str]) -> Entry:
    """Return the scope with everything below it, each folder's entries from the dearest to the cheapest."""
    packed, levels = _in_pack(segments)
    levels = {path: f"{level}, cut" if path in cut else level for path, level in levels.items()}
    top = Entry("", 0, is_folder=True)
    folders: dict[str, Entry] = {"": top}
    for one in sizes:
        file = Entry(one.path, one.path.count("/") + 1, False, one.tokens, 1, packed[one.path], levels.get(one.path))
        at = _folder(folders, one.path.rpartition("/")[0])
        at.below.append(file)
        while True:
            at.tokens = tuple(a + b for a, b in zip(at.tokens, file.tokens, strict=True))
            at.files += 1
            at.packed += file.packed
            if not at.path:
                break
            at = folders[at.path.rpartition("/")[0]]
    for folder in folders.values():
        folder.below.sort(key=lambda entry: (-entry.full, entry.path))
    return top


def _folder(folders: dict[str, Entry], path: str) -> Entry:
    found = folders.get(path)
    if found is None:
        found = folders[path] = Entry(path, path.count("/") + 1, is_folder=True)
        _folder(folders, path.rpartition("/")[0]).below.append(found)
    return found


def _in_pack(segments: Iterable[Segment]) -> tuple[Mapping[str, int], Mapping[str, str]]:
    """Return the tokens of each file that the pack holds, and how it shows it."""
    tokens: dict[str, int] = defaultdict(int)
    shown: dict[str, list[Level]] = defaultdict(list)
    wanted: set[str] = set()
    for segment in segments:
        tokens[segment.path] += segment.tokens
        if segment.part == "base":
            shown[segment.path].append(segment.level)
        else:
            wanted.add(segment.path)
    levels = {path: _told(some) for path, some in shown.items()}
    return tokens, levels | {path: f"{levels[path]}+focus" if path in levels else "focus" for path in sorted(wanted)}


def _told(levels: Sequence[Level]) -> str:
    """Return the least level of a file's parts, and how many of them are in full beside."""
    least = max(levels, key=LEVELS.index)
    kept = sum(1 for level in levels if level in WHOLE)
    return f"{least}+{kept}" if kept and least not in WHOLE else least


def _walked(entry: Entry, depth: int) -> Iterator[Entry]:
    yield entry
    if depth:
        for inner in entry.below:
            yield from _walked(inner, depth - 1)


def as_json(table: Usage) -> list[shape.Json]:
    """Return the rows."""
    return [
        {
            "path": row.path,
            "kind": "folder" if row.is_folder else "file",
            "files": row.files,
            "tokens": dict(zip(LEVELS, row.tokens, strict=True)),
            "packed": row.packed,
            "level": row.level,
        }
        for row in table.rows
    ]


def lines(table: Usage, out: Output, width: int | None) -> Iterator[str]:
    """Yield the table in columns, within *width* characters a line where there is a width."""
    total = max(1, table.rows[0].full)
    heads = [*LEVELS, "share", "in pack"]
    cells = [[*(f"{n:,}" for n in row.tokens), _share(row.full, total), f"{row.packed:,}"] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    shown = _columns(heads, widths, width)
    room = None if width is None else max(LEAST_PATH, width - sum(widths[at] + 2 for at in shown))
    yield out.bold("".join(f"{heads[at]:>{widths[at]}}  " for at in shown) + "path")
    for row, line in zip(table.rows, cells, strict=True):
        yield "".join(f"{line[at]:>{widths[at]}}  " for at in shown) + _path(row, table.name, room)
    if table.dropped:
        yield f"({counted(table.dropped, 'cheaper row')}: --depth 1 shows all)"


def _columns(heads: Sequence[str], widths: Sequence[int], width: int | None) -> list[int]:
    """Return the columns that leave paths enough room."""
    shown = list(range(len(heads)))
    for name in DROPPED:
        if width is None or width - sum(widths[at] + 2 for at in shown) >= LEAST_PATH:
            break
        shown.remove(heads.index(name))
    return shown


def _share(tokens: int, total: int) -> str:
    return f"{100 * tokens / total:.1f} %"


def _path(row: Entry, name: str, room: int | None) -> str:
    """Return the name of a row under its folder's, with how the pack shows it."""
    own = safe_line(row.path.rpartition("/")[2] or name) + ("/" if row.is_folder else "")
    files = f" ({counted(row.files, 'file')})" if row.is_folder else f" [{row.level}]" if row.level else ""
    shown = "  " * row.depth + own + files
    if room is None or len(shown) <= room:
        return shown
    return shown[: room - 1] + "…"
