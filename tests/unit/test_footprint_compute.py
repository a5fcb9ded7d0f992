"""Scratch buffers by formula: what ggml's allocator makes of a graph's steps, beside llama.cpp's own dry run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.engine.footprint.compute import (
    COPIES,
    Placement,
    compute_bytes,
    compute_shares,
    scratch_bytes,
    unsized,
)
from codereader.engine.footprint.scratch import Graph
from codereader.engine.plan import HOST, Plan, Share
from codereader.engine.trial.measured import Measured
from codereader.engine.trial.run import dry_runs
from codereader.model.container import Tensor
from codereader.model.gguf import ModelHeader, read_header
from codereader.model.hollow import write_hollow
from codereader.model.known import known_header
from tests.gguf_files import Value, write_gguf

Case = tuple[int, int, str]

CASES: tuple[Case, ...] = (
    (8192, 64, "f16"),
    (8192, 2048, "q8_0"),
    (131_072, 4096, "f16"),
    (131_072, 512, "q8_0"),
    (1_048_576, 512, "f16"),
    (10_485_760, 128, "q8_0"),
)
"""Context, micro-batch and type of the cache."""

NAMES = (
    "llama-4-scout", "qwen3-coder-30b-a3b", "gpt-oss-20b", "gemma-3-270m", "gemma-3-27b", "deepseek-v2-lite",
    "granite-4.0-h-tiny", "smollm2-135m", "command-r", "falcon-h1-7b", "lfm2-350m",
)  # fmt: skip

OTHERS = ("gemma-4-26b-a4b", "nemotron-nano-9b-v2", "qwen3-next-80b-a3b")
"""Architectures with parts of their own: convolutions, gated delta nets, two kinds of layers beside each other."""


def header_of(name: str) -> ModelHeader:
    """Return the header of the model known as *name*."""
    header = known_header(name)
    assert header
    return header


def errors(path: Path, header: ModelHeader, cases: Sequence[Case] = CASES) -> list[float]:
    """Return by which share each prediction is off from the dry run."""
    plans = [
        Plan(context, 0, kind, kind, batch, 1, True, (Share(HOST, 0, 0, 0, 0, header.block_count + 1),))
        for context, batch, kind in cases
    ]
    found = []
    for (context, batch, kind), result in zip(cases, dry_runs(path, plans), strict=True):
        assert isinstance(result, Measured), result
        predicted = compute_bytes(header, context, batch, type_k=kind, type_v=kind)
        found.append(predicted / result.host.compute - 1)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_formula_is_llama_cpps_own_size(name: str, tmp_path: Path) -> None:
    """Within 2 % for models whose steps are all known, at any context and micro-batch."""
    header = header_of(name)

    off = errors(write_hollow(tmp_path, header), header)

    assert max(map(abs, off)) < 0.02, off


@pytest.mark.parametrize("name", OTHERS)
def test_other_architectures_are_within_a_fifth(name: str, tmp_path: Path) -> None:
    """What is made of parts that are known only about is never far off."""
    header = header_of(name)

    off = errors(write_hollow(tmp_path, header), header)

    assert max(map(abs, off)) < 0.2, off


@pytest.mark.parametrize("seed", range(4))
def test_shapes_that_no_model_has_are_sized_too(seed: int, tmp_path: Path) -> None:
    """Random widths, heads and experts: the formula fits no model in particular."""
    path = made_up(tmp_path / "model.gguf", random.Random(seed))  # shapes of a test
    header = read_header(path)

    off = errors(path, header, CASES[:4])

    assert max(map(abs, off)) < 0.02, off


def test_each_home_has_its_part() -> None:
    """A device that holds all leaves the host the inputs; a mask is on both."""
    header = header_of("smollm2-135m")
    alone = compute_bytes(header, 131_072, 512)

    host, device = compute_shares(header, 131_072, 512, Placement((1,) * 30, output=1))

    mask = 2 * 512 * 131_072
    assert mask < host < mask + 3 * 4 * 512 * header.embedding_length
    assert mask < device < alone


def test_layers_of_the_host_that_a_device_evaluates_are_copied_to_it() -> None:
    """Scout with its experts in the host's memory: a card that borrows them needs room for one matrix of them."""
    header = header_of("llama-4-scout")
    largest = max(tensor.bytes for tensor in header.tensors if "_exps" in tensor.name)
    placed = Placement((1,) * 48, output=1, host_experts=tuple(range(48)))

    host, device = compute_shares(header, 131_072, 2048, placed)
    lean_host, full_device = compute_shares(header, 131_072, 2048, replace(placed, borrows=True))

    assert lean_host < host
    assert full_device > device + largest


def test_devices_that_work_at_the_same_time_keep_copies() -> None:
    """Masks are kept four times where a pipeline runs."""
    header = header_of("llama-4-scout")
    halves = Placement((1,) * 24 + (2,) * 24, output=2)

    plain = compute_shares(header, 131_072, 512, halves)
    pipelined = compute_shares(header, 131_072, 512, replace(halves, is_pipelined=True))

    mask = 2 * 512 * 131_072
    assert all(more - less > (COPIES - 1) * mask for less, more in zip(plain, pipelined, strict=True))


def test_a_batch_of_few_tokens_is_evaluated_where_its_weights_are() -> None:
    """Below 32 tokens nothing is copied to a device."""
    header = header_of("qwen3-coder-30b-a3b")
    placed = Placement((1,) * 48, output=1, host_experts=tuple(range(48)))

    assert compute_shares(header, 8192, 16, placed) == compute_shares(header, 8192, 16, replace(placed, borrows=True))


def test_a_quantized_cache_has_a_copy_on_cuda() -> None:
    """Scout at 131,072 tokens: half a GiB."""
    header = header_of("llama-4-scout")

    assert 0 == scratch_bytes(header, 131_072, "f16")
    assert 512 << 20 == scratch_bytes(header, 131_072, "q8_0")


@pytest.mark.parametrize("kind", ["f16", "q8_0"])
def test_a_model_without_heads_has_a_scratch_buffer_too(kind: str, tmp_path: Path) -> None:
    """Mamba has no keys that a quantized cache could rotate, however the context is kept."""
    path = write_gguf(tmp_path / "mamba.gguf", {
        "general.architecture": "mamba2", "tokenizer.ggml.model": "none", "mamba2.block_count": 1,
        "mamba2.embedding_length": 64, "mamba2.attention.head_count": 0, "mamba2.vocab_size": 32,
    }, [("blk.0.attn_norm.weight", (64,), "F32")])  # fmt: skip

    sized = compute_bytes(read_header(path), 8192, 512, type_k=kind, type_v=kind)

    assert 4 * 512 * 64 < sized < 1 << 20


def test_architectures_that_cannot_be_sized_are_named() -> None:
    """A model of another kind is said to need a dry run."""
    header = header_of("smollm2-135m")

    assert "" == unsized(header)
    assert "rwkv7" in unsized(replace(header, architecture="rwkv7"))


def test_results_lie_where_others_have_gone() -> None:
    """A result takes the smallest hole that is large enough, and a step may write over what only it reads."""
    graph = Graph()
    first = graph.new(100)
    second = graph.new(50, first)
    third = graph.over(50, second)
    graph.new(80, third)

    assert (150,) == graph.most_bytes(1)


def test_what_is_read_later_stays() -> None:
    """A view keeps the bytes behind it."""
    graph = Graph()
    first = graph.new(100)
    seen = graph.view(first)
    second = graph.new(50, first)
    graph.new(10, second, seen)

    assert (160,) == graph.most_bytes(1)


def test_what_another_home_reads_is_copied_once() -> None:
    """Two steps of a device read one copy."""
    graph = Graph()
    first = graph.new(100)
    graph.home = 1
    graph.new(10, graph.new(10, first), first)

    assert (100, 120) == graph.most_bytes(2)


PARTS = (
    "attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "attn_qkv", "attn_q_norm", "attn_kv_a_mqa", "attn_kv_b",
    "attn_k_b", "attn_q_a", "attn_q_b", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down", "ffn_down_exps", "ffn_up_exps",
    "ffn_gate_exps", "ffn_gate_up_exps", "ffn_down_shexp", "ffn_up_shexp", "ssm_in", "ssm_conv1d", "ssm_x", "ssm_out",
    "ssm_beta_alpha", "shortconv.conv", "shortconv.out_proj", "post_attention_norm", "post_ffw_norm",
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    shapes=st.dictionaries(
        st.tuples(st.integers(0, 3), st.sampled_from(PARTS)),
        st.lists(st.integers(0, 1 << 31), max_size=4).map(tuple),
        max_size=30,
    ),
    facts=st.dictionaries(
        st.sampled_from(("ssm.inner_size", "ssm.state_size", "ssm.group_count")), st.integers(0, 1 << 31)
    ),
    experts=st.tuples(st.integers(0, 1 << 31), st.integers(0, 1 << 31)),
    homes=st.tuples(*[st.integers(0, 2)] * 4),
    borrows=st.booleans(),
)
def test_whatever_a_header_says_it_is_sized_or_nothing(
    shapes: dict[tuple[int, str], tuple[int, ...]],
    facts: dict[str, int],
    experts: tuple[int, int],
    homes: tuple[int, ...],
    borrows: bool,
) -> None:
    """Tensors that fit nothing are no reason to end, to hang or to be negative."""
    tensors = tuple(
        Tensor(f"blk.{layer}.{name}.weight", shape, "F16", 0, 1 << 20)
        for (layer, name), shape in sorted(shapes.items())
    )
    header = replace(
        header_of("smollm2-135m"),
        block_count=4,
        tensors=tensors,
        metadata={f"llama.{key}": value for key, value in facts.items()},
        kv_head_counts=(3,) * 4,
        head_counts=(9,) * 4,
        expert_count=experts[0],
        expert_used_count=experts[1],
    )

    sizes = compute_shares(header, 8192, 512, Placement(homes, 1, (2, 3), borrows=borrows), type_k="q8_0")

    assert all(size >= 0 for size in sizes)


def made_up(path: Path, chance: random.Random) -> Path:
    """Write a Qwen3 with experts, or a Llama, of shapes by *chance*."""
    width, head, groups = 64 * chance.randint(4, 40), 64 * chance.randint(1, 3), chance.randint(1, 8)
    heads, layers = groups * chance.randint(1, 6), chance.randint(3, 9)
    inner, count, used = 32 * chance.randint(8, 200), chance.randint(4, 64), chance.randint(2, 4)
    is_expert, words = chance.random() < 0.5, chance.randint(100, 200_000)
    name = "qwen3moe" if is_expert else "llama"
    keys: dict[str, Value] = {
        "block_count": layers, "context_length": 1 << 20, "embedding_length": width, "feed_forward_length": inner,
        "attention.head_count": heads, "attention.head_count_kv": groups, "attention.key_length": head,
        "attention.value_length": head, "rope.dimension_count": head, "vocab_size": words,
        "attention.layer_norm_rms_epsilon": 1e-6,
    }  # fmt: skip
    shapes: dict[str, tuple[int, ...]] = {
        "attn_norm": (width,), "attn_q": (width, heads * head), "attn_k": (width, groups * head),
        "attn_v": (width, groups * head), "attn_output": (heads * head, width), "ffn_norm": (width,),
    }  # fmt: skip
    if is_expert:
        keys |= {"expert_count": count, "expert_used_count": used, "expert_feed_forward_length": inner}
        shapes |= {
            "attn_q_norm": (head,), "attn_k_norm": (head,), "ffn_gate_inp": (width, count),
            "ffn_gate_exps": (width, inner, count), "ffn_up_exps": (width, inner, count),
            "ffn_down_exps": (inner, width, count),
        }  # fmt: skip
    else:
        shapes |= {"ffn_gate": (width, inner), "ffn_up": (width, inner), "ffn_down": (inner, width)}
    tensors = [
        ("token_embd.weight", (width, int(str(keys["vocab_size"]))), "F16"),
        ("output_norm.weight", (width,), "F32"),
    ]
    tensors += [
        (f"blk.{layer}.{part}.weight", shape, "F16" if len(shape) > 1 and part != "ffn_gate_inp" else "F32")
        for layer in range(layers)
        for part, shape in shapes.items()
    ]
    named = {f"{name}.{key}": value for key, value in keys.items()}
    return write_gguf(path, {"general.architecture": name, "tokenizer.ggml.model": "none", **named}, tensors)
