"""The app: what a pane says moves the others; what a person presses, on wide screens and narrow ones; what fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.constants import DEFAULT_THEME
from textual.pilot import Pilot

from codereader.errors import ExitCode, NothingReadable, StoreError
from codereader.fronts.tui import settings
from codereader.fronts.tui.app import CodereaderApp, Launch
from codereader.fronts.tui.ask.conversation import Conversation
from codereader.fronts.tui.ask.question import QuestionArea, QuestionBox
from codereader.fronts.tui.find.relations import Relations
from codereader.fronts.tui.messages import Go, Look, Pin, Place, Problem
from codereader.fronts.tui.source.outline import Outline
from codereader.fronts.tui.source.pane import SourceView
from codereader.fronts.tui.tree.pane import ScopeTree
from codereader.reader import Reader
from tests.tui.driver import play as _play
from tests.tui.driver import rest, shown
from tests.tui.looking import small_tree

NARROW, MEDIUM, WIDE = (80, 24), (120, 35), (160, 45)

Script = Callable[[Pilot[Any]], Awaitable[Any]]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return small_tree(tmp_path / "tree")


@pytest.fixture
def app(tree: Path) -> CodereaderApp:
    """The app on a small tree of C, without a model."""
    return made(tree)


def made(tree: Path, model: str | None = None) -> CodereaderApp:
    cache = tree.parent / "cache"
    launch = Launch(tree, lambda cancel: Reader(tree, cache=cache, cancel=cancel), cache, model, has_model=bool(model))
    return CodereaderApp(launch)


def play(app: CodereaderApp, script: Script, size: tuple[int, int] = MEDIUM) -> Any:
    """Return what *script* returns once the app rests; everything is closed then, whatever happened."""

    async def begin(pilot: Pilot[Any]) -> Any:
        await rest(pilot)
        try:
            return await script(pilot)
        finally:
            app._close()

    return _play(app, begin, size)


async def say(pilot: Pilot[Any], *messages: Any) -> None:
    """Say what a pane says."""
    for message in messages:
        pilot.app.post_message(message)
        await rest(pilot)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press *keys* at once, then wait until the app rests."""
    await pilot.press(*keys)
    await rest(pilot)


def fails(app: CodereaderApp, script: Script) -> BaseException | None:
    """Return what ended the screen while *script* ran."""

    async def run() -> None:
        async with app.run_test() as pilot:
            await script(pilot)
            while app.failure is None:
                await asyncio.sleep(0.01)

    asyncio.run(run())
    return app.failure


def told(app: CodereaderApp) -> list[tuple[str, str]]:
    """Return title and text of what is notified."""
    return [(one.title, one.message) for one in app._notifications]


def standing(app: CodereaderApp) -> tuple[str, int] | None:
    """Return file and line that the source shows."""
    place = app.screen_stack[0].query_one(SourceView).place
    return (place.path, place.line) if place else None


# The first screen


def test_the_tree_comes_first_and_has_the_keys(app: CodereaderApp) -> None:
    """Files are listed, the number of them is told, and keys move in the tree."""

    async def script(pilot: Pilot[Any]) -> tuple[str, Any]:
        return shown(app), app.focused

    screen, focused = play(app, script)

    assert all(name in screen for name in ("disk.c", "ops.h", "start.c", "tree · 3 files"))
    assert isinstance(focused, ScopeTree)


def test_nothing_to_read_ends_the_screen(tmp_path: Path) -> None:
    """The command line tells of it then."""
    (tmp_path / "empty").mkdir()
    app = made(tmp_path / "empty")

    async def script(pilot: Pilot[Any]) -> None:
        pass

    assert isinstance(fails(app, script), NothingReadable)


# Going somewhere


def test_go_moves_source_and_tree(app: CodereaderApp) -> None:
    """The place stands in the source, its file under the cursor of the tree, and the keys are in the source."""

    async def script(pilot: Pilot[Any]) -> tuple[Any, str, Any]:
        await say(pilot, Go(Place("start.c", 7)))
        return standing(app), app.query_one(ScopeTree).selected, app.focused

    place, selected, focused = play(app, script)

    assert (("start.c", 7), "start.c") == (place, selected)
    assert isinstance(focused, SourceView)


def test_back_and_forward_lead_along_the_places(app: CodereaderApp) -> None:
    """Back leads to where the person stood when a jump led away, forward to where the jump led; ends are told."""

    async def script(pilot: Pilot[Any]) -> list[Any]:
        await say(pilot, Go(Place("disk.c", 3)), Go(Place("start.c", 10)))
        await press(pilot, "j", "j")
        await say(pilot, Go(Place("ops.h", 1)))
        stood = []
        for key in ("alt+left", "ctrl+o", "alt+left", "alt+right", "alt+right", "alt+right"):
            await press(pilot, key)
            stood.append(standing(app))
        return stood

    stood = play(app, script)

    back = [("start.c", 12), ("disk.c", 3), ("disk.c", 3)]
    forward = [("start.c", 12), ("ops.h", 1), ("ops.h", 1)]
    assert [*back, *forward] == stood
    assert ["This is where you began.", "There is no place ahead."] == [text for _, text in told(app)]


def test_a_name_that_is_found_is_gone_to(app: CodereaderApp) -> None:
    """The finder closes and its place stands in the source; esc goes nowhere."""

    async def script(pilot: Pilot[Any]) -> list[Any]:
        stood = []
        for keys in (("ctrl+t", *"dkopn"), ("enter",), ("ctrl+t", *"again"), ("escape",)):
            await press(pilot, *keys)
            stood.append((standing(app), len(app.screen_stack)))
        return stood

    found = ("disk.c", 3)

    assert [(None, 2), (found, 1), (found, 2), (found, 1)] == play(app, script)


def test_words_that_are_found_are_gone_to(app: CodereaderApp) -> None:
    """ctrl+f ranks files for words; enter takes the best."""

    async def script(pilot: Pilot[Any]) -> Any:
        await press(pilot, "ctrl+f", *"missing", "enter", "enter")
        return standing(app), len(app.screen_stack)

    (path, _), screens = play(app, script)

    assert ("start.c", 1) == (path, screens)


# Relations


def test_a_look_shows_relations_below_the_source(app: CodereaderApp) -> None:
    """They have the keys, and esc gives the room back."""

    async def script(pilot: Pilot[Any]) -> tuple[str, bool, bool, Any]:
        await say(pilot, Go(Place("start.c", 5)))
        await press(pilot, "c")
        screen, shows = shown(app), app.query_one(Relations).display
        await press(pilot, "escape")
        return screen, shows, app.query_one("#work").has_class("-with-relations"), app.focused

    screen, shows, still, focused = play(app, script)

    assert "callers" in screen
    assert "start.c:13" in screen
    assert (True, False) == (shows, still)
    assert isinstance(focused, SourceView)


def test_a_caller_is_gone_to(app: CodereaderApp) -> None:
    """Enter on a row of the relations shows the call in the source."""

    async def script(pilot: Pilot[Any]) -> Any:
        await say(pilot, Look("use", "callers"))
        await press(pilot, "down", "enter")
        return standing(app)

    assert ("start.c", 13) == play(app, script)


def test_the_outline_follows_the_source(app: CodereaderApp) -> None:
    """`o` opens it below the tree with the definitions of the file; again closes it."""

    async def script(pilot: Pilot[Any]) -> tuple[str, Any, str]:
        await say(pilot, Go(Place("start.c", 5)))
        await press(pilot, "o")
        screen, focused = shown(app), app.focused
        await press(pilot, "o")
        return screen, focused, shown(app)

    opened, focused, closed = play(app, script)

    assert isinstance(focused, Outline)
    assert opened.count("again") > closed.count("again")


# Room


def visible(app: CodereaderApp) -> list[str]:
    """Return the panes that stand on the screen."""
    return [name for name in ("tree", "source", "conversation") if app.query_one(f"#{name}").region.area]


def test_a_narrow_screen_shows_one_pane_at_a_time(app: CodereaderApp) -> None:
    """1, 2 and 3 turn to tree, source and answers, and put the keys there; the question box stays."""

    async def script(pilot: Pilot[Any]) -> list[Any]:
        seen = [(visible(app), app.focused.id)]
        for key in "231":
            await press(pilot, key)
            seen.append((visible(app), app.focused.id))
        assert app.query_one(QuestionBox).region.area
        return seen

    names = ("tree", "source", "conversation", "tree")

    assert [([name], name) for name in names] == play(app, script, NARROW)


@pytest.mark.parametrize("size", [MEDIUM, WIDE])
def test_a_wide_screen_shows_all_panes(app: CodereaderApp, size: tuple[int, int]) -> None:
    """The answer is below the source, or beside it where there is room."""

    async def script(pilot: Pilot[Any]) -> Any:
        source, answer = app.query_one(SourceView).region, app.query_one(Conversation).region
        return visible(app), answer.y >= source.bottom, answer.x >= source.right

    panes, is_below, is_beside = play(app, script, size)

    assert ["tree", "source", "conversation"] == panes
    assert (size == MEDIUM, size == WIDE) == (is_below, is_beside)


def test_a_place_comes_to_the_front_of_a_narrow_screen(app: CodereaderApp) -> None:
    """Also while the tree is in front; a question turns to the answers."""

    async def script(pilot: Pilot[Any]) -> list[Any]:
        await say(pilot, Go(Place("disk.c", 1)))
        gone = visible(app)
        await press(pilot, "ctrl+l", *"who", "space", *"calls", "space", *"use", "enter")
        return [gone, visible(app)]

    assert [["source"], ["conversation"]] == play(app, script, NARROW)


# Asking


def test_a_pin_is_marked_in_the_tree_and_counted_in_the_box(app: CodereaderApp) -> None:
    """Pinning the same path again takes it out."""

    async def script(pilot: Pilot[Any]) -> list[Any]:
        seen = []
        for _ in range(2):
            await say(pilot, Pin("disk.c"))
            pins = app.query_one(QuestionBox).pins, app.query_one(Conversation).choice.pins
            seen.append((pins, "pinned: disk.c" in shown(app)))
        return seen

    both = ("disk.c",)

    assert [((both, both), True), (((), ()), False)] == play(app, script)


def test_a_question_is_answered_beside_the_source(app: CodereaderApp) -> None:
    """Without a model the facts are the answer; enter on a place of theirs goes there."""

    async def script(pilot: Pilot[Any]) -> tuple[str, Any]:
        await press(pilot, "ctrl+l", *"who", "space", *"calls", "space", *"disk_open", "question_mark", "enter")
        screen = shown(app)
        app.action_pane("conversation")
        await press(pilot, "n", "enter")
        return screen, standing(app)

    screen, place = play(app, script, WIDE)

    assert "❯ who calls disk_open?" in screen
    assert ("start.c", 7) == place


def test_asking_about_a_symbol_fills_the_box(app: CodereaderApp) -> None:
    """What is suggested stands there to be edited; nothing is sent."""

    async def script(pilot: Pilot[Any]) -> tuple[str, Any, Any]:
        await say(pilot, Go(Place("start.c", 5)))
        await press(pilot, "a")
        return app.query_one(QuestionBox).text, app.focused, app.query_one(Conversation)._entries

    text, focused, entries = play(app, script)

    assert "use" in text
    assert isinstance(focused, QuestionArea)
    assert not entries


def test_ctrl_c_copies_what_is_selected_first(app: CodereaderApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a selection, and with nothing being answered, it says how to leave."""
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)

    async def script(pilot: Pilot[Any]) -> Any:
        await press(pilot, "3", "ctrl+c")
        greeting = app.query_one(".greeting")
        greeting.text_select_all()
        await press(pilot, "ctrl+c", "ctrl+c")
        return [text for _, text in told(app)]

    notes = play(app, script)

    leave = "Nothing is being worked on. ctrl+q leaves."
    assert [leave, "Copied.", leave] == notes
    assert 1 == len(copied)
    assert "explain structure" in copied[0]


# What lies over the panes


@pytest.mark.parametrize(("key", "name"), [("f2", "PlanScreen"), ("f3", "GraphScreen"), ("f4", "PackScreen")])
def test_a_screen_lies_over_the_panes_and_esc_leaves_it(app: CodereaderApp, key: str, name: str) -> None:
    """Another one comes in its place, not on top of it."""

    async def script(pilot: Pilot[Any]) -> list[Any]:
        await press(pilot, "f3" if key != "f3" else "f4", key)
        over = [type(screen).__name__ for screen in app.screen_stack[1:]]
        await press(pilot, "escape")
        return [over, len(app.screen_stack)]

    assert [[name], 1] == play(app, script)


def test_help_lies_over_the_panes(app: CodereaderApp) -> None:
    """`?` tells what the pane with the keys can do; esc goes back to it."""

    async def script(pilot: Pilot[Any]) -> tuple[str, int, Any]:
        await press(pilot, "question_mark")
        screen = shown(app)
        await press(pilot, "escape")
        return screen, len(app.screen_stack), app.focused

    screen, screens, focused = play(app, script)

    assert "Pin" in screen
    assert 1 == screens
    assert isinstance(focused, ScopeTree)


# What goes wrong


def test_a_problem_is_one_sentence_with_the_way_out(app: CodereaderApp) -> None:
    """What would be an escape sequence or markup is shown as it is."""

    async def script(pilot: Pilot[Any]) -> Any:
        await say(pilot, Problem("cannot read [red]\x1b[2J.c", "Check [b]it[/b]."))
        return [one.markup for one in app._notifications]

    assert [False] == play(app, script)
    assert [("cannot read [red]\\x1b[2J.c", "Check [b]it[/b].")] == told(app)


def test_work_that_fails_as_foreseen_is_told(app: CodereaderApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """The screen stays."""

    async def script(pilot: Pilot[Any]) -> Any:
        def broken(reader: Reader) -> bool:
            raise StoreError("cannot read the index: it is damaged", "Remove it.")

        monkeypatch.setattr(Reader, "has_changed", broken)
        app.look_for_changes()
        await rest(pilot)
        return app.is_running

    assert play(app, script)
    assert [("cannot read the index: it is damaged", "Remove it.")] == told(app)
    assert app.failure is None


def test_a_bug_leaves_the_screen_and_is_raised_behind_it(app: CodereaderApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line raises `failure`; no traceback goes over the screen."""

    async def script(pilot: Pilot[Any]) -> None:
        def broken(reader: Reader) -> bool:
            raise ZeroDivisionError("a bug")

        await rest(pilot)

        monkeypatch.setattr(Reader, "has_changed", broken)
        app.look_for_changes()

    assert isinstance(fails(app, script), ZeroDivisionError)
    assert app.desk.has_ended(10)


# Files that change


def test_a_file_that_changes_on_disk_is_shown_anew(app: CodereaderApp, tree: Path) -> None:
    """So is one that comes: the tree lists it, the status line counts it, the source shows the new text."""

    async def script(pilot: Pilot[Any]) -> str:
        await say(pilot, Go(Place("disk.c", 3)))
        (tree / "disk.c").write_text("int changed_since(void)\n{\n\treturn 1;\n}\n")
        (tree / "newer.c").write_text("int newer;\n")
        app.look_for_changes()
        await rest(pilot)
        return shown(app)

    screen = play(app, script)

    assert "changed_since" in screen
    assert "newer.c" in screen
    assert "tree · 4 files" in screen


def test_nothing_changes_where_no_file_did(app: CodereaderApp) -> None:
    """The screen stays as it is, the cursor too."""

    async def script(pilot: Pilot[Any]) -> tuple[str, str]:
        await say(pilot, Go(Place("start.c", 12)))
        before = shown(app)
        app.look_for_changes()
        await rest(pilot)
        return before, shown(app)

    before, after = play(app, script)

    assert before == after


# Leaving, and what is kept


@pytest.mark.parametrize("model", [None, "echo"])
def test_leaving_closes_the_desk(tree: Path, model: str | None) -> None:
    """ctrl+q ends with 0, also from the question box; the index and what makes it ready are closed."""
    app = made(tree, model)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "ctrl+l")
        await pilot.press("ctrl+q")
        await pilot.pause()

    play(app, script)

    assert (ExitCode.OK, None) == (app.return_value, app.failure)
    assert app.desk.has_ended(10)
    assert app.warming.process_id is None


def test_the_theme_is_kept(tree: Path) -> None:
    """The next run begins with it; a theme that is not there any more is the terminal's own palette."""

    def theme(choose: str | None = None) -> str:
        app = made(tree)

        async def script(pilot: Pilot[Any]) -> str:
            if choose:
                app.theme = choose
                await pilot.pause()
            assert app.get_css_variables() == app.stylesheet._variables  # it is applied, not only named
            return app.theme

        found: str = play(app, script)
        return found

    first, chosen, kept = theme(), theme("nord"), theme()
    held = json.loads((tree.parent / "cache" / settings.NAME).read_text())
    settings.keep(tree.parent / "cache", settings.Settings("gone"))

    assert ("ansi-dark", "nord", "nord", "ansi-dark") == (first, chosen, kept, theme())
    assert {"theme": "nord"} == held


def test_a_named_theme_goes_before_the_kept_one(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TEXTUAL_THEME, which Textual reads when it is imported, leaves Textual's choice and what was kept."""
    settings.keep(tree.parent / "cache", settings.Settings("nord"))
    monkeypatch.setenv("TEXTUAL_THEME", DEFAULT_THEME)
    app = made(tree)

    async def script(pilot: Pilot[Any]) -> str:
        return app.theme

    assert DEFAULT_THEME == play(app, script)
    assert "nord" == settings.load(tree.parent / "cache").theme


@pytest.mark.parametrize(("ground", "palette"), [("0;15", "ansi-light"), ("15;0", "ansi-dark"), ("", "ansi-dark")])
def test_the_terminal_s_own_palette_follows_its_ground(
    ground: str, palette: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """COLORFGBG says whether the terminal is light."""
    monkeypatch.setenv("COLORFGBG", ground)

    assert palette == settings.own_palette()


@pytest.mark.parametrize("kept", [b"", b"[]", b'{"theme": 3}', b'{"theme": "x"', b"\xff", b"[" * 5000])
def test_settings_that_cannot_be_read_are_the_defaults(tmp_path: Path, kept: bytes) -> None:
    """Nobody wants to hear of it."""
    (tmp_path / settings.NAME).write_bytes(kept)

    assert settings.Settings() == settings.load(tmp_path)
