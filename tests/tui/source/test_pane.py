"""The source pane: what is shown of a file, and what keys and the mouse do there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import git
import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from codereader.fronts.tui.desk import Desk
from codereader.fronts.tui.messages import AskAbout, Go, Look, Moved, Place, Problem
from codereader.fronts.tui.source.pane import SourceView
from codereader.reader import Reader
from tests.tui.driver import play, settle, shown

RAMFS = """// A small file system.
#include "ops.h"
#include <linux/nowhere.h>

/* Makes a node. */
static int make_node(struct box *box, int kind)
{
\tint first = kind + 1;
\tint second = first * 2;
\tint third = second - first;
\treturn box->ops->fill(box, third);
}

static int fill_box(struct box *box, int kind)
{
\treturn make_node(box, kind) + helper(kind);
}

static const struct box_ops ramfs_ops = {
\t.fill = fill_box,
};
"""
OPS = """struct box;
struct box_ops {
\tint (*fill)(struct box *box, int kind);
};
struct box {
\tconst struct box_ops *ops;
};
int helper(int kind);
"""


class Alone(App[None]):
    """The pane alone, and what it says."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.root = folder
        self.said: list[Any] = []
        self.moved: list[Place] = []
        self.source = SourceView()

        def make(cancel: Any) -> Reader:
            reader = Reader(folder, cancel=cancel)
            reader.open()
            return reader

        self.desk = Desk(make)

    def compose(self) -> ComposeResult:
        yield self.source

    @on(Go)
    @on(Look)
    @on(AskAbout)
    @on(Problem)
    def note(self, message: Any) -> None:
        self.said.append(message)

    @on(Moved)
    def follow(self, moved: Moved) -> None:
        self.moved.append(moved.place)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "tree"
    (place / "lib").mkdir(parents=True)
    (place / "ramfs.c").write_text(RAMFS)
    (place / "ops.h").write_text(OPS)
    (place / "lib" / "helper.c").write_text("int helper(int kind)\n{\n\treturn kind;\n}\n")
    (place / "hostile.c").write_bytes(b"int a; /* \x1b[2J\x07 \xff\xe2\x80\xae */\r\nint b;\r\n")
    (place / "long.txt").write_text("word " * 60 + "\nend\n")
    (place / "picture.png").write_bytes(b"\x89PNG\0\0\0")
    return place


def see(folder: Path, place: Place, *keys: str, size: tuple[int, int] = (80, 24)) -> tuple[str, Alone]:
    """Return what the screen shows of *place* after *keys*, and the app."""
    app = Alone(folder)

    async def script(pilot: Pilot[Any]) -> str:
        app.source.focus()
        await app.source.open(place)
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        app.desk.close()
        return shown(app)

    return play(app, script, size), app


def test_a_file_is_shown_with_its_lines_numbered(folder):
    """The text is there with its path, its numbers, and how long it is."""
    screen, app = see(folder, Place("ramfs.c"))

    rows = screen.splitlines()
    assert rows[0].startswith(" ramfs.c")
    assert "21 lines" in rows[0]
    assert "  1 // A small file system." == rows[1]
    assert "  8         int first = kind + 1;" == rows[8]
    assert Place("ramfs.c", 1) == app.source.place


def test_every_line_that_is_seen_gets_its_colours(folder):
    """Colours follow the text."""
    _, app = see(folder, Place("ramfs.c"))
    page = app.source.shown

    assert page is not None
    assert [] == page.unpainted(range(page.layout.count))
    assert any(page.painted)


def test_cited_lines_are_lit_with_a_sign(folder):
    """A sign stands before the numbers, so that they are seen without colours too."""
    screen, app = see(folder, Place("ramfs.c", 8, 10))

    assert ["  7", "▌ 8", "▌ 9", "▌10", " 11"] == [row[:3] for row in screen.splitlines()[7:12]]
    assert 8 == app.source.place.line


def test_the_head_tells_the_definition_around_the_cursor(folder):
    """A person knows where they are in a long function."""
    screen, _ = see(folder, Place("ramfs.c", 9))

    assert "ramfs.c › make_node" in screen.splitlines()[0]


def test_f_folds_bodies_and_enter_opens_one(folder):
    """The skeleton shows what is there; what is of interest is opened where it stands."""
    screen, _ = see(folder, Place("ramfs.c", 9), "f")

    assert "▸ 7 { /* 7 lines: 6-12 */ }" in screen
    assert "int second" not in screen

    screen, _ = see(folder, Place("ramfs.c", 9), "f", "enter")

    assert "int second = first * 2;" in screen
    assert "make_node(box, kind) + helper" in screen

    screen, _ = see(folder, Place("ramfs.c", 9), "f", "f")

    assert "/*" in screen
    assert "lines: 6-12" not in screen


def test_a_jump_into_a_fold_opens_it(folder):
    """A cited line is always shown."""
    app = Alone(folder)

    async def script(pilot: Pilot[Any]) -> str:
        app.source.focus()
        await app.source.open(Place("ramfs.c", 1))
        await settle(pilot)
        await pilot.press("f")
        await settle(pilot)
        await app.source.open(Place("ramfs.c", 9))
        await settle(pilot)
        return shown(app)

    assert "▌ 9         int second = first * 2;" in play(app, script)


def test_find_counts_and_goes_from_match_to_match(folder):
    """Each letter narrows; n and N go on; escape goes back to where it began."""
    screen, app = see(folder, Place("ramfs.c"), "slash", *"make_node")

    assert "/make_node" in screen.splitlines()[-1]
    assert "1 of 2" in screen.splitlines()[-1]
    assert 6 == app.source.place.line

    _, app = see(folder, Place("ramfs.c"), "slash", *"make_node", "enter", "n")

    assert (16, 8) == (app.source.place.line, app.source.place.column)

    _, app = see(folder, Place("ramfs.c", 3), "slash", *"make_node", "escape")

    assert 3 == app.source.place.line


def test_scrollbars_hide_nothing(folder):
    """The prompt stands above the scrollbar, and a long line ends before it."""
    (folder / "tall.c").write_text("".join(f"int number_{row}; /* {'x' * 90} */\n" for row in range(40)))
    app = Alone(folder)
    app.source.styles.scrollbar_size_horizontal = 1

    async def script(pilot: Pilot[Any]) -> tuple[str, str]:
        app.source.focus()
        await app.source.open(Place("tall.c"))
        await settle(pilot)
        await pilot.press("end")
        await settle(pilot)
        ended = shown(app)
        await pilot.press("slash", "n")
        await settle(pilot)
        return ended, shown(app)

    ended, asked = play(app, script, (60, 12))

    assert "xx */" in ended.splitlines()[1]
    assert " /n" in asked.splitlines()[-2]


def test_a_line_is_gone_to_by_its_number(folder):
    """Numbers beyond the end lead to the last line."""
    assert 12 == see(folder, Place("ramfs.c"), "colon", "1", "2", "enter")[1].source.place.line
    assert 21 == see(folder, Place("ramfs.c"), "colon", *"99999", "enter")[1].source.place.line
    assert 21 == see(folder, Place("ramfs.c"), "G")[1].source.place.line


def test_definitions_are_gone_to_in_turn(folder):
    """] and [ step, u goes up to the one around."""
    assert 6 == see(folder, Place("ramfs.c"), "]")[1].source.place.line
    assert 14 == see(folder, Place("ramfs.c"), "]", "]")[1].source.place.line
    assert 6 == see(folder, Place("ramfs.c", 9), "[")[1].source.place.line
    assert 14 == see(folder, Place("ramfs.c", 16), "u")[1].source.place.line


def test_a_member_is_spelled_with_its_struct(folder):
    """What the index knows of the object before the arrow is told to the app."""
    _, app = see(folder, Place("ramfs.c", 11, None, 18), "c")

    assert [Look("box_ops.fill", "callers")] == app.said


@pytest.mark.parametrize(
    ("place", "key", "said"),
    [
        (Place("ramfs.c", 16, None, 10), "c", Look("make_node", "callers")),
        (Place("ramfs.c", 16, None, 10), "C", Look("make_node", "callees")),
        (Place("ramfs.c", 16, None, 10), "r", Look("make_node", "refs")),
        (Place("ramfs.c", 16, None, 31), "d", Look("helper", "definitions")),
        (Place("ramfs.c", 16, None, 31), "enter", Look("helper", "definitions")),
        (Place("ramfs.c", 20, None, 3), "i", Look("box_ops.fill", "implementors")),
        (Place("ops.h", 3, None, 7), "i", Look("box_ops.fill", "implementors")),
    ],
)
def test_keys_ask_about_the_symbol_under_the_cursor(folder, place, key, said):
    """One key a question, spelled as the command line takes it."""
    _, app = see(folder, place, key)

    assert [said] == app.said


def test_a_keyword_is_no_name(folder):
    """On the first word of a definition the definition is meant; elsewhere there is nothing to ask about."""
    assert [Look("make_node", "callers")] == see(folder, Place("ramfs.c", 6, None, 1), "home", "c")[1].said
    assert [] == see(folder, Place("ramfs.c", 11, None, 2), "c")[1].said


def test_enter_on_an_include_goes_to_the_file(folder):
    """A header that the tree does not hold is looked up like any name."""
    assert [Go(Place("ops.h"))] == see(folder, Place("ramfs.c", 2), "enter")[1].said
    assert [] == [one for one in see(folder, Place("ramfs.c", 3), "enter")[1].said if isinstance(one, Go)]


def test_a_jump_stands_at_the_name_that_is_defined_there(folder):
    """The next key asks about it, without any search for the name."""
    _, app = see(folder, Place("ramfs.c", 6), "c")

    assert [Look("make_node", "callers")] == app.said
    assert 1 == see(folder, Place("ramfs.c", 9))[1].source.place.column
    assert [Look("fill_box", "callers")] == see(folder, Place("ramfs.c"), "]", "]", "c")[1].said


def test_a_double_click_follows(folder):
    """The mouse does what enter does."""
    app = Alone(folder)

    async def script(pilot: Pilot[Any]) -> None:
        await app.source.open(Place("ramfs.c"))
        await settle(pilot)
        await pilot.click(SourceView, offset=(24, 16), times=2)
        await settle(pilot)

        assert app.screen.get_selected_text() is None

    play(app, script)

    assert [Look("make_node", "definitions")] == app.said
    assert 16 == app.source.place.line


def test_lines_are_selected_copied_and_asked_about(folder):
    """A range is told as the citations tell it."""
    _, app = see(folder, Place("ramfs.c", 8), "v", "j", "j", "y", "a")

    assert "ramfs.c:8-10" == app.clipboard
    assert [AskAbout("Explain ramfs.c:8-10")] == app.said
    assert Place("ramfs.c", 8, 10) == app.source.place

    _, app = see(folder, Place("ramfs.c", 16, None, 10), "y", "a")

    assert "ramfs.c:16" == app.clipboard
    assert [AskAbout("What does make_node do (ramfs.c:16)?")] == app.said


def test_long_lines_are_cut_or_wrapped(folder):
    """w shows all of a line; the cursor pulls the view sideways."""
    screen, _ = see(folder, Place("long.txt"), size=(40, 12))
    assert 1 == screen.count("\n 1 ")
    assert "end" in screen.splitlines()[2]

    screen, _ = see(folder, Place("long.txt"), "w", size=(40, 12))
    assert "word " * 60 == "".join(row[3:].ljust(36) for row in screen.splitlines()[1:10])[:300]
    assert "wrapped" in screen.splitlines()[0]
    assert " 2 end" in screen

    screen, app = see(folder, Place("long.txt"), "end", size=(40, 12))
    assert screen.splitlines()[1].startswith("▌1 " if app.source.place.line != 1 else " 1 ")
    assert screen.splitlines()[2].strip() == "2"


def test_hostile_text_is_shown_not_obeyed(folder):
    """Escapes, broken bytes and marks of direction are written out; line breaks of Windows are not shown."""
    screen, _ = see(folder, Place("hostile.c"))

    assert r" 1 int a; /* \x1b[2J\x07 \xff\u202e */" == screen.splitlines()[1]
    assert " 2 int b;" == screen.splitlines()[2]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("picture.png", "was not read: binary"),
        ("nothing.c", "holds no nothing.c"),
        ("../outside.c", "../outside.c"),
        ("../../../etc/passwd", "lies outside"),
    ],
)
def test_a_file_without_text_is_one_sentence(folder, path, told):
    """It says why there is nothing to see, and what to do."""
    screen, app = see(folder, Place(path))

    assert told in " ".join(screen.split())
    assert app.source.place is None
    assert [] == app.said


def test_a_file_that_is_gone_is_one_sentence_until_it_is_back(folder):
    """Editors replace files: what is missing for a moment comes up again by itself."""
    app = Alone(folder)

    async def script(pilot: Pilot[Any]) -> tuple[str, str]:
        await app.desk.run(lambda reader: reader.view.files())
        (folder / "ramfs.c").unlink()
        await app.source.open(Place("ramfs.c", 6))
        await settle(pilot)
        gone = shown(app)
        (folder / "ramfs.c").write_text(RAMFS)
        await app.source.refresh_file()
        await settle(pilot)
        return gone, shown(app)

    gone, back = play(app, script)

    assert "cannot read ramfs.c: gone" in gone
    assert "static int make_node" in back
    assert 6 == app.source.place.line


def test_a_changed_file_is_read_anew_in_its_place(folder):
    """The cursor stays on its line."""
    app = Alone(folder)

    async def script(pilot: Pilot[Any]) -> str:
        app.source.focus()
        await app.source.open(Place("ramfs.c", 5))
        (folder / "ramfs.c").write_text(RAMFS.replace("Makes a node", "Makes another"))
        await app.desk.run(lambda reader: reader.open())
        await app.source.refresh_file()
        await settle(pilot)
        return shown(app)

    assert "Makes another" in play(app, script)
    assert 5 == app.source.place.line


def test_headers_beside_the_scope_are_shown(folder):
    """A jump out of a folder of a repository finds the file."""
    git.Repo.init(folder).close()

    screen, _ = see(folder / "lib", Place("../ops.h", 2))

    assert "struct box_ops {" in screen


def test_the_last_of_many_requests_wins(folder):
    """A slow file does not come up over the one that was asked for after it."""
    app = Alone(folder)

    async def script(pilot: Pilot[Any]) -> None:
        first = app.run_worker(app.source.open(Place("ramfs.c")))
        second = app.run_worker(app.source.open(Place("ops.h")))
        await first.wait()
        await second.wait()

    play(app, script)

    assert "ops.h" == app.source.place.path


def test_moving_is_told(folder):
    """The outline follows the cursor."""
    _, app = see(folder, Place("ramfs.c"), "j", "l")

    assert Place("ramfs.c", 2, None, 1) == app.moved[-1]


@pytest.mark.parametrize("size", [(30, 8), (40, 10), (200, 60), (12, 4)])
def test_it_fits_any_size(folder, size):
    """Nothing breaks on a narrow screen, with every mode on."""
    screen, _ = see(folder, Place("ramfs.c", 9, 11), "f", "w", "slash", "i", "enter", "f", size=size)

    assert all(len(row) <= size[0] for row in screen.splitlines())


def test_text_selected_with_the_mouse_is_the_text_of_the_file(folder):
    """Line numbers are not copied with it."""
    app = Alone(folder)

    async def script(pilot: Pilot[Any]) -> str | None:
        await app.source.open(Place("ramfs.c"))
        await settle(pilot)
        await pilot.mouse_down(SourceView, offset=(4, 6))
        await pilot.hover(SourceView, offset=(16, 7))
        await pilot.mouse_up(SourceView, offset=(16, 7))
        return app.screen.get_selected_text()

    selected = play(app, script)

    assert selected is not None
    assert selected.startswith("static int make_node(struct box *box, int kind)\n{")


@pytest.mark.skipif(os.name == "nt", reason="the editor here is a script, which Windows does not run")
def test_the_editor_that_cannot_be_opened_is_told(folder, monkeypatch):
    """One sentence with the way out."""
    monkeypatch.setenv("EDITOR", "nonesuch-editor")
    monkeypatch.delenv("VISUAL", raising=False)

    _, app = see(folder, Place("ramfs.c"), "e")

    assert ["the editor nonesuch-editor is not installed"] == [one.text for one in app.said]
