"""The graph of parts: walked by keys, opened part by part, left by escape, with the places of every use."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App
from textual.widgets import OptionList

from codereader.cancel import CancelToken
from codereader.fronts.tui.desk import Desk
from codereader.fronts.tui.messages import Go, Place, Problem
from codereader.fronts.tui.screens.graph import GraphScreen
from codereader.fronts.tui.screens.graph_view import GraphView
from codereader.reader import Reader
from tests.tui.driver import play, settle, shown

FILES = {
    "core/dev.c": "int dev_open(void) { return 0; }\n",
    "core/sock.c": "int dev_open(void);\nint sock_init(void) { return dev_open(); }\n",
    "inet/tcp.c": "int tcp_init(void) { dev_open(); return sock_init(); }\n",
    "inet/udp.c": "int udp_init(void) { return tcp_init() + dev_open(); }\n",
    "can/bcm.c": "int bcm_init(void) { return sock_init(); }\n",
}


class GraphApp(App[None]):
    """The graph alone, with a desk as the real app has one; remembers what the screen says."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.said: list[object] = []
        self.desk = Desk(lambda cancel: self._open(path, cancel))

    @staticmethod
    def _open(path: Path, cancel: CancelToken) -> Reader:
        reader = Reader(path, cancel=cancel)
        reader.open()
        return reader

    def on_mount(self) -> None:
        self.push_screen(GraphScreen())

    def on_go(self, message: Go) -> None:
        self.said.append(message.place)

    def on_problem(self, message: Problem) -> None:
        self.said.append(message.text)

    def on_unmount(self) -> None:
        self.desk.close()


@pytest.fixture
def app(tmp_path):
    """The graph of a small tree in C."""
    for name, text in FILES.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return GraphApp(tmp_path / "tree")


def test_parts_are_drawn_with_the_counts_of_what_they_use(app):
    """The folders of the tree are boxes, the number of used names stands at the head of each arrow."""

    async def script(pilot):
        return shown(app)

    text = play(app, script)
    assert all(name in text for name in ("core/", "inet/", "can/"))
    assert "▼2" in text
    assert "tree   3 parts · 2 uses" in text


def test_arrows_move_and_light_what_the_box_is_joined_to(app):
    """Down from the first box leads to what it uses; its arrows are drawn heavier."""

    async def script(pilot):
        first = app.screen.query_one(GraphView).key
        await pilot.press("down")
        await settle(pilot)
        return first, app.screen.query_one(GraphView).key, shown(app)

    first, second, text = play(app, script)
    assert first in {"can/", "inet/"}
    assert "core/" == second
    assert "┃ core/" in text
    assert "used by inet/" in text


def test_enter_opens_a_part_and_escape_comes_back_to_it(app):
    """A folder opens into its files; the way back selects the folder again; once more leaves the screen."""

    async def script(pilot):
        await pilot.press("down", "enter")
        await settle(pilot)
        inside = shown(app)
        await pilot.press("escape")
        await settle(pilot)
        outside, key = shown(app), app.screen.query_one(GraphView).key
        await pilot.press("backspace")
        await settle(pilot)
        return inside, outside, key, isinstance(app.screen, GraphScreen)

    inside, outside, key, is_open = play(app, script)
    assert "tree > core/   2 parts · 1 use" in inside
    assert "sock.c" in inside
    assert "inet/" not in inside.replace("used by inet/", "")
    assert "3 parts" in outside
    assert "core/" == key
    assert not is_open


def test_enter_on_a_file_goes_there(app):
    """A single file has nothing inside: the source is shown."""

    async def script(pilot):
        await pilot.press("down", "enter")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)

    play(app, script)
    assert [Place("core/sock.c")] == app.said


def test_enter_on_a_use_goes_to_its_first_place(app):
    """The list of uses names where the first of them stands."""

    async def script(pilot):
        await pilot.press("down")
        await settle(pilot)
        app.screen.query_one("#uses", OptionList).focus()
        await pilot.press("down", "enter")
        await settle(pilot)

    play(app, script)
    assert 1 == len(app.said)
    assert app.said[0].path in FILES


def test_a_click_selects_and_a_second_one_opens(app):
    """The mouse does what keys do."""

    async def script(pilot):
        view = app.screen.query_one(GraphView)
        frame = next(one for one in view.drawing.frames if one.key == "core/")
        at = (frame.left + 1, frame.top + 1)
        await pilot.click(GraphView, offset=at)
        await settle(pilot)
        key = view.key
        await pilot.click(GraphView, offset=at, times=2)
        await settle(pilot)
        return key, shown(app)

    key, text = play(app, script)
    assert "core/" == key
    assert "tree > core/" in text


@pytest.mark.parametrize("size", [(30, 8), (80, 24), (120, 35), (200, 60)])
def test_every_size_shows_the_diagram_and_the_title(app, size):
    """From a sliver to a wall."""

    async def script(pilot):
        return shown(app)

    text = play(app, script, size)
    assert "tree" in text
    assert "┏" in text


def test_a_tree_that_cannot_be_read_is_told(tmp_path):
    """An empty folder has no parts: one sentence, no traceback."""
    (tmp_path / "empty").mkdir()
    app = GraphApp(tmp_path / "empty")

    async def script(pilot):
        return shown(app)

    text = play(app, script)
    assert 1 == len(app.said)
    assert str(app.said[0])[:20] in text


def test_a_hostile_name_is_shown_not_obeyed(tmp_path):
    """A folder called by an escape sequence is drawn letter by letter."""
    for name in ("a\x1b[31m", "[b]bold[/b]"):
        (tmp_path / "tree" / name).mkdir(parents=True)
        (tmp_path / "tree" / name / "x.c").write_text("int f(void) { return 1; }\n" * 3)
    app = GraphApp(tmp_path / "tree")

    async def script(pilot):
        return shown(app)

    text = play(app, script)
    assert "\x1b" not in text
    assert "\\x1b[31m" in text
    assert "[b]bold[/b]" in text
