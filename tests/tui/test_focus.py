"""The keys stay where the person put them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from codereader.fronts.tui.app import CodereaderApp, Launch
from codereader.fronts.tui.ask.question import QuestionArea, QuestionBox
from codereader.fronts.tui.messages import Look
from codereader.reader import Reader
from tests.tui.driver import play, settle


def test_relations_that_come_late_take_no_keys_from_a_question(tmp_path: Path) -> None:
    """Somebody who went on to type a question types on."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.c").write_text("int main(void) { return 0; }\n")

    async def script(pilot: Pilot[Any]) -> tuple[bool, str, bool]:
        await pilot.press("ctrl+l", "w", "h")
        app.post_message(Look("main", "callers"))
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        has_relations = app.query_one("#work").has_class("-with-relations")
        return isinstance(app.focused, QuestionArea), app.query_one(QuestionBox).text, has_relations

    app = CodereaderApp(Launch(tree, lambda cancel: Reader(tree, cancel=cancel), tmp_path / "cache", has_model=False))

    assert (True, "why", False) == play(app, script)
