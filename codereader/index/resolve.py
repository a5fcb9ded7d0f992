"""From a name as it is used to the definitions it may mean, with a word for how sure that is.

C: a name is looked for in the file itself, then in what the file includes, then in the whole scope; a ``static``
definition is seen only in its own file or, in a header, by the files that include it. Python: a bare name is
looked for in the file, then where an import says; a receiver that names an imported module or class leads there.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from codereader.index.modules import Modules, child, folder_of
from codereader.index.parsed import Definition, Include
from codereader.index.view import At, IndexView

SAME_FILE = "same file"
ONLY_ONE = "only one"
BY_INCLUDE = "visible by include"
NOT_FOUND = "not found"

_STATIC = re.compile(r"\bstatic\b")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A definition that a name may mean, and how sure that is: one of the words above, or ``one of N``."""

    definition: At[Definition]
    confidence: str


def resolve(view: IndexView, path: str, name: str, receiver: str | None = None) -> tuple[Candidate, ...]:
    """Return what *name*, used in the file *path* (after *receiver*, if any), may mean; best first, then by place.

    Empty where nothing in the scope fits, which callers show as ``not found``.
    """
    file = view.file(path)
    if file is None:
        return ()
    if file.language == "python":
        return _python(view, path, name, receiver)
    if receiver is not None:
        return ()
    return _c(view, path, name)


def _c(view: IndexView, path: str, name: str) -> tuple[Candidate, ...]:
    found = [at for at in view.definitions(name=name) if at.fact.kind != "option"]
    here = [at for at in found if at.path == path]
    if here:
        return tuple(Candidate(at, SAME_FILE) for at in here)
    included = _map(view).reached(path)
    seen = [at for at in found if at.path in included]
    if seen:
        return _worded(seen, BY_INCLUDE)
    return _worded([at for at in found if not _is_private(at)], ONLY_ONE)


def _worded(found: Sequence[At[Definition]], word: str) -> tuple[Candidate, ...]:
    """Return *found* under *word* if they stand in one file, such as both branches of an ``#if``; else as one of N."""
    files = {at.path for at in found}
    confidence = word if len(files) == 1 else f"one of {len(found)}"
    return tuple(Candidate(at, confidence) for at in found)


def _is_private(at: At[Definition]) -> bool:
    """Whether a definition is seen by its own file, or its includers, alone."""
    if at.fact.kind in ("macro", "struct", "union", "enum", "typedef"):
        return not at.path.endswith(".h")
    return bool(_STATIC.search(at.fact.signature))


# -- C: what a file includes ------------------------------------------------------------------------------------------


class _Map:
    """Which files of one view include or import which, worked out once."""

    def __init__(self, view: IndexView) -> None:
        self._includes: dict[str, list[Include]] = {}
        for at in view.includes():
            self._includes.setdefault(at.path, []).append(at.fact)
        self._paths = {file.path for file in view.files()}
        self._by_base: dict[str, list[str]] = {}
        for path in sorted(self._paths):
            self._by_base.setdefault(posixpath.basename(path), []).append(path)
        self._reached: dict[str, frozenset[str]] = {}
        self.modules = Modules(self._paths, folder_of(view.scope))

    def includes(self, path: str) -> Sequence[Include]:
        """Return the includes of one file, in its order."""
        return self._includes.get(path, ())

    def reached(self, path: str) -> frozenset[str]:
        """Return the files that *path* includes, directly or through others."""
        if path not in self._reached:
            seen: set[str] = set()
            waiting = [path]
            while waiting:
                here = waiting.pop()
                found = {target for one in self.includes(here) for target in self.included(here, one)}
                waiting.extend(found - seen)
                seen |= found
            self._reached[path] = frozenset(seen - {path})
        return self._reached[path]

    def included(self, path: str, include: Include) -> Sequence[str]:
        """Return the files of the scope that an ``#include`` in *path* may mean: beside it, else by their ending."""
        if not include.system:
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), include.target))
            if beside in self._paths:
                return (beside,)
        return self.ending(include.target)

    def ending(self, target: str) -> Sequence[str]:
        """Return the files of the scope whose path is or ends in *target*, if possible the one under ``include/``."""
        named = self._by_base.get(posixpath.basename(target), ())
        found = [path for path in named if path == target or path.endswith("/" + target)]
        best = [path for path in found if path in (target, f"include/{target}")]
        return best or found


_MAPS: WeakKeyDictionary[IndexView, _Map] = WeakKeyDictionary()


def _map(view: IndexView) -> _Map:
    found = _MAPS.get(view)
    if found is None:
        found = _MAPS[view] = _Map(view)
    return found


# -- Python: where names come from ------------------------------------------------------------------------------------

_COMMON = frozenset(name for kind in (str, bytes, list, dict, set, int, float, tuple) for name in dir(kind))
"""Methods of builtin types: a receiver of unknown type more likely is one of these."""

_DEPTH = 5
"""How many re-exports are followed."""


def _python(view: IndexView, path: str, name: str, receiver: str | None) -> tuple[Candidate, ...]:
    if receiver is None:
        return _bare(view, path, name)
    if receiver in ("self", "cls", "super()"):
        methods = [at for at in view.definitions(name=name, kinds=("method",)) if at.path == path]
        return tuple(Candidate(at, SAME_FILE) for at in methods) or _any_method(view, name)
    module, is_known = _module_of(view, path, receiver)
    if module is not None:
        return _worded(_offered(view, module, name, _DEPTH), BY_INCLUDE)
    if is_known:
        return ()
    owners = [one.definition for one in _bare(view, path, receiver) if one.definition.fact.kind == "class"]
    for owner in owners:
        inside = [at for at in view.definitions(name=name, path=owner.path) if at.fact.owner == owner.fact.name]
        if inside:
            return _worded(inside, SAME_FILE if owner.path == path else BY_INCLUDE)
    return _any_method(view, name)


def _any_method(view: IndexView, name: str) -> tuple[Candidate, ...]:
    if name in _COMMON:
        return ()
    return _worded(list(view.definitions(name=name, kinds=("method",))), ONLY_ONE)


def _bare(view: IndexView, path: str, name: str) -> tuple[Candidate, ...]:
    here = [at for at in view.definitions(name=name, path=path) if at.fact.kind != "method"]
    if here:
        return tuple(Candidate(at, SAME_FILE) for at in here)
    return _worded(_imported(view, path, name, _DEPTH), BY_INCLUDE)


def _imported(view: IndexView, path: str, name: str, depth: int) -> list[At[Definition]]:
    """Return the definitions that an import in *path* binds to *name*, through re-exports."""
    if depth == 0:
        return []
    for include in _map(view).includes(path):
        original = _original(include.names, name)
        module = module_file(view, path, include.target) if original else None
        if module and (found := _offered(view, module, original or name, depth - 1)):
            return found
    return []


def _offered(view: IndexView, module: str, name: str, depth: int) -> list[At[Definition]]:
    """Return the top level definitions called *name* of a module, or what it imports under that name."""
    own = [at for at in view.definitions(name=name, path=module) if at.fact.owner is None]
    return own or _imported(view, module, name, depth)


def _original(names: Iterable[str], name: str) -> str | None:
    """Return what an import calls the object that it binds to *name*, None where it does not bind it."""
    for one in names:
        original, _, alias = one.partition(" as ")
        if (alias or original) == name or one == "*":
            return name if one == "*" else original
    return None


def _module_of(view: IndexView, path: str, receiver: str) -> tuple[str | None, bool]:
    """Return the file of the module that *receiver* names in *path*, and whether it names a module at all."""
    first = receiver.partition(".")[0]
    is_known = False
    for include in _map(view).includes(path):
        whole = include.target
        if whole == receiver or (include.names == (receiver,) and not whole.startswith(".")):
            candidates = [whole, f"{whole}.{receiver}"] if include.names else [whole]
        elif original := _original([one for one in include.names if one != "*"], receiver):
            candidates = [child(whole, original)]
        else:
            is_known = is_known or (not include.names and whole.partition(".")[0] == first)
            continue
        for candidate in reversed(candidates):
            if module := module_file(view, path, candidate):
                return module, True
        is_known = is_known or not module_file(view, path, whole)
    return None, is_known


def module_file(view: IndexView, path: str, target: str) -> str | None:
    """Return the file of the module *target*, imported in *path*; None where it lies outside the scope."""
    return _map(view).modules.find(path, target)
