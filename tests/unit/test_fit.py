"""The pack never exceeds its budget, fills it, and says what it left out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.cancel import Cancelled, CancelToken
from codereader.pack.fit import Candidate, fit
from codereader.pack.segment import STEPS, Level

SHARE = {"full": 1.0, "skeleton": 0.5, "outline": 0.2}


class Words:
    """Counts words: a vocabulary whose sums are easy to check."""

    name = "words"
    exact = True

    def count_many(self, texts: list[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def show_of(sizes: dict[str, int]):
    def show(path: str, level: Level) -> str:
        words = 2 if level == "name" else 2 + int(sizes[path] * SHARE[level])
        return f"{path}! " + "w " * (words - 1)

    return show


def candidates_of(sizes: dict[str, int], worth: dict[str, float] | None = None) -> list[Candidate]:
    return [Candidate(p, (worth or {}).get(p, 1.0), n * 4, n) for p, n in sorted(sizes.items())]


trees = st.dictionaries(st.text("abcdef/", min_size=1, max_size=6), st.integers(0, 400), min_size=1, max_size=30)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(trees, st.integers(1, 6000))
def test_a_pack_never_exceeds_its_budget(sizes: dict[str, int], budget: int) -> None:
    """For any tree and budget the sum of tokens is exact and within the budget."""
    packed = fit(candidates_of(sizes), budget, show_of(sizes), Words())

    assert packed.tokens == sum(len(s.text.split()) for s in packed.segments)
    assert packed.tokens <= budget
    assert [s.tokens for s in packed.segments] == [len(s.text.split()) for s in packed.segments]
    assert packed.segments or budget < 2  # a name line takes two words


@settings(max_examples=100, deadline=None, derandomize=True)
@given(trees, st.integers(1, 6000))
def test_every_file_is_in_full_or_reported(sizes: dict[str, int], budget: int) -> None:
    """No file disappears: what is not in full stands in the left-out report, with its level."""
    packed = fit(candidates_of(sizes), budget, show_of(sizes), Words())

    full = {s.path for s in packed.segments if s.level == "full"}
    assert sorted(sizes) == sorted(full | {item.path for item in packed.left_out})
    assert not full & {item.path for item in packed.left_out}
    levels = {s.path: s.level for s in packed.segments}
    assert [levels.get(item.path) for item in packed.left_out] == [item.level for item in packed.left_out]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(trees)
def test_a_tree_that_fits_goes_in_whole(sizes: dict[str, int]) -> None:
    """With just enough budget every file is in full and nothing is left out."""
    need = sum(2 + size for size in sizes.values())

    packed = fit(candidates_of(sizes), need, show_of(sizes), Words())

    assert ({"full"}, ()) == ({s.level for s in packed.segments}, packed.left_out)


def test_segments_stand_in_path_order_whatever_their_worth() -> None:
    """The order is canonical, so that the same tree gives the same prefix."""
    sizes = {"b": 3, "a": 3, "c/d": 3}

    packed = fit(candidates_of(sizes, {"c/d": 9.0, "a": 1.0, "b": 5.0}), 100, show_of(sizes), Words())

    assert ["a", "b", "c/d"] == [s.path for s in packed.segments]


def test_the_worthier_file_gets_the_detail() -> None:
    """When only one of two equal files fits in full, it is the more important one."""
    sizes = {"a": 100, "b": 100}

    packed = fit(candidates_of(sizes, {"b": 10.0}), 110, show_of(sizes), Words())

    assert {"b": "full"} == {s.path: s.level for s in packed.segments if s.level == "full"}


def test_levels_can_be_limited() -> None:
    """A map holds outlines and names only, and reports names as shortened."""
    sizes = {"a": 100, "b": 100}

    packed = fit(candidates_of(sizes), 25, show_of(sizes), Words(), levels=STEPS[2:])

    assert {"outline", "name"} == {s.level for s in packed.segments}
    assert ["shortened to its name"] == [item.reason for item in packed.left_out]


def test_same_input_gives_the_same_hash_and_another_text_another() -> None:
    """The hash names the text that was sent."""
    sizes = {"a": 10, "b": 20}
    one = fit(candidates_of(sizes), 100, show_of(sizes), Words())
    two = fit(candidates_of(sizes), 100, show_of(sizes), Words())
    other = fit(candidates_of(sizes), 20, show_of(sizes), Words())

    assert one == two
    assert one.hash != other.hash


def test_packing_stops_when_asked() -> None:
    """Ctrl-C reaches the packer."""
    token = CancelToken()
    token.cancel()

    with pytest.raises(Cancelled):
        fit(candidates_of({"a": 1}), 10, show_of({"a": 1}), Words(), cancel=token)
