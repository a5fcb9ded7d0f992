"""How important a file or a definition is inside its scope.

A score is a sum of damped counts: where control enters, tables of functions, exports, what other files
refer to. A name counts by the files that refer to it, not by how often they do, and a macro less than what the
compiler knows; each file's sum enters as ``log2(1 + n)``, so that no single name, kind or sheer size decides. Scores
compare only within one scope. Same index, same scores.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log2

from codereader.facts.outcome import packed, unpacked
from codereader.index.parsed import Definition
from codereader.index.rows import Head, Held, unpack_heads, unpack_held
from codereader.index.view import IndexView

VERSION = 1
"""Counts up with every change of what a score is made of; kept ones of another version are not found."""

NAME = f"importance {VERSION}"
"""What scores are kept under."""

ENTRY_WEIGHT = 2.0
TABLE_WEIGHT = 1.5
EXPORT_WEIGHT = 1.0
INCOMING_WEIGHT = 2.0
SIZE_WEIGHT = 0.5
"""Per doubling of the number of definitions."""

MACRO_SHARE = 0.5
"""What a file that uses a macro counts, against one that uses a function, type or variable."""

MINOR_SHARE = 0.25
"""What is left of the score of tests, documentation, examples and the like."""

TOLD = 500
"""So many files are ranked before the next are told of."""

_MINOR = re.compile(
    r"(^|/)(tests?|testing|selftests?|docs?|documentation|examples?|samples?|benchmarks?|fixtures|vendor|third_party)/"
    r"|(^|/)(test_[^/]*|[^/]*_test|conftest)\.\w+$",
    re.IGNORECASE,
)


def is_minor(path: str) -> bool:
    """Tell whether *path* is a test, documentation, an example or foreign code."""
    return bool(_MINOR.search(path))


def rank_files(view: IndexView, step: Callable[[int, int], None] = lambda _, __: None) -> dict[str, float]:
    """Return the score of every file, highest first, then by path. It is kept in the index until a file changes.

    *step* is told now and then how many files are ranked, of how many.
    """
    paths = sorted(file.path for file in view.files())
    kept = view.kept(NAME)
    scores = _unpacked(kept, paths) if kept else None
    if scores is None:
        scores = _scores(view, paths, step)
        made = packed([scores[path] for path in paths])
        if made is not None:
            view.keep(NAME, made)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def is_ranked(view: IndexView) -> bool:
    """Whether `rank_files` finds its scores kept."""
    return view.kept(NAME) is not None


def _unpacked(raw: bytes, paths: Sequence[str]) -> dict[str, float] | None:
    """Return the scores of the *paths* that were kept, None for anything else."""
    try:
        scores = unpacked(raw)
        if isinstance(scores, list):
            return {path: float(score) for path, score in zip(paths, scores, strict=True)}
    except (ValueError, TypeError):
        pass
    return None


def _scores(view: IndexView, paths: Sequence[str], step: Callable[[int, int], None]) -> dict[str, float]:
    step(0, len(paths))
    referring = view.referring_files()
    defined: dict[str, int] = {}
    homes: dict[str, list[tuple[str, float]]] = {}
    for files, heads in view.sections("definitions", unpack_heads):
        names = len({head.name for head in heads})
        shared = {name: share for name, share in _shares(heads).items() if name in referring}
        if len(defined) // TOLD != (len(defined) + len(files)) // TOLD:
            step(len(defined) + len(files), len(paths))
        for path in files:
            defined[path] = names
            for name, share in shared.items():
                homes.setdefault(name, []).append((path, share))
    held = {path: counts for files, counts in view.sections("others", unpack_held) for path in files}
    incoming = _incoming(homes, referring)
    return {path: _score(path, defined[path], held[path], incoming.get(path, 0.0)) for path in paths}


def _score(path: str, defined: int, held: Held, incoming: float) -> float:
    score = (
        ENTRY_WEIGHT * log2(1 + held.entries)
        + TABLE_WEIGHT * log2(1 + held.tables)
        + EXPORT_WEIGHT * log2(1 + held.exports)
        + SIZE_WEIGHT * log2(1 + defined)
        + INCOMING_WEIGHT * log2(1 + incoming)
    )
    return round(score * (MINOR_SHARE if is_minor(path) else 1.0), 6)


def _shares(heads: Iterable[Head]) -> dict[str, float]:
    """Return the names that other files can mean by what is defined here, and what one file that does so counts."""
    shares: dict[str, float] = {}
    for head in heads:
        if head.owner is None and is_shared(head):
            share = MACRO_SHARE if head.kind == "macro" else 1.0
            shares[head.name] = max(share, shares.get(head.name, 0.0))
    return shares


def _incoming(homes: Mapping[str, Sequence[tuple[str, float]]], referring: Mapping[str, int]) -> dict[str, float]:
    """Return for each file how many others use what it defines, added up over its names.

    A name with several homes is shared among them. One user of many names counts for each.
    """
    incoming: dict[str, float] = {}
    for name in sorted(homes):
        for path, share in homes[name]:
            incoming[path] = incoming.get(path, 0.0) + share * referring[name] / len(homes[name])
    return incoming


def is_shared(definition: Definition | Head) -> bool:
    """Tell whether other files can mean *definition* by its bare name, as far as its own text says."""
    return "static" not in definition.signature or "static" not in definition.signature.partition("(")[0].split()
