"""Which files of one view include or import which."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from codereader.index.parsed import Include
from codereader.index.python.modules import Modules, folder_of
from codereader.index.view import IndexView


class IncludeMap:
    """Which files of one view include or import which."""

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


_MAPS: WeakKeyDictionary[IndexView, IncludeMap] = WeakKeyDictionary()


def include_map(view: IndexView) -> IncludeMap:
    """Return the map of *view*, worked out once."""
    found = _MAPS.get(view)
    if found is None:
        found = _MAPS[view] = IncludeMap(view)
    return found
