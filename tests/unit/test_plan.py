"""Planning a run from a header and a machine, without loading anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codereader.engine.footprint.cache import cache_bytes
from codereader.engine.footprint.compute import compute_bytes
from codereader.engine.footprint.weights import weights
from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.plan import Need, size
from codereader.engine.planning.planner import plan
from codereader.errors import BudgetTooSmall, ModelTooLarge, UsageError
from codereader.model.gguf import ModelHeader, Tensor

GIB = 1 << 30


def header(blocks=4, block_bytes=GIB, architecture="llama", **changes) -> ModelHeader:
    """A model of *blocks* equal layers, an input table of half a GiB and an output of as much."""
    names = ["token_embd.weight", *(f"blk.{number}.attn_q.weight" for number in range(blocks)), "output.weight"]
    sizes = [GIB // 2, *([block_bytes] * blocks), GIB // 2]
    tensors = tuple(Tensor(name, (2048, 4096), "Q8_0", 0, size) for name, size in zip(names, sizes, strict=True))
    made = ModelHeader(
        path=Path("model.gguf"), parts=(Path("model.gguf"),), file_bytes=sum(sizes), architecture=architecture,
        name="Model", quantization="Q8_0", context_length=8192, block_count=blocks, embedding_length=2048,
        head_counts=(32,) * blocks, kv_head_counts=(8,) * blocks, key_length=128, value_length=128, rope_base=0.0,
        rope_scaling="", expert_count=0, expert_used_count=0, sliding_window=0, vocab_size=32_000,
        tokenizer_model="gpt2", tokenizer_pre="smollm", chat_template=None, bos_id=None, eos_id=None, eot_id=None,
        add_bos=None, tensors=tensors, metadata={}, arrays={}, digest="",
    )  # fmt: skip
    return replace(made, **changes)


def machine(*free_gib: float, memory_gib: float = 64) -> Machine:
    """A host with a GPU for each number of free GiB."""
    cards = tuple(
        Device(f"GPU{number}", "a card", "gpu", int(free * GIB), int(free * GIB))
        for number, free in enumerate(free_gib)
    )
    memory = int(memory_gib * GIB)
    host = Device("CPU", "host", "cpu", memory, memory)
    return Machine((*cards, host), memory, memory, physical_cores=8, logical_cores=16, can_offload=bool(cards))


def test_the_context_is_the_need_padded_to_256_tokens():
    """No more context is asked for than the prompt and the answer need, in llama.cpp's steps."""
    made = plan(header(), machine(), Need(1000, 100))

    assert 1280 == made.context


def test_ctx_overrides_the_need():
    """--ctx is taken as it is, padded."""
    made = plan(header(), machine(), Need(1000, 100, ctx=4000))

    assert (4096, ()) == (made.context, made.notes)


def test_a_ctx_below_the_prompt_is_refused_with_one_that_works():
    """A context that cannot hold the prompt is an error that names the smallest that can."""
    with pytest.raises(BudgetTooSmall, match="1,000 tokens, and --ctx 900") as caught:
        plan(header(), machine(), Need(1000, 100, ctx=900))

    assert "--ctx 1280" in caught.value.hint


def test_a_ctx_that_cuts_the_answer_is_noted():
    """A context with less room than the answer was promised says how much is left."""
    made = plan(header(), machine(), Need(1000, 600, ctx=1024))

    assert ("--ctx leaves 24 tokens for the answer, which may be cut; 600 were asked",) == made.notes


def test_a_context_beyond_training_is_noted():
    """More context than the model was trained for is allowed, with a warning."""
    made = plan(header(), machine(), Need(9000, 100))

    assert 1 == len(made.notes)
    assert "9,100 tokens is larger than the 8,192" in made.notes[0]


def test_without_a_gpu_everything_stays_on_the_cpu():
    """A machine without devices runs on the CPU, with a thread a physical core."""
    made = plan(header(), machine(), Need(1000, 100))

    assert (0, (), 8, "100% CPU") == (made.gpu_layers, made.devices, made.threads, made.processor)


def test_a_model_that_fits_one_card_goes_there_whole():
    """One card with room takes every layer and the output, whatever other cards there are."""
    made = plan(header(), machine(4, 12), Need(1000, 100))

    assert (5, ("GPU1",), "100% GPU") == (made.gpu_layers, made.devices, made.processor)


def test_a_model_that_does_not_fit_leaves_layers_on_the_cpu():
    """A card too small for all takes as many whole layers as fit beside its margin, the output first."""
    made = plan(header(), machine(4), Need(1000, 100))

    assert (2, ("GPU0",), "70%/30% CPU/GPU") == (made.gpu_layers, made.devices, made.processor)


def test_a_card_without_room_is_not_used():
    """A card that cannot hold even the output leaves the run on the CPU."""
    made = plan(header(), machine(1.2), Need(1000, 100))

    assert (0, (), "100% CPU") == (made.gpu_layers, made.devices, made.processor)


def test_several_cards_share_what_no_single_one_holds():
    """Cards are used together when the model fits none alone."""
    made = plan(header(), machine(4, 4), Need(1000, 100))

    assert (5, ("GPU0", "GPU1")) == (made.gpu_layers, made.devices)


@pytest.mark.parametrize(("asked", "given"), [(2, 2), (99, 5), (-1, 5), (0, 0)])
def test_gpu_layers_are_taken_as_asked(asked, given):
    """--gpu-layers is followed as far as the model has layers; a negative number means all."""
    made = plan(header(), machine(24), Need(1000, 100, gpu_layers=asked))

    assert given == made.gpu_layers


def test_gpu_layers_without_a_gpu_are_noted():
    """Asking for layers on a device that is not there is said, not obeyed."""
    made = plan(header(), machine(), Need(1000, 100, gpu_layers=10))

    note = "--gpu-layers has no effect: there is no device that can hold layers of a model"
    assert (0, (note,)) == (made.gpu_layers, made.notes)


def test_the_device_can_be_named():
    """--device picks one card, or none."""
    on_card = plan(header(), machine(24, 12), Need(1000, 100, device="GPU1"))
    on_cpu = plan(header(), machine(24, 12), Need(1000, 100, device="cpu"))

    assert (("GPU1",), ()) == (on_card.devices, on_cpu.devices)


def test_a_device_that_is_not_there_is_a_usage_error():
    """A device name with a typo names the devices that there are."""
    with pytest.raises(UsageError, match=r"no device 'GPU7' .*found: GPU0"):
        plan(header(), machine(24), Need(1000, 100, device="GPU7"))


def test_a_model_larger_than_memory_is_refused_before_loading():
    """Weights beyond the available memory are an error with both figures; no context would help."""
    with pytest.raises(
        ModelTooLarge, match=r"needs 5\.0 GiB of memory .* 3\.0 GiB are available: 2\.\d GiB are missing"
    ) as caught:
        plan(header(), machine(memory_gib=3), Need(1000, 100))

    assert "smaller model" in caught.value.hint


def test_a_context_larger_than_memory_names_one_that_fits():
    """Weights that fit with a context that does not: the hint's --ctx can be planned."""
    with pytest.raises(ModelTooLarge) as caught:
        plan(header(), machine(memory_gib=6), Need(1000, 100, ctx=200_000))

    fitting = int(caught.value.hint.split("--ctx ")[1].split()[0])
    assert fitting == plan(header(), machine(memory_gib=6), Need(1000, 100, ctx=fitting)).context


def test_layers_on_a_card_do_not_count_against_the_memory():
    """What a card holds is not asked of the host again."""
    made = plan(header(), machine(12, memory_gib=2), Need(1000, 100))

    assert "100% GPU" == made.processor


def test_the_cache_is_two_rows_a_token_and_layer():
    """f16 keys and values: layers x heads x length x 2 x 2 bytes a token."""
    assert 4 * 8 * 128 * 2 * 2 * 1024 == cache_bytes(header(), 1024, 512, "f16", "f16")


def test_a_quantised_cache_takes_its_blocks_bytes():
    """q8_0 takes 34 bytes for 32 numbers."""
    assert 4 * 8 * 128 * 2 * 34 // 32 * 1024 == cache_bytes(header(), 1024, 512, "q8_0", "q8_0")


def test_windowed_layers_keep_only_their_window():
    """Of Gemma 3 every sixth layer keeps the whole context; the others their window and one batch, padded."""
    gemma = header(blocks=6, architecture="gemma3", sliding_window=512)
    row = 8 * 128 * 2 * 2

    assert row * (8192 + 5 * 1024) == cache_bytes(gemma, 8192, 512, "f16", "f16")


def test_llama_4_keeps_chunks_in_three_layers_of_four():
    """Scout at 131,072 tokens: 7,368 MiB, as llama.cpp itself reports for 48 layers with 8 heads of 128."""
    scout = header(blocks=48, architecture="llama4")

    assert 7_368 * 2**20 == cache_bytes(scout, 131_072, 512, "f16", "f16")


def test_a_written_pattern_says_which_layers_are_windowed():
    """A flag a layer in the file wins over what is known of the architecture."""
    mixed = header(
        architecture="gemma3",
        sliding_window=512,
        metadata={"gemma3.attention.sliding_window_pattern": (True, False, False, False)},
    )
    row = 8 * 128 * 2 * 2

    assert row * (3 * 8192 + 1024) == cache_bytes(mixed, 8192, 512, "f16", "f16")


def test_the_work_space_grows_with_the_context():
    """Flash attention needs one mask of two bytes for each token of the batch and of the context."""
    grown = compute_bytes(header(), 32_768, 512) - compute_bytes(header(), 16_384, 512)

    assert 512 * 16_384 * 2 == grown


def test_a_tied_output_is_copied_to_the_card():
    """Where the input table is the output too, offloading costs the card its bytes and frees none on the host."""
    tied = header()
    tied = replace(tied, tensors=tied.tensors[:-1])

    assert (0, GIB // 2) == (weights(tied).output, weights(tied).tied)


def test_a_slow_machine_takes_smaller_batches_to_stay_stoppable():
    """A matrix product too long to wait for halves the batch."""
    one_core = replace(machine(), physical_cores=1)
    wide = replace(header(), tensors=(*header().tensors, Tensor("blk.0.ffn_up.weight", (8192, 28672), "Q8_0", 0, GIB)))

    batches = [plan(model, one_core, Need(1000, 100)).micro_batch for model in (header(), wide)]

    assert [256, 64] == batches


def test_experts_that_are_not_used_cost_no_time():
    """Of 16 experts of which one is used, a sixteenth counts."""
    names = ("ffn_gate_exps", "ffn_up_exps", "ffn_down_exps")
    experts = tuple(Tensor(f"blk.0.{name}.weight", (2048, 2048, 16), "Q8_0", 0, 1 << 20) for name in names)
    dense = replace(header(blocks=1, head_counts=(0,)), tensors=experts, expert_count=16, expert_used_count=16)
    sparse = replace(dense, expert_used_count=1)

    rates = [plan(model, machine(), Need(1000, 100)).prefill_rate for model in (dense, sparse)]

    assert pytest.approx(16, rel=0.01) == rates[1] / rates[0]


@pytest.mark.parametrize(("count", "words"), [(0, "0 MiB"), (5 << 20, "5 MiB"), (3 << 29, "1.5 GiB")])
def test_sizes_are_told_in_binary_units(count, words):
    """People read MiB below one GiB, and GiB above."""
    assert words == size(count)
