"""The files and definitions of a scope by name: what is typed, and what fits it best.

What is typed are words that all have to fit, in any order. Among several, some may fit a symbol's path instead of its
name (``ipv4 rcv``). ``@`` in front asks for symbols alone, ``/`` for files; ``tcp.c:rcv`` is a symbol in a file,
``tcp.c:120`` a line of it, and ``struct:sock`` a symbol of one kind. Lines are 1-based; lists are best first, and every
tie is broken: shorter names, names that more files use, then by name and place.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from codereader.fronts.tui.find.fuzzy import AT_START, FIRST, MATCH, Strings, align
from codereader.source.spans import line_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from codereader.reader import Reader

    Rows = NDArray[np.int32]
    Scores = NDArray[np.int32]

FILE = "file"
"""The kind of a file, which no definition has."""

LIMIT = 500
"""So many of what fits are told; the rest is counted."""

WHOLE = 24
"""What a name that is typed out is worth more than one that it begins."""

IN_FOLDER = 6
"""What a match that needs the folders of a file is worth less than one in its name."""

BY_PATH = 24
"""What a word that fits a symbol's path alone is worth less than one that fits its name."""

POPULAR = 8
"""What a name gets at most for being used by other files: a point for each doubling of their number."""

LONG = 4
"""Each so many characters of a name cost a point."""

KEPT = 16
"""So many words' survivors are remembered: a word that goes on is looked for among them alone."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "function": ("function", "method"), "fn": ("function", "method"), "method": ("method",), "def": ("function",),
    "struct": ("struct",), "union": ("union",), "enum": ("enum", "enumerator"), "typedef": ("typedef",),
    "type": ("struct", "union", "enum", "typedef", "class", "interface", "trait"), "macro": ("macro",),
    "class": ("class",), "interface": ("interface",), "trait": ("trait",), "module": ("module",),
    "var": ("variable", "constant", "property"), "variable": ("variable",), "constant": ("constant",),
    "option": ("option",), "config": ("option",),
}  # fmt: skip
"""Kinds of definitions by the words that ask for them."""

Sort = Literal["all", "symbols", "files"]

_MARKS: Mapping[str, Sort] = {"@": "symbols", "/": "files"}
_LINE = re.compile(r"(.*[^:\s]):(\d*)\s*", re.DOTALL)
_OUT = -(1 << 20)
"""The score of what does not fit."""


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed. `paths` fit paths alone, `names` names alone; `words` fit either."""

    sort: Sort = "all"
    words: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a definition. `kind` is ``file`` or that of the definition; a file's `name` is the end of its path."""

    name: str
    kind: str
    path: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Fit:
    """An entry that fits, and how well: scores compare only within one answer."""

    entry: Entry
    score: int


@dataclass(frozen=True, slots=True)
class Fits:
    """What fits best, and how much fits in all."""

    query: Query
    best: tuple[Fit, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Symbols:
    """Definitions in columns, by place: `homes` are numbers of files, `lines` 1-based, `uses` count files that use the
    name and do not define it.
    """

    names: Sequence[str]
    kinds: Sequence[str]
    homes: Sequence[int]
    lines: Sequence[int]
    uses: Sequence[int]


def read_query(text: str) -> Query:
    """Return what *text* asks for."""
    text = text.strip()
    sort = _MARKS.get(text[:1], "all")
    rest = text[1:] if sort != "all" else text
    if sort != "symbols" and (found := _LINE.fullmatch(rest)) and (found[2] or sort == "files"):
        return Query("files", paths=tuple(found[1].split()), line=max(1, int(found[2][:9] or 1)))
    plain = rest.replace("::", " ")
    before, colon, after = plain.rpartition(":")
    if not colon:
        return Query(sort, tuple(plain.split()))
    kinds = KINDS.get(before.strip().lower())
    if kinds:
        return Query("symbols", tuple(after.split()), kinds=kinds)
    return Query("symbols", paths=tuple(before.split()), names=tuple(after.split()))


def lit(entry: Entry, query: Query) -> tuple[frozenset[int], frozenset[int]]:
    """Return the places of the letters typed in the name of *entry*, and in its path."""
    in_name: set[int] = set()
    in_path: set[int] = set()
    is_file = entry.kind == FILE
    for word in (*query.words, *query.names, *(query.paths if is_file else ())):
        if found := align(word, entry.name):
            in_name.update(found.places)
        elif found := align(word, entry.path):
            in_path.update(found.places)
    for word in () if is_file else query.paths:
        if found := align(word, entry.path):
            in_path.update(found.places)
    return frozenset(in_name), frozenset(in_path)


class Names:
    """All names of a scope, ready to be asked. One thread at a time may ask; the answer depends on the text alone."""

    def __init__(self, files: Sequence[str], symbols: Symbols) -> None:
        self._files = files
        self._symbols = symbols
        bases = [path.rpartition("/")[2] for path in files]
        self._strings = _Remembered(Strings([*symbols.names, *bases, *files]))
        self._stems = np.array([len(base.rpartition(".")[0] or base) for base in bases], dtype=np.int32)
        self._sizes = np.array([len(name) for name in symbols.names], dtype=np.int32)
        self._homes = np.array(symbols.homes, dtype=np.int32)
        self._kinds = np.array([_KIND_NUMBERS.get(kind, 0) for kind in symbols.kinds], dtype=np.uint8)
        uses = np.array(symbols.uses, dtype=np.int32)
        self._worth = np.minimum(np.log2(1 + uses).astype(np.int32), POPULAR) - self._sizes // LONG
        self._ranks = _ranked(-uses, self._sizes)
        self._bases = np.array([len(base) for base in bases], dtype=np.int32)

    def __len__(self) -> int:
        return len(self._files) + len(self._symbols.names)

    def find(self, text: str, limit: int = LIMIT) -> Fits:
        """Return what fits *text* best, at most *limit*; where nothing is typed yet, the files."""
        query = read_query(text)
        symbols, files = self._fit_symbols(query), self._fit_files(query)
        is_open = not (query.words or query.paths or query.names)
        file_ranks = _ranked(0 * self._bases if is_open else self._bases)
        best = [
            *(Fit(self._symbol(at), score) for at, score in _best(symbols, self._ranks, limit)),
            *(Fit(self._file(at, query.line), score) for at, score in _best(files, file_ranks, limit)),
        ]
        if not is_open:
            best.sort(key=lambda one: (-one.score, len(one.entry.name)))
        total = int(np.count_nonzero(symbols > _OUT) + np.count_nonzero(files > _OUT))
        return Fits(query, tuple(best[:limit]), total)

    def _symbol(self, at: int) -> Entry:
        some = self._symbols
        return Entry(some.names[at], some.kinds[at], self._files[some.homes[at]], some.lines[at])

    def _file(self, at: int, line: int | None) -> Entry:
        path = self._files[at]
        return Entry(path.rpartition("/")[2], FILE, path, line or 1)

    def _fit_symbols(self, query: Query) -> Scores:
        """Return the score of each definition."""
        scores = np.zeros(len(self._homes), dtype=np.int32)
        is_open = query.sort == "all" and not (query.words or query.names)
        if query.sort == "files" or is_open:
            return scores + _OUT
        if query.kinds:
            numbers = [_KIND_NUMBERS[kind] for kind in query.kinds]
            scores[~np.isin(self._kinds, numbers)] = _OUT
        named = np.zeros(len(scores), dtype=bool)
        for word in (*query.names, *query.words):
            in_name, _, in_path = self._parts(word)
            fits = in_name + WHOLE * (self._sizes == len(word))
            named |= in_name > _OUT
            scores += np.maximum(fits, in_path[self._homes] - BY_PATH) if len(query.words) > 1 else fits
        for word in query.paths:
            scores += self._parts(word)[2][self._homes]
        if query.words:
            scores[~named] = _OUT
        return np.where(scores > _OUT // 2, scores + self._worth, _OUT)

    def _fit_files(self, query: Query) -> Scores:
        """Return the score of each file."""
        scores = np.zeros(len(self._files), dtype=np.int32)
        if query.sort == "symbols":
            return scores + _OUT
        for word in (*query.words, *query.paths):
            _, in_base, in_path = self._parts(word)
            whole = (in_base == _beginning(word)) & (self._stems == len(word))
            scores += np.maximum(in_path - IN_FOLDER, in_base + WHOLE * whole)
        if not (query.words or query.paths):
            return scores
        return np.where(scores > _OUT // 2, scores - self._bases // LONG, _OUT)

    def _parts(self, word: str) -> tuple[Scores, Scores, Scores]:
        """Return the scores of *word* in the names of definitions, in those of files, and in whole paths."""
        scores, symbols, files = self._strings.scores(word), len(self._homes), len(self._files)
        return scores[:symbols], scores[symbols : symbols + files], scores[symbols + files :]


class _Remembered:
    """Strings, and what fitted the last words: a word that goes on is looked for among what its beginning fitted."""

    def __init__(self, strings: Strings) -> None:
        self._strings = strings
        self._last: dict[str, tuple[Rows, Scores]] = {}

    def scores(self, word: str) -> Scores:
        """Return the score of each string, `_OUT` or less for those that *word* does not fit."""
        if word not in self._last:
            shorter = (word[:size] for size in range(len(word) - 1, 0, -1))
            known = next((self._last[one][0] for one in shorter if one in self._last), None)
            rows, numbers, found = self._strings.score(word, known)
            scores = np.full(len(self._strings.texts), _OUT, dtype=np.int32)
            scores[numbers] = found
            while len(self._last) >= KEPT:
                self._last.pop(next(iter(self._last)))
            self._last[word] = rows, scores
        return self._last[word][1]


def read_names(reader: Reader) -> Names:
    """Return the names of an opened reader's scope. Raises: StoreError."""
    from codereader.index.rows import unpack_definitions

    view = reader.view
    files = list(reader.walked.paths)
    numbers = {path: at for at, path in enumerate(files)}
    found: dict[int, list[tuple[int, str, str]]] = {}
    for paths, made in view.sections("definitions", unpack_definitions):
        rows = sorted((one.row, one.name, str(one.kind)) for one in made)
        found.update((numbers[path], rows) for path in paths)
        reader.cancel.check()
    uses = view.referring_files()
    ordered = sorted(found)  # file by file: one sort of all names would hold the screen's thread
    names = [name for home in ordered for _, name, _ in found[home]]
    return Names(
        files,
        Symbols(
            names=names,
            kinds=[kind for home in ordered for _, _, kind in found[home]],
            homes=array("i", (home for home in ordered for _ in found[home])),
            lines=array("i", (line_of(row) for home in ordered for row, _, _ in found[home])),
            uses=array("i", (uses.get(name, 0) for name in names)),
        ),
    )


def _beginning(word: str) -> int:
    """Return the score of a string that begins with *word*: no other place is worth as much."""
    return MATCH + FIRST * AT_START + (len(word) - 1) * (MATCH + AT_START)


def _ranked(*keys: Rows) -> Rows:
    """Return the rank of each entry by *keys*, the last counting most; of equals the first comes first."""
    order = np.lexsort(keys)
    ranks = np.empty(len(order), dtype=np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    return ranks


def _best(scores: Scores, ranks: Rows, limit: int) -> list[tuple[int, int]]:
    """Return the entries with the best scores, best first, of equals the better rank; with their scores."""
    fitting = np.flatnonzero(scores > _OUT)
    keys = ranks[fitting] - scores[fitting].astype(np.int64) * (len(scores) + 1)
    if len(keys) > limit:
        some = np.argpartition(keys, limit)[:limit]
        fitting, keys = fitting[some], keys[some]
    order = fitting[np.argsort(keys)]
    return list(zip(order.tolist(), scores[order].tolist(), strict=True))


_KIND_NUMBERS = {kind: at + 1 for at, kind in enumerate(sorted({one for some in KINDS.values() for one in some}))}
