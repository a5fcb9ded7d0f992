"""The store of evaluated prompts: whatever is wrong with a file is a miss, never a wrong answer."""

from __future__ import annotations

import os
import random
import stat
import sys

import pytest

from codereader.engine.state import whole as state
from codereader.engine.state.whole import Match, StateStore, environment, fingerprint, reusable_tokens

KEY = bytes(range(32))
OTHER = bytes(32)
BASE = tuple(range(1000, 1400))
PAYLOAD = random.Random(7).randbytes(5000)
STEP = 128


@pytest.fixture
def store(tmp_path):
    """A store with a budget of a megabyte, in a folder that does not exist yet."""
    return StateStore(tmp_path / "cache" / "state", budget=1 << 20)


def read_back(store, key=KEY, base=BASE):
    match = store.find(key, base, STEP)
    return None if match is None else store.read(match)


def only_file(store):
    (entry,) = store.entries()
    return entry.path


def test_what_was_saved_is_read_back(store):
    """The payload comes back bit for bit, for all of the base."""
    saved = store.save(KEY, BASE, PAYLOAD)

    match = store.find(KEY, BASE, STEP)
    assert (True, len(BASE), True) == (saved, match.reusable, store.has(KEY, BASE))
    assert PAYLOAD == store.read(match)


def test_an_empty_store_has_nothing(store):
    """A folder that was never written is a miss, an empty list and nothing to clear."""
    assert (None, (), 0, False) == (read_back(store), store.entries(), store.clear(), store.has(KEY, BASE))


def test_another_environment_is_a_miss(store):
    """State of another model or other settings is never used, nor deleted."""
    store.save(OTHER, BASE, PAYLOAD)

    assert read_back(store) is None
    assert PAYLOAD == read_back(store, OTHER)


def test_environments_that_share_a_name_are_told_apart(store):
    """The whole key is compared, not the part of it that is in the file's name."""
    twin = KEY[:16] + bytes(16)
    store.save(twin, BASE, PAYLOAD)

    assert read_back(store) is None
    assert 1 == len(store.entries())


@pytest.mark.parametrize(
    ("stored", "wanted", "expected"),
    [
        (BASE, BASE, 400),
        (BASE, BASE[:300], 256),
        (BASE[:300], BASE, 256),
        (BASE, (*BASE[:200], 1, *BASE[201:]), 128),
        (BASE, (1, *BASE), 0),
        ((), BASE, 0),
        (BASE[:256], BASE, 256),
    ],
)
def test_only_whole_batches_of_a_common_prefix_are_reused(stored, wanted, expected):
    """Unless both are equal, reuse ends where a cold run would have ended a batch."""
    assert expected == reusable_tokens(stored, wanted, STEP)


def test_the_longest_stored_prefix_wins(store):
    """Of several states, the one that saves most is found."""
    store.save(KEY, BASE[:260], PAYLOAD)
    store.save(KEY, (*BASE[:390], 5), PAYLOAD[:10])

    match = store.find(KEY, BASE, STEP)

    assert (384, PAYLOAD[:10]) == (match.reusable, store.read(match))


def test_models_that_cannot_be_cut_want_the_whole(store):
    """With *whole*, a longer or shorter state is no help."""
    store.save(KEY, BASE, PAYLOAD)

    found = [store.find(KEY, base, STEP, whole=True) for base in (BASE[:300], (*BASE, 1), BASE)]

    assert [False, False, True] == [match is not None for match in found]


def test_short_bases_are_not_kept(store):
    """Evaluating a few tokens again costs less than a file."""
    assert not store.save(KEY, BASE[: state.SHORTEST - 1], PAYLOAD)
    assert () == store.entries()


def corrupted(raw, source):
    """Return *raw* changed in one of the ways that disks, crashes and hands change files."""
    raw = bytearray(raw)
    match source.randrange(6):
        case 0:
            raw[source.randrange(len(raw))] ^= 1 << source.randrange(8)
        case 1:
            del raw[source.randrange(len(raw)) :]
        case 2:
            raw += source.randbytes(source.randrange(1, 50))
        case 3:
            at = source.randrange(len(raw))
            raw[at : at + 64] = source.randbytes(len(raw[at : at + 64]))
            raw[at] ^= 255
        case 4:
            raw[:] = source.randbytes(len(raw))
        case _:
            at = source.randrange(60)
            raw[at : at + 4] = (0xFFFFFFFF).to_bytes(4, "little")
            raw[-1] ^= 1
    return bytes(raw)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_a_miss_and_goes_away(store, seed):
    """A thousand damaged files in four rounds: not one is read, and those of this environment are deleted."""
    source = random.Random(seed)
    store.save(KEY, BASE, PAYLOAD)
    path = only_file(store)
    whole = path.read_bytes()

    outcomes = set()
    for _ in range(250):
        path.write_bytes(corrupted(whole, source))
        outcomes.add(read_back(store))
        path.write_bytes(whole)
        assert PAYLOAD == read_back(store)

    assert {None} == outcomes


def test_a_file_that_fails_its_checksum_is_deleted(store):
    """A bad bit in the payload costs one evaluation, once."""
    store.save(KEY, BASE, PAYLOAD)
    path = only_file(store)
    raw = bytearray(path.read_bytes())
    raw[-100] ^= 4
    path.write_bytes(raw)

    assert read_back(store) is None
    assert not path.exists()


def test_a_file_that_vanishes_is_a_miss(store):
    """Another process may evict a file between the look and the read."""
    store.save(KEY, BASE, PAYLOAD)
    match = store.find(KEY, BASE, STEP)
    store.clear()

    assert store.read(match) is None


def test_a_file_that_was_replaced_is_a_miss(store):
    """What is read must hold the very tokens that were found."""
    store.save(KEY, BASE, PAYLOAD)
    found = store.find(KEY, BASE, STEP)
    stale = Match(found.path, KEY, (*BASE[:-1], 5), 384)

    assert store.read(stale) is None


def test_the_least_recently_used_leaves_first(tmp_path):
    """A full budget makes room by age of use, and a read counts as use."""
    store = StateStore(tmp_path, budget=3 * 8000)
    bases = [(number, *BASE) for number in range(4)]
    for age, base in enumerate(bases[:3]):
        store.save(KEY, base, PAYLOAD)
        path = store.find(KEY, base, STEP).path
        os.utime(path, (age, age))
    read_back(store, base=bases[0])

    store.save(KEY, bases[3], PAYLOAD)

    assert [True, False, True, True] == [store.has(KEY, base) for base in bases]


def test_what_is_larger_than_the_budget_is_not_written(tmp_path):
    """One huge state does not push out all others."""
    store = StateStore(tmp_path, budget=8000)
    store.save(KEY, BASE, PAYLOAD)

    assert not store.save(KEY, (1, *BASE), bytes(9000))
    assert store.has(KEY, BASE)


def test_nothing_is_written_when_the_disk_is_short(store, monkeypatch):
    """Less than a gigabyte free leaves the disk alone."""
    monkeypatch.setattr(state.shutil, "disk_usage", lambda _: type("Usage", (), {"free": state.SPARE_DISK}))

    assert not store.save(KEY, BASE, PAYLOAD)
    assert [] == list(store.folder.iterdir())


def test_nothing_is_deleted_when_deleting_is_not_enough(store, monkeypatch):
    """A disk that is short beyond what states take keeps them all."""
    store.save(KEY, BASE, PAYLOAD)
    free = state.SPARE_DISK - 100_000
    monkeypatch.setattr(state.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free}))

    assert (False, False) == (store.fits((1, *BASE), len(PAYLOAD)), store.save(KEY, (1, *BASE), PAYLOAD))
    assert store.has(KEY, BASE)


def test_states_go_when_that_is_enough_for_the_disk(store, monkeypatch):
    """A disk that is short by less than the oldest state gets that one's room."""
    store.save(KEY, BASE, PAYLOAD)
    free = state.SPARE_DISK + 1000
    monkeypatch.setattr(state.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free}))

    assert store.fits((1, *BASE), len(PAYLOAD))
    assert store.has(KEY, BASE)
    assert store.save(KEY, (1, *BASE), PAYLOAD)
    assert not store.has(KEY, BASE)


def test_a_stop_while_writing_leaves_nothing(store, monkeypatch):
    """What stops a save comes out of it, and no file stays under any name."""
    monkeypatch.setattr(state, "_CHUNK_BYTES", 1000)
    calls = []

    def stop():
        calls.append(None)
        if len(calls) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.save(KEY, BASE, PAYLOAD, stop)

    assert [] == list(store.folder.iterdir())


def test_the_default_budget_is_a_tenth_of_the_free_disk(tmp_path, monkeypatch):
    """On a disk with 20 GB free, states may take 2."""
    monkeypatch.setattr(state.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 20 << 30}))
    store = StateStore(tmp_path)

    assert (True, False) == (store._make_room(2 << 30), store._make_room((2 << 30) + 1))


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path):
    """Where the cache's place is a file, nothing is kept and nothing is raised."""
    (tmp_path / "file").write_text("")
    store = StateStore(tmp_path / "file" / "state")

    assert (False, None, ()) == (store.save(KEY, BASE, PAYLOAD), read_back(store), store.entries())


def test_a_failed_write_leaves_nothing(store, monkeypatch):
    """A disk that fails in the middle leaves no file under any name."""

    def fail(_descriptor):
        raise OSError

    monkeypatch.setattr(state.os, "fsync", fail)

    assert not store.save(KEY, BASE, PAYLOAD)
    assert [] == list(store.folder.iterdir())


def test_what_a_killed_process_left_is_swept(store):
    """A half written file of long ago goes; one of right now may be another process's."""
    store.save(KEY, BASE, PAYLOAD)
    old, new = store.folder / "old.tmp", store.folder / "new.tmp"
    old.write_bytes(b"")
    new.write_bytes(b"")
    os.utime(old, (0, 0))

    store.save(KEY, (1, *BASE), PAYLOAD)

    assert (False, True) == (old.exists(), new.exists())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits for groups and others")
def test_only_the_owner_can_read_states(store):
    """A state is as telling as the source it was made of."""
    store.save(KEY, BASE, PAYLOAD)

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (store.folder, only_file(store))]

    assert [0o700, 0o600] == modes


def test_clearing_leaves_an_empty_folder(store):
    """clear says how many files went."""
    store.save(KEY, BASE, PAYLOAD)
    store.save(KEY, (1, *BASE), PAYLOAD)

    assert (2, ()) == (store.clear(), store.entries())


def model_file(folder, name="model.gguf", fill=0):
    path = folder / name
    path.write_bytes(bytes([fill]) * 300_000)
    os.utime(path, (1, 1))
    return path


def test_a_model_is_told_by_its_bytes_size_and_time(tmp_path):
    """The same file gives the same print; other weights, a longer or a touched file another one."""
    path = model_file(tmp_path)
    prints = [fingerprint(path), fingerprint(path), fingerprint(model_file(tmp_path, "tuned.gguf", fill=1))]
    os.utime(path, (2, 2))
    prints.append(fingerprint(path))

    assert prints[0] == prints[1]
    assert 3 == len(set(prints))


def test_all_parts_of_a_split_model_count(tmp_path):
    """A change in the last part is a change of the model."""
    first = model_file(tmp_path, "m-00001-of-00002.gguf")
    second = model_file(tmp_path, "m-00002-of-00002.gguf")
    before = fingerprint(first)
    os.utime(second, (9, 9))

    assert before != fingerprint(first)


def test_every_setting_is_part_of_the_environment(tmp_path):
    """The order of the settings is none of it, each value is."""
    path = model_file(tmp_path)
    keys = [environment(path, settings) for settings in ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1, "b": 3})]

    assert keys[0] == keys[1]
    assert (32, True) == (len(keys[0]), keys[0] != keys[2])
