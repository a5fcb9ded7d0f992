"""What a brief is made from: the facts of one scope, loaded once, and how to put them into short words."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from codereader.facts.brief.flow import Flow
from codereader.facts.brief.uses import Uses, count_uses
from codereader.facts.graph.relations import Table, grouped_tables
from codereader.facts.kbuild.system import BuildMap, build_map
from codereader.facts.rank import rank_files
from codereader.index.parsed import Definition, Entry, Export
from codereader.index.view import At, IndexedFile, IndexView

LARGE_FILES = 40
"""Scopes with more files than this are told by folder first."""

TEXT_WIDTH = 110
"""Longest summary, in characters, that a fact quotes."""

LIST_LENGTH = 8
"""Most names that one fact spells out; the others are counted in it."""


@dataclass(frozen=True, slots=True)
class Material:
    """One scope's facts. `files` and `scores` are by importance, everything else by path and row."""

    view: IndexView
    files: tuple[IndexedFile, ...]
    scores: Mapping[str, float]
    definitions: Sequence[At[Definition]]
    entries: Sequence[At[Entry]]
    exports: Sequence[At[Export]]
    tables: tuple[Table, ...]
    build: BuildMap
    uses: Uses
    flow: Flow

    @property
    def is_large(self) -> bool:
        """Whether the scope is told by folder."""
        return len(self.files) > LARGE_FILES

    def language(self, path: str) -> str:
        """Return the language of one file of the scope."""
        file = self.view.file(path)
        return file.language if file else "text"


def gather(view: IndexView) -> Material:
    """Load the facts of *view* that every section needs."""
    definitions = view.definitions()
    totals = view.reference_counts()
    scores = rank_files(view, definitions)
    by_path = {file.path: file for file in view.files()}
    files = tuple(by_path[path] for path in scores)
    held = grouped_tables(view.tables(), definitions)
    return Material(
        view=view,
        files=files,
        scores=scores,
        definitions=definitions,
        entries=view.entries(),
        exports=view.exports(),
        tables=held,
        build=build_map(view),
        uses=count_uses(view, files, totals),
        flow=Flow(view, definitions, held),
    )


def one_line(text: str, width: int = TEXT_WIDTH) -> str:
    """Return *text* on one line of at most *width* characters, cut between words and marked with an ellipsis."""
    flat = " ".join(text.split())
    if len(flat) <= width:
        return flat
    head = flat[: width - 1]
    return f"{head[: head.rfind(' ')] if ' ' in head[width // 2 :] else head}…"


def listed(names: Sequence[str], most: int = LIST_LENGTH) -> str:
    """Return names joined by commas; those beyond *most* are counted."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def counted(number: int, noun: str) -> str:
    """Return ``1 file``, ``2 files``, ``3 classes``, ``4 entries``."""
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{number:,} {noun[:-1]}ies"
    return f"{number:,} {noun}{'es' if noun.endswith(('s', 'sh', 'ch', 'x')) else 's'}"


def top_folder(path: str) -> str:
    """Return the first folder of *path*, ``""`` for a file at the top."""
    return path.partition("/")[0] if "/" in path else ""


def base(path: str) -> str:
    """Return the last part of *path*."""
    return posixpath.basename(path)


def tally(values: Iterable[str]) -> list[tuple[str, int]]:
    """Count equal values, most frequent first, then by value."""
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
