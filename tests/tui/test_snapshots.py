"""Whole screens, held against how they were seen to look right: text and styles, in files that can be read.

``python -m tests.tui.test_snapshots`` writes them anew; look at the difference before it is committed.
"""

from __future__ import annotations

import difflib
import os
import re
import string
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.style import Style
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Footer, Input, TextArea

from codereader.fronts.tui.app import CodereaderApp, Launch
from codereader.fronts.tui.messages import Go, Look, Pin, Place
from codereader.reader import Reader
from tests.tui.driver import play, rest
from tests.tui.looking import small_tree

FOLDER = Path(__file__).parent / "snapshots"
RENEW = "SNAPSHOTS_ANEW"
COMMAND = "python -m tests.tui.test_snapshots"

LETTERS = "." + string.ascii_lowercase + string.ascii_uppercase + string.digits
"""What stands for a style in the picture of the styles; the dot is the one of plain text."""

Script = Callable[[Pilot[Any]], Awaitable[None]]


async def tree(pilot: Pilot[Any]) -> None:
    """The first screen, a file pinned."""
    pilot.app.post_message(Pin("disk.c"))


async def source(pilot: Pilot[Any]) -> None:
    """A narrow screen with source."""
    pilot.app.post_message(Go(Place("start.c", 10)))


async def relations(pilot: Pilot[Any]) -> None:
    """Who calls a function, below its source."""
    pilot.app.post_message(Go(Place("start.c", 5)))
    await rest(pilot)
    pilot.app.post_message(Look("use", "callers"))
    await rest(pilot)
    await pilot.press("down", "right")


async def answer(pilot: Pilot[Any]) -> None:
    """Facts that answer, beside the source."""
    pilot.app.post_message(Go(Place("disk.c", 3)))
    await rest(pilot)
    await pilot.press("ctrl+l", *"who", "space", *"calls", "space", *"disk_open", "question_mark", "enter")


async def finder(pilot: Pilot[Any]) -> None:
    """A name by some of its letters."""
    await pilot.press("ctrl+t")
    await rest(pilot)
    await pilot.press(*"op")


async def graph(pilot: Pilot[Any]) -> None:
    """The parts of the tree."""
    await pilot.press("f3")


async def pack(pilot: Pilot[Any]) -> None:
    """What a model would see."""
    await pilot.press("f4")


SCREENS: dict[str, tuple[Script, tuple[int, int]]] = {
    "tree-120x35": (tree, (120, 35)),
    "source-80x24": (source, (80, 24)),
    "relations-120x35": (relations, (120, 35)),
    "answer-160x45": (answer, (160, 45)),
    "finder-80x24": (finder, (80, 24)),
    "graph-120x35": (graph, (120, 35)),
    "pack-120x35": (pack, (120, 35)),
}


@pytest.mark.parametrize("name", sorted(SCREENS))
def test_the_screen_looks_as_it_did(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference is printed as lines: what the screen shows, then which style each cell has."""
    monkeypatch.delenv("COLORFGBG", raising=False)
    found = seen(small_tree(tmp_path / "tree"), *SCREENS[name])
    file = FOLDER / f"{name}.txt"
    if os.environ.get(RENEW):
        file.write_text(found, encoding="utf-8", newline="\n")

    assert not difference(file.read_text(encoding="utf-8"), found, name)


def test_every_picture_belongs_to_a_screen() -> None:
    """None is left behind by a screen that is not there any more."""
    assert sorted(SCREENS) == sorted(file.stem for file in FOLDER.iterdir())


def difference(old: str, new: str, name: str) -> str:
    """Return what differs and how to take it, "" where nothing does."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), f"{name} as it was", f"{name} now", "", "", 2, "")
    told = "\n".join(lines)
    return f"\n{told}\n\nIf that is how it should look: {COMMAND}" if told else ""


def seen(folder: Path, script: Script, size: tuple[int, int]) -> str:
    """Return the picture of the app on *folder* after *script*, without a model: no figure in it depends on time."""
    cache = folder.parent / "cache"
    make = lambda cancel: Reader(folder, cache=cache, cancel=cancel)  # noqa: E731
    app = CodereaderApp(Launch(folder, make, cache, "echo", has_model=False))

    async def look(pilot: Pilot[Any]) -> str:
        await rest(pilot)
        await script(pilot)
        await rest(pilot)
        for typed in (*app.screen.query(Input), *app.screen.query(TextArea)):
            typed.cursor_blink = False
        await pilot.pause()
        try:
            return picture(app)
        finally:
            app._close()

    return play(app, look, size)


def picture(app: App[Any]) -> str:
    """Return the text of the screen, which style each cell has, and what the styles are."""
    letters: dict[str, str] = {"": LETTERS[0]}
    texts, styles = [], []
    for row in screen_rows(app):
        texts.append("".join(text for text, _ in row).rstrip())
        cells = "".join(letter(style, letters) * cell_len(text) for text, style in row)
        styles.append(cells.rstrip(LETTERS[0]))
    legend = [f"{sign}  {style or 'plain'}" for style, sign in letters.items()]
    return "\n".join([*texts, "", *styles, "", *legend]) + "\n"


def screen_rows(app: App[Any]) -> list[list[tuple[str, Style | None]]]:
    """Return what is drawn, a row of texts with their styles a line. The footer, which is Textual's own, has none."""
    footers = [footer.region.y for footer in app.screen.query(Footer) if footer.region.area]
    strips = app.screen._compositor.render_strips()
    rows = [[(part.text, None if y in footers else part.style) for part in strip] for y, strip in enumerate(strips)]
    return rows[: app.size.height]


def letter(style: Style | None, letters: dict[str, str]) -> str:
    """Return the letter of *style*, a new one where it was not met yet."""
    named = re.sub(r"\bnot \w+ ", "", f"{style} ").strip() if style else ""
    named = "" if named in ("none", "default", "default on default") else named
    return letters.setdefault(named, LETTERS[len(letters)])


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    os.environ[RENEW] = "1"
    sys.exit(pytest.main(["-q", __file__]))
