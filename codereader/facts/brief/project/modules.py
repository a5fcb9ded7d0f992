"""The files of a project with what they define, by name: enough to know where to look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import log2

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import one_line
from codereader.facts.brief.project.scene import TYPES, Scene, dotted, fitted, is_public, unique
from codereader.facts.fact import Fact
from codereader.facts.words import counted
from codereader.index.parsed import Definition
from codereader.index.view import At, IndexedFile

MANY_FILES = 30
"""With more files than this their names are told by folder too."""

FIRST_FILES = 4
"""So many files are told before the folders."""

TOLD_SHARE = 0.6
FEW_NEW = 3
"""A file with fewer new names beside types that are told elsewhere counts less."""

MOST_NAMES = 14

METHODS = 4
"""So many methods stand behind the name of their type."""

_NO_NAMES = ("__", "operator", "~", "TEST_")

_ALIAS = re.compile(r"^(?:var|let|const) \w+ = \w+(?:\.\w+)+;?$")
"""Another name for what something else holds."""

FEWEST_WORDS = 3
"""A file whose words on itself are fewer says no more than its name."""

SAID = 60
"""Characters that a file's own words may take."""

BOILER = re.compile(
    r"copyright|licen[sc]e|all rights reserved|copied from|^https?:|unless required by|redistribut|permission is|"
    r"warranty",
    re.IGNORECASE,
)


def files_section(scene: Scene, told: frozenset[str] = frozenset()) -> Draft:
    """Return the own files, the most important first; what stands in *told* elsewhere is named last in a line."""
    inside: dict[str, list[At[Definition]]] = {}
    for at in scene.definitions:
        inside.setdefault(at.path, []).append(at)
    files = sorted(scene.files, key=lambda one: (-_weight(scene, one, inside.get(one.path, ()), told), one.path))
    facts = [_file(scene, file, inside.get(file.path, ()), told) for file in files]
    folders = list(_folders(files)) if len(files) > MANY_FILES else []
    return Draft(
        "Files", (*facts[:FIRST_FILES], *folders, *facts[FIRST_FILES:]) if folders else tuple(facts), weight=7, first=9
    )


def _folders(files: Sequence[IndexedFile]) -> Iterator[Fact]:
    """Yield the folders with the names of their files, the one with most that matters first."""
    inside: dict[str, list[str]] = {}
    for file in files:
        inside.setdefault(file.path.rpartition("/")[0] or ".", []).append(file.path.rpartition("/")[2])
    for folder, names in inside.items():
        if len(names) > 1:
            path = names[0] if folder == "." else f"{folder}/{names[0]}"
            kept = _without_twins(names)
            text = fitted(f"{folder}/ {counted(len(names), 'file')}: ", kept, path, None)
            yield Fact(folder, "holds", ", ".join(names), text, path, None)


def _without_twins(names: Sequence[str]) -> list[str]:
    """Return *names* with a source and its header as one: ``table.{cc,h}``."""
    stems: dict[str, list[str]] = {}
    for name in names:
        stem, _, end = name.rpartition(".")
        stems.setdefault(stem, []).append(end)
    return [
        f"{stem}.{ends[0]}" if len(ends) == 1 else f"{stem}.{{{','.join(sorted(ends))}}}"
        for stem, ends in stems.items()
    ]


def _weight(scene: Scene, file: IndexedFile, inside: Sequence[At[Definition]], told: frozenset[str]) -> float:
    """Return how much a file's line tells: importance, how much there is to read, less where it is told elsewhere."""
    tops = {at.fact.name for at in inside if at.fact.kind in ("function", *TYPES) and is_public(at.fact, file.language)}
    share = TOLD_SHARE if tops & told and len(tops - told) < FEW_NEW else 1.0
    return round(share * (scene.material.scores.get(file.path, 0.0) + 1.5 * log2(1 + file.lines / 50)), 6)


def _file(scene: Scene, file: IndexedFile, inside: Sequence[At[Definition]], told: frozenset[str]) -> Fact:
    words = one_line(file.summary or "", SAID).rstrip(".")
    words = "" if BOILER.search(words) or len(words.split()) < FEWEST_WORDS else words
    names = main_names(scene, file.language, inside, told)
    base = file.path.rpartition("/")[2]
    head = f"{base}  {counted(file.lines, 'line')}: {f'{words}; ' if words and names else words}"
    text = fitted(head, names, file.path, 1) if names else head.rstrip(": ")
    return Fact(file.path, "defines", ", ".join(names), text, file.path, 1)


def main_names(
    scene: Scene, language: str, inside: Sequence[At[Definition]], told: frozenset[str] = frozenset()
) -> list[str]:
    """Return what a file defines for others, most used first; a type that is not *told* elsewhere with its methods."""
    types = {dotted(at.fact) for at in inside if at.fact.kind in TYPES}
    methods: dict[str, list[tuple[float, str]]] = {}
    ranked: list[tuple[float, int, str]] = []
    for at in inside:
        one, use = at.fact, _use(scene, at.fact, language)
        is_top = not one.owner or one.owner in scene.namespaces
        if one.kind == "method" and one.owner and not one.name.startswith(_NO_NAMES):
            methods.setdefault(one.owner, []).append((use, one.name))
        elif is_top and (one.kind in ("function", "macro", *TYPES) or _is_state(one, language)):
            ranked.append((use * (0.7 if one.kind == "variable" else 1.0), one.row, _spoken(scene, at)))
    for owner, some in methods.items():
        last = owner.rpartition(".")[2]
        if owner not in types and last in scene.type_names:
            spoken = f"methods of {last}" if _has_apart(scene, inside, owner) else last
            ranked.append((max(use for use, _ in some) + len(some) / 4, -1, spoken))
    ranked.sort(key=lambda one: (-one[0], one[1], one[2]))
    names = list(unique(name for _, _, name in ranked if not name.startswith(_NO_NAMES)))[:MOST_NAMES]
    by_name = {
        owner.rpartition(".")[2]: sorted(some, key=lambda one: (-one[0], one[1])) for owner, some in methods.items()
    }
    by_name.update({f"methods of {name}": [one for one in some if one[1] != name] for name, some in by_name.items()})
    own = told & {at.fact.name for at in inside if at.fact.kind in TYPES}
    return [_with_methods(name, by_name.get(name, ()), own) for name in names]


def _has_apart(scene: Scene, inside: Sequence[At[Definition]], owner: str) -> bool:
    """Tell whether the type *owner* is defined elsewhere than in the file of *inside*, which adds methods to it."""
    last = owner.rpartition(".")[2]
    return last in scene.type_names and not any(at.fact.name == last and at.fact.kind in TYPES for at in inside)


def _with_methods(name: str, methods: Sequence[tuple[float, str]], told: frozenset[str]) -> str:
    """Return a type's name with its first methods, unless they are *told* elsewhere."""
    shown = [method for method in unique(method for _, method in methods) if method != name][:METHODS]
    return f"{name} ({', '.join(shown)})" if shown and name not in told else name


def _spoken(scene: Scene, at: At[Definition]) -> str:
    return scene.spell(at.path, at.fact.name)


def _is_state(one: Definition, language: str) -> bool:
    if (
        one.name.startswith("T_")
        or _ALIAS.search(one.signature)
        or re.search(r"\b(?:TypeVar|ParamSpec|NewType|getLogger|require)\b", one.signature)
    ):
        return False
    is_told = language in ("python", "go", "javascript", "typescript") and is_public(one, language)
    return is_told and one.kind in ("variable", "constant") and not one.name.isupper()


def _use(scene: Scene, one: Definition, language: str) -> float:
    rows = one.span.last_row - one.span.first_row + 1
    public = 1.0 if is_public(one, language) else 0.5
    weight = 2.0 if one.kind in TYPES else 1.0
    return round(public * weight * (1 + log2(1 + scene.outside_uses(one.name)) + 0.8 * log2(1 + rows)), 6)
