"""Which files an import means, in the languages that are read through tags.

A language's `imports` says how its imports name files:

    file      a path from the importing file; suffixes and the name of an index file may be left out
    package   dots for slashes: the end of a path in the scope (``a.b.C``)
    folder    a folder below the module path that a ``go.mod`` gives to its own folder
    crate     a path of modules: ``crate``, ``self``, ``super``, a child module, or a crate of the scope
    include   an ``#include``; names are seen through all that is included

Paths are those of the view. What lies outside the scope is told apart from what may lie in it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from codereader.index.view import IndexView
from codereader.source.languages import Language

_MODULE = re.compile(rb"^module[ \t]+\"?([^\s\"]+)", re.MULTILINE)
_CRATE = re.compile(rb"^\[package\][^\n]*(?:\n(?!\[)[^\n]*)*?\nname[ \t]*=[ \t]*[\"']([\w-]+)", re.MULTILINE)
_VARIABLE = re.compile(r"^.*(?:\$\w+|\$\{[^}]*\}|\$\([^)]*\)|`[^`]*`)[\"']?/")
_WRITTEN = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
"""A TypeScript file is imported by the name that it has once compiled."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an import leads: files of the scope, and the parts of the target that name something inside them."""

    files: tuple[str, ...]
    inside: tuple[str, ...] = ()


class Places:
    """The files of one view as imports see them."""

    def __init__(self, view: IndexView) -> None:
        self._view = view
        self.paths = frozenset(file.path for file in view.files())
        self._folders: dict[str, list[str]] = {}
        self._by_base: dict[str, list[str]] = {}
        for path in sorted(self.paths):
            self._folders.setdefault(posixpath.dirname(path), []).append(path)
            self._by_base.setdefault(posixpath.basename(path), []).append(path)
        self._modules = self._named("go.mod", _MODULE)
        self._crates = [(name.replace("-", "_"), folder) for name, folder in self._named("Cargo.toml", _CRATE)]

    def _named(self, base: str, pattern: re.Pattern[bytes]) -> list[tuple[str, str]]:
        """Return the names that files called *base* give to their folders, the longest name first."""
        found: list[tuple[str, str]] = []
        for path in self._by_base.get(base, ()):
            match = pattern.search(self._view.text(path))
            if match:
                found.append((match[1].decode("utf-8", "replace"), posixpath.dirname(path)))
        return sorted(found, key=lambda one: (-len(one[0]), one))

    def beside(self, path: str) -> Sequence[str]:
        """Return the files of the folder that holds *path*, itself included."""
        return self._folders.get(posixpath.dirname(path), ())

    def find(self, language: Language, path: str, target: str) -> Place | None:
        """Return where *target*, imported in *path*, leads; None for outside the scope."""
        if language.imports == "file":
            found = self._file(language, path, target)
            return Place((found,)) if found else None
        if language.imports == "package":
            return self._package(language, target.split("."))
        if language.imports == "folder":
            return self._folder(language, path, target)
        return self._crate(path, target.split("::")) if language.imports == "crate" else None

    # -- file ---------------------------------------------------------------------------------------------------

    def _file(self, language: Language, path: str, target: str) -> str | None:
        words = _VARIABLE.sub("", target)
        if language.family == "javascript" and not target.startswith("."):
            return None
        whole = _joined(posixpath.dirname(path), words)
        if whole is not None and (found := self._spelled(language, whole)):
            return found
        ending = [one for one in self._by_base.get(posixpath.basename(words), ()) if f"/{one}".endswith(f"/{words}")]
        return ending[0] if words != target and len(ending) == 1 else None

    def _spelled(self, language: Language, whole: str) -> str | None:
        stem, end = posixpath.splitext(whole)
        tries = [whole, *(whole + suffix for suffix in language.suffixes)]
        tries += [stem + other for other in _WRITTEN.get(end, ())]
        tries += [posixpath.join(whole, index + suffix) for index in language.indexes for suffix in language.suffixes]
        return next((one for one in tries if one in self.paths), None)

    # -- package ------------------------------------------------------------------------------------------------

    def _package(self, language: Language, parts: Sequence[str]) -> Place | None:
        for end in range(len(parts), 0, -1):
            for suffix in language.suffixes:
                file = "/".join(parts[:end]) + suffix
                found = [
                    one for one in self._by_base.get(parts[end - 1] + suffix, ()) if f"/{one}".endswith(f"/{file}")
                ]
                if found:
                    return Place(tuple(found), tuple(parts[end:]))
        folder = "/".join(parts)
        files = [one for name, some in self._folders.items() if f"/{name}".endswith(f"/{folder}") for one in some]
        return Place(tuple(sorted(files))) if files else None

    # -- folder -------------------------------------------------------------------------------------------------

    def _folder(self, language: Language, path: str, target: str) -> Place | None:
        folder = _joined(posixpath.dirname(path), target) if target.startswith(".") else None
        for name, where in self._modules:
            if folder is None and (target == name or target.startswith(name + "/")):
                folder = posixpath.join(where, target[len(name) :].lstrip("/")).rstrip("/")
        files = [one for one in self._folders.get(folder or "", ()) if one.endswith(language.extensions)]
        return Place(tuple(files)) if folder is not None and files else None

    # -- crate --------------------------------------------------------------------------------------------------

    def _crate(self, path: str, parts: Sequence[str]) -> Place | None:
        parts = [part.strip() for part in parts]
        folder = _module_folder(path)
        if parts[0] in ("crate", "$crate"):
            folder, parts = self._crate_folder(path), parts[1:]
        elif parts[0] in ("self", "super"):
            while parts and parts[0] in ("self", "super"):
                folder = posixpath.dirname(folder) if parts[0] == "super" else folder
                parts = parts[1:]
        elif not self._module_file(posixpath.join(folder, parts[0])):
            where = next((where for name, where in self._crates if name == parts[0]), None)
            if where is None:
                return None
            folder, parts = posixpath.join(where, "src"), parts[1:]
        while parts and self._module_file(posixpath.join(folder, parts[0])):
            folder, parts = posixpath.join(folder, parts[0]), parts[1:]
        file = self._module_file(folder)
        return Place((file,), tuple(parts)) if file else None

    def _module_file(self, folder: str) -> str | None:
        tries = (f"{folder}.rs", *(posixpath.join(folder, one) for one in ("mod.rs", "lib.rs", "main.rs")))
        return next((one for one in tries if one in self.paths), None)

    def _crate_folder(self, path: str) -> str:
        folder = posixpath.dirname(path)
        while not {posixpath.join(folder, "lib.rs"), posixpath.join(folder, "main.rs")} & self.paths:
            if not folder:
                return _module_folder(path)
            folder = posixpath.dirname(folder)
        return folder

    def crate_of(self, path: str) -> str:
        """Return the folder that holds the root module of the crate of *path*."""
        return self._crate_folder(path)


def _module_folder(path: str) -> str:
    """Return the folder that holds the child modules of the module *path*."""
    folder, name = posixpath.split(path)
    stem = name.removesuffix(".rs")
    return folder if stem in ("mod", "lib", "main") else posixpath.join(folder, stem)


def _joined(folder: str, target: str) -> str | None:
    """Return *target* seen from *folder*, None where it leads out of the scope."""
    whole = posixpath.normpath(posixpath.join(folder, target))
    return None if whole.startswith(("../", "/")) or whole == ".." else "" if whole == "." else whole


_PLACES: WeakKeyDictionary[IndexView, Places] = WeakKeyDictionary()


def places(view: IndexView) -> Places:
    """Return the files of *view* as imports see them, worked out once."""
    found = _PLACES.get(view)
    if found is None:
        found = _PLACES[view] = Places(view)
    return found
