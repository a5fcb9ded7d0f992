"""Rank the files and symbols of a scope for a text. Reads the index of terms, and facts of the best files only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from codereader.facts.search.kept import key_of
from codereader.facts.search.passages import Passage, passages
from codereader.facts.search.question import Read, read_question
from codereader.facts.search.ranked import Ranked, RankedFile
from codereader.facts.search.reasons import reasons
from codereader.facts.search.shelf import Shelf, best, columns_of, packed, unpacked
from codereader.facts.search.signals import Found, combined, find
from codereader.facts.search.symbols import LOOKED_INTO, rank_symbols
from codereader.index.terms.collect import collect
from codereader.index.terms.store import open_terms

if TYPE_CHECKING:
    from pathlib import Path

    from codereader.cancel import CancelToken
    from codereader.index.view import IndexView


class Searcher:
    """What a scope is searched by, kept between searches."""

    def __init__(self, view: IndexView, shelf: Shelf) -> None:
        self._view = view
        self.shelf = shelf

    def close(self) -> None:
        """Close the index of terms."""
        self.shelf.close()

    def search(self, text: str, top: int) -> Ranked:
        """Return the *top* files and symbols that *text* may be about."""
        shelf, read = self.shelf, read_question(text)
        found = find(shelf, read)
        total = combined(shelf, found.values)
        places = best(total, max(top, LOOKED_INTO))
        scored = sorted(((round(float(total[at]), 6), at) for at in places), key=lambda one: (-one[0], one[1]))
        worth = self._worth(read, found)
        files = tuple(
            RankedFile(shelf.paths[at], score, reasons(shelf.paths[at], read, _counts_in(found, at), worth))
            for score, at in scored[:top]
        )
        symbols = rank_symbols(self._view, read, [(shelf.paths[at], score) for score, at in scored], worth, top)
        return Ranked(files, symbols)

    def passages(
        self, text: str, seeds: Mapping[tuple[str, int], float], most: int, check: Callable[[], None]
    ) -> tuple[Passage, ...]:
        """Return the definitions that *text* has to do with, best first, of the *most* best files and of the *seeds*.

        *seeds* are places (path, 1-based line) that belong to the answer, each with its share of the best score.
        """
        shelf, read = self.shelf, read_question(text)
        found = find(shelf, read)
        total = combined(shelf, found.values)
        places = dict.fromkeys(best(total, most))
        named = {path: at for at, path in enumerate(shelf.paths)} if seeds else {}
        places.update(dict.fromkeys(named[path] for path, _ in seeds if path in named))
        files = sorted(((shelf.paths[at], float(total[at])) for at in places), key=lambda one: (-one[1], one[0]))
        return passages(self._view, files, self._worth(read, found), seeds, check)

    def _worth(self, read: Read, found: Found) -> Mapping[str, float]:
        """Return how much each term of the text tells: 1 for the rarest, near 0 for one that is everywhere."""
        values = {term: self.shelf.worth(found.contents[term]) for term in read.all_terms() if term in found.contents}
        most = max(values.values(), default=1.0) or 1.0
        return {term: value / most for term, value in values.items()}


def _counts_in(found: Found, at: int) -> Callable[[str], int]:
    """Return what tells the counts of a term in the file at the place *at*, 0 where it does not hold it."""

    def count(term: str) -> int:
        hit = found.contents.get(term)
        if hit is None:
            return 0
        places = np.flatnonzero(hit[0] == at)
        return int(hit[1][places[0]]) if len(places) else 0

    return count


def open_searcher(view: IndexView, cache: Path, cancel: CancelToken, step: Callable[[str, int, int], None]) -> Searcher:
    """Bring the index of terms in the folder *cache* up to date with *view* and return what searches it.

    *step* is told of the stage ``terms``. Raises: StoreError, Cancelled.
    """
    key = key_of(view.walked)
    terms = open_terms(cache)
    try:
        paths = view.walked.paths if key else ()
        raw = terms.shelf(key) if key else None
        columns = unpacked(raw, len(paths)) if raw else None
        if columns is None:
            collect(view, terms, cancel, lambda done, total: step("terms", done, total))
            with cancel.anywhere():
                columns, walked = columns_of(view, terms), len(paths)
                paths = [file.path for file in view.files()]
            if key and terms.is_writable and len(paths) == walked:
                terms.keep_shelf(key, packed(columns))
        return Searcher(view, Shelf(paths, columns, terms))
    except BaseException:
        terms.close()
        raise
