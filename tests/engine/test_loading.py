"""What llama.cpp is asked for: every choice of a plan reaches its parameters. Nothing is loaded here."""

from __future__ import annotations

import ctypes
import re

import llama_cpp
import pytest

from codereader.engine.embedded import library
from codereader.engine.embedded.loading import context_parameters, model_parameters
from codereader.engine.footprint.weights import is_expert
from codereader.engine.plan import HOST, Share

CARD = Share("CPU", weights=0, cache=0, compute=0, free=0, layers=20)
"""The one device that every machine has stands for a card: it is only looked up."""


class Rule(ctypes.Structure):
    """llama.h's `llama_model_tensor_buft_override`."""

    _fields_ = (("pattern", ctypes.c_char_p), ("buffer_type", ctypes.c_void_p))


@pytest.fixture(autouse=True)
def started():
    library.start()


def rules(parameters) -> list[tuple[str, int]]:
    """The overrides up to their end."""
    found = []
    at = parameters.tensor_buft_overrides
    while at and (rule := Rule.from_address(at)).pattern:
        found.append((rule.pattern.decode(), rule.buffer_type))
        at += ctypes.sizeof(Rule)
    return found


def devices(parameters) -> list[int]:
    """The handles of devices up to their end."""
    found = []
    at = parameters.devices
    while handle := ctypes.c_void_p.from_address(at).value:
        found.append(handle)
        at += ctypes.sizeof(ctypes.c_void_p)
    return found


def test_without_devices_none_may_be_used(tiny):
    """An empty list of devices, not none at all: llama.cpp would take every card that it finds."""
    parameters = model_parameters(tiny.plan())

    assert ([], 0, []) == (devices(parameters), parameters.n_gpu_layers, rules(parameters))


def test_layers_are_split_by_their_numbers(tiny):
    """Each device takes as many whole layers as planned; the total is that of the split."""
    plan = tiny.plan(gpu_layers=20, shares=(CARD, Share(HOST, 0, 0, 0, 0, layers=11)))

    parameters = model_parameters(plan)

    assert 1 == len(devices(parameters))
    assert (20, [20.0, 0.0]) == (parameters.n_gpu_layers, parameters.tensor_split[:2])
    assert parameters.split_mode == llama_cpp.LLAMA_SPLIT_MODE_LAYER


def test_all_layers_are_all_that_llama_counts(tiny):
    """A model of which llama.cpp makes more layers than its header counts is on the devices as a whole too."""
    plan = tiny.plan(gpu_layers=20, shares=(CARD, Share(HOST, 0, 0, 0, 0)))

    parameters = model_parameters(plan)

    assert (-1, 20.0) == (parameters.n_gpu_layers, parameters.tensor_split[0])


@pytest.mark.parametrize("repacks", [True, False])
def test_weights_are_repacked_or_left_as_they_are_in_the_file(tiny, repacks):
    """What relies on pages of the file that the system drops is not copied."""
    assert repacks == model_parameters(tiny.plan(repacks=repacks)).use_extra_bufts


@pytest.mark.parametrize(("mmap", "mode"), [(True, "AUTO"), (False, "NONE")])
def test_weights_are_mapped_or_read(tiny, mmap, mode):
    """Mapped unless a device is better off without; read where the plan says so; never locked into memory."""
    assert model_parameters(tiny.plan(mmap=mmap)).load_mode == getattr(llama_cpp, f"LLAMA_LOAD_MODE_{mode}")


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        ("blk.3.ffn_gate_exps.weight", True),
        ("blk.3.ffn_up_exps.bias", True),
        ("blk.40.ffn_down_exps.weight", True),
        ("blk.3.ffn_gate_up_exps.weight", True),
        ("blk.3.ffn_down_chexps.weight", True),
        ("blk.4.ffn_down_exps.weight", False),
        ("blk.33.ffn_down_exps.weight", False),
        ("blk.13.ffn_down_exps.weight", False),
        ("blk.3.ffn_gate_shexp.weight", False),
        ("blk.3.ffn_gate_inp.weight", False),
        ("blk.3.ffn_down.weight", False),
        ("blk.3.attn_q.weight", False),
    ],
)
def test_experts_of_named_layers_stay_with_the_host(tiny, name, stays):
    """Routed experts, and nothing else, of exactly these layers."""
    plan = tiny.plan(gpu_layers=20, shares=(CARD,), cpu_experts=(3, 40))

    [(pattern, buffer_type)] = rules(model_parameters(plan))

    host = library.ggml("ggml_backend_cpu_buffer_type", ctypes.c_void_p)()
    assert (host, stays) == (buffer_type, bool(re.search(pattern, name)))
    assert is_expert(name) or not stays


def test_what_parameters_point_to_lives_with_them(tiny):
    """Nothing that llama.cpp will read is freed before."""
    plan = tiny.plan(gpu_layers=20, shares=(CARD,), cpu_experts=tuple(range(400)))
    kept = [model_parameters(plan) for _ in range(50)]

    assert {rules(parameters)[0][0] for parameters in kept} == {rules(model_parameters(plan))[0][0]}
    assert all(parameters.tensor_split[0] == 20.0 for parameters in kept)


def test_a_context_is_what_the_plan_says(tiny):
    """Tokens, batches, types of cache, one sequence and one row of logits."""
    plan = tiny.plan(2048, cache_type_k="q8_0", cache_type_v="q4_0", micro_batch=128, threads=3, full_window=True)

    found = context_parameters(plan)

    assert (2048, 128, 128, 3, 3) == (
        found.n_ctx,
        found.n_batch,
        found.n_ubatch,
        found.n_threads,
        found.n_threads_batch,
    )
    assert (1, 1) == (found.n_seq_max, found.n_outputs_max)
    assert (llama_cpp.GGML_TYPE_Q8_0, llama_cpp.GGML_TYPE_Q4_0) == (found.type_k, found.type_v)
    assert (True, False, False) == (found.swa_full, found.offload_kqv, found.op_offload)


def test_flash_attention_is_asked_for_and_looked_after(tiny):
    """On the CPU it is certain; on devices llama.cpp looks whether they can, and its log tells when they cannot."""
    on_card = tiny.plan(gpu_layers=20, shares=(CARD,))

    assert [
        llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED,
        llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO,
        llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED,
    ] == [context_parameters(plan).flash_attn_type for plan in (tiny.plan(), on_card, tiny.plan(flash_attention=False))]
    assert context_parameters(on_card).offload_kqv
