"""What a prompt's base is made of, and where it parts from the one before.

Evaluated state serves a base up to the first token that differs. The parts of the last base are kept for each tree and
model (names, sizes and digests, no text), so that it can be said which of them made the rest be evaluated again.
Later splicing needs the same ranges. Knows nothing of engines or states.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codereader.config import write_whole

FRAME = "the instructions"
"""The part before the files: the model's template, the system text, the preface."""

BRIEF = "the facts about the tree"
"""The part behind the files."""

MOST_KEPT = 64
"""Trees and models whose last base is remembered; the ones used longest ago go first."""

LARGEST = 16 << 20
"""Bytes of a record; a larger one is not read."""

_VERSION = 1

_MANY = (FRAME, BRIEF)
"""Labels that are plural."""


@dataclass(frozen=True, slots=True)
class Part:
    """A run of tokens of a base: the frame, all segments of one file that follow each other, or the facts.

    `level` tells how a file is shown, by its first segment, empty for the others; `digest` is that of the token ids.
    """

    label: str
    level: str
    tokens: int
    digest: str


def part(label: str, level: str, ids: Sequence[int]) -> Part:
    """Return the part that *ids* are."""
    packed = struct.pack(f"<{len(ids)}i", *ids)
    return Part(label, level, len(ids), hashlib.blake2b(packed, digest_size=16).hexdigest())


@dataclass(frozen=True, slots=True)
class Break:
    """The first difference between two bases: `tokens` are the same before it, and `why` is half a sentence."""

    tokens: int
    why: str


def first_break(before: Sequence[Part], now: Sequence[Part]) -> Break | None:
    """Return where *now* parts from *before*; None where it holds all of it, or there is nothing to compare with."""
    same = 0
    for old, new in zip(before, now, strict=False):
        if old != new:
            return Break(same, _why(old, new, before, now))
        same += new.tokens
    if len(now) < len(before):
        return Break(same, f"{before[len(now)].label} is gone")
    return None


class LastBases:
    """The last base of each tree and model, in a folder of the cache. A record that cannot be read is none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, tree: str, model: str) -> tuple[Part, ...]:
        """Return the parts of the last base, empty where none is known."""
        path = self._path(tree, model)
        try:
            if path.stat().st_size > LARGEST:
                return ()
            return _parts_in(json.loads(path.read_bytes()))
        except (OSError, ValueError, RecursionError):
            return ()

    def put(self, tree: str, model: str, parts: Sequence[Part]) -> None:
        """Remember *parts* as the last base, whole or not at all; a full or read-only disk is no error."""
        rows = [[one.label, one.level, one.tokens, one.digest] for one in parts]
        text = json.dumps({"version": _VERSION, "parts": rows}, ensure_ascii=True)
        with contextlib.suppress(OSError):
            write_whole(self._path(tree, model), text.encode())
            self._forget_oldest()

    def _path(self, tree: str, model: str) -> Path:
        named = f"{tree}\0{model}".encode("utf-8", "surrogateescape")
        return self._folder / f"{hashlib.blake2b(named, digest_size=16).hexdigest()}.json"

    def _forget_oldest(self) -> None:
        kept = sorted(self._folder.glob("*.json"), key=lambda path: (path.stat().st_mtime_ns, path.name))
        for path in kept[:-MOST_KEPT]:
            path.unlink(missing_ok=True)


def _why(old: Part, new: Part, before: Sequence[Part], now: Sequence[Part]) -> str:
    if old.label == new.label:
        shown = f"{new.label} is shown as {new.level}, not {old.level}"
        return shown if old.level != new.level else f"{new.label} {'have' if new.label in _MANY else 'has'} changed"
    if new.label not in {one.label for one in before}:
        return f"{new.label} is new"
    if old.label not in {one.label for one in now}:
        return f"{old.label} is gone"
    return f"{new.label} stands elsewhere"


def _parts_in(record: object) -> tuple[Part, ...]:
    """Return the parts that a record holds. Raises: ValueError for anything that is none."""
    match record:
        case {"version": version, "parts": list(rows)} if version == _VERSION:
            return tuple(_part_in(row) for row in rows)
    raise ValueError("not a record of a base")


def _part_in(row: object) -> Part:
    match row:
        case [str(label), str(level), int(tokens), str(digest)]:
            return Part(label, level, tokens, digest)
    raise ValueError("not a part of a base")
