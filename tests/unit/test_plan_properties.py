"""What holds for every plan, whatever the model, the machine and the need."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from codereader.engine.hardware.described import machine_of
from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.learning.learned import NOTHING
from codereader.engine.plan import GPU_MARGIN, HOST, Need, Plan, Preferences, size
from codereader.engine.planning.candidate import AWAY, DOUBLED, INEXACT, Chooser
from codereader.engine.planning.demand import model_of
from codereader.engine.planning.placement import Placement
from codereader.engine.planning.planner import plan, plans, plans_anyway
from codereader.errors import CodereaderError, ModelTooLarge
from codereader.model.gguf import ModelHeader, Tensor
from codereader.model.known import known_header

GIB = 1 << 30

SOME = settings(deadline=None, derandomize=True)
"""The same examples each time: a failure is a change of the planner, not of luck."""


def known(name: str) -> ModelHeader:
    header = known_header(name)
    assert header is not None
    return header


MODELS = {name: known(name) for name in ("llama-4-scout", "gpt-oss-20b", "gemma-3-27b", "qwen3-coder-30b-a3b")}
names = st.sampled_from(sorted(MODELS))
speeds = st.sampled_from([0.0, 300e9, 504e9, 1008e9])
cards = st.builds(
    lambda free, bandwidth, backend: (int(free * GIB), bandwidth, backend),
    st.floats(0, 96),
    speeds,
    st.sampled_from(["CUDA", "RPC", "Vulkan", "ROCm", ""]),
)


def machine_with(cards: list[tuple[int, float, str]], ram: int, *, shared: bool = False) -> Machine:
    devices = tuple(
        Device(
            f"GPU{number}", "a card", "integrated gpu" if shared else "gpu", free, free, backend, bandwidth,
            bandwidth * 60, 31.5e9, shared,
        )
        for number, (free, bandwidth, backend) in enumerate(cards)
    )  # fmt: skip
    host = Device("CPU", "host", "cpu", ram, ram)
    return Machine((*devices, host), ram, ram, 8, 16, can_offload=bool(devices))


machines = st.one_of(
    st.builds(machine_with, st.lists(cards, max_size=4), st.integers(0, 256 * GIB)),
    st.builds(lambda card, ram: machine_with([card], ram, shared=True), cards, st.integers(0, 512 * GIB)),
)
needs = st.builds(
    Need, st.integers(0, 300_000), st.integers(1, 4_000), st.none(), st.sampled_from(["auto", "auto", -1, 0, 7, 49])
)


def made(header: ModelHeader, machine: Machine, need: Need) -> tuple[Plan, ...]:
    """The plans, none where the model is refused as too large."""
    try:
        return plans(header, machine, need, changes=False)
    except ModelTooLarge:
        return ()


@given(names, machines, needs)
@settings(SOME, max_examples=12)
def test_no_plan_takes_what_is_not_there(name, machine, need):
    """Every device keeps its margin, the host is never over, a pool is counted once, and no layer is lost."""
    header = MODELS[name]
    for one in made(header, machine, need):
        assert all(share.headroom >= GPU_MARGIN for share in one.shares if share.name != HOST)
        assert one.shares[-1].headroom >= 0 or one.from_disk
        assert header.block_count + 1 == sum(share.layers for share in one.shares)
        assert one.gpu_layers == sum(share.layers for share in one.shares if share.name != HOST)
        pooled = [device for device in machine.layer_devices if device.shares_memory]
        if pooled and not one.from_disk:
            assert sum(share.used for share in one.shares) <= machine.memory_available
        assert one.prefill_rate > 0 or need.prompt_tokens == 0
        assert one.decode_rate > 0
        assert one.limit
        assert one.assumption


@given(names, machines, needs)
@settings(SOME, max_examples=8)
def test_the_same_question_has_the_same_plans(name, machine, need):
    """Nothing depends on what was planned before."""
    header = MODELS[name]
    assert made(header, machine, need) == made(header, machine, need)


@given(names, machines, needs)
@settings(SOME, max_examples=12)
def test_weights_lie_somewhere_once(name, machine, need):
    """All bytes of weights are placed; only an input table that serves as output is there twice."""
    header = MODELS[name]
    sizes = model_of(header)
    everything = sizes.embedding + sum(sizes.rest) + sum(sizes.experts) + sizes.output
    for one in made(header, machine, need):
        assert one.weights_bytes in (everything, everything + (sizes.tied if one.gpu_layers else 0))


def price(one: Plan) -> float:
    """The predicted seconds with what is held against them: a less precise cache, work left to the host, large batches.

    A plan that is better in one of these may take longer.
    """
    doublings = max(0, one.micro_batch.bit_length() - (512).bit_length())
    away = {"whole": 0, "host": 0, "experts": 1, "layers": 2}[one.kind]
    return one.seconds * (1 + INEXACT * (one.cache_type_k != "f16")) * (1 + AWAY * away) * (1 + DOUBLED * doublings)


alike = st.lists(
    st.tuples(
        st.sampled_from([4 * GIB, 8 * GIB, 12 * GIB, 16 * GIB, 24 * GIB, 48 * GIB]),
        st.sampled_from([300e9, 504e9, 1008e9]),
        st.just("CUDA"),
    ),
    min_size=1,
    max_size=3,
)


@given(names, alike, st.sampled_from([16, 32, 64, 128]), st.integers(0, 2), st.sampled_from([1, 2, 8, 24]))
@settings(SOME, max_examples=8)
def test_a_better_machine_is_never_slower(name, given_cards, ram, number, more):
    """A larger or faster card, a larger host, or one more card never makes the best plan worse."""
    header = MODELS[name]
    need = Need(8_192, 500)  # a length that the planner compares ways at as it is
    before = made(header, machine_with(given_cards, ram * GIB), need)
    assume(before)
    at = number % len(given_cards)
    free, bandwidth, backend = given_cards[at]
    larger, faster = [*given_cards], [*given_cards]
    larger[at] = (free + more * GIB, bandwidth, backend)
    faster[at] = (free, 1.5 * bandwidth, backend)

    for cards_then, ram_then in (
        (larger, ram), (faster, ram), (given_cards, ram + more), ([*given_cards, given_cards[at]], ram),
    ):  # fmt: skip
        after = made(header, machine_with(cards_then, ram_then * GIB), need)
        assert price(after[0]) <= price(before[0]) * 1.02


usual = st.builds(machine_with, alike, st.sampled_from([32 * GIB, 64 * GIB, 128 * GIB]))


@given(names, usual, needs)
@settings(SOME, max_examples=16)
def test_fewer_choices_are_never_faster(name, machine, need):
    """What a person rules out never makes the best plan better."""
    header = MODELS[name]
    free = made(header, machine, need)

    for preferences in (Preferences(cache_types=("f16",)), Preferences(micro_batch=512)):
        try:
            bound = plan(header, machine, need, preferences)
        except ModelTooLarge:
            continue
        assert free
        assert price(free[0]) <= price(bound) * 1.02


@given(names, usual, st.sampled_from([(500, 200), (5_227, 906), (60_000, 2_000)]))
@settings(SOME, max_examples=8)
def test_a_longer_context_never_fits_where_a_shorter_does_not(name, machine, tokens):
    """Where a context fits, half of it does too."""
    header = MODELS[name]
    for context in (131_072, 1_048_576):
        if made(header, machine, Need(*tokens, ctx=context)):
            assert made(header, machine, Need(*tokens, ctx=max(context // 2, sum(tokens) + 256)))


@given(names, usual, st.integers(1, 60_000))
@settings(SOME, max_examples=8)
def test_a_model_that_is_on_devices_stays_there_up_to_the_tokens_that_are_told(name, machine, prompt):
    """Planning for exactly so many tokens keeps the model whole on devices; for more, not with that cache and batch."""
    header = MODELS[name]
    told = made(header, machine, Need(prompt, 100))
    assume(told and told[0].kind == "whole")
    one = told[0]
    preferences = Preferences((one.cache_type_k,), one.micro_batch)

    assert "whole" == plan(header, machine, Need(100, 100, ctx=one.gpu_tokens), preferences).kind
    assert not _fits(header, machine, one, one.gpu_tokens + 256)


@pytest.mark.parametrize(
    ("name", "devices", "ram", "need"),
    [
        ("llama-4-scout", ["RTX 4080"], 96, Need(5_227, 906, ctx=131_072)),
        ("llama-4-scout", ["4x RTX 3060:12GiB"], 64, Need(5_227, 906, ctx=131_072)),
        ("llama-4-scout", ["M4 Pro:48GiB"], 48, Need(60_000, 2_000)),
        ("gemma-3-27b", ["RTX 4070"], 32, Need(20_000, 500)),
        ("gpt-oss-120b", ["RTX 5090", "RTX 3060:12GiB"], 96, Need(5_227, 906)),
    ],
)
def test_what_a_change_buys_is_what_a_second_plan_says(name, devices, ram, need):
    """Each figure agrees with planning again with that change."""
    header, machine = known(name), machine_of(devices, ram * GIB)
    first = plans(header, machine, need)[0]
    checked = 0
    for told in first.changes:
        if found := re.match(r"([\d.,]+) GiB more memory on .* whole model: (.*) instead of (.*)", told):
            more = int(float(found[1].replace(",", "")) * GIB)
            second = plan(header, _with_more(machine, first.devices, more), need)
            assert "whole" == second.kind
            assert (told_seconds(found[2]), told_seconds(found[3])) == pytest.approx(
                (second.seconds, first.seconds), rel=0.03, abs=0.6
            )
        elif found := re.match(
            r"a context of ([\d,]+) tokens, .*?(?: and |would )([\d.]+ s|\d+ min \d+ s) instead", told
        ):
            second = plan(header, machine, replace(need, ctx=int(found[1].replace(",", ""))))
            assert told_seconds(found[2]) == pytest.approx(second.seconds, rel=0.03, abs=0.6)
        elif found := re.match(r"a q8_0 cache would take (.*?) less", told):
            bound = Preferences(("q8_0",), first.micro_batch)
            second = plan(header, machine, replace(need, ctx=first.context), bound)
            assert size(first.cache_bytes - second.cache_bytes) == found[1]
        else:
            continue
        checked += 1

    assert checked


def _with_more(machine: Machine, names: tuple[str, ...], more: int) -> Machine:
    """*machine* with *more* bytes on each device of *names*, and in the pool that one shares."""
    pool = more if any(one.shares_memory for one in machine.devices if one.name in names) else 0
    devices = tuple(
        replace(one, free_bytes=one.free_bytes + more) if one.name in names else one for one in machine.devices
    )
    return replace(machine, devices=devices, memory_available=machine.memory_available + pool)


def told_seconds(text: str) -> float:
    """The seconds that ``26 s``, ``4 min 13 s`` or ``2 h 5 min`` mean."""
    return sum(
        float(count) * {"s": 1, "min": 60, "h": 3600}[unit] for count, unit in re.findall(r"([\d.]+) (s|min|h)\b", text)
    )


@given(names, machines, st.integers(256, 200_000), st.integers(256, 200_000))
@settings(SOME, max_examples=12)
def test_more_context_never_takes_fewer_bytes(name, machine, one, other):
    """With the same cache and micro-batch, a longer context takes at least the memory of a shorter one."""
    header = MODELS[name]
    preferences = Preferences(cache_types=("f16",), micro_batch=256)
    shorter, longer = sorted((one, other))
    takes = []
    for context in (shorter, longer):
        found = plans_anyway(header, machine, Need(100, 100, ctx=max(256, context)), preferences, changes=False)
        takes.append(found[0].cache_bytes)

    assert takes[0] <= takes[1]


@given(names, machines, st.integers(1, 60_000))
@settings(SOME, max_examples=12)
def test_the_tokens_that_stay_on_the_devices_are_the_most_that_fit(name, machine, prompt):
    """With as many tokens the placement fits as it is, with 256 more it does not."""
    header = MODELS[name]
    for one in made(header, machine, Need(prompt, 100))[:1]:
        if not one.devices or one.from_disk or one.gpu_tokens >= 1 << 30:
            continue
        assert one.gpu_tokens >= one.context
        assert _fits(header, machine, one, one.gpu_tokens)
        assert not _fits(header, machine, one, one.gpu_tokens + 256)


def _fits(header: ModelHeader, machine: Machine, one: Plan, context: int) -> bool:
    """Whether *one* fits with another context, everything else as it is."""
    chooser = Chooser(
        model_of(header), machine, Need(100, 100), Preferences(), NOTHING, context, exact_context=True, widest=1
    )
    by_name = {device.name: device for device in machine.devices}
    placement = Placement(
        header.block_count + 1 - one.gpu_layers,
        tuple(by_name[name] for name in one.devices),
        tuple(share.layers for share in one.shares if share.name in one.devices),
        one.cpu_experts,
    )
    found = chooser.candidate(placement, chooser.demand(context, one.micro_batch, one.cache_type_k), 0)
    return not found.lacks and not found.from_disk


odd = st.sampled_from([0, 1, 2, 3, 7, 64, 4096, (1 << 31) - 1])


@given(
    blocks=st.integers(0, 5),
    architecture=st.sampled_from(["llama", "llama4", "gemma3", "gpt-oss", "deepseek2", "mamba", "jamba", ""]),
    numbers=st.lists(odd, min_size=10, max_size=10),
    names=st.lists(
        st.sampled_from(
            ["token_embd.weight", "output.weight", "blk.0.attn_q.weight", "blk.1.ffn_down.weight", "blk.x.y", "blk.9.z",
             "blk.0.ffn_up_exps.weight", "blk.1.ffn_down_exps.weight", "blk.0.ffn_gate_inp.weight", "rope_freqs.weight"]
        ),
        max_size=12,
    ),
    machine=machines,
)  # fmt: skip
@settings(SOME, max_examples=60)
def test_no_header_is_too_odd_to_be_planned_or_refused(blocks, architecture, numbers, names, machine):
    """No layers, missing keys, huge numbers: a plan comes out or one of the errors that are for people."""
    heads, kv, key, value, experts, used, window, vocabulary, embedding, rows = numbers
    header = ModelHeader(
        path=Path("odd.gguf"), parts=(Path("odd.gguf"),), file_bytes=1, architecture=architecture, name="Odd",
        quantization="", context_length=0, block_count=blocks, embedding_length=embedding,
        head_counts=(heads,) * blocks, kv_head_counts=(kv,) * blocks if heads else (), key_length=key,
        value_length=value, rope_base=0.0, rope_scaling="", expert_count=experts, expert_used_count=used,
        sliding_window=window, vocab_size=vocabulary, tokenizer_model="", tokenizer_pre="", chat_template=None,
        bos_id=None, eos_id=None, eot_id=None, add_bos=None,
        tensors=tuple(Tensor(name, (embedding, rows), "Q4_K", 0, embedding * rows) for name in names),
        metadata={}, arrays={}, digest="",
    )  # fmt: skip
    try:
        told = plans(header, machine, Need(100, 100))[0].limit
    except CodereaderError as error:
        told = str(error)

    assert told


@pytest.mark.parametrize("name", sorted(MODELS))
def test_plans_of_known_models_are_the_same_with_their_parts_in_any_order(name):
    """The order of tensors in a file means nothing."""
    header = MODELS[name]
    turned = replace(header, tensors=header.tensors[::-1])
    machine = machine_with([(16 * GIB, 504e9, "CUDA")], 96 * GIB)

    assert plan(header, machine, Need(5_000, 500)) == plan(turned, machine, Need(5_000, 500))


def test_cards_that_hold_a_model_together_go_before_one_that_needs_the_host():
    """What exact sizes make slower waits for its turn, and no list has the same way twice."""
    found = plans(
        known("nemotron-3-nano-30b-a3b"), machine_of(["RTX 4090", "RTX 3060:12GiB"], 96 * GIB), Need(5_227, 906),
        changes=False,
    )  # fmt: skip

    assert "whole" == found[0].kind
    assert len(found) == len({(one.kind, one.devices, one.cache_type_k) for one in found})
