"""Names that are spelled nearly like another one: for a person who mistyped, or remembers a part.

All names of a scope are made ready once; a question then looks at those that share length and letters alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

NEAR = 5
"""So many near names are suggested."""

MISTAKES = 2
"""Letters that a near name may have too many, too few, or wrong."""

PART = 4
"""A name with as many letters is looked for inside others."""


class Names:
    """The names of a scope, to be asked for those near another one."""

    def __init__(self, names: Iterable[str]) -> None:
        self._bare: dict[str, list[str]] = {}
        self._sizes: dict[int, list[tuple[int, str, str]]] = {}
        for name in sorted(set(names)):
            folded = name.casefold()
            self._bare.setdefault(_bare(name), []).append(name)
            self._sizes.setdefault(len(folded), []).append((_letters(folded), folded, name))
        self._text = "\n".join(["", *self._bare, ""])

    def near(self, wanted: str) -> tuple[str, ...]:
        """Return the names closest to *wanted*: in other letters' case, with other underscores, then by spelling.

        Last come those that hold it as a part, the shortest first. At most `NEAR`, *wanted* never.
        """
        folded = wanted.casefold()
        best: dict[str, tuple[int, int]] = {}
        for name in self._bare.get(_bare(wanted), ()):
            best[name] = (0 if name.casefold() == folded else 1, 0)
        for name, mistakes in self._alike(folded, _mistakes(wanted)):
            best.setdefault(name, (2, mistakes))
        if len(best) <= NEAR:
            for name in self._holding(_bare(wanted)):
                best.setdefault(name, (3, len(name)))
        best.pop(wanted, None)
        return tuple(sorted(best, key=lambda name: (best[name], name))[:NEAR])

    def taken(self, wanted: str) -> tuple[bool, tuple[str, ...]]:
        """Return the names that a person who wrote *wanted* may have meant, and whether only letters' case and
        underscores tell them apart from it; else they have the fewest mistakes in spelling. By name.
        """
        if bare := tuple(self._bare.get(_bare(wanted), ())):
            return True, bare
        alike = sorted((mistakes, name) for name, mistakes in self._alike(wanted.casefold(), _mistakes(wanted)))
        return False, tuple(name for mistakes, name in alike if mistakes == alike[0][0])

    def _alike(self, folded: str, most: int) -> Iterator[tuple[str, int]]:
        """Yield the names that differ from *folded* in at most *most* letters, and in how many."""
        letters = _letters(folded)
        for size in range(len(folded) - most, len(folded) + most + 1):
            for some, other, name in self._sizes.get(size, ()):
                if (letters ^ some).bit_count() <= 2 * most:
                    mistakes = _distance(folded, other, most)
                    if mistakes is not None:
                        yield name, mistakes

    def _holding(self, part: str) -> Iterator[str]:
        """Yield the names that hold *part*, underscores aside."""
        at = self._text.find(part) if len(part) >= PART and "\n" not in part else -1
        while at >= 0:
            end = self._text.index("\n", at)
            yield from self._bare[self._text[self._text.rindex("\n", 0, at) + 1 : end]]
            at = self._text.find(part, end)


def _mistakes(wanted: str) -> int:
    """Return how many letters of a name near *wanted* may differ."""
    return min(MISTAKES, len(wanted) // 3)


def _bare(name: str) -> str:
    return name.replace("_", "").casefold()


def _letters(folded: str) -> int:
    """Return which letters a name has, one bit for each; rare ones share bits."""
    found = 0
    for letter in folded:
        found |= 1 << (ord(letter) & 63)
    return found


def _distance(one: str, other: str, most: int) -> int | None:
    """Return how many letters differ, swapped neighbours counting as one; None where it is more than *most*."""
    one, other = _middles(one, other)
    before: Sequence[int] = ()
    row: Sequence[int] = range(len(other) + 1)
    for at, letter in enumerate(one):
        following = [at + 1]
        for place, rival in enumerate(other):
            cost = min(following[-1] + 1, row[place + 1] + 1, row[place] + (letter != rival))
            if at and place and (letter, one[at - 1]) == (other[place - 1], rival):
                cost = min(cost, before[place - 1] + 1)
            following.append(cost)
        if min(following) > most:
            return None
        before, row = row, following
    return row[-1] if row[-1] <= most else None


def _middles(one: str, other: str) -> tuple[str, str]:
    """Return two names without the beginning and the end that they share."""
    start, size = 0, min(len(one), len(other))
    while start < size and one[start] == other[start]:
        start += 1
    end = 0
    while end < size - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return one[start : len(one) - end], other[start : len(other) - end]
