"""What one part is made of: its folders, in a flat one groups of files, then single files, and who uses whom of them.

The same evidence and the same strata as for the parts of a scope, for as many at once as a person can look through.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from math import sqrt

from codereader.facts.brief.material import one_line
from codereader.facts.brief.parts.dependence import Use, Uses, uses_between
from codereader.facts.brief.parts.grouping import NO_CODE, Group, is_beside, scope_group, split
from codereader.facts.brief.parts.parts import EXAMPLES, Dependency, Part, Parts, place_of
from codereader.facts.brief.parts.purpose import Purpose
from codereader.facts.brief.parts.strata import downward, hubs, strata, targets, upward, wider
from codereader.facts.kbuild.system import build_map
from codereader.facts.layers import components
from codereader.index.view import IndexedFile, IndexView

MOST = 60
"""So many parts are told, those worth most; the others are the rest."""

FEW_FILES = 30
"""So many files of one folder are told one by one."""

FEW_PARTS = 24
"""So many parts can be looked over at once."""

WORDS = 110
"""Longest sentence on a file, in characters."""


def inside(view: IndexView, files: Sequence[str], worth: Mapping[str, float]) -> Parts:
    """Return what the *files* of a part of *view* are made of; single files where nothing groups them.

    *worth* is that of each file. Raises: StoreError.
    """
    known = {file.path: file for file in view.files()}
    groups = _told_apart(view, [path for path in files if path in known], known)
    code = {group.name for group in groups if any(_is_code(known[path]) for path in group.files)}
    major = [group for group in groups if group.name in code] or groups
    if len(major) == 1 and 1 < len(major[0].files) < len(files):
        return inside(view, major[0].files, worth)
    beside = [group for group in groups if group not in major]
    names = {path: group.name for group in (*major, *beside) for path in group.files}
    uses = uses_between(view, view.definitions(), names)
    order = sorted(major, key=lambda group: (-_worth(group, worth), group.name))
    return _parts(view, order, beside, uses, known)


def _told_apart(view: IndexView, files: Sequence[str], known: Mapping[str, IndexedFile]) -> list[Group]:
    """Return the groups of *files*: folders, groups of a flat folder, or each file alone where these are few.

    A group that outweighs all others is told apart in turn where that leaves no more than a person can look over.
    """
    objects = {one.path: one.objects[-1] for one in build_map(view).built if one.objects}
    found = _split(scope_group(files), objects)
    lines = {group.name: sum(known[path].lines for path in group.files) for group in found}
    largest = max(found, key=lambda group: (lines[group.name], group.name), default=None)
    if largest is None or len(largest.files) == 1 or 2 * lines[largest.name] < sum(lines.values()):
        return found
    finer, at = _split(largest, objects), found.index(largest)
    return [*found[:at], *finer, *found[at + 1 :]] if len(found) + len(finer) - 1 <= FEW_PARTS else found


def _split(group: Group, objects: Mapping[str, str]) -> list[Group]:
    """Return what *group* is made of: its files one by one where they are few in one folder, or nothing groups them."""
    alone = [_alone(path) for path in group.files]
    if len({one.folder for one in alone}) == 1 and len(alone) <= FEW_FILES:
        return alone
    found = split(group, objects)
    return [_alone(*one.files) if len(one.files) == 1 else one for one in found] if len(found) > 1 else alone


def _alone(path: str) -> Group:
    return Group(path, posixpath.dirname(path), (path,))


def _is_code(file: IndexedFile) -> bool:
    return file.language not in NO_CODE and not is_beside(file.path) and not file.path.startswith(".")


def _worth(group: Group, worth: Mapping[str, float]) -> float:
    return sqrt(sum(worth.get(path, 0.0) for path in group.files))


def _parts(
    view: IndexView, order: Sequence[Group], beside: Sequence[Group], uses: Uses, known: Mapping[str, IndexedFile]
) -> Parts:
    shown = order[:MOST] if len(order) > MOST + 1 else order
    kept = {group.name for group in shown}
    between = {pair: use for pair, use in uses.items() if set(pair) <= kept}
    weights = {pair: use.weight for pair, use in between.items() if use.is_run}
    levels = strata(downward(kept, weights), weights)
    against = frozenset(upward(levels, weights))
    stratum = {name: len(levels) - 1 - at for at, level in enumerate(levels) for name in level}
    names = [group.name for group in order]
    return Parts(
        prefix=_prefix(names),
        parts=tuple(_part(group, known, stratum[group.name]) for group in shown),
        rest=tuple(_part(group, known) for group in order[len(shown) :]),
        beside=tuple(_part(group, known) for group in sorted(beside, key=lambda group: group.name)),
        dependencies=tuple(_dependency(view, pair, use, is_upward=pair in against) for pair, use in between.items()),
        inner=(),
        wider=wider(names, uses),
        strata=tuple(levels),
        cycles=tuple(group for group in components(targets(kept, weights)) if len(group) > 1),
        hubs=hubs(names, kept, uses),
    )


def _prefix(names: Sequence[str]) -> str:
    """Return the folder, with its slash, that all *names* begin with."""
    folder = posixpath.commonpath([posixpath.dirname(name.removesuffix("/")) for name in names]) if names else ""
    return f"{folder}/" if folder else ""


def _part(group: Group, known: Mapping[str, IndexedFile], stratum: int = 0) -> Part:
    first = known[group.files[0]]
    is_file = len(group.files) == 1
    words = one_line(first.summary, WORDS) if is_file and first.summary else ""
    purpose = Purpose(words, first.path, 1) if words else None
    return Part(group.name, group.files, sum(known[path].lines for path in group.files), purpose, stratum)


def _dependency(view: IndexView, pair: tuple[str, str], use: Use, *, is_upward: bool) -> Dependency:
    path, line = place_of(view, use)
    return Dependency(*pair, use.weight, tuple(use.by_use()[:EXAMPLES]), path, line, is_upward, use.is_run)
