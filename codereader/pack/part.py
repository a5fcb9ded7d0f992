"""Show a part of a step that does not fit as a whole: its first lines, else the beginning of a long line.

What is shown already stays: behind a part of a higher level follows what the lower one shows of the rest. A part says
that it is one. Knows nothing of files on disk, models or terminals.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Protocol

from codereader.model.counter import TokenCounter
from codereader.pack.order import Step
from codereader.pack.piece import Piece
from codereader.pack.segment import Level

Pieces = tuple[Piece, ...]


class Source(Protocol):
    """Where the texts come from."""

    def pieces(self, path: str, level: Level, kept: Collection[int] = (), symbols: int | None = None) -> Pieces:
        """Return what stands for *path*, an outline with so many *symbols*; nothing where it has gone."""
        ...

    def cut(self, path: str, piece: Piece, lines: int) -> Piece:
        """Return the first *lines* lines of *piece*, and a line that says so; `end_line` is the last one shown."""
        ...

    def after(self, path: str, piece: Piece, line: int) -> Pieces:
        """Return what *piece* of *path* shows of the lines after *line*, without a heading."""
        ...


class Counts:
    """The tokens of texts, each counted once."""

    def __init__(self, count: TokenCounter) -> None:
        self._count = count
        self._known: dict[str, int] = {}

    def learn(self, texts: Iterable[str]) -> None:
        """Count the *texts* that were not yet, all at once."""
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        if new:
            self._known.update(zip(new, self._count.count_many(new), strict=True))

    def tokens(self, text: str) -> int:
        """Return the tokens of *text*."""
        self.learn((text,))
        return self._known[text]

    def sum(self, pieces: Iterable[Piece]) -> int:
        """Return the tokens of *pieces*."""
        return sum(self.tokens(piece.text) for piece in pieces)


LEAST_LINES = 8
"""A part has so many lines at least, as long as there is something else to fill a budget with."""


def part_of(
    step: Step, now: Pieces, whole: Pieces, source: Source, counts: Counts, least: int, most: int, fewest: int = 1
) -> Pieces | None:
    """Return *now* with as much of *step*, which would show *whole*, as takes *least* to *most* tokens.

    Of the lengths that do, the one that small changes of these are least likely to change. None where no part of
    *fewest* lines fits; of one, part of a line will do.
    """
    maker = _maker(step, now, whole, source)
    if maker is None:
        return None
    make, lines = maker
    longest = _most(lambda n: _fits(make(n), counts, most), lines - 1)
    if longest < fewest > 1:
        return None
    if longest:
        enough = _most(lambda n: _fits(make(n), counts, least - 1), longest) + 1
        made = make(_roundest(min(enough, longest), longest))
        return made if _fits(made, counts, most) else make(longest)
    return _part_of_line(make(1), counts, most)


_Make = Callable[[int], Pieces]


def _maker(step: Step, now: Pieces, whole: Pieces, source: Source) -> tuple[_Make, int] | None:
    """Return what shows a number of lines of what is new, and how many lines that has. An outline: of symbols."""
    if not whole:
        return None
    if step.level == "outline":
        return (lambda n: source.pieces(step.path, "outline", (), n)), step.symbols or _lines(whole[0]) - 1
    if step.body is not None:
        line = step.body.start_line
        at = next((n for n, one in enumerate(whole) if one.start_line == line and one.level not in _ELIDING), None)
        if at is None:
            return None
        return (lambda n: (*whole[:at], source.cut(step.path, whole[at], n), *whole[at + 1 :])), _lines(whole[at])
    if step.level == "name":
        return None
    return (lambda n: _raised(step, now, whole, source, n)), _lines(whole[0])


_ELIDING = ("outline", "skeleton", "name")


def _raised(step: Step, now: Pieces, whole: Pieces, source: Source, lines: int) -> Pieces:
    """Return the first *lines* lines of *whole*, behind them what is shown *now* of the rest.

    They count as missing what stands neither in them nor, but for an outline, behind them.
    """
    first = whole[0]
    last = source.cut(step.path, first, lines).end_line
    rest = tuple(piece for shown in now for piece in source.after(step.path, shown, last))
    if rest and rest[0].level != "outline":
        first = replace(first, end_line=max(last, rest[0].start_line - 1))
    return (source.cut(step.path, first, lines), *rest)


def _lines(piece: Piece) -> int:
    return piece.text.count("\n")


def _fits(pieces: Pieces, counts: Counts, most: int) -> bool:
    return counts.sum(pieces) <= most


def _most(fits: Callable[[int], bool], most: int) -> int:
    """Return the largest number up to *most* that *fits*, 0 for none; small ones are tried first."""
    yes, no = 0, most + 1
    guess = min(most, 8)
    while no - yes > 1:
        if fits(guess):
            yes = guess
        else:
            no = guess
        guess = min(2 * yes, most) if no > most and yes else (yes + no) // 2
    return yes


def _roundest(least: int, most: int) -> int:
    """Return the number from *least* to *most* that the highest power of two divides."""
    step = 1
    while (most // (2 * step)) * (2 * step) >= least:
        step *= 2
    return most // step * step


def _part_of_line(pieces: Pieces, counts: Counts, most: int) -> Pieces | None:
    """Return *pieces* with only so many characters of the longest line as fit, saying so."""
    at = max(range(len(pieces)), key=lambda n: max(map(len, pieces[n].text.split("\n"))))
    line = max(pieces[at].text.split("\n"), key=len)

    def make(characters: int) -> Pieces:
        return (*pieces[:at], _shortened(pieces[at], line, characters), *pieces[at + 1 :])

    longest = _most(lambda n: _fits(make(n), counts, most), len(line) - 1)
    return make(longest) if longest else None


def _shortened(piece: Piece, line: str, characters: int) -> Piece:
    text = piece.text.replace(line, f"{line[:characters]} ... {len(line) - characters:,} more characters", 1)
    return Piece(piece.level, text, piece.start_line, piece.end_line)
