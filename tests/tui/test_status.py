"""The line at the bottom."""

from __future__ import annotations

import re

import pytest
from textual.app import App, ComposeResult

from codereader.fronts.tui.messages import Stated, Working
from codereader.fronts.tui.status import Status, bar, worked
from tests.tui.driver import play, shown


class OneLine(App[None]):
    def compose(self) -> ComposeResult:
        yield Status()


@pytest.mark.parametrize(
    ("work", "told"),
    [
        (Working("walk", 1200, 0, "files"), "walk 1,200 files"),
        (Working("prefill", 2048, 4393, "tokens", 210.4, 11.2), "prefill 2,048/4,393 tokens · 210/s · 11 s left"),
        (Working("load", 0, 0), "load"),
        (Working("writing the brief", 0, 1), "writing the brief…"),
        (Working("prefill", 1, 2, "tokens", 3.21, 640), "prefill 1/2 tokens · 3.2/s · 10:40 left"),
    ],
)
def test_work_is_told_in_words(work: Working, told: str) -> None:
    """What, how far, how fast, how long."""
    assert told == worked(work)


@pytest.mark.parametrize(("done", "total", "cells"), [(0, 10, 0), (5, 10, 6), (10, 10, 12), (30, 10, 12), (3, 0, 0)])
def test_the_bar_is_full_at_the_end_and_never_longer(done: int, total: int, cells: int) -> None:
    """Also where more was done than was said."""
    full, empty = bar(done, total)

    assert (cells, 12) == (len(full), len(full) + len(empty))


@pytest.mark.parametrize("width", [200, 80, 30, 5])
def test_the_line_fits_every_width(width: int) -> None:
    """Work and the model share a line; the model goes first where there is no room."""

    async def script(pilot: object) -> str:
        status = app.query_one(Status)
        status.working(Working("prefill", 2048, 4393, "tokens", 210.4, 11.2))
        status.state(Stated("Scout\x1b[31m Q4", "40%/60% CPU/GPU", 4393, 131072, 8.8))
        await pilot.pause()  # type: ignore[attr-defined]
        return shown(app)

    app = OneLine()
    line = next(line for line in play(app, script, (width, 3)).splitlines() if line)

    assert len(line) <= width
    assert ("Scout\\x1b[31m Q4" in line) == (width == 200)
    assert "prefill"[: max(0, width - 16)] in line


def test_what_changes_of_the_model_stays_where_there_is_little_room() -> None:
    """Its placement, its context and its speed; its name is cut, and the panes are named where they are stacked."""

    async def script(pilot: object) -> list[str]:
        status = app.query_one(Status)
        status.hint = "net · 1,884 files"
        lines = []
        for model in (Stated("Tiny"), Stated("SmolLM2-135M-Instruct.Q4_1", "CPU", 4021, 8192, 3.2)):
            status.state(model)
            await pilot.pause()  # type: ignore[attr-defined]
            lines.append(next(line for line in shown(app).splitlines() if line).strip())
        return lines

    app = OneLine()
    app.HORIZONTAL_BREAKPOINTS = [(0, "-narrow")]  # type: ignore[misc]
    first, second = play(app, script, (80, 3))

    assert ["net · 1,884 files", "·", "1 tree", "2 source", "3 answers", "Tiny"] == re.split(r"  +", first)
    assert second.startswith("net · 1,884 files")
    assert second.endswith("… · CPU · 4,021/8,192 tok · 3.2 tok/s")
