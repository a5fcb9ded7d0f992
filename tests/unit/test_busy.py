"""How busy a machine was with the work of others is known, and our own work does not count."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import namedtuple

import psutil
import pytest

from codereader.engine.hardware import busy
from codereader.engine.hardware.busy import Watch

Times = namedtuple("Times", "user system idle iowait steal")


class Clock:
    """A machine of four cores whose seconds are set by hand: of the clock, of work on each processor, of our own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.own = 100.0, 0.0
        self.worked = [0.0] * 4
        monkeypatch.setattr(busy, "perf_counter", lambda: self.now)
        monkeypatch.setattr(busy, "processors", lambda: (0, 1, 2, 3))
        monkeypatch.setattr(busy, "_seconds_of", lambda process: self.own)
        monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 4)
        monkeypatch.setattr(psutil, "cpu_times", lambda percpu: [Times(one, 0.0, 9.0, 5.0, 0.0) for one in self.worked])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.parametrize(
    ("used", "worked", "own", "others"),
    [
        (4, 10.0, 40.0, 0.0),
        (4, 10.0, 20.0, 0.5),
        (4, 5.0, 20.0, 0.0),
        (2, 7.5, 20.0, 0.0),
        (2, 10.0, 10.0, 0.5),
        (2, 10.0, 0.0, 1.0),
        (8, 10.0, 20.0, 0.5),
        (0, 10.0, 9.0, 0.1),
    ],
    ids=["ours", "half", "idle", "room beside", "too much beside", "all", "more threads than cores", "one at least"],
)
def test_others_count_where_they_take_cores_that_are_used(
    clock: Clock, used: int, worked: float, own: float, others: float
) -> None:
    """Ten seconds on four cores: what is neither ours nor on cores that were free anyway."""
    watch = Watch()
    clock.now, clock.worked, clock.own = 110.0, [worked] * 4, own

    assert pytest.approx(others) == watch.others(used)


def test_processors_that_are_not_ours_do_not_count(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is bound to a quiet processor is not disturbed by what runs on the others."""
    monkeypatch.setattr(busy, "processors", lambda: (3,))
    watch = Watch()
    clock.now, clock.worked, clock.own = 110.0, [10.0, 10.0, 10.0, 9.0], 9.0

    assert 0 == watch.others(1)


@pytest.mark.parametrize("failure", [OSError("no such file"), NotImplementedError("here"), RuntimeError("format")])
def test_a_system_that_does_not_say_is_taken_for_quiet(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """Then nothing is known of others."""

    def fail(percpu: bool) -> list[Times]:
        raise failure

    monkeypatch.setattr(psutil, "cpu_times", fail)
    watch = Watch()
    clock.now = 110.0

    assert 0 == watch.others(4)


def test_a_clock_that_stands_still_says_nothing(clock: Clock) -> None:
    """Nothing is divided by it."""
    watch = Watch()
    clock.worked = [1.0] * 4

    assert 0 == watch.others(4)


def test_what_a_helper_does_is_our_own_work() -> None:
    """The processor time of this process and of one that works for it, as the system counts it; of a dead one none."""
    helper = subprocess.Popen(
        [sys.executable, "-c", "print(sum(range(3_000_000)), flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert helper.stdout is not None
    helper.stdout.readline()
    worked = busy._seconds_of(helper.pid)
    helper.communicate(b"\n")

    assert worked > 0
    assert busy._seconds_of(os.getpid()) > 0
    assert 0 == busy._seconds_of(helper.pid)


def test_this_machine_says_how_busy_it_is() -> None:
    """Some share, whatever runs here beside the tests."""
    watch = Watch()
    sum(range(1_000_000))

    assert 0 <= watch.others(1) <= 1
