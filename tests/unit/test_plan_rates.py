"""Predicted speeds beside what others measured with llama.cpp, and what makes them grow or shrink."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codereader.engine.hardware.described import machine_of
from codereader.engine.learning.learned import NOTHING
from codereader.engine.plan import Need, Preferences
from codereader.engine.planning.candidate import Chooser
from codereader.engine.planning.demand import Cache, model_of
from codereader.engine.planning.placement import HOST_ONLY, Placement
from codereader.engine.planning.rates import Speed, speed_of
from codereader.model.gguf import ModelHeader
from codereader.model.known import known_header

GIB = 1 << 30
Q6_K = 6.5625 / 4.85
"""Bytes of Q6_K over those of Q4_K_M."""


def header(name: str, share: float = 1.0) -> ModelHeader:
    """A known model, its matrices *share* times as large."""
    known = known_header(name)
    assert known is not None
    return replace(known, tensors=tuple(replace(one, bytes=int(one.bytes * share)) for one in known.tensors))


def speed(
    model: ModelHeader, card: str, host: tuple[float, int], experts: int, batch: int, tokens: tuple[int, int], **how
) -> Speed:
    """Seconds with the experts of so many layers left to a host of (GB/s, cores); without a card on the host alone."""
    bandwidth, cores = host
    machine = machine_of([card or "RTX 3050"], 256 * GIB, bandwidth=bandwidth * 1e9, cores=cores)
    sizes = model_of(model)
    context = -(-sum(tokens) // 256) * 256
    chooser = Chooser(sizes, machine, Need(*tokens), Preferences(), NOTHING, context, exact_context=True, widest=1)
    placed = Placement(0, machine.layer_devices, (sizes.layers + 1,), sizes.expert_layers[:experts])
    placed = placed if card else HOST_ONLY
    demand = chooser.demand(context, batch, "f16")
    return speed_of(
        sizes, demand, chooser.reading(Cache("f16"), chooser.tokens), placed, machine, chooser.tokens, mmap=False, **how
    )


THREADRIPPER = (204.8, 32)
DESKTOP = (80.0, 8)


@pytest.mark.parametrize(
    ("model", "card", "host", "experts", "batch", "tokens", "measured"),
    [
        # llama.cpp, pull request 19053
        (header("gpt-oss-20b"), "RTX PRO 6000 Max-Q", DESKTOP, 0, 512, (512, 128), 353),
        (header("gpt-oss-20b"), "RTX 6000 Ada", DESKTOP, 0, 512, (512, 128), 254),
        # ik_llama.cpp, pull requests 321 and 829
        (header("llama-4-scout", Q6_K), "RTX 4080", THREADRIPPER, 48, 512, (512, 128), 10.5),
        (header("gpt-oss-120b"), "RTX 4080", THREADRIPPER, 36, 4096, (4096, 1024), 24.96),
        # llmfit, pull request 755: a measured 102 GB/s
        (header("qwen3-coder-30b-a3b"), "RTX 2080", (102, 10), 36, 512, (512, 128), 36.7),
        # a report from r/LocalLLaMA, on a desktop
        (header("gpt-oss-120b"), "RTX 3090", DESKTOP, 26, 512, (8192, 512), 32.3),
        (header("gpt-oss-120b"), "RTX 3090", DESKTOP, 28, 8192, (8192, 512), 30.1),
        # loftllc.dev: EPYC 9175F, 12 channels of DDR5, no card
        (header("llama-4-scout", Q6_K), "", (576, 16), 0, 512, (512, 128), 16.9),
    ],
)
def test_answers_come_about_as_fast_as_others_measured(model, card, host, experts, batch, tokens, measured):
    """Tokens a second of an answer are predicted within a third, on cards and hosts of very different sizes."""
    predicted = 1 / speed(model, card, host, experts, batch, tokens).token

    assert 2 / 3 < predicted / measured < 4 / 3


@pytest.mark.parametrize(
    ("model", "card", "host", "experts", "batch", "tokens", "measured"),
    [
        (header("gpt-oss-120b"), "RTX 4080", THREADRIPPER, 36, 4096, (4096, 1024), 1049),
        (header("gpt-oss-120b"), "RTX 3090", DESKTOP, 26, 512, (8192, 512), 380),
        (header("gpt-oss-120b"), "RTX 3090", DESKTOP, 28, 8192, (8192, 512), 2091),
        # its cores have AVX-512, of which the prediction knows nothing
        (header("llama-4-scout", Q6_K), "", (576, 16), 0, 512, (512, 128), 40),
    ],
)
def test_prompts_are_read_about_as_fast_as_others_measured(model, card, host, experts, batch, tokens, measured):
    """Tokens a second of a prompt are predicted within a factor of two."""
    predicted = tokens[0] / speed(model, card, host, experts, batch, tokens).prompt

    assert 1 / 2 < predicted / measured < 2


@pytest.mark.parametrize(("batch", "measured"), [(128, 203), (512, 685), (1024, 1179), (2048, 2090)])
def test_larger_batches_copy_experts_less_often(batch, measured):
    """gpt-oss-20b with all experts left to the host, for batches from 128 to 2,048 (llama.cpp, pull request 15346).

    The card is not named there: an RTX 4090 is thought of, its experts in a file that is mapped, as is the default.
    """
    machine = machine_of(["RTX 4090"], 64 * GIB, bandwidth=80e9, cores=16)
    sizes = model_of(header("gpt-oss-20b"))
    need = Need(2048, 128)
    chooser = Chooser(sizes, machine, need, Preferences(), NOTHING, 2304, exact_context=True, widest=1)
    placed = Placement(0, machine.layer_devices, (sizes.layers + 1,), sizes.expert_layers)
    demand = chooser.demand(2304, batch, "f16")
    reading = chooser.reading(Cache("f16"), chooser.tokens)
    seconds = speed_of(sizes, demand, reading, placed, machine, chooser.tokens, mmap=True).prompt

    assert 2 / 3 < 2048 / seconds / measured < 4 / 3


def test_what_does_not_fit_memory_waits_for_the_disk():
    """A model half of which is read from disk for each batch and token is slower by far, and says how much."""
    scout = header("llama-4-scout")
    there = speed(scout, "RTX 4080", DESKTOP, 48, 2048, (5227, 900))
    half = speed(scout, "RTX 4080", DESKTOP, 48, 2048, (5227, 900), from_disk=29 * GIB)

    assert half.prompt > 4 * there.prompt
    assert half.token > 4 * there.token
