"""Going to a file or a definition by a few letters."""

from __future__ import annotations

import threading

import pytest

from codereader.fronts.tui.find.finder import Finder
from codereader.fronts.tui.messages import Place
from tests.tui.driver import play, settle, shown
from tests.tui.looking import Looking, small_tree


@pytest.fixture
def make(tmp_path):
    return lambda: Looking(small_tree(tmp_path / "tree"), tmp_path / "cache")


@pytest.fixture
def app(make):
    return make()


def find(app, *keys, size=(120, 30), text=""):
    """Return the screen after *keys* were pressed in the finder, and what it ended with."""
    taken = []

    async def script(pilot):
        app.push_screen(Finder(app.shelf, text), taken.append)
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
        await settle(pilot)
        return shown(app)

    return play(app, script, size), taken


def test_letters_find_a_definition_and_enter_goes_there(make):
    """The best is under the cursor; its place is the result."""
    screen, _ = find(make(), *"dkopn")
    _, taken = find(make(), *"dkopn", "enter")

    assert "ƒ disk_open" in screen
    assert [Place("disk.c", 3)] == taken


def test_lines_around_the_place_are_shown_where_there_is_room(make):
    """On a wide screen the definition's lines stand beside the list, on a narrow one they do not."""
    wide, _ = find(make(), *"disk_open")
    narrow, _ = find(make(), *"disk_open", size=(80, 24))

    assert "static int disk_open(int n)" in wide
    assert "        return n;" in wide
    assert "static int disk_open(int n)" not in narrow
    assert "disk.c:3" in narrow


def test_a_line_of_a_file_is_a_place(app):
    """`file:line` goes to the line."""
    _, taken = find(app, *"start.c", "colon", "1", "4", "enter")

    assert [Place("start.c", 14)] == taken


def test_keys_move_among_what_fits(make):
    """Down and ctrl+n go on, up goes back; esc goes nowhere."""
    _, second = find(make(), "slash", "down", "enter")
    _, third = find(make(), "slash", "down", "ctrl+n", "up", "down", "enter")
    _, none = find(make(), "slash", "escape")

    assert [Place("ops.h", 1)] == second
    assert [Place("start.c", 1)] == third
    assert [None] == none


def test_tab_chooses_symbols_then_files(make):
    """Tab puts the mark in front of what was typed."""
    symbols, _ = find(make(), *"start", "tab")
    files, _ = find(make(), *"start", "tab", "tab")
    every, _ = find(make(), *"start", "tab", "tab", "tab")

    assert ("@start" in symbols, "/start" in files) == (True, True)
    assert ("ƒ start" in symbols, "ƒ start" in files, "ƒ start" in every) == (True, False, True)
    assert ("□ start.c" in symbols, "□ start.c" in files, "□ start.c" in every) == (False, True, True)


def test_nothing_fits_is_said(app):
    """What nothing has says so, and enter does nothing."""
    screen, taken = find(app, *"zzz", "enter")

    assert "nothing fits" in screen
    assert [] == taken


def test_the_box_opens_before_names_are_read(app):
    """While the index is busy the finder is there and takes letters; they are looked for when names are there."""
    busy = threading.Event()

    async def script(pilot):
        waiting = app.run_worker(app.desk.run(lambda _: busy.wait()))
        app.push_screen(Finder(app.shelf))
        await pilot.pause()
        await pilot.press(*"use")
        before = shown(app)
        busy.set()
        await waiting.wait()
        await settle(pilot)
        return before, shown(app)

    before, after = play(app, script)

    assert ("reading names" in before, "use" in before) == (True, True)
    assert ("reading names" in after, "ƒ use" in after) == (False, True)


def test_names_are_read_on_the_desk_and_looked_through_elsewhere(app):
    """The index is asked on the desk's thread alone, and once for several boxes."""

    async def script(pilot):
        for _ in range(2):
            app.push_screen(Finder(app.shelf, "use"))
            await settle(pilot)
            await pilot.press("escape")
        first = app.shelf.size
        (app.readers[0].walked.scope.path / "new.c").write_text("int added;\n")
        await app.desk.run(lambda reader: reader.open())
        app.shelf.forget()
        app.push_screen(Finder(app.shelf, "added"))
        await settle(pilot)
        return first, app.shelf.size

    first, later = play(app, script)

    assert first + 2 == later


def test_hostile_file_names_are_shown_as_escapes(tmp_path):
    """Neither the list nor the lines beside it move anything on the screen."""
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "a\x1b[2J[red].c").write_text("int one;\x1b[31m\n")
    screen, _ = find(Looking(folder, tmp_path / "cache"), *"/a")

    assert "a\\x1b[2J[red].c" in screen
    assert "int one;\\x1b[31m" in screen
