"""The plan screen: where a model lies, what else there is, and what other machines would change, by keys alone."""

from __future__ import annotations

import re

import pytest
from textual.app import App
from textual.widgets import DataTable, Input, OptionList

from codereader.engine.hardware.machine import Machine
from codereader.fronts.tui.screens.plan import PlanScreen, WhatIf
from tests.tui.driver import play, settle, shown

GIB = 1 << 30
SCOUT = WhatIf(model="llama-4-scout", cards="RTX 4090", ram="96GiB", ctx="65536")


def here() -> Machine:
    """A machine without a card."""
    return Machine((), 32 * GIB, 48 * GIB, 8, 16, can_offload=False)


class PlanApp(App[None]):
    """The plan screen alone."""

    def __init__(self, what_if: WhatIf) -> None:
        super().__init__()
        self.what_if = what_if

    def on_mount(self) -> None:
        self.push_screen(PlanScreen(self.what_if, here))


async def typed(pilot, field: str, text: str) -> None:
    """Replace what stands in a field, and wait for the plan of it."""
    entry = pilot.app.screen.query_one(f"#plan-{field}", Input)
    entry.focus()
    entry.value = text
    await pilot.press("enter")
    await settle(pilot)


def test_scout_is_planned_without_its_file():
    """A model known by name: verdict, bars with sizes by kind, a table of ways with the best one marked."""

    async def script(pilot):
        return shown(pilot.app)

    text = play(PlanApp(SCOUT), script)
    assert "Fits: Llama 4 Scout" in text
    assert "RTX 4090" in text
    assert "system memory" in text
    assert all(kind in text for kind in ("weights", "experts", "cache", "compute", "headroom", "free"))
    assert "█ weights  ▚ experts  ▓ cache  ▒ compute  ╌ headroom  · free" in text
    assert re.search(r"^ +\* +65,536", text, re.MULTILINE)
    assert "no file of the model is here" in text


def test_moving_through_the_table_redraws_the_bars():
    """Each plan has its own bars and its own words."""

    async def script(pilot):
        first = shown(pilot.app)
        await pilot.press("down")
        await settle(pilot)
        return first, shown(pilot.app)

    first, second = play(PlanApp(SCOUT), script)
    bars = [[line for line in text.splitlines() if "▚" in line] for text in (first, second)]
    assert bars[0] != bars[1]


def test_another_card_changes_the_plan():
    """What-if: the field is typed into, the verdict follows."""

    async def script(pilot):
        await typed(pilot, "cards", "2x RTX 3090")
        return shown(pilot.app)

    text = play(PlanApp(SCOUT), script)
    assert "2x RTX 3090" in text or "RTX 3090 #2" in text
    assert "RTX 4090" not in text


def test_where_nothing_fits_it_says_what_is_missing_and_what_would_help():
    """In the words of the command line."""

    async def script(pilot):
        return shown(pilot.app)

    text = play(PlanApp(WhatIf(model="llama-4-scout", cards="RTX 4060", ram="16GiB")), script, (120, 60))
    flat = " ".join(text.split())
    assert "Does not fit: Llama 4 Scout" in flat
    assert "of memory is missing" in flat
    assert "too much" in text
    assert "|" in text
    assert "change" in text


def test_a_card_that_is_not_known_is_told_with_those_that_are():
    """The same sentence as on the command line, in the place of the verdict; the screen goes on."""

    async def script(pilot):
        await typed(pilot, "cards", "RTX 40")
        first = shown(pilot.app)
        await typed(pilot, "cards", "RTX 4090")
        return first, shown(pilot.app)

    first, second = play(PlanApp(SCOUT), script)
    assert "is no card that is known by name" in first
    assert "Did you mean" in first
    assert "Fits: Llama 4 Scout" in second


@pytest.mark.parametrize("text", ["many", "-3", "0"])
def test_a_context_that_is_no_number_is_told(text):
    """One sentence, with what to write."""

    async def script(pilot):
        await typed(pilot, "ctx", text)
        return shown(pilot.app)

    assert "is no number of tokens for context" in play(PlanApp(SCOUT), script)


def test_cards_are_completed_from_those_that_are_known():
    """The last of several cards is completed; down and enter take a name over."""

    async def script(pilot):
        field = pilot.app.screen.query_one("#plan-cards", Input)
        field.focus()
        field.value = "RTX 4090, 2x rtx 30"
        field.cursor_position = len(field.value)
        await settle(pilot)
        offered = shown(pilot.app)
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        return offered, field.value

    offered, value = play(PlanApp(SCOUT), script)
    assert "RTX 4090, 2x RTX 3060" in offered
    assert value.startswith("RTX 4090, 2x RTX 30")
    assert len(value) > len("RTX 4090, 2x RTX 30")


def test_models_are_offered_by_name():
    """Those that were found, and those known without a file."""

    async def script(pilot):
        field = pilot.app.screen.query_one("#plan-model", Input)
        field.focus()
        field.value = "scout"
        await settle(pilot)
        choices = pilot.app.screen.query_one("#plan-choices", OptionList)
        return [str(choices.get_option_at_index(at).prompt) for at in range(choices.option_count)]

    assert ["llama-4-scout"] == play(PlanApp(SCOUT), script)


def test_the_newest_what_if_wins():
    """Typed one after the other without waiting: what is shown is the last."""

    async def script(pilot):
        screen = pilot.app.screen
        for context in ("8192", "16384", "32768"):
            screen.query_one("#plan-ctx", Input).value = context
            screen._replan()
        await settle(pilot)
        table = screen.query_one(DataTable)
        return str(table.get_cell_at((0, 1)))

    assert "32,768" == play(PlanApp(SCOUT), script)


def test_this_machine_again():
    """ctrl+r empties what was varied: the plan is for what is here."""

    async def script(pilot):
        await pilot.press("ctrl+r")
        pilot.app.screen._replan()
        await settle(pilot)
        return shown(pilot.app), pilot.app.screen.what_if

    text, what_if = play(PlanApp(WhatIf(model="qwen3-0.6b", cards="RTX 4090")), script)
    assert "this machine" in text
    assert WhatIf(model="qwen3-0.6b") == what_if


def test_escape_leaves_the_offers_then_the_screen():
    """Back is back."""

    async def script(pilot):
        field = pilot.app.screen.query_one("#plan-cards", Input)
        field.focus()
        field.value = "RTX 50"
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        stays = isinstance(pilot.app.screen, PlanScreen)
        await pilot.press("escape")
        await settle(pilot)
        return stays, isinstance(pilot.app.screen, PlanScreen)

    assert (True, False) == play(PlanApp(SCOUT), script)


@pytest.mark.parametrize("size", [(30, 8), (80, 24), (200, 60)])
def test_every_size_shows_fields_and_verdict(size):
    """From a sliver to a wall."""

    async def script(pilot):
        return shown(pilot.app)

    assert "Model" in play(PlanApp(SCOUT), script, size)
