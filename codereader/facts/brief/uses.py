"""How often each name is used in a scope: calls, mentions, tables.

In a scope of up to `WHOLE_BYTES` of source every use is looked at. In a larger one counts come from the index's totals,
and kinds and places from the most important files alone; `Uses.looked` says which those were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from codereader.index.parsed import Reference, TableEntry
from codereader.index.view import At, IndexedFile, IndexView
from codereader.source.spans import line_of

WHOLE_BYTES = 2 << 20
"""So many bytes of source are looked at use by use, the most important files first."""


@dataclass(frozen=True, slots=True)
class Use:
    """A name used `count` times, first at ``path:line`` (1-based), in `files` files (None: not counted)."""

    name: str
    count: int
    files: int | None
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Uses:
    """`calls`: bare calls by name. `held`: names put into tables. `mentions`: all uses of a name, calls included.

    `through` counts calls on an object or struct member, whose target the name alone does not tell.
    `looked` are the files whose every use was looked at, sorted; `is_whole` tells whether these are all.
    """

    calls: Mapping[str, Use]
    held: Mapping[str, Use]
    mentions: Mapping[str, int]
    through: int
    looked: tuple[str, ...]
    is_whole: bool


def count_uses(view: IndexView, ranked: Sequence[IndexedFile], totals: Mapping[str, int]) -> Uses:
    """Count what the files of *view* use.

    *ranked* are its files by importance, *totals* its uses across files by name.
    """
    looked = _looked(ranked)
    is_whole = len(looked) == len(ranked)
    references = [at for path in looked for at in view.references(path=path)]
    bare = [at for at in references if at.fact.kind == "call" and at.fact.receiver is None]
    calls = _by_name((at.fact.name, at) for at in bare)
    held = _by_name((at.fact.function, at) for at in view.tables())
    through = sum(at.fact.kind == "call" and at.fact.receiver is not None for at in references)
    if is_whole:
        return Uses(calls, held, _mentions(references), through, looked, is_whole)
    calls = {name: Use(name, totals.get(name, use.count), None, use.path, use.line) for name, use in calls.items()}
    return Uses(calls, {name: held[name] for name in held if name not in calls}, totals, through, looked, is_whole)


def _looked(ranked: Sequence[IndexedFile]) -> tuple[str, ...]:
    """Return the most important files whose sizes stay within `WHOLE_BYTES` together, at least one, by path."""
    sizes = accumulate(file.size for file in ranked)
    return tuple(sorted(file.path for file, size in zip(ranked, sizes, strict=True) if size - file.size < WHOLE_BYTES))


def _mentions(references: Iterable[At[Reference]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for at in references:
        counts[at.fact.name] = counts.get(at.fact.name, 0) + 1
    return counts


def _by_name(facts: Iterable[tuple[str, At[Reference] | At[TableEntry]]]) -> dict[str, Use]:
    """Group facts that are sorted by path and row."""
    first: dict[str, tuple[str, int]] = {}
    counts: dict[str, dict[str, int]] = {}
    for name, at in facts:
        first.setdefault(name, (at.path, line_of(at.fact.row)))
        files = counts.setdefault(name, {})
        files[at.path] = files.get(at.path, 0) + 1
    return {name: Use(name, sum(files.values()), len(files), *first[name]) for name, files in counts.items()}


def added(first: Mapping[str, Use], second: Mapping[str, Use]) -> list[Use]:
    """Join two counts, most used first, then by name; the place is that of the first where both have one."""
    joined = dict(first)
    for name, use in second.items():
        known = joined.get(name)
        joined[name] = use if known is None else _sum(known, use)
    return sorted(joined.values(), key=lambda use: (-use.count, -(use.files or 0), use.name))


def _sum(first: Use, second: Use) -> Use:
    files = None if first.files is None or second.files is None else max(first.files, second.files)
    return Use(first.name, first.count + second.count, files, first.path, first.line)
