"""Find a few hundred short literals in bytes, in a fraction of the time that reading them line by line would take.

Of each literal the three characters that are rarest in source code are looked for. Pairs of bytes at even places are
looked up in two tables, which numpy does at the speed of memory; only where both know their pair is anything compared.
Little text is searched with a regular expression instead, which finds the same and saves loading numpy.
Positions are bytes.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_LITTLE = 1 << 20
"""Bytes that are searched without numpy, in all, before it is loaded."""

_GROUPS = 32
"""Three characters belong to a group by their first; pairs that belong to different groups say nothing."""

_END = 8
"""The last bytes are searched apart: they make no whole pairs."""

_EVEN = (1 << _GROUPS) - 1

_FREQUENT = "\n\t _etsrniacodlupf)(;hmk,*b-gvE>TNAISLRyPx.COw0/D1&M{}2FUqG6B\"H8:V!z[]+<KX3#4|YW5%j\\@9'QZ7?J~$^`="
"""Characters of source code, the most frequent first, as counted in Linux's network code. ``=`` stands last: in code
it follows a space."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A literal of at least three ASCII characters to find; `fold` takes its letters in either case."""

    text: str
    fold: bool = False

    @property
    def rarest(self) -> int:
        """Where the three characters begin by which this literal is found."""
        return max(range(len(self.text) - 2), key=lambda at: (_rarity(self.text[at : at + 3]), -at))

    def spellings(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the ways to write the characters from *start* to before *stop*."""
        ways = [sorted({c.lower(), c.upper()}) if self.fold else [c] for c in self.text[start:stop]]
        return ("".join(way).encode("ascii") for way in itertools.product(*ways))


class Anchors:
    """Finds any of *anchors* in bytes."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        self._whole = [_matcher(anchor) for anchor in anchors]
        self._rare: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
        for number, anchor in enumerate(anchors):
            for spelled in anchor.spellings(anchor.rarest, anchor.rarest + 3):
                self._rare[spelled].append((number, anchor.rarest))
        self._any = re.compile(b"(?=" + b"|".join(re.escape(spelled) for spelled in sorted(self._rare)) + b")")
        self._tables: tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]] | None = None
        self._searched = 0

    def found(self, data: bytes) -> list[tuple[int, int]]:
        """Return where an anchor begins in *data*, and its number; sorted."""
        return sorted(
            {
                (place - before, number)
                for place in self._places(data)
                for number, before in self._rare.get(data[place : place + 3], ())
                if place >= before and self._whole[number](data, place - before)
            }
        )

    def _places(self, data: bytes) -> list[int]:
        """Return where the three rarest characters of an anchor may stand."""
        self._searched += len(data)
        if self._searched < _LITTLE and "numpy" not in sys.modules:
            return [match.start() for match in self._any.finditer(data)]
        import numpy as np

        if self._tables is None:
            self._tables = _tables(sorted(self._rare))
        pairs = np.frombuffer(data, dtype="<u2", count=len(data) // 2)
        first, second = (table.take(pairs) for table in self._tables)
        both = first[:-1] & second[1:]
        hits = both.nonzero()[0]
        groups = both[hits]
        even, odd = hits[groups & _EVEN != 0] * 2, hits[groups >> _GROUPS != 0] * 2 + 1
        end = [match.start() for match in self._any.finditer(data, max(len(data) - _END, 0))]
        return [*even.tolist(), *odd.tolist(), *end]


def _matcher(anchor: Anchor) -> Callable[[bytes, int], object]:
    """Return what tells whether *anchor* stands at a place of bytes."""
    text = anchor.text.encode("ascii")
    if anchor.fold:
        return re.compile(re.escape(text), re.IGNORECASE).match
    return lambda data, at: data.startswith(text, at)


def _rarity(text: str) -> int:
    return sum(_FREQUENT.find(c) for c in text)


def _tables(wanted: Sequence[bytes]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return for each pair of bytes, as a number whose low byte is the first, the bits of the groups that hold it.

    The lower bits are of three bytes that begin with the first pair, the upper ones of those that begin inside it.
    """
    import numpy as np

    first, second = np.zeros(1 << 16, np.uint64), np.zeros(1 << 16, np.uint64)
    every = np.arange(256)
    starts = sorted({three[0] for three in wanted}, key=lambda byte: _FREQUENT.find(chr(byte)))
    for a, b, c in wanted:
        group = min(starts.index(a), _GROUPS - 1)
        even, odd = np.uint64(1 << group), np.uint64(1 << group + _GROUPS)
        first[a | b << 8] |= even
        second[c | every << 8] |= even
        first[every | a << 8] |= odd
        second[b | c << 8] |= odd
    return first, second
