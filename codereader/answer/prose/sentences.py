"""Cut streamed prose into sentences, and tell what each piece of Markdown is.

A sentence ends at a full stop that stands before white space, at a Japanese one, at the end of a list item, heading or
table row, and before a fence; never inside a code span, a file's name, a number or an abbreviation. Where it ends
depends on the prose alone: what decides it is waited for, a few characters at most. Knows nothing of trees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["sentence", "row", "heading", "intro", "fence", "rule"]
"""What a piece is. ``intro`` is prose that ends in a colon or a line all in bold, ``rule`` a line without words. White
space and the marks of Markdown at the start of a line (``- ``, ``2. ``, ``> ``) belong to none: they are gaps."""

LONGEST = 4_000
"""A sentence is cut at the first white space after so many characters, after twice as many anywhere."""
_LONGEST_LINE = 200
_MOST_TICKS = 16

_ABBREVIATIONS = frozenset(
    "e.g i.e etc vs cf fig figs no approx resp dr mr ms st al incl excl max min ca viz aka ref sec ch p pp eq".split()
)
_CLOSERS = "*_\"')]\u2019\u201d\u300d\u300f\uff09"
_COLONS = (":", "\uff1a")
_STOPS = ".!?"
_WIDE_STOPS = "\u3002\uff01\uff1f\uff0e"
_LAST_WORD = re.compile(r"[\w.]*\Z")
_MARKER = re.compile(r"[ \t]*(?:(?:[-*+\u2022](?=[ \t])|\d{1,3}[.)](?=[ \t])|>)[ \t]*)*")
_LINE_OPENS = re.compile(r"(?:[ \t]*\n)|[ \t]*(?:[-*+\u2022][ \t]|\d{1,3}[.)][ \t]|[#|>]|```|~~~|\*\*|---|___)")
_UNDECIDED = re.compile(r"[ \t]*(?:\d{0,3}[.)]?|#{1,7}|[-+\u2022]?|\*?|`{0,2}|~{0,2}|-{1,2}|_{1,2})")
_BOLD_LINE = re.compile(r"\s*(?:[-*+\u2022]\s+|\d{1,3}[.)]\s+)?(?:\*\*[^*]+\*\*|__[^_]+__):?\s*")
_NO_WORDS = re.compile(r"[\W_]*")
_HEADING = re.compile(r"#{1,6}(?:[ \t\n]|\Z)")
_PLACE = re.compile(
    r"[ \t]*\[(?:(?=[^\]\n]*:\d|\d|[^\]\n]*whole scope)[^\[\]\n]{1,160}|[^\[\]\s]*[./][^\[\]\s]*)\](?!\()"
)
_PLACE_SO_FAR = re.compile(r"[ \t]*(?:\[[^\[\]\n]{0,160}\]?)?")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_ORDINARY = re.compile(rf"[^\s{_STOPS}{_WIDE_STOPS}`]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the prose that has ended: its `text` as written, without what stands before and after it."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Bit:
    """Text handed out. `is_gap` says that it belongs to no piece."""

    text: str
    is_gap: bool


@dataclass(frozen=True, slots=True)
class _Step:
    """Where a step ends. A gap ends the piece before it, `closes` says that the piece ends behind it."""

    end: int
    is_gap: bool = False
    closes: bool = False


class Sentences:
    """Takes prose in bits and tells where pieces end. Text is handed out in order, each character once."""

    def __init__(self) -> None:
        self._held = ""
        self._piece = ""
        self._ticks = ""
        self._in_fence = False
        self._line_start = True
        self._kind: Kind = "sentence"

    def feed(self, text: str) -> Iterator[Bit | Piece]:
        """Yield the text that is decided, and a `Piece` right behind the text that ends it."""
        self._held += text
        yield from self._advance(final=False)

    def flush(self) -> Iterator[Bit | Piece]:
        """Yield what is still held back, at the end of the prose."""
        yield from self._advance(final=True)
        if self._piece:
            yield self._end()

    def _advance(self, *, final: bool) -> Iterator[Bit | Piece]:
        held, at, shown, was_gap = self._held, 0, 0, False
        while at < len(held):
            step = self._step(held, at, final)
            if step is None:
                break
            if step.is_gap != was_gap and at > shown:
                yield Bit(held[shown:at], was_gap)
                shown = at
            if step.is_gap and self._piece:
                yield self._end()
            if not step.is_gap:
                self._piece += held[at : step.end]
            was_gap, at = step.is_gap, step.end
            if step.closes:
                yield Bit(held[shown:at], False)
                yield self._end()
                shown = at
        if at > shown:
            yield Bit(held[shown:at], was_gap)
        self._held = held[at:]

    def _end(self) -> Piece:
        text, kind = self._piece, self._kind
        self._piece, self._ticks, self._kind = "", "", "sentence"
        if kind in ("sentence", "row") and _NO_WORDS.fullmatch(text):
            kind = "rule"
        elif kind == "sentence" and (text.rstrip("*_ \t").endswith(_COLONS) or _BOLD_LINE.fullmatch(text)):
            kind = "intro"
        return Piece(kind, text.strip())

    def _step(self, held: str, at: int, final: bool) -> _Step | None:
        """Return the step that starts at *at*, None while that is not decided."""
        if self._in_fence:
            return self._fenced(held, at, final)
        if self._line_start:
            return self._opening(held, at, final)
        char = held[at]
        if char == "\n":
            return self._newline(held, at, final)
        if char == "`":
            return self._backtick(held, at, final)
        if char in _STOPS or char in _WIDE_STOPS:
            return self._stop(held, at, final)
        if char.isspace():
            return _Step(at + 1, is_gap=not self._piece or len(self._piece) > LONGEST)
        match = _ORDINARY.match(held, at)
        end = min(match.end() if match else at + 1, at + max(1, 2 * LONGEST - len(self._piece)))
        return _Step(end, closes=len(self._piece) + end - at >= 2 * LONGEST)

    def _opening(self, held: str, at: int, final: bool) -> _Step | None:
        """Read the marks at the start of a line."""
        line = held[at : at + LONGEST]
        if not final and len(line) < LONGEST and _UNDECIDED.fullmatch(line):
            return None
        if _FENCE.match(line):
            self._in_fence, self._kind = True, "fence"
            return _Step(at + len(line) - len(line.lstrip(" \t")) + 3)
        marker = _MARKER.match(line)
        end = marker.end() if marker else 0
        if not final and len(line) < LONGEST and _UNDECIDED.fullmatch(line, end):
            return None
        self._line_start = False
        if _HEADING.match(line, end):
            self._kind = "heading"
        elif line.startswith("|", end):
            self._kind = "row"
        return _Step(at + end, is_gap=True)

    def _fenced(self, held: str, at: int, final: bool) -> _Step | None:
        if self._line_start and self._piece.endswith("\n"):
            line = held[at : at + _LONGEST_LINE]
            newline = line.find("\n")
            if newline < 0 and not final and len(line) < _LONGEST_LINE:
                return None
            if _FENCE.match(line):
                self._in_fence = False
                return _Step(at + (newline + 1 if newline >= 0 else len(line)), closes=True)
        newline = held.find("\n", at)
        self._line_start = newline >= 0
        return _Step(newline + 1 if newline >= 0 else len(held))

    def _newline(self, held: str, at: int, final: bool) -> _Step | None:
        """Tell whether the line's end is one of the piece: before a blank line, a list item and the like."""
        ends = self._kind in ("heading", "row") or not self._piece or _ends_line(self._piece)
        if not ends:
            after = held[at + 1 : at + 1 + _LONGEST_LINE]
            if not final and (not after.strip(" \t") or _UNDECIDED.fullmatch(after)):
                return None
            ends = not after.strip() or _LINE_OPENS.match(after) is not None
        self._line_start, self._ticks = ends, ""
        return _Step(at + 1, is_gap=ends)

    def _backtick(self, held: str, at: int, final: bool) -> _Step | None:
        end = at
        while end < len(held) and held[end] == "`" and end - at < _MOST_TICKS:
            end += 1
        if end == len(held) and not final and end - at < _MOST_TICKS:
            return None
        ticks = held[at:end]
        if not self._ticks:
            self._ticks = ticks
        elif self._ticks == ticks:
            self._ticks = ""
        return _Step(end)

    def _stop(self, held: str, at: int, final: bool) -> _Step | None:
        """Tell whether the full stop at *at* ends the sentence."""
        if self._ticks or self._kind != "sentence":
            return _Step(at + 1)
        wide = held[at] in _WIDE_STOPS
        end = at + 1
        while end < len(held) and end - at < _MOST_TICKS and (held[end] in _CLOSERS or held[end] in _STOPS):
            end += 1
        if end == len(held) and not final and end - at < _MOST_TICKS:
            return None
        follows = held[end : end + 1]
        if not wide and follows and not follows.isspace() and follows != "[":
            return _Step(at + 1)
        if not wide and held[at] == "." and _abbreviates(self._piece):
            return _Step(end)
        return self._with_places(held, end, final)

    def _with_places(self, held: str, end: int, final: bool) -> _Step | None:
        """Let the places in brackets behind a full stop belong to the sentence that they are given for."""
        while True:
            if not final and len(held) - end < _LONGEST_LINE and _PLACE_SO_FAR.fullmatch(held, end):
                return None
            place = _PLACE.match(held, end)
            if place is None:
                return _Step(end, closes=True)
            end = place.end()


def _abbreviates(before: str) -> bool:
    """Return whether a full stop behind *before* belongs to its last word, or to a number that counts a list."""
    word = _LAST_WORD.search(before[-24:])
    last = word[0] if word else ""
    return last.lower() in _ABBREVIATIONS or (len(last) == 1 and last.isupper()) or before.strip().isdigit()


def _ends_line(piece: str) -> bool:
    """Return whether a line is complete although no full stop ends it: it ends in a colon or is all bold."""
    line = piece.rpartition("\n")[2]
    return line.rstrip("*_ \t").endswith(_COLONS) or _BOLD_LINE.fullmatch(line) is not None
