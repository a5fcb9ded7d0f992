"""Lines, boxes and words as characters. Columns and lines are 0-based; a wide character takes two cells.

Where two nets cross, the one that runs down lies above the other; where lines of one net meet, they are joined.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.cells import cell_len

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
ACROSS = LEFT | RIGHT
UPRIGHT = UP | DOWN

Run = tuple[int, int, int, int]
"""A straight line: first column, first line, last column, last line, all inclusive; either columns or lines differ."""

Cell = tuple[int, int]
"""A column and a line."""

_ORDER = (UPRIGHT, ACROSS, DOWN | RIGHT, DOWN | LEFT, UP | RIGHT, UP | LEFT)
_TEES = (UPRIGHT | RIGHT, UPRIGHT | LEFT, ACROSS | DOWN, ACROSS | UP, UPRIGHT | ACROSS)


@dataclass(frozen=True, slots=True)
class Pen:
    """The characters of lines, by the sides to which they lead."""

    glyphs: Mapping[int, str]

    def glyph(self, arms: int) -> str:
        """Return the character of a cell from which lines lead to the sides *arms*."""
        return self.glyphs[arms] if arms in self.glyphs else self.glyphs[UPRIGHT if arms & UPRIGHT else ACROSS]


def _pen(lines: str, tees: str) -> Pen:
    return Pen(dict(zip((*_ORDER, *_TEES), lines + tees, strict=True)))


@dataclass(frozen=True, slots=True)
class Marks:
    """The characters of a drawing: lines, those that lead up, those that are lit, and the heads of arrows.

    `frame`, `round` and `bold` are the sides and corners of boxes: across, upright, then the corners from the upper
    left on in the order of reading. `exit_down` and `exit_up` stand in a frame where a line leaves it.
    """

    line: Pen
    upward: Pen
    lit: Pen
    frame: str
    round: str
    bold: str
    head_down: str
    head_up: str
    exit_down: str
    exit_up: str


BOXES = Marks(
    line=_pen("│─┌┐└┘", "├┤┬┴┼"),
    upward=_pen("┆┄┌┐└┘", "├┤┬┴┼"),
    lit=_pen("┃━┏┓┗┛", "┣┫┳┻╋"),
    frame="─│┌┐└┘",
    round="─│╭╮╰╯",
    bold="━┃┏┓┗┛",
    head_down="▼",
    head_up="▲",
    exit_down="┬",
    exit_up="┴",
)
"""Box drawing, for terminals that show UTF-8."""

ASCII = Marks(
    line=_pen("|-++++", "+++++"),
    upward=_pen(":.++++", "+++++"),
    lit=_pen("#=####", "#####"),
    frame="-|++++",
    round="-|..''",
    bold="=#####",
    head_down="v",
    head_up="^",
    exit_down="+",
    exit_up="+",
)
"""The same for all others."""


def arms_of(runs: Iterable[Run]) -> dict[Cell, int]:
    """Return to which sides lines lead from each cell that *runs*, all of one net, take."""
    arms: dict[Cell, int] = {}
    for left, top, right, bottom in dict.fromkeys(runs):
        if top == bottom:
            first, last = min(left, right), max(left, right)
            for x in range(first, last + 1):
                sides = (LEFT if x > first else 0) | (RIGHT if x < last else 0)
                arms[x, top] = arms.get((x, top), 0) | sides
        else:
            first, last = min(top, bottom), max(top, bottom)
            for y in range(first, last + 1):
                sides = (UP if y > first else 0) | (DOWN if y < last else 0)
                arms[left, y] = arms.get((left, y), 0) | sides
    return arms


class Canvas:
    """Cells that are written one over the other."""

    def __init__(self, width: int, height: int) -> None:
        self.cells = [[" "] * width for _ in range(height)]

    def lines(self, runs: Iterable[Run], pen: Pen, crossed: dict[Cell, int]) -> None:
        """Draw *runs* of one net. *crossed* holds what other nets have drawn, and is added to."""
        for (x, y), arms in sorted(arms_of(runs).items()):
            if not (arms & ACROSS and not arms & UPRIGHT and (x, y) in crossed):
                self.cells[y][x] = pen.glyph(arms)
            crossed[x, y] = crossed.get((x, y), 0) | arms

    def words(self, x: int, y: int, text: str, last: int) -> None:
        """Write *text* from column *x* on, nothing behind column *last*."""
        at = x
        for character in text:
            wide = cell_len(character)
            if wide == 0:
                self.cells[y][at - 1 if at > x else x] += character
            elif at + wide - 1 > last:
                return
            else:
                self.cells[y][at : at + wide] = [character, *[""] * (wide - 1)]
                at += wide

    def frame(self, left: int, top: int, right: int, bottom: int, sides: str) -> None:
        """Draw a box with its inside empty; *sides* as in `Marks`."""
        across, upright, *corners = tuple(sides)
        for y in range(top + 1, bottom):
            self.cells[y][left : right + 1] = [upright, *[" "] * (right - left - 1), upright]
        for y, first, last in ((top, corners[0], corners[1]), (bottom, corners[2], corners[3])):
            self.cells[y][left : right + 1] = [first, *[across] * (right - left - 1), last]

    @property
    def text(self) -> tuple[str, ...]:
        """All lines, without the space at their ends."""
        return tuple("".join(row).rstrip() for row in self.cells)


def width_of(text: str) -> int:
    """Return the cells that *text* takes as `Canvas.words` writes it."""
    return sum(map(cell_len, text))
