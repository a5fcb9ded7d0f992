"""Which of a project's own functions lead to which, and how far each reaches.

Calls are followed, functions that are handed on by name, and from a method that has no body of its own to those that
implement it, where there is just one.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from codereader.facts.brief.project.scene import CALLABLE, Scene, dotted
from codereader.facts.outline import Node
from codereader.index.parsed import Definition, Reference
from codereader.index.resolve import resolve
from codereader.index.tagged.names import look_from
from codereader.index.view import At

_BUILTIN = frozenset(dir(builtins))

DEPTH = 4
"""Levels of calls that count as reached."""

MOST_TARGETS = 2
"""A bare name with more possible definitions in the project is not followed."""


_FALLBACK = re.compile(r"\(\.\.\.\)")
"""A C++ function that takes anything stands in where the system has none of its own."""


class Reach:
    """The calls of one project, each definition looked at once."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._next: dict[Node, tuple[Node, ...]] = {}
        self._below: dict[Node, frozenset[Node]] = {}
        self._inside: dict[str, dict[str, list[Reference]]] = {}

    def follow(self, node: Node) -> tuple[Node, ...]:
        """Return what *node* leads to, each once, in the order of the source."""
        if node not in self._next:
            self._next[node] = ()
            found = (target for target in self._opened(node) if target != node)
            self._next[node] = tuple(dict.fromkeys(found))
        return self._next[node]

    def below(self, node: Node) -> frozenset[Node]:
        """Return what *node* reaches within `DEPTH` levels."""
        if node not in self._below:
            seen: dict[Node, None] = {}
            front: Sequence[Node] = (node,)
            for _ in range(DEPTH):
                front = [one for some in front for one in self.follow(some) if one not in seen and one != node]
                front = list(dict.fromkeys(front))
                seen.update(dict.fromkeys(front))
            self._below[node] = frozenset(seen)
        return self._below[node]

    def near(self, node: Node) -> frozenset[Node]:
        """Return what *node* reaches within two levels."""
        first = self.follow(node)
        return frozenset((*first, *(below for one in first for below in self.follow(one)))) - {node}

    def references(self, path: str, caller: str) -> Sequence[Reference]:
        """Return what the definitions called *caller* in *path* refer to, in the order of the source."""
        if path not in self._inside:
            inside: dict[str, list[Reference]] = {}
            for at in self._scene.references(path):
                if at.fact.caller:
                    inside.setdefault(at.fact.caller, []).append(at.fact)
            self._inside[path] = inside
        return self._inside[path].get(caller, ())

    def _opened(self, node: Node) -> Iterator[Node]:
        """Yield what *node* leads to; a function that it defines itself counts as part of it."""
        for target in self._targets(node):
            if target.path == node.path and target.name.startswith(f"{node.name}."):
                yield from self.follow(target)
            else:
                yield target

    def _targets(self, node: Node) -> Iterator[Node]:
        at = self._scene.definition(node)
        if at is None:
            return
        if at.fact.kind == "class":
            yield from self._constructor(at)
            return
        span, has_any = at.fact.span, False
        for one in self.references(node.path, node.name):
            if span.first_row <= one.row <= span.last_row:
                for target in self._meant(node.path, one):
                    has_any = True
                    yield target
        if not has_any and at.fact.kind == "method":
            yield from self._implementing(at)

    def _constructor(self, at: At[Definition]) -> Iterator[Node]:
        """Yield the Python constructor of a class: what calling it runs."""
        inside = self._scene.owned.get((self._scene.family(at.path), dotted(at.fact)), ())
        for one in inside:
            if one.fact.name == "__init__" and one.path == at.path:
                yield from self.follow(node_of(one))

    def _meant(self, path: str, one: Reference) -> Iterator[Node]:
        if one.name not in self._scene.callable_names and (one.kind == "name" or self._is_foreign(path, one)):
            return
        kinds = CALLABLE if one.kind == "call" else ("function", "method")
        meant = resolve(self._scene.view, path, one.name, one.receiver, one.caller, one.base)
        own = [found for found in meant if self._is_own(found.definition, kinds)]
        own = [found for found in own if self._is_seen(found.definition, one.caller or "")]
        own = [found for found in own if not _FALLBACK.search(found.definition.fact.signature)]
        if one.kind == "name":
            own = [found for found in own if found.definition.fact.name == one.name and not _makes(found.definition)]
        if one.kind == "name" and own and self._is_local(path, one):
            return
        if one.kind == "name" and any(found.confidence.startswith("one of") for found in own):
            return
        is_guess = any(found.confidence.startswith("one of") for found in own)
        if is_guess and not self._is_likely(path, one, own[0].definition):
            return
        if len(own) <= (MOST_TARGETS if one.receiver is None else 1):
            for found in own:
                yield node_of(found.definition)

    def _is_foreign(self, path: str, one: Reference) -> bool:
        """Tell whether a call that goes by no own name cannot lead to one under another name either."""
        language = self._scene.material.language(path)
        return language in ("go", "cpp", "c", "java") or (one.receiver is None and one.name in _BUILTIN)

    def _is_local(self, path: str, one: Reference) -> bool:
        """Tell whether the function around a bare name declares something of its own under that name."""
        if one.receiver is not None or not one.caller or self._scene.material.language(path) == "python":
            return False
        declared = _declared(one.name)
        around = (at for at in self._callers.get((path, one.caller), ()) if _holds(at, one.row))
        return any(declared.search(self._scene.body(at)) for at in around)

    @cached_property
    def _callers(self) -> Mapping[tuple[str, str], Sequence[At[Definition]]]:
        """The own functions by path and dotted name."""
        found: dict[tuple[str, str], list[At[Definition]]] = {}
        for at in self._scene.definitions:
            if at.fact.kind in ("function", "method"):
                found.setdefault((at.path, dotted(at.fact)), []).append(at)
        return found

    def _is_likely(self, path: str, one: Reference, at: At[Definition]) -> bool:
        """Tell whether a method that may be one of several is most likely meant: no plain word alone names it, or the
        object has a type that the method's own builds on.
        """
        if self._scene.material.language(at.path) == "python":
            return "_" in at.fact.name.strip("_")
        look = look_from(self._scene.view, path, one.caller or "")
        typed = look.receiver_type(one.receiver, one.base) if look and one.receiver else None
        return typed is not None and typed.definition is not None

    def _is_own(self, at: At[Definition], kinds: Sequence[str]) -> bool:
        return at.path in self._scene.paths and at.fact.kind in kinds

    def _is_seen(self, at: At[Definition], caller: str) -> bool:
        """Tell whether *caller* may mean *at*: what stands in a function is seen there alone."""
        owner = at.fact.owner
        return owner is None or owner not in self._scene.functions or f"{caller}.".startswith(f"{owner}.")

    def _implementing(self, at: At[Definition]) -> Iterator[Node]:
        """Yield the one method elsewhere that is called like the bodiless *at*, of a type that builds on its own."""
        if at.fact.span.last_row > at.fact.span.first_row:
            return
        named = self._scene.view.definitions(name=at.fact.name, kinds=("method",))
        others = [one for one in named if one.path in self._scene.paths and one.fact.owner != at.fact.owner]
        if len(others) == 1:
            yield node_of(others[0])


def _makes(at: At[Definition]) -> bool:
    """Tell whether *at* is a constructor that goes by its type's name, which a mention of the type does not call."""
    return (at.fact.owner or "").rpartition(".")[2] == at.fact.name


def _declared(name: str) -> re.Pattern[str]:
    """Return what a variable or parameter called *name* is declared by, in any of the languages with braces."""
    own = re.escape(name)
    return re.compile(
        rf"\b(?:let|const|var|auto|mut)\s+{own}\b|\b{own}\s*:="
        rf"|(?<!\breturn)(?<!\belse)(?<!\bthrow)(?<!\bawait)(?<!\bcase)(?<!\bnew)(?<=[\w>\]])\s+[&*]*{own}\s*(?:[;,)]|=(?!=))"
    )


def _holds(at: At[Definition], row: int) -> bool:
    return at.fact.span.first_row <= row <= at.fact.span.last_row


def node_of(at: At[Definition]) -> Node:
    """Return the node of one definition."""
    return Node(at.path, at.fact.row, dotted(at.fact), at.fact.kind)
