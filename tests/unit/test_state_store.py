"""Saved state on disk: what is kept, what leaves, who may read it."""

from __future__ import annotations

import errno
import os
import random
import shutil
import stat
import sys
import threading
import time
from collections import namedtuple
from dataclasses import replace
from itertools import count

import pytest

from codereader.engine.state import container, shelf, writer
from codereader.engine.state import store as store_module
from codereader.engine.state.container import Kind, file_bytes
from codereader.engine.state.store import LARGEST_BUDGET, SPARE_DISK, SPARE_DISK_OF_DEFAULT, StateStore, default_budget
from tests.state_blocks import ENVIRONMENT, PAYLOAD_BYTES, blocks, chain, keep, payload, stored

ONE = file_bytes(blocks(range(4))[0], PAYLOAD_BYTES)
"""Bytes of a file."""

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    """Nothing here ends the machine's power: syncing shows nothing, and waits for all other programs' writes."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "state"


@pytest.fixture
def store(folder):
    return StateStore(folder, 1 << 24)


def files(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def has_disk(monkeypatch, free):
    monkeypatch.setattr(store_module.shutil, "disk_usage", lambda _: Usage(free, 0, free))


def prompts(count, length=4, first=0):
    """Return the only block of each of so many prompts that share nothing."""
    return [blocks([number] * length)[0] for number in range(first, first + count)]


def test_what_was_saved_comes_back_in_another_process(store, folder):
    """Every block of a prompt, of each kind, as it was."""
    wanted = [block for kind in Kind for block in blocks(range(10), kind)]
    keep(store, wanted)

    other = StateStore(folder)

    assert [payload(block) for block in wanted] == [bytes(other.read(block) or b"") for block in wanted]
    assert [payload(block) for block in wanted] == [bytes(view) for view in other.read_all(wanted)]


def test_nothing_is_there_before_it_is_saved(store):
    """A store without a folder has nothing, and makes none by being asked."""
    block = blocks(range(4))[0]

    assert (False, None, []) == (store.have(block.link, block.kind), store.read(block), list(store.read_all([block])))
    assert not store.folder.exists()


def test_blocks_are_read_up_to_the_first_that_is_missing(store):
    """What stands behind a gap is of no use, so it is not given."""
    wanted = blocks(range(40))
    keep(store, wanted)
    store.discard(wanted[6])

    assert 6 == len(list(store.read_all(wanted)))


def test_reading_can_stop_anywhere(store):
    """Who has read enough may leave; nothing goes on in the background."""
    wanted = blocks(range(40))
    keep(store, wanted)
    before = threading.active_count()

    reading = store.read_all(wanted)
    next(reading)
    reading.close()

    assert before == threading.active_count()


def test_a_block_is_written_once(store, folder):
    """Saving what is there, or on its way, writes nothing."""
    wanted = blocks(range(12))
    keep(store, wanted)
    keep(store, wanted)
    keep(StateStore(folder, 1 << 24), wanted)

    assert (3, 3) == (store.counts.written, len(list(folder.glob("*.block"))))


def test_bytes_are_written_once_for_each_new_token(folder):
    """Twenty questions with edits in between write little more than the state of the tokens that are new."""
    choice = random.Random(7)
    tokens, seen, new = list(range(300)), set(), 0
    store = StateStore(folder, 1 << 30)

    for number in range(20):
        tokens[choice.randrange(50, 300)] = 1000 + number
        wanted = blocks(tokens)
        new += sum(len(block.tokens) for block in wanted if block.link.key not in seen)
        seen |= {block.link.key for block in wanted}
        keep(store, wanted, 50_000)

    assert store.counts.written_bytes / (new * 50_000 / 4) <= 1.1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits for groups and others")
def test_only_the_owner_can_read_state(store, folder):
    """State is as telling as the source text: folders 0700 and files 0600, under any umask."""
    folder.mkdir(parents=True, mode=0o755)
    before = os.umask(0)
    try:
        keep(store, blocks(range(8)))
    finally:
        os.umask(before)

    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_a_state_of_other_dimensions_is_not_given_out(store):
    """What does not fit the memory it is asked for counts as missing, and is gone."""
    block = blocks(range(4))[0]
    keep(store, [block])

    assert store.read(replace(block, dimensions=b"other")) is None
    assert not store.have(block.link, block.kind)


def test_the_name_for_people_may_differ(store):
    """A model that was renamed keeps its state."""
    block = blocks(range(4))[0]
    keep(store, [block])

    assert payload(block) == store.read(replace(block, label="Renamed"))


class TestLeaving:
    """What goes when there is no room for all."""

    def test_the_least_recently_used_leaves_first(self, folder):
        """Of prompts that nobody needs now, the one that was used longest ago goes."""
        store = StateStore(folder, 3 * ONE)
        a, b, c, d = prompts(4)
        for block in (a, b, c):
            keep(store, [block])
        keep(store, [a])
        keep(store, [d])

        assert [True, False, True, True] == stored(store, [a, b, c, d])

    def test_a_prompt_leaves_from_its_end(self, folder):
        """The beginning, which others may share, stays longest."""
        store = StateStore(folder, 5 * ONE)
        long = blocks(range(20))
        keep(store, long)
        keep(store, prompts(2))

        assert [True, True, True, False, False] == stored(store, long)

    @pytest.mark.parametrize(("apart", "first", "second"), [(1, 5, 5), (3600 * 10**9, 0, 10)])
    def test_prompts_in_turns_share_the_room(self, folder, monkeypatch, apart, first, second):
        """Where one alone has room, both keep their beginnings; after an hour the new one takes all."""
        clock = count(10**18, apart)
        monkeypatch.setattr(time, "time_ns", lambda: next(clock))
        store = StateStore(folder, 10 * ONE)
        one, other = blocks(range(40)), blocks(range(100, 140))
        for _ in range(3):
            keep(store, one)
            keep(store, other)

        assert (first, second) == (sum(stored(store, one)), sum(stored(store, other)))

    def test_the_time_of_use_is_true(self, folder, monkeypatch):
        """Of every block, however deep in its prompt: people see it, and clear by it."""
        clock = count(10**18)
        monkeypatch.setattr(time, "time_ns", lambda: next(clock))
        store = StateStore(folder, 1 << 24)
        wanted = blocks(range(40))
        for _ in range(2):
            keep(store, wanted)
        read = list(store.read_all(wanted))

        assert 10 == len(read)
        assert {10**18} == {path.stat().st_mtime_ns // 1000 * 1000 for path in folder.glob("*.block")}

    def test_what_is_no_block_leaves_first(self, folder):
        """Though it was written last: it is of use to nobody."""
        store = StateStore(folder, 3 * ONE)
        kept = prompts(2)
        for block in kept:
            keep(store, [block])
        (folder / f"{'0' * 32}-{'1' * 32}-rows.block").write_bytes(bytes(ONE))
        keep(store, prompts(1, first=5))

        assert [True, True, True] == stored(store, [*kept, *prompts(1, first=5)])

    def test_blocks_that_hang_on_each_other_leave(self, folder):
        """Names that go in circles take no room for ever."""
        store = StateStore(folder, 2 * ONE)
        keep(store, prompts(1))
        store.discard(prompts(1)[0])
        for one, other in ("01", "10"):
            (folder / f"{one * 32}-{other * 32}-rows.block").write_bytes(bytes(ONE))
        wanted = blocks(range(8))
        keep(store, wanted)

        assert [True, True] == stored(store, wanted)

    def test_a_beginning_that_others_go_on_from_stays(self, folder):
        """However long ago it was written, a block goes only after all that hang on it."""
        store = StateStore(folder, 4 * ONE)
        one, other = blocks([1, 1, 1, 1, 2, 2, 2, 2]), blocks([1, 1, 1, 1, 3, 3, 3, 3])
        keep(store, one)
        keep(store, other)
        keep(store, prompts(2, first=5))

        assert [True, False] == stored(store, one)
        assert [True, True] == stored(store, other)

    def test_the_prefix_about_to_be_used_does_not_leave(self, folder):
        """What the prompt being evaluated needs stays, however long ago it was used; new blocks go without."""
        store = StateStore(folder, 4 * ONE)
        wanted = blocks(range(32))
        keep(store, wanted[:4])
        store.use([block.link for block in wanted])
        for block in wanted:
            store.save(block, payload(block))
        store.flush()

        assert [True] * 4 + [False] * 4 == stored(store, wanted)
        assert (0, 4) == (store.counts.evicted, store.counts.refused)

    def test_what_was_just_stored_is_not_evicted_for_what_hangs_on_it(self, folder):
        """Even by a caller that names no prompt, a block's own ancestors are never given up for it."""
        store = StateStore(folder, 3 * ONE)
        wanted = blocks(range(20))
        for block in wanted:
            store.save(block, payload(block))
        store.flush()

        assert [True, True, True, False, False] == stored(store, wanted)
        assert 0 == store.counts.evicted

    def test_a_prompt_larger_than_the_budget_is_not_written_again_and_again(self, folder):
        """The second and tenth question over it write nothing: what fits stays."""
        store = StateStore(folder, 3 * ONE)
        for _ in range(10):
            keep(store, blocks(range(40)))

        assert (3, 0) == (store.counts.written, store.counts.evicted)

    def test_nothing_leaves_where_that_is_not_enough(self, folder):
        """One huge block does not push out all others only to be refused."""
        store = StateStore(folder, 4 * ONE)
        small = prompts(4)
        for block in small:
            keep(store, [block])
        huge = blocks([9] * 4)[0]
        store.save(huge, bytes(5 * PAYLOAD_BYTES))
        store.flush()

        assert [True] * 4 + [False] == stored(store, [*small, huge])

    def test_what_nothing_could_use_is_not_written(self, store):
        """A block whose parent is not stored would never be reached; one window without its rows neither."""
        rows, windows = blocks(range(8)), blocks(range(8), Kind.WINDOW)
        store.save(rows[1], payload(rows[1]))
        store.save(windows[0], payload(windows[0]))
        store.flush()

        assert [False, False, False] == stored(store, [*rows, windows[0]])
        assert 2 == store.counts.refused

    def test_a_whole_state_stands_by_itself(self, store):
        """It needs nothing before it."""
        whole = blocks(range(8), Kind.WHOLE)[1]
        keep(store, [whole])

        assert stored(store, [whole]) == [True]

    def test_windows_leave_before_the_rows_they_belong_to(self, folder):
        """Rows without a window may serve a longer prompt; a window without rows serves nobody."""
        store = StateStore(folder, 4 * ONE)
        rows, windows = blocks(range(8)), blocks(range(8), Kind.WINDOW)
        keep(store, [rows[0], windows[0], rows[1], windows[1]])
        keep(store, prompts(2))

        assert [True, False] == stored(store, rows)
        assert [True, False] == stored(store, windows)

    def test_a_clock_that_was_wrong_protects_nothing(self, folder):
        """A block of the year 2099 leaves like any other when it is the only one."""
        store = StateStore(folder, ONE)
        old, new = prompts(2)
        keep(store, [old])
        path = folder / shelf.name_of(old.link, old.kind)
        os.utime(path, (4_000_000_000, 4_000_000_000))
        keep(store, [new])

        assert [False, True] == stored(store, [old, new])


class TestRoom:
    """How much of a disk state takes."""

    def test_the_default_is_a_tenth_of_the_free_disk(self):
        """And never more than 20 GB."""
        assert (1 << 30, LARGEST_BUDGET, 20_000_000_000) == (
            default_budget(10 << 30),
            default_budget(1 << 50),
            LARGEST_BUDGET,
        )

    @pytest.mark.parametrize(("budget", "spare"), [(1 << 24, SPARE_DISK), (None, SPARE_DISK_OF_DEFAULT)])
    def test_a_disk_that_is_nearly_full_is_left_alone(self, folder, monkeypatch, budget, spare):
        """Nothing is written that would leave less than a gibibyte free, or five by default."""
        store = StateStore(folder, budget)
        first, second = prompts(2)
        has_disk(monkeypatch, spare + ONE)
        keep(store, [first])
        has_disk(monkeypatch, spare - 2 * ONE)
        keep(store, [second])

        assert [True, False] == stored(store, [first, second])

    def test_old_blocks_leave_where_that_is_enough_for_the_disk(self, folder, monkeypatch):
        """A disk that is short by less than the oldest block gets that one's room."""
        store = StateStore(folder, 1 << 24)
        first, second = prompts(2)
        keep(store, [first])
        has_disk(monkeypatch, SPARE_DISK)
        keep(store, [second])

        assert [False, True] == stored(store, [first, second])

    def test_what_others_are_writing_counts(self, folder):
        """A draft takes its place in the budget before it is whole."""
        store = StateStore(folder, 2 * ONE)
        first, second = prompts(2)
        keep(store, [first])
        (folder / "0123456789abcdef.draft").write_bytes(bytes(ONE))
        store.use([])
        store.use(chain(first.tokens))
        store.save(second, payload(second))
        store.flush()

        assert [True, False] == stored(store, [first, second])

    def test_a_budget_of_nothing_keeps_nothing(self, folder):
        """Not even a folder."""
        store = StateStore(folder, 0)
        keep(store, blocks(range(8)))

        assert not folder.exists()

    def test_a_budget_of_nothing_reads_nothing(self, folder):
        """What is there stays, and is not looked at."""
        wanted = blocks(range(8))
        keep(StateStore(folder, 1 << 24), wanted)
        before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.block")}
        store = StateStore(folder, 0)
        store.use([block.link for block in wanted])

        assert (None, []) == (store.read(wanted[0]), list(store.read_all(wanted)))
        assert [False, False] == stored(store, wanted)
        assert before == {path.name: path.stat().st_mtime_ns for path in folder.glob("*.block")}

    def test_the_budget_holds_after_any_questions(self, folder):
        """Whatever is asked, in whatever order and size, the files never take more."""
        choice = random.Random(3)
        store = StateStore(folder, 20 * ONE)
        for _ in range(60):
            wanted = blocks([choice.randrange(2)] * 8 + [choice.randrange(5)] * choice.randrange(30))
            keep(store, wanted, choice.choice((500, PAYLOAD_BYTES, 3 * PAYLOAD_BYTES)))

            assert shelf.survey(folder).taken <= 20 * ONE
        assert store.counts.evicted


class TestTrouble:
    """What a disk can do; nothing of it reaches the person who asked a question."""

    def test_a_folder_that_cannot_be_made(self, tmp_path):
        """A file in the way: nothing is kept, nothing is raised."""
        (tmp_path / "file").write_text("")
        store = StateStore(tmp_path / "file" / "state")
        block = blocks(range(4))[0]
        keep(store, [block])

        assert (False, None) == (store.have(block.link, block.kind), store.read(block))
        store.close()

    def test_a_folder_that_was_deleted_is_made_again(self, store, folder):
        """Whoever empties the cache while a program runs costs it one evaluation, not all later ones."""
        wanted = blocks(range(12))
        keep(store, wanted)
        shutil.rmtree(folder.parent)
        gone = stored(store, wanted)
        keep(store, wanted)

        assert ([False] * 3, [True] * 3) == (gone, stored(store, wanted))
        assert 6 == store.counts.written

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
    def test_a_disk_that_fails_while_a_block_is_written(self, store, folder, monkeypatch, number):
        """It is counted, nothing is left, and the next one may work."""
        first, second = prompts(2)
        write = container._write_all

        def fail(file, piece):
            if len(piece) == PAYLOAD_BYTES:
                raise OSError(number, "no")
            write(file, piece)

        monkeypatch.setattr(container, "_write_all", fail)
        keep(store, [first])
        monkeypatch.setattr(container, "_write_all", write)
        keep(store, [second])

        assert [False, True] == stored(store, [first, second])
        assert (1, 1) == (store.counts.failed, store.counts.written)
        assert [] == list(folder.glob("*.draft"))

    @pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOMEM])
    def test_a_failure_that_passes_costs_no_file(self, store, monkeypatch, number):
        """Too many open files, or no memory: the block is missing now, and there later."""
        block = blocks(range(4))[0]
        keep(store, [block])
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", lambda *_, **__: (_ for _ in ()).throw(OSError(number, "no")))
            assert store.read(block) is None

        assert payload(block) == store.read(block)

    def test_a_file_that_cannot_be_read_goes(self, store, monkeypatch):
        """One that the system refuses to open is of no use and stands in the way of a new one."""
        block = blocks(range(4))[0]
        keep(store, [block])
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", lambda *_, **__: (_ for _ in ()).throw(PermissionError(errno.EACCES, "no")))
            assert store.read(block) is None

        assert not store.have(block.link, block.kind)

    def test_no_memory_for_a_payload(self, store, monkeypatch):
        """The block is missing now; its file is not to blame."""
        block = blocks(range(4))[0]
        keep(store, [block])
        with monkeypatch.context() as patch:
            patch.setattr(store_module, "read_payload", lambda *_: (_ for _ in ()).throw(MemoryError))
            assert store.read(block) is None

        assert payload(block) == store.read(block)


class TestStopping:
    """Ctrl-C, and a disk that is slower than the engine."""

    def test_what_is_given_up_leaves_nothing_behind(self, store, folder, monkeypatch):
        """A block that is being written when the run is stopped is not there, not even in part."""
        begun, go_on = threading.Event(), threading.Event()
        monkeypatch.setattr(container, "_CHUNK_BYTES", 100)

        def slow(_):
            begun.set()
            go_on.wait(60)

        monkeypatch.setattr(os, "fsync", slow)
        monkeypatch.setattr(container, "_CHUNKS_A_SYNC", 3)
        first, second = prompts(2)
        store.save(first, payload(first))
        store.save(second, payload(second))
        begun.wait(60)
        store.abandon()
        go_on.set()
        assert store.flush(60)

        assert [False, False] == stored(store, [first, second])
        assert [] == files(folder)

    def test_after_a_stop_the_store_goes_on(self, store):
        """The next question keeps its state."""
        first, second = prompts(2)
        store.save(first, payload(first))
        store.abandon()
        store.flush(60)
        keep(store, [second])

        assert stored(store, [second]) == [True]

    def test_waiting_can_be_stopped(self, store, monkeypatch):
        """Ctrl-C while blocks are still being written is heard at once; the writing goes on."""
        go_on = threading.Event()
        monkeypatch.setattr(os, "fsync", lambda _: go_on.wait(60))
        block = blocks(range(4))[0]
        store.save(block, payload(block))

        def stop():
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            store.flush(stopped=stop)
        go_on.set()
        assert store.flush(60)

        assert stored(store, [block]) == [True]

    def test_a_slow_disk_drops_what_it_cannot_take(self, store, monkeypatch):
        """The queue is bounded; what finds no room in it is counted and evaluated again some day."""
        go_on = threading.Event()
        monkeypatch.setattr(os, "fsync", lambda _: go_on.wait(60))
        monkeypatch.setattr(writer, "QUEUE_BYTES", 2 * PAYLOAD_BYTES)
        monkeypatch.setattr(writer, "PATIENCE_SECONDS", 0.0)
        wanted = prompts(9)
        taken = [store.save(block, payload(block)) for block in wanted]
        go_on.set()
        store.flush(60)

        assert taken == stored(store, wanted)
        assert 2 <= sum(taken) <= 3
        assert 9 - sum(taken) == store.counts.dropped

    def test_a_block_that_is_not_wanted_any_more_is_not_kept(self, store, folder, monkeypatch):
        """Whether it waits, is being written, or is there."""
        begun, go_on = threading.Event(), threading.Event()
        monkeypatch.setattr(os, "fsync", lambda _: (begun.set(), go_on.wait(60)))
        writing, waiting, kept = prompts(3)
        for block in (writing, waiting, kept):
            store.save(block, payload(block))
        begun.wait(60)
        store.discard(writing)
        store.discard(waiting)
        go_on.set()
        store.flush(60)

        assert [False, False, True] == stored(store, [writing, waiting, kept])
        store.discard(kept)
        assert [] == files(folder)

    def test_closing_needs_nothing_any_more(self, store, folder):
        """No pin is left, and the store can be used again."""
        keep(store, blocks(range(8)))
        store.close()

        assert {".block", ".lock"} == {path.suffix for path in folder.iterdir()}
        keep(store, blocks(range(12)))
        assert all(stored(store, blocks(range(12))))


def test_the_environment_is_not_forgotten(store):
    """A block under another environment is another block."""
    here, elsewhere = blocks(range(4))[0], blocks(range(4), environment=bytes(32))[0]
    keep(store, [here])

    assert [True, False] == stored(store, [here, elsewhere])
    assert here.environment == ENVIRONMENT
