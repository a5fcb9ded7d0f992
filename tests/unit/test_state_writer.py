"""Writing in the background: in order, bounded, and never in the way."""

from __future__ import annotations

import threading

import pytest

from codereader.engine.state import writer
from codereader.engine.state.writer import Writer


def test_tasks_run_in_their_order():
    """One after the other, and flushing waits for all."""
    done = []
    one = Writer()
    for number in range(50):
        one.put(lambda _, number=number: done.append(number), 1)

    assert one.flush(60)
    assert list(range(50)) == done


def test_no_thread_stays_when_nothing_waits():
    """Who keeps no state has no thread for it."""
    before = threading.active_count()
    one = Writer()
    one.put(lambda _: None, 1)
    one.flush(60)
    while threading.active_count() > before:
        pass

    assert one.flush(0)


def test_one_task_may_wait_however_large(monkeypatch):
    """A block larger than the whole queue is written too."""
    monkeypatch.setattr(writer, "QUEUE_BYTES", 10)
    done = []
    one = Writer()

    assert one.put(lambda _: done.append(1), 1000)
    assert one.flush(60)
    assert [1] == done


def test_waiting_for_room_can_be_stopped(monkeypatch):
    """Ctrl-C is heard while the queue is full."""
    monkeypatch.setattr(writer, "QUEUE_BYTES", 10)
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 600.0)
    go_on = threading.Event()
    one = Writer()
    begun = threading.Event()
    one.put(lambda _: (begun.set(), go_on.wait(60)), 8)
    begun.wait(60)
    one.put(lambda _: None, 8)

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        one.put(lambda _: None, 8, stop)
    go_on.set()

    assert one.flush(60)


def test_a_bug_in_a_task_stops_nobody(monkeypatch):
    """It is told as a bug is; nobody waits for ever for a thread that is gone, and the next task runs."""
    told, done = threading.Event(), []
    monkeypatch.setattr(threading, "excepthook", lambda _: told.set())

    def fail(_):
        raise ZeroDivisionError

    one = Writer()
    one.put(fail, 1)
    assert told.wait(60)
    assert one.flush(60)
    one.put(lambda _: done.append(1), 1)

    assert one.flush(60)
    assert [1] == done
