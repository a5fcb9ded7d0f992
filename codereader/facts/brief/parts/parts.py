"""The parts of a scope and how they depend on each other: what fits on one screen, the rest counted.

A part is a folder, or where a folder is flat, files that belong together (see `grouping` beside this); it uses another
where it names what only that one defines (`dependence`). Parts come most important first; `strata` puts them in the
order in which they stand on each other, and says what runs against it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from codereader.facts.brief.material import Material
from codereader.facts.brief.parts.dependence import Use, Uses, merged, uses_between
from codereader.facts.brief.parts.grouping import NO_CODE, Group, is_beside, scope_group, split
from codereader.facts.brief.parts.purpose import Purpose, Purposes
from codereader.facts.brief.parts.strata import downward, hubs, strata, targets, upward, wider
from codereader.facts.layers import components
from codereader.index.view import IndexView
from codereader.source.spans import line_of

MOST_PARTS = 16
"""So many parts are shown; a person takes in no more at once."""

MOST_INSIDE = 8
"""So many parts inside of one are told."""

FEW_PARTS = 5
"""With fewer parts than this the largest is told apart, as long as that tells something."""

LARGE_SHARE = 0.5
"""A part with so much of all lines is told apart even where there are enough."""

MANY_FILES = 4
"""A part with fewer files of code is not told apart."""

TINY_LINES = 10
"""A part with fewer lines is counted with the rest where there are enough others."""

OWN_FILES = 12
"""A folder's own files beside its sub-folders are parts one by one up to this number, where they stand in a cycle."""

PREFIX_SHARE = 0.7
"""The folder that holds so much of the code goes without saying in the names of parts."""

SMALL_SHARE = 0.25
"""A part outside of that folder that nobody uses stands beside the others unless it has so much of the code."""

USERS_WEIGHT = 6.0
"""How much being used by all others adds to the importance of a part, against what its files are worth."""

EXAMPLES = 3
"""So many names of a dependency are spelled out."""


@dataclass(frozen=True, slots=True)
class Part:
    """Files that belong together. `name` is a glob (``ipv4/``, ``tcp_*``), `files` are by importance.

    `lines` counts those of all its files. `stratum` is 0 at the bottom. `inside` are the parts it is made of, as far as
    asked for, most important first; `left_out` counts lesser ones.
    """

    name: str
    files: tuple[str, ...]
    lines: int
    purpose: Purpose | None = None
    stratum: int = 0
    inside: tuple[Part, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Dependency:
    """`user` uses `names` distinct names of `used`, among them `examples`, the first of these at `path`:`line`.

    `is_upward`: it runs against the strata. `is_run`: it is there when the code runs, not for type checkers alone;
    only such count for strata and cycles. `line` is 1-based.
    """

    user: str
    used: str
    names: int
    examples: tuple[str, ...]
    path: str
    line: int
    is_upward: bool = False
    is_run: bool = True


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a scope, most important first.

    `prefix` begins the names of most parts and may be left out when they are shown. `rest` are parts that were left out
    as less important, `beside` those that hold tests, documentation or no code. `dependencies` are those between
    `parts`, by (user, used), `inner` those between parts inside of one part; `wider` counts for each part by how many
    it is used and how many it uses, those of the rest among them. `strata` has the names of the parts, top first;
    `cycles` the groups of parts that use each other in circles. `hubs` are used by nearly all other parts.
    """

    prefix: str
    parts: tuple[Part, ...]
    rest: tuple[Part, ...]
    beside: tuple[Part, ...]
    dependencies: tuple[Dependency, ...]
    inner: tuple[Dependency, ...]
    wider: Mapping[str, tuple[int, int]]
    strata: tuple[tuple[str, ...], ...]
    cycles: tuple[tuple[str, ...], ...]
    hubs: tuple[str, ...]

    def counts(self, name: str) -> tuple[int, int]:
        """Return by how many parts *name* is used and how many it uses, those of the rest counted where known."""
        return self.wider.get(name) or (len(self.used_by(name)), len(self.uses(name)))

    def used_by(self, name: str) -> list[Dependency]:
        """Return who uses the part *name*, heaviest first, then by name."""
        found = (one for one in (*self.dependencies, *self.inner) if one.used == name)
        return sorted(found, key=lambda one: (-one.names, one.user))

    def uses(self, name: str) -> list[Dependency]:
        """Return what the part *name* uses, heaviest first, then by name."""
        found = (one for one in (*self.dependencies, *self.inner) if one.user == name)
        return sorted(found, key=lambda one: (-one.names, one.used))


def find_parts(material: Material, depth: int = 1) -> Parts:
    """Return the parts of a scope; with a *depth* above 1, each is told apart so many times more."""
    return _Partition(material).parts(depth)


class _Partition:
    """Works the parts of one scope out."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._view = material.view
        built = ((one.path, one.objects[-1]) for one in material.build.built if one.objects)
        self._objects = {path: name for path, name in built if not _is_own(path, name)}
        self._lines = {file.path: file.lines for file in material.files}
        self._code = {
            file.path
            for file in material.files
            if file.language not in NO_CODE and not is_beside(file.path) and not file.path.startswith(".")
        }
        self._purposes = Purposes(material)

    def parts(self, depth: int) -> Parts:
        groups = self._chosen(scope_group([file.path for file in self._material.files]))
        major, beside = self._apart(groups)
        major, uses = self._opened(major, beside)
        prefix = self._prefix(major)
        major, aside = self._joined(major, prefix, uses)
        beside += aside
        names = [group.name for group in major]
        order = self._ordered(major, uses)
        large = [group for group in order if self._mass(group) >= TINY_LINES]
        told = large if len(large) >= FEW_PARTS else order
        shown = told[:MOST_PARTS] if len(told) > MOST_PARTS + 1 else told
        kept = {group.name for group in shown}
        between = {pair: use for pair, use in uses.items() if set(pair) <= kept}
        weights = {pair: use.weight for pair, use in between.items() if use.is_run}
        levels = strata(downward(kept, weights), weights)
        against = frozenset(upward(levels, weights))
        stratum = {name: len(levels) - 1 - at for at, level in enumerate(levels) for name in level}
        parts = tuple(self._part(group, depth, stratum[group.name]) for group in shown)
        return Parts(
            prefix=prefix,
            parts=parts,
            rest=tuple(self._part(group, 1) for group in order if group not in shown),
            beside=tuple(self._part(group, 1) for group in self._ordered(beside, uses)),
            dependencies=tuple(self._dependency(pair, use, is_upward=pair in against) for pair, use in between.items()),
            inner=tuple(self._inner(parts)),
            wider=wider(names, uses),
            strata=tuple(levels),
            cycles=tuple(group for group in components(targets(kept, weights)) if len(group) > 1),
            hubs=hubs(names, kept, uses),
        )

    def _mass(self, group: Group) -> int:
        """Return the lines of code of a group, without those of tests."""
        return sum(self._lines[path] for path in group.files if path in self._code)

    def _chosen(self, whole: Group) -> list[Group]:
        """Tell *whole* apart until there are enough parts and none outweighs the others."""
        groups, closed = [whole], set[str]()
        total = self._mass(whole) or 1
        while True:
            major = [group for group in groups if self._mass(group)]
            largest = [group for group in major if group.name not in closed and self._is_many(group, whole)]
            if not largest or len(major) >= MOST_PARTS:
                return groups
            one = max(largest, key=lambda group: (self._mass(group), group.name))
            if len(major) >= FEW_PARTS and self._mass(one) < LARGE_SHARE * total:
                return groups
            if self._mass(one) < total / (2 * FEW_PARTS):
                return groups
            made = split(one, self._objects)
            closed.add(one.name)
            groups[groups.index(one) : groups.index(one) + 1] = made

    def _is_many(self, group: Group, whole: Group) -> bool:
        """Tell whether a group has files enough to be told apart; the whole scope always has."""
        return group == whole or sum(path in self._code for path in group.files) >= MANY_FILES

    def _apart(self, groups: Sequence[Group]) -> tuple[list[Group], list[Group]]:
        """Return the groups that hold code of the scope itself, and the others; all major where none does."""
        major = [group for group in groups if self._mass(group)]
        if not major:
            return list(groups), []
        return major, [group for group in groups if not self._mass(group)]

    def _opened(self, major: Sequence[Group], beside: Sequence[Group]) -> tuple[list[Group], Uses]:
        """Return *major* and what the groups use, a folder's own files one by one where they stand in a cycle."""
        fine = {group.name: split(group, self._objects) for group in major if self._may_open(group)}
        whole = {one.name: name for name, some in fine.items() for one in some}
        opened = [one for group in major for one in fine.get(group.name, (group,)) if self._mass(one)]
        uses = uses_between(
            self._view,
            self._material.definitions,
            {path: group.name for group in (*opened, *beside) for path in group.files},
        )
        closed = merged(uses, whole)
        run = [pair for pair, use in closed.items() if use.is_run]
        circles = components(targets((group.name for group in major), run))
        cyclic = {name for one in circles if len(one) > 1 for name in one}
        kept = {one: name for one, name in whole.items() if name not in cyclic}
        made = [
            one for group in major for one in (fine[group.name] if group.name in cyclic & fine.keys() else (group,))
        ]
        return [one for one in made if self._mass(one)], merged(uses, kept)

    def _may_open(self, group: Group) -> bool:
        """Tell whether *group* is a folder's own files beside its sub-folders, and few."""
        few = len([path for path in group.files if path in self._code]) <= OWN_FILES
        return few and not group.whole and group.name.endswith("/*")

    def _prefix(self, groups: Sequence[Group]) -> str:
        """Return the folder, with its slash, that holds most of the code; nothing where that would hide a name."""
        inside: dict[str, int] = {}
        for group in groups:
            folder = posixpath.dirname(group.name.removesuffix("/"))
            while folder and folder != ".":
                inside[folder] = inside.get(folder, 0) + self._mass(group)
                folder = posixpath.dirname(folder)
        total = sum(self._mass(group) for group in groups)
        most = [folder for folder, mass in inside.items() if mass >= PREFIX_SHARE * total]
        prefix = f"{max(most, key=len)}/" if most else ""
        names = [group.name for group in groups]
        return prefix if len({name.removeprefix(prefix) for name in names} - {""}) == len(names) else ""

    def _joined(self, major: Sequence[Group], prefix: str, uses: Uses) -> tuple[list[Group], list[Group]]:
        """Return the groups that belong to the scope's code, and small ones outside of *prefix* that nobody uses."""
        total = sum(self._mass(group) for group in major)
        used = {one for _, one in uses}
        aside = [
            group
            for group in major
            if not group.name.startswith(prefix) and group.name not in used and self._mass(group) < SMALL_SHARE * total
        ]
        return [group for group in major if group not in aside], aside

    def _ordered(self, groups: Sequence[Group], uses: Uses) -> list[Group]:
        """Return *groups* most important first: by what their files are worth, and how many others use them."""
        users: dict[str, int] = {}
        for _, used in uses:
            users[used] = users.get(used, 0) + 1
        worth = {
            group.name: sqrt(sum(self._material.scores[path] for path in group.files))
            * (1 + USERS_WEIGHT * users.get(group.name, 0) / len(groups))
            for group in groups
        }
        return sorted(groups, key=lambda group: (-worth[group.name], group.name))

    def _part(self, group: Group, depth: int, stratum: int = 0) -> Part:
        made = self._chosen(group) if depth > 1 else ()
        inside = [one for one in self._ordered(made, {}) if self._mass(one)] if len(made) > 1 else []
        return Part(
            group.name,
            group.files,
            sum(self._lines[path] for path in group.files),
            self._purposes.of(group),
            stratum,
            tuple(self._part(one, depth - 1) for one in inside[:MOST_INSIDE]),
            len(inside[MOST_INSIDE:]),
        )

    def _inner(self, told: Sequence[Part]) -> Iterator[Dependency]:
        """Yield the dependencies between the parts inside of each part, level by level."""
        while any(part.inside for part in told):
            around = {one.name: part.name for part in told for one in part.inside}
            told = [one for part in told for one in part.inside]
            groups = {path: one.name for one in told for path in one.files}
            uses = uses_between(self._view, self._material.definitions, groups)
            yield from (
                self._dependency(pair, use, is_upward=False)
                for pair, use in uses.items()
                if around[pair[0]] == around[pair[1]]
            )

    def _dependency(self, pair: tuple[str, str], use: Use, *, is_upward: bool) -> Dependency:
        examples = use.by_use()[:EXAMPLES]
        path, line = place_of(self._view, use)
        return Dependency(*pair, use.weight, tuple(examples), path, line, is_upward, use.is_run)


def place_of(view: IndexView, use: Use) -> tuple[str, int]:
    """Return path and 1-based line where the name that most files use is used, in the first of these files."""
    name = use.by_use()[0]
    path = use.names[name][0]
    if (name, path) in use.imported:
        return path, use.imported[name, path]
    rows = [one.row for one in view.plain_calls(path, (name,))]
    rows = rows or [at.fact.row for at in view.references(path=path) if at.fact.name == name]
    return path, line_of(min(rows, default=0))


def _is_own(path: str, name: str) -> bool:
    """Tell whether the object *name* is made from the source *path* alone."""
    return name == f"{posixpath.splitext(posixpath.basename(path))[0]}.o"
