"""What a question adds to the base: whole definitions by worth a token, within the room and never over."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.answer.speaker import Bytes
from codereader.cancel import CancelToken
from codereader.index.view import IndexView
from codereader.pack.focus import Focus, Showing, Wanted, focus
from codereader.pack.piece import Rendering
from codereader.pack.secrets import Redactor
from codereader.pack.segment import Level, Pack, Segment
from codereader.reader import Reader

LONG = "".join(f"\tstep({n});\n" for n in range(100))
SOURCE = f"int first(void)\n{{\n\treturn 1;\n}}\n\nint second(void)\n{{\n{LONG}\treturn 2; /* done */\n}}\n"
FIRST, SECOND = (1, 4), (6, 109)


@pytest.fixture
def view(tmp_path: Path) -> Iterator[IndexView]:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.c").write_text(SOURCE)
    for name in "bcde":
        (tree / f"{name}.c").write_text(f"int {name}(void)\n{{\n\treturn '{name}';\n}}\n")
    with Reader(tree, cache=tmp_path / "cache") as reader:
        reader.open()
        yield reader.view


def base(*segments: Segment) -> Pack:
    return Pack(0, 0, "bytes", True, segments, (), "")


def shown_in_base(path: str, level: Level, lines: tuple[int, int]) -> Segment:
    return Segment(path, level, 1, "", *lines)


def want(path: str, lines: tuple[int, int], worth: float = 1.0, hot: tuple[int, ...] = ()) -> Wanted:
    return Wanted(path, *lines, worth, f"{path} is asked for", f"int {path[0]}(void)", "", hot)


def chosen(view: IndexView, wanted: list[Wanted], room: int, pack: Pack | None = None) -> Focus:
    return focus(view, wanted, pack or base(), room, Showing(Bytes()), CancelToken())


def test_what_is_wanted_comes_as_whole_lines_that_the_heading_names(view: IndexView) -> None:
    """So that a citation of what is seen is right."""
    (segment,) = chosen(view, [want("a.c", FIRST)], 10_000).segments

    assert "=== a.c (lines 1-4 of 109)\nint first(void)\n{\n\treturn 1;\n}\n" == segment.text
    assert (1, 4, "full", "focus") == (segment.start_line, segment.end_line, segment.level, segment.part)
    assert len(segment.text) == segment.tokens


def test_lines_that_are_wanted_twice_come_once(view: IndexView) -> None:
    """What is shown already is not shown again."""
    found = chosen(view, [want("a.c", FIRST), want("a.c", (3, 3)), want("a.c", (2, 4))], 10_000)

    assert [(1, 4)] == [(one.start_line, one.end_line) for one in found.segments]


def test_neighbours_become_one_segment(view: IndexView) -> None:
    """Two functions with a blank line between them need one heading."""
    found = chosen(view, [want("a.c", FIRST), want("a.c", SECOND)], 10_000)

    assert [(1, 109)] == [(one.start_line, one.end_line) for one in found.segments]
    assert found.tokens == len(found.segments[0].text)


def test_a_function_too_long_for_the_room_is_shown_where_it_matters(view: IndexView) -> None:
    """The lines around the hot one, under the first line of the function; the room is used and never passed."""
    found = chosen(view, [want("a.c", SECOND, hot=(50,))], 500)
    (segment,) = found.segments

    assert segment.start_line < 50 < segment.end_line
    assert "inside int a(void))" in segment.text
    assert 490 <= found.tokens <= 500


@pytest.mark.parametrize("room", [0, 1, 30, 60, 100, 200, 500, 1_000, 5_000])
def test_the_room_is_never_passed(view: IndexView, room: int) -> None:
    """Not by one token, whatever is wanted."""
    wants = [want("a.c", FIRST), want("a.c", SECOND, 3.0), *(want(f"{n}.c", (1, 4), 0.5) for n in "bcde")]

    assert chosen(view, wants, room).tokens <= room


def test_worth_a_token_decides(view: IndexView) -> None:
    """Many short ones that matter come before a long one that matters a little more."""
    wants = [want("a.c", SECOND, 1.2), *(want(f"{name}.c", (1, 4)) for name in "bcde")]

    assert {"b.c", "c.c", "d.c", "e.c"} <= {one.path for one in chosen(view, wants, 270).segments}


def test_what_finds_no_room_is_said(view: IndexView) -> None:
    """Never in silence: the reason names what made it wanted, the cost is exact."""
    found = chosen(view, [want("a.c", FIRST)], 30)

    assert () == found.segments
    assert "a.c is asked for, no room in the focus" == found.left_out[0].reason


def test_what_the_base_shows_in_full_is_not_repeated(view: IndexView) -> None:
    """Neither a whole file nor a function that a skeleton keeps; a skeleton alone is not enough."""
    wants = [want("a.c", FIRST), want("b.c", (1, 4)), want("c.c", (1, 4))]
    shown = base(
        shown_in_base("a.c", "skeleton", (6, 109)),
        shown_in_base("a.c", "full", FIRST),
        shown_in_base("b.c", "full", (1, 4)),
        shown_in_base("c.c", "skeleton", (1, 4)),
    )

    assert ["c.c"] == [one.path for one in chosen(view, wants, 10_000, shown).segments]


def test_a_file_comes_whole_or_as_its_skeleton(view: IndexView) -> None:
    """The file itself where it takes no more than half of the room; what a skeleton leaves goes to the first lines."""
    (whole,) = chosen(view, [Wanted("a.c", 1, 0, 1.0, "asked")], 10_000).segments
    bare, first = chosen(view, [Wanted("a.c", 1, 0, 1.0, "asked")], 1_000).segments

    assert ("full", "skeleton", "full") == (whole.level, bare.level, first.level)
    assert (1, True) == (first.start_line, bare.tokens + first.tokens > 950)


def test_the_worthiest_file_comes_first_and_the_next_one_last(view: IndexView) -> None:
    """What stands in the middle is recalled worst."""
    wants = [want(f"{name}.c", (1, 4), worth) for name, worth in zip("bcde", (1, 4, 2, 3), strict=True)]

    assert ["c.c", "d.c", "b.c", "e.c"] == [one.path for one in chosen(view, wants, 10_000).segments]


def test_text_is_shown_as_the_base_shows_it(view: IndexView) -> None:
    """Without comments, with numbers, without secrets."""
    showing = Showing(
        Bytes(), Rendering(comments=False, line_numbers=True), lambda _, text: text.replace("step", "***")
    )
    (segment,) = focus(view, [want("a.c", SECOND)], base(), 10_000, showing, CancelToken()).segments

    assert "uncommented" == segment.level
    assert "done" not in segment.text
    assert "8\t\t***(0);\n" in segment.text


def test_a_file_that_changed_since_it_was_indexed_is_left_out_and_said(view: IndexView) -> None:
    """What stands there now is not what the lines are of."""
    (Path(view.scope.root) / "a.c").write_text("int other(void) { return 0; }\n")

    found = chosen(view, [want("a.c", FIRST)], 10_000)

    assert () == found.segments
    assert ["changed since it was indexed"] == [one.reason for one in found.left_out]


def test_a_place_outside_of_the_index_adds_nothing(view: IndexView) -> None:
    """A header outside of the scope has no text here."""
    assert Focus() == chosen(view, [want("../include/b.h", (3, 9))], 10_000)


def test_a_file_that_found_no_room_several_times_is_told_once(view: IndexView) -> None:
    """By what of it is worth most."""
    wants = [want("a.c", FIRST, 1.0), want("a.c", SECOND, 2.0), want("b.c", (1, 4), 3.0)]

    assert ["b.c", "a.c"] == [one.path for one in chosen(view, wants, 20).left_out]


KEY = "".join(f"MIIEpAIBAAKCAQEA{n:02}Zx8vKq3LrT5yWm9NcBdFgHjPs7QeRuVi\n" for n in range(20))
TOKEN = "ghp" + "_Zx8vKq3LrT5yWm9NcBdFgHjPs7QeRuVi0a1B"  # in two parts, so that no scanner takes it for one
KEYED = f"""\
int first(void) {{ return 1; }}

const char *key = "{TOKEN}";

/*
-----BEGIN RSA PRIVATE KEY-----
{KEY}-----END RSA PRIVATE KEY-----
*/
"""


@pytest.mark.parametrize("lines", [(8, 8), (9, 14), (10, 26)])
def test_a_secret_that_begins_above_what_is_shown_is_replaced(tmp_path: Path, lines: tuple[int, int]) -> None:
    """Lines from the middle of a key are part of it, also where one line alone is shown; so is a heading."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.c").write_text(KEYED)
    wanted = Wanted("a.c", *lines, 1.0, "asked", "", f'const char *key = "{TOKEN}"')
    with Reader(tree, cache=tmp_path / "cache") as reader:
        reader.open()
        showing = Showing(Bytes(), redact=Redactor(reader.view.text))
        (segment,) = focus(reader.view, [wanted], base(), 10_000, showing, CancelToken()).segments

    assert "[secret removed:" in segment.text
    assert "Zx8v" not in segment.text
    assert lines[1] - lines[0] + 2 == segment.text.count("\n")


FUNCTIONS = st.lists(st.lists(st.integers(0, 40), max_size=8), min_size=1, max_size=6)
"""The lengths of the functions of some files."""
PART = st.floats(0, 1)
LINES = st.tuples(st.integers(0, 5), PART, PART, st.booleans())
"""A file, and where in it lines begin and end; or the whole file."""


def tree_of(sizes: list[list[int]]) -> dict[str, str]:
    """Return files of functions that are so long; no two lines of a file are the same."""
    return {
        f"f{at}.c": "".join(
            f"int f{at}_{n}(void)\n{{\n" + "".join(f"\tstep_{n}({row});\n" for row in range(size)) + f"}} /* {n} */\n\n"
            for n, size in enumerate(some)
        )
        + f"int end_{at};\n"
        for at, some in enumerate(sizes)
    }


def places(files: dict[str, str], chosen: list[tuple[int, float, float, bool]]) -> list[tuple[str, int, int]]:
    """Return runs of lines in *files*."""
    found = []
    for at, one, other, is_whole in chosen:
        path, text = sorted(files.items())[at % len(files)]
        first, last = sorted(1 + int(share * (text.count("\n") - 1)) for share in (one, other))
        found.append((path, 1, 0) if is_whole else (path, first, last))
    return found


@settings(max_examples=12, deadline=None)
@given(
    sizes=FUNCTIONS,
    wanted=st.lists(st.tuples(LINES, PART), max_size=12),
    covered=st.lists(LINES, max_size=3),
    room=st.integers(0, 9_000),
)
def test_whatever_the_tree_the_room_is_filled_and_nothing_comes_twice(
    sizes: list[list[int]],
    wanted: list[tuple[tuple[int, float, float, bool], float]],
    covered: list[tuple[int, float, float, bool]],
    room: int,
) -> None:
    """Never over; no line twice; not what the base shows in full; the same each time; filled where anything is left."""
    files = tree_of(sizes)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        for path, text in files.items():
            (tree / path).write_text(text, newline="")
        wants = [
            Wanted(*place, 0.1 + worth, "asked", "int f(void)")
            for place, (_, worth) in zip(places(files, [one for one, _ in wanted]), wanted, strict=True)
        ]
        pack = base(*(shown_in_base(p, "full", (a, b)) for p, a, b in places(files, covered) if b))
        with Reader(tree, cache=Path(folder) / "cache") as reader:
            reader.open()
            found, again = (chosen(reader.view, wants, room, pack) for _ in range(2))

    full = [
        (one.path, n) for one in found.segments if one.level == "full" for n in range(one.start_line, one.end_line + 1)
    ]
    known = {(one.path, n) for one in pack.segments for n in range(one.start_line, one.end_line + 1)}
    asked = {(one.path, n) for one in wants for n in range(one.first, (one.last or files[one.path].count("\n")) + 1)}
    assert found == again
    assert sum(len(one.text.encode()) for one in found.segments) == found.tokens <= room
    assert len(full) == len(set(full))
    assert len({one.path for one in found.left_out}) == len(found.left_out)
    assert found.tokens >= 0.98 * room - 100 or asked <= known | set(full)
