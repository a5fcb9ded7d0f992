"""The tokens that a llama.cpp context holds, and how a prompt gets there: from what is there, from disk, evaluated.

Keeps one promise: the memory after a hit is bit for bit that of a miss. So a base is cut into micro-batches from
position 0, a tail begins a batch of its own, and state is taken up only at such a cut.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from codereader import native
from codereader.engine.embedded import library
from codereader.engine.state.whole import Match, StateStore, reusable_tokens
from codereader.errors import ModelError, ModelTooLarge

llama_cpp = native.llama()

_ABORTED = 2
"""What llama_decode returns when the abort callback stopped it."""


class Memory:
    """One sequence of tokens in one context. `store` and `key` are None where no state is kept on disk."""

    def __init__(self, context: Any, step: int, store: StateStore | None, key: bytes | None) -> None:
        self._context = context
        self._cells = llama_cpp.llama_get_memory(context)
        self._step = step
        self._store = store if key is not None else None
        self._key = key or b""
        self._base: tuple[int, ...] = ()
        model = llama_cpp.llama_get_model(context)
        self._windowed = llama_cpp.llama_model_n_swa(model) > 0
        self._exact = not (llama_cpp.llama_model_is_recurrent(model) or llama_cpp.llama_model_is_hybrid(model))
        self.used = 0
        """Tokens held, prompt and answer."""

    def recall(self, base: Sequence[int]) -> int:
        """Bring back as much of *base* as was evaluated before; return how many tokens the memory then holds."""
        if not self._exact:
            return self._forget()
        here = self._recallable(base)
        match = self._store.find(self._key, base, self._step, whole=self._windowed) if self._store else None
        if match is not None and match.reusable > here and self._restore(match):
            here = match.reusable
        return here if here and self._cut(here, base) else self._forget()

    def extend(self, base: Sequence[int], start: int, stopped: Callable[[], None]) -> Iterator[int]:
        """Evaluate *base* from index *start*, which `recall` gave; yield the index reached after each micro-batch.

        At the end, and before any tail, its state goes to disk if it is not there yet. *stopped* raises when the run
        was cancelled, also while the state is written; what is evaluated until then stays. Raises: ModelError.
        """
        for end in self._batches(base, start, stopped):
            self._base = tuple(base[:end])
            yield end
        self._keep(base, stopped)

    def append(self, tail: Sequence[int], stopped: Callable[[], None]) -> Iterator[int]:
        """Evaluate *tail* behind what is held; yield and raise as `extend`."""
        yield from self._batches(tail, 0, stopped)

    def decode(self, tokens: Sequence[int], stopped: Callable[[], None]) -> None:
        """Evaluate *tokens* as one batch behind what is held; the last one's logits are kept. Raises as `extend`."""
        stopped()
        row = (llama_cpp.llama_token * len(tokens))(*tokens)
        library.forget_log()
        result = llama_cpp.llama_decode(self._context, llama_cpp.llama_batch_get_one(row, len(tokens)))
        if result:
            if result == _ABORTED:
                stopped()
            kind = ModelTooLarge if library.ran_out_of_memory() else ModelError
            raise kind(f"the model stopped at token {self.used:,} of the context: {library.last_error()}")
        self.used += len(tokens)

    def _batches(self, tokens: Sequence[int], start: int, stopped: Callable[[], None]) -> Iterator[int]:
        for begin in range(start, len(tokens), self._step):
            end = min(begin + self._step, len(tokens))
            self.decode(tokens[begin:end], stopped)
            yield end

    def _keep(self, base: Sequence[int], stopped: Callable[[], None]) -> None:
        """Save the state of *base* where there is room for it in the store and, for a moment, in memory."""
        if self._store is None or not self._exact or not self._store.wants(self._key, base):
            return
        size = llama_cpp.llama_state_seq_get_size_ext(self._context, 0, 0)
        if not size or not self._store.fits(base, size):
            return
        stopped()
        payload = self._export(size)
        if payload is not None:
            self._store.save(self._key, base, payload, stopped)

    def _recallable(self, base: Sequence[int]) -> int:
        """Return how much of *base* the tokens that are held give exactly."""
        if self._windowed:
            return len(base) if self._base == tuple(base) and self.used == len(base) else 0
        return min(reusable_tokens(self._base, base, self._step), self.used)

    def _restore(self, match: Match) -> bool:
        """Replace what is held by a stored state; return whether it is now what the match says."""
        assert self._store is not None  # noqa: S101 - a match comes from a store
        payload = self._store.read(match)
        if payload is None:
            return False
        self._forget()
        source = (ctypes.c_uint8 * len(payload)).from_buffer(payload)
        loaded = llama_cpp.llama_state_seq_set_data_ext(self._context, source, len(payload), 0, 0)
        self.used, self._base = len(match.tokens), match.tokens
        if loaded and self._holds(len(match.tokens)):
            return True
        self._store.discard(match)
        self._forget()
        return False

    def _cut(self, length: int, base: Sequence[int]) -> bool:
        """Drop all but the first *length* tokens; return whether the memory then holds exactly those of *base*."""
        if self.used > length and not llama_cpp.llama_memory_seq_rm(self._cells, 0, length, -1):
            return False
        self.used, self._base = length, tuple(base[:length])
        return self._holds(length)

    def _holds(self, length: int) -> bool:
        """Whether positions 0 to *length* are there; of a windowed model, only their end can be told."""
        last = llama_cpp.llama_memory_seq_pos_max(self._cells, 0)
        first = llama_cpp.llama_memory_seq_pos_min(self._cells, 0)
        return bool(last == length - 1 and (self._windowed or first == 0))

    def _forget(self) -> int:
        llama_cpp.llama_memory_clear(self._cells, True)
        self.used, self._base = 0, ()
        return 0

    def _export(self, size: int) -> bytearray | None:
        """Return the sequence as llama.cpp writes it, in *size* bytes; None where it cannot or memory is short."""
        try:
            payload = bytearray(size)
        except MemoryError:
            return None
        target = (ctypes.c_uint8 * size).from_buffer(payload)
        written = llama_cpp.llama_state_seq_get_data_ext(self._context, target, size, 0, 0)
        return payload if written == size else None
