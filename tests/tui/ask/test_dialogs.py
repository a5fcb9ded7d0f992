"""The small windows: what is typed in one is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from codereader.fronts.tui.ask.dialogs import LinePrompt, SavePrompt
from tests.tui.driver import play, settle, shown


@pytest.mark.parametrize("size", [(120, 35), (80, 24), (40, 12)])
@pytest.mark.parametrize("kind", ["line", "save"])
def test_what_is_typed_is_seen(kind: str, size: tuple[int, int], tmp_path: Path) -> None:
    """What stands there at first, and what the person types behind it."""

    async def script(pilot: Pilot[Any]) -> str:
        value = "auto" if kind == "line" else f"{tmp_path.name[:4]}.md"
        prompt = LinePrompt("Budget", value, "esc goes back") if kind == "line" else SavePrompt(value)
        await pilot.app.push_screen(prompt)
        await pilot.press("end", "x", "y", "z")
        await settle(pilot)
        return shown(pilot.app)

    expected = "autoxyz" if kind == "line" else f"{tmp_path.name[:4]}.mdxyz"

    assert expected in play(App(), script, size)
