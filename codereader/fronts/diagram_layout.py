"""Lay boxes and arrows out in characters, top to bottom: a diagram for a terminal, as lines of text.

Pure and deterministic: the same boxes and arrows give the same characters. Lines that leave a box downwards do so as
one, and part on their way; every arrow has a head of its own, with its label behind. Boxes without arrows stand below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from codereader.fronts.drawing.canvas import ASCII, BOXES, Canvas, Cell, Marks, Run, arms_of, width_of
from codereader.fronts.drawing.channels import Pins, Way, ways
from codereader.fronts.drawing.columns import settled, within
from codereader.fronts.drawing.graph import Edge, Node, Pair
from codereader.fronts.drawing.rows import Item, Net, Rows, is_upward, rows_of

__all__ = ["ASCII", "BOXES", "Drawing", "Edge", "Frame", "Marks", "Node", "layout"]

WIDTH = 100
"""Characters that rows of boxes keep to where they can."""

PAD = 1
"""Blanks at both sides of the words in a box."""

APART = 3
"""Columns between two boxes of a row."""

PASSING = 2
"""Columns between a line that passes a row and what stands beside it."""

SETTLINGS = 12
"""So often boxes are moved towards what they are joined to."""

Runs = dict[Pair, list[Run]]
"""The runs of each arrow, from the upper end on."""

STRAIGHT = 3.0
"""How much the wish of a passing line for its column counts against that of a box."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a box stands: its first and last column and line, inclusive."""

    key: str
    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """A diagram: its lines, where each box stands (row by row, from left to right), and the runs of each arrow."""

    width: int
    lines: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    """The characters cell by cell; behind a wide one stands an empty one."""
    frames: tuple[Frame, ...]
    runs: Mapping[Pair, tuple[Run, ...]]
    marks: Marks
    upward: frozenset[Pair] = frozenset()
    """The arrows that lead up."""
    nets: Mapping[Pair, Net] = field(default_factory=dict)
    """Which arrows share their lines."""

    def lit(self, pairs: Sequence[Pair]) -> dict[Cell, str]:
        """Return the characters of the arrows *pairs* as lit lines, by cell; where they cross, those that run down."""
        found: dict[Cell, str] = {}
        by_net: dict[Net, list[Run]] = {}
        for pair in pairs:
            by_net.setdefault(self.nets[pair], []).extend(self.runs[pair])
        for _, runs in sorted(by_net.items()):
            for cell, arms in sorted(arms_of(runs).items()):
                is_under = cell in found and arms & 12 and not arms & 3
                if not is_under:
                    found[cell] = self.marks.lit.glyph(arms)
        heads = {self.marks.head_down, self.marks.head_up}
        borders = {(x, y) for one in self.frames for y in (one.top, one.bottom) for x in range(one.left, one.right + 1)}
        return {
            (x, y): self.cells[y][x] if self.cells[y][x] in heads else glyph
            for (x, y), glyph in found.items()
            if (x, y) not in borders
        }


def layout(nodes: Sequence[Node], edges: Sequence[Edge], *, width: int = WIDTH, marks: Marks = BOXES) -> Drawing:
    """Return *nodes* and *edges* drawn, rows of boxes about *width* characters wide.

    Arrows with an end that is no node, from a box to itself, and second ones of a pair are left out.
    """
    known = {node.key: node for node in nodes}
    drawn = {one.pair: one for one in edges if one.start != one.end and set(one.pair) <= known.keys()}
    joined = {key for pair in drawn for key in pair}
    placed = _Placed([node for node in nodes if node.key in joined], list(drawn.values()), width)
    frames, runs = placed.draw()
    below = max((frame.bottom + 2 for frame in frames), default=0)
    frames += _alone([node for node in nodes if node.key not in joined], max(width, placed.width), below)
    return _drawn(known, frames, placed, runs, marks)


def _alone(nodes: Sequence[Node], width: int, top: int) -> list[Frame]:
    """Return the frames of boxes without arrows: in lines of *width* characters from the line *top* on."""
    found: list[Frame] = []
    left = tall = 0
    for node in nodes:
        wide = _inner(node) + 2
        if left and left + wide > width:
            left, top, tall = 0, top + tall, 0
        found.append(Frame(node.key, left, top, left + wide - 1, top + len(node.lines) + 1))
        left, tall = left + wide + APART - 1, max(tall, len(node.lines) + 2)
    return found


def _inner(node: Node) -> int:
    """Return the columns inside of a box."""
    return max(1, *map(width_of, node.lines)) + 2 * PAD if node.lines else 1


@dataclass(slots=True)
class _Ports:
    """At which columns lines leave and enter the boxes of one row: below, by net; above, by net."""

    below: dict[tuple[Item, Net], int] = field(default_factory=dict)
    above: dict[tuple[Item, Net], int] = field(default_factory=dict)


class _Placed:
    """Boxes and arrows on their way to columns and lines."""

    def __init__(self, nodes: Sequence[Node], edges: Sequence[Edge], width: int) -> None:
        self.nodes = {node.key: node for node in nodes}
        self.edges = edges
        self.label = {one.pair: one.label for one in edges}
        self._sides: dict[Item, tuple[list[tuple[Net, str]], list[tuple[Net, str]]]] = {}
        least = {node.key: _inner(node) + 2 + APART for node in nodes}
        self.rows: Rows = rows_of(list(self.nodes), edges, least, width)
        self._gather()
        self.wide = {item: self._width(item) for row in self.rows.items for item in row}
        self.left = self._lefts()
        self.width = max((self.left[item] + self.wide[item] for item in self.left), default=0)

    def _gather(self) -> None:
        """Note which lines end at the upper and the lower side of each box, with what stands at their ends."""
        for one in self.edges:
            net = self.rows.net[one.pair]
            start, end = self._side(one.start), self._side(one.end)
            leaving, arriving = (start[0], end[1]) if is_upward(net) else (start[1], end[0])
            if (net, "") not in leaving:
                leaving.append((net, ""))
            arriving.append((net, one.label))

    def _side(self, key: str) -> tuple[list[tuple[Net, str]], list[tuple[Net, str]]]:
        return self._sides.setdefault(Item(key), ([], []))

    def _width(self, item: Item) -> int:
        """Return the columns of an item: of a box those of its words, more where many lines end at a side."""
        if item.net is not None:
            return 1
        ends = max(sum(2 + width_of(label) for _, label in side) for side in self._side(item.key))
        return 2 + max(_inner(self.nodes[item.key]), ends)

    def _lefts(self) -> dict[Item, int]:
        """Return the first column of each item, boxes near what they are joined to."""
        left: dict[Item, int] = {}
        for row in self.rows.items:
            at = 0
            for item, gap in zip(row, [*self._gaps(row), 0], strict=True):
                left[item] = at
                at += gap
        above: dict[Item, list[Item]] = {}
        below: dict[Item, list[Item]] = {}
        for some in self.rows.links:
            for upper, lower, _ in some:
                below.setdefault(upper, []).append(lower)
                above.setdefault(lower, []).append(upper)
        for turn in range(SETTLINGS):
            order = self.rows.items if turn % 2 == 0 else self.rows.items[::-1]
            for row in order:
                self._settle(row, left, (above, below) if turn > SETTLINGS // 2 else ((above, below)[turn % 2],))
        first = min(left.values(), default=0)
        return {item: column - first for item, column in left.items()}

    def _gaps(self, row: Sequence[Item]) -> list[int]:
        """Return how far each item of a row begins before the next at least."""
        return [
            self.wide[one] + (APART - 1 if one.net is None and other.net is None else PASSING - 1)
            for one, other in pairwise(row)
        ]

    def _settle(
        self, row: Sequence[Item], left: dict[Item, int], sides: Sequence[Mapping[Item, Sequence[Item]]]
    ) -> None:
        wanted = []
        for item in row:
            around = [other for side in sides for other in side.get(item, ())]
            middles = [left[other] + (self.wide[other] - 1) / 2 for other in around]
            own = (self.wide[item] - 1) / 2
            wanted.append(sum(middles) / len(middles) - own if middles else float(left[item]))
        weights = [STRAIGHT if item.net is not None else 1.0 for item in row]
        left.update(zip(row, settled(wanted, self._gaps(row), weights), strict=True))

    def middle(self, item: Item) -> int:
        """Return the column in the middle of an item."""
        return self.left[item] + (self.wide[item] - 1) // 2

    def draw(self) -> tuple[list[Frame], Runs]:
        """Return where boxes stand and how the arrows between them run."""
        ports = self._ports()
        frames: list[Frame] = []
        runs: Runs = {one.pair: [] for one in self.edges}
        top = 0
        for at, row in enumerate(self.rows.items):
            boxes = [item for item in row if item.net is None]
            tall = max(len(self.nodes[item.key].lines) for item in boxes) + 2
            frames += [
                Frame(item.key, self.left[item], top, self.left[item] + self.wide[item] - 1, top + tall - 1)
                for item in boxes
            ]
            self._pass(at, top, tall, runs)
            top += tall
            if at < len(self.rows.links):
                top = self._channel(at, top, ports, runs)
        return frames, runs

    def _ports(self) -> _Ports:
        """Return the columns of all ends of lines, row by row from the top."""
        ports = _Ports()
        for at, row in enumerate(self.rows.items):
            links = self.rows.links[at] if at < len(self.rows.links) else ()
            before = self.rows.links[at - 1] if at else ()
            for item in row:
                if item.net is not None:
                    ports.above[item, item.net] = ports.below[item, item.net] = self.left[item]
                    continue
                ends: dict[Net, list[int]] = {}
                for upper, lower, net in links:
                    if upper == item:
                        ends.setdefault(net, []).append(self.middle(lower))
                self._spread(item, self._sides[item][1], ends, ports.below)
                ends = {net: [ports.below[upper, net]] for upper, lower, net in before if lower == item}
                self._spread(item, self._sides[item][0], ends, ports.above)
        return ports

    def _spread(
        self,
        item: Item,
        side: Sequence[tuple[Net, str]],
        ends: Mapping[Net, Sequence[int]],
        ports: dict[tuple[Item, Net], int],
    ) -> None:
        """Give the lines at one side of a box their columns: where they come straight, in the order of where to."""
        middle = self.middle(item)
        wanted = {net: ends[net][0] if len(ends[net]) == 1 else middle for net, _ in side}
        mean = {net: sum(ends[net]) / len(ends[net]) for net, _ in side}
        order = sorted(side, key=lambda one: (mean[one[0]], one[0]))
        gaps = [width_of(label) + 2 for _, label in order]
        last = self.left[item] + self.wide[item] - 2 - (width_of(order[-1][1]) if order else 0)
        columns = within([wanted[net] for net, _ in order], gaps[:-1], self.left[item] + 1, last)
        ports.update({(item, net): column for (net, _), column in zip(order, columns, strict=True)})

    def _pass(self, row: int, top: int, tall: int, runs: Runs) -> None:
        """Lead lines past a row."""
        for pair, net in self.rows.net.items():
            upper, lower = sorted(self.rows.level[key] for key in pair)
            if upper < row < lower:
                column = self.left[Item("", net, row)]
                runs[pair].append((column, top - 1, column, top + tall))

    def _channel(self, at: int, top: int, ports: _Ports, runs: Runs) -> int:
        """Lead the lines between a row and the next, the first of them on the line *top*; return where that begins."""
        links = self.rows.links[at]
        upper: dict[Net, dict[Item, int]] = {}
        lower: dict[Net, dict[Item, int]] = {}
        for one, other, net in links:
            upper.setdefault(net, {})[one] = ports.below[one, net]
            lower.setdefault(net, {})[other] = ports.above[other, net]
        found, tracks = ways(
            [Pins(net, tuple(upper[net].values()), tuple(lower[net].values())) for net in sorted(upper)]
        )
        first = top + any(is_upward(net) and one.net is None for one, _, net in links)
        has_heads = any(not is_upward(net) and other.net is None for _, other, net in links)
        bottom = first + max(tracks, 1) + has_heads
        for pair, net in self.rows.net.items():
            level, key = zip(*sorted((self.rows.level[key], key) for key in pair), strict=True)
            if level[0] <= at < level[1]:
                begin = upper[net][Item(key[0]) if level[0] == at else Item("", net, at)]
                end = lower[net][Item(key[1]) if level[1] == at + 1 else Item("", net, at + 1)]
                runs[pair] += _led(found[net], begin, end, top - 1, first, bottom)
        return bottom


def _led(way: Way, begin: int, end: int, top: int, first: int, bottom: int) -> list[Run]:
    """Return the runs from column *begin* on the line *top* to column *end* on *bottom*; tracks begin at *first*."""
    upper, lower = first + way.upper, first + way.lower
    turn = end if way.turn is None else way.turn
    return [
        (begin, top, begin, upper),
        (begin, upper, turn, upper),
        (turn, upper, turn, lower),
        (turn, lower, end, lower),
        (end, lower, end, bottom),
    ]


def _drawn(nodes: Mapping[str, Node], frames: Sequence[Frame], placed: _Placed, runs: Runs, marks: Marks) -> Drawing:
    """Return lines, boxes over their ends, and the heads of arrows in characters."""
    width = max((frame.right + 1 for frame in frames), default=0)
    width = max(width, *(max(run[0], run[2]) + 1 for some in runs.values() for run in some), 0, 0)
    canvas = Canvas(width, max((frame.bottom + 1 for frame in frames), default=0))
    nets: dict[Net, list[Run]] = {}
    for pair, some in runs.items():
        nets.setdefault(placed.rows.net[pair], []).extend(some)
    crossed: dict[Cell, int] = {}
    for net, some in sorted(nets.items()):
        canvas.lines(some, marks.upward if is_upward(net) else marks.line, crossed)
    for frame in frames:
        node = nodes[frame.key]
        canvas.frame(frame.left, frame.top, frame.right, frame.bottom, marks.round if node.is_round else marks.frame)
        for at, text in enumerate(node.lines):
            canvas.words(frame.left + 1 + PAD, frame.top + 1 + at, text, frame.right - 1)
    for pair, some in runs.items():
        (x, y, *_), (*_, column, line) = some[0], some[-1]
        up = is_upward(placed.rows.net[pair])
        canvas.cells[line if up else y][column if up else x] = marks.exit_up if up else marks.exit_down
        head = (x, y + 1) if up else (column, line - 1)
        canvas.words(*head, (marks.head_up if up else marks.head_down) + placed.label[pair], width - 1)
    frozen = {pair: tuple(dict.fromkeys(some)) for pair, some in runs.items()}
    upward = frozenset(pair for pair, net in placed.rows.net.items() if is_upward(net))
    cells = tuple(map(tuple, canvas.cells))
    return Drawing(width, canvas.text, cells, tuple(frames), frozen, marks, upward, placed.rows.net)
