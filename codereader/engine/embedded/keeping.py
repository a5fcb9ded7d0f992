"""The blocks of one model under one set of settings, on disk: the store, with all that names a block but its link."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from codereader.engine.embedded.pieces import Bytes
from codereader.engine.state.chain import Link
from codereader.engine.state.container import LARGEST_PAYLOAD, Block, Kind
from codereader.engine.state.shelf import name_of, short
from codereader.engine.state.store import StateStore

_BESIDE_BYTES = 1 << 20
"""More than what stands in a piece beside its rows, and by what a log rounds the size of a memory."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where pieces of state are kept. `environment` is the key of all that changes a bit of them but the tokens.

    `dimensions` describes the memory that they fit, `label` names the model for people. That memory takes
    `memory_bytes`, 0 where that is not known, for `positions` tokens. The tokens that a method takes are a base from
    its first token on, of which the links are part.
    """

    store: StateStore
    environment: bytes
    dimensions: bytes = b""
    label: str = ""
    memory_bytes: int = 0
    positions: int = 1

    def has(self, link: Link, kind: Kind) -> bool:
        """Whether a piece is on disk or on its way there."""
        return self.store.have(link, kind)

    def wants(self, link: Link, kind: Kind, tokens: Sequence[int]) -> bool:
        """Whether a piece is worth cutting out: it is not kept yet, and there is a place to keep it."""
        return self.store.wants(self._block(link, kind, tokens), 0)

    def read(self, links: Sequence[Link], kind: Kind, tokens: Sequence[int]) -> Generator[memoryview, None, None]:
        """Yield the pieces of *links*, verified, up to the first that is missing or damaged.

        Each is to be used before the next is asked for.
        """
        yield from self.store.read_all([self._block(link, kind, tokens) for link in links], self._most(links, kind))

    def save(self, link: Link, kind: Kind, tokens: Sequence[int], piece: Bytes, stopped: Callable[[], None]) -> None:
        """Send a piece on its way to disk; *stopped* may raise while that has to wait."""
        self.store.save(self._block(link, kind, tokens), piece, stopped)

    def drop(self, link: Link, kind: Kind, tokens: Sequence[int]) -> None:
        """Delete a piece that turned out to be of no use."""
        self.store.discard(self._block(link, kind, tokens))

    def is_shared(self, chain: Sequence[Link]) -> bool:
        """Whether the rows of another prompt go on from one of the blocks of *chain*."""
        own = {name_of(link, Kind.ROWS) for link in chain}
        found = (path.name for link in chain for path in self.store.folder.glob(f"*-{short(link.key)}-rows.block"))
        return any(name not in own for name in found)

    def _most(self, links: Sequence[Link], kind: Kind) -> int:
        """Return more bytes than any piece of *links* has: it fits the memory, rows fit that of their positions."""
        if not self.memory_bytes:
            return LARGEST_PAYLOAD
        longest = max((link.end - link.start for link in links), default=0) if kind is Kind.ROWS else self.positions
        return self.memory_bytes * longest // self.positions + _BESIDE_BYTES

    def _block(self, link: Link, kind: Kind, tokens: Sequence[int]) -> Block:
        own = tuple(tokens[link.start : link.end])
        return Block(self.environment, link, kind, own, self.dimensions, self.label)
