"""A folder of blocks under a budget of bytes, shared by any number of processes.

A block is written once, in the background, whole or not at all, and never changed. It is read back verified, every bit,
or it counts as missing and is deleted. Before one is written, others leave: the least recently used, those first on
which no other hangs; never what any living process needs, nor what the new one hangs on. Each token that stands before
a block in its prompt counts as if the block had been used so much earlier (`shelf.rank`): the beginning of a prompt is
what an edit leaves, and prompts that are asked in turns and have not all room keep their beginnings instead of pushing
each other out. Where what may leave is not enough, nothing leaves and nothing is written. Nothing here raises for a
bad file or a full disk: that is counted. Payloads are as readable as the source text that was evaluated, hence the
owner-only permissions. Knows nothing of llama.cpp.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import cast

from codereader.engine.state import files, locks, pins, shelf, sweep
from codereader.engine.state.chain import Link
from codereader.engine.state.container import (
    LARGEST_PAYLOAD,
    Block,
    Damaged,
    Kind,
    Payload,
    difference,
    file_bytes,
    read_head,
    read_payload,
    write,
)
from codereader.engine.state.writer import Abandoned, Writer

LARGEST_BUDGET = 20_000_000_000
"""Bytes all blocks together may take by default, if the tenth part of the free disk is not less."""

SPARE_DISK, SPARE_DISK_OF_DEFAULT = 1 << 30, 5 << 30
"""Bytes that stay free on the disk under a budget that was given, and under the default one."""

_READERS = 4
_LOCK_NAME = "writers.lock"
_LOCK_SECONDS = 1.0
_SEEN_SECONDS = 5.0
_MUCH = 8
"""There is much room where more than this part of the budget is free."""
_CLOSE_SECONDS = 0.2


@dataclass(slots=True)
class Counts:
    """What became of blocks in this process: written, refused for want of room or of their parent, failed, dropped
    since the disk was too slow, evicted for others, missing or of no use when read."""

    written: int = 0
    written_bytes: int = 0
    refused: int = 0
    failed: int = 0
    dropped: int = 0
    evicted: int = 0
    damaged: int = 0


class StateStore:
    """Blocks in *folder*. *budget* is in bytes, None for the default; under 0 nothing is written and none is read.

    One thread uses it; the background writer is its own. `use` first, with the chain of the prompt.
    """

    def __init__(self, folder: Path, budget: int | None = None) -> None:
        self.folder = folder
        self.counts = Counts()
        self._budget = budget
        self._pins = pins.Pins(folder)
        self._writer = Writer()
        self._pending: set[str] = set()
        self._unwanted: set[str] = set()
        self._is_ready = False
        self._used_ns = time.time_ns()
        self._seen = _Seen(set(), 0)
        self._starts: dict[str, int] = {}

    def use(self, chain: Sequence[Link]) -> None:
        """Need the blocks of *chain*, there or still to come, and no others: none of them leaves from now on.

        Those that are there count as used now.
        """
        if not self._ready():
            return
        self._used_ns = time.time_ns()
        with contextlib.suppress(OSError):
            self._pins.set(link.key for link in chain)
        for link in chain:
            for kind in Kind:
                self._touch(self._path(link, kind))

    def have(self, link: Link, kind: Kind) -> bool:
        """Whether a block is stored or about to be written. Only `read` tells whether it is whole."""
        path = self._path(link, kind)
        return path.name in self._pending or (self._budget != 0 and files.is_there(path))

    def wants(self, block: Block, payload_bytes: int) -> bool:
        """Whether a block is worth exporting: it is neither stored nor about to be, and its budget could hold it."""
        size = file_bytes(block, payload_bytes)
        return (
            payload_bytes <= LARGEST_PAYLOAD
            and (self._budget is None or size <= self._budget)
            and not self.have(block.link, block.kind)
            and self._ready()
        )

    def read(self, block: Block, most: int = LARGEST_PAYLOAD, buffer: bytearray | None = None) -> memoryview | None:
        """Return the payload, verified whole, and mark it as used; None, and the file is gone, if a bit is wrong.

        A payload of more than *most* bytes is wrong: pass what is possible. Of *block*, the label may differ. What is
        returned can be written to, and is a view of *buffer* where that is large enough.
        """
        path = self._path(block.link, block.kind)
        if self._budget == 0:
            return None
        try:
            payload = _read(path, block, most, bytearray() if buffer is None else buffer)
        except FileNotFoundError:
            return None
        except (Damaged, OSError, MemoryError) as error:
            self._blame(path, error)
            return None
        self._touch(path)
        return payload

    def read_all(self, blocks: Sequence[Block], most: int = LARGEST_PAYLOAD) -> Iterator[memoryview]:
        """Yield the payload of each of *blocks*, in order, up to the first that is missing or wrong; as `read`.

        Each is to be used before the next is asked for, which may take its memory. Some blocks are read ahead and
        verified in threads; as many payloads as threads are in memory, and one.
        """
        threads = max(1, min(_READERS, os.cpu_count() or 1, len(blocks)))
        pool = ThreadPoolExecutor(threads, "state")
        try:
            rest = iter(blocks)
            ahead: deque[Future[memoryview | None]] = deque()
            ahead.extend(pool.submit(self.read, block, most) for block in islice(rest, threads + 1))
            while ahead:
                payload = ahead.popleft().result()
                if payload is None:
                    return
                yield payload
                buffer = cast("bytearray", payload.obj)
                ahead.extend(pool.submit(self.read, block, most, buffer) for block in islice(rest, 1))
        finally:
            pool.shutdown(cancel_futures=True)

    def save(self, block: Block, payload: Payload, stopped: Callable[[], None] = lambda: None) -> bool:
        """Queue a block for writing; return whether it was taken. *payload* must not be changed any more.

        *stopped* is called while the queue is full; what it raises is raised. Raises: ValueError for a block whose
        keys and tokens do not go together.
        """
        with memoryview(payload) as view:
            payload_bytes = view.nbytes
        if not self.wants(block, payload_bytes):
            return False
        name = shelf.name_of(block.link, block.kind)
        self._pending.add(name)
        self._unwanted.discard(name)

        def task(stopped: Callable[[], None]) -> None:
            try:
                if name not in self._unwanted:
                    self._write(block, payload, file_bytes(block, payload_bytes), stopped)
                if name in self._unwanted:
                    files.remove(self.folder / name)
            finally:
                self._pending.discard(name)

        taken = False
        try:
            taken = self._writer.put(task, payload_bytes, stopped)
        finally:
            if not taken:
                self._pending.discard(name)
                self.counts.dropped += 1
        return taken

    def discard(self, block: Block) -> None:
        """Delete a block that turned out to be of no use, or that is not wanted any more; one on its way too."""
        path = self._path(block.link, block.kind)
        if path.name in self._pending:
            self._unwanted.add(path.name)
            self._pending.discard(path.name)
        files.remove(path)

    def flush(self, seconds: float | None = None, stopped: Callable[[], None] = lambda: None) -> bool:
        """Wait, at most *seconds*, until all that was saved is on the disk or given up; return whether it is.

        *stopped* is called every few milliseconds; what it raises is raised, and the writing goes on.
        """
        return self._writer.flush(seconds, stopped)

    def abandon(self) -> None:
        """Give up what is not written yet. Does not wait; nothing broken is left."""
        self._writer.abandon()
        self._pending.clear()

    def close(self, seconds: float = _CLOSE_SECONDS) -> None:
        """Finish what takes at most *seconds*, give up the rest, and need nothing any more. It may be used again."""
        if not self._writer.flush(seconds):
            self.abandon()
        self._pins.clear()

    def _path(self, link: Link, kind: Kind) -> Path:
        return self.folder / shelf.name_of(link, kind)

    def _ready(self) -> bool:
        """Make the folder, for its owner alone, and sweep it, once; return whether it can be used.

        Again where it has gone: a process may run for days.
        """
        if self._budget != 0 and not (self._is_ready and self.folder.is_dir()):
            self._is_ready = False
            try:
                files.make_own(self.folder)
                sweep.sweep(self.folder)
            except OSError:
                return False
            self._is_ready, self._seen = True, _Seen(set(), 0)
        return self._is_ready

    def _write(self, block: Block, payload: Payload, size: int, stopped: Callable[[], None]) -> None:
        """Write a block if there is room for it and what it hangs on is there; count what became of it."""
        path = self._path(block.link, block.kind)
        try:
            if files.is_there(path):
                return
            draft = self._begin(block, size)
            if draft is None:
                self.counts.refused += 1
                return
            files.finish(draft, path, lambda file: write(file, block, payload, stopped))
            self._touch(path)
        except (OSError, MemoryError):
            self.counts.failed += 1
        except Abandoned:
            self.counts.dropped += 1
            raise
        else:
            self.counts.written += 1
            self.counts.written_bytes += size

    def _begin(self, block: Block, size: int) -> files.Draft | None:
        """Return a draft for a block of *size* bytes if there is room for it. Raises: OSError.

        One process does so at a time, so that no two take the same room.
        """
        with locks.alone(self.folder / _LOCK_NAME, _LOCK_SECONDS):
            return files.new_draft(self.folder, size) if self._make_room(block, size) else None

    def _make_room(self, block: Block, size: int) -> bool:
        """Let others leave until *size* bytes fit; return whether they do. Where not, all stay. Raises: OSError.

        Where there was much room a moment ago, and nobody else writes, the folder is not listed for each block.
        """
        room, budget = self._room(self._seen.taken)
        is_known = self._seen.is_fresh and self._seen.has_parent(block) and room - size >= budget // _MUCH
        if not is_known or pins.processes(self.folder) > 1:
            found = shelf.survey(self.folder)
            room, budget = self._room(found.taken)
            if room < size and sweep.sweep(self.folder)[0]:
                found = shelf.survey(self.folder)
                room, budget = self._room(found.taken)
            self._seen = _Seen({item.node for item in found.items}, found.taken, time.monotonic())
            if not self._seen.has_parent(block) or size > budget or not self._leave(found.items, block, size - room):
                return False
        self._seen.add(block, size)
        return True

    def _leave(self, found: tuple[shelf.Item, ...], block: Block, needed: int) -> bool:
        """Delete so many bytes for *block*, the least useful first; return whether that went. Where not, all stay."""
        if needed <= 0:
            return True
        kept = self._pins.keys | pins.pinned(self.folder) | shelf.ancestors(found, block.link)
        rank = shelf.rank(self._used_ns, block.link.start)
        leaving = shelf.leaving(found, needed, kept, rank, self._start_of)
        for item in leaving or ():
            (self.folder / item.name).unlink(missing_ok=True)
            self.counts.evicted += 1
        return leaving is not None

    def _room(self, taken: int) -> tuple[int, int]:
        """Return how many bytes more may be written, negative for how many are too many, and the budget."""
        free = shutil.disk_usage(self.folder).free
        budget = default_budget(free + taken) if self._budget is None else self._budget
        spare = SPARE_DISK_OF_DEFAULT if self._budget is None else SPARE_DISK
        return min(budget - taken, free - spare), budget

    def _blame(self, path: Path, error: Exception) -> None:
        """Count a block that could not be read, and delete its file if that is the file's fault."""
        self.counts.damaged += 1
        if isinstance(error, Damaged) or (isinstance(error, OSError) and error.errno not in files.PASSING):
            files.remove(path)

    def _touch(self, path: Path) -> None:
        """Note that a block was used by this run, if it is there."""
        files.touch(path, self._used_ns)

    def _start_of(self, item: shelf.Item) -> int:
        """Return the first token of a stored block, as its head says; each head is read once."""
        if item.name not in self._starts:
            try:
                with files.opened(self.folder / item.name) as (file, size):
                    self._starts[item.name] = read_head(file, size).block.link.start
            except (Damaged, FileNotFoundError):
                return shelf.UNKNOWN_START
            except (OSError, MemoryError):
                return 0
        return self._starts[item.name]


def default_budget(free: int) -> int:
    """Return the budget of a disk with *free* bytes beside the blocks."""
    return min(LARGEST_BUDGET, free // 10)


def _read(path: Path, block: Block, most: int, buffer: bytearray) -> memoryview:
    """Return the payload of *block*, in *buffer* where that is large enough. Raises: Damaged, OSError, MemoryError."""
    with files.opened(path) as (file, size):
        head = read_head(file, size)
        different = difference(block, head.block)
        if different:
            raise Damaged(different)
        return read_payload(file, head, most, buffer)


@dataclass(slots=True)
class _Seen:
    """What the folder held when it was listed, at *when* (monotonic seconds), and what was written since."""

    nodes: set[shelf.Node]
    taken: int
    when: float = -math.inf

    @property
    def is_fresh(self) -> bool:
        """Whether it is so new that other processes cannot have filled much room meanwhile."""
        return time.monotonic() - self.when < _SEEN_SECONDS

    def has_parent(self, block: Block) -> bool:
        """Whether what *block* is of no use without is stored."""
        needs = shelf.needs_of(shelf.short(block.link.key), shelf.short(block.link.parent), block.kind)
        is_first = block.kind is Kind.ROWS and not block.link.start
        return needs is None or is_first or needs in self.nodes

    def add(self, block: Block, size: int) -> None:
        """Count what is about to be written."""
        self.nodes.add((shelf.short(block.link.key), block.kind))
        self.taken += size
