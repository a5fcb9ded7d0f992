"""Python modules by the names under which they can be imported.

A name may start at any folder of the scope that is not itself inside a package, or at a folder above the scope. Knows
paths and dotted names; what stands in the files is no matter here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import cached_property

from codereader.source.scope import Scope

SUFFIXES = (".py", ".pyi")
"""How a module's file ends."""


class Modules:
    """The modules of one scope. *folder* is where the scope lies, outermost first, for imports that begin above it."""

    def __init__(self, paths: Iterable[str], folder: Sequence[str] = ()) -> None:
        self.folder = tuple(folder)
        self._paths = frozenset(path for path in paths if path.endswith(SUFFIXES))
        self._names = _names(sorted(self._paths), self.folder)
        self._above = frozenset(name[:at] for name in self._names for at, sign in enumerate(name) if sign == ".")

    def find(self, path: str, target: str) -> str | None:
        """Return the file of the module that *target* names in an import of the file *path*, None for one outside."""
        if target.startswith("."):
            return self._relative(path, target)
        found = self._names.get(target)
        return found if found and _may_be(found, path, target) else None

    def holds(self, path: str, target: str) -> bool:
        """Tell whether *target*, imported in the file *path*, is a folder of modules without a file of its own."""
        if target.startswith("."):
            stem = self._stem(path, target)
            return stem is not None and stem in self._folders
        return target in self._above

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(path[:at] for path in self._paths for at, sign in enumerate(path) if sign == "/")

    def _relative(self, path: str, target: str) -> str | None:
        stem = self._stem(path, target)
        if stem is None:
            return None
        candidates = (
            (f"{stem}.py", f"{stem}/__init__.py", f"{stem}.pyi", f"{stem}/__init__.pyi")
            if stem
            else ("__init__.py", "__init__.pyi")
        )
        return next((one for one in candidates if one in self._paths), None)

    def _stem(self, path: str, target: str) -> str | None:
        """Return the path without suffix that a relative import means, None for one above the scope."""
        words = target.lstrip(".")
        level = len(target) - len(words)
        parts = path.split("/")
        return None if len(parts) < level else "/".join([*parts[:-level], *(part for part in words.split(".") if part)])


def folder_of(scope: Scope) -> tuple[str, ...]:
    """Return the folders from the root to *scope*, or its own name where it is the root."""
    return tuple(part for part in scope.folder.split("/") if part) or (scope.path.name,)


def child(target: str, name: str) -> str:
    """Return the dotted name of what ``from target import name`` binds if that is a module."""
    return f"{target}{name}" if target.endswith(".") else f"{target}.{name}"


def _names(modules: Sequence[str], folder: Sequence[str]) -> dict[str, str]:
    packages = {module.rpartition("/")[0] for module in modules if _is_package(module)}
    names: dict[str, str] = {}
    for module in sorted(modules, key=lambda module: (module.count("/"), module)):
        parts = _parts(module)
        for start in range(len(parts)):
            if "/".join(module.split("/")[:start]) not in packages:
                names.setdefault(".".join(parts[start:]), module)
        for start in range(len(folder)):
            names.setdefault(".".join((*folder[start:], *parts)), module)
    return names


def _is_package(module: str) -> bool:
    return module.rpartition("/")[2] in ("__init__.py", "__init__.pyi")


def _parts(module: str) -> list[str]:
    parts = module.removesuffix(".pyi").removesuffix(".py").split("/")
    return parts[:-1] if parts[-1] == "__init__" else parts


def _may_be(found: str, path: str, target: str) -> bool:
    """Keep a file called like a module of the standard library from taking its imports, unless it lies beside."""
    if "." in target or target not in sys.stdlib_module_names:
        return True
    here = path.rpartition("/")[0]
    return bool(here) and found.rpartition("/")[0] == here
