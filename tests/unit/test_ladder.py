"""What is tried when a plan does not fit after all: always less of what ran out, never more than the host has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest

from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.learning.learned import Learned
from codereader.engine.plan import HOST, Need, Plan
from codereader.engine.planning.ladder import retreat, way_out
from codereader.engine.planning.planner import plans
from codereader.model.known import known_header

GIB = 1 << 30
NEED = Need(5_227, 1_024, ctx=131_072)


def machine(*free_gib: float, ram_gib: float = 96) -> Machine:
    """A host with a card of so many GiB for each number."""
    found = tuple(
        Device(f"CUDA{at}", "a card", "gpu", int(free * GIB), int(free * GIB), "CUDA", 504e9, 29e12, 12e9)
        for at, free in enumerate(free_gib)
    )
    ram = int(ram_gib * GIB)
    host = Device("CPU", "host", "cpu", ram, ram)
    return Machine((*found, host), ram, ram, 8, 16, can_offload=bool(found), bandwidth=60e9)


@cache
def climb(
    name: str, here: Machine, need: Need = NEED, short: str = "", part: float = 1
) -> tuple[Plan, list[Plan], list[str]]:
    """The best plan of a known model, what is tried after it in steps to *part* at most, and what is said."""
    header = known_header(name)
    assert header is not None
    first = now = plans(header, here, need, most=1, changes=False)[0]
    steps, said = [], []
    while (step := retreat(header, here, need, now, short, int(part * used(now, short)) - 1)) is not None:
        was, now = now, step[0]
        steps.append(now)
        said.append(step[1])
        if was.devices and not now.devices:
            break
    return first, steps, said


def attempt(name: str, now: Machine, plan: Plan, short: str, most: int) -> tuple[Plan, str]:
    """What is tried where a plan failed."""
    header = known_header(name)
    assert header is not None
    step = retreat(header, now, NEED, plan, short, most)
    assert step is not None
    return step


def used(plan: Plan, name: str) -> int:
    """Bytes that a plan takes of one device, of all devices together where it has no name; of the host, for good."""
    if name == HOST:
        return plan.host_bytes
    if not name:
        return sum(share.used for share in plan.shares if share.name != HOST)
    return next((share.used for share in plan.shares if share.name == name), 0)


def words(said: Sequence[str]) -> list[str]:
    """Which rung each sentence stands for, repeats left out."""
    keys = {"batches": "batches", "cache": "cache", "mapped": "mapped", "experts": "experts",
            "CPU alone": "cpu", " on CUDA": "layers", " devices": "layers"}  # fmt: skip
    found = [next(rung for key, rung in keys.items() if key in text) for text in said]
    return [rung for at, rung in enumerate(found) if at == 0 or found[at - 1] != rung]


MACHINES = [
    pytest.param((16,), 96, id="16 GB"),
    pytest.param((20, 20, 20, 20), 96, id="4 x 20 GB"),
    pytest.param((24, 8), 64, id="uneven"),
]


@pytest.mark.parametrize(("free", "ram"), MACHINES)
@pytest.mark.parametrize("short", ["", "CUDA0", HOST])
@pytest.mark.parametrize("name", ["llama-4-scout", "gemma-3-27b"])
def test_each_step_takes_less_of_what_ran_out(name, free, ram, short):
    """Whatever ran out is taken less of at each step, and the host is never asked for what it does not have."""
    first, steps, _ = climb(name, machine(*free, ram_gib=ram), short=short, part=0.9)

    before = first
    for step in steps:
        assert used(step, short) < used(before, short)
        assert step.shares[-1].headroom >= 0 or used(step, HOST) <= used(before, HOST)
        assert step.gpu_layers == sum(share.layers for share in step.shares if share.name != HOST)
        before = step


def test_the_rungs_come_in_their_order():
    """What costs least is tried first, and the CPU last."""
    _, steps, said = climb("llama-4-scout", machine(96))

    assert ["batches", "cache", "experts", "layers", "cpu"] == list(dict.fromkeys(words(said)))
    assert ((), "100% CPU") == (steps[-1].devices, steps[-1].processor)


def test_the_context_stays():
    """Nobody's answer is cut unasked."""
    first, steps, _ = climb("llama-4-scout", machine(96))

    assert {first.context} == {step.context for step in steps}


def test_a_goal_is_reached_in_one_step():
    """A load takes minutes: what is known to be too much is not tried, and what is not needed is not given up."""
    first, _, _ = climb("llama-4-scout", machine(96))

    step, said = attempt("llama-4-scout", machine(96), first, "CUDA0", most=60 * GIB)

    assert 50 * GIB < used(step, "CUDA0") <= 60 * GIB
    assert first.micro_batch // 4 <= step.micro_batch
    assert said.startswith("trying again with the experts of 6 layers in the host's memory, not none")
    assert "with a q8_0 cache, not f16" in said


def test_what_is_free_now_bounds_the_next_step():
    """Another program took half of the card meanwhile: the next load leaves that alone."""
    first, _, _ = climb("llama-4-scout", machine(16))

    step, _ = attempt("llama-4-scout", machine(8), first, "CUDA0", most=15 * GIB)

    assert 4 * GIB < used(step, "CUDA0") <= 8 * GIB


def test_all_cards_that_lack_memory_now_are_relieved_at_once():
    """Each alone would take a load of its own."""
    first, _, _ = climb("llama-4-scout", machine(20, 20, 20, 20))

    step, _ = attempt("llama-4-scout", machine(17, 17, 17, 17), first, "CUDA0", most=18 * GIB)

    assert all(10 * GIB < share.used <= 17 * GIB for share in step.shares if share.name != HOST)


def test_a_goal_that_cannot_be_reached_gives_the_smallest_step():
    """A card without any room leaves the CPU."""
    first, _, _ = climb("llama-4-scout", machine(16))

    step, said = attempt("llama-4-scout", machine(16), first, "CUDA0", most=0)

    assert () == step.devices
    assert said.startswith("trying again on the CPU alone (takes ")


def test_only_the_card_that_ran_out_is_relieved():
    """One of four cards that is short keeps the others as they are while batches, cache and experts are tried."""
    first, steps, said = climb("llama-4-scout", machine(20, 20, 20, 20), short="CUDA3")

    moved = next(step for step, text in zip(steps, said, strict=True) if "experts" in text)
    on_last = {share.name: share.layers for share in first.shares}["CUDA3"] - 1
    assert set(moved.cpu_experts) <= set(range(48 - on_last, 48))
    assert all("on CUDA3" in text for text in said)


def test_a_dense_model_loses_layers_not_experts():
    """Where there are no experts that rung is left out."""
    _, _, said = climb("gemma-3-27b", machine(24), Need(4_000, 500))

    assert "experts" not in words(said)
    assert "layers" in words(said)


def test_a_host_that_ran_out_maps_its_weights_and_is_given_nothing_more():
    """Experts and layers would burden it further."""
    _, steps, said = climb("llama-4-scout", machine(16), short=HOST)

    assert ["batches", "mapped"] == words(said)
    assert steps[-1].mmap


def test_on_the_cpu_alone_nothing_is_moved():
    """A plan without devices has smaller batches, a smaller cache and the file itself left."""
    _, _, said = climb("llama-4-scout", machine(), Need(5_000, 500, ctx=32_768))

    assert set(words(said)) <= {"batches", "cache", "mapped"}
    assert words(said)


def test_the_cpu_is_no_way_out_without_the_memory():
    """A machine that cannot hold the model is not made to try."""
    _, steps, said = climb("llama-4-scout", machine(96, ram_gib=8))

    assert "cpu" not in words(said)
    assert all(step.shares[-1].headroom >= 0 for step in steps)


def test_a_sentence_says_what_changes_at_what_price():
    """A person can follow what happens to their run."""
    _, _, said = climb("llama-4-scout", machine(16), short="CUDA0")

    sentence = (
        r"trying again in batches of 1,024 tokens, not 2,048, which is slower at reading prompts "
        r"\(takes \d+ MiB less on CUDA0\)"
    )
    assert re.fullmatch(sentence, said[0])


def test_what_runs_taught_of_a_card_stays_in_the_account():
    """A card that takes more than is foreseen takes it at each step too: it is not what a step saves."""
    header = known_header("llama-4-scout")
    assert header is not None
    here = machine(24)
    first = plans(header, here, NEED, learned=Learned(extra_bytes={"CUDA0": 2 * GIB}))[0]

    steps = [attempt("llama-4-scout", here, first, "CUDA0", most=gib * GIB)[0] for gib in (20, 14, 10)]

    assert all(share.scratch >= 2 * GIB for step in (first, *steps) for share in step.shares if share.name == "CUDA0")


def test_the_same_plan_gives_the_same_steps():
    """Nothing depends on the run."""
    assert climb("llama-4-scout", machine(16)) == climb.__wrapped__("llama-4-scout", machine(16))


@pytest.mark.parametrize("ram", [24, 32])
def test_where_no_step_is_left_a_context_is_named_that_fits(ram):
    """As large as half of what was missing can bear; planned anew it is no more than that."""
    header = known_header("qwen3-coder-30b-a3b")
    assert header is not None
    need = Need(5_227, 1_024, ctx=1_048_576)
    last = plans(header, machine(ram_gib=ram + 200), need, most=1, changes=False)[0]
    here = machine(ram_gib=ram)

    hint = way_out(header, here, need, last, HOST, 0)

    found = re.search(r"--ctx (\d+) or less", hint)
    assert found
    fitting = plans(header, here, replace(need, ctx=int(found[1])), most=1, changes=False)[0]
    assert fitting.context < last.context
    assert used(fitting, HOST) <= ram * GIB


def test_no_context_is_named_where_the_context_is_not_what_is_missing():
    """A model that would fit with half of the memory failed for another reason."""
    header = known_header("smollm2-135m")
    assert header is not None
    need = Need(1_000, 100, ctx=1_024)
    last = plans(header, machine(), need, most=1, changes=False)[0]

    assert "" == way_out(header, machine(), need, last, HOST, 1 << 40)


def test_a_card_that_has_gone_is_done_without():
    """Its server or driver ended: what is left carries the model, in the same context."""
    first, _, _ = climb("gemma-3-27b", machine(24, 24))

    step, said = attempt("gemma-3-27b", machine(24), first, "", most=1)
    alone, _ = attempt("gemma-3-27b", machine(), first, "", most=1)

    assert "trying again without CUDA1, which cannot be reached any more" == said
    assert (("CUDA0",), ()) == (step.devices, alone.devices)
    assert {first.context} == {step.context, alone.context}
