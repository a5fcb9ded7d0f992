"""Searching for words of a question."""

from __future__ import annotations

import pytest

from codereader.fronts.tui.find.results import SearchResults
from codereader.fronts.tui.messages import Place
from tests.tui.driver import play, settle, shown
from tests.tui.looking import Looking, small_tree


@pytest.fixture
def make(tmp_path):
    return lambda: Looking(small_tree(tmp_path / "tree"), tmp_path / "cache")


@pytest.fixture
def app(make):
    return make()


def search(app, text, *keys):
    """Return the screen after *text* was searched for and *keys* were pressed, and what the box ended with."""
    taken = []

    async def script(pilot):
        app.push_screen(SearchResults(text), taken.append)
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        return shown(app)

    return play(app, script, (100, 30)), taken


def test_files_and_symbols_come_with_reasons(app):
    """Each row says why it is there."""
    screen, _ = search(app, "open a disk")
    rows = [" ".join(row.split()) for row in screen.splitlines()]

    assert any("□ disk.c" in row and "path: disk" in row for row in rows)
    assert any("ƒ disk_open name: disk, open" in row and "disk.c:3" in row for row in rows)


def test_enter_goes_to_what_was_found(make):
    """The best file comes first, at its best symbol; titles are stepped over."""
    _, first = search(make(), "open a disk", "enter")
    _, symbol = search(make(), "open a disk", "down", "down", "down", "down", "enter")

    assert [Place("disk.c", 3)] == first
    assert [Place("disk.c", 8)] == symbol


def test_enter_searches_first_for_what_was_typed_last(app, monkeypatch):
    """Enter right after typing searches; once more goes there."""
    monkeypatch.setattr("codereader.fronts.tui.find.results.PAUSE", 600)
    screen, taken = search(app, "", *"disk", "enter")

    assert "□ disk.c" in screen
    assert [] == taken


def test_words_that_are_nowhere_say_so(app):
    """Nothing is found in one sentence."""
    screen, _ = search(app, "zebra")

    assert "No word of the text is in the scope." in screen


def test_searching_asks_on_the_desk_alone(app):
    """The screen's thread asks nothing of the index."""
    search(app, "open a disk")

    assert {"desk_0"} == {name for reader in app.readers for name in reader.threads}
