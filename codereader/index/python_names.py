"""From a Python name as it is used to its definitions.

A bare name is looked for in the file, then where an import says; a receiver that names an imported module or class
leads there.
"""

from __future__ import annotations

from collections.abc import Iterable

from codereader.index.candidate import BY_INCLUDE, ONLY_ONE, SAME_FILE, Candidate, worded
from codereader.index.includes import include_map
from codereader.index.modules import child
from codereader.index.parsed import Definition
from codereader.index.view import At, IndexView

_COMMON = frozenset(name for kind in (str, bytes, list, dict, set, int, float, tuple) for name in dir(kind))
"""Methods of builtin types: a receiver of unknown type more likely is one of these."""

_DEPTH = 5
"""How many re-exports are followed."""


def python_names(view: IndexView, path: str, name: str, receiver: str | None) -> tuple[Candidate, ...]:
    """Return what *name*, used in the Python file *path* after *receiver*, may mean; best first, then by place."""
    if receiver is None:
        return _bare(view, path, name)
    if receiver in ("self", "cls", "super()"):
        methods = [at for at in view.definitions(name=name, kinds=("method",)) if at.path == path]
        return tuple(Candidate(at, SAME_FILE) for at in methods) or _any_method(view, name)
    module, is_known = _module_of(view, path, receiver)
    if module is not None:
        return worded(_offered(view, module, name, _DEPTH), BY_INCLUDE)
    if is_known:
        return ()
    owners = [one.definition for one in _bare(view, path, receiver) if one.definition.fact.kind == "class"]
    for owner in owners:
        inside = [at for at in view.definitions(name=name, path=owner.path) if at.fact.owner == owner.fact.name]
        if inside:
            return worded(inside, SAME_FILE if owner.path == path else BY_INCLUDE)
    return _any_method(view, name)


def _any_method(view: IndexView, name: str) -> tuple[Candidate, ...]:
    if name in _COMMON:
        return ()
    return worded(list(view.definitions(name=name, kinds=("method",))), ONLY_ONE)


def _bare(view: IndexView, path: str, name: str) -> tuple[Candidate, ...]:
    here = [at for at in view.definitions(name=name, path=path) if at.fact.kind != "method"]
    if here:
        return tuple(Candidate(at, SAME_FILE) for at in here)
    return worded(_imported(view, path, name, _DEPTH), BY_INCLUDE)


def _imported(view: IndexView, path: str, name: str, depth: int) -> list[At[Definition]]:
    """Return the definitions that an import in *path* binds to *name*, through re-exports."""
    if depth == 0:
        return []
    for include in include_map(view).includes(path):
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
    for include in include_map(view).includes(path):
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
    return include_map(view).modules.find(path, target)
