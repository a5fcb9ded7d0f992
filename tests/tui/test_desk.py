"""The reader on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from codereader.cancel import Cancelled, CancelToken
from codereader.fronts.tui.desk import Desk
from codereader.reader import Reader


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "a.c").write_text("int one(void) { return 1; }\n")
    return Desk(lambda cancel: Reader(tmp_path, cancel=cancel))


def test_all_work_is_done_on_one_thread(desk: Desk) -> None:
    """The index has one caller at a time, which is not the screen."""

    async def script() -> list[str]:
        return list(await asyncio.gather(*(desk.run(lambda _: threading.current_thread().name) for _ in range(4))))

    names = asyncio.run(script())
    desk.close()

    assert 1 == len(set(names))
    assert threading.current_thread().name not in names


def test_the_reader_is_opened_once(desk: Desk) -> None:
    """What one piece of work opens, the next one finds."""

    async def script() -> list[str]:
        await desk.run(lambda reader: reader.open())
        return await desk.run(lambda reader: [file.path for file in reader.view.files()])

    paths = asyncio.run(script())
    desk.close()

    assert ["a.c"] == paths


def test_a_closed_desk_takes_no_work(desk: Desk) -> None:
    """What a pane still asks when the person leaves ends quietly."""
    desk.close()
    desk.close()

    with pytest.raises(Cancelled):
        asyncio.run(desk.run(lambda reader: reader))
    assert desk.has_ended(10)


def test_leaving_does_not_wait_for_work_that_goes_on() -> None:
    """Work that never looks is left behind."""
    go_on = threading.Event()
    desk = Desk(lambda cancel: Reader(Path(), cancel=cancel or CancelToken()))

    async def script() -> None:
        task = asyncio.ensure_future(desk.run(lambda _: go_on.wait(60)))
        await asyncio.sleep(0)
        desk.close()
        task.cancel()

    try:
        asyncio.run(script())

        assert not desk.has_ended(0.01)
    finally:
        go_on.set()
