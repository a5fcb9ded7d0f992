"""Draw the pictures of docs/images: the real app on this project's own source, driven by its keys.

Run from anywhere: ``python docs/screenshots.py [NAME ...]``. Asks the tiny model of the extra ``tiny`` where that is
installed, else the engine ``echo``. Nothing is read from the network, and the pictures name no host.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "codereader"
IMAGES = HERE / "images"

FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
SIZE = 20.26
"""Pixels of the letters: cells are 12.2 wide, letters of the most common of these fonts 0.602 of their height."""

DARK, LIGHT = "textual-dark", "textual-light"

Script = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: `size` in columns and rows; `script` presses the keys, given a pilot."""

    name: str
    size: tuple[int, int]
    script: Script
    theme: str = DARK


async def rest(pilot: Any) -> None:
    """Wait until nothing is being worked on: neither by the app's workers, nor by the model, nor on the index."""
    from codereader.fronts.tui.ask.conversation import Conversation

    app = pilot.app
    quiet = 0
    while quiet < 4:
        await pilot.pause(0.15)
        asking = app.screen_stack[0].query_one(Conversation).asking
        is_busy = (asking is not None and asking.is_busy) or not app.warming.is_ready
        quiet = 0 if is_busy or any(not worker.is_finished for worker in app.workers) else quiet + 1


async def press(pilot: Any, *keys: str) -> None:
    """Press *keys*, each a key's name; one that begins with a blank is text that is typed."""
    for key in keys:
        await (pilot.press(*map(_key, key[1:])) if key.startswith(" ") else pilot.press(key))
        await rest(pilot)


def _key(character: str) -> str:
    from textual.keys import _character_to_key

    return _character_to_key(character)


async def main_screen(pilot: Any) -> None:
    """Source, and a question answered beside it."""
    await press(pilot, "ctrl+t", " write_whole", "enter")
    await press(pilot, "ctrl+l", " who calls write_whole?", "enter")
    await press(pilot, "escape", "2")


async def relations(pilot: Any) -> None:
    """Who calls a function, hop by hop, below its source."""
    await press(pilot, "ctrl+t", " write_whole", "enter", "c", "down", "down", "right", "down", "right")


async def finder(pilot: Any) -> None:
    """Names by a few of their letters."""
    await press(pilot, "ctrl+t", " rowview")


async def graph(pilot: Any) -> None:
    """The parts of the tree, one of them selected."""
    await press(pilot, "f3", "down")


async def plan(pilot: Any) -> None:
    """A large model on a card that somebody thinks of."""
    await press(pilot, "f2", *["shift+tab"] * 5, " llama-4-scout", "tab")
    await press(pilot, " 16 GB:16GiB:504GB/s:29TFLOPS", "tab", " 96GiB", "enter")


async def pack(pilot: Any) -> None:
    """What the model will see, in a larger budget."""
    await press(pilot, "f4", *["plus"] * 4)


SHOTS = (
    Shot("main", (160, 45), main_screen),
    Shot("light", (160, 45), main_screen, LIGHT),
    Shot("relations", (120, 35), relations),
    Shot("finder", (120, 35), finder),
    Shot("graph", (120, 35), graph),
    Shot("plan", (120, 35), plan),
    Shot("pack", (120, 35), pack),
)


def small(svg: str) -> str:
    """Return a picture that Rich drew without what it fetches, without what changes from run to run, and smaller."""
    svg = re.sub(r"\s*<!--.*?-->|@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+-", "", svg)
    svg = re.sub(r'<clipPath id="line-\d+">.*?</clipPath>\s*| clip-path="url\(#line-\d+\)"', "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", FONTS).replace("font-family: arial", "font-family: sans-serif")
    svg = svg.replace("font-size: 20px", f"font-size: {SIZE}px").replace("&#160;", " ")
    svg = svg.replace('<g class="matrix">', '<g class="matrix" xml:space="preserve">')
    svg = svg.replace("<g transform", '<g shape-rendering="crispEdges" transform')
    svg = svg.replace(' shape-rendering="crispEdges"/>', "/>")
    svg = re.sub(r"(?=<(?:rect|text) )", "\n", svg)
    return "\n".join(line.strip() for line in svg.splitlines() if line.strip()) + "\n"


async def draw(shot: Shot, model: str | None, cache: Path) -> str:
    """Return the picture of *shot*."""
    from codereader.fronts.tui.app import CodereaderApp, Launch
    from codereader.reader import Reader

    app = CodereaderApp(Launch(SOURCE, lambda cancel: Reader(SOURCE, cache=cache, cancel=cancel), cache, model))
    async with app.run_test(size=shot.size) as pilot:
        app.theme = shot.theme
        await rest(pilot)
        await shot.script(pilot)
        await rest(pilot)
        svg = app.export_screenshot(title=f"codereader tui {SOURCE.name}", simplify=True)
        await app.action_quit()
    if app.failure is not None:
        raise app.failure
    return small(svg)


def model_here(cache: Path) -> str | None:
    """Return the model to ask: None for the default one, `echo` where there is none."""
    from codereader.model.catalogue import resolve_model

    return None if resolve_model(None, cache) else "echo"


def main() -> None:
    """Draw the pictures that were named, all by default."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(shot.name for shot in SHOTS))
    names = parser.parse_args().names
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name in [name for name in os.environ if name.startswith(("CODEREADER_", "TEXTUAL", "NO_COLOR", "HF_"))]:
            del os.environ[name]
        os.environ["CODEREADER_CACHE_DIR"] = folder
        for shot in SHOTS:
            if not names or shot.name in names:
                svg = asyncio.run(draw(shot, model_here(Path(folder)), Path(folder)))
                (IMAGES / f"{shot.name}.svg").write_text(svg, encoding="utf-8", newline="\n")
                sys.stderr.write(f"{shot.name}.svg: {len(svg):,} bytes\n")


if __name__ == "__main__":
    main()
