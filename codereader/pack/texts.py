"""The texts of a scope's files at each level, read only as far as a level needs.

Remembers the files that changed or vanished since they were indexed. Knows nothing of budgets.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from codereader.errors import NothingReadable
from codereader.index.parsed import ParsedFile
from codereader.index.view import IndexedFile, IndexView
from codereader.pack.detail import main_names, show_name, shown
from codereader.pack.detail.marks import comment
from codereader.pack.detail.show import ShownFile
from codereader.pack.piece import PLAIN, Piece, Rendering
from codereader.pack.segment import Level
from codereader.pack.value import Symbols

Redact = Callable[[str, str], str]
"""Called with a path and the text of a piece of it; returns the text with what must not be shown replaced."""

KEPT_BYTES = 48 << 20
"""Files of so many bytes altogether stay ready to be shown again: several levels of each are tried."""

MOST_NAMES = 5

TIER = 12
"""A long outline is shown symbol by symbol: so many of the most important, then twice as many, and so on."""

_OUTLINED = re.compile(r"\s*(\d+)\b")
"""A line of an outline begins with the line of the symbol."""


class Texts:
    """What there is to show of the files of *view*."""

    def __init__(self, view: IndexView, rendering: Rendering = PLAIN, redact: Redact | None = None) -> None:
        self._view = view
        self._rendering = rendering
        self.symbols = Symbols(view)
        self._redact = redact
        self._kept: OrderedDict[str, tuple[ShownFile, int]] = OrderedDict()
        self._bytes = 0
        self._ranked: dict[str, list[int]] = {}
        self._outlines: dict[str, Outline] = {}
        self.gone: dict[str, str] = {}

    def name(self, path: str) -> Piece:
        """Return the name level of *path*, which is not read."""
        file = self._file(path)
        names = () if file.summary else main_names(at.fact for at in self._view.definitions(path=path))
        text = show_name(path, file.lines, file.summary, names[:MOST_NAMES])
        return self._safe(path, Piece("name", text, 1, max(1, file.lines)))

    def shown(self, path: str) -> ShownFile | None:
        """Return the file at *path*, None (and an entry in `gone`) where it is no longer what was indexed."""
        if (found := self._kept.get(path)) is not None:
            self._kept.move_to_end(path)
            return found[0]
        data = self._read(path)
        if data is None:
            return None
        made = shown(path, data, self._view.parsed(path, with_references=False), self._rendering)
        self._kept[path] = made, len(data)
        self._bytes += len(data)
        while self._bytes > KEPT_BYTES and len(self._kept) > 1:
            oldest, (_, size) = self._kept.popitem(last=False)
            self._outlines.pop(oldest, None)
            self._bytes -= size
        return made

    def pieces(
        self, path: str, level: Level, kept: Collection[int] = (), symbols: int | None = None
    ) -> tuple[Piece, ...]:
        """Return *path* at *level* with the bodies *kept*, in order of lines; nothing where the file has gone.

        An outline shows the most important *symbols*, all where None.
        """
        if level == "name":
            return (self.name(path),)
        if level == "full" and self._rendering == PLAIN and path not in self._kept:
            return self._whole(path)
        file = self.shown(path)
        if file is None:
            return ()
        if level == "outline":
            best = None if symbols is None else self._best(path, file)[:symbols]
            made: Sequence[Piece] = (outlined(self._outline(path, file), best),)
        else:
            made = file.pieces(level, kept)
            if kept and not self._rendering.line_numbers:
                made = told(made, self._file(path).language)
        return tuple(self._safe(path, piece) for piece in made)

    def tiers(self, path: str) -> list[tuple[int | None, int]]:
        """Return the outlines of ever more symbols of *path*: how many (None for all) and the characters they take."""
        file = self.shown(path)
        if file is None:
            return []
        whole = self._outline(path, file)
        if not whole.rows:
            return []
        best = self._best(path, file)
        made: list[tuple[int | None, int]] = []
        symbols = TIER
        while symbols * 4 < len(best) * 3:
            made.append((symbols, len(whole.head) + sum(len(whole.rows[n][1]) for n in best[:symbols])))
            symbols *= 2
        return [*made, (None, len(whole.head) + sum(len(text) for _, text in whole.rows))]

    def cut(self, path: str, piece: Piece, lines: int) -> Piece:
        """Return *piece* of *path* with its first *lines* lines only; `end_line` is the last of them."""
        file = self.shown(path)
        return self._safe(path, file.cut(piece, lines)) if file else piece

    def after(self, path: str, piece: Piece, line: int) -> tuple[Piece, ...]:
        """Return what *piece* shows of the lines after *line*, without a heading."""
        if piece.start_line > line:
            return (piece,)
        file = self.shown(path)
        if piece.end_line <= line or piece.level == "name" or file is None:
            return ()
        if piece.level == "outline":
            text = "".join(row for at, row in outline_of(piece).rows if at > line)
            return (Piece("outline", text, line + 1, piece.end_line),) if text else ()
        rest = file.rest(piece, line)
        return (self._safe(path, rest),) if rest else ()

    def _outline(self, path: str, file: ShownFile) -> Outline:
        if path not in self._outlines:
            self._outlines[path] = outline_of(file.pieces("outline")[0])
        return self._outlines[path]

    def _best(self, path: str, file: ShownFile) -> list[int]:
        """Return the rows of the outline of *path*, by number, the most important first."""
        if path not in self._ranked:
            worths = self.symbols.rows(path)
            rows = self._outline(path, file).rows
            self._ranked[path] = sorted(range(len(rows)), key=lambda n: (-worths.get(rows[n][0], 0.0), n))
        return self._ranked[path]

    def _whole(self, path: str) -> tuple[Piece, ...]:
        """Return *path* in full: no fact of it is needed."""
        data = self._read(path)
        if data is None:
            return ()
        file = self._file(path)
        made = shown(path, data, ParsedFile(file.language, file.lines), self._rendering)
        return tuple(self._safe(path, piece) for piece in made.pieces("full"))

    def _read(self, path: str) -> bytes | None:
        if path in self.gone:
            return None
        try:
            return self._view.text(path)
        except NothingReadable as error:
            self.gone[path] = str(error)
            return None

    def _file(self, path: str) -> IndexedFile:
        file = self._view.file(path)
        if file is None:
            raise KeyError(path)
        return file

    def _safe(self, path: str, piece: Piece) -> Piece:
        if self._redact is None:
            return piece
        text = self._redact(path, piece.text)
        return piece if text == piece.text else Piece(piece.level, text, piece.start_line, piece.end_line)


@dataclass(frozen=True, slots=True)
class Outline:
    """The outline of a file of `lines` lines: its heading, and its rows with their 1-based lines.

    A row is a symbol and what belongs to it, with its line break.
    """

    head: str
    rows: list[tuple[int, str]]
    lines: int


def outline_of(piece: Piece) -> Outline:
    """Return the rows of a whole outline."""
    head, _, text = piece.text.partition("\n")
    rows: list[tuple[int, str]] = []
    for row in text.split("\n")[:-1]:
        found = _OUTLINED.match(row)
        if rows and not found:
            rows[-1] = rows[-1][0], f"{rows[-1][1]}{row}\n"
        elif row:
            rows.append((int(found[1]) if found else 1, row + "\n"))
    return Outline(head + "\n", rows, piece.end_line)


def outlined(whole: Outline, best: Collection[int] | None = None) -> Piece:
    """Return an outline, or its rows *best*, saying how many of all they are."""
    head, rows = whole.head, whole.rows
    if best is not None and len(best) < len(rows):
        head = f"{head[: head.rindex(')')]}, {len(best):,} of {len(rows):,} symbols)\n"
        rows = [rows[n] for n in sorted(best)]
    return Piece("outline", head + "".join(text for _, text in rows), 1, whole.lines)


def told(pieces: Sequence[Piece], language: str) -> list[Piece]:
    """Return the runs of a skeleton; those before a function in full say at their end which lines it is."""
    made: list[Piece] = []
    for piece, following in zip_longest(pieces, pieces[1:]):
        if piece.level == "skeleton" and following is not None:
            lines = comment(language, f"{following.start_line}-{following.end_line}:").decode()
            made.append(Piece(piece.level, f"{piece.text}{lines}\n", piece.start_line, piece.end_line))
        else:
            made.append(piece)
    return made
