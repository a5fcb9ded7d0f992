"""The rows of a tree of relations: what each stands for, what is below it, and how it reads.

A row says what it names at the left; at its end how it came about and where it stands, muted. Knows no widget.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codereader.fronts.text import safe_line
from codereader.fronts.tui.cells import Part
from codereader.fronts.tui.find.relating import NOTHING, Looked, Related, Relative
from codereader.fronts.tui.find.sides import SIGNS, two_ends
from codereader.fronts.tui.messages import Look, Way

TITLES: dict[Way, str] = {
    "definitions": "definitions",
    "callers": "callers",
    "callees": "callees",
    "implementors": "implementors",
    "refs": "mentions",
    "paths-to": "paths to",
}

INDENT = 2
"""Cells that a hop moves to the right."""


@dataclass(eq=False, slots=True)
class Branch:
    """A row of the tree. `branches` is None before it was asked for; `keys` spell what stands above it and itself."""

    relative: Relative
    way: Way
    depth: int
    keys: frozenset[str] = frozenset()
    is_title: bool = False
    is_note: bool = False
    is_cycle: bool = False
    other: str | None = None
    total: int | None = None
    is_open: bool = False
    is_asked: bool = False
    branches: list[Branch] | None = None

    @property
    def can_open(self) -> bool:
        """Whether there is, or may be, something below."""
        leads_on = bool(self.relative.symbol or self.relative.children) and self.way not in ("definitions", "refs")
        return not self.is_note and not self.is_cycle and (self.is_title or leads_on) and self.branches != []


def _sign(branch: Branch) -> str:
    if branch.is_cycle:
        return "↺"
    if branch.is_asked:
        return "…"
    if branch.can_open:
        return "▾" if branch.is_open else "▸"
    return " "


def _title(branch: Branch) -> Iterator[Part]:
    if branch.is_note:
        yield safe_line(branch.relative.name), "accent" if branch.relative.symbol else "muted"
        return
    other = f" {safe_line(branch.other)}" if branch.other else ""
    yield TITLES[branch.way] + other, ""
    if branch.total is not None:
        yield f"  {branch.total:,}", "muted"


def _left(branch: Branch) -> Iterator[Part]:
    kind = branch.relative.kind
    if kind:
        yield f"{SIGNS.get(kind, '·')} ", "accent"
    yield safe_line(branch.relative.name), ""
    if branch.is_cycle:
        yield "  shown above", "muted"


def _right(branch: Branch) -> Iterator[Part]:
    """Yield what matters least first: it is cut first."""
    one = branch.relative
    if one.condition:
        yield f"[{safe_line(one.condition)}]  ", "muted"
    if one.said:
        yield safe_line(", ".join(one.said)) + "  ", "muted"
    if one.place:
        yield f"{safe_line(one.place.path)}:{one.place.line} ", "muted"


def beginning(looked: Looked) -> Iterator[Branch]:
    """Yield the rows of a symbol before anything was asked of it."""
    if not looked.definitions:
        near = "near names:" if looked.near else "no name of the index is near it"
        yield Branch(Relative(f"nothing is called {looked.text}; {near}"), "definitions", 0, is_note=True)
        for name in looked.near:
            yield Branch(Relative(name, symbol=name), "definitions", 0, is_note=True)
    for way in looked.ways:
        title = Branch(Relative(way), way, 0, looked.keys, is_title=True)
        if way == "definitions":
            title.total, title.is_open = len(looked.definitions), True
            title.branches = [Branch(one, way, 1) for one in looked.definitions]
        yield title
        yield from visible(title) if title.is_open else ()


def children_of(branch: Branch, found: Related) -> Iterator[Branch]:
    """Yield the rows below *branch*, from its answer."""
    yield from (child_of(branch, one) for one in found.relatives)
    if not found.relatives and not found.notes:
        yield _note(branch, NOTHING[branch.way])
    for note in found.notes:
        yield _note(branch, note)


def _note(branch: Branch, text: str) -> Branch:
    return Branch(Relative(text), branch.way, branch.depth + 1, is_note=True)


def child_of(branch: Branch, one: Relative) -> Branch:
    """Return a row below *branch*; hops of a path lead on to what they call."""
    is_hop = branch.way == "paths-to" and not branch.is_title
    way: Way = "callees" if is_hop else branch.way
    is_cycle = one.symbol in branch.keys and not is_hop and branch.way in ("callers", "callees")
    keys = branch.keys | {one.symbol} if one.symbol else branch.keys
    return Branch(one, way, branch.depth + 1, keys, is_cycle=is_cycle)


def visible(branch: Branch) -> Iterator[Branch]:
    """Yield what is shown below an open row."""
    for one in branch.branches or ():
        yield one
        if one.is_open:
            yield from visible(one)


def is_asked_for(branch: Branch, wanted: Look) -> bool:
    """Tell whether *wanted* asks for the title *branch*."""
    return branch.is_title and branch.way == wanted.way and branch.other == wanted.other


def indent(branch: Branch) -> int:
    """Return the cells before the sign of a row."""
    return 1 + branch.depth * INDENT


def drawn(branch: Branch, width: int) -> Iterator[Part]:
    """Yield one row: how deep it is, whether it opens, its name; at its end how it came about, and its place."""
    front = (" " * indent(branch) + _sign(branch) + " ", "muted")
    if branch.is_title or branch.is_note:
        yield from two_ends([front, *_title(branch)], [], width)
    else:
        yield from two_ends([front, *_left(branch)], list(_right(branch)), width)
