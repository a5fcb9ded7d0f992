"""How important a file or a definition is inside its scope.

A score is a sum of damped counts: where control enters, tables of functions, exports, what other files
refer to. A name counts by the files that refer to it, not by how often they do, and a macro less than what the
compiler knows; each file's sum enters as ``log2(1 + n)``, so that no single name, kind or sheer size decides. Scores
compare only within one scope. Same index, same scores.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import log2

from codereader.index.parsed import Definition
from codereader.index.view import At, IndexedFile, IndexView

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

_MINOR = re.compile(
    r"(^|/)(tests?|testing|selftests?|docs?|documentation|examples?|samples?|benchmarks?|fixtures|vendor|third_party)/"
    r"|(^|/)(test_[^/]*|[^/]*_test|conftest)\.\w+$",
    re.IGNORECASE,
)


def is_minor(path: str) -> bool:
    """Tell whether *path* is a test, documentation, an example or foreign code."""
    return bool(_MINOR.search(path))


def rank_files(view: IndexView, definitions: Sequence[At[Definition]] | None = None) -> dict[str, float]:
    """Return the score of every file, highest first, then by path.

    *definitions* are the view's own, for callers that have them already.
    """
    if definitions is None:
        definitions = view.definitions()
    incoming = _incoming(definitions, view.referring_files())
    counts: dict[str, dict[str, set[str]]] = {}
    for kind, facts in (
        ("definition", ((at.path, at.fact.name) for at in definitions)),
        ("entry", ((at.path, at.fact.name) for at in view.entries())),
        ("table", ((at.path, at.fact.variable) for at in view.tables() if not at.fact.assigned)),
        ("export", ((at.path, at.fact.name) for at in view.exports())),
    ):
        for path, name in facts:
            counts.setdefault(path, {}).setdefault(kind, set()).add(name)
    scores = {file.path: _score(file, counts.get(file.path, {}), incoming.get(file.path, 0.0)) for file in view.files()}
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def _score(file: IndexedFile, counts: Mapping[str, set[str]], incoming: float) -> float:
    score = (
        ENTRY_WEIGHT * _damped(counts, "entry")
        + TABLE_WEIGHT * _damped(counts, "table")
        + EXPORT_WEIGHT * _damped(counts, "export")
        + SIZE_WEIGHT * _damped(counts, "definition")
        + INCOMING_WEIGHT * log2(1 + incoming)
    )
    return round(score * (MINOR_SHARE if is_minor(file.path) else 1.0), 6)


def _damped(counts: Mapping[str, set[str]], kind: str) -> float:
    return log2(1 + len(counts.get(kind, ())))


def _incoming(definitions: Sequence[At[Definition]], referring: Mapping[str, int]) -> dict[str, float]:
    """Return for each file how many others use what it defines, added up over its names.

    A name with several homes is shared among them. One user of many names counts for each.
    """
    homes: dict[str, dict[str, float]] = {}
    for at in definitions:
        if at.fact.owner is None and at.fact.name in referring and is_shared(at.fact):
            share = MACRO_SHARE if at.fact.kind == "macro" else 1.0
            places = homes.setdefault(at.fact.name, {})
            places[at.path] = max(share, places.get(at.path, 0.0))
    incoming: dict[str, float] = {}
    for name in sorted(homes):
        for path, share in homes[name].items():
            incoming[path] = incoming.get(path, 0.0) + share * referring[name] / len(homes[name])
    return incoming


def is_shared(definition: Definition) -> bool:
    """Tell whether other files can mean *definition* by its bare name, as far as its own text says."""
    return "static" not in definition.signature.partition("(")[0].split()
