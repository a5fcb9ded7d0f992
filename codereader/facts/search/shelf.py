"""The files of one scope as rows of numbers, and which of them hold a term. Asks the index of terms, reads no file."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np

from codereader.facts.search.kinds import share_of
from codereader.index.terms.bag import BITS, MOST
from codereader.index.terms.shelves import content_key, path_key
from codereader.index.terms.words import number_of
from codereader.source.scope import from_root

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from codereader.index.terms.store import TermStore
    from codereader.index.view import IndexView

    Values = NDArray[np.float32]
    Places = NDArray[np.int32]
    Hit = tuple[Places, NDArray[np.uint16]]


LEVEL = 1

_NUMBERS = {
    "contents": "<i4",
    "places": "<i4",
    "firsts": "<i4",
    "others": "<i4",
    "folders": "<i4",
    "lengths": "<f4",
    "prior": "<f4",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known of the files of a scope, which are told by their places among all.

    For each row of a text in the index of terms, the file that has it for its content (`contents`) or its path
    (`places`), -1 for none. Files that share a content stand for the first: `firsts` and `others` are pairs. For each
    file its words (`lengths`), the number of its folder, and what is left of its score for its kind (`prior`).
    """

    contents: Places
    places: Places
    firsts: Places
    others: Places
    folders: Places
    lengths: Values
    prior: Values


def columns_of(view: IndexView, terms: TermStore) -> Columns:
    """Work out the columns for the files of *view*."""
    known, files = terms.texts(), view.files()
    last = max((row for row, _ in known.values()), default=0)
    contents, places = np.full(last + 1, -1, np.int32), np.full(last + 1, -1, np.int32)
    lengths = np.ones(len(files), np.float32)
    twins: list[tuple[int, int]] = []
    for at, file in enumerate(files):
        row, length = known.get(content_key(file), (-1, 1))
        if row >= 0:
            lengths[at] = length
            if contents[row] < 0:
                contents[row] = at
            else:
                twins.append((int(contents[row]), at))
        row, _ = known.get(path_key(from_root(view.scope, file.path)), (-1, 0))
        if row >= 0:
            places[row] = at
    firsts, others = (np.array([pair[part] for pair in twins], np.int32) for part in (0, 1))
    numbers: dict[str, int] = {}
    folders = [numbers.setdefault(file.path.rpartition("/")[0], len(numbers)) for file in files]
    prior = np.array([share_of(file.path) for file in files], np.float32)
    return Columns(contents, places, firsts, others, np.array(folders, np.int32), lengths, prior)


def packed(columns: Columns) -> bytes:
    """Return *columns* as bytes."""
    arrays = [np.asarray(getattr(columns, name)).astype(kind) for name, kind in _NUMBERS.items()]
    head = np.array([len(one) for one in arrays], "<u4").tobytes()
    return zlib.compress(head + b"".join(one.tobytes() for one in arrays), LEVEL)


def unpacked(raw: bytes, files: int) -> Columns | None:
    """Return the columns that `packed` wrote for so many *files*, None for other bytes."""
    try:
        data = zlib.decompress(raw)
        lengths = np.frombuffer(data, "<u4", len(_NUMBERS)).tolist()
        at, made = 4 * len(_NUMBERS), {}
        for (name, kind), length in zip(_NUMBERS.items(), lengths, strict=True):
            made[name] = np.frombuffer(data, kind, length, at)
            at += 4 * length
    except (zlib.error, ValueError):
        return None
    columns = Columns(**made)
    return columns if len(columns.lengths) == len(columns.prior) == len(columns.folders) == files else None


class Shelf:
    """The files of a scope, by path, and the index of terms."""

    def __init__(self, paths: Sequence[str], columns: Columns, terms: TermStore) -> None:
        self.paths = paths
        self.lengths = columns.lengths
        self.folders = columns.folders
        self.prior = columns.prior
        self._columns = columns
        self._terms = terms

    def __len__(self) -> int:
        return len(self.paths)

    def close(self) -> None:
        """Close the index of terms."""
        self._terms.close()

    def contents(self, terms: Iterable[str]) -> dict[str, Hit]:
        """Return the places of the files whose contents hold each of the *terms*, and the counts."""
        return self._held(terms, self._columns.contents)

    def named(self, terms: Iterable[str]) -> dict[str, Hit]:
        """Return the places of the files whose paths hold each of the *terms* (`path_term`), and the counts."""
        return self._held(terms, self._columns.places)

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
        values[self._columns.others] = values[self._columns.firsts]

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
    edge = np.partition(values, -most)[-most] if len(values) > most else 0
    places = np.flatnonzero((values >= edge) & (values > 0))
    order: list[int] = places[np.argsort(-values[places], kind="stable")][:most].tolist()
    return order
