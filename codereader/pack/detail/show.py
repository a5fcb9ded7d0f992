"""One file, ready to be shown at any level, as runs of whole lines.

A line of a file that looks like the heading of a file gets a backslash in front of it, one more than it had: no
content can pass for a heading, and taking one backslash away brings the line back.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from functools import cached_property

from codereader.index.anatomy import Anatomy, anatomy
from codereader.index.parsed import ParsedFile
from codereader.pack.detail.comments import uncommented
from codereader.pack.detail.heading import heading, main_names, show_name
from codereader.pack.detail.lines import Edit, Lines, edited, numbered, settled
from codereader.pack.detail.marks import comment
from codereader.pack.detail.outline import margin, outline
from codereader.pack.detail.skeleton import Skeleton, skeleton
from codereader.pack.piece import PLAIN, Body, Piece, Rendering
from codereader.pack.segment import Level

DELIMITER = "=== "
"""What the heading of a file begins with."""

_NUMBER = re.compile(r"\s*(\d+)")
_FORGED = re.compile(r"(^|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])(\\*=== )")


def shown(path: str, data: bytes, parsed: ParsedFile, rendering: Rendering = PLAIN) -> ShownFile:
    """Return the file *data* at *path* with the facts *parsed*, ready to be shown. Bytes that are no UTF-8: U+FFFD."""
    return ShownFile(path, data, parsed, rendering)


def unforged(text: str) -> str:
    """Return *text* with a backslash before each line that could be taken for the heading of a file."""
    return _FORGED.sub(r"\1\\\2", text) if DELIMITER in text else text


class ShownFile:
    """A file at each level of detail. What a level needs is worked out when it is first asked for."""

    def __init__(self, path: str, data: bytes, parsed: ParsedFile, rendering: Rendering) -> None:
        self._path = path
        self._data = data
        self._parsed = parsed
        self._rendering = rendering

    @property
    def bodies(self) -> Sequence[Body]:
        """The functions that may be kept in full in a skeleton, in order of lines; none where that is the full text."""
        return self._skeleton.bodies if self._is_shorter else ()

    def pieces(self, level: Level, kept: Collection[int] = ()) -> tuple[Piece, ...]:
        """Return the file at *level*, in order of lines; of a skeleton the bodies *kept* are pieces of level ``full``.

        A skeleton that would be no shorter is the full text, and says so.
        """
        lines = max(1, self._parsed.lines)
        if level == "name":
            names = main_names(self._parsed.definitions)
            return (Piece("name", show_name(self._path, self._parsed.lines, self._parsed.summary, names), 1, lines),)
        if level == "outline":
            rows = outline(self._parsed) or margin(self._lines, self._anatomy)
            return (self._headed(Piece("outline", unforged(rows), 1, lines)),)
        if level == "skeleton" and self._is_shorter:
            first, *others = self._runs(frozenset(kept))
            return (self._headed(first), *others)
        whole: Level = "full" if self._rendering.comments and level != "uncommented" else "uncommented"
        return (self._headed(Piece(whole, self._whole(whole), 1, lines)),)

    def cut(self, piece: Piece, lines: int) -> Piece:
        """Return *piece* with its first *lines* lines only (at least 1) and a line that counts those left out.

        Its `end_line` is the last line of the file that it says something about.
        """
        rows = _rows(piece.text)
        kept = max(1, lines) + _is_headed(piece)
        left = len(rows) - kept
        if left <= 0:
            return piece
        end = min(max(piece.start_line, self._line(piece, rows, kept) - 1), piece.end_line)
        missing = piece.end_line - end
        if not missing:
            return Piece(piece.level, "".join(rows[:kept]), piece.start_line, end)
        words = f"{missing} more line{'s' if missing > 1 else ''}: {_range(end + 1, piece.end_line)}"
        more = comment(self._parsed.language, words).decode()
        return Piece(piece.level, f"{''.join(rows[:kept])}{more}\n", piece.start_line, end)

    def rest(self, piece: Piece, line: int) -> Piece | None:
        """Return what *piece* shows after *line*, without what is left out around it; None where that is nothing."""
        edits = self._edits(piece.level)
        at = self._lines.start(line)
        here = bisect_left(edits, at, key=lambda one: one.end)
        if here < len(edits) and edits[here].start < at < edits[here].end:
            line = self._lines.row(edits[here].end - 1) + 1
        return self._run(piece.level, line + 1, piece.end_line) if line < piece.end_line else None

    def run(self, first: int, last: int) -> Piece:
        """Return the lines *first* to *last* in full, or without comments, and without a heading."""
        return self._run("full" if self._rendering.comments else "uncommented", first, min(last, self._lines.count))

    def _line(self, piece: Piece, rows: Sequence[str], at: int) -> int:
        """Return the line of the file that row *at* of a piece's text begins with."""
        if piece.level not in ("outline", "name"):
            edits = self._edits(piece.level)
            rows = _rows(
                numbered(self._lines, edits, piece.start_line - 1, piece.end_line - 1).decode("utf-8", "replace")
            )
            at -= _is_headed(piece)
        found = _NUMBER.match(rows[at]) if at < len(rows) else None
        return int(found[1]) if found else piece.end_line + 1

    # -- what levels are made of --------------------------------------------------------------------------------

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._data)

    @cached_property
    def _anatomy(self) -> Anatomy:
        return anatomy(self._data, self._parsed.language)

    @cached_property
    def _skeleton(self) -> Skeleton:
        return skeleton(self._lines, self._anatomy, self._parsed, self._rendering.comments)

    @cached_property
    def _uncommented(self) -> list[Edit]:
        return settled(uncommented(self._lines, self._anatomy, self._parsed.language), len(self._data))

    @cached_property
    def _is_shorter(self) -> bool:
        """Whether the skeleton is shorter than the whole text."""
        if not self._skeleton.edits:
            return False
        saved = sum(edit.end - edit.start - len(edit.text) for edit in self._skeleton.edits)
        whole = 0 if self._rendering.comments else sum(one.end - one.start - len(one.text) for one in self._uncommented)
        return saved > whole

    def _headed(self, piece: Piece) -> Piece:
        role = self._parsed.summary if piece.level == "outline" else None
        head = heading(self._path, piece.level, self._parsed.lines, role)
        return Piece(piece.level, head + piece.text, piece.start_line, piece.end_line)

    def _whole(self, level: Level) -> str:
        if level == "full" and not self._rendering.line_numbers:
            return _shown(self._data)
        return self._text(self._edits(level), 0, self._lines.count - 1)

    def _edits(self, level: Level) -> Sequence[Edit]:
        if level == "skeleton":
            return self._skeleton.edits
        return self._uncommented if level == "uncommented" else ()

    def _text(self, edits: Sequence[Edit], first: int, last: int) -> str:
        write = numbered if self._rendering.line_numbers else edited
        return _shown(write(self._lines, edits, first, last))

    def _runs(self, kept: frozenset[int]) -> list[Piece]:
        """Return the skeleton as runs of lines: those of the bodies *kept* in full, the others as they are."""
        full: Level = "full" if self._rendering.comments else "uncommented"
        made: list[Piece] = []
        line, count = 1, self._lines.count
        for body in self._skeleton.bodies:
            if body.number not in kept:
                continue
            if body.start_line > line:
                made.append(self._run("skeleton", line, body.start_line - 1))
            made.append(self._run(full, body.start_line, body.end_line))
            line = body.end_line + 1
        if line <= count:
            made.append(self._run("skeleton", line, count))
        return made

    def _run(self, level: Level, first: int, last: int) -> Piece:
        return Piece(level, self._text(self._edits(level), first - 1, last - 1), first, last)


def _range(first: int, last: int) -> str:
    return f"{first}-{last}" if last > first else f"{first}"


def _is_headed(piece: Piece) -> bool:
    return piece.text.startswith(DELIMITER)


def _shown(data: bytes) -> str:
    text = unforged(data.decode("utf-8", "replace"))
    return text if text.endswith("\n") else text + "\n"


def _rows(text: str) -> list[str]:
    """Return the lines of *text*, each with its line feed."""
    return [row + "\n" for row in text.split("\n")[:-1]]
