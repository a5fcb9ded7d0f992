"""Plans of models whose sizes no formula foresees: llama.cpp's dry run says them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codereader.engine.hardware.described import machine_of
from codereader.engine.plan import Need
from codereader.engine.planning import planner
from codereader.engine.planning.planner import plan
from codereader.engine.trial import measuring
from codereader.engine.trial.measuring import sized
from codereader.errors import ModelError
from codereader.model.gguf import read_header
from codereader.model.known import known_header
from tests.hollow import write_hollow

MACHINE = machine_of(["RTX 3060:12GiB"], 32 << 30)


@pytest.fixture(scope="module")
def header(tmp_path_factory):
    """SmolLM2 as a file without weights."""
    known = known_header("smollm2-135m")
    assert known is not None
    return read_header(write_hollow(tmp_path_factory.mktemp("hollow"), known))


@pytest.fixture
def unknown(monkeypatch):
    """No formula foresees any model."""
    for module in (measuring, planner):
        monkeypatch.setattr(module, "supported", lambda header: "How it keeps the context is not known.")


def test_a_model_that_is_foreseen_is_not_measured(header):
    """Where formulas hold no process is started."""
    assert sized(header, 2) is None


@pytest.mark.usefixtures("unknown")
def test_an_unknown_architecture_is_refused_with_the_reason(header):
    """Without a measurement no plan is made up."""
    with pytest.raises(ModelError, match="How it keeps the context is not known"):
        plan(header, MACHINE, Need(5000, 500))


@pytest.mark.usefixtures("unknown")
def test_an_unknown_architecture_is_planned_with_what_a_dry_run_finds(header, monkeypatch):
    """Its cache is that of the formula, at a context that was not measured, on the host and on a card."""
    found = sized(header, 2)
    measured = [plan(header, MACHINE, Need(5000, 500, device=name), sized=found) for name in ("cpu", "auto")]
    monkeypatch.setattr(planner, "supported", lambda header: "")
    foreseen = plan(header, MACHINE, Need(5000, 500, device="cpu"))

    assert [one.kind for one in measured] == ["host", "whole"]
    assert all(abs(one.cache_bytes - foreseen.cache_bytes) <= header.block_count for one in measured)
    assert pytest.approx(foreseen.compute_bytes, rel=0.1) == measured[0].compute_bytes


@pytest.mark.usefixtures("unknown")
def test_a_model_known_by_name_only_cannot_be_measured(header, tmp_path):
    """There is no file to ask llama.cpp about."""
    assert sized(replace(header, path=tmp_path / "none.gguf"), 2) is None
