"""Names in the command palette."""

from __future__ import annotations

from typing import ClassVar

from textual.command import CommandPalette

from codereader.fronts.tui.find.named import NamesProvider
from codereader.fronts.tui.messages import Place
from tests.tui.driver import play, settle, shown
from tests.tui.looking import Looking, small_tree


class WithPalette(Looking):
    COMMANDS: ClassVar[set[object]] = {NamesProvider}


def offered(app, text, *keys):
    """Return the screen after *text* was typed into the palette and *keys* were pressed."""

    async def script(pilot):
        await app.shelf.read()
        app.push_screen(CommandPalette())
        await settle(pilot)
        await pilot.press(*text)
        await settle(pilot)
        screen = shown(app)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        return screen

    return play(app, script, (100, 30))


def test_a_name_typed_into_the_palette_leads_to_its_place(tmp_path):
    """The palette offers names with kind and place, and goes there."""
    app = WithPalette(small_tree(tmp_path / "tree"), tmp_path / "cache")
    screen = offered(app, "diskopen", "down", "enter")

    assert "function · disk.c:3" in screen
    assert [Place("disk.c", 3)] == app.told


def test_hostile_names_are_shown_as_they_are_spelled(tmp_path):
    """Markup and escapes in a file's name are text."""
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "a[red]\x1b[2J.c").write_text("int one;\n")
    screen = offered(WithPalette(folder, tmp_path / "cache"), "one")

    assert "variable · a[red]\\x1b[2J.c:1" in screen
