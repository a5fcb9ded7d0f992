"""The texts of a scope's files at each level, read only as far as a level needs.

Remembers the files that changed or vanished since they were indexed. Knows nothing of budgets.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from codereader.errors import NothingReadable
from codereader.index.parsed import ParsedFile
from codereader.index.view import IndexedFile, IndexView
from codereader.pack.detail import main_names, show_name, shown
from codereader.pack.piece import PLAIN, Piece, Rendering, Shown
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
        self._kept: OrderedDict[str, tuple[Shown, int]] = OrderedDict()
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

    def shown(self, path: str) -> Shown | None:
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
            made = outlined(self._outline(path, file), _full(file, kept), best)
        else:
            made = file.pieces(level, kept)
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
        return file.cut(piece, lines) if file else piece

    def after(self, piece: Piece, line: int) -> tuple[Piece, ...] | None:
        """Return what an outline shows of the symbols after *line*; None for another level."""
        if piece.level != "outline":
            return None
        rows = piece.text.splitlines(keepends=True)
        _, at = _run(rows, 0, line + 1)
        return (Piece("outline", "".join(rows[at:]), line + 1, piece.end_line),) if at < len(rows) else ()

    def _outline(self, path: str, file: Shown) -> Outline:
        if path not in self._outlines:
            self._outlines[path] = outline_of(file.pieces("outline")[0])
        return self._outlines[path]

    def _best(self, path: str, file: Shown) -> list[int]:
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


def outlined(whole: Outline, bodies: Sequence[Piece], best: Collection[int] | None = None) -> tuple[Piece, ...]:
    """Return an outline, or its rows *best*, with the *bodies* in full between, in order of lines.

    A row that stands for a symbol inside a body is left out: the body shows it.
    """
    head, rows = whole.head, whole.rows
    if best is not None:
        head = f"{head[: head.rindex(')')]}, {len(best):,} of {len(rows):,} symbols)\n"
        rows = [rows[n] for n in sorted(best)]
    if not rows and not bodies:
        return (Piece("outline", head, 1, whole.lines),)
    made: list[Piece] = []
    line = 1
    for body in bodies:
        run = "".join(text for at, text in rows if line <= at < body.start_line)
        if run:
            made.append(Piece("outline", run, line, body.start_line - 1))
        made.append(body)
        line = body.end_line + 1
    if run := "".join(text for at, text in rows if line <= at):
        made.append(Piece("outline", run, line, max(line, whole.lines)))
    first = made[0]
    return (Piece(first.level, head + first.text, first.start_line, first.end_line), *made[1:])


def _full(file: Shown, kept: Collection[int]) -> list[Piece]:
    """Return the kept bodies of a skeleton without the heading."""
    if not kept:
        return []
    spans = {(body.start_line, body.end_line) for body in file.bodies if body.number in kept}
    made = file.pieces("skeleton", kept)
    bodies = [piece for piece in made if (piece.start_line, piece.end_line) in spans and piece.level != "skeleton"]
    if bodies and bodies[0] is made[0]:
        text = bodies[0].text.partition("\n")[2]
        bodies[0] = Piece(bodies[0].level, text, bodies[0].start_line, bodies[0].end_line)
    return bodies


def _run(rows: Sequence[str], at: int, line: int) -> tuple[list[str], int]:
    """Return the rows from *at* that stand for symbols before *line*, and where the next ones begin."""
    end = at
    while end < len(rows):
        found = _OUTLINED.match(rows[end])
        if found and int(found[1]) >= line:
            break
        end += 1
    return list(rows[at:end]), end
