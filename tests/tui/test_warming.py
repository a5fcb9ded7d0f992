"""What is looked up often is made ready by a process of its own while a person reads already."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TypeVar

import pytest
from textual.message import Message

from codereader import interpreter
from codereader.cancel import Cancelled, CancelToken
from codereader.fronts.tui.desk import Desk
from codereader.fronts.tui.messages import Look, Problem, Working
from codereader.fronts.tui.warming import WARMER, Warming
from codereader.reader import PARTS, Reader
from tests.tui.driver import play, settle, shown
from tests.tui.looking import Looking, small_tree

T = TypeVar("T")

STUCK = "stuck_warmer"
"""A file beside this one, which is no part of what is installed."""


@pytest.fixture(autouse=True)
def with_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let that file be started in the place of a module."""
    start = interpreter.start

    def started(module: str, function: str, errors: int, output: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        if module != STUCK:
            return start(module, function, errors, output)
        command = [sys.executable, str(Path(__file__).with_name(f"{STUCK}.py"))]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=errors)

    monkeypatch.setattr(interpreter, "start", started)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return small_tree(tmp_path / "tree")


def warmed(
    tree: Path, script: Callable[[Warming, Desk], Awaitable[T]], module: str = WARMER
) -> tuple[T, list[Message]]:
    """Return what *script* returns, run over the opened *tree*, and what was posted for the screen."""
    posted: list[Message] = []

    async def run() -> T:
        desk = Desk(lambda cancel: Reader(tree, cache=tree.parent / "cache", cancel=cancel))
        warming = desk.warming = Warming(desk, posted.append, module)
        try:
            await desk.run(lambda reader: reader.open())
            return await script(warming, desk)
        finally:
            warming.close()
            desk.close()

    return asyncio.run(run()), posted


async def running(warming: Warming) -> None:
    """Wait until the process tells how far it is."""
    told = asyncio.Event()
    waiting = asyncio.create_task(warming.ready("linked", lambda text: told.set() if text else None))
    async with asyncio.timeout(60):
        await told.wait()
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting


def test_what_is_missing_is_made_elsewhere_and_kept(tree: Path) -> None:
    """Who waits for the parts finds all of them in the cache, and the status line told how far they were."""

    async def script(warming: Warming, desk: Desk) -> tuple[object, object]:
        before = await desk.run(lambda reader: reader.missing())
        warming.begin()
        for part in PARTS:
            await warming.ready(part)
        return before, await desk.run(lambda reader: reader.missing())

    missing, posted = warmed(tree, script)

    assert (PARTS, ()) == missing
    assert {"linking", "writing the brief"} <= {one.stage for one in posted if isinstance(one, Working)}
    assert not [one for one in posted if isinstance(one, Problem)]


def test_no_process_is_started_where_nothing_is_missing(tree: Path) -> None:
    """A second start on a kept cache costs no process: one that cannot do anything is not even tried."""

    async def make(warming: Warming, desk: Desk) -> None:
        for part in PARTS:
            await desk.run(lambda reader, part=part: reader.make(part))  # type: ignore[misc]

    async def script(warming: Warming, desk: Desk) -> bool:
        warming.begin()
        await warming.ready("linked")
        return warming.is_there("terms")

    warmed(tree, make)

    is_there, posted = warmed(tree, script, "no.such.module")

    assert (True, []) == (is_there, posted)


def test_a_process_that_ends_leaves_the_work_to_the_desk_and_says_so(tree: Path) -> None:
    """One that the system ends is told of in one sentence; who waited goes on."""

    async def script(warming: Warming, desk: Desk) -> bool:
        warming.begin()
        await running(warming)
        child = warming._process
        assert child is not None
        child.kill()
        await warming.ready("linked")
        return await desk.run(lambda reader: bool(reader.edges), after=PARTS)

    answered, posted = warmed(tree, script, STUCK)

    problems = [one for one in posted if isinstance(one, Problem)]
    assert answered
    assert 1 == len(problems)
    assert "could not be made ready: its process ended" in problems[0].text


def test_changed_files_are_made_ready_again(tree: Path) -> None:
    """After the index was opened anew, what follows from the changed file is made anew too."""

    async def script(warming: Warming, desk: Desk) -> list[tuple[str, ...]]:
        warming.begin()
        await warming.ready("linked")
        (tree / "more.c").write_text("int more(void)\n{\n\treturn 1;\n}\n")
        await desk.run(lambda reader: reader.open())
        missing = [await desk.run(lambda reader: reader.missing())]
        warming.begin()
        for part in PARTS:
            await warming.ready(part)
        return [*missing, await desk.run(lambda reader: reader.missing())]

    missing, _ = warmed(tree, script)

    assert "linked" in missing[0]
    assert () == missing[1]


def test_a_question_that_waits_on_another_thread_can_be_stopped(tree: Path) -> None:
    """What the asking's own reader needs is waited for, until the person stops the question."""
    token = CancelToken()
    ended: list[object] = []

    async def script(warming: Warming, desk: Desk) -> None:
        warming.begin()
        await running(warming)
        make = warming.waiting(lambda cancel: Reader(tree, cache=tree.parent / "cache", cancel=cancel))

        reader = make(token)
        reader.open()

        def ask() -> None:
            try:
                ended.append(reader.edges)
            except Cancelled:
                ended.append("stopped")

        thread = Thread(target=ask)
        thread.start()
        token.cancel()
        await asyncio.to_thread(thread.join)

    warmed(tree, script, STUCK)

    assert ["stopped"] == ended


@pytest.mark.parametrize("request_", [b"", b"no request\n", b'{"reader": 1}\n'])
def test_the_process_ends_with_its_owner(request_: bytes) -> None:
    """Nothing goes on when the screen is gone, whatever was asked for before."""
    process = interpreter.start(WARMER, "serve", None)  # type: ignore[arg-type]

    said, _ = process.communicate(request_)

    assert (b"", 0) == (said, process.returncode)


def test_definitions_are_shown_while_links_are_made(tree: Path) -> None:
    """Who looks at a symbol sees its definition at once, and how far the links are; its callers come when they end."""
    app = Looking(tree, tree.parent / "cache")

    async def script(pilot):  # type: ignore[no-untyped-def]
        warming = app.desk.warming = Warming(app.desk, lambda _: None, STUCK)
        warming.begin()
        await running(warming)
        await app.relations.look(Look("use", "callers"))
        while "linking 40 %" not in shown(app) or "start.c:5" not in shown(app):
            await pilot.pause()
        waiting = shown(app)
        warming.close()
        await settle(pilot)
        return waiting, shown(app)

    waiting, after = play(app, script, (100, 24))

    assert "int use(struct ops *o)" in waiting
    assert "callers  1" not in waiting
    assert "callers  1" in after
