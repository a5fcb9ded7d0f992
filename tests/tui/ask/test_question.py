"""The question box: typing, sending, what was asked before, what it would cost."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from codereader.fronts.tui.ask.cost import Cost, Pin
from codereader.fronts.tui.ask.history import LONGEST, MOST, History
from codereader.fronts.tui.ask.question import QuestionBox
from codereader.fronts.tui.messages import Ask, Pinned
from tests.tui.driver import play, shown


class Asks(App[None]):
    """A screen with the box alone."""

    def __init__(self, cache: Path) -> None:
        super().__init__()
        self.launch = SimpleNamespace(cache=cache)
        self.asked: list[str] = []
        self.pinned: list[tuple[str, ...]] = []

    def compose(self) -> ComposeResult:
        yield QuestionBox(id="question")

    def on_mount(self) -> None:
        self.query_one(QuestionBox).focus()

    @on(Ask)
    def _ask(self, ask: Ask) -> None:
        self.asked.append(ask.text)

    @on(Pinned)
    def _pin(self, pinned: Pinned) -> None:
        self.pinned.append(pinned.paths)


def typed(app: Asks, *keys: str, size: tuple[int, int] = (100, 12)) -> str:
    async def script(pilot: Pilot[Any]) -> str:
        await pilot.press(*keys)
        await pilot.pause()
        return shown(app)

    return play(app, script, size)


def test_enter_sends_and_empties_the_box(tmp_path: Path) -> None:
    """What is only spaces is not sent."""
    app = Asks(tmp_path)
    typed(app, "w", "h", "o", "enter", "space", "enter")

    assert app.asked == ["who"]


def test_alt_enter_begins_a_line(tmp_path: Path) -> None:
    """A question may have several lines."""
    app = Asks(tmp_path)
    typed(app, "a", "alt+enter", "b", "enter")

    assert app.asked == ["a\nb"]


def test_an_empty_box_shows_an_example(tmp_path: Path) -> None:
    """Nobody has to guess what can be asked."""
    assert "explain structure" in typed(Asks(tmp_path))


def test_up_and_down_go_through_what_was_asked(tmp_path: Path) -> None:
    """What was being typed is there again at the end."""
    app = Asks(tmp_path)
    typed(app, "a", "enter", "b", "enter", "c", "up", "up", "enter", "x", "up", "down", "enter")

    assert app.asked == ["a", "b", "a", "x"]


def test_what_was_asked_is_there_the_next_time(tmp_path: Path) -> None:
    """It lies in the cache, escaped, and the same question twice is kept once."""
    history = History(tmp_path)
    for question in ("one", "one", "two\x1b\ufffe", "x" * (LONGEST + 1)):
        history.add(question)

    assert b"\x1b" not in (tmp_path / "questions.json").read_bytes()
    assert History(tmp_path).older("") == "two\x1b\ufffe"
    assert json.loads((tmp_path / "questions.json").read_bytes()) == ["one", "two\x1b\ufffe"]


def test_no_more_questions_are_kept_than_anyone_goes_through(tmp_path: Path) -> None:
    """The oldest go first."""
    history = History(tmp_path)
    for number in range(MOST + 3):
        history.add(str(number))

    assert len(json.loads((tmp_path / "questions.json").read_bytes())) == MOST


def test_a_broken_history_is_none(tmp_path: Path) -> None:
    """Nor is a folder that cannot be written an error."""
    (tmp_path / "questions.json").write_text('[1, {"a": 2}, "ok"')
    (tmp_path / "file").write_text("")

    assert History(tmp_path).older("") is None
    History(tmp_path / "file").add("kept in memory")


def cost(**changes: Any) -> Cost:
    return Cost(**{"base": 3_000, "pins": (), "question": 30, "answer": 512, "room": 8_192, **changes})


def weighed(tmp_path: Path, made: Cost | None, *pins: str, size: tuple[int, int] = (120, 12)) -> str:
    app = Asks(tmp_path)

    async def script(pilot: Pilot[Any]) -> str:
        box = app.query_one(QuestionBox)
        for pin in pins:
            box.toggle_pin(pin)
        box.weigh(made, "no model is asked")
        await pilot.pause()
        return shown(app)

    return play(app, script, size)


def test_the_parts_of_the_cost_are_told(tmp_path: Path) -> None:
    """Each with its tokens, and each pin too."""
    screen = weighed(tmp_path, cost(pins=(Pin("a.c", 700),)), "a.c")

    assert "4,242 of 8,192 tokens · shared 3,000 · pinned 700 · question 30 · answer 512" in screen
    assert "pinned: a.c 700" in screen


def test_a_cost_that_is_nearly_too_much_has_a_sign(tmp_path: Path) -> None:
    """It changes before it overflows, and not by colour alone."""
    assert "! 7,042 of 8,192" in weighed(tmp_path, cost(pins=(Pin("a.c", 3_500),)))


def test_a_cost_that_is_too_much_says_what_to_do(tmp_path: Path) -> None:
    """How much too much, and the way out."""
    screen = weighed(tmp_path, cost(pins=(Pin("a.c", 5_000),)), "a.c")

    assert "✗ 8,542 of 8,192" in screen
    assert "350 too many: unpin something" in screen


def test_without_a_model_there_is_no_cost(tmp_path: Path) -> None:
    """The line says why."""
    assert "no model is asked" in weighed(tmp_path, None)


def test_a_pin_with_a_hostile_name_is_escaped(tmp_path: Path) -> None:
    """Brackets are no markup and escapes are not sent."""
    screen = weighed(tmp_path, None, "[red]a\x1b[31m.c")

    assert "[red]a\\x1b[31m.c" in screen


def test_pinning_twice_unpins(tmp_path: Path) -> None:
    """What is pinned by now is told each time."""
    app = Asks(tmp_path)

    async def script(pilot: Pilot[Any]) -> frozenset[str]:
        box = app.query_one(QuestionBox)
        box.toggle_pin("b.c")
        box.toggle_pin("a.c")
        pins = box.toggle_pin("b.c")
        await pilot.pause()
        return pins

    assert play(app, script) == frozenset({"a.c"})
    assert app.pinned == [("b.c",), ("a.c", "b.c"), ("a.c",)]


def test_the_box_fits_a_narrow_screen(tmp_path: Path) -> None:
    """What has no room is cut with a sign, and nothing wraps."""
    screen = weighed(tmp_path, cost(), size=(30, 8))

    assert "…" in screen
