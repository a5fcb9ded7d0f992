"""Plans of Llama 4 Scout and others for machines that people have, or think of buying."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codereader.engine.hardware.described import machine_of
from codereader.engine.plan import HOST, Need, Preferences, size
from codereader.engine.planning.planner import plan, plans, plans_anyway
from codereader.errors import ModelTooLarge
from codereader.model.known import known_header

GIB = 1 << 30
SCOUT = known_header("llama-4-scout")
MEASURED = Need(5_227, 900, ctx=131_072)
"""What Ollama took 11 min 5 s, 5 min 58 s and 54.5 s for, on the three machines below."""


def test_a_16_gib_card_takes_everything_but_experts():
    """All layers, the output and 131,072 tokens of cache are on the card; no layer as a whole is left to the host."""
    made = plan(SCOUT, machine_of(["RTX 4080"], 96 * GIB), MEASURED)

    assert (49, "experts", False) == (made.gpu_layers, made.kind, made.mmap)
    assert len(made.cpu_experts) >= 44
    assert made.seconds < 665 / 4


def test_four_20_gib_cards_take_the_whole_model_without_overrides():
    """Overrides would keep the cards from working on one prompt in turn."""
    made = plan(SCOUT, machine_of(["4x RTX 4000 Ada"], 128 * GIB), MEASURED)

    assert (49, "whole", ()) == (made.gpu_layers, made.kind, made.cpu_experts)
    assert 4 == len(made.devices)
    assert made.seconds < 358 / 4


def test_one_96_gib_card_takes_the_whole_model():
    """With an f16 cache: nothing is gained from a less precise one."""
    made = plan(SCOUT, machine_of(["RTX PRO 6000"], 128 * GIB), MEASURED)

    assert ("whole", "f16", "100% GPU") == (made.kind, made.cache_type_k, made.processor)
    assert made.seconds < 54.5 / 3


@pytest.mark.parametrize("name", ["M4 Max 128GB", "DGX Spark"])
def test_a_shared_pool_is_counted_once(name):
    """Everything lies on the device; the host, whose memory is the same, holds nothing beside."""
    machine = machine_of([name])
    made = plan(SCOUT, machine, MEASURED)

    device, host = made.shares
    assert "whole" == made.kind
    assert (HOST, 0) == (host.name, host.used)
    assert device.used + host.free == machine.memory_available
    assert made.weights_bytes == sum(tensor.bytes for tensor in SCOUT.tensors)


def test_the_faster_card_is_filled_first():
    """Where a model needs both of two cards, the slow one takes what is left."""
    made = plan(SCOUT, machine_of(["RTX 3060:12GiB", "RTX 5090", "RTX 5090"], 128 * GIB), MEASURED)

    layers = {share.name: share.layers for share in made.shares}
    assert layers.get("RTX 3060", 0) < layers["RTX 5090 #1"]


def test_cards_that_no_plan_needs_are_left_alone():
    """A model that fits one card does not go over two."""
    made = plan(known_header("gpt-oss-20b"), machine_of(["2x RTX 4090"], 64 * GIB), Need(5_000, 500))

    assert 1 == len(made.devices)


def test_several_devices_can_be_named():
    """--device takes names with commas between, and no other card is used."""
    machine = machine_of(["4x RTX 4000 Ada"], 128 * GIB)
    made = plan(SCOUT, machine, replace(MEASURED, device="RTX 4000 Ada #2, RTX 4000 Ada #4"))

    assert {"RTX 4000 Ada #2", "RTX 4000 Ada #4"} >= set(made.devices)
    assert made.cpu_experts


def test_ten_million_tokens_say_what_they_would_take():
    """Where nothing fits, a plan says what is needed and how long it would run; a run is refused with the way out."""
    machine = machine_of(["RTX PRO 6000"], 128 * GIB)
    need = Need(10_484_736, 1_024, ctx=10_485_760)
    made = plans_anyway(SCOUT, machine, need)[0]

    assert not made.fits
    assert "255.6 GiB" == size(made.cache_bytes)
    assert made.seconds > 3_600
    assert "which has 95.0 GiB" in made.limit
    with pytest.raises(ModelTooLarge) as caught:
        plans(SCOUT, machine, need)
    fitting = int(caught.value.hint.split("--ctx ")[1].split()[0])
    assert plan(SCOUT, machine, Need(1_000, 100, ctx=fitting)).fits


def test_a_q4_0_cache_is_taken_only_where_it_is_named():
    """Its price in precision is the person's to pay."""
    machine = machine_of(["RTX 3060:12GiB"], 96 * GIB)
    chosen = {one.cache_type_k for one in plans(SCOUT, machine, MEASURED)}
    named = plan(SCOUT, machine, MEASURED, Preferences(cache_types=("q4_0",)))

    assert "q4_0" not in chosen
    assert "q4_0" == named.cache_type_k


def test_gpu_layers_that_do_not_fit_are_refused():
    """What a person asks for is done or refused with the reason, never changed in silence."""
    with pytest.raises(ModelTooLarge, match=r"--gpu-layers 49 needs .* on RTX 3060") as caught:
        plan(SCOUT, machine_of(["RTX 3060:12GiB"], 96 * GIB), Need(200_000, 100, ctx=262_144, gpu_layers=49))

    assert "--ctx" in caught.value.hint


def test_what_is_told_of_layers_that_do_not_fit_is_of_these_layers():
    """Half of the layers need about half of what all of them would."""
    machine = machine_of(["RTX 3060:12GiB"], 16 * GIB)
    half, whole = (
        plans_anyway(known_header("gemma-3-27b"), machine, Need(200_000, 100, ctx=262_144, gpu_layers=count))[0]
        for count in (31, 63)
    )

    assert (31, 63) == (half.gpu_layers, whole.gpu_layers)
    assert half.shares[0].used < 0.7 * whole.shares[0].used


def test_gpu_layers_are_kept_with_their_experts_left_to_the_host_if_need_be():
    """The layers asked for are on the card; that their experts are not is said."""
    made = plan(SCOUT, machine_of(["RTX 4080"], 96 * GIB), Need(5_000, 500, gpu_layers=20))

    assert 20 == made.gpu_layers
    assert any("experts of" in note for note in made.notes)


def test_memory_smaller_than_the_experts_is_read_from_disk_at_an_honest_speed():
    """Experts that do not fit are mapped from the file; the plan says how many bytes and promises little."""
    machine = machine_of(["RTX 4080"], 32 * GIB)
    made = plan(SCOUT, machine, Need(5_000, 500))

    assert made.mmap
    assert made.from_disk > 16 * GIB
    assert not made.repacks
    assert made.host_bytes == made.shares[-1].used - made.shares[-1].weights < made.shares[-1].free
    assert made.decode_rate < 2
    assert "from disk" in made.limit


def test_a_dense_model_that_would_be_read_whole_from_disk_for_each_token_is_refused():
    """A token every ten seconds is no answer."""
    with pytest.raises(ModelTooLarge, match=r"needs .* of memory"):
        plan(known_header("gemma-3-27b"), machine_of(["RTX 3050"], 12 * GIB), Need(5_000, 500, device="cpu"))


def test_what_a_change_buys_is_worked_out():
    """More context than prompt and answer need, the experts of a layer in tokens, and the memory that is missing."""
    changes = plans(SCOUT, machine_of(["RTX 4080"], 96 * GIB), MEASURED)[0].changes

    assert any("6,144 tokens, all that prompt and answer need" in change for change in changes)
    assert any("the experts of one layer" in change and "tokens of" in change for change in changes)
    assert any("would hold the whole model" in change for change in changes)


def test_what_was_learned_corrects_the_rates():
    """Half the speed that was predicted is what is predicted next."""
    from codereader.engine.learning.learned import Learned

    machine = machine_of(["RTX 4080"], 96 * GIB)
    before, after = (plan(SCOUT, machine, MEASURED, learned=Learned(one, one, runs=2)) for one in (1.0, 0.5))

    assert pytest.approx(before.decode_rate / 2, rel=1e-3) == after.decode_rate
    assert pytest.approx(before.seconds * 2, rel=1e-3) == after.seconds


def test_the_next_question_is_run_the_same_way():
    """A prompt a little longer or shorter changes neither placement nor batches: what was evaluated can be reused."""
    machine = machine_of(["RTX 4080"], 96 * GIB)
    ways = {
        (made.gpu_layers, made.cpu_experts, made.micro_batch, made.cache_type_k)
        for made in (plan(SCOUT, machine, Need(prompt, 500)) for prompt in (5_000, 5_300, 5_800, 6_400))
    }

    assert 1 == len(ways)


def test_the_limit_names_what_stays_with_the_host():
    """On a card too small for all attention, whole layers and the experts of the others are told apart."""
    made = plan(SCOUT, machine_of(["RTX 3050"], 96 * GIB), MEASURED)

    first = SCOUT.block_count + 1 - made.gpu_layers
    assert f"the memory of RTX 3050: {first} layers and the experts of {len(made.cpu_experts)} more" in made.limit


def test_layers_that_the_person_left_to_the_host_are_no_lack_of_memory():
    """With --gpu-layers it is that number which binds; one layer is told as one."""
    header = known_header("smollm2-135m")
    machine = machine_of(["RTX 4090"], 96 * GIB)
    some, most, every = (plan(header, machine, Need(1000, 100, gpu_layers=count)).limit for count in (15, 30, "auto"))

    assert some.startswith("--gpu-layers 15: 16 layers (")
    assert some.endswith(") stay with the host")
    assert most.startswith("--gpu-layers 30: 1 layer (")
    assert most.endswith(") stays with the host")
    assert "--gpu-layers" not in every


def test_several_cards_that_are_too_small_are_named_together():
    """Four cards that lack the same are one sentence."""
    machine = machine_of(["4x RTX PRO 6000"], 128 * GIB)
    made = plans_anyway(SCOUT, machine, Need(10_484_736, 1_024, ctx=10_485_760))[0]

    assert 1 == made.limit.count("4x RTX PRO 6000")


def test_an_unknown_link_or_bandwidth_is_said_to_be_assumed():
    """Rates that rest on guesses say so."""
    made = plan(SCOUT, machine_of(["Card:16GiB"], 96 * GIB), MEASURED)

    assert "bandwidth and compute assumed" in made.assumption
    assert "PCIe 4 x16 assumed" in made.assumption
