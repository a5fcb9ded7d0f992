"""What a person pins is sent whatever is asked, and what of it finds no room is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from codereader.answer.known import Wish
from codereader.answer.pinned import pinned_files
from codereader.answer.prepare import Prepared
from codereader.answer.speaker import echo
from codereader.reader import Reader

BODY = "".join(f"int step_{{n}}_{line}(int x)\n{{{{\n\treturn x + {line};\n}}}}\n\n" for line in range(90))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "lib").mkdir(parents=True)
    for name in ("a.c", "b.c", "lib/c.c", "lib/d.c", "libx.c"):
        (root / name).write_text(BODY.format(n=name[-3]))
    return root


def prepared(tree: Path, *pins: str, **wish: int) -> Prepared:
    with Reader(tree) as reader:
        reader.open()
        known = reader.known("where is step_a_7 defined?")
        return reader.prepare(known, echo(), Wish(pins=pins, **{"budget": 3_000, **wish}))  # type: ignore[arg-type]


def levels(ready: Prepared, path: str) -> list[str]:
    return [one.level for one in ready.focus.segments if one.path == path]


def test_a_pinned_file_is_sent_in_full_although_the_question_is_about_another(tree: Path) -> None:
    """It comes on top of the budget, first of what the question adds, and nothing of it is shown twice."""
    ready = prepared(tree, "lib/d.c")

    assert ready.focus.segments[0].path == "lib/d.c"
    assert levels(ready, "lib/d.c") == ["full"]
    assert ready.pinned.left_out == ()
    assert ready.pinned.tokens > 3_000


def test_a_pinned_folder_is_all_its_files_and_no_name_that_begins_alike(tree: Path) -> None:
    """lib/ does not mean libx.c."""
    with Reader(tree) as reader:
        reader.open()

        assert pinned_files(reader.view, ("lib",)) == ("lib/c.c", "lib/d.c")
        assert pinned_files(reader.view, ("lib/", "a.c")) == ("a.c", "lib/c.c", "lib/d.c")
        assert pinned_files(reader.view, ("",)) == ("a.c", "b.c", "lib/c.c", "lib/d.c", "libx.c")
        assert pinned_files(reader.view, ()) == ()


def test_what_does_not_fit_the_window_is_shortened_and_said(tree: Path) -> None:
    """A note names the file and the room; the prompt stays within the window."""
    ready = prepared(tree, "lib/d.c", ctx=7_000, max_tokens=64)

    assert len(ready.composed.prompt) + 64 <= 7_000
    assert ready.pinned.tokens < prepared(tree, "lib/d.c").pinned.tokens
    assert [row.path for row in ready.pinned.left_out] == ["lib/d.c"]
    assert any("lib/d.c" in note and "pinned, but" in note for note in ready.notes)


def test_a_pin_that_is_gone_is_said(tree: Path) -> None:
    """A file that was deleted since it was pinned does not stop the answer."""
    ready = prepared(tree, "gone.c")

    assert ready.pinned.segments == ()
    assert "gone.c is pinned, and no file of that name is read any more" in ready.notes


def test_a_tree_that_is_sent_whole_needs_no_pins(tree: Path) -> None:
    """What the base shows in full is not sent again."""
    ready = prepared(tree, "a.c", budget=60_000)

    assert ready.focus.segments == ()


def test_pins_do_not_move_the_base(tree: Path) -> None:
    """What was evaluated for another question is still of use once something is pinned."""
    assert prepared(tree).composed.prompt.base == prepared(tree, "lib").composed.prompt.base
