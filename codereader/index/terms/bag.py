"""One content, or one path, as a bag of terms: how often each stands in which field.

Fields of a content: names it defines, words of its strings, of its comments, of its code. Fields of a path: the
file's name as a whole, its parts, folders as a whole, their parts. A count is cut at 15, so that the four fit into 16
bits, the first field lowest. Knows no database.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import PurePosixPath

from codereader.index.terms.words import WORD, number_of, pairs_of, parts_of, plain_words, stem, terms_of

DEFINED, STRING, COMMENT, CODE = range(4)
STEM, STEM_PART, FOLDER, FOLDER_PART = range(4)
BITS = 4
MOST = (1 << BITS) - 1

LONGEST_CONTENT = 1 << 19
"""Characters of a content beyond which nothing is read: such files are tables of numbers."""

LONGEST_LIST = 1 << 16
"""The same of a content that is mostly ``#define``: the names of registers, one like the other."""

LIST_NAMES = 1000
"""So many names that such a content defines are kept."""


@dataclass(frozen=True, slots=True)
class Bag:
    """Numbers of terms (32 bits) and their counts (16 bits), by number; `length` counts all words."""

    numbers: array[int]
    counts: array[int]
    length: int


_C_LIKE = re.compile(
    r'("(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`[^`]*`)|(//[^\n]*|/\*[\s\S]*?(?:\*/|\Z))',
)
_HASH_LIKE = re.compile(
    r'("""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\')|(#[^\n]*)',
)
_HASHED = frozenset({"python", "bash", "make", "toml", "yaml"})
_PROSE = frozenset({"kconfig", "markdown", "text", "rst"})
_FORMAT = re.compile(r"%[-+ #0]*[0-9*]*(?:\.[0-9*]+)?(?:hh|h|ll|l|z|j|t|L)?[a-zA-Z]|\\.|\{[^{}]*\}")


def bag_of_content(text: str, language: str, defined: Iterable[str]) -> Bag:
    """Return the bag of a content; *defined* are the names that it defines, as often as it does."""
    text = text[:LONGEST_CONTENT]
    if len(text) > LONGEST_LIST and text.count("\n#define") * 2 > text.count("\n"):
        text, defined = text[:LONGEST_LIST], islice(defined, LIST_NAMES)
    names = Counter(word for name in defined for word in WORD.findall(name))
    fields: list[Counter[str]] = [names, Counter(), Counter(), Counter()]
    pairs: Counter[str] = Counter()
    if language in _PROSE:
        fields[COMMENT].update(WORD.findall(text))
    else:
        _read_code(text, _HASH_LIKE if language in _HASHED else _C_LIKE, fields, pairs)
    return _bag(fields, pairs)


def _read_code(text: str, pattern: re.Pattern[str], fields: list[Counter[str]], pairs: Counter[str]) -> None:
    """Tell strings and comments from code, and count the words of each."""
    pieces = pattern.split(text)
    code, strings, comments = pieces[::3], list(filter(None, pieces[1::3])), filter(None, pieces[2::3])
    fields[CODE].update(WORD.findall(" ".join(code)))
    fields[COMMENT].update(WORD.findall("\n".join(comments)))
    fields[STRING].update(WORD.findall(_FORMAT.sub(" ", "\n".join(strings))))
    for string in strings:
        if " " in string:
            for piece in _FORMAT.split(string):
                pairs.update(pairs_of(plain_words(piece)))


def _bag(fields: list[Counter[str]], pairs: Mapping[str, int]) -> Bag:
    totals: dict[int, int] = {}
    get = totals.get
    for field, counter in enumerate(fields):
        lane = field * LANE
        for word, count in counter.items():
            more = count << lane
            for number in _numbers_of(word):
                totals[number] = get(number, 0) + more
    for pair, count in pairs.items():
        totals[number_of(pair)] = count << STRING * LANE
    numbers = sorted(totals)
    length = sum(counter.total() for counter in fields)
    return Bag(array("I", numbers), array("H", [_packed(totals[number]) for number in numbers]), length)


LANE = 24
"""Bits that a field's count has while it grows: more than a content has bytes."""

_WIDE = (1 << LANE) - 1


@lru_cache(maxsize=1 << 19)
def _numbers_of(word: str) -> tuple[int, ...]:
    return tuple(map(number_of, terms_of(word)))


@lru_cache(maxsize=1 << 16)
def _packed(total: int) -> int:
    """Return the counts of four lanes, cut."""
    made = 0
    for field in range(4):
        made |= min(total >> field * LANE & _WIDE, MOST) << field * BITS
    return made


def bag_of_path(path: str) -> Bag:
    """Return the bag of a *path*, relative to the root."""
    pure = PurePosixPath(path)
    fields: dict[str, list[int]] = {}
    for part, whole, piece in (
        (pure.name.partition(".")[0], STEM, STEM_PART),
        *((folder, FOLDER, FOLDER_PART) for folder in pure.parts[:-1]),
    ):
        fields.setdefault(path_term(part), [0, 0, 0, 0])[whole] |= 1
        for one in dict.fromkeys(re.split(r"[-_.\s]+", part.lower())):
            for small in {stem(one), *(stem(p) for p in parts_of(part) if len(p) > 1)} if one else ():
                fields.setdefault(path_term(small), [0, 0, 0, 0])[piece] |= 1
    packed = {number_of(term): sum(n << BITS * at for at, n in enumerate(counts)) for term, counts in fields.items()}
    numbers = sorted(packed)
    return Bag(array("I", numbers), array("H", map(packed.__getitem__, numbers)), len(fields))


def path_term(word: str) -> str:
    """Return the term of a word of a path; dashes and underscores are the same."""
    return "/" + word.lower().replace("-", "_")
