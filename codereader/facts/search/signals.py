"""What speaks for each file: one number a signal and file, and their weighted sum.

Words count by BM25 (Robertson and Zaragoza, 2009), its term frequency summed over fields of different weight. A signal
is brought to 0..1 by its best file, the sum is lowered for files that are not source, and what the best files of a
folder have is shared with their neighbours. What a signal is worth was measured: ``benchmarks/search.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codereader.facts.search.question import PARTS, Read
from codereader.facts.search.shelf import Shelf, best, table
from codereader.index.terms.bag import (
    CODE,
    COMMENT,
    DEFINED,
    FOLDER,
    FOLDER_PART,
    MOST,
    STEM,
    STEM_PART,
    STRING,
    path_term,
)

if TYPE_CHECKING:
    from codereader.facts.search.shelf import Hit, Values

WEIGHTS: Mapping[str, float] = {
    "title": 0.4,
    "text": 1.7,
    "log": 0.3,
    "title path": 0.3,
    "text path": 0.4,
    "log path": 0.2,
    "pairs": 0.15,
    "trace": 1.1,
    "names": 1.1,
    "module": 1.2,
    "named": 0.5,
    "folder": 0.3,
}
"""What each signal is worth."""

FLOORS = {"names": 1.5, "trace": 0.7, "module": 4.0, "named": 1.0}
"""A signal whose best file has less than this is not stretched to 1: a weak hit stays weak."""

FIELD_WEIGHTS = {DEFINED: 4.0, STRING: 2.0, COMMENT: 2.5, CODE: 1.0}
PATH_WEIGHTS = {STEM: 3.0, STEM_PART: 2.0, FOLDER: 2.0, FOLDER_PART: 1.0}
SATURATION = 1.5
"""How soon more of the same word says no more (k1 of BM25)."""

LENGTH_SHARE = 0.35
"""How much the length of a content counts against it (b of BM25)."""

PATH_SATURATION = 2.0
NEIGHBOURS = 60
"""So many of the best files speak for their folders."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a text was found to hit: terms in contents and in paths, and the value of each signal for each file."""

    contents: Mapping[str, Hit]
    paths: Mapping[str, Hit]
    values: Mapping[str, Values]


def find(shelf: Shelf, read: Read) -> Found:
    """Return what *read* hits on the *shelf*."""
    terms = read.all_terms()
    contents = shelf.contents([*terms, *read.pairs, *read.frames, *read.names])
    stems = [path.rpartition("/")[2].partition(".")[0] for path in read.paths]
    paths = shelf.named(map(path_term, (*terms, *read.modules, *stems)))
    made = {name: np.zeros(len(shelf), np.float32) for name in WEIGHTS if name != "folder"}
    words = _Words(shelf, table(FIELD_WEIGHTS))
    for part in PARTS:
        for term, weight in read.terms[part].items():
            words.add(made[part], contents.get(term), weight)
    for pair, weight in read.pairs.items():
        words.add(made["pairs"], contents.get(pair), weight)
    for signal, names in (("trace", read.frames), ("names", read.names)):
        for name, weight in names.items():
            _add_names(made[signal], contents.get(name), weight)
    for values in made.values():
        shelf.copied(values)
    _add_paths(shelf, read, paths, made)
    return Found(contents, paths, made)


class _Words:
    """BM25 of one shelf."""

    def __init__(self, shelf: Shelf, weighted: Values) -> None:
        average = max(1.0, float(shelf.lengths.mean())) if len(shelf) else 1.0
        self._norm = (SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * shelf.lengths / average)).astype(np.float32)
        self._weighted = weighted
        self._shelf = shelf

    def add(self, into: Values, hit: Hit | None, weight: float) -> None:
        """Add what a term of this *weight* gives to the files that hold it."""
        if hit is not None:
            at, counts = hit
            often = self._weighted[counts]
            into[at] += np.float32(weight * self._shelf.worth(hit)) * often / (often + self._norm[at])


def _add_names(into: Values, hit: Hit | None, weight: float) -> None:
    """Add a name's *weight* to the files that define it, the less the more there are."""
    if hit is not None:
        defines = hit[0][(hit[1] & np.uint16(MOST)) > 0]
        if len(defines):
            into[defines] += np.float32(weight / len(defines) ** 0.5)


def _add_paths(shelf: Shelf, read: Read, hits: Mapping[str, Hit], made: Mapping[str, Values]) -> None:
    weighted = table(PATH_WEIGHTS)
    wanted = [(made[f"{part} path"], read.terms[part]) for part in PARTS] + [(made["module"], read.modules)]
    for into, terms in wanted:
        for term, weight in terms.items():
            if (hit := hits.get(path_term(term))) is not None:
                at, counts = hit
                often = weighted[counts]
                into[at] += np.float32(weight * shelf.worth(hit)) * often / (often + np.float32(PATH_SATURATION))
    for path, weight in read.paths.items():
        hit = hits.get(path_term(path.rpartition("/")[2].partition(".")[0]))
        places = hit[0].tolist() if hit is not None else []
        meant = [at for at in places if f"/{shelf.paths[at]}".endswith(f"/{path}")]
        if meant:
            made["named"][meant] += np.float32(weight / len(meant) ** 0.5)


def combined(shelf: Shelf, values: Mapping[str, Values], weights: Mapping[str, float] = WEIGHTS) -> Values:
    """Return the score of each file."""
    total = np.zeros(len(shelf), np.float32)
    for name, some in values.items():
        most = max(float(some.max()) if len(some) else 0.0, FLOORS.get(name, 0.0))
        if most > 0 and weights.get(name):
            total += np.float32(weights[name] / most) * some
    total *= shelf.prior
    if weights.get("folder"):
        total += np.float32(weights["folder"]) * _shared(shelf, total)
    return total


def _shared(shelf: Shelf, total: Values) -> Values:
    """Return for each file with a score what the best files of its folder have together."""
    top = best(total, NEIGHBOURS)
    mass = np.zeros(int(shelf.folders.max()) + 1 if len(shelf) else 1, np.float32)
    np.add.at(mass, shelf.folders[top], total[top] ** 2)
    most = float(mass.max())
    if not most:
        return np.zeros(len(shelf), np.float32)
    shared: Values = mass[shelf.folders] / np.float32(most) * (total > 0) * shelf.prior
    return shared
