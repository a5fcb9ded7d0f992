"""Plans are corrected by what earlier runs of a model on this machine showed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codereader.engine.echo import EchoEngine
from codereader.engine.embedded.buffers import Buffers
from codereader.engine.hardware.machine import Build, Device, Machine
from codereader.engine.learning.taught import Taught
from codereader.engine.plan import HOST, Need, Plan
from codereader.engine.planning.planner import plan
from codereader.engine.protocol import Usage
from codereader.engine.trial.measured import Held, Measured
from codereader.model.gguf import ModelHeader
from codereader.model.known import known_header

HOST_ONLY = Machine(
    (Device("CPU", "host", "cpu", 32 << 30, 64 << 30),), 32 << 30, 64 << 30, 8, 16, build=Build("1", "2")
)
CARD = Device("CUDA0", "a card", "gpu", 24 << 30, 24 << 30, "CUDA", 1e12, 80e12, 30e9)
WITH_CARD = replace(HOST_ONLY, devices=(CARD, *HOST_ONLY.devices), can_offload=True)
NEED = Need(4000, 500)


def model(name: str = "gemma-3-4b") -> ModelHeader:
    header = known_header(name)
    assert header is not None
    return header


def ran(planned: Plan, prefill: float, decode: float, need: Need = NEED) -> Usage:
    """A run that was so many times as fast as *planned*."""
    prompt = need.prompt_tokens / (planned.prefill_rate * prefill)
    answer = need.answer_tokens / (planned.decode_rate * decode)
    return Usage(0, need.prompt_tokens, 0, prompt, need.answer_tokens, answer, 0, 0, 0, 0, "")


class Ran(EchoEngine):
    """An engine that ran as *plan* says, and took what *buffers* say."""

    def __init__(self, plan: Plan, buffers: Buffers | None = None) -> None:
        super().__init__()
        self._ran = plan
        self.buffers = buffers

    @property
    def plan(self) -> Plan:
        return self._ran


def test_without_a_profile_plans_are_the_planner_s(tmp_path: Path) -> None:
    """Nothing is corrected by nothing."""
    assert plan(model(), WITH_CARD, NEED) == Taught(tmp_path, WITH_CARD, model()).plan(NEED)


@pytest.mark.parametrize("machine", [HOST_ONLY, WITH_CARD], ids=["host", "card"])
def test_the_next_plan_predicts_what_the_last_run_showed(tmp_path: Path, machine: Machine) -> None:
    """Rates and seconds; and what is predicted rightly is not corrected again."""
    first = Taught(tmp_path, machine, model()).plan(NEED)
    Taught(tmp_path, machine, model()).learn(first, Ran(first), ran(first, 0.5, 2.0))
    second = Taught(tmp_path, machine, model())
    seen = second.plan(NEED)
    second.learn(seen, Ran(seen), ran(seen, 1.0, 1.0))
    third = Taught(tmp_path, machine, model()).plan(NEED)

    expected = (first.prefill_rate / 2, first.decode_rate * 2)
    assert pytest.approx(expected, rel=1e-3) == (seen.prefill_rate, seen.decode_rate)
    assert pytest.approx(expected, rel=1e-3) == (third.prefill_rate, third.decode_rate)
    assert pytest.approx(4000 / expected[0] + 500 / expected[1], rel=0.01) == seen.seconds


def test_each_plan_is_corrected_by_what_is_known_of_where_it_runs(tmp_path: Path) -> None:
    """The card was slower than predicted; the processor alone is not blamed for it."""
    made = Taught(tmp_path, WITH_CARD, model()).plans(NEED)
    Taught(tmp_path, WITH_CARD, model()).learn(made[0], Ran(made[0]), ran(made[0], 0.8, 0.8))
    again = Taught(tmp_path, WITH_CARD, model()).plans(NEED)
    on_host = [one for one in made if not one.gpu_layers]

    assert pytest.approx(0.8 * made[0].prefill_rate, rel=1e-3) == again[0].prefill_rate
    assert [pytest.approx(one.prefill_rate, rel=1e-3) for one in on_host] == [
        one.prefill_rate for one in again if not one.gpu_layers
    ]


@pytest.mark.parametrize("machine", [HOST_ONLY, WITH_CARD], ids=["host", "card"])
def test_runs_change_neither_the_plan_nor_the_pace_of_budgets(tmp_path: Path, machine: Machine) -> None:
    """The same question keeps its base, its batches and with them its saved state."""
    first = Taught(tmp_path, machine, model())
    planned, pace = first.plan(NEED), first.pace(NEED)
    for prefill, decode in ((3.0, 0.2), (0.1, 5.0), (0.1, 1.0)):
        before = Taught(tmp_path, machine, model())
        before.learn(before.plan(NEED), Ran(before.plan(NEED)), ran(planned, prefill, decode))
    second = Taught(tmp_path, machine, model())
    again = second.plan(NEED)
    rates = {
        "prefill_rate": planned.prefill_rate,
        "decode_rate": planned.decode_rate,
        "seconds": planned.seconds,
        "assumption": planned.assumption,
    }

    assert again.prefill_rate < planned.prefill_rate / 5
    assert "; corrected by 3 runs here" in again.assumption
    assert planned == replace(again, **rates)
    assert pace == second.pace(NEED)


def test_a_probe_changes_the_pace_of_budgets(tmp_path: Path) -> None:
    """Somebody asked for it, and what they asked for is used."""
    first = Taught(tmp_path, HOST_ONLY, model())
    pace = first.pace(NEED)
    first.learn(first.plan(NEED), Ran(first.plan(NEED)), ran(first.plan(NEED), 3.0, 1.0), probe=True)

    assert pytest.approx(3 * pace, rel=1e-3) == Taught(tmp_path, HOST_ONLY, model()).pace(NEED)


def test_a_model_that_never_ran_here_is_corrected_by_others(tmp_path: Path) -> None:
    """And the plan says whose runs those were."""
    other = Taught(tmp_path, HOST_ONLY, model("gemma-3-1b"))
    other.learn(other.plan(NEED), Ran(other.plan(NEED)), ran(other.plan(NEED), 0.5, 0.5))
    bare = plan(model(), HOST_ONLY, NEED)
    seen = Taught(tmp_path, HOST_ONLY, model()).plan(NEED)

    assert pytest.approx(bare.prefill_rate / 2, rel=1e-3) == seen.prefill_rate
    assert "; corrected by what models of its size showed here" in seen.assumption


def test_machines_that_are_only_described_are_not_corrected(tmp_path: Path) -> None:
    """What this machine showed says nothing about one that is elsewhere."""
    here = Taught(tmp_path, HOST_ONLY, model())
    here.learn(here.plan(NEED), Ran(here.plan(NEED)), ran(here.plan(NEED), 3.0, 1.0))
    elsewhere = replace(HOST_ONLY, name="elsewhere")

    assert plan(model(), elsewhere, NEED) == Taught(tmp_path, elsewhere, model()).plan(NEED)


def taking(planned: Plan, more: int) -> Buffers:
    """What a load took: what was planned, and *more* bytes on the card."""
    parts = [
        Held(share.name, share.weights, share.cache, share.compute + (more if share.name != HOST else 0))
        for share in planned.shares
    ]
    return Buffers(Measured(tuple(parts)), (), mapped=False, flash_attention=True)


def test_a_load_that_took_more_than_planned_makes_the_next_plan_leave_room(tmp_path: Path) -> None:
    """By device, of this model; what comes again within the plan is believed in time."""
    first = Taught(tmp_path, WITH_CARD, model()).plan(NEED)
    more = 2 << 30
    Taught(tmp_path, WITH_CARD, model()).learn(first, Ran(first, taking(first, more)), ran(first, 1.0, 1.0))
    second = Taught(tmp_path, WITH_CARD, model()).plan(NEED)

    assert first.shares[0].used + more == second.shares[0].used
    for _ in range(9):
        again = Taught(tmp_path, WITH_CARD, model())
        again.learn(first, Ran(first, taking(first, 0)), ran(first, 1.0, 1.0))
    assert first.shares[0].used == Taught(tmp_path, WITH_CARD, model()).plan(NEED).shares[0].used


def test_a_run_that_had_to_go_down_the_ladder_teaches_no_rates(tmp_path: Path) -> None:
    """It was not the plan whose rates were predicted."""
    taught = Taught(tmp_path, WITH_CARD, model())
    first = taught.plan(NEED)
    taught.learn(first, Ran(replace(first, gpu_layers=10)), ran(first, 0.5, 0.5))

    assert first == Taught(tmp_path, WITH_CARD, model()).plan(NEED)
