"""Pieces of one model's state on disk."""

from __future__ import annotations

import pytest

from codereader.engine.embedded.keeping import Kept
from codereader.engine.state.container import Kind
from codereader.engine.state.store import StateStore
from tests.state_blocks import ENVIRONMENT, blocks, payload

MIB = 1 << 20


@pytest.mark.parametrize(
    ("kind", "memory_bytes", "size", "is_read"),
    [
        (Kind.ROWS, 8 * MIB, 2 * MIB, True),  # 4 of 16 tokens: 2 MiB, and one beside
        (Kind.ROWS, 8 * MIB, 3 * MIB + 1, False),
        (Kind.WHOLE, 2 * MIB, 3 * MIB, True),
        (Kind.WHOLE, 2 * MIB, 3 * MIB + 1, False),
        (Kind.ROWS, 0, 3 * MIB + 1, True),
    ],
)
def test_a_piece_that_no_memory_could_hold_is_not_read(tmp_path, kind, memory_bytes, size, is_read):
    """However large a forged file says that it is, no more memory is taken for it than the model's own state has."""
    store = StateStore(tmp_path)
    block = blocks(range(4), kind, dimensions=b"")[0]
    store.save(block, payload(block, size))
    store.flush()
    kept = Kept(store, ENVIRONMENT, memory_bytes=memory_bytes, positions=16)

    found = [bytes(piece) for piece in kept.read([block.link], kind, block.tokens)]

    assert ([payload(block, size)] if is_read else []) == found
    assert is_read == kept.has(block.link, kind)
