"""Which types have all that an interface asks for, without saying so: Go's interfaces and Python's protocols.

A type fits if it has each wanted member, its own or taken from a type that it builds on, and methods take as many
parameters and give back as much, in Python parameters of the same names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from codereader.facts.brief.project.scene import Scene, dotted
from codereader.index.parsed import Definition
from codereader.index.view import At

Members = Mapping[str, str]
"""The members of a type by name, with their shapes; a member that is no method has none."""

PROTOCOL = re.compile(r"\bProtocol\b")


class Contracts:
    """The members of the *types* of one project. *bases* tells what a type builds on, *attributes* what else it has."""

    def __init__(
        self,
        scene: Scene,
        types: Sequence[At[Definition]],
        bases: Callable[[At[Definition]], Sequence[str]],
        attributes: Callable[[At[Definition]], Sequence[str]],
    ) -> None:
        self._scene, self._bases, self._attributes = scene, bases, attributes
        self._types = [at for at in types if scene.material.language(at.path) in ("go", "python")]
        self._own: dict[tuple[str, str], dict[str, str]] = {}
        for at in scene.definitions:
            language = scene.material.language(at.path)
            if at.fact.owner and at.fact.kind in ("method", "property") and language in ("go", "python"):
                place = (_package(at.path, language), at.fact.owner)
                self._own.setdefault(place, {})[at.fact.name] = _shape(at.fact, language)

    def kept(self) -> Iterator[tuple[At[Definition], list[str]]]:
        """Yield interfaces and protocols, each with the names of the types that fit."""
        for at in self._types:
            language = self._scene.material.language(at.path)
            wanted = self._wanted(at) if self.is_open(at) else None
            if wanted:
                fitting = [
                    one.fact.name
                    for one in self._types
                    if self._scene.material.language(one.path) == language
                    and not self.is_open(one)
                    and _fits(self._members(one, ()), wanted)
                ]
                if fitting:
                    yield at, fitting

    def is_open(self, at: At[Definition]) -> bool:
        """Tell whether *at* only says what others are to have."""
        return at.fact.kind == "interface" or any(PROTOCOL.search(base) for base in at.fact.fields)

    def _wanted(self, at: At[Definition]) -> Members | None:
        """Return what the interface *at* asks for, None where a part of it is not defined here."""
        wanted = dict(self._mine(at))
        for base in self._bases(at):
            if PROTOCOL.search(base):
                continue
            above = self._meant(at, base)
            more = self._wanted(above) if above and self.is_open(above) and above != at else None
            if more is None:
                return None
            wanted.update(more)
        return wanted

    def _members(self, at: At[Definition], seen: tuple[At[Definition], ...]) -> Members:
        """Return what the type *at* has; an interface that it holds gives it nothing."""
        found: dict[str, str] = {}
        for base in self._bases(at):
            above = self._meant(at, base)
            if above and above != at and above not in seen and not self.is_open(above):
                found.update(self._members(above, (*seen, at)))
        return {**found, **self._mine(at)}

    def _mine(self, at: At[Definition]) -> Members:
        language = self._scene.material.language(at.path)
        methods = self._own.get((_package(at.path, language), dotted(at.fact)), {})
        named = self._attributes(at) if language == "python" else ()
        return {**dict.fromkeys(named, ""), **methods}

    def _meant(self, at: At[Definition], base: str) -> At[Definition] | None:
        """Return the type that *base* names, the one beside *at* first, none if several others are called so."""
        last = re.split(r"[.\[]", base.lstrip("*"))[-1 if "[" not in base else 0]
        named = [one for one in self._types if one.fact.name == last]
        folder = at.path.rpartition("/")[0]
        near = [one for one in named if one.path.rpartition("/")[0] == folder]
        return near[0] if near else named[0] if len(named) == 1 else None


def _package(path: str, language: str) -> str:
    """Return what holds the methods of one type: a folder in Go, a file in Python."""
    return path.rpartition("/")[0] if language == "go" else path


def _fits(members: Members, wanted: Members) -> bool:
    return all(name in members and (not shape or members[name] == shape) for name, shape in wanted.items())


def _shape(one: Definition, language: str) -> str:
    """Return what two methods that stand for each other have in common, nothing for what is not called."""
    if one.kind == "property":
        return ""
    inside, after = _parted(one.signature, one.name)
    if language == "go":
        result = str(len(_parted(after, "")[0])) if after.startswith("(") else "".join(after.split())
        return f"{len(inside)} {result}"
    names = [re.split(r"[:=]", part)[0].strip() for part in inside]
    is_later = one.signature.startswith("async ")
    return f"{'async ' * is_later}({', '.join(name for name in names if name not in ('self', 'cls', '/', '*'))})"


def _parted(signature: str, name: str) -> tuple[list[str], str]:
    """Return the parameters of *signature* as written, and what stands behind them."""
    start = signature.find(f"{name}(") + len(name) + 1
    parts, depth, last = [], 0, start
    for at in range(start, len(signature)):
        char = signature[at]
        if char in "([{":
            depth += 1
        elif char in ")]}" and depth:
            depth -= 1
        elif char in ",)" and not depth:
            parts.append(signature[last:at].strip())
            last = at + 1
            if char == ")":
                return [part for part in parts if part], signature[at + 1 :].strip()
    return [part for part in parts if part], ""
