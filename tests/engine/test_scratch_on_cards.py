"""Scratch buffers by formula beside the dry run's, for layers on cards that are not there (tests/engine/rpc.py)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from codereader.engine.footprint.compute import Placement, compute_shares
from codereader.engine.plan import HOST, Plan, Share
from codereader.engine.trial.measured import Measured
from codereader.engine.trial.run import dry_runs
from codereader.model.gguf import ModelHeader
from codereader.model.hollow import write_hollow
from codereader.model.known import known_header
from tests.engine.rpc import Server, Unavailable, plugin, with_cards

CASES = ((8192, 512, "f16"), (131_072, 2048, "q8_0"), (1_048_576, 128, "f16"))
"""Context, micro-batch and type of the cache."""


@pytest.fixture(scope="session")
def rpc_plugin() -> Path:
    """The plug-in, built the first time."""
    try:
        return plugin()
    except Unavailable as why:
        if os.environ.get("CI") and sys.platform == "linux":
            pytest.fail(str(why))
        pytest.skip(str(why))


@pytest.fixture
def cards(rpc_plugin: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Let processes that are started from here see some cards, of any size."""
    with ExitStack() as stack:

        def start(count: int) -> None:
            servers = [Server(rpc_plugin) for _ in range(count)]
            for server in servers:
                stack.callback(server.kill)
            for name, value in with_cards(rpc_plugin, {server.endpoint: 1 << 40 for server in servers}).items():
                monkeypatch.setenv(name, value)

        yield start


@pytest.mark.parametrize("name", ["smollm2-135m", "gpt-oss-20b", "llama-4-scout"])
def test_layers_on_a_card_take_what_the_formula_says(name: str, cards: Callable[[int], None], tmp_path: Path) -> None:
    """All layers, the last half of them, all but the experts, and all but half of the experts."""
    header = known_header(name)
    assert header
    count = header.block_count
    half = count // 2
    placements = [Placement((1,) * count, 1), Placement((0,) * half + (1,) * (count - half), 1)]
    if header.expert_count:
        placements += [Placement((1,) * count, 1, tuple(range(last))) for last in (half, count)]
    path = write_hollow(tmp_path, header)
    cards(1)

    off = [error for placement in placements for error in errors(path, header, placement, 1)]

    assert max(map(abs, off)) < 0.2, off
    assert sorted(map(abs, off))[len(off) // 2] < 0.01, off


@pytest.mark.parametrize("name", ["smollm2-135m", "llama-4-scout"])
def test_two_cards_keep_copies_of_what_goes_between_them(
    name: str, cards: Callable[[int], None], tmp_path: Path
) -> None:
    """RPC devices can work at the same time, so llama.cpp keeps four copies."""
    header = known_header(name)
    assert header
    half = header.block_count // 2
    path = write_hollow(tmp_path, header)
    cards(2)

    placement = Placement((1,) * half + (2,) * (header.block_count - half), 2, is_pipelined=True)
    off = errors(path, header, placement, 2)

    assert max(map(abs, off)) < 0.01, off


def errors(path: Path, header: ModelHeader, placement: Placement, count: int) -> list[float]:
    """Return by which share predictions for the host and *count* cards are off from the dry run."""
    names = [f"RPC{number}" for number in range(count)]
    layers = [placement.homes.count(number) + (placement.output == number) for number in range(1, count + 1)]
    shares = [Share(one, 0, 0, 0, 1 << 40, held) for one, held in zip(names, layers, strict=True)]
    shares.append(Share(HOST, 0, 0, 0, 0, placement.homes.count(0)))
    plans = [
        Plan(context, sum(layers), kind, kind, batch, 1, True, tuple(shares), placement.host_experts)
        for context, batch, kind in CASES
    ]
    found = []
    for (context, batch, kind), result in zip(CASES, dry_runs(path, plans), strict=True):
        assert isinstance(result, Measured), result
        predicted = compute_shares(header, context, batch, placement, type_k=kind, type_v=kind)
        real = [result.of(one).compute for one in (HOST, *names)]
        found += [one / other - 1 for one, other in zip(predicted, real, strict=True)]
    return found
