"""The definitions of the shown file as a list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from codereader.fronts.tui.desk import Desk
from codereader.fronts.tui.messages import Go, Place
from codereader.fronts.tui.source.outline import Outline
from codereader.reader import Reader
from tests.tui.driver import play, settle, shown

TEXT = '''"""What it reads."""

LIMIT = 3


class Reader:
    """Reads."""

    def ask(self, question):
        return question

    def find(self, name):
        return name


def last():
    return LIMIT
'''


class Alone(App[None]):
    """The outline alone, and where it wants to go."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.outline = Outline()
        self.said: list[Place] = []

        def make(cancel: Any) -> Reader:
            reader = Reader(folder, cancel=cancel)
            reader.open()
            return reader

        self.desk = Desk(make)

    def compose(self) -> ComposeResult:
        yield self.outline

    @on(Go)
    def note(self, go: Go) -> None:
        self.said.append(go.place)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reader.py").write_text(TEXT)
    (tmp_path / "other.py").write_text("def other():\n    return 1\n")
    return tmp_path


def see(folder: Path, *keys: str, line: int = 1, size: tuple[int, int] = (30, 12)) -> tuple[str, Alone]:
    app = Alone(folder)

    async def script(pilot: Pilot[Any]) -> str:
        app.outline.follow(Place("reader.py", line))
        await settle(pilot)
        if keys:
            app.outline.focus()
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        app.desk.close()
        return shown(app)

    return play(app, script, size), app


def test_definitions_stand_in_order_of_lines_with_their_kind(folder):
    """Methods are moved in below their class."""
    screen, _ = see(folder)

    rows = [row.rsplit(None, 1) for row in screen.splitlines()[1:6]]
    assert " 5 definitions" == screen.splitlines()[0]
    assert [[" v LIMIT", "3"], [" C Reader", "6"], ["   ƒ ask", "9"], ["   ƒ find", "12"], [" ƒ last", "16"]] == rows


def test_enter_goes_to_the_definition_that_is_chosen(folder):
    """Without a mouse."""
    assert [Place("reader.py", 9)] == see(folder, "j", "j", "enter")[1].said
    assert [Place("reader.py", 16)] == see(folder, "G", "enter")[1].said


def test_typing_narrows_the_list(folder):
    """Enter goes to the first that is left; escape brings all back."""
    screen, _ = see(folder, "slash", "f", "i", "n")

    assert " /fin▏ 1 of 5" == screen.splitlines()[0]
    assert [Place("reader.py", 12)] == see(folder, "slash", "f", "i", "n", "enter")[1].said
    assert " 5 definitions" == see(folder, "slash", "f", "escape")[0].splitlines()[0]


def test_it_follows_the_cursor_into_another_file(folder):
    """The row around the cursor is the one that is chosen."""
    app = Alone(folder)

    async def script(pilot: Pilot[Any]) -> tuple[str, str]:
        app.outline.follow(Place("reader.py", 13))
        await settle(pilot)
        app.outline.action_choose()
        await settle(pilot)
        first = shown(app)
        app.outline.follow(Place("other.py", 1))
        await settle(pilot)
        return first, shown(app)

    first, second = play(app, script, (30, 12))

    assert [Place("reader.py", 12)] == app.said
    assert "find" in first
    assert ["1 definition", "ƒ other 1"] == [" ".join(row.split()) for row in second.splitlines()[:2]]


def test_a_file_without_definitions_is_an_empty_list(folder):
    """Nor is there one for a file that cannot be read."""
    (folder / "notes.txt").write_text("words\n")
    app = Alone(folder)

    async def script(pilot: Pilot[Any]) -> list[str]:
        found = []
        for path in ("notes.txt", "nothing.c"):
            app.outline.follow(Place(path))
            await settle(pilot)
            found.append(shown(app).strip())
        return found

    assert ["0 definitions", "0 definitions"] == play(app, script, (30, 12))


def test_hostile_names_are_shown_not_obeyed(folder):
    """A name is text of a stranger."""
    (folder / "reader.md").write_text("## \x1b[31mred [bold]\n")
    app = Alone(folder)

    async def script(pilot: Pilot[Any]) -> str:
        app.outline.follow(Place("reader.md"))
        await settle(pilot)
        return shown(app)

    assert r"§ \x1b[31mred [bold]" in play(app, script, (40, 6))
