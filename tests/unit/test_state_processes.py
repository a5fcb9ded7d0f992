"""Several processes, and processes that are killed, over one folder of state."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

import tests.state_blocks
from codereader.engine.state import files, locks, pins, shelf, sweep
from codereader.engine.state import store as store_module
from codereader.engine.state.container import file_bytes
from codereader.engine.state.inventory import cleared, verified
from codereader.engine.state.store import StateStore
from tests.state_blocks import PAYLOAD_BYTES, blocks, keep, payload, stored

WORKER = Path(tests.state_blocks.__file__)
ONE = file_bytes(blocks(range(4))[0], PAYLOAD_BYTES)


def start(*arguments):
    """Start a process that uses a store."""
    return subprocess.Popen([sys.executable, str(WORKER), *map(str, arguments)], stdout=subprocess.PIPE, text=True)


@contextmanager
def running(*arguments):
    """Run a process from when it is ready until it is killed."""
    process = start(*arguments)
    with process:
        try:
            assert process.stdout is not None
            assert "ready\n" == process.stdout.readline()
            yield process
        finally:
            process.kill()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def no_grace(monkeypatch):
    """Let what was made a moment ago be looked at like what is old."""
    monkeypatch.setattr(locks, "YOUNG_SECONDS", -1.0)


def test_processes_write_and_evict_at_once(folder):
    """Four processes over a folder far too small for them: no wrong payload, nothing broken, the budget holds."""
    budget = 14 * ONE
    workers = [start("use", folder, seed, 60, budget) for seed in range(4)]
    most = 0
    while any(worker.poll() is None for worker in workers):
        most = max(most, shelf.survey(folder).taken)
        time.sleep(0.01)
    for worker in workers:
        worker.communicate()

    assert [0] * 4 == [worker.returncode for worker in workers]
    assert most <= budget + len(workers) * ONE
    assert () == verified(folder).faults
    assert {".block", ".lock"} >= {path.suffix for path in folder.iterdir()}


def test_a_writer_that_is_killed_leaves_nothing_broken(folder, no_grace):
    """Fifteen times, at any moment: every block that is there is whole; what was half written is swept."""
    choice = random.Random(2)
    for seed in range(15):
        with running("write", folder, seed):
            time.sleep(choice.uniform(0.0, 0.15))

        assert () == verified(folder).faults
        assert {".block", ".lock"} >= {path.suffix for path in folder.iterdir()}
    assert verified(folder).whole


def test_what_another_process_needs_stays(folder, no_grace):
    """As long as it lives; when it is killed, its blocks leave like any other's."""
    store = StateStore(folder, 6 * ONE)
    needed = blocks([3] * 12)
    keep(store, needed)

    with running("need", folder, 3):
        for number in range(5):
            keep(store, blocks([number + 10] * 12))
        assert [True] * 3 == stored(store, needed)
        assert 5 == len({path.name for path in folder.glob("*.block")}) - 1
    for number in range(5):
        keep(store, blocks([number + 20] * 12))

    assert [False] * 3 == stored(store, needed)


def test_a_need_ends_with_its_process(folder, no_grace):
    """A pin of a killed process is deleted by whoever looks next."""
    folder.mkdir()
    with running("need", folder, 3):
        assert {shelf.short(block.link.key) for block in blocks([3] * 12)} == pins.pinned(folder)
        assert 1 == len(list(folder.glob("*.pin")))

    assert not pins.pinned(folder)
    assert [] == list(folder.glob("*.pin"))


def test_another_store_of_this_process_needs_its_blocks_too(folder, no_grace):
    """Two models in one process do not drop each other's prompts."""
    one, other = StateStore(folder, 4 * ONE), StateStore(folder, 4 * ONE)
    keep(one, blocks([1] * 12))
    keep(other, blocks([2] * 12))
    keep(other, blocks([3] * 12))

    assert [True] * 3 == stored(one, blocks([1] * 12))


def test_drafts_of_living_processes_are_not_swept(folder, no_grace):
    """What is just being written stays, however slow the disk is."""
    folder.mkdir()
    with running("write", folder, 1):
        for _ in range(50):
            sweep.sweep(folder)
        keep(StateStore(folder, 1 << 30), blocks([8] * 12))

    assert () == verified(folder).faults
    assert all(stored(StateStore(folder), blocks([8] * 12)))


def test_a_young_file_is_somebodys(folder):
    """Between making a file and holding it a moment passes."""
    folder.mkdir()
    for name in (f"{0:016}.draft", f"{0:016}.pin"):
        (folder / name).write_bytes(b"")

    sweep.sweep(folder)

    assert 2 == len(list(folder.iterdir()))


def test_an_abandoned_file_is_swept(folder):
    """What nobody holds is nobody's, after a few seconds."""
    folder.mkdir()
    for name in (f"{0:016}.draft", f"{0:016}.pin"):
        (folder / name).write_bytes(b"1234")
        os.utime(folder / name, (time.time() - 60,) * 2)

    assert (1, 8) == sweep.sweep(folder)
    assert [] == list(folder.iterdir())


@pytest.mark.parametrize(("age", "stays"), [(60, True), (7200, False), (-7200, False)])
def test_where_nothing_can_be_held_age_decides(folder, monkeypatch, age, stays):
    """On a file system without locks a leftover goes after an hour; so does one of a clock that was wrong."""
    folder.mkdir()
    path = folder / f"{0:016}.draft"
    path.write_bytes(b"")
    os.utime(path, (time.time() - age,) * 2)
    monkeypatch.setattr(locks, "hold", lambda _: None)

    sweep.sweep(folder)

    assert stays == path.exists()


def test_a_persons_own_files_stay(folder):
    """The cache may be a folder that is used for other things too: what is not named as ours is not ours."""
    folder.mkdir(parents=True)
    for name in ("novel.draft", "map.pin", "notes.tmp", "0123456789ABCDEF.draft", "thesis.block", "talk.kv"):
        (folder / name).write_bytes(b"1234")
        os.utime(folder / name, (1, 1))

    keep(store := StateStore(folder, 1 << 30), blocks(range(12)))
    pins.pinned(folder)
    store.close()
    cleared(folder)

    assert 6 == len([path for path in folder.iterdir() if path.suffix != ".lock"])


def test_states_of_the_format_before_are_swept_on_first_use(folder):
    """Older versions kept whole sequences: they are of no use any more; other programs' files are left alone."""
    folder.mkdir()
    old = ["0123456789abcdef-" + "0" * 32 + ".kv", "f" * 16 + "-" + "e" * 32 + ".kv"]
    for name in [*old, "notes.kv", "tmpx.tmp", "tmpabc_1234.tmp"]:
        (folder / name).write_bytes(bytes(100))
    os.utime(folder / "tmpabc_1234.tmp", (1, 1))

    keep(store := StateStore(folder, 1 << 30), blocks(range(4)))
    store.close()

    assert {"notes.kv", "tmpx.tmp"} == {
        path.name for path in folder.iterdir() if path.suffix not in (".block", ".lock")
    }


def test_clearing_counts_what_older_versions_left(folder):
    """`state clear` tells those files and their bytes too."""
    store = StateStore(folder, 1 << 30)
    keep(store, blocks(range(8)))
    store.close()
    (folder / ("0" * 16 + "-" + "0" * 32 + ".kv")).write_bytes(bytes(100))

    done = cleared(folder)

    assert (2, 1, 2 * ONE + 100, 0) == (done.blocks, done.others, done.bytes, done.stayed)


def test_clearing_while_a_process_needs_its_blocks(folder):
    """It goes on: what is gone counts as missing, and is written again."""
    store = StateStore(folder, 1 << 30)
    wanted = blocks(range(12))
    keep(store, wanted)
    cleared(folder)

    assert [] == list(store.read_all(wanted))
    keep(store, wanted)
    assert [payload(block) for block in wanted] == [bytes(view) for view in store.read_all(wanted)]


def test_a_process_that_was_suspended_does_not_stop_others(folder, monkeypatch):
    """Who decides what leaves is waited for, but not for ever."""
    monkeypatch.setattr(store_module, "_LOCK_SECONDS", 0.01)
    store = StateStore(folder, 1 << 30)
    folder.mkdir()

    with locks.alone(folder / "writers.lock", 0.0):
        keep(store, blocks(range(8)))

    assert all(stored(store, blocks(range(8))))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows files have no owner's number")
def test_a_folder_of_someone_else_is_not_used(folder, monkeypatch):
    """State is written only where its reader alone can read it."""
    folder.mkdir()
    monkeypatch.setattr(files, "_is_trusted", lambda _: False)

    keep(StateStore(folder, 1 << 30), blocks(range(8)))

    assert [] == list(folder.iterdir())


def test_a_folder_where_the_lock_should_be(folder):
    """Whatever stands there, state is kept."""
    (folder / "writers.lock").mkdir(parents=True)

    keep(store := StateStore(folder, 1 << 30), blocks(range(8)))

    assert all(stored(store, blocks(range(8))))


def test_what_a_killed_writer_left_does_not_push_out_blocks(folder):
    """A draft that nobody writes any more is swept before anything leaves for it."""
    store = StateStore(folder, 4 * ONE)
    keep(store, blocks(range(12)))
    draft = folder / "0123456789abcdef.draft"
    draft.write_bytes(bytes(3 * ONE))
    os.utime(draft, (time.time() - 60,) * 2)

    keep(store, blocks(range(16)))

    assert [True] * 4 == stored(store, blocks(range(16)))
    assert (0, False) == (store.counts.evicted, draft.exists())
