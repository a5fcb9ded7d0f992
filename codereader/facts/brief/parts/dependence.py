"""What groups of files use of each other, told by names alone, for every language.

A name leads to another group only where it can mean nothing else: in C a function or variable that is not static and
that one group alone defines, or what an included header of one other group defines; elsewhere what an import binds, or
what an imported file defines at its top. Calls through objects and pointers are not followed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codereader.facts.brief.parts.grouping import is_beside
from codereader.facts.layers import PYTHON
from codereader.facts.rank import is_shared
from codereader.index.includes import include_map
from codereader.index.parsed import Definition, Include, Reference
from codereader.index.python.modules import child
from codereader.index.tagged.imports import places
from codereader.index.view import At, IndexView
from codereader.source.languages import Language
from codereader.source.languages import language as language_named
from codereader.source.spans import line_of

PATHS_BYTES = 8 << 20
"""In scopes with so many bytes of Rust and more, paths written out in the code (``crate::search::run``) are left."""

DEEP_FILES = 8_000
"""In scopes with so many files of C and more, what headers include in turn is left."""

_C_FAMILY = ("c", "cpp")
_HEADERS = (".h", ".hh", ".hpp", ".hxx", ".h++", ".H", ".inl", ".ipp", ".tpp")
_LINKED = ("function", "variable", "constant")
_INNER = ("method", "property", "enumerator", "module", "heading", "key", "target", "option")
"""Kinds whose bare name tells too little, or that no code uses by name."""

_NOWHERE: frozenset[str] = frozenset()
_RUST_TEST = "test"
"""The condition of what Rust compiles into its tests alone."""

_TYPES = "TYPE_CHECKING"
"""The condition of what Python imports for type checkers alone."""

_IDENTIFIERS = re.compile(r"\$?[a-z_]\w*(?:::\w+)*")
"""A path of modules, as Rust writes it."""


@dataclass(slots=True)
class Use:
    """What one group uses of another: each name with the files that use it, by path.

    `imported` holds names that stand in an import, with the 1-based line, by name and file. `is_run` tells whether any
    of it is used when the code runs, and not by type checkers alone.
    """

    names: dict[str, list[str]] = field(default_factory=dict)
    imported: dict[tuple[str, str], int] = field(default_factory=dict)
    is_run: bool = False

    @property
    def weight(self) -> int:
        """How many distinct names are used."""
        return len(self.names)

    def by_use(self) -> list[str]:
        """Return the names, those that most files use first."""
        return sorted(self.names, key=lambda name: (-len(self.names[name]), name))


Uses = dict[tuple[str, str], Use]
"""Dependencies by (user, used), each the name of a group."""


def uses_between(view: IndexView, definitions: Sequence[At[Definition]], groups: Mapping[str, str]) -> Uses:
    """Return what the files in *groups* (path to group) use of those in other groups, by group.

    Tests and the like inside of a group are left out, unless the whole group is such. *definitions* are the view's.
    """
    scene = _Scene(view, definitions, _told(groups))
    for path, names in view.foreign_names():
        key = scene.languages.get(path)
        known = language_named(key) if key else None
        if key in _C_FAMILY:
            _of_c(scene, path, names)
        elif known is not None and (key == PYTHON or known.imports):
            _of_importer(scene, known, path, names)
    _drop_doubtful(scene)
    _add_headers(scene)
    for use in scene.found.values():
        for files in use.names.values():
            files.sort()
    return dict(sorted(scene.found.items()))


def merged(uses: Uses, names: Mapping[str, str]) -> Uses:
    """Return *uses* with groups taken together: those that *names* gives another name have that one."""
    found: Uses = {}
    for (user, used), use in uses.items():
        pair = names.get(user, user), names.get(used, used)
        if pair[0] == pair[1]:
            continue
        whole = found.setdefault(pair, Use())
        for name, files in use.names.items():
            whole.names[name] = sorted({*whole.names.get(name, ()), *files})
        for key, line in use.imported.items():
            whole.imported.setdefault(key, line)
        whole.is_run = whole.is_run or use.is_run
    return dict(sorted(found.items()))


def _told(groups: Mapping[str, str]) -> dict[str, str]:
    major = {group for path, group in groups.items() if not is_beside(path)}
    return {path: group for path, group in groups.items() if group not in major or not is_beside(path)}


class _Scene:
    """What is known of one scope while its dependencies are gathered into `found`. `groups`: path to group.

    `homes`: the groups that define each name that the linker of C sees. `inside`: what each header of C defines.
    `tops`: what each file of a language with imports defines for others to name. `siblings`: the files of other groups
    that a file sees without an import, those of its package.
    """

    def __init__(self, view: IndexView, definitions: Sequence[At[Definition]], groups: Mapping[str, str]) -> None:
        self.view = view
        self.groups = groups
        sizes = {file.path: file for file in view.files() if file.path in groups}
        self.languages = {path: file.language for path, file in sizes.items()}
        self.homes, self.inside = _linked(definitions, groups, self.languages, view.referring_files())
        self.tops = _tops(definitions, self.languages)
        self.siblings = _siblings(groups, self.languages)
        self.follows_paths = sum(file.size for file in sizes.values() if file.language == "rust") < PATHS_BYTES
        self.follows_headers = sum(language in _C_FAMILY for language in self.languages.values()) < DEEP_FILES
        self.found: Uses = {}
        self._prefixes = tuple(dict.fromkeys(("", *(f"{one}/" for one in (view.scope.folder, view.scope.name) if one))))
        self._included: dict[str, Sequence[tuple[Include, Sequence[str]]]] = {}
        self._meanings: dict[tuple[str, str, bool], Sequence[str]] = {}

    def add(self, used: str, name: str, path: str, *, is_run: bool = True) -> None:
        """Note that the file *path* uses *name* of the group *used*, when it runs or for type checkers alone."""
        use = self.found.setdefault((self.groups[path], used), Use())
        files = use.names.setdefault(name, [])
        if path not in files[-1:]:
            files.append(path)
        use.is_run = use.is_run or is_run

    def add_import(self, used: str, name: str, path: str, include: Include | Reference) -> None:
        """Note that *path* brings in *name* of the group *used* by what stands at *include*."""
        self.add(used, name, path, is_run=_TYPES not in (include.condition or ""))
        self.found[self.groups[path], used].imported.setdefault((name, path), line_of(include.row))

    def included(self, path: str) -> Sequence[tuple[Include, Sequence[str]]]:
        """Return the includes of *path* that mean files of the scope, as far as they say where these lie."""
        if path not in self._included:
            folder = posixpath.dirname(path)
            known = include_map(self.view).includes(path)
            rows = [(include, self._meant(path, folder, include)) for include in known]
            self._included[path] = [(fact, files) for fact, files in rows if files]
        return self._included[path]

    def _meant(self, path: str, folder: str, include: Include) -> Sequence[str]:
        key = (folder, include.target, include.system)
        if key not in self._meanings:
            self._meanings[key] = [one for one in self._find(path, folder, include) if one in self.groups]
        return self._meanings[key]

    def _find(self, path: str, folder: str, include: Include) -> Sequence[str]:
        known, written = include_map(self.view), include.target
        for prefix in ("",) if include.system else self._prefixes:
            target = written.removeprefix(prefix)
            found = known.included(path, replace(include, target=target)) if written.startswith(prefix) else ()
            if found and ("/" in written or posixpath.normpath(posixpath.join(folder, written)) in found):
                return found
        return ()

    def reached(self, path: str) -> frozenset[str]:
        """Return the files that *path* includes, directly or, but in very large scopes, through others."""
        if not self.follows_headers:
            return frozenset(one for _, files in self.included(path) for one in files)
        seen: set[str] = set()
        waiting = [path]
        while waiting:
            for _, files in self.included(waiting.pop()):
                waiting.extend(one for one in files if one not in seen)
                seen.update(files)
        return frozenset(seen - {path})


# -- C and C++ ------------------------------------------------------------------------------------------------------


def _linked(
    definitions: Sequence[At[Definition]],
    groups: Mapping[str, str],
    languages: Mapping[str, str],
    referring: Mapping[str, int],
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    homes: dict[str, set[str]] = {}
    inside: dict[str, set[str]] = {}
    for at in definitions:
        fact, path = at.fact, at.path
        if languages.get(path) not in _C_FAMILY or fact.name not in referring:
            continue
        if path.endswith(_HEADERS):
            if fact.kind == "enumerator" or fact.kind not in _INNER:
                inside.setdefault(path, set()).add(fact.name)
        elif fact.kind in _LINKED and fact.name != "main" and ("static" not in fact.signature or is_shared(fact)):
            homes.setdefault(fact.name, set()).add(groups[path])
    return homes, inside


def _of_c(scene: _Scene, path: str, names: Sequence[str]) -> None:
    groups, own = scene.groups, scene.groups[path]
    names = _without_tracepoints(scene.view, path, names)
    reached = scene.reached(path)
    visible = {groups[one] for one in reached} if scene.languages[path] == "cpp" else None
    announced: dict[str, set[str]] = {}
    known = frozenset(names)
    for one in reached & scene.inside.keys():
        for name in scene.inside[one] & known:
            announced.setdefault(name, set()).add(groups[one])
    for name in sorted((scene.homes.keys() & known) | announced.keys()):
        home = scene.homes.get(name, _NOWHERE)
        meant = announced.get(name) or (home if visible is None else visible & home)
        if len(meant) == 1 and own not in meant and own not in home:
            scene.add(next(iter(meant)), name, path)


def _without_tracepoints(view: IndexView, path: str, names: Sequence[str]) -> Sequence[str]:
    """Return *names* without those that a file of the kernel offers as trace points, which are no functions."""
    if not any(include.target.startswith("trace/events/") for include in include_map(view).includes(path)):
        return names
    offered = {at.fact.arguments for at in view.macro_uses(path=path) if "TRACEPOINT" in at.fact.macro}
    return [name for name in names if name not in offered]


def _add_headers(scene: _Scene) -> None:
    """Count an include of another group's header as a use where no name of that group is seen to be used."""
    named = frozenset(scene.found)
    for path in sorted(path for path, language in scene.languages.items() if language in _C_FAMILY):
        own = scene.groups[path]
        for include, files in scene.included(path):
            used = {scene.groups[one] for one in files}
            if len(used) == 1 and own not in used and (own, *used) not in named:
                scene.add_import(used.pop(), include.target, path, include)


def _drop_doubtful(scene: _Scene) -> None:
    """Drop a dependency of C whose every name is a plain word that its files call only through members, or not at all.

    A plain word is most often a variable, a tag or a member of their own.
    """
    for pair, use in list(scene.found.items()):
        if use.imported or any("_" in name for name in use.names):
            continue
        for name, files in list(use.names.items()):
            use.names[name] = [path for path in files if scene.languages[path] != "c" or _calls(scene, path, name)]
            if not use.names[name]:
                del use.names[name]
        if not use.names:
            del scene.found[pair]


def _calls(scene: _Scene, path: str, name: str) -> bool:
    return bool(scene.view.plain_calls(path, (name,)))


# -- languages with imports -----------------------------------------------------------------------------------------


def _tops(definitions: Sequence[At[Definition]], languages: Mapping[str, str]) -> dict[str, set[str]]:
    tops: dict[str, set[str]] = {}
    for at in definitions:
        if at.fact.kind not in _INNER and at.fact.name != "main" and languages.get(at.path, "c") not in _C_FAMILY:
            tops.setdefault(at.path, set()).add(at.fact.name)
    return tops


def _siblings(groups: Mapping[str, str], languages: Mapping[str, str]) -> dict[str, list[str]]:
    inside: dict[tuple[str, str], list[str]] = {}
    for path, key in languages.items():
        known = language_named(key)
        if known and known.imports in ("folder", "package"):
            inside.setdefault((posixpath.dirname(path), key), []).append(path)
    return {
        path: [one for one in some if groups[one] != groups[path]]
        for some in inside.values()
        if len({groups[one] for one in some}) > 1
        for path in some
    }


def _of_importer(scene: _Scene, known: Language, path: str, names: Sequence[str]) -> None:
    """Add what a file uses of those that it imports: the names that the import binds, else what it names of them."""
    for at in scene.view.includes(path=path):
        if at.fact.condition != _RUST_TEST:
            for bound, targets in _targets(scene.view, known, at):
                _of_import(scene, at, bound, targets, names)
    for other in scene.siblings.get(path, ()):
        for name in names:
            if name in scene.tops.get(other, ()):
                scene.add(scene.groups[other], name, path)
    if known.imports == "crate" and scene.follows_paths:
        _of_paths(scene, known, path)


def _of_import(scene: _Scene, at: At[Include], bound: str | None, targets: Sequence[str], names: Sequence[str]) -> None:
    """Add what one import out of the files *targets* stands for, where these are all of one other group."""
    used = {scene.groups[one] for one in targets if one in scene.groups}
    if len(used) != 1 or scene.groups[at.path] in used:
        return
    group = used.pop()
    if bound is not None:
        scene.add_import(group, bound, at.path, at.fact)
        return
    tops: set[str] = set().union(*(scene.tops.get(one, ()) for one in targets))
    named = [name for name in names if name in tops]
    for name in named:
        scene.add(group, name, at.path, is_run=_TYPES not in (at.fact.condition or ""))
    if not named:
        scene.add_import(group, _bound_name(at.fact, targets[0], scene.languages[at.path]), at.path, at.fact)


def _bound_name(include: Include, path: str, key: str) -> str:
    """Return the name that an import of a whole file or package brings in."""
    known = language_named(key)
    written = include.target.strip(".")
    if known and known.imports == "package":
        return written.rpartition(".")[2]
    return written or _module(path)


def _module(path: str) -> str:
    """Return the name by which a module is known: that of its file, else of its folder."""
    folder, name = posixpath.split(path)
    stem = name.partition(".")[0]
    return posixpath.basename(folder) or stem if stem == "__init__" else stem


def _of_paths(scene: _Scene, known: Language, path: str) -> None:
    """Add what code names by a path that leads to a file of another group."""
    for at in scene.view.references(path=path):
        receiver = at.fact.receiver
        if receiver is None or at.fact.condition == _RUST_TEST or not _IDENTIFIERS.fullmatch(receiver):
            continue
        place = places(scene.view).find(known, path, f"{receiver}::{at.fact.name}")
        used = {scene.groups[one] for one in place.files if one in scene.groups} if place else set()
        if place and place.inside and len(used) == 1 and scene.groups[path] not in used:
            scene.add_import(used.pop(), place.inside[0], path, at.fact)


def _targets(view: IndexView, known: Language, at: At[Include]) -> Iterator[tuple[str | None, Sequence[str]]]:
    """Yield what an import binds out of which files; None where it binds files as a whole."""
    if known.key == PYTHON:
        yield from _python_targets(view, at)
        return
    include = at.fact
    place = places(view).find(known, at.path, include.target)
    if place is None or _is_child(known, include):
        return
    inside = [part for part in place.inside if part != "*"]
    plain = _plain(include)
    if inside:
        yield inside[-1], place.files
    elif plain and known.imports == "file":
        yield from ((name, place.files) for name in plain)
    else:
        yield None, place.files


def _is_child(known: Language, include: Include) -> bool:
    """Tell whether an import says only which modules a crate is made of: ``mod search;``."""
    return known.imports == "crate" and "::" not in include.target and not include.names


def _python_targets(view: IndexView, at: At[Include]) -> Iterator[tuple[str | None, Sequence[str]]]:
    modules, include = include_map(view).modules, at.fact
    here = modules.find(at.path, include.target)
    for name in _plain(include):
        whole = modules.find(at.path, child(include.target, name))
        if whole:
            yield None, (whole,)
        elif here:
            yield name, (here,)
    if here and not _plain(include):
        yield None, (here,)


def _plain(include: Include) -> list[str]:
    """Return the names that an import binds, as the other file knows them."""
    return [name.partition(" as ")[0] for name in include.names if not name.startswith("*")]
