"""Fill in the places of numbered evidence: ``[12]`` in the prose becomes ``[inode.c:57]``, the place of fact 12.

The model never writes a line number that way. Numbers begin with 1. Code is left alone, so that ``table[3]`` stays what
it is: in code spans and fences, and right behind a name that no fact of that number mentions. Knows nothing of trees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codereader.facts.fact import Fact

MOST_NUMBERS = 16
"""A range over more numbers is none of evidence."""

_LABEL = r"(?:fact|facts|evidence|see|ref|F|E|#)\s?#?"
_NUMBER = r"\s?#?\d{1,4}"
_OPEN = re.compile(rf"\[(?:{_LABEL})?{_NUMBER}(?:\s?[,;\u2013-]{_NUMBER}){{0,7}}\]", re.IGNORECASE)
_SO_FAR = re.compile(r"\[[A-Za-z]{0,8}[\d\s,;\u2013#-]*", re.IGNORECASE)
_MOST_BRACKET = 64
_MOST_TICKS = 16
_PARTS = re.compile(r"\d+|[\u2013-]")
_PLAIN = re.compile(r"[^\[`\n]+")
_LAST_WORD = re.compile(r"\w+\Z")
_CODE_WORD = re.compile(r".*[_\d]|.*[a-z][A-Z]|.{1,2}\Z|(?:argv|args|arr|buf|tmp)\Z")


@dataclass(frozen=True, slots=True)
class Filled:
    """A bracket of the prose: the `numbers` it had, and the `text` that stands there now."""

    numbers: tuple[int, ...]
    text: str


class Filler:
    """Replaces numbers of evidence while the prose streams. Holds back an unfinished bracket."""

    def __init__(self, evidence: Sequence[Fact]) -> None:
        self._evidence = evidence
        self._held = ""
        self._before = ""
        self._ticks = 0

    def feed(self, text: str, *, final: bool = False) -> Iterator[str | Filled]:
        """Yield text as it is, and what stands in the place of each bracket."""
        held, at, shown = self._held + text, 0, 0
        while at < len(held):
            end = self._end(held, at, final)
            if end is None:
                break
            filled = self._filled(held[at:end]) if held[at] == "[" and end > at + 1 else None
            if filled is not None:
                if at > shown:
                    yield held[shown:at]
                yield filled
                shown = end
            self._before = (self._before + held[at:end])[-_MOST_BRACKET:]
            at = end
        if at > shown:
            yield held[shown:at]
        self._held = held[at:]

    def _end(self, held: str, at: int, final: bool) -> int | None:
        """Return where the step that starts at *at* ends, None while that is not decided."""
        if held[at] == "`":
            return self._tick(held, at, final)
        if held[at] == "\n":
            self._ticks = self._ticks if self._ticks >= 3 else 0
            return at + 1
        if held[at] != "[":
            plain = _PLAIN.match(held, at)
            return plain.end() if plain else at + 1
        bracket = None if self._ticks or not self._evidence else _OPEN.match(held, at)
        if bracket is not None:
            return bracket.end()
        waits = not (final or self._ticks or not self._evidence) and len(held) - at < _MOST_BRACKET
        return None if waits and _SO_FAR.fullmatch(held, at) else at + 1

    def _tick(self, held: str, at: int, final: bool) -> int | None:
        end = at
        while end < len(held) and held[end] == "`" and end - at < _MOST_TICKS:
            end += 1
        if end == len(held) and not final and end - at < _MOST_TICKS:
            return None
        if not self._ticks:
            self._ticks = end - at
        elif self._ticks == end - at:
            self._ticks = 0
        return end

    def _filled(self, bracket: str) -> Filled | None:
        """Return what stands in the place of *bracket*, None where it is code."""
        numbers = _numbers(bracket)
        word = _LAST_WORD.search(self._before)
        if word is not None and _CODE_WORD.match(word[0]) and not self._mentions(numbers, word[0]):
            return None
        places = [self._place(number) for number in numbers]
        return Filled(numbers, f"[{', '.join(dict.fromkeys(places))}]")

    def _place(self, number: int) -> str:
        return place_of(self._evidence[number - 1]) if 1 <= number <= len(self._evidence) else str(number)

    def _mentions(self, numbers: Sequence[int], word: str) -> bool:
        facts = [self._evidence[number - 1] for number in numbers if 1 <= number <= len(self._evidence)]
        return any(word in f"{fact.subject} {fact.object} {fact.text}" for fact in facts)


def place_of(fact: Fact) -> str:
    """Return the place of *fact* as prose shows it."""
    if fact.path is None:
        return "whole scope"
    return f"{fact.path}:{fact.line}" if fact.line else fact.path


def _numbers(bracket: str) -> tuple[int, ...]:
    """Return the numbers that *bracket* names, those within a range too."""
    found: list[int] = []
    reaches = False
    for part in _PARTS.findall(bracket):
        if not part.isdigit():
            reaches = True
            continue
        last = int(part)
        first = found[-1] + 1 if reaches and found and found[-1] < last <= found[-1] + MOST_NUMBERS else last
        found += range(first, last + 1)
        reaches = False
    return tuple(dict.fromkeys(found))
