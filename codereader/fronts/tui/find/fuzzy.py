"""Fuzzy matching of one word against many short strings: the letters of the word in order, gaps allowed.

Scores reward what people aim at: the start of a string, letters after ``_``, ``/`` and other marks, humps of camel
case, and runs; a gap costs more the longer it is. Scheme and figures are those of fzf (its second algorithm, a
Smith-Waterman alignment). A word with a capital letter means its case, another does not; only ASCII letters have case.

`Strings` scores thousands at once, column by column of their letters; `Strings.score` and `align` agree on every
score. Knows nothing of files, symbols or screens. Positions are 0-based, in characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Places = NDArray[np.int32]
    Scores = NDArray[np.int16]

MATCH = 16
"""What each letter that is found is worth; what follows is added to it."""

AT_START, AFTER_DELIMITER, AFTER_MARK, HUMP, IN_RUN = 10, 9, 8, 7, 4
"""Where a letter stands: first of all, after ``/``, after another mark, as a hump or first digit, behind the last."""

FIRST = 2
"""So many times the place of the first letter of the word counts."""

GAP = 2
"""A gap costs this, and one more for each character of it."""

MOST = 200
"""Characters of a string that are looked at, and letters of a word: scores stay within 16 bits."""

_NONE = np.int16(-20000)
"""The score of what does not match: so low that nothing lifts it above `_MATCHES`."""

_MATCHES = -10000
"""Scores above match: wide gaps may take them below 0."""

_DELIMITERS = "/\\:;,|"
_NO_PLACES = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a word lies best in a string: its score, and where each letter is."""

    score: int
    places: tuple[int, ...]


class Strings:
    """Strings made ready for many words. `texts` are as given, which is how results number them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        sizes = np.fromiter((min(len(text), MOST) for text in texts), dtype=np.int64, count=len(texts))
        self._order = np.argsort(-sizes, kind="stable").astype(np.int32)
        self._sizes = sizes[self._order]
        self._columns: list[Bytes] = []
        self._bonuses: list[Bytes] = []
        self._letters = np.zeros(len(texts), dtype=np.uint64)
        self._fill("".join(texts[at][:MOST] for at in self._order.tolist()))

    def _fill(self, joined: str) -> None:
        """Cut the joined strings, the longest first, into columns: the first letter of each, the second, and so on."""
        flat = _coded(joined)
        starts = np.cumsum(self._sizes) - self._sizes
        before = np.full(len(starts), _NOTHING, dtype=np.uint8)
        for column in range(int(self._sizes[0]) if len(self._sizes) else 0):
            inside = self._count(self._sizes, column)
            letters = flat[starts[:inside] + column]
            kinds = _KINDS[letters]
            self._columns.append(letters)
            self._bonuses.append(_PLACES[before[:inside], kinds])
            self._letters[:inside] |= _BITS[letters]
            before = kinds

    @staticmethod
    def _count(sizes: NDArray[np.int64], column: int) -> int:
        """Return how many of *sizes*, largest first, reach beyond *column*."""
        return int(np.searchsorted(-sizes, -column, side="left"))

    @property
    def bytes(self) -> int:
        """Memory that the columns take, in bytes, the strings themselves not counted."""
        columns = sum(column.nbytes for column in (*self._columns, *self._bonuses))
        return columns + self._letters.nbytes + self._order.nbytes + self._sizes.nbytes

    def candidates(self, word: str, among: Places | None = None) -> Places:
        """Return which rows have all letters of *word*; *among* are those of a shorter word. For `score` alone."""
        wanted = np.uint64(_letters_of(word))
        if among is None:
            return np.flatnonzero((self._letters & wanted) == wanted).astype(np.int32)
        narrowed: Places = among[(self._letters[among] & wanted) == wanted]
        return narrowed

    def score(self, word: str, among: Places | None = None) -> tuple[Places, Places, Scores]:
        """Return the strings that *word* matches: their rows, to narrow down a longer word with, numbers and scores.

        *among* are the rows that a beginning of *word* matched. No word matches all strings, with score 0.
        """
        rows = self.candidates(word, among)
        if not word or len(word) > MOST:
            rows = rows if not word else rows[:0]
            return rows, self._order[rows], np.zeros(len(rows), dtype=np.int16)
        scores = self._aligned(word, rows)
        hits = np.flatnonzero(scores > _MATCHES)
        if not word.isascii():  # such letters share codes
            hits = np.array([at for at in hits.tolist() if align(word, self.texts[self._order[rows[at]]])], dtype=int)
        rows = rows[hits]
        return rows, self._order[rows], scores[hits]

    def _aligned(self, word: str, rows: Places) -> Scores:
        """Return the score of *word* in each of the *rows*, below `_MATCHES` where it does not match."""
        tests = [_test(letter, _has_case(word)) for letter in word]
        state = [_Letter(len(rows)) for _ in word]
        sizes = self._sizes[rows]
        is_whole = len(rows) == len(self._order)
        reached = 0
        for column in range(int(sizes[0]) if len(sizes) else 0):
            inside = self._count(sizes, column)
            picked = slice(inside) if is_whole else rows[:inside]
            letters, bonuses = self._columns[column][picked], self._bonuses[column][picked]
            for at in range(reached, -1, -1):
                hits = np.flatnonzero(tests[at](letters))
                if state[at].place(hits, column, bonuses, state[at - 1] if at else None) and at == reached:
                    reached = min(at + 1, len(word) - 1)
        return state[-1].best


class _Letter:
    """The best alignments that end in one letter of the word, over all rows, up to the column that is looked at."""

    def __init__(self, rows: int) -> None:
        self.best = np.full(rows, _NONE, dtype=np.int16)
        self.reach = np.full(rows, _NONE, dtype=np.int16)
        """Best score so far plus the column it ends in, so that a gap's cost is left to whoever follows."""
        self.last = np.full(rows, _NONE, dtype=np.int16)
        """Score of the alignment that ends in the last column."""
        self.run = np.zeros(rows, dtype=np.int16)
        """What the first letter of the run that ends there got for its place."""
        self._touched: NDArray[np.int64] = _NO_PLACES

    def place(self, hits: NDArray[np.int64], column: int, bonuses: Bytes, before: _Letter | None) -> bool:
        """Let the letter stand in *column* of the rows *hits*; return whether it can in any."""
        self.last[self._touched] = _NONE
        if before is not None and len(hits):
            hits = hits[before.reach[hits] > _MATCHES]
        self._touched = hits
        if not len(hits):
            return False
        bonus = bonuses[hits].astype(np.int16)
        run = bonus
        if before is None:
            scores = MATCH + FIRST * bonus
        else:
            first = before.run[hits]
            behind = before.last[hits] + np.maximum(np.maximum(bonus, first), IN_RUN)
            apart = before.reach[hits] + (bonus - column + 1 - GAP)
            scores = np.maximum(behind, apart) + MATCH
            run = np.where((behind >= apart) & ((bonus < AFTER_MARK) | (bonus <= first)), first, bonus)
        self.last[hits], self.run[hits] = scores, run
        self.best[hits] = np.maximum(self.best[hits], scores)
        self.reach[hits] = np.maximum(self.reach[hits], scores + column)
        return True


def align(word: str, text: str) -> Alignment | None:
    """Return how *word* lies best in *text*, None where it does not; of equals the first."""
    text, tests = text[:MOST], [_same(letter, _has_case(word)) for letter in word]
    if not word or len(word) > MOST:
        return None if word else Alignment(0, ())
    bonuses = _bonuses(text)
    before: list[_Cell | None] = []
    for at, same in enumerate(tests):
        before = list(_row(before if at else None, text, bonuses, same))
    cells = [(cell.score, -column) for column, cell in enumerate(before) if cell]
    if not cells:
        return None
    score, column = max(cells)
    cell = before[-column]
    return Alignment(score, cell.places if cell else ())


@dataclass(frozen=True, slots=True)
class _Cell:
    score: int
    run: int
    places: tuple[int, ...]


def _row(before: Sequence[_Cell | None] | None, text: str, bonuses: Sequence[int], same: str) -> Iterator[_Cell | None]:
    """Yield for each column the best alignment that ends there in a letter of *same*; *before*: one letter less."""
    reach: _Cell | None = None
    for column, (letter, bonus) in enumerate(zip(text, bonuses, strict=True)):
        last = before[column - 1] if before and column else None
        if letter not in same:
            yield None
        elif before is None:
            yield _Cell(MATCH + FIRST * bonus, bonus, (column,))
        else:
            yield _best(last, reach, column, bonus)
        here = before[column - 1] if before and column else None
        if here and (reach is None or here.score + here.places[-1] > reach.score + reach.places[-1]):
            reach = here


def _best(last: _Cell | None, reach: _Cell | None, column: int, bonus: int) -> _Cell | None:
    """Return the better of going on behind *last* and of leaving a gap behind *reach*."""
    behind = last.score + max(bonus, last.run, IN_RUN) if last else int(_NONE)
    apart = reach.score + reach.places[-1] + bonus - column + 1 - GAP if reach else int(_NONE)
    if last and behind >= apart:
        run = bonus if bonus >= AFTER_MARK and bonus > last.run else last.run
        return _Cell(behind + MATCH, run, (*last.places, column))
    return _Cell(apart + MATCH, bonus, (*reach.places, column)) if reach else None


def _has_case(word: str) -> bool:
    """Return whether *word* means the case of its letters."""
    return any("A" <= letter <= "Z" for letter in word)


def _same(letter: str, has_case: bool) -> str:
    """Return the letters that *letter* of a word stands for."""
    return letter if has_case or not "a" <= letter <= "z" else letter + letter.upper()


def _test(letter: str, has_case: bool) -> Callable[[Bytes], NDArray[np.bool_]]:
    """Return what tells where a column has *letter*."""
    code = int(_coded(letter)[0])
    if len(_same(letter, has_case)) == 1:
        return lambda column: column == code
    return lambda column: (column | 0x20) == code


def _coded(text: str) -> Bytes:
    """Return a byte a character: that of ASCII, and one of 128 for all others."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return np.where(points < 0x80, points, 0x80 | (points & 0x7F)).astype(np.uint8)


def _bonuses(text: str) -> list[int]:
    """Return what the place of each character is worth."""
    kinds = _KINDS[_coded(text)]
    before = np.concatenate((np.array([_NOTHING], dtype=np.uint8), kinds[:-1]))
    bonuses: list[int] = _PLACES[before[: len(kinds)], kinds].tolist()
    return bonuses


_NOTHING, _DELIMITER, _MARK, _LOWER, _UPPER, _DIGIT = range(6)


def _kinds() -> Bytes:
    """Return what kind of character each code is."""
    found = np.full(256, _LOWER, dtype=np.uint8)
    for code in range(128):
        letter = chr(code)
        if letter in _DELIMITERS:
            found[code] = _DELIMITER
        elif not letter.isalnum():
            found[code] = _MARK
        elif letter.isdigit() or letter.isupper():
            found[code] = _DIGIT if letter.isdigit() else _UPPER
    return found


def _places() -> Bytes:
    """Return what a place is worth, by the kind of the character before and its own."""
    found = np.zeros((6, 6), dtype=np.uint8)
    found[_DELIMITER, :], found[_MARK, :] = AFTER_DELIMITER, AFTER_MARK
    found[_LOWER, _UPPER] = found[_LOWER, _DIGIT] = found[_UPPER, _DIGIT] = HUMP
    found[:, _DELIMITER], found[:, _MARK] = AFTER_DELIMITER, AFTER_MARK
    found[_NOTHING, :] = AT_START
    return found


def _bits() -> NDArray[np.uint64]:
    """Return the bit of each code, capitals as their small letters; rare ones share bits."""
    codes = [code | 0x20 if chr(code).isupper() and code < 128 else code for code in range(256)]
    return np.array([1 << (code & 63) for code in codes], dtype=np.uint64)


_KINDS, _PLACES, _BITS = _kinds(), _places(), _bits()


def _letters_of(word: str) -> int:
    """Return the bits of the letters of *word*."""
    return int(np.bitwise_or.reduce(_BITS[_coded(word)])) if word else 0
