"""What a question adds to the prompt: whole functions around the places of its answer, within the room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codereader.answer.speaker import Bytes
from codereader.cancel import CancelToken
from codereader.index.view import IndexView
from codereader.pack.focus import AROUND, MOST_WANTED, Focus, Wanted, focus
from codereader.pack.segment import Pack, Segment
from codereader.reader import Reader

LONG = "".join(f"\tstep({n});\n" for n in range(100))
SOURCE = f"int first(void)\n{{\n\treturn 1;\n}}\n\nint second(void)\n{{\n{LONG}\treturn 2;\n}}\n"


@pytest.fixture
def view(tmp_path: Path) -> Iterator[IndexView]:
    (tmp_path / "a.c").write_text(SOURCE)
    with Reader(tmp_path) as reader:
        reader.open()
        yield reader.view


def base(*segments: Segment) -> Pack:
    return Pack(0, 0, "bytes", True, segments, (), "")


def chosen(view: IndexView, wanted: list[Wanted], room: int, pack: Pack | None = None) -> Focus:
    return focus(view, wanted, pack or base(), room, Bytes(), CancelToken())


def test_a_place_brings_its_whole_function(view: IndexView) -> None:
    """Not the file, not the line: the function that the line stands in."""
    (segment,) = chosen(view, [Wanted("a.c", 3, "asked")], 10_000).segments

    assert (1, 4) == (segment.start_line, segment.end_line)
    assert "int first(void)" in segment.text
    assert "second" not in segment.text


def test_two_places_in_one_function_bring_it_once(view: IndexView) -> None:
    """What is shown already is not shown again."""
    found = chosen(view, [Wanted("a.c", 3, "asked"), Wanted("a.c", 1, "asked")], 10_000)

    assert 1 == len(found.segments)


def test_a_function_too_long_for_the_room_is_shown_around_the_place(view: IndexView) -> None:
    """The lines around the place, under the function's first line; the room is never passed."""
    found = chosen(view, [Wanted("a.c", 50, "asked")], 500)
    (segment,) = found.segments

    assert (50 - AROUND, 50 + AROUND) == (segment.start_line, segment.end_line)
    assert "inside int second(void)" in segment.text
    assert found.tokens <= 500


def test_what_finds_no_room_is_said(view: IndexView) -> None:
    """Never in silence: the reason names what made it wanted, the cost is exact."""
    found = chosen(view, [Wanted("a.c", 3, "first is named in the question")], 10)

    assert () == found.segments
    assert "first is named in the question, no room in the focus" == found.left_out[0].reason
    assert found.left_out[0].exact


def test_what_the_base_shows_in_full_is_not_repeated(view: IndexView) -> None:
    """A file that went in whole needs no focus."""
    whole = Segment("a.c", "full", 1, SOURCE, 1, 110)

    assert () == chosen(view, [Wanted("a.c", 3, "asked"), Wanted("a.c", None, "asked")], 10_000, base(whole)).segments


def test_a_named_file_comes_whole_or_as_a_skeleton(view: IndexView) -> None:
    """The file itself where it takes no more than half of the room, else its skeleton."""
    (whole,) = chosen(view, [Wanted("a.c", None, "asked")], 10_000).segments
    (bare,) = chosen(view, [Wanted("a.c", None, "asked")], 1_000).segments

    assert ("full", "skeleton") == (whole.level, bare.level)


def test_so_many_places_are_looked_at_and_the_others_are_said(view: IndexView) -> None:
    """A common name has thousands."""
    found = chosen(view, [Wanted("a.c", 3, "asked")] * (MOST_WANTED + 2), 10_000)

    assert 2 == len(found.left_out)


def test_a_place_outside_of_the_index_adds_nothing(view: IndexView) -> None:
    """A header outside of the scope has no text here."""
    assert Focus() == chosen(view, [Wanted("../include/b.h", 3, "asked")], 10_000)
