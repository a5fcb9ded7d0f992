"""The folder of blocks: names, sizes, ages, what hangs on what, and which would leave first.

A name tells a block's key, its parent's and its kind, so the relations of all blocks are known from one listing; no
file is opened. Names are only hints about what to keep: what a file really is, its head says. A file's time is when it
was last used; what it is worth, its rank, is that time less `NS_A_TOKEN` for each token before it. Bytes; nanoseconds
since the epoch.
"""

from __future__ import annotations

import contextlib
import heapq
import math
import os
import re
import stat
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from codereader.engine.state.chain import Link
from codereader.engine.state.container import Kind

SUFFIX = ".block"
OLD_SUFFIX = ".kv"
DRAFT_SUFFIX = ".draft"
"""What is being written; it counts against the budget with the size that it will have."""

_NAME_BYTES = 16
_NAME = re.compile(r"(?P<key>[0-9a-f]{32})-(?P<parent>[0-9a-f]{32})-(?P<kind>rows|window|whole)\.block")
_DRAFT = re.compile(r"[0-9a-f]{16}\.draft")
_OLD = re.compile(r"[0-9a-f]{16}-[0-9a-f]{32}\.kv")
"""The format before this one: one file a whole sequence."""

CLOCKS_DIFFER_NS = 3600 * 10**9
"""What was used later than this from now was used by a clock that has been set back since: nobody knows when."""

NS_A_TOKEN = 100_000_000
"""By how much earlier a block counts as used for each token that stands before it in its prompt."""

UNKNOWN_START = 1 << 63
"""The first token of a block that cannot be read: it is worth less than any other."""

_KINDS = {kind.name.lower(): kind for kind in Kind}

Node = tuple[str, Kind]


@dataclass(frozen=True, slots=True)
class Item:
    """One file that is named as a block: the begin of its key and its parent's in hex, bytes, when it was last used.

    0 for a time that is yet to come."""

    name: str
    key: str
    parent: str
    kind: Kind
    bytes: int
    used_ns: int

    @property
    def node(self) -> Node:
        """What others hang on."""
        return self.key, self.kind

    @property
    def needs(self) -> Node | None:
        """What this one is of no use without; of a first block, that is nothing that stands here."""
        return needs_of(self.key, self.parent, self.kind)


@dataclass(frozen=True, slots=True)
class Survey:
    """The regular files that are named as blocks, in no order, and the bytes of them and of all drafts."""

    items: tuple[Item, ...]
    taken: int


def short(key: bytes) -> str:
    """Return the begin of *key* as names have it."""
    return key[:_NAME_BYTES].hex()


def needs_of(key: str, parent: str, kind: Kind) -> Node | None:
    """Return what a block is of no use without, None for what stands by itself."""
    match kind:
        case Kind.ROWS:
            return parent, Kind.ROWS
        case Kind.WINDOW:
            return key, Kind.ROWS
        case Kind.WHOLE:
            return None


def name_of(link: Link, kind: Kind) -> str:
    """Return the name of the file of a block."""
    return f"{short(link.key)}-{short(link.parent)}-{kind.name.lower()}{SUFFIX}"


def survey(folder: Path) -> Survey:
    """Return what counts against the budget. Raises: OSError, but for a folder that is not there."""
    found: list[Item] = []
    drafts = 0
    latest = time.time_ns() + CLOCKS_DIFFER_NS
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                match = _NAME.fullmatch(entry.name)
                if match is None and not is_draft(entry.name):
                    continue
                with contextlib.suppress(OSError):  # gone meanwhile
                    status = entry.stat(follow_symlinks=False)
                    if not stat.S_ISREG(status.st_mode):
                        continue
                    if match is None:
                        drafts += status.st_size
                    else:
                        found.append(_item(match, status, latest))
    except FileNotFoundError:
        pass
    return Survey(tuple(found), drafts + sum(item.bytes for item in found))


def listing(folder: Path, is_wanted: Callable[[str], bool]) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield what stands in *folder* under wanted names, links not followed, in order of name. Raises: OSError."""
    with os.scandir(folder) as entries:
        for entry in sorted((one for one in entries if is_wanted(one.name)), key=lambda one: one.name):
            with contextlib.suppress(OSError):  # gone meanwhile
                yield Path(entry.path), entry.stat(follow_symlinks=False)


def is_block_name(name: str) -> bool:
    """Whether *name* is one that a block may have."""
    return _NAME.fullmatch(name) is not None


def is_draft(name: str) -> bool:
    """Whether *name* is one that a draft may have: other files with that ending are a person's."""
    return _DRAFT.fullmatch(name) is not None


def is_old(name: str) -> bool:
    """Whether *name* is one that states had in the format before this."""
    return _OLD.fullmatch(name) is not None


def ancestors(found: tuple[Item, ...], link: Link) -> frozenset[str]:
    """Return the key of *link* and of all that it hangs on, as far as they are stored; their begins, in hex."""
    parents = {item.key: item.parent for item in found}
    kept, key = {short(link.key)}, short(link.parent)
    while key in parents and key not in kept:
        kept.add(key)
        key = parents[key]
    return frozenset(kept)


def rank(used_ns: int, start: int) -> int:
    """Return what a block that begins at token *start* is worth: of two the lesser leaves first."""
    return used_ns - start * NS_A_TOKEN


def leaving(
    found: tuple[Item, ...],
    needed: int,
    kept: Set[str],
    below: float = math.inf,
    start_of: Callable[[Item], int] = lambda _: 0,
) -> tuple[Item, ...] | None:
    """Return which of *found*, in their order, make *needed* bytes free; None where no number of them is enough.

    Those of the least `rank` go first, but never one that another needs that stays, never one whose key begins as one
    of *kept*, and none of rank *below* or more. *start_of* is asked only for those whose turn may come.
    """
    by_node: defaultdict[Node, list[Item]] = defaultdict(list)
    for item in found:
        by_node[item.node].append(item)
    circles = _circles(by_node)
    above = {item.name: item.needs for item in found if item.needs is not None and item.node not in circles}
    hanging = Counter(above.values())

    def entry(item: Item) -> tuple[int, str, Item]:
        return rank(item.used_ns, start_of(item)), item.name, item

    free = [entry(item) for item in found if item.key not in kept and not hanging[item.node]]
    heapq.heapify(free)
    gone: list[Item] = []
    while needed > 0 and free:
        worth, _, item = heapq.heappop(free)
        if worth >= below:
            return None
        gone.append(item)
        needed -= item.bytes
        if (node := above.get(item.name)) is not None:
            hanging[node] -= 1
            for freed in by_node.get(node, ()) if not hanging[node] else ():
                if freed.key not in kept:
                    heapq.heappush(free, entry(freed))
    return tuple(gone) if needed <= 0 else None


def _circles(by_node: Mapping[Node, list[Item]]) -> set[Node]:
    """Return those that hang on each other in a circle, which no writer makes: none of them is of use."""
    hanging = Counter(item.needs for items in by_node.values() for item in items)
    free = [node for node in by_node if not hanging[node]]
    left = set(by_node)
    while free:
        node = free.pop()
        left.discard(node)
        for item in by_node[node]:
            hanging[item.needs] -= 1
            if item.needs is not None and item.needs in by_node and not hanging[item.needs]:
                free.append(item.needs)
    return left


def _item(match: re.Match[str], status: os.stat_result, latest: int) -> Item:
    """Return the block of a name; a time behind *latest* tells nothing of when it was used."""
    key, parent, kind = match.groups()
    used = status.st_mtime_ns if status.st_mtime_ns <= latest else 0
    return Item(match[0], key, parent, _KINDS[kind], status.st_size, used)
