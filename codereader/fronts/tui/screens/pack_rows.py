"""The rows of a pack: its files by how they are shown, what stands beside them, what is left out. Knows no screen.

Sizes are tokens. The dearest comes first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codereader.fronts.packed.left_out import NO_ROOM, is_unread, removed
from codereader.fronts.text import counted, safe, safe_line
from codereader.fronts.tui.screens.pack_seen import levels_of

if TYPE_CHECKING:
    from codereader.fronts.tui.screens.pack_seen import Seen
    from codereader.pack.segment import LeftOut, Segment

FOLDED_FROM = 30
"""A group with more rows is folded at first, unless files in it are sent with their text."""

TITLES = {
    "focus": "for the question",
    "full": "in full",
    "uncommented": "in full without comments",
    "skeleton": "skeletons",
    "outline": "outlines",
    "name": "names",
    "beside": "beside the files, in no budget",
    "cut": "left out of what is not in full",
    "unread": "not read",
}
"""The groups in the order that they are shown in, and what they are called."""

BLOCKS = {"focus": "═", "full": "━", "uncommented": "━", "skeleton": "╍", "outline": "─", "name": "┄"}
"""How the bar draws what takes room in the budget, told apart without colours."""

FREE = " "


@dataclass(frozen=True, slots=True)
class Item:
    """One row. `tokens` are those sent, of what is left out those that are missing; not `exact`: about so many.

    `text` is what the model sees, "" where that is nothing. `line` is the first of the file that is shown, 1-based,
    and 0 where there is no file to open. `note` says what else there is to know.
    """

    path: str
    tokens: int
    exact: bool = True
    text: str = ""
    line: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The items at one level (a key of `TITLES`)."""

    key: str
    items: tuple[Item, ...]
    tokens: int

    @property
    def title(self) -> str:
        """What it is called."""
        return TITLES[self.key]

    @property
    def is_exact(self) -> bool:
        """Whether all of it was counted."""
        return all(item.exact for item in self.items)

    @property
    def is_sent(self) -> bool:
        """Whether it takes room in the budget."""
        return self.key in BLOCKS

    @property
    def starts_open(self) -> bool:
        """Whether its items are shown at first."""
        return self.key in ("focus", "full", "uncommented", "skeleton", "beside") or len(self.items) <= FOLDED_FROM


def groups(seen: Seen) -> tuple[Group, ...]:
    """Return what *seen* consists of, in the order of `TITLES`; what is empty is not there."""
    found: dict[str, list[Item]] = defaultdict(list)
    packed = seen.packed
    levels = levels_of(packed)
    for segments in _files(packed.base.segments):
        level = levels[segments[0].path]
        found["name" if level == "part" else level].append(_sent(segments))
    found["focus"] += (_sent([segment]) for segment in packed.focus.segments)
    found["beside"] += (Item(one.name, one.tokens, text=one.text) for one in seen.beside)
    for row in packed.left_out:
        found["unread" if is_unread(row) else "cut"].append(_missing(row))
    return tuple(_group(key, found[key]) for key in TITLES if found[key])


def _group(key: str, items: Iterable[Item]) -> Group:
    rows = sorted(items, key=lambda item: (-item.tokens, item.path, item.line, item.note))
    return Group(key, tuple(rows), sum(item.tokens for item in rows))


def _files(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Yield the segments of each file."""
    held: list[Segment] = []
    for segment in segments:
        if held and segment.path != held[0].path:
            yield held
            held = []
        held.append(segment)
    if held:
        yield held


def _sent(segments: Sequence[Segment]) -> Item:
    from codereader.fronts.packed.document import kept_in_full

    first, last = segments[0], segments[-1]
    kept = kept_in_full(segments)
    return Item(
        first.path,
        sum(segment.tokens for segment in segments),
        text="".join(segment.text for segment in segments),
        line=0 if first.path.endswith("/") else max(1, first.start_line),
        note=f"{counted(kept, 'function')} in full" if kept else _lines(first, last),
    )


def _lines(first: Segment, last: Segment) -> str:
    """Return which lines of a file a question needs."""
    return f"lines {first.start_line:,}-{last.end_line:,}" if first.part == "focus" else ""


def _missing(row: LeftOut) -> Item:
    """Return what is missing of a file, what brings it back, and why."""
    if is_unread(row):
        return Item(row.path, 0, note=safe_line(row.reason))
    about = "" if row.exact else "about "
    back = f"in full from {about}{row.budget:,}" if row.budget else "more with a larger budget"
    why = "no room" if row.reason == NO_ROOM else safe_line(row.reason)
    return Item(row.path, removed(row), row.exact, line=1, note=f"{back}: {why}")


def bar(shares: Sequence[tuple[str, int]], budget: int, width: int) -> Iterator[tuple[str, int]]:
    """Yield the groups of *shares* (key, tokens) and how many of *width* cells each takes; "" is what is free.

    What is there has a cell at least while there is room; all cells together are *width*.
    """
    total = max(budget, sum(tokens for _, tokens in shares), 1)
    spent = drawn = 0
    for key, tokens in shares:
        spent += tokens
        end = min(width, max(drawn + (tokens > 0), round(width * spent / total)))
        if end > drawn:
            yield key, end - drawn
        drawn = end
    if drawn < width:
        yield "", width - drawn


class PackRows:
    """The rows of a pack, of which groups may be folded: a group, or an item and the group that it is in."""

    def __init__(self) -> None:
        self.groups: tuple[Group, ...] = ()
        self.rows: list[Group | tuple[Group, Item]] = []
        self._open: dict[str, bool] = {}

    def tell(self, found: tuple[Group, ...]) -> None:
        """Show the groups *found*; those that the person folded or unfolded stay so."""
        self.groups = found
        self._list()

    def is_open(self, group: Group) -> bool:
        """Tell whether the items of *group* are shown."""
        return self._open.get(group.key, group.starts_open or group is self.groups[0])

    def toggle(self, group: Group) -> None:
        """Fold *group*, or unfold it."""
        self._open[group.key] = not self.is_open(group)
        self._list()

    def _list(self) -> None:
        self.rows = []
        for group in self.groups:
            self.rows.append(group)
            if self.is_open(group):
                self.rows += ((group, item) for item in group.items)

    def position(self, key: str, path: str) -> int:
        """Return the row of *path* in the group *key*, else of the same path in another, else 0."""
        found = [at for at, row in enumerate(self.rows) if isinstance(row, tuple) and row[1].path == path]
        same = [at for at in found if isinstance(row := self.rows[at], tuple) and row[0].key == key]
        titles = (at for at, row in enumerate(self.rows) if isinstance(row, Group) and row.key == key)
        return next(iter(same or found or titles), 0)


def lines_of(text: str) -> list[str]:
    """Return what the model sees as lines that can be shown: tabs are eight columns wide, the rest made safe."""
    return [line.expandtabs(8) for line in safe(text).split("\n")[: -1 if text.endswith("\n") else None]]


BUDGETS = tuple(sorted({1 << power for power in range(9, 21)} | {3 << power for power in range(8, 20)}))
"""The budgets that the keys step through: powers of two and what lies between."""


def next_budget(tokens: int, way: int) -> int:
    """Return the next budget below (-1) or above (1) *tokens*, which stays where there is none."""
    steps = [step for step in BUDGETS if (step - tokens) * way > 0]
    return (min(steps) if way > 0 else max(steps)) if steps else tokens
