"""What a model says is shown as text that can do nothing, with links into the tree and verdicts behind claims."""

from __future__ import annotations

from typing import Any

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Markdown

from codereader.answer.event import Citation, Statement
from codereader.fronts.tui.ask.prose import MARK, Claims, Prose, inert
from codereader.fronts.tui.messages import Go, Place
from tests.tui.driver import play, shown

HERE = Citation("`open_it`", "verified", "src/a.c", 7, 9, "open_it")
NOWHERE = Citation("shut_it", "not found", why="it is neither defined nor used")


class Shows(App[None]):
    """A screen with prose alone."""

    def __init__(self) -> None:
        super().__init__()
        self.claims = Claims()
        self.went: list[Place] = []
        self.opened: list[str] = []

    def compose(self) -> ComposeResult:
        yield Prose(self.claims)

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        self.opened.append(url)

    @on(Go)
    def _go(self, go: Go) -> None:
        self.went.append(go.place)


async def say(pilot: Pilot[None], *pieces: str) -> str:
    stream = Markdown.get_stream(pilot.app.query_one(Prose))
    for piece in pieces:
        await stream.write(piece)
    await stream.stop()
    await pilot.pause()
    return shown(pilot.app)


@pytest.mark.parametrize(
    "text",
    ["![x](http://evil/i.png)", "[x](http://evil)", "<http://evil>", "<img src=x>", "&#x202e;abc", "[x]: http://evil"],
)
def test_markdown_that_loads_opens_or_hides_is_shown_letter_by_letter(text: str) -> None:
    """Neither images nor links nor HTML nor entities mean anything in what a model says."""
    app = Shows()

    async def script(pilot: Pilot[None]) -> str:
        screen = await say(pilot, text)
        await pilot.click(Prose, offset=(2, 0))
        return screen

    assert text in play(app, script)
    assert app.opened == []


def test_control_characters_are_escaped() -> None:
    """An escape sequence of a model is text, and so is what looks like one of our marks."""
    assert inert(f"a\x1b[31mb\u202e{MARK}c0{MARK}") == "a\\x1b[31mb\\u202e\\U0001056fc0\\U0001056f"


def test_a_claim_that_was_found_is_a_link_and_one_that_was_not_says_so() -> None:
    """Clicking the one shows its place; the other is followed by words that need no colour."""
    app = Shows()

    async def script(pilot: Pilot[None]) -> str:
        screen = await say(
            pilot, "It calls `open_it`", app.claims.cite(HERE), " and ", "shut_it", app.claims.cite(NOWHERE), "."
        )
        await pilot.click(Prose, offset=(len("It calls op"), 0))
        await pilot.pause()
        return screen

    assert "It calls open_it and shut_it [not found]." in play(app, script)
    assert app.went == [Place("src/a.c", 7, 9)]


@pytest.mark.parametrize("around", ["**{}**", "*{}*", "- {}", "> {}", "### {}"])
def test_a_claim_is_a_link_wherever_it_stands(around: str) -> None:
    """Emphasis, lists, quotations and headings are no exception."""
    app = Shows()

    async def script(pilot: Pilot[None]) -> tuple[str, list[int]]:
        screen = await say(pilot, around.format(f"`open_it`{app.claims.cite(HERE)}"))
        numbers = [number for block in app.query("*") for number in getattr(block, "numbers", ())]
        return screen, numbers

    screen, numbers = play(app, script)
    assert "open_it" in screen
    assert MARK not in screen
    assert numbers == [0]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (Statement("It is so.", "verified"), "It is so. ✓"),
        (Statement("It is so.", "no evidence"), "It is so. [no evidence]"),
        (Statement("It is so.", "contradicted", "it is not\x1b"), "It is so. [contradicted: it is not\\x1b]"),
    ],
)
def test_a_verdict_stands_behind_its_sentence(statement: Statement, told: str) -> None:
    """In words or signs, so that it can be read without colours."""
    app = Shows()

    async def script(pilot: Pilot[None]) -> str:
        return await say(pilot, "It is so.", app.claims.judge(statement))

    assert told in play(app, script)


def test_marks_in_code_are_left_out() -> None:
    """Code is shown as the model wrote it."""
    app = Shows()

    async def script(pilot: Pilot[None]) -> str:
        return await say(pilot, "```c\nopen_it", app.claims.cite(HERE), "();\n```\n")

    screen = play(app, script)
    assert "open_it();" in screen
    assert MARK not in screen


def test_a_chosen_claim_is_lit_and_no_other() -> None:
    """Going on to the next takes the light from the one before."""
    app = Shows()

    async def script(pilot: Pilot[None]) -> tuple[Any, Any]:
        await say(pilot, "`open_it`", app.claims.cite(HERE), " or `open_it`", app.claims.cite(HERE), " twice")
        prose = app.query_one(Prose)
        return prose.light(1), prose.light(None)

    found, none = play(app, script)
    assert found is not None
    assert none is None
