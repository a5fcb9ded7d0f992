"""What a brief says about Python: modules and their imports as layers, classes and functions."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, one_line
from codereader.facts.fact import Fact
from codereader.facts.graph.relations import dotted
from codereader.facts.layers import PYTHON, Import, ImportGraph, layers
from codereader.facts.rank import is_minor
from codereader.facts.words import counted, listed
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

LAYERED_MODULES = 30
"""With more modules than this, layers are told by folder and not by file."""


def layers_section(graph: ImportGraph) -> Draft:
    """Return the modules by layer, top layer first, then the cycles."""
    if not graph.modules:
        return Draft("Layers of modules", ())
    modules = [path for path in graph.modules if not is_minor(path)] or list(graph.modules)
    if len(modules) == 1:
        return Draft("Layers of modules", ())
    nodes = _nodes(modules, graph)
    edges: dict[tuple[str, str], Import] = {}
    for one in graph.imports:
        if one.path in nodes and one.target in nodes:
            edges.setdefault((nodes[one.path], nodes[one.target]), one)
    places = {nodes[path]: path for path in reversed(modules)}
    levels = layers(places, edges)
    facts = tuple(_layer(layer.level, group, edges, places) for layer in reversed(levels) for group in layer.groups)
    return Draft("Layers of modules", facts, weight=5, first=6)


def _nodes(modules: Sequence[str], graph: ImportGraph) -> dict[str, str]:
    """Return by what name each module stands in the layers: its own, or in a large scope that of its folder.

    A folder that stands in a cycle with folders inside it is told module by module, since the cycle is one of
    folders and most often none of modules.
    """
    if len(modules) <= LAYERED_MODULES:
        return {path: _module(path) for path in modules}
    opened: frozenset[str] = frozenset()
    while True:
        nodes = {path: _folder(path, opened) for path in modules}
        pairs = {
            (nodes[one.path], nodes[one.target]) for one in graph.imports if {one.path, one.target} <= nodes.keys()
        }
        cyclic = [group for layer in layers(nodes.values(), pairs) for group in layer.groups if len(group) > 1]
        outer = {one for group in cyclic for one in group if any(_is_inside(other, one) for other in group)}
        if not outer:
            return nodes
        opened |= outer


def _is_inside(node: str, folder: str) -> bool:
    return folder.endswith("/") and node != folder and node.startswith(folder)


def _module(path: str) -> str:
    stem = path.removesuffix(".pyi").removesuffix(".py")
    return (stem.removesuffix("/__init__") if stem.endswith("/__init__") else stem).replace("/", ".")


def _folder(path: str, opened: frozenset[str]) -> str:
    folder = f"{posixpath.dirname(path)}/"
    return _module(path) if folder == "/" or folder in opened else folder


def _layer(
    level: int, group: Sequence[str], edges: Mapping[tuple[str, str], Import], places: Mapping[str, str]
) -> Fact:
    """Tell what one module, or one cycle of modules, imports from below."""
    inside = set(group)
    below = sorted({end for start, end in edges if start in inside and end not in inside})
    what = f"imports {listed(below)}" if below else "imports nothing here"
    within = [edges[(start, end)] for start in group for end in group if start != end and (start, end) in edges]
    if len(group) > 1:
        name = " <-> ".join(group[:6]) + (f" and {len(group) - 6} more" if len(group) > 6 else "")
        first = within[0]
        text = f"{level}  cycle: {name}; {what}"
        return Fact(name, "cycle", ", ".join(below), text, first.path, first.line, first.condition)
    return Fact(group[0], "imports", ", ".join(below), f"{level}  {group[0]}: {what}", places[group[0]], 1)


def classes_section(material: Material) -> Draft:
    """Return classes and module-level functions, those mentioned most by others first."""
    methods: dict[tuple[str, str], int] = {}
    shown = []
    for at in material.definitions:
        if material.language(at.path) != PYTHON or is_minor(at.path):
            continue
        if at.fact.kind in ("method", "property") and at.fact.owner:
            methods[(at.path, at.fact.owner)] = methods.get((at.path, at.fact.owner), 0) + 1
        elif at.fact.kind == "class" or (at.fact.kind == "function" and at.fact.owner is None):
            shown.append(at)
    shown.sort(key=lambda at: (-_worth(material, at, methods), at.path, at.fact.row, at.fact.name))
    facts = tuple(_class(at, methods) if at.fact.kind == "class" else _function(at) for at in shown)
    return Draft("Main classes and functions", facts, weight=5, first=3)


def _worth(material: Material, at: At[Definition], methods: Mapping[tuple[str, str], int]) -> float:
    public = 1.0 if not at.fact.name.startswith("_") else 0.3
    bonus = 1.5 if at.fact.kind == "class" else 1.0
    inside = methods.get((at.path, at.fact.name), 0)
    return round(public * bonus * (1 + material.uses.mentions.get(at.fact.name, 0) + inside), 6)


def _class(at: At[Definition], methods: Mapping[tuple[str, str], int]) -> Fact:
    definition = at.fact
    count = methods.get((at.path, dotted(definition)), 0)
    bases = f"({', '.join(definition.fields)})" if definition.fields else ""
    held = f"  {counted(count, 'method')}" if count else ""
    doc = f" - {one_line(definition.doc, 80)}" if definition.doc else ""
    text = f"class {definition.name}{bases}{held}{doc}"
    above = ", ".join(definition.fields) or "no class"
    return Fact(definition.name, "extends", above, text, at.path, line_of(definition.row), definition.condition)


def _function(at: At[Definition]) -> Fact:
    definition = at.fact
    doc = f" - {one_line(definition.doc, 80)}" if definition.doc else ""
    text = f"{one_line(definition.signature, 90)}{doc}"
    return Fact(
        definition.name, "function", definition.signature, text, at.path, line_of(definition.row), definition.condition
    )
