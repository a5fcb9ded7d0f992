"""Rank the files and symbols of a scope for a text: what holds its words, what its trace names, what lies near.

Each signal is one number a file, brought to 0..1 by its best file; the score is their weighted sum. What a signal is
worth was measured (``benchmarks/search.py``), not chosen. Reads the index of terms, no file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import log
from typing import TYPE_CHECKING

import numpy as np

from codereader.facts.search.question import Read, read_question
from codereader.facts.search.ranked import Ranked, RankedFile
from codereader.facts.search.symbols import LOOKED_INTO, rank_symbols
from codereader.index.terms.bag import BITS, CODE, COMMENT, DEFINED, FOLDER, FOLDER_PART, MOST, STEM, STEM_PART, STRING
from codereader.index.terms.collect import collect, content_key, path_key
from codereader.index.terms.words import number_of
from codereader.source.scope import from_root

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from codereader.cancel import CancelToken
    from codereader.index.terms.store import TermStore
    from codereader.index.view import IndexView

FIELD_WEIGHTS = {DEFINED: 4.0, STRING: 2.0, COMMENT: 1.5, CODE: 1.0}
PATH_WEIGHTS = {STEM: 3.0, STEM_PART: 2.0, FOLDER: 2.0, FOLDER_PART: 1.0}
SATURATION = 1.5
LENGTH_SHARE = 0.6
"""How much the length of a content counts against it (b of BM25)."""

WEIGHTS = {
    "words": 1.0,
    "path": 0.6,
    "pairs": 0.3,
    "trace": 0.7,
    "names": 0.4,
    "module": 0.4,
    "named": 1.0,
    "folder": 0.3,
    "minor": 0.3,
}
"""What each signal is worth; see ``benchmarks/search.py``."""


def _table(weights: Mapping[int, float]) -> NDArray[np.float32]:
    """Return for each of the 2**16 counts of a posting the weighted sum of its fields."""
    every = np.arange(1 << 16, dtype=np.uint32)
    return sum(
        (np.float32(weight) * ((every >> field * BITS) & ((1 << BITS) - 1)).astype(np.float32)
         for field, weight in weights.items()),
        np.zeros(1 << 16, np.float32),
    )  # fmt: skip


class Searcher:
    """What a scope is searched by, kept between searches."""

    def __init__(self, view: IndexView, terms: TermStore) -> None:
        self._view = view
        known = terms.texts()
        self._terms = terms
        self.files = list(view.files())
        self.paths = [file.path for file in self.files]
        last = max((row for row, _ in known.values()), default=0)
        self._content = np.full(last + 1, -1, np.int32)
        self._path = np.full(last + 1, -1, np.int32)
        lengths = np.ones(len(self.files), np.float32)
        self.same: dict[int, list[int]] = {}
        for at, file in enumerate(self.files):
            if row := known.get(content_key(file)):
                if self._content[row[0]] < 0:
                    self._content[row[0]] = at
                lengths[at] = row[1]
            if row := known.get(path_key(from_root(view.scope, file.path))):
                self._path[row[0]] = at
        average = max(1.0, float(lengths.mean()))
        self._norm = (SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * lengths / average)).astype(np.float32)
        folders = {}
        self.folder = np.array([folders.setdefault(path.rpartition("/")[0], len(folders)) for path in self.paths])
        self.folders = list(folders)
        self._content_table, self._path_table = _table(FIELD_WEIGHTS), _table(PATH_WEIGHTS)

    def close(self) -> None:
        """Close the index of terms."""
        self._terms.close()

    def _held(self, numbers: Sequence[int], places: NDArray[np.int32]) -> dict[int, tuple[NDArray[np.int32], NDArray[np.uint16]]]:
        found = {}
        for number, (rows, counts) in self._terms.postings(numbers).items():
            inside = rows < len(places)
            at = places[rows[inside]]
            found[number] = (at[at >= 0], counts[inside][at >= 0])
        return found

    def signals(self, read: Read) -> dict[str, NDArray[np.float32]]:
        """Return the value of each signal for each file."""
        size = len(self.files)
        made = {name: np.zeros(size, np.float32) for name in WEIGHTS}
        numbers = {term: number_of(term) for term in (*read.terms, *read.pairs, *read.frames, *read.names)}
        held = self._held(sorted(set(numbers.values())), self._content)
        self._hits = {term: held[number] for term, number in numbers.items() if number in held}
        for term, weight in read.terms.items():
            self._add(made["words"], held.get(numbers[term]), weight, self._content_table, size)
        for pair, weight in read.pairs.items():
            self._add(made["pairs"], held.get(numbers[pair]), weight, self._content_table, size)
        for signal, names in (("trace", read.frames), ("names", read.names)):
            for name, weight in names.items():
                if (hit := held.get(numbers[name])) is not None:
                    defines = (hit[1] & 15) > 0
                    if defines.any():
                        at = hit[0][defines]
                        made[signal][at] += weight / len(at) ** 0.5
        self._paths(read, made)
        return made

    def _paths(self, read: Read, made: dict[str, NDArray[np.float32]]) -> None:
        size = len(self.files)
        words = {f"/{term}": weight for term, weight in read.terms.items()}
        modules = {f"/{module}": weight for module, weight in read.modules.items()}
        numbers = {term: number_of(term) for term in (*words, *modules)}
        held = self._held(sorted(set(numbers.values())), self._path)
        for term, weight in words.items():
            self._add(made["path"], held.get(numbers[term]), weight, self._path_table, size, flat=True)
        for term, weight in modules.items():
            self._add(made["module"], held.get(numbers[term]), weight, self._path_table, size, flat=True)

    def _add(self, into, hit, weight, table, size, *, flat=False) -> None:
        if hit is None or not len(hit[0]):
            return
        at, counts = hit
        df = len(at)
        worth = log(1 + (size - df + 0.5) / (df + 0.5))
        tf = table[counts]
        if flat:
            into[at] += np.float32(weight * worth) * tf / (tf + 2)
        else:
            into[at] += np.float32(weight * worth) * tf * (SATURATION + 1) / (tf + self._norm[at])

    def score(self, read: Read, weights: Mapping[str, float] = WEIGHTS) -> NDArray[np.float32]:
        made = self.signals(read)
        return self.combine(made, weights)

    def combine(self, made, weights):
        total = np.zeros(len(self.files), np.float32)
        for name, values in made.items():
            best = float(values.max()) if len(values) else 0.0
            if best > 0 and weights.get(name):
                total += np.float32(weights[name] / best) * values
        return total

    def search(self, text: str, top: int) -> Ranked:
        """Return the *top* files and symbols that *text* may be about."""
        read = read_question(text)
        made = self.signals(read)
        total = self.combine(made, WEIGHTS)
        count = min(len(total), max(top, LOOKED_INTO))
        order = sorted(np.argpartition(-total, count - 1)[:count].tolist() if count else [], key=lambda at: (-round(float(total[at]), 6), self.paths[at]))
        order = [at for at in order if total[at] > 0]
        files = tuple(RankedFile(self.paths[at], round(float(total[at]), 6), self.reasons(at, read)) for at in order[:top])
        scored = [(self.paths[at], float(total[at])) for at in order]
        symbols = rank_symbols(self._view, read, scored, self._worth(read), top)
        return Ranked(files, symbols)

    def _worth(self, read: Read) -> dict[str, float]:
        """Return how much each term of the text tells: 1 for the rarest, near 0 for one that is everywhere."""
        size = len(self.files)
        values = {term: log(1 + size / (1 + len(self._hits[term][0]))) for term in read.terms if term in self._hits}
        best = max(values.values(), default=1.0) or 1.0
        return {term: value / best for term, value in values.items()}

    def reasons(self, at: int, read: Read) -> tuple[str, ...]:
        """Return why the file *at* is among the best, as words for a person."""
        said: list[str] = []
        defined = [
            (kind, name)
            for kind, names in (("in the trace", read.frames), ("defines", read.names))
            for name in names
            if (count := self._count(name, at)) is not None and count & MOST
        ]
        traced = [read.spelled.get(name, name) for kind, name in defined if kind == "in the trace"]
        named = [read.spelled.get(name, name) for kind, name in defined if kind == "defines"]
        if traced:
            said.append(f"in the trace: {', '.join(traced[:3])}")
        if named := [name for name in named if name not in traced]:
            said.append(f"defines {', '.join(named[:3])}")
        worth = self._worth(read)
        strings = sorted(
            (pair for pair in read.pairs if (self._count(pair, at) or 0) and len(self._hits[pair][0]) < 200),
            key=lambda pair: (len(self._hits[pair][0]), pair),
        )
        if strings:
            said.append("strings: " + ", ".join(f'"{pair}"' for pair in strings[:2]))
        parts = set(WORD_IN_PATH.findall(self.paths[at].lower()))
        path = [term for term in read.terms if term in parts and worth.get(term, 0) > 0.3]
        if path:
            said.append(f"path: {', '.join(sorted(path, key=lambda term: (-worth[term], term))[:3])}")
        words = [term for term in read.terms if self._count(term, at) and term not in read.names and term not in path]
        words.sort(key=lambda term: (-worth[term] * read.terms[term], term))
        if words:
            said.append(f"words: {', '.join(words[:4])}")
        return tuple(said)

    def _count(self, term: str, at: int) -> int | None:
        """Return the counts of *term* in the file *at*, None where it does not hold it."""
        hit = self._hits.get(term)
        if hit is None:
            return None
        places = np.flatnonzero(hit[0] == at)
        return int(hit[1][places[0]]) if len(places) else None


WORD_IN_PATH = re.compile(r"[a-z0-9]+|[a-z0-9_]+(?=\.)")


def open_searcher(view: IndexView, cache: Path, cancel: CancelToken, step: Callable[[str, int, int], None]) -> Searcher:
    """Bring the index of terms in the folder *cache* up to date with *view* and return what searches it.

    *step* is told of the stage ``terms``. Raises: StoreError, Cancelled.
    """
    terms = collect(view, cache, cancel, lambda done, total: step("terms", done, total))
    try:
        with cancel.anywhere():
            return Searcher(view, terms)
    except BaseException:
        terms.close()
        raise
