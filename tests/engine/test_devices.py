"""Devices beside the host, as ggml lists them: a card of llama.cpp's RPC plug-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codereader.engine.hardware import apart
from tests.engine import rpc

GIB = 1 << 30


@pytest.fixture(scope="module")
def plugin() -> Path:
    """llama.cpp's RPC plug-in."""
    try:
        return rpc.plugin()
    except rpc.Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def server(plugin: Path) -> Iterator[rpc.Server]:
    """A card that a process of its own plays."""
    made = rpc.Server(plugin)
    yield made
    made.kill()


def use(monkeypatch: pytest.MonkeyPatch, plugin: Path, cards: dict[str, int]) -> None:
    """Let processes that start from here on see *cards*."""
    for name, value in rpc.with_cards(plugin, cards).items():
        monkeypatch.setenv(name, value)


def test_a_card_is_listed_with_who_drives_it(monkeypatch, plugin, server):
    """Name, description, backend, kind and memory come from ggml; the host stays last and keeps its own memory."""
    use(monkeypatch, plugin, {server.endpoint: 16 * GIB})

    found = apart.inventory()
    card = found.devices[0]

    assert ["RPC", "CPU"] == [device.backend for device in found.devices]
    assert ("gpu", 16 * GIB, 16 * GIB, False) == (card.kind, card.free_bytes, card.total_bytes, card.shares_memory)
    assert server.endpoint in card.description
    assert found.devices[:1] == found.layer_devices
    assert "RPC" in found.build.backends
    assert found.can_offload
    assert found.memory_total == found.devices[-1].total_bytes


def test_a_backend_that_ends_its_process_leaves_the_host(monkeypatch, plugin):
    """llama.cpp aborts where nobody answers for a card; who asks lives on and is told."""
    use(monkeypatch, plugin, {"127.0.0.1:9": GIB})
    monkeypatch.setenv("CODEREADER_TEST_GONE_CARDS", "1")

    found = apart.inventory()

    assert "SIGABRT" in found.trouble
    assert ["cpu"] == [device.kind for device in found.devices]
