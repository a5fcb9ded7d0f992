"""What each file of a scope costs at each level of detail, whether a pack holds it or not. Sizes are tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from codereader.cancel import CancelToken
from codereader.model.counter import TokenCounter
from codereader.pack.piece import Piece
from codereader.pack.segment import LEVELS, Level

BATCH = 1 << 20
"""Characters that are counted at once, at least: enough to keep every processor busy, few enough to stop soon."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The tokens of the file at `path`, heading included, at each of `LEVELS` in their order."""

    path: str
    tokens: tuple[int, ...]


def sizes(
    paths: Sequence[str],
    show: Callable[[str, Level], Sequence[Piece]],
    count: TokenCounter,
    cancel: CancelToken,
    step: Callable[[int, int], None],
) -> Iterator[Sizes]:
    """Yield the sizes of *paths* in their order. *show* gives a path at a level, nothing where it has gone.

    *step* is told how many files are done, of how many. Raises: Cancelled.
    """
    held: list[tuple[str, list[str]]] = []
    size = 0
    for at, path in enumerate(paths, 1):
        cancel.check()
        texts = ["".join(piece.text for piece in show(path, level)) for level in reversed(LEVELS)][::-1]
        held.append((path, texts))
        size += sum(map(len, texts))
        if size >= BATCH or at == len(paths):
            yield from _counted(held, count)
            step(at, len(paths))
            held, size = [], 0


def _counted(held: Sequence[tuple[str, Sequence[str]]], count: TokenCounter) -> Iterator[Sizes]:
    """Count every text once: levels of a file that show the same are the same text."""
    distinct = list(dict.fromkeys(text for _, texts in held for text in texts))
    numbers = dict(zip(distinct, count.count_many(distinct), strict=True))
    for path, texts in held:
        yield Sizes(path, tuple(numbers[text] for text in texts))
