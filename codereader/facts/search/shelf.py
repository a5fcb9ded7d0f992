"""The files of one scope as rows of numbers, and which of them hold a term. Asks the index of terms, reads no file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import TYPE_CHECKING

import numpy as np

from codereader.index.terms.bag import BITS, MOST
from codereader.index.terms.collect import content_key, path_key
from codereader.index.terms.words import number_of
from codereader.source.scope import from_root

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from codereader.index.terms.store import TermStore
    from codereader.index.view import IndexView

    Values = NDArray[np.float32]
    Places = NDArray[np.int32]
    Hit = tuple[Places, NDArray[np.uint16]]


class Shelf:
    """The files of a scope, by path; a file is known by its place among them.

    `lengths` are words, `folders` numbers of folders. Several files with one content stand for the first in what the
    terms of contents tell; `copied` gives the others their share.
    """

    def __init__(self, view: IndexView, terms: TermStore) -> None:
        known = terms.texts()
        self._terms = terms
        self.files = view.files()
        self.paths = [file.path for file in self.files]
        last = max((row for row, _ in known.values()), default=0)
        self._contents = np.full(last + 1, -1, np.int32)
        self._places = np.full(last + 1, -1, np.int32)
        self.prior: Values | None = None
        """What is left of each file's score for its kind, once it was worked out."""
        self.lengths = np.ones(len(self.files), np.float32)
        twins: list[tuple[int, int]] = []
        for at, file in enumerate(self.files):
            row, length = known.get(content_key(file), (-1, 1))
            if row >= 0:
                self.lengths[at] = length
                if self._contents[row] < 0:
                    self._contents[row] = at
                else:
                    twins.append((int(self._contents[row]), at))
            row, _ = known.get(path_key(from_root(view.scope, file.path)), (-1, 0))
            if row >= 0:
                self._places[row] = at
        self._firsts, self._others = (np.array([pair[part] for pair in twins], np.int32) for part in (0, 1))
        numbers: dict[str, int] = {}
        self.folders = np.array(
            [numbers.setdefault(path.rpartition("/")[0], len(numbers)) for path in self.paths], np.int32
        )

    def __len__(self) -> int:
        return len(self.files)

    def close(self) -> None:
        """Close the index of terms."""
        self._terms.close()

    def contents(self, terms: Iterable[str]) -> dict[str, Hit]:
        """Return the places of the files whose contents hold each of the *terms*, and the counts."""
        return self._held(terms, self._contents)

    def named(self, terms: Iterable[str]) -> dict[str, Hit]:
        """Return the places of the files whose paths hold each of the *terms* (`path_term`), and the counts."""
        return self._held(terms, self._places)

    def _held(self, terms: Iterable[str], places: Places) -> dict[str, Hit]:
        numbers = {term: number_of(term) for term in terms}
        found: dict[int, Hit] = {}
        for number, (rows, counts) in self._terms.postings(sorted(set(numbers.values()))).items():
            inside = rows < len(places)
            at = places[rows[inside]]
            if (at >= 0).any():
                found[number] = (at[at >= 0], counts[inside][at >= 0])
        return {term: found[number] for term, number in numbers.items() if number in found}

    def copied(self, values: Values) -> None:
        """Give files that share their content with another what that one has."""
        values[self._others] = values[self._firsts]

    def worth(self, hit: Hit) -> float:
        """Return how much a term tells that as many files hold as *hit* has (the idf of BM25)."""
        return log(1 + (len(self) - len(hit[0]) + 0.5) / (len(hit[0]) + 0.5))


def table(weights: Mapping[int, float]) -> Values:
    """Return for each of the 65,536 counts of a posting the weighted sum of its fields."""
    every = np.arange(1 << 16, dtype=np.uint32)
    total = np.zeros(1 << 16, np.float32)
    for field, weight in sorted(weights.items()):
        total += np.float32(weight) * ((every >> np.uint32(field * BITS)) & np.uint32(MOST)).astype(np.float32)
    return total


def best(values: Values, most: int) -> list[int]:
    """Return the places of the *most* greatest *values* above zero, the greatest first, then by place."""
    order: Sequence[int] = np.argsort(-values, kind="stable")[:most].tolist()
    return [at for at in order if values[at] > 0]
