"""The tokens that a llama.cpp context holds, and how a prompt gets there: from what is there, from disk, evaluated.

Keeps one promise: the memory after a hit is bit for bit that of a miss. So a base is cut into micro-batches from
position 0, a tail begins a batch of its own, and state is taken up only at such a cut (a link of the base's chain).
What can be taken up where depends on the model's kind of memory, see `cells`:

- Layers that keep every position go to disk block by block as they are evaluated, each once. A base takes up the
  longest run of blocks whose tokens are its own.
- Windowed layers go with them, so every cut is a checkpoint, as far back as the blocks of its window are there. Of a
  whole chunk (Llama 4) they are dropped again when it ends, unless another prompt leaves this one inside it: at
  multiples of 8,192 tokens nothing of them is needed, and what stays is a quarter of the size.
- A recurrent state is kept at the end of a base, and before that no more often than it is worth its bytes
  (`_STATE_BYTES_A_TOKEN`). A changed base goes on from the last one before the change.
- Memories of several caches (DeepSeek 3.2 and 4) are never reused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from codereader import native
from codereader.engine.embedded import library
from codereader.engine.embedded.cells import Cells
from codereader.engine.embedded.keeping import Kept
from codereader.engine.state.chain import KEY_BYTES, Link, links
from codereader.engine.state.container import Kind
from codereader.errors import ModelError, ModelTooLarge

llama_cpp = native.llama()

_ABORTED = 2
"""What llama_decode returns when the abort callback stopped it."""

_STATE_BYTES_A_TOKEN = 32 << 10
"""Bytes of recurrent state that may be kept for every token of a base."""


class Memory:
    """One sequence of tokens in one context, which is empty. *kept* is None where no state is kept on disk."""

    def __init__(self, context: Any, step: int, kept: Kept | None) -> None:
        self._context = context
        self._cells = Cells(context)
        self._kind = self._cells.layout.kind if self._cells.layout else None
        self._step = step
        self._kept = replace(kept, dimensions=self._cells.dimensions) if kept is not None and self._kind else None
        self._base: tuple[int, ...] = ()
        self._true_at = -1
        """Where the window or the recurrent state is what an evaluation up to there leaves; -1 for nowhere."""
        self._is_clean = True
        """Whether nothing stands behind `used`: hybrid memories keep what a batch that failed left there."""
        self._other = Kind.WHOLE if self._kind == "recurrent" else Kind.WINDOW
        self._doubted: tuple[tuple[Link, Kind], ...] = ()
        """What was read from disk, until something was evaluated behind it."""
        self.used = 0
        """Tokens held, prompt and answer."""
        self.from_disk = 0
        """Tokens of those that the last `recall` brought back which were read from disk."""

    def recall(self, base: Sequence[int]) -> int:
        """Bring back as much of *base* as was evaluated before; return how many tokens the memory then holds."""
        chain = self._chain(base)
        if self._kept is not None:
            self._kept.store.flush()
            self._kept.store.use(chain)
        here = known = self._known(chain, base)
        if self._true_at > _end(chain[:known]):
            self._true_at = -1
        limit = len(chain) if self._kind else 0
        self.from_disk, self._doubted = 0, ()
        try:
            while goal := self._goal(chain[:limit], known):
                known = self._bring_rows(chain, known, goal, base)
                if known == goal:
                    if self._bring_window(chain[:goal], base) and self._cells.holds(self.used):
                        return self._taken_up(chain[: min(here, goal)])
                    known = self._forget()
                limit = goal - 1
        except BaseException:
            self._forget()
            raise
        return self._forget()

    def extend(self, base: Sequence[int], start: int, stopped: Callable[[], None]) -> Iterator[int]:
        """Evaluate *base* from index *start*, which `recall` gave; yield the index reached after each micro-batch.

        Each batch goes on its way to disk as soon as it is there, so a stop loses only the one that it falls into.
        *stopped* raises when the run was cancelled; what is evaluated until then stays. Raises: ModelError.
        """
        chain = self._chain(base)
        for link in chain:
            if link.end <= start:
                continue
            self.decode(base[link.start : link.end], stopped)
            self._base = tuple(base[: link.end])
            self._settle(link.end)
            self._keep(link, stopped, is_last=link is chain[-1])
            yield link.end

    def append(self, tail: Sequence[int], stopped: Callable[[], None]) -> Iterator[int]:
        """Evaluate *tail* behind what is held; yield and raise as `extend`.

        Its batches are of one size: llama.cpp's flash attention on a CPU takes twice as long for a row of a batch
        of less than 64 (ggml-cpu/ops.cpp), as one that is left over would be.
        """
        count = -(-len(tail) // self._step)
        for number in range(count):
            begin, end = (len(tail) * at // count for at in (number, number + 1))
            self.decode(tail[begin:end], stopped)
            yield end

    def decode(self, tokens: Sequence[int], stopped: Callable[[], None]) -> None:
        """Evaluate *tokens* as one batch behind what is held; the last one's logits are kept. Raises as `extend`."""
        stopped()
        if self._kind != "windowed":
            self._true_at = -1
        row = (llama_cpp.llama_token * len(tokens))(*tokens)
        library.forget_log()
        result = llama_cpp.llama_decode(self._context, llama_cpp.llama_batch_get_one(row, len(tokens)))
        if result:
            self._is_clean = False
            if result == _ABORTED:
                stopped()
            kind = ModelTooLarge if library.ran_out_of_memory() else ModelError
            raise kind(f"the model stopped at token {self.used:,} of the context: {library.last_error()}")
        self.used += len(tokens)
        self._doubted = ()

    def distrust(self) -> bool:
        """Drop what the last `recall` read from disk if nothing was evaluated behind it yet; return whether it did."""
        if not self._doubted or self._kept is None:
            return False
        for link, kind in self._doubted:
            self._kept.drop(link, kind, self._base)
        self._doubted = ()
        self._forget()
        return True

    def flush(self, stopped: Callable[[], None]) -> None:
        """Wait until all that was evaluated is on disk; *stopped* may raise meanwhile."""
        if self._kept is not None:
            self._kept.store.flush(stopped=stopped)

    def close(self) -> None:
        """Finish what is being written, if that is soon done."""
        if self._kept is not None:
            self._kept.store.close()

    def _chain(self, base: Sequence[int]) -> tuple[Link, ...]:
        return links(self._kept.environment if self._kept else bytes(KEY_BYTES), base, self._step)

    def _taken_up(self, here: tuple[Link, ...]) -> int:
        """Return how many tokens were taken up, of which the rows of *here* had not left the memory."""
        if self._doubted:
            self.from_disk = self.used - (0 if self._kind == "recurrent" else _end(here))
        return self.used

    def _known(self, chain: tuple[Link, ...], base: Sequence[int]) -> int:
        """Return how many of the links are here, evaluated in the batches of a cold run."""
        common = min(_common_prefix(self._base, base), self.used)
        whole = len(self._base) if common == len(self._base) else -1
        return sum(1 for link in chain if link.end <= common and (link.end % self._step == 0 or link.end == whole))

    def _goal(self, chain: tuple[Link, ...], known: int) -> int:
        """Return how many of *chain* could be had without evaluating, the rows of *known* of them being here."""
        reach = min(known, len(chain))
        if self._kind == "recurrent":
            reach = len(chain)
        while reach < len(chain) and self._has(chain[reach], Kind.ROWS):
            reach += 1
        while reach and not self._can_be_true(chain[:reach]):
            reach -= 1
        return reach

    def _can_be_true(self, chain: tuple[Link, ...]) -> bool:
        """Whether the window or the state at the end of *chain* is here or on disk."""
        if self._kind == "rows" or self._is_true(chain[-1].end):
            return True
        return all(self._has(link, self._other) for link in self._window(chain))

    def _is_true(self, end: int) -> bool:
        """Whether the window or the state that is here is the one at *end*."""
        if self._kind == "windowed":
            return self._true_at == end and self._cells.first() == self._cells.first_needed(end)
        return self._kind == "rows" or self._true_at == end == self.used

    def _window(self, chain: tuple[Link, ...]) -> tuple[Link, ...]:
        """Return those links whose pieces make the window or the state at the end of *chain*."""
        if self._kind != "windowed":
            return chain[-1:]
        first = self._cells.first_needed(chain[-1].end)
        return tuple(link for link in chain if link.end > first)

    def _bring_rows(self, chain: tuple[Link, ...], known: int, goal: int, base: Sequence[int]) -> int:
        """Make the rows here those of the first *goal* links, or of fewer; return of how many they then are."""
        end = _end(chain[: min(known, goal)])
        if self._kind == "windowed" and not self._is_true(chain[goal - 1].end):
            self._cells.rewind(self.used)
        if self._kind == "recurrent" or (self.used == end and goal <= known and self._is_clean):
            return goal
        self._cells.keep(end)
        reached = self._add_rows(chain[known:goal], base) + min(known, goal)
        self._cells.done()
        self._is_clean = True
        self._holds(base, _end(chain[:reached]))
        return reached

    def _add_rows(self, links: Sequence[Link], base: Sequence[int]) -> int:
        """Load the rows of *links* from disk behind what is there; return of how many that went."""
        if not links or self._kept is None:
            return 0
        added = 0
        with closing(self._kept.read(links, Kind.ROWS, base)) as pieces:
            for link, rows in zip(links, pieces, strict=False):
                if not self._cells.add(rows, link.start, link.end):
                    self._kept.drop(link, Kind.ROWS, base)
                    break
                added += 1
        self._doubted += tuple((link, Kind.ROWS) for link in links[:added])
        return added

    def _bring_window(self, chain: tuple[Link, ...], base: Sequence[int]) -> bool:
        """Make the window or the state that of the end of *chain*; return whether it is."""
        end = _end(chain)
        if not self._is_true(end) and not self._load_window(self._window(chain), base):
            return False
        self._settle(end)
        self._holds(base, end)
        return True

    def _load_window(self, links: Sequence[Link], base: Sequence[int]) -> bool:
        """Load the pieces of a window, or one state, from disk; return whether that went."""
        self._true_at = -1
        if self._kept is None:
            return False
        load = self._cells.add_window if self._kind == "windowed" else self._cells.load_state
        loaded = 0
        with closing(self._kept.read(links, self._other, base)) as pieces:
            for link, piece in zip(links, pieces, strict=False):
                if not load(piece, link.start, link.end):
                    self._kept.drop(link, self._other, base)
                    break
                loaded += 1
        if self._kind == "windowed":
            self._cells.join_window()
        self._doubted += tuple((link, self._other) for link in links[:loaded])
        return loaded == len(links)

    def _settle(self, end: int) -> None:
        """Leave at *end* what a load leaves there. Raises: ModelError."""
        if self._kind == "windowed" and self._true_at != end and not self._cells.settle(end):
            raise ModelError(f"the model's window could not be put in order at token {end:,} of the context")
        self._true_at = end

    def _holds(self, base: Sequence[int], end: int) -> None:
        self._base = tuple(base[:end])
        self.used = end

    def _keep(self, link: Link, stopped: Callable[[], None], *, is_last: bool) -> None:
        """Send what was evaluated of *link* on its way to disk, as far as it is not there yet."""
        kept = self._kept
        if kept is None:
            return
        wants = [Kind.ROWS] if self._kind != "recurrent" else []
        if self._kind != "rows" and self._is_checkpoint(link, is_last=is_last):
            wants.append(self._other)
        wants = [kind for kind in wants if kept.wants(link, kind, self._base)]
        try:
            pieces = self._pieces(link, wants)
        except MemoryError:
            return
        for kind, piece in pieces:
            if piece is not None:
                kept.save(link, kind, self._base, piece, stopped)
        if (chunk := self._cells.chunk(link.end)) and pieces:
            self._drop_windows(chunk, stopped)

    def _pieces(self, link: Link, wants: Sequence[Kind]) -> list[tuple[Kind, bytearray | None]]:
        """Return what is wanted of *link*, the last that was evaluated. Raises: MemoryError."""
        if not wants:
            return []
        rows, window = self._cells.cut(link.start, link.end) if self._kind != "recurrent" else (None, None)
        found = {Kind.ROWS: rows, self._other: window}
        if self._kind in ("hybrid", "recurrent") and self._other in wants:
            found[self._other] = self._cells.state()
        return [(kind, found[kind]) for kind in wants]

    def _is_checkpoint(self, link: Link, *, is_last: bool) -> bool:
        """Whether the window or the state at the end of *link* is kept."""
        if self._kind == "windowed" or is_last:
            return True
        apart = self._cells.state_bytes() // _STATE_BYTES_A_TOKEN + 1
        return link.end // apart > link.start // apart

    def _drop_windows(self, chunk: tuple[int, int], stopped: Callable[[], None]) -> None:
        """Delete what was kept of windowed layers for positions inside *chunk*, which has ended.

        Another prompt that leaves this one inside the chunk keeps it for both.
        """
        assert self._kept is not None  # noqa: S101 - nothing was kept without it
        self._kept.store.flush(stopped=stopped)
        chain = [link for link in self._chain(self._base) if link.end > chunk[0]]
        if not self._kept.is_shared(chain):
            for link in chain[:-1]:
                self._kept.drop(link, self._other, self._base)

    def _has(self, link: Link, kind: Kind) -> bool:
        return self._kept is not None and self._kept.has(link, kind)

    def _forget(self) -> int:
        self._cells.clear()
        self.used, self._base, self._true_at, self._is_clean = 0, (), -1, True
        return 0


def _end(chain: Sequence[Link]) -> int:
    """Return how many tokens the links of *chain* are."""
    return chain[-1].end if chain else 0


def _common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    for index, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return index
    return min(len(first), len(second))
