"""One file, ready to be shown at any level, as runs of whole lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence

from codereader.index.parsed import Definition, ParsedFile
from codereader.pack.detail.heading import heading, main_names, show_name
from codereader.pack.detail.outline import BODY_KINDS, outline
from codereader.pack.piece import PLAIN, Body, Piece, Rendering
from codereader.pack.segment import Level


def shown(path: str, data: bytes, parsed: ParsedFile, rendering: Rendering = PLAIN) -> ShownFile:
    """Return the file *data* at *path* with the facts *parsed*, ready to be shown. Bytes that are no UTF-8: U+FFFD."""
    return ShownFile(path, data, parsed, rendering)


def show(path: str, data: bytes, parsed: ParsedFile, level: Level) -> str:
    """Return the text of a file at *level*, heading included."""
    return shown(path, data, parsed).pieces(level)[0].text


class ShownFile:
    """A file at each level of detail. Texts are made when they are asked for."""

    __slots__ = ("_cuts", "_data", "_parsed", "_path", "_rendering", "_starts", "bodies")

    def __init__(self, path: str, data: bytes, parsed: ParsedFile, rendering: Rendering) -> None:
        self._path = path
        self._data = data
        self._parsed = parsed
        self._rendering = rendering
        starts = [0]
        for line in data.split(b"\n")[:-1]:
            starts.append(starts[-1] + len(line) + 1)
        if len(starts) > 1 and starts[-1] == len(data):
            starts.pop()
        self._starts = starts
        self._cuts = _outermost_functions(parsed, len(data))
        self.bodies: Sequence[Body] = tuple(self._bodies())

    def pieces(self, level: Level, kept: Collection[int] = ()) -> tuple[Piece, ...]:
        """Return the file at *level*, in order of lines; of a skeleton the bodies *kept* are pieces ``full``."""
        lines = max(1, self._parsed.lines)
        if level == "name":
            names = main_names(self._parsed.definitions)
            text = show_name(self._path, self._parsed.lines, self._parsed.summary, names)
            return (Piece("name", text, 1, lines),)
        head = heading(self._path, level, self._parsed.lines)
        if level == "outline":
            return (Piece(level, head + _ended(outline(self._parsed)), 1, lines),)
        if level in ("full", "uncommented"):
            return (Piece(level, head + _ended(self._data.decode("utf-8", "replace")), 1, lines),)
        made: list[Piece] = []
        line = 1
        for body in self.bodies:
            if body.number not in kept:
                continue
            if body.start_line > line:
                made.append(Piece("skeleton", self._skeleton(line, body.start_line - 1), line, body.start_line - 1))
            text = self._data[slice(*self._range(body.start_line, body.end_line))].decode("utf-8", "replace")
            made.append(Piece("full", _ended(text), body.start_line, body.end_line))
            line = body.end_line + 1
        if line <= len(self._starts):
            made.append(Piece("skeleton", self._skeleton(line, len(self._starts)), line, len(self._starts)))
        first = made[0]
        return (Piece(first.level, head + first.text, first.start_line, first.end_line), *made[1:])

    def cut(self, piece: Piece, lines: int) -> Piece:
        """Return *piece* with its first *lines* lines only (at least 1) and a line that counts those left out."""
        rows = piece.text.splitlines(keepends=True)
        heads = 1 if rows[0].startswith("=== ") else 0
        kept, left = rows[: heads + max(1, lines)], len(rows) - heads - max(1, lines)
        if left <= 0:
            return piece
        return Piece(piece.level, f"{''.join(kept)}... {left} more lines\n", piece.start_line, piece.end_line)

    def _bodies(self) -> list[Body]:
        made: list[Body] = []
        for definition in self._cuts:
            first, last = (bisect_right(self._starts, at) for at in (definition.span.start, definition.span.end - 1))
            size = definition.span.end - definition.span.start
            if made and first <= made[-1].end_line:
                before = made.pop()
                made.append(Body(before.number, before.name, before.start_line, last, before.size + size))
            else:
                made.append(Body(len(made), definition.name, first, last, size))
        return made

    def _range(self, first: int, last: int) -> tuple[int, int]:
        """Return the bytes of lines *first* to *last*."""
        return self._starts[first - 1], self._starts[last] if last < len(self._starts) else len(self._data)

    def _skeleton(self, first: int, last: int) -> str:
        out: list[str] = []
        at, stop = self._range(first, last)
        for definition in self._cuts:
            if at <= definition.span.start and definition.span.end <= stop:
                out.append(self._data[at : definition.span.start].decode("utf-8", "replace"))
                out.append(_elided(definition, self._parsed.language))
                at = definition.span.end
        out.append(self._data[at:stop].decode("utf-8", "replace"))
        return _ended("".join(out))


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _outermost_functions(parsed: ParsedFile, size: int) -> list[Definition]:
    """Return functions in order of place, without those that lie inside another."""
    kept: list[Definition] = []
    functions = (d for d in parsed.definitions if d.kind in BODY_KINDS and d.span.start < d.span.end <= size)
    for definition in sorted(functions, key=lambda d: (d.span.start, -d.span.end)):
        if not kept or definition.span.start >= kept[-1].span.end:
            kept.append(definition)
    return kept


def _elided(definition: Definition, language: str) -> str:
    count = definition.span.last_row - definition.span.first_row + 1
    if language == "python":
        return f"{definition.signature.rstrip(':')}: ...  # {count} lines"
    return f"{definition.signature} {{ /* {count} lines */ }}"
