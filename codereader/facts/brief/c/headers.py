"""The types of a C scope that stand outside of it: in the headers of the tree's ``include`` that belong to the scope.

A header belongs to a scope that is called like it, like its folder or like what most of the scope's functions begin
with; and so does one called like a source file of the scope, if it announces a function that this file defines. Read
from the disk as it is now, a few headers alone.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from codereader.facts.brief.material import Material, tally
from codereader.index.parse import parse
from codereader.index.parsed import Definition, ParsedFile
from codereader.index.view import At
from codereader.source.scope import from_scope

MOST_HEADERS = 12
"""So many headers are read, those that most files include first."""

MANY_FILES = 400
"""A scope with more files than this takes its time elsewhere."""

MANY_FILES_HEADERS = 6
"""So many are read there."""

SHORT_PREFIX = 3
"""What functions begin with stands for the scope if it is no shorter."""

PREFIX_SHARE = 5
"""One function out of so many has to begin with it."""

_PLACE = "include"
_CALLED = re.compile(rb"\b(\w+)\s*\(")
_WORD = re.compile(r"[_\W]+")


def own_headers(material: Material) -> list[At[Definition]]:
    """Return the structs of the scope's headers outside of it: of those called like it first, then by use."""
    scope = material.view.scope
    if not scope.folder:
        return []
    names = _Names(material)
    waiting = [target for target, _ in tally(_targets(material)) if names.may_own(target)]
    waiting.sort(key=lambda target: not names.is_namesake(target))
    asked, found = list[str](), list[At[Definition]]()
    most = MANY_FILES_HEADERS if len(material.files) > MANY_FILES else MOST_HEADERS
    while waiting and len(asked) < most:
        target = waiting.pop(0)
        asked.append(target)
        parsed = _header(material, names, target)
        if parsed:
            path = from_scope(scope, f"{_PLACE}/{target}")
            found += [At(path, one) for one in parsed.definitions if one.kind == "struct" and one.owner is None]
            waiting += [
                one.target
                for one in parsed.includes
                if one.target not in (*asked, *waiting) and names.may_own(one.target)
            ]
    return found


def _targets(material: Material) -> Iterator[str]:
    for at in material.view.includes():
        if at.fact.system and at.fact.target.endswith(".h") and "uapi" not in at.fact.target:
            yield at.fact.target


def _header(material: Material, names: _Names, target: str) -> ParsedFile | None:
    scope = material.view.scope
    if scope.folder == _PLACE or scope.folder.startswith(f"{_PLACE}/"):
        return None
    data = material.outside.read(f"{_PLACE}/{target}")
    if data is None or not (names.is_called_like(target) or names.announces(data)):
        return None
    return parse(data, "c")


class _Names:
    """What a scope, its files and its functions are called."""

    def __init__(self, material: Material) -> None:
        self._scope = posixpath.basename(material.view.scope.folder).lower()
        self._stems = {posixpath.basename(file.path)[:-2] for file in material.files if file.path.endswith(".c")}
        functions = [at.fact for at in material.definitions if at.fact.kind == "function"]
        self._functions = {one.name.encode() for one in functions if "static" not in one.signature.split("(")[0]}
        first = tally(word for one in functions if len(word := one.name.strip("_").partition("_")[0]) >= SHORT_PREFIX)
        self._prefixes = tuple(word for word, count in first[:1] if count * PREFIX_SHARE > len(functions))

    def may_own(self, target: str) -> bool:
        """Tell whether a header's name alone makes it likely that it belongs to the scope."""
        return self.is_called_like(target) or self._stem(target) in self._stems

    def is_called_like(self, target: str) -> bool:
        """Tell whether a header, or its folder, is called like the scope or like what its functions begin with."""
        folder, stem = posixpath.basename(posixpath.dirname(target)), self._stem(target)
        return self._scope in (folder, *_words(stem)) or stem.startswith(self._prefixes or ("?",))

    def is_namesake(self, target: str) -> bool:
        """Tell whether a header is called like the scope and nothing else."""
        return self._stem(target).removeprefix("af_") == self._scope

    def announces(self, data: bytes) -> bool:
        """Tell whether a header names a function that the scope defines for others."""
        return not self._functions.isdisjoint(_CALLED.findall(data))

    def _stem(self, target: str) -> str:
        return posixpath.basename(target)[:-2].removesuffix("_types")


def _words(stem: str) -> Sequence[str]:
    return _WORD.split(stem.lower())
