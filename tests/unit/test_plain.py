"""What crosses between processes is of the shape that its type says, or is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereader.engine.embedded.buffers import Buffers
from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.plan import Plan, Share
from codereader.engine.process import messages
from codereader.engine.process.plain import from_plain, to_plain
from codereader.engine.protocol import Finished, Piece, Prefill, Usage
from codereader.engine.trial.measured import Held, Measured
from codereader.errors import CodereaderError, EngineEnded, ModelTooLarge

USAGE = Usage(0.5, 10, 4, 0.25, 3, 0.125, 0.3, 1.0, 13, 1024, "14%/86% CPU/GPU")
PLAN = Plan(
    context=1024,
    gpu_layers=49,
    cache_type_k="q8_0",
    cache_type_v="f16",
    micro_batch=512,
    threads=8,
    flash_attention=True,
    shares=(Share("CUDA0", 1, 2, 3, 4, layers=49, scratch=5), Share("host", 6, 7, 8, 9)),
    cpu_experts=(3, 4),
    notes=("one", "two"),
)
MACHINE = Machine((Device("CPU", "a \x1b[31m name", "cpu", 1, 2),), 3, 4, 5, 6)
BUFFERS = Buffers(Measured((Held("host", 1, 2, 3),)), ("host", "host"), mapped=True, flash_attention=False)


@dataclass(frozen=True)
class Odd:
    """One field of each kind."""

    name: str
    kind: Literal["a", "b"]
    sizes: Mapping[str, int] = field(default_factory=dict)
    rate: float = 1.0
    ctx: int | Literal["auto"] | None = None


@pytest.mark.parametrize("value", [USAGE, PLAN, MACHINE, BUFFERS, Odd("x", "b", {"CUDA0": -3}, 2.5, "auto")])
def test_what_was_sent_arrives(value) -> None:
    """Through JSON and back, tuples and all."""
    assert value == from_plain(type(value), json.loads(json.dumps(to_plain(value))))


@pytest.mark.parametrize(
    "change",
    [
        {"name": 1},
        {"name": None},
        {"kind": "c"},
        {"kind": ["a"]},
        {"sizes": {"CUDA0": "3"}},
        {"sizes": [1]},
        {"rate": "1"},
        {"rate": True},
        {"rate": float("inf")},
        {"ctx": 1.5},
        {"ctx": True},
        {"ctx": 1 << 80},
        {"more": 1},
    ],
)
def test_another_shape_is_refused(change) -> None:
    """Wrong types, numbers out of bounds, unknown keys."""
    with pytest.raises(ValueError, match=r"a |lacks|has no"):
        from_plain(Odd, {"name": "x", "kind": "a", **change})


@pytest.mark.parametrize("row", [None, [], "x", {}, {"name": "x"}])
def test_what_lacks_something_is_refused(row) -> None:
    """No object, or one without what has no default."""
    with pytest.raises(ValueError, match="Odd"):
        from_plain(Odd, row)


@pytest.mark.parametrize("event", [Prefill(1, 2, 0, 0.5), Piece("né\n\x1b", 3), Finished("stop", USAGE)])
def test_events_of_an_answer_arrive(event) -> None:
    """A line each; the count of a piece comes along."""
    arrived = messages.event_of(messages.row_of(messages.line_of(messages.row_of_event(event))))

    assert event == arrived
    assert getattr(event, "said", 0) == getattr(arrived, "said", 0)


def test_an_error_arrives_as_it_was() -> None:
    """Class, message and hint; what would drive a terminal is shown instead."""
    row = messages.row_of_error(ModelTooLarge("no \x1b[31mroom", "Buy\nmemory."), "a trace")

    with pytest.raises(ModelTooLarge) as caught:
        messages.raise_error(messages.row_of(messages.line_of(row)))

    assert (r"no \x1b[31mroom", r"Buy\x0amemory.") == (str(caught.value), caught.value.hint)


def test_a_want_of_memory_there_is_a_model_too_large() -> None:
    """Python's own error says nothing to a person."""
    with pytest.raises(ModelTooLarge, match="not enough memory"):
        messages.raise_error(messages.row_of_error(MemoryError(), ""))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["event", "text", "said", "usage", "reason", "machine", "share", "error", "message", "hint"])
EVENTS = st.sampled_from(
    ["piece", "prefill", "finished", "error", "machine", "loading", "told", "loaded", "hello", "?"]
)


def outcome(read: Callable[[messages.Row], object], row: messages.Row) -> str:
    """Return what is said of a row that is refused. Any other error than those that callers know comes out."""
    try:
        read(row)
    except (CodereaderError, ValueError, RuntimeError) as error:
        return str(error)
    return ""


@given(st.dictionaries(KEYS, JSON), EVENTS)
def test_no_answer_gets_through_that_is_none(row, event) -> None:
    """Whatever a process says: an event, or one printable sentence."""
    known = messages.row_of(messages.line_of({**row, "event": event}))

    for read in (
        messages.raise_error,
        messages.event_of,
        messages.share_of,
        messages.told_of,
        messages.machine_of,
        messages.version_of,
        messages.buffers_of,
    ):
        assert outcome(read, known).isprintable()


@given(st.binary(max_size=64))
def test_no_line_gets_through_that_is_none(line) -> None:
    """Bytes of any kind."""
    with pytest.raises(EngineEnded):
        messages.row_of(line.replace(b"{", b"[") + b"\n")
