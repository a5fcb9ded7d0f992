"""Counting beside the making of texts: in order, all of it, and stopped when asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from codereader.cancel import Cancelled, CancelToken
from codereader.errors import ModelUnreadable
from codereader.pack import counting
from codereader.pack.counting import counted


class Counter:
    """One token a character; remembers its batches and the threads that it counted in."""

    name, exact = "one a character", True

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.threads: set[int] = set()

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Count."""
        self.batches.append(len(texts))
        self.threads.add(threading.get_ident())
        return [len(text) for text in texts]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ten characters be a batch."""
    monkeypatch.setattr(counting, "BATCH", 10)


@pytest.mark.parametrize("lengths", [[], [0], [3, 4], [10], [10, 10], [9, 9, 9], [25, 0, 1, 9, 10, 11, 2]])
def test_counts_come_in_the_order_of_the_texts(lengths: list[int], cancel: CancelToken) -> None:
    """However texts fall into batches."""
    assert lengths == counted(("x" * length for length in lengths), Counter(), cancel)


def test_few_texts_need_no_thread(cancel: CancelToken) -> None:
    """A small scope is counted at once, where it was made."""
    counter = Counter()
    counted(["abc", "de"], counter, cancel)

    assert [2] == counter.batches
    assert {threading.get_ident()} == counter.threads


def test_many_texts_are_counted_by_one_other_thread(cancel: CancelToken) -> None:
    """A counter is never used by two threads at once; what opens it is the first text, in the main thread."""
    counter = Counter()
    counted(["x" * 5] * 7, counter, cancel)

    assert [1, 1, 2, 2, 1] == counter.batches
    assert 1 == len(counter.threads - {threading.get_ident()}) == len(counter.threads) - 1


def test_what_cannot_be_counted_is_told(cancel: CancelToken) -> None:
    """An error of the vocabulary comes out as it is."""

    class Broken(Counter):
        def count_many(self, texts: Sequence[str]) -> list[int]:
            raise ModelUnreadable("no vocabulary")

    with pytest.raises(ModelUnreadable, match="no vocabulary"):
        counted(["x" * 10] * 3, Broken(), cancel)


def test_ctrl_c_stops_making_and_counting(cancel: CancelToken) -> None:
    """Nothing more is made, and batches that wait are not counted."""
    counter, made = Counter(), []

    def texts() -> Iterator[str]:
        for number in range(1_000):
            made.append(number)
            if number == 20:
                cancel.cancel()
            yield "x" * 10

    with pytest.raises(Cancelled):
        counted(texts(), counter, cancel)
    assert 21 == len(made)
    assert len(counter.batches) <= 20
