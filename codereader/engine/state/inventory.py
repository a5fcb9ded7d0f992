"""What the folder of blocks holds, for the person whose disk it is: told, checked, cleared.

Bytes; seconds since the epoch. Every function looks at what stands there, never at names alone. Each raises StoreError
where the folder cannot be read.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from codereader.engine.state import files, shelf, sweep
from codereader.engine.state.container import Block, Damaged, Head, Kind, read_head, verify_payload
from codereader.errors import StoreError

Step = Callable[[int, int], None]
"""Called with the files done and their total; may raise to stop."""


@dataclass(frozen=True, slots=True)
class Held:
    """The blocks of one model under one set of settings. `environment` is its key's begin in hex.

    `prompts` counts the blocks that no other goes on from: the ends of prompts. `tokens` counts each stored token once.
    """

    environment: str
    model: str
    prompts: int
    blocks: int
    tokens: int
    bytes: int
    used: float


@dataclass(frozen=True, slots=True)
class Listing:
    """All that is held, the last used first, and how many files are named as blocks and are none."""

    held: tuple[Held, ...]
    damaged: int

    @property
    def bytes(self) -> int:
        """Bytes of all that is held."""
        return sum(held.bytes for held in self.held)


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that is not what its name says, why, and whether it is gone."""

    name: str
    why: str
    removed: bool


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of every bit found. `swept` files were left behind by killed processes or an older version."""

    whole: int
    bytes: int
    faults: tuple[Fault, ...]
    swept: int


@dataclass(frozen=True, slots=True)
class Cleared:
    """How many blocks and other files are gone, the bytes that this gave back, and the blocks that could not go."""

    blocks: int
    others: int
    bytes: int
    stayed: int


def listed(folder: Path) -> Listing:
    """Return what *folder* holds; only heads are read, and nothing is deleted."""
    groups: defaultdict[str, list[tuple[Block, int, float]]] = defaultdict(list)
    damaged = 0
    for path in _blocks(folder):
        try:
            with files.opened(path) as (file, size):
                block = read_head(file, size).block
            groups[shelf.short(block.environment)].append((block, size, path.lstat().st_mtime))
        except FileNotFoundError:
            continue
        except (Damaged, OSError):
            damaged += 1
    held = [_held(environment, rows) for environment, rows in groups.items()]
    return Listing(tuple(sorted(held, key=lambda one: (-one.used, one.environment))), damaged)


def verified(folder: Path, step: Step = lambda _, __: None) -> Verified:
    """Read every block from its first bit to its last; delete those that are not what their name says."""
    swept = _swept(folder)[0]
    paths = _blocks(folder)
    faults: list[Fault] = []
    whole = total = 0
    for number, path in enumerate(paths):
        step(number, len(paths))
        try:
            total += _verify(path, lambda number=number: step(number, len(paths)))  # type: ignore[misc]
            whole += 1
        except FileNotFoundError:
            continue
        except (Damaged, OSError) as error:
            faults.append(_removed(path, error))
    return Verified(whole, total, tuple(faults), swept)


def cleared(folder: Path, older_than: float = 0.0) -> Cleared:
    """Delete the blocks that were not used in the last *older_than* seconds, and what nobody needs any more.

    What was used in a time that is yet to come was used by a clock that was wrong: nobody knows when, and it goes.
    """
    others, freed = _swept(folder)
    blocks = stayed = 0
    now = time.time_ns()
    first, last = now - int(older_than * 10**9), now + shelf.CLOCKS_DIFFER_NS
    for path in _blocks(folder):
        try:
            if older_than and first < path.lstat().st_mtime_ns <= last:
                continue
        except OSError:
            continue
        freed += files.remove(path)
        if files.is_there(path):
            stayed += 1
        else:
            blocks += 1
    return Cleared(blocks, others, freed, stayed)


def _removed(path: Path, error: Damaged | OSError) -> Fault:
    """Return what is wrong with a file, which is deleted unless that is not the file's fault."""
    if isinstance(error, Damaged) or error.errno not in files.PASSING:
        files.remove(path)
    why = str(error) if isinstance(error, Damaged) else f"it cannot be read: {error.strerror or error}"
    return Fault(path.name, why, not files.is_there(path))


def _blocks(folder: Path) -> list[Path]:
    """Return what is named as a block, in order of name; nothing where there is no folder. Raises: StoreError."""
    try:
        return [path for path, _ in shelf.listing(folder, shelf.is_block_name)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unreadable(folder, error) from error


def _swept(folder: Path) -> tuple[int, int]:
    """Sweep, if there is anything to sweep; return how many files went, and their bytes. Raises: StoreError."""
    try:
        return sweep.sweep(folder)
    except FileNotFoundError:
        return 0, 0
    except OSError as error:
        raise _unreadable(folder, error) from error


def _unreadable(folder: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot read the saved state in {folder}: {error.strerror or error}",
        "Set CODEREADER_CACHE_DIR to a folder of yours, or mend this one's permissions.",
    )


def _held(environment: str, rows: list[tuple[Block, int, float]]) -> Held:
    """Return *rows* (block, bytes, time of last use) as one entry."""
    blocks = [block for block, _, _ in rows]
    used = max(used for _, _, used in rows)
    latest = min((-when, block.label) for block, _, when in rows)[1]
    keys = {block.link.key for block in blocks}
    ends = keys - {block.link.parent for block in blocks}
    tokens = {block.link.key: _tokens(block) for block in sorted(blocks, key=lambda block: block.kind)}
    return Held(environment, latest, len(ends), len(blocks), sum(tokens.values()), sum(row[1] for row in rows), used)


def _tokens(block: Block) -> int:
    """Return how many tokens a block saves the evaluation of."""
    return block.link.end if block.kind is Kind.WHOLE else len(block.tokens)


def _verify(path: Path, stopped: Callable[[], None]) -> int:
    """Return the size of a file that is whole and is what its name says. Raises: Damaged, OSError."""
    with files.opened(path) as (file, size):
        head: Head = read_head(file, size)
        if shelf.name_of(head.block.link, head.block.kind) != path.name:
            raise Damaged("it is another block than its name says")
        verify_payload(file, head, stopped)
    return size
