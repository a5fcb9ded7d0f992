"""Help: what the pane with the keys shows, its keys and those that work everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from codereader.fronts.tui.app import CodereaderApp, Launch
from codereader.fronts.tui.palette import commands
from codereader.reader import Reader
from tests.tui.driver import play, settle, shown


@pytest.fixture
def app(tmp_path: Path) -> CodereaderApp:
    """A small tree, without a model."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.c").write_text("int main(void) { return 0; }\n")
    return CodereaderApp(Launch(tree, lambda cancel: Reader(tree, cancel=cancel), tmp_path / "cache", has_model=False))


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (["1", "question_mark"], ["Tree", "◐  its skeleton", "Pin", "Quit"]),
        (["2", "question_mark"], ["Source", "double click", "Callers", "Find in file"]),
        (["3", "question_mark"], ["Answers", "[no evidence]", "Save"]),
        (["ctrl+l", "f1"], ["Question", "alt+enter", "Send"]),
        (["1", "enter", "o", "question_mark"], ["Outline", "ƒ  function"]),
        (["f4", "question_mark"], ["Pack", "budget"]),
    ],
)
def test_every_pane_tells_of_itself(app: CodereaderApp, keys: list[str], told: list[str]) -> None:
    """Its signs and its keys; esc leads back."""

    async def script(pilot: Pilot[Any]) -> tuple[str, int]:
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        text = shown(app)
        await pilot.press("escape")
        await settle(pilot)
        return text, sum(type(screen).__name__ == "HelpScreen" for screen in app.screen_stack)

    text, left = play(app, script, (160, 60))

    assert [] == [one for one in [*told, "Keys everywhere", "esc closes"] if one not in text]
    assert 0 == left


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
def test_help_fits_a_small_screen(app: CodereaderApp, size: tuple[int, int]) -> None:
    """How to leave is seen, the rest can be scrolled to."""

    async def script(pilot: Pilot[Any]) -> tuple[str, str]:
        await pilot.press("1", "question_mark")
        await settle(pilot)
        first = shown(app)
        await pilot.press(*["pagedown"] * 12)
        await settle(pilot)
        await pilot.wait_for_scheduled_animations()
        return first, shown(app)

    first, last = play(app, script, size)

    assert "esc closes" in first
    assert "esc closes" in last
    assert "To the shell" in last


def test_the_palette_has_every_action_by_name(app: CodereaderApp) -> None:
    """Of the app and of the panes, each once, with its key and what it does."""

    async def script(pilot: Pilot[Any]) -> list[tuple[str, str]]:
        panes = [app.query_one(f"#{name}") for name in ("tree", "source", "conversation", "outline", "relations")]
        return [(one.title, one.help) for one in commands(app, panes)]

    told = dict(play(app, script))

    wanted = {
        "Ask": "^l · ",
        "Go to": "^t · ",
        "Plan": "f2 · ",
        "Help": "? · ",
        "To the answers": "3",
        "Tree: Pin": "p · ",
        "Source: Callers": "c · ",
        "Source: Find in file": "/ · ",
        "Source: Go to line": ": ",
        "Answers: Model": "m · ",
        "Answers: Budget": "b · ",
        "Answers: Save": "s · ",
        "Relations: Paths to": "p · ",
    }
    assert {} == {title: told.get(title) for title, keys in wanted.items() if keys not in told.get(title, "")}
    assert not [title for title in told if "Page down" in title or "Conversation" in title]


def test_esc_leads_from_the_question_to_the_answers(app: CodereaderApp) -> None:
    """Before anything was asked it leads back to where the keys were."""

    async def script(pilot: Pilot[Any]) -> list[str | None]:
        been = []
        for keys in (["1", "enter", "ctrl+l", "escape"], ["ctrl+l", "x", "enter", "escape"]):
            for key in keys:
                await pilot.press(key)
                await settle(pilot)
            been.append(app.focused.id if app.focused else None)
        return been

    assert ["source", "conversation"] == play(app, script)
