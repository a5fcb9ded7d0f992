"""Where control goes from a place: by calls, by functions that are handed on, and through tables of functions.

Supplies the graph that `codereader.facts.outline` draws, and the registrations that hand a scope's objects to others.
Only definitions of the scope are led to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from codereader.facts.graph.relations import Table, dotted, is_registering
from codereader.facts.outline import Edge, Node
from codereader.index.parsed import Definition, Reference
from codereader.index.resolve import resolve
from codereader.index.view import At, IndexView
from codereader.source.spans import line_of

CALLABLE_KINDS = ("function", "method", "class")
"""Kinds of definitions that a call leads to. Macros are named but not followed."""

HANDED_ON_KINDS = ("function", "variable")
"""What a function may hand on by naming it: another function, or a table."""

ARGUMENT_ROWS = 2
"""Rows below a registering call in which its arguments are looked for."""

MAX_CANDIDATES = 3
"""A name with more possible definitions than this is not followed; a method of an unknown object must have just one."""


@dataclass(frozen=True, slots=True)
class Registration:
    """*caller* hands *object*, defined in the scope, to *function*: ``register_filesystem(&ramfs_fs_type)``."""

    function: str
    object: str
    caller: str | None
    path: str
    line: int
    condition: str | None = None
    struct: str | None = None


def node_of(at: At[Definition]) -> Node:
    """Return the outline's node of one definition."""
    return Node(at.path, at.fact.row, dotted(at.fact), at.fact.kind)


class Flow:
    """The edges of one scope, each place asked of the index once. *definitions* and *held* are the scope's own."""

    def __init__(self, view: IndexView, definitions: Sequence[At[Definition]], held: Sequence[Table]) -> None:
        self._view = view
        self._held = {(table.path, table.variable): table for table in held}
        self._structs = {table.variable: table.struct for table in reversed(held)}
        self._functions = {at.fact.name for at in definitions if at.fact.kind == "function"}
        self._objects_known = self._functions | set(self._structs)
        self._by_path: dict[str, list[At[Definition]]] = {}
        for at in definitions:
            self._by_path.setdefault(at.path, []).append(at)
        self._variables = {
            path: frozenset(at.fact.name for at in some if at.fact.kind == "variable")
            for path, some in self._by_path.items()
        }
        self._known: dict[Node, tuple[Edge, ...]] = {}
        self._callers: dict[str, Mapping[str, Sequence[Reference]]] = {}

    def inside(self, path: str, caller: str) -> Sequence[Reference]:
        """Return what the definitions called *caller* in *path* refer to, in the order of the source."""
        if path not in self._callers:
            self._callers[path] = _by_caller(self._view.references(path=path))
        return self._callers[path].get(caller, ())

    def condition(self, node: Node) -> str | None:
        """Return the ``#if`` condition under which the definition of *node* stands."""
        at = self._definition(node)
        return at.fact.condition if at else None

    def _definition(self, node: Node) -> At[Definition] | None:
        here = self._by_path.get(node.path, ())
        return next((at for at in here if at.fact.row == node.row and dotted(at.fact) == node.name), None)

    def follow(self, node: Node) -> Sequence[Edge]:
        """Return where control goes from *node*, each place once, in the order of the source."""
        if node not in self._known:
            edges = self._of_table(node) if node.kind == "variable" else self._of_function(node)
            first = {edge.node: edge for edge in reversed(list(edges))}
            self._known[node] = tuple(sorted(first.values(), key=_place))
        return self._known[node]

    def _of_table(self, node: Node) -> Iterator[Edge]:
        table = self._held.get((node.path, node.name))
        for entry in table.entries if table else ():
            used = Reference(entry.function, "name", entry.row)
            for target, word in self._targets(node.path, used, CALLABLE_KINDS):
                yield Edge(target, f".{entry.field}", node.path, entry.row, word, entry.condition)

    def _of_function(self, node: Node) -> Iterator[Edge]:
        at = self._definition(node)
        if at is None:
            return
        path, span = node.path, at.fact.span
        for fact in self.inside(path, node.name):
            if span.first_row <= fact.row <= span.last_row:
                yield from self._edges(path, fact)

    def _edges(self, path: str, fact: Reference) -> Iterator[Edge]:
        is_call = fact.kind == "call"
        kinds = CALLABLE_KINDS if is_call else HANDED_ON_KINDS
        for target, word in self._targets(path, fact, kinds):
            if target.kind != "variable" or self._is_table(target):
                yield Edge(target, "calls" if is_call else "names", path, fact.row, word, fact.condition)

    def _is_table(self, node: Node) -> bool:
        """Tell whether a variable is a table here, and not only announced here."""
        table = self._held.get((node.path, node.name))
        return table is not None and table.line == line_of(node.row)

    def _targets(self, path: str, used: Reference, kinds: Sequence[str]) -> Iterator[tuple[Node, str]]:
        meant = resolve(self._view, path, used.name, used.receiver, used.caller, used.base)
        candidates = [one for one in meant if one.definition.fact.kind in kinds]
        if len(candidates) <= (MAX_CANDIDATES if used.receiver is None else 1):
            for one in candidates:
                yield node_of(one.definition), one.confidence

    def registrations(self, paths: Iterable[str]) -> tuple[Registration, ...]:
        """Return the calls in *paths* that register an object of the scope: a table, another variable or a function.

        Sorted by path, line and object.
        """
        found: set[Registration] = set()
        for path in paths:
            for inside in _by_caller(self._view.references(path=path)).values():
                calls = [one for one in inside if one.kind == "call"]
                if any(is_registering(one.name) for one in calls):
                    objects = self._objects(path, inside)
                    found.update(_registered(path, calls, objects, self._structs))
        return tuple(sorted(found, key=lambda one: (one.path, one.line, one.object, one.function)))

    def _objects(self, path: str, inside: Sequence[Reference]) -> list[tuple[int, str]]:
        """Return row and name of what one function names: functions and tables of the scope, the file's variables."""
        known, own = self._objects_known, self._variables.get(path, frozenset())
        return [(one.row, one.name) for one in inside if one.kind == "name" and (one.name in known or one.name in own)]


def _place(edge: Edge) -> tuple[int, str, int, str]:
    return edge.row, edge.node.path, edge.node.row, edge.node.name


def _by_caller(references: Iterable[At[Reference]]) -> dict[str, list[Reference]]:
    callers: dict[str, list[Reference]] = {}
    for at in references:
        if at.fact.caller is not None:
            callers.setdefault(at.fact.caller, []).append(at.fact)
    return callers


def _registered(
    path: str, calls: Sequence[Reference], objects: Sequence[tuple[int, str]], structs: Mapping[str, str | None]
) -> Iterator[Registration]:
    """Yield what the registering ones of *calls* are given: the objects named on their lines."""
    for call in calls:
        if not is_registering(call.name):
            continue
        later = [other.row - 1 for other in calls if other.row > call.row]
        last = min([call.row + ARGUMENT_ROWS, *later])
        for row, name in objects:
            if call.row <= row <= last:
                struct = structs.get(name)
                yield Registration(call.name, name, call.caller, path, line_of(call.row), call.condition, struct)
