"""The conversation: facts, prose and figures of each question, and the ways from there to the source."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input

from codereader.fronts.tui.ask.conversation import Conversation
from codereader.fronts.tui.ask.entry import Entry, Reasoning
from codereader.fronts.tui.ask.facts import Facts
from codereader.fronts.tui.messages import Go, Place, Problem, Weighed
from codereader.reader import Reader
from tests.tui.driver import settle, shown

SAID = "The function `main` calls `helper_step` in a.c:8. It calls `nowhere_at_all` too."


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "a.c").write_text(
        "int helper_step(void)\n{\n\treturn 1;\n}\n\nint main(void)\n{\n\treturn helper_step();\n}\n"
    )
    return root


class Talks(App[None]):
    """A screen with the conversation alone."""

    def __init__(self, tree: Path, *, has_model: bool = True) -> None:
        super().__init__()
        cache = tree.parent / "cache"
        self.launch = SimpleNamespace(
            make=lambda cancel: Reader(tree, cache=cache, cancel=cancel),
            cache=cache,
            model="echo",
            has_model=has_model,
        )
        self.went: list[Place] = []
        self.problems: list[str] = []
        self.costs: list[Any] = []

    def compose(self) -> ComposeResult:
        yield Conversation(id="conversation")

    @on(Go)
    def _go(self, go: Go) -> None:
        self.went.append(go.place)

    @on(Problem)
    def _problem(self, problem: Problem) -> None:
        self.problems.append(problem.text)

    @on(Weighed)
    def _weighed(self, weighed: Weighed) -> None:
        self.costs.append(weighed.cost)


Script = Callable[[Pilot[Any], Conversation], Awaitable[None]]


def talk(app: Talks, *questions: str, then: Script | None = None, size: tuple[int, int] = (90, 40)) -> str:
    """Ask *questions* one after the other, do what comes *then*, return what the screen shows."""

    async def run() -> str:
        async with app.run_test(size=size) as pilot:
            talked = app.query_one(Conversation)
            talked.greet()
            await settle(pilot)
            for number, question in enumerate(questions, 1):
                talked.ask(question)
                await over(pilot, number)
            talked.focus()
            if then:
                await then(pilot, talked)
            await pilot.pause()
            screen = shown(app)
            talked.close()
            return screen

    return asyncio.run(run())


async def over(pilot: Pilot[Any], number: int) -> None:
    """Wait until so many questions are answered."""
    while True:
        await settle(pilot)
        entries = pilot.app.query(Entry)
        if len(entries) == number and all(entry.is_over for entry in entries):
            return


def lit(app: App[Any]) -> list[str]:
    """Return what is shown in reverse and is a link."""
    segments = [segment for strip in app.screen._compositor.render_strips() for segment in strip]
    links = [one for one in segments if one.style and one.style.reverse and "@click" in one.style.meta]
    return [one.text for one in links]


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEREADER_ECHO", SAID)


def test_an_answer_shows_the_facts_the_checked_prose_and_the_figures(tree: Path) -> None:
    """Each part stands where it belongs, with verdicts that need no colour."""
    screen = talk(Talks(tree), "who calls helper_step?")
    order = [
        screen.index(part)
        for part in ("❯ who calls", "main calls helper_step", "The function main", "tokens of prompt")
    ]

    assert order == sorted(order)
    assert "nowhere_at_all [not found]" in screen
    assert "[contradicted:" in screen


def test_a_follow_up_says_what_it_did_not_have_to_read_again(tree: Path) -> None:
    """The base of the prompt is reused."""
    screen = talk(Talks(tree), "who calls helper_step?", "where is main defined?")

    assert "tokens reused" in screen


def test_without_a_model_the_facts_stand_alone(tree: Path) -> None:
    """One line says that nobody was asked."""
    screen = talk(Talks(tree, has_model=False), "who calls helper_step?")

    assert "main calls helper_step" in screen
    assert "no model is asked, so the facts are the answer" in screen
    assert "fact · no model" in screen


def test_keys_go_through_the_places_and_enter_goes_there(tree: Path) -> None:
    """First those of the facts, then those of the prose; p goes back."""
    app = Talks(tree)

    async def then(pilot: Pilot[Any], _: Conversation) -> None:
        await pilot.press("n", "enter")
        await pilot.pause()
        assert lit(app) == ["a.c:8"]
        await pilot.press("n", "enter")
        await pilot.pause()
        assert lit(app) == ["main"]
        await pilot.press("p", "enter")

    talk(app, "who calls helper_step?", then=then)

    assert app.went[0] == Place("a.c", 8)
    assert app.went[2] == app.went[0]
    assert app.went[1].path == "a.c"


def test_a_click_on_the_place_of_a_fact_goes_there(tree: Path) -> None:
    """The mouse does what the keys do."""
    app = Talks(tree)

    async def then(pilot: Pilot[Any], _: Conversation) -> None:
        facts = app.query_one(Facts)
        row = next(at for at, line in enumerate(str(facts.render()).splitlines()) if "a.c:8" in line)
        column = str(facts.render()).splitlines()[row].index("a.c:8")
        await pilot.click(Facts, offset=(column + 1, row))

    talk(app, "who calls helper_step?", then=then)

    assert app.went == [Place("a.c", 8)]


def test_reasoning_is_one_line_until_it_is_wanted(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells its size, and r shows it."""
    app = Talks(tree)

    async def then(pilot: Pilot[Any], talked: Conversation) -> None:
        entry = talked._current
        assert entry is not None
        reasoning = entry.query_one(Reasoning)
        for word in ("first ", "I \x1b[31m ", "think"):
            reasoning.add(word)
        reasoning.draw()
        await pilot.pause()
        assert "▸ reasoning · 3 tokens" in shown(app)
        await pilot.press("r")

    assert "first I \\x1b[31m think" in talk(app, "who calls helper_step?", then=then)


def test_an_answer_is_saved_as_it_would_be_printed(tree: Path, tmp_path: Path) -> None:
    """As Markdown, or as JSON that can be replayed, whole; what is there is only replaced after a second enter."""
    app = Talks(tree)
    markdown, data = tmp_path / "a.md", tmp_path / "a.json"
    markdown.write_text("mine")

    async def then(pilot: Pilot[Any], _: Conversation) -> None:
        for file in (markdown, data):
            await pilot.press("s")
            await pilot.pause()
            app.screen.query_one(Input).value = str(file)
            await pilot.press("enter")
            await pilot.pause()
            if file is markdown:
                assert markdown.read_text() == "mine"
                await pilot.press("enter")
            await settle(pilot)

    talk(app, "who calls helper_step?", then=then)

    assert "## Answer\n\nThe function `main` calls" in markdown.read_text()
    assert json.loads(data.read_text())["replay"]["spoken"]["model"] == "echo"
    assert app.problems == []


def test_a_file_that_cannot_be_written_is_one_sentence(tree: Path, tmp_path: Path) -> None:
    """The answer stays, and nothing is written."""
    app = Talks(tree)

    async def then(pilot: Pilot[Any], _: Conversation) -> None:
        await pilot.press("s")
        await pilot.pause()
        app.screen.query_one(Input).value = str(tmp_path / "nowhere" / "a.md")
        await pilot.press("enter")
        await settle(pilot)

    talk(app, "who calls helper_step?", then=then)

    assert len(app.problems) == 1
    assert "cannot write the answer" in app.problems[0]


def test_copying_takes_the_prose(tree: Path) -> None:
    """As the model said it, without marks."""
    app = Talks(tree)

    async def then(pilot: Pilot[Any], _: Conversation) -> None:
        await pilot.press("y")

    talk(app, "who calls helper_step?", then=then)

    assert app.clipboard.strip() == SAID


def test_a_budget_shows_the_plan_before_it_acts(tree: Path) -> None:
    """Going back leaves everything as it was; enter takes it."""
    app = Talks(tree)
    seen: list[tuple[str, int | None]] = []

    async def then(pilot: Pilot[Any], talked: Conversation) -> None:
        for key in ("escape", "enter"):
            await pilot.press("b")
            await pilot.pause()
            app.screen.query_one(Input).value = "4k 32k"
            await pilot.press("enter")
            while type(app.screen).__name__ != "PlanPrompt":
                await pilot.pause(0.02)
            await pilot.pause()
            text = shown(app)
            await pilot.press(key)
            await settle(pilot)
            seen.append((text, talked.choice.budget))

    talk(app, "who calls helper_step?", then=then)

    assert "of prompt" in seen[0][0]
    assert [budget for _, budget in seen] == [None, 4_000]


@pytest.mark.parametrize("typed", ["many", "1 2 3", "4k -1"])
def test_a_budget_that_is_none_is_one_sentence(tree: Path, typed: str) -> None:
    """Nothing changes."""
    app = Talks(tree)

    async def then(pilot: Pilot[Any], _: Conversation) -> None:
        await pilot.press("b")
        await pilot.pause()
        app.screen.query_one(Input).value = typed
        await pilot.press("enter")
        await settle(pilot)

    talk(app, "who calls helper_step?", then=then)

    assert len(app.problems) == 1


def test_the_models_are_listed_and_none_can_be_chosen(tree: Path) -> None:
    """Without a model the next answer is facts."""
    app = Talks(tree)

    async def then(pilot: Pilot[Any], talked: Conversation) -> None:
        await pilot.press("m")
        while type(app.screen).__name__ != "ModelPicker":
            await pilot.pause(0.02)
        await pilot.pause()
        assert "Which model is to answer?" in shown(app)
        await pilot.press("end", "enter")
        while type(app.screen).__name__ != "PlanPrompt":
            await pilot.pause(0.02)
        await pilot.press("enter")
        await settle(pilot)
        assert not talked.choice.has_model

    talk(app, "who calls helper_step?", then=then)


def test_what_is_not_there_is_said_in_one_sentence(tree: Path) -> None:
    """With what to do next."""
    screen = talk(Talks(tree), "who calls uzed_nowhere_at_all?")

    assert "✗ nothing in tree is called uzed_nowhere_at_all" in screen


def test_an_empty_conversation_says_what_can_be_asked(tree: Path) -> None:
    """And tells the cost of the first question."""
    app = Talks(tree)
    screen = talk(app)

    assert "explain structure" in screen
    assert app.costs[-1].room > app.costs[-1].base > 0


@pytest.mark.parametrize("size", [(30, 8), (200, 60)])
def test_the_conversation_fits_screens_of_any_size(tree: Path, size: tuple[int, int]) -> None:
    """The end of the answer is what shows, and what was asked can be scrolled to."""
    assert "echo" in talk(Talks(tree), "who calls helper_step?", size=size)
