"""The screen of what the model sees, as a person uses it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual import on
from textual.app import App
from textual.pilot import Pilot

from codereader.errors import BudgetTooSmall
from codereader.fronts.tui.desk import Desk
from codereader.fronts.tui.messages import Go, Marked, Problem
from codereader.fronts.tui.screens.pack import PackScreen
from codereader.fronts.tui.screens.pack_list import PackList, PackText
from codereader.fronts.tui.screens.pack_seen import Seen, Wish, see
from codereader.reader import Reader
from tests.tui.driver import play, settle, shown


class Packer(App[None]):
    """A pack's screen over nothing, and what it said."""

    def __init__(self, path: Path, question: str | None = None, budget: int | None = None) -> None:
        super().__init__()
        self.desk = Desk(lambda cancel: Reader(path, cancel=cancel))
        self.said: list[str] = []
        self.marked: list[Marked] = []
        self.over = PackScreen(question, "echo", budget)

    async def on_mount(self) -> None:
        await self.desk.run(lambda reader: reader.open())
        self.push_screen(self.over)

    def on_unmount(self) -> None:
        self.desk.close()

    @on(Go)
    def _go(self, go: Go) -> None:
        self.said.append(f"go {go.place.path}:{go.place.line}")

    @on(Problem)
    def _problem(self, problem: Problem) -> None:
        self.said.append(f"{problem.text} | {problem.hint}")

    @on(Marked)
    def _mark(self, marked: Marked) -> None:
        self.marked.append(marked)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tree of some thousand tokens."""
    place = tmp_path / "tree"
    place.mkdir()
    for at in range(6):
        functions = (f"int read_{at}_{n}(int x)\n{{\n\treturn x + {n};\n}}\n" for n in range(30))
        (place / f"f{at}.c").write_text("".join(functions))
    return place


async def pressed(pilot: Pilot[Any], *keys: str) -> str:
    """Press *keys*, wait, and return what is shown."""
    await pilot.press(*keys)
    await settle(pilot)
    return shown(pilot.app)


def test_a_pack_is_shown_by_level_with_who_counted(folder: Path) -> None:
    """Tokens of the budget, the vocabulary, a bar with its legend, files, and what is left out and brings it back."""

    async def script(pilot: Pilot[None]) -> str:
        await settle(pilot)
        return shown(pilot.app)

    text = play(Packer(folder, budget=1500), script, (100, 30))

    assert "of 1,500 tokens" in text
    assert "counted by estimate" in text
    assert "left out of what is not in full" in text
    assert "in full from" in text
    assert "free" in text


def test_the_budget_changes_with_keys_and_the_tree_is_told(folder: Path) -> None:
    """More, less, as helps, everything; each pack marks the tree."""
    app = Packer(folder, budget=1500)

    async def script(pilot: Pilot[None]) -> list[str]:
        await settle(pilot)
        seen = []
        for key in ("plus", "plus", "minus", "m", "a"):
            text = await pressed(pilot, key)
            seen.append(text.splitlines()[1].split(" tokens")[0].split(" of ")[-1])
        return seen

    budgets = play(app, script, (100, 30))

    assert ["1,536", "2,048", "1,536"] == budgets[:3]
    assert budgets[3].isdigit() or "," in budgets[3]
    assert "16,384" == budgets[4]
    assert 6 == len(app.marked)
    assert {"full"} == set(app.marked[-1].levels.values())
    assert {f"f{at}.c" for at in range(6)} == set(app.marked[-1].tokens)


def test_of_many_keys_only_the_last_budget_is_shown(folder: Path) -> None:
    """A pack that a newer one overtook does not appear; while it is made the old one stays."""
    app = Packer(folder, budget=1024)
    hold = threading.Event()

    async def script(pilot: Pilot[None]) -> tuple[str, str]:
        await settle(pilot)
        app.desk._thread.submit(hold.wait)
        await pilot.press("plus", "plus", "plus", "minus")
        await pilot.pause()
        during = shown(app)
        hold.set()
        await settle(pilot)
        return during, shown(app)

    during, after = play(app, script, (100, 30))

    assert "packing 2,048 tokens" in during
    assert "f0.c" in during
    assert "of 2,048 tokens" in after
    assert 2 == len(app.marked)


def test_enter_shows_the_text_that_is_sent_and_escape_goes_back(folder: Path) -> None:
    """In a narrow terminal the text takes the place of the list; leaving twice leaves the screen."""

    async def script(pilot: Pilot[None]) -> list[str]:
        await settle(pilot)
        texts = [await pressed(pilot, "enter")]
        texts.append(await pressed(pilot, "escape"))
        await pressed(pilot, "escape")
        return [*texts, type(pilot.app.screen).__name__]

    text, back, screen = play(Packer(folder), script, (80, 24))

    assert "=== f0.c (90 lines)" in text or "=== f0.c (" in text
    assert "return x + 0;" in text
    assert "of what is" in back or "in full" in back
    assert "Screen" == screen


def test_a_wide_screen_shows_the_text_beside_the_list(folder: Path) -> None:
    """Moving through the list shows each text at once."""

    async def script(pilot: Pilot[None]) -> list[str]:
        await settle(pilot)
        return [shown(pilot.app), await pressed(pilot, "j")]

    first, second = play(Packer(folder), script, (140, 30))

    assert "read_0_0" in first
    assert "read_1_0" in second


def test_long_lines_can_be_read_to_their_end(tmp_path: Path) -> None:
    """Left and right move the text below."""
    (tmp_path / "long.c").write_text("int a; /* " + "x" * 60 + "the end */\n")

    async def script(pilot: Pilot[None]) -> tuple[str, str]:
        await settle(pilot)
        before = await pressed(pilot, "enter")
        return before, await pressed(pilot, "right", "right", "right", "right", "right")

    before, after = play(Packer(tmp_path), script, (50, 20))

    assert "the end" not in before
    assert "the end" in after


def test_a_file_opens_at_the_lines_that_are_sent(folder: Path) -> None:
    """o goes to the file; what is no file goes nowhere."""
    app = Packer(folder)

    async def script(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await pressed(pilot, "g", "o", "j", "o")

    play(app, script, (100, 30))

    assert ["go f0.c:1"] == app.said


def test_a_question_adds_what_it_needs(folder: Path) -> None:
    """Typed into the line that opens; letters that are keys elsewhere are letters there."""

    async def script(pilot: Pilot[None]) -> tuple[str, str]:
        await settle(pilot)
        asked = await pressed(pilot, "slash", *"am+", "space", *"read_3_7", "enter")
        return asked, await pressed(pilot, "slash", "escape")

    asked, left = play(Packer(folder, budget=1500), script, (100, 30))

    assert "for: am+ read_3_7" in asked
    assert "for the question" in asked
    assert "beside the files" in asked
    assert asked == left


def test_a_budget_that_holds_nothing_says_so_and_can_be_raised(folder: Path) -> None:
    """The reason stands on the screen and is told the app; another budget works."""
    app = Packer(folder, budget=2)

    async def script(pilot: Pilot[None]) -> tuple[str, str]:
        await settle(pilot)
        return shown(app), await pressed(pilot, "a")

    trouble, after = play(app, script, (100, 30))

    assert "--budget 2 holds no file" in trouble
    assert ["Raise --budget."] == [said.partition(" | ")[2] for said in app.said]
    assert "of 16,384 tokens" in after


def test_groups_fold(folder: Path) -> None:
    """enter on a title hides what is below it; left on a row goes to its title and folds it."""
    app = Packer(folder)

    async def script(pilot: Pilot[None]) -> list[int]:
        await settle(pilot)
        held = app.over.query_one(PackList)
        await pressed(pilot, "g")
        counts = [held.count()]
        for keys in (("enter",), ("right",), ("j", "left", "left"), ("enter",)):
            await pressed(pilot, *keys)
            counts.append(held.count())
        return counts

    assert [7, 1, 7, 1, 7] == play(app, script, (100, 30))


def test_hostile_names_and_texts_stay_text(tmp_path: Path) -> None:
    """Escapes in names and in what is sent are shown, never obeyed; every row is as wide as the list."""
    (tmp_path / "a\x1b[31m\u202e你好.c").write_text("int a; /* \x1b[2J\u202e 你好 */\n" * 3)

    async def script(pilot: Pilot[None]) -> tuple[str, set[int], set[int]]:
        await settle(pilot)
        text = shown(pilot.app)
        halves = [pilot.app.screen.query_one(kind) for kind in (PackList, PackText)]
        widths = [{cell_len(half.render_line(y).text) for y in range(12)} for half in halves]
        return text, *widths

    text, *widths = play(Packer(tmp_path), script, (120, 20))

    assert "\\x1b[31m" in text
    assert "\\x1b[2J" in text
    assert not any(letter in text for letter in "\x1b\u202e")
    assert [1, 1] == [len(width) for width in widths]


@pytest.mark.parametrize("size", [(30, 8), (80, 24), (200, 60)])
def test_the_screen_stands_in_any_size(folder: Path, size: tuple[int, int]) -> None:
    """From very small to very large, with the pack's tokens in sight."""

    async def script(pilot: Pilot[None]) -> str:
        await settle(pilot)
        return shown(pilot.app)

    assert "tokens" in play(Packer(folder, "how is read_3_7 called", 1500), script, size)


def test_who_prepares_the_question_may_make_what_is_shown(folder: Path) -> None:
    """The screen shows what it is given, asks anew for another budget, and tells what went wrong."""
    app = Packer(folder)
    wishes: list[Wish] = []

    async def make(wish: Wish) -> Seen:
        wishes.append(wish)
        if wish.budget is None:
            raise BudgetTooSmall("the window holds nothing", "Raise --ctx.")
        return await app.desk.run(lambda reader: see(reader, Wish(wish.question, wish.budget, "echo")))

    app.over = PackScreen("what is read_3_7", budget=1024, make=make)

    async def script(pilot: Pilot[None]) -> str:
        await settle(pilot)
        await pressed(pilot, "plus")
        return await pressed(pilot, "a")

    text = play(app, script, (100, 30))

    assert [1024, 1536, None] == [wish.budget for wish in wishes]
    assert "the window holds nothing" in text
    assert "for the question" in text
