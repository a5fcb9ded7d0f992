"""The files of a project with what they define, by name: enough to know where to look."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import log2

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import counted, one_line
from codereader.facts.brief.project.scene import TYPES, Scene, dotted, fitted, is_public, unique
from codereader.facts.fact import Fact
from codereader.index.parsed import Definition
from codereader.index.view import At, IndexedFile

SAID = 60
"""Characters that a file's own words may take."""

_BOILER = re.compile(
    r"copyright|licen[sc]e|all rights reserved|copied from|^https?:|unless required by|redistribut|permission is|warranty",
    re.IGNORECASE,
)


def files_section(scene: Scene, told: frozenset[str] = frozenset()) -> Draft:
    """Return the own files, the most important first; what stands in *told* elsewhere is named last in a line."""
    inside: dict[str, list[At[Definition]]] = {}
    for at in scene.definitions:
        inside.setdefault(at.path, []).append(at)
    files = sorted(scene.files, key=lambda one: (-_weight(scene, one, inside.get(one.path, ())), one.path))
    facts = tuple(_file(scene, file, inside.get(file.path, ()), told) for file in files)
    return Draft("Files", facts, weight=6, first=6)


def _weight(scene: Scene, file: IndexedFile, inside: Sequence[At[Definition]]) -> float:
    """Return how much a file matters to a newcomer: importance, and how much there is to read."""
    return round(scene.material.scores.get(file.path, 0.0) + 1.5 * log2(1 + file.lines / 50) + 0.0 * len(inside), 6)


def _file(scene: Scene, file: IndexedFile, inside: Sequence[At[Definition]], told: frozenset[str]) -> Fact:
    words = one_line(file.summary or "", SAID).rstrip(".")
    words = "" if _BOILER.search(words) else words
    names = main_names(scene, file.language, inside)
    names = [*(name for name in names if name not in told), *(name for name in names if name in told)]
    base = file.path.rpartition("/")[2]
    head = f"{base}  {counted(file.lines, 'line')}: {f'{words}; ' if words and names else words}"
    text = fitted(head, names, file.path, 1) if names else head.rstrip(": ")
    return Fact(file.path, "defines", ", ".join(names), text, file.path, 1)


def main_names(scene: Scene, language: str, inside: Sequence[At[Definition]]) -> list[str]:
    """Return what a file defines for others, most used first: types and functions, then what is its own."""
    ranked: list[tuple[float, int, str]] = []
    types = {dotted(at.fact) for at in inside if at.fact.kind in TYPES}
    away: dict[str, float] = {}
    for at in inside:
        one = at.fact
        is_top = not one.owner or one.owner in scene.namespaces
        if one.kind in ("function", *TYPES, "macro") and is_top:
            ranked.append((_use(scene, one, language), one.row, scene.spell(at.path, one.name)))
        elif (
            language in ("python", "go", "javascript", "typescript")
            and one.kind in ("variable", "constant")
            and is_top
            and is_public(one, language)
            and not one.name.isupper()
        ):
            ranked.append((0.7 * _use(scene, one, language), one.row, one.name))
        elif one.kind == "method" and one.owner:
            owner = one.owner.rpartition(".")[2]
            share = 0.35 if one.owner in types or owner not in scene.type_names else 0.6
            ranked.append((share * _use(scene, one, language), one.row, one.name))
            if one.owner not in types and owner in scene.type_names:
                away[owner] = away.get(owner, 0.0) + 0.5
    ranked += [(5.0 + many, -1, owner) for owner, many in away.items() if many > 1]
    ranked.sort(key=lambda one: (-one[0], one[1], one[2]))
    return [name for name in unique(name for _, _, name in ranked) if not name.startswith(("__", "operator", "~"))][:14]


def _use(scene: Scene, one: Definition, language: str) -> float:
    rows = one.span.last_row - one.span.first_row + 1
    public = 1.0 if is_public(one, language) else 0.5
    weight = 2.0 if one.kind in TYPES else 1.0
    return round(public * weight * (1 + log2(1 + scene.outside_uses(one.name)) + 0.8 * log2(1 + rows)), 6)
