"""Python modules, what they import from each other, and the layers that follow.

A layer is a topological level of the import graph's strongly connected components: level 0 imports nothing
inside the scope, every other level imports only from levels below it. Components with more than one
module are cycles and are named. Imports under ``if TYPE_CHECKING`` count like any other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from codereader.index.parsed import Include
from codereader.index.python.modules import Modules, child, folder_of
from codereader.index.view import At, IndexView
from codereader.source.spans import line_of

PYTHON = "python"
"""The language whose imports are followed here."""


@dataclass(frozen=True, slots=True)
class Import:
    """One file of the scope imports another. `line` is 1-based in `path`."""

    path: str
    target: str
    line: int
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """Nodes of one level, sorted; level 0 is the bottom. A group of several nodes is a cycle."""

    level: int
    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ExternalPackage:
    """A package imported from outside the scope: in how many files, and first where (1-based line)."""

    name: str
    files: int
    path: str
    line: int
    standard: bool


@dataclass(frozen=True, slots=True)
class ImportGraph:
    """All imports inside a scope, one for each pair of files, and what it uses from outside, most used first."""

    modules: tuple[str, ...]
    imports: tuple[Import, ...]
    external: tuple[ExternalPackage, ...]


def import_graph(view: IndexView) -> ImportGraph:
    """Return the imports between the Python files of *view*."""
    modules = [file.path for file in view.files() if file.language == PYTHON]
    python = frozenset(modules)
    includes = [include for include in view.includes() if include.path in python]
    return graph_of(modules, includes, folder_of(view.scope))


def graph_of(modules: Sequence[str], includes: Sequence[At[Include]], folder: Sequence[str] = ()) -> ImportGraph:
    """Resolve *includes* among *modules*; *folder* is where the scope lies, for imports that begin above it."""
    known = Modules(modules, folder)
    imports: dict[tuple[str, str], Import] = {}
    external: dict[str, dict[str, int]] = {}
    for include in includes:
        line = line_of(include.fact.row)
        targets = _targets(include, known)
        for target in targets:
            if target != include.path:
                imports.setdefault((include.path, target), Import(include.path, target, line, include.fact.condition))
        top = include.fact.target.partition(".")[0]
        if not targets and top and top not in folder:
            external.setdefault(top, {}).setdefault(include.path, line)
    packages = sorted((_package(name, places) for name, places in external.items()), key=_by_use)
    return ImportGraph(tuple(sorted(modules)), tuple(imports[key] for key in sorted(imports)), tuple(packages))


def _package(name: str, places: Mapping[str, int]) -> ExternalPackage:
    path = min(places)
    return ExternalPackage(name, len(places), path, places[path], name in sys.stdlib_module_names)


def _by_use(package: ExternalPackage) -> tuple[bool, int, str]:
    return package.standard, -package.files, package.name


def _targets(include: At[Include], known: Modules) -> list[str]:
    """Return the paths that one import statement loads by name, in the order written."""
    base, names = include.fact.target, include.fact.names
    originals = [name.partition(" as ")[0] for name in names]
    found = [path for name in originals if (path := known.find(include.path, child(base, name)))]
    if len(found) < max(1, len(names)) and (path := known.find(include.path, base)):
        found.append(path)
    return list(dict.fromkeys(found))


def layers(nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> tuple[Layer, ...]:
    """Return the levels of a graph, lowest first; an edge runs from the importing node to the imported one."""
    targets: dict[str, list[str]] = {node: [] for node in sorted(nodes)}
    for start, end in sorted(set(edges)):
        if start != end and start in targets and end in targets:
            targets[start].append(end)
    groups = components(targets)
    place = {node: index for index, group in enumerate(groups) for node in group}
    level = [0] * len(groups)
    for index, group in enumerate(groups):
        below = [level[place[end]] + 1 for node in group for end in targets[node] if place[end] != index]
        level[index] = max(below, default=0)
    rows: dict[int, list[tuple[str, ...]]] = {}
    for index, group in enumerate(groups):
        rows.setdefault(level[index], []).append(group)
    return tuple(Layer(number, tuple(sorted(rows[number]))) for number in sorted(rows))


def components(targets: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the strongly connected components, each sorted, every one after all that it points to.

    R. Tarjan, Depth-first search and linear graph algorithms (1972), with its recursion kept on a list.
    """
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_nodes: list[str] = []
    is_open: set[str] = set()
    found: list[tuple[str, ...]] = []
    for root in sorted(targets):
        if root in order:
            continue
        work = [(root, iter(targets[root]))]
        while work:
            node, rest = work[-1]
            if node not in order:
                order[node] = lowest[node] = len(order)
                open_nodes.append(node)
                is_open.add(node)
            step = next(rest, None)
            if step is None:
                work.pop()
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == order[node]:
                    found.append(_close(node, open_nodes, is_open))
            elif step not in order:
                work.append((step, iter(targets[step])))
            elif step in is_open:
                lowest[node] = min(lowest[node], order[step])
    return found


def _close(root: str, open_nodes: list[str], is_open: set[str]) -> tuple[str, ...]:
    start = open_nodes.index(root)
    group = tuple(sorted(open_nodes[start:]))
    del open_nodes[start:]
    is_open.difference_update(group)
    return group
