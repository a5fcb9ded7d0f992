"""Blocks of state for tests, whose payload follows from their key; and, run as a program, a process that uses a store.

A payload that is not the one of its key can so be told wherever it turns up.
"""

from __future__ import annotations

import hashlib
import random
import sys
import time
from pathlib import Path

from codereader.engine.state.chain import Link, links
from codereader.engine.state.container import Block, Kind
from codereader.engine.state.store import StateStore

ENVIRONMENT = bytes(range(32))
STEP = 4
PAYLOAD_BYTES = 2000


def chain(tokens, environment=ENVIRONMENT) -> tuple[Link, ...]:
    return links(environment, tokens, STEP)


def blocks(tokens, kind=Kind.ROWS, environment=ENVIRONMENT, dimensions=b"30x64") -> list[Block]:
    return [
        Block(environment, link, kind, tuple(tokens[link.start : link.end]), dimensions, "Some Model")
        for link in chain(tokens, environment)
    ]


def payload(block: Block, size: int = PAYLOAD_BYTES) -> bytes:
    return hashlib.shake_128(block.link.key + bytes([block.kind])).digest(size)


def keep(store: StateStore, wanted: list[Block], size: int = PAYLOAD_BYTES) -> None:
    """Save all of *wanted* as an engine does: needed first, then one after the other."""
    store.use([block.link for block in wanted])
    for block in wanted:
        store.save(block, payload(block, size))
    assert store.flush(60)


def stored(store: StateStore, wanted: list[Block]) -> list[bool]:
    return [store.have(block.link, block.kind) for block in wanted]


def use_at_random(folder: Path, seed: int, rounds: int, budget: int) -> None:
    """Answer *rounds* questions over prompts that share beginnings; fail at the first payload that is wrong."""
    choice = random.Random(seed)
    store = StateStore(folder, budget)
    for _ in range(rounds):
        shared, own = choice.randrange(3), choice.randrange(6)
        tokens = [shared] * 12 + [own] * choice.choice((8, 20, 22))
        wanted = blocks(tokens)
        store.use([block.link for block in wanted])
        there = 0
        for block, found in zip(wanted, store.read_all(wanted), strict=False):
            assert found == payload(block)
            there += 1
        for block in wanted[there:]:
            store.save(block, payload(block))
        store.flush()
        if choice.random() < 0.3:
            store.discard(choice.choice(wanted))
    store.close()
    assert (0, 0) == (store.counts.damaged, store.counts.failed)


def write_for_ever(folder: Path, seed: int) -> None:
    """Write new blocks until someone ends this process."""
    store = StateStore(folder, 1 << 30)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for number in range(1 << 30):
        keep(store, blocks([seed, number, *range(10)]), 300_000)


def need(folder: Path, seed: int) -> None:
    """Need a prompt's blocks until someone ends this process."""
    store = StateStore(folder, 1 << 30)
    store.use(chain([seed] * 12))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    time.sleep(600)


if __name__ == "__main__":
    _, what, place, *numbers = sys.argv
    {"use": use_at_random, "write": write_for_ever, "need": need}[what](Path(place), *map(int, numbers))
