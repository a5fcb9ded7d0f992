"""What the host's memory gives: measured once a machine, kept in the cache."""

from __future__ import annotations

import itertools
import json
import os
import stat
import sys
import time

import pytest

from codereader.cancel import Cancelled, CancelToken
from codereader.engine.hardware import bandwidth
from codereader.engine.hardware.bandwidth import host_bandwidth, known_bandwidth, last_cache, probe, with_bandwidth
from codereader.engine.hardware.cores import Cores
from codereader.engine.hardware.devices import inventory
from codereader.engine.hardware.host import Memory
from codereader.engine.hardware.machine import Machine
from codereader.engine.plan import Need
from codereader.engine.process.standby import Standby
from codereader.engine.runner import Runner
from codereader.model.known import known_header


class Alone(Standby):
    """No process: the machine is asked here."""

    def __init__(self) -> None:
        pass

    def machine(self) -> Machine:
        return inventory()


@pytest.fixture
def rates(monkeypatch):
    """What probes find, one after the other, instead of probing; what is left tells how many ran."""
    waiting = [20e9, 10e9, 30e9]
    monkeypatch.setattr(bandwidth, "probe", lambda: (waiting.pop(0), False))
    return waiting


def test_a_probe_finds_what_memory_can_give():
    """Some rate that a memory may have, of all threads together."""
    found, _ = probe()

    assert 0.2e9 < found < 5e12


def test_a_probe_takes_no_memory_where_it_is_short(monkeypatch):
    """With less than eight times the buffers available nothing is read, and the rate is unknown."""
    monkeypatch.setattr(bandwidth, "host_memory", lambda: Memory(512 << 20, 1 << 30, 1 << 30))

    assert (0, False) == probe()


def test_a_machine_is_probed_once(tmp_path, rates):
    """The second time the figure comes from the cache."""
    assert 0 == known_bandwidth(tmp_path)
    assert [20e9, 20e9, 20e9] == [host_bandwidth(tmp_path), host_bandwidth(tmp_path), known_bandwidth(tmp_path)]
    assert 2 == len(rates)


def test_probing_again_keeps_the_better_figure(tmp_path, rates):
    """Other programs only slow a probe down."""
    found = [host_bandwidth(tmp_path, again=True) for _ in range(3)]

    assert [20e9, 20e9, 30e9] == found
    assert 30e9 == known_bandwidth(tmp_path)


def test_a_figure_of_a_busy_machine_is_measured_again_later(tmp_path, monkeypatch):
    """Not at each run; until a quiet moment, and what was higher stays."""
    waiting = [(10e9, True), (9e9, True), (22e9, False), (1.0, True)]
    monkeypatch.setattr(bandwidth, "probe", lambda: waiting.pop(0))

    def later():
        (kept,) = (tmp_path / bandwidth.FOLDER).iterdir()
        os.utime(kept, (0, 0))
        return host_bandwidth(tmp_path)

    assert [10e9, 10e9] == [host_bandwidth(tmp_path), host_bandwidth(tmp_path)]
    assert 3 == len(waiting)
    assert [10e9, 22e9, 22e9] == [later(), later(), later()]
    assert 1 == len(waiting)


def test_a_busy_moment_takes_nothing_from_a_quiet_one(tmp_path, monkeypatch):
    """Probed again on demand: the kept figure stays, and stays settled; a higher one is better in any case."""
    waiting = [(20e9, False), (8e9, True), (25e9, True), (1.0, True)]
    monkeypatch.setattr(bandwidth, "probe", lambda: waiting.pop(0))
    found = [host_bandwidth(tmp_path), host_bandwidth(tmp_path, again=True), host_bandwidth(tmp_path, again=True)]
    (kept,) = (tmp_path / bandwidth.FOLDER).iterdir()
    os.utime(kept, (0, 0))

    assert [20e9, 20e9, 25e9, 25e9] == [*found, host_bandwidth(tmp_path)]
    assert 1 == len(waiting)


@pytest.mark.parametrize("age", [-1e6, 1e6])
def test_a_clock_that_was_set_back_only_costs_a_probe(tmp_path, monkeypatch, age):
    """A file from the future counts as old."""
    waiting = [(10e9, True), (22e9, False)]
    monkeypatch.setattr(bandwidth, "probe", lambda: waiting.pop(0))
    host_bandwidth(tmp_path)
    (kept,) = (tmp_path / bandwidth.FOLDER).iterdir()
    os.utime(kept, (time.time() + age, time.time() + age))

    assert 22e9 == host_bandwidth(tmp_path)


def test_a_file_that_does_not_say_how_busy_the_machine_was_is_measured_again(tmp_path, rates):
    """It is of an older version, and may be of a busy moment."""
    host_bandwidth(tmp_path)
    (kept,) = (tmp_path / bandwidth.FOLDER).iterdir()
    kept.write_text('{"bandwidth": 7000000000}')
    assert 7e9 == host_bandwidth(tmp_path)
    os.utime(kept, (0, 0))

    assert 10e9 == host_bandwidth(tmp_path)


def test_two_processes_that_measure_at_once_keep_the_better_figure(tmp_path, monkeypatch):
    """Each slows the other down, and the slower one is done last."""

    def slow():
        monkeypatch.setattr(bandwidth, "probe", lambda: (22e9, False))
        host_bandwidth(tmp_path)
        return 9e9, True

    monkeypatch.setattr(bandwidth, "probe", slow)

    assert [22e9, 22e9] == [host_bandwidth(tmp_path), known_bandwidth(tmp_path)]


@pytest.mark.parametrize(("others", "disturbed"), [(0.1, False), (0.4, True)])
def test_a_probe_says_whether_others_were_busy(monkeypatch, others, disturbed):
    """What they took of the cores while it ran."""
    monkeypatch.setattr(bandwidth.Watch, "others", lambda self, used: others)

    assert disturbed == probe()[1]


def test_who_stops_a_probe_does_not_wait_for_its_threads(monkeypatch):
    """They end between two pieces, long before they would have."""
    begun, end = [], time.perf_counter() + 30

    def pressed(pool, buffers, stop):
        begun.extend(pool.submit(bandwidth._read, buffer, end, stop) for buffer in buffers)
        raise Cancelled

    monkeypatch.setattr(bandwidth, "_round", pressed)
    with pytest.raises(Cancelled):
        probe()

    assert begun
    assert all(work.done() for work in begun)
    assert time.perf_counter() < end


def test_a_probe_that_is_stopped_reads_nothing_more():
    """Not one piece."""
    stop = CancelToken()
    stop.cancel()
    taken = []

    assert 0 == bandwidth._read(map(taken.append, itertools.count()), time.perf_counter() + 30, stop)
    assert [] == taken


def test_a_probe_goes_on_reading_where_it_was(monkeypatch):
    """A round that ends early does not read the first pieces again, which the caches still hold."""
    monkeypatch.setattr(bandwidth, "PIECE", 1 << 20)
    buffer = bandwidth._buffer(4 << 20, CancelToken())
    seen = []

    def noting():
        for piece in buffer:
            seen.append(piece.ctypes.data)
            yield piece

    pieces = noting()
    for _ in range(8):
        bandwidth._read(pieces, 0.0, CancelToken())

    assert 4 == len(set(seen))
    assert seen[:4] == seen[4:]


@pytest.mark.parametrize("changed", ["usable_cores", "host_memory"])
def test_another_machine_is_probed_anew(tmp_path, rates, monkeypatch, changed):
    """Other cores or another memory is another machine, in the same cache."""
    host_bandwidth(tmp_path)
    other = {"usable_cores": Cores(64, 0, 128), "host_memory": Memory(1 << 40, 1 << 40, 1 << 40)}[changed]
    monkeypatch.setattr(bandwidth, changed, lambda: other)

    assert 0 == known_bandwidth(tmp_path)
    assert 10e9 == host_bandwidth(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '{"bandwidth": "fast"}', '{"bandwidth": -1}', '{"bandwidth": NaN}', "[" * 9999,
             '{"bandwidth": 1e999}', '"bandwidth"', "null", '{"bandwidth": 5}', '{"rate": 20e9}']
)  # fmt: skip
def test_a_damaged_file_is_measured_anew(tmp_path, rates, text):
    """What is kept is read with care, and replaced."""
    host_bandwidth(tmp_path)
    kept = next((tmp_path / bandwidth.FOLDER).iterdir())
    kept.write_text(text)

    assert 0 == known_bandwidth(tmp_path)
    assert 10e9 == host_bandwidth(tmp_path)
    assert {"bandwidth": 10_000_000_000, "provisional": False} == json.loads(kept.read_text())


def test_nothing_is_left_beside_the_file(tmp_path, rates):
    """It appears whole, for its owner alone."""
    host_bandwidth(tmp_path)
    kept = list((tmp_path / bandwidth.FOLDER).iterdir())

    assert [".json"] == [path.suffix for path in kept]
    if sys.platform != "win32":
        assert 0o600 == stat.S_IMODE(kept[0].stat().st_mode)


def test_a_cache_that_cannot_be_written_costs_a_probe(tmp_path, rates):
    """A file where the folder should be stops nobody."""
    (tmp_path / "cache").write_text("")

    assert [20e9, 10e9] == [host_bandwidth(tmp_path / "cache") for _ in range(2)]


def test_a_machine_is_told_what_was_measured(tmp_path, rates):
    """Nothing runs unless it is asked for; then the host's device has the figure too."""
    here = inventory()

    before, after = with_bandwidth(here, tmp_path), with_bandwidth(here, tmp_path, probe=True)

    assert (0, 20e9, 20e9) == (before.bandwidth, after.bandwidth, after.devices[-1].bandwidth)
    assert [False, True] == [before.bandwidth_measured, after.bandwidth_measured]
    assert 2 == len(rates)
    assert after == with_bandwidth(here, tmp_path)


def test_a_first_answer_is_planned_without_a_probe_which_follows_it(tmp_path, rates):
    """Then the figure is known to the next one."""
    runner = Runner(known_header("smollm2-135m"), tmp_path, Alone())

    runner.plan(Need(100, 10))
    assert (3, 0) == (len(rates), known_bandwidth(tmp_path))
    runner.rest()
    assert (2, 20e9) == (len(rates), known_bandwidth(tmp_path))


def test_ctrl_c_ends_a_probe_after_an_answer_and_nothing_else(tmp_path, monkeypatch):
    """The answer is told already."""

    def pressed():
        raise KeyboardInterrupt

    monkeypatch.setattr(bandwidth, "probe", pressed)
    Runner(known_header("smollm2-135m"), tmp_path, Alone()).rest()

    assert 0 == known_bandwidth(tmp_path)


def test_only_last_caches_count_and_each_once(tmp_path, monkeypatch):
    """Two processors on one cache share it; a second one adds its own."""
    monkeypatch.setattr(bandwidth, "_PROCESSORS", tmp_path)
    for cpu, shared in ((0, "0-1"), (1, "0-1"), (2, "2")):
        for index, (level, size) in enumerate([("1", "32K"), ("3", "32M")]):
            folder = tmp_path / f"cpu{cpu}" / "cache" / f"index{index}"
            folder.mkdir(parents=True)
            for name, text in (("level", level), ("size", size), ("shared_cpu_list", shared)):
                (folder / name).write_text(text + "\n")

    assert 64 << 20 == last_cache()


def test_caches_that_are_not_told_count_nothing(tmp_path, monkeypatch):
    """Other systems than Linux show no such tree."""
    monkeypatch.setattr(bandwidth, "_PROCESSORS", tmp_path)

    assert 0 == last_cache()
