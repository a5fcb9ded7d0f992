"""What each file costs at each level: counted once, and found again while nothing it follows from changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from codereader.cancel import Cancelled, CancelToken
from codereader.model.estimate import Estimate
from codereader.model.kept_numbers import KeptNumbers
from codereader.pack.piece import Piece
from codereader.pack.segment import LEVELS, Level
from codereader.pack.sizes import Kept, Sizes, kind, sizes


class Shelf:
    """Files with a text for each level; `asked` remembers which were shown."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts
        self.asked: list[str] = []

    def show(self, path: str, level: Level) -> Sequence[Piece]:
        """Return the text of *path*, shorter at each level; nothing where there is none."""
        self.asked.append(path)
        whole = self.texts.get(path)
        return (Piece(level, whole[: len(whole) // (LEVELS.index(level) + 1)], 1, 1),) if whole else ()

    def sizes(self, cache: Path | None = None, named: bytes = b"") -> list[Sizes]:
        """Return the sizes of all files, kept in *cache*, whose kind is *named*."""
        self.asked = []
        numbers = KeptNumbers(kind(named), cache) if cache else None
        kept = Kept(numbers, lambda path: f"{path} {self.texts[path]}".encode()) if numbers else None
        found = list(sizes(sorted(self.texts), self.show, Estimate(), CancelToken(), lambda _, __: None, kept))
        if numbers:
            numbers.close()
        return sorted(found, key=lambda one: one.path)


def test_a_file_has_a_size_at_each_level() -> None:
    """In the order of levels."""
    assert [Sizes("a", (20, 10, 7, 5, 4)), Sizes("b", (1, 0, 0, 0, 0))] == Shelf(a="x" * 60, b="y").sizes()


def test_sizes_that_are_kept_are_not_worked_out_again(tmp_path: Path) -> None:
    """The same numbers, and no file is shown; one that changed is, and so is any where something else decides."""
    shelf = Shelf(a="x" * 60, b="y" * 90)
    first = shelf.sizes(tmp_path)

    assert (first, []) == (shelf.sizes(tmp_path), shelf.asked)
    shelf.texts["b"] = "z" * 30
    assert ([first[0], Sizes("b", (10, 5, 4, 3, 2))], {"b"}) == (shelf.sizes(tmp_path), set(shelf.asked))
    assert {"a", "b"} == (shelf.sizes(tmp_path, b"another vocabulary") and set(shelf.asked))


def test_a_file_that_has_gone_is_not_kept(tmp_path: Path) -> None:
    """It has no size now; it may have one another time."""
    shelf = Shelf(a="")

    assert [Sizes("a", (0, 0, 0, 0, 0))] == shelf.sizes(tmp_path)
    assert shelf.sizes(tmp_path)
    assert {"a"} == set(shelf.asked)


def test_progress_ends_with_all_files_and_work_can_be_stopped() -> None:
    """What is done never exceeds the total; a stop is seen at the next file."""
    shelf, steps, cancel = Shelf(a="x" * 3_000_000, b="y", c="z"), [], CancelToken()

    list(sizes(["a", "b", "c"], shelf.show, Estimate(), cancel, lambda *step: steps.append(step)))
    cancel.cancel()

    assert [(1, 3), (3, 3)] == steps
    with pytest.raises(Cancelled):
        list(sizes(["a"], shelf.show, Estimate(), cancel, lambda _, __: None))
