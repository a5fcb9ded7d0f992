"""What each file of a scope costs at each level of detail, whether a pack holds it or not. Sizes are tokens.

Sizes are kept on disk, so that a file whose bytes are known is neither read nor shown again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import codereader
from codereader.cancel import CancelToken
from codereader.model.counter import TokenCounter
from codereader.model.kept_numbers import KeptNumbers
from codereader.pack.piece import Piece
from codereader.pack.segment import LEVELS, Level

BATCH = 1 << 19
"""Characters that are counted at once, at least: enough to keep every processor busy, few enough to stop soon."""

KEPT_FILES = 20_000
"""Sizes are kept for so many files of a scope at most: those of more would drive out everything else that is kept."""

ROOM = Path(__file__).parents[1]
DECIDING = ("pack/detail/*.py", "index/anatomy/*.py")
"""The modules that decide what a level shows of given facts."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The tokens of the file at `path`, heading included, at each of `LEVELS` in their order."""

    path: str
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """The sizes that are kept. `name` gives the bytes that all that a file shows at any level follows from."""

    numbers: KeptNumbers
    name: Callable[[str], bytes]

    def keys(self, path: str) -> list[bytes]:
        """Return the keys of the sizes of *path*, one for each of `LEVELS`."""
        name = self.name(path)
        return [self.numbers.key(level.encode() + b"\0" + name) for level in LEVELS]


def kind(*told: bytes) -> bytes:
    """Return what sizes follow from beside the files: all that is *told*, and the modules that show files."""
    return sha256(b"\0".join([_deciding(), *told])).digest()


@cache
def _deciding() -> bytes:
    digest = sha256(f"sizes {codereader.__version__}".encode())
    for pattern in DECIDING:
        for place in sorted(ROOM.glob(pattern)):
            digest.update(place.read_bytes())
    return digest.digest()


def sizes(
    paths: Sequence[str],
    show: Callable[[str, Level], Sequence[Piece]],
    count: TokenCounter,
    cancel: CancelToken,
    step: Callable[[int, int], None],
    kept: Kept | None = None,
) -> Iterator[Sizes]:
    """Yield the sizes of *paths*, those that are *kept* first. *show* gives a path at a level, nothing if it is gone.

    *step* is told how many files are done, of how many. Raises: Cancelled.
    """
    left = list(paths)
    if kept is not None and len(paths) <= KEPT_FILES:
        found = _known(paths, kept)
        yield from found.values()
        left = [path for path in paths if path not in found]
    held: list[tuple[str, list[str]]] = []
    size = 0
    for at, path in enumerate(left, len(paths) - len(left) + 1):
        cancel.check()
        texts = ["".join(piece.text for piece in show(path, level)) for level in reversed(LEVELS)][::-1]
        held.append((path, texts))
        size += sum(map(len, texts))
        if size >= BATCH or at == len(paths):
            made = _counted(held, count)
            if kept is not None and len(paths) <= KEPT_FILES:
                _learn(made, kept)
            yield from made
            step(at, len(paths))
            held, size = [], 0


def _known(paths: Sequence[str], kept: Kept) -> dict[str, Sizes]:
    """Return the sizes that are kept, by path."""
    keys = {path: kept.keys(path) for path in paths}
    numbers = kept.numbers.known([key for some in keys.values() for key in some])
    return {
        path: Sizes(path, tuple(numbers[key] for key in some))
        for path, some in keys.items()
        if all(key in numbers for key in some)
    }


def _learn(made: Sequence[Sizes], kept: Kept) -> None:
    for one in made:
        if any(one.tokens):
            kept.numbers.learn(dict(zip(kept.keys(one.path), one.tokens, strict=True)))


def _counted(held: Sequence[tuple[str, Sequence[str]]], count: TokenCounter) -> list[Sizes]:
    """Count every text once: levels of a file that show the same are the same text."""
    distinct = list(dict.fromkeys(text for _, texts in held for text in texts))
    numbers = dict(zip(distinct, count.count_many(distinct), strict=True))
    return [Sizes(path, tuple(numbers[text] for text in texts)) for path, texts in held]
