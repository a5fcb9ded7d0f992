"""What a brief says about C: what builds it, what it registers, its tables of functions, its types."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from math import log2

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import LIST_LENGTH, Material, base, counted, listed
from codereader.facts.fact import Fact
from codereader.facts.graph.relations import Table
from codereader.facts.kbuild.system import Built

TABLE_FIELDS = 10
"""Fields of a table that one fact spells out; the others are counted in it."""

BUILT_ONE_BY_ONE = 12
"""With more built files than this, those under one condition share a fact."""


def build_section(material: Material) -> Draft:
    """Return when each file and folder is built."""
    facts = [*_built_folders(material), *_built_files(material), *_unbuilt(material)]
    return Draft("Build", tuple(facts), weight=4, first=3)


def _built_folders(material: Material) -> Iterator[Fact]:
    """Yield the folders that are always built together, then the others one by one, those with most in them first."""
    weight: dict[str, float] = {}
    for path, score in material.scores.items():
        folder = posixpath.dirname(path)
        weight[folder] = weight.get(folder, 0.0) + score
    folders = sorted(material.build.folders, key=lambda one: (-round(weight.get(one.path, 0.0), 6), one.path))
    always = [one for one in folders if one.condition is None]
    if always:
        names = listed([f"{one.path}/" for one in always])
        yield Fact(names, "built if", "always", f"always built: {names}", always[0].rule_path, always[0].line)
    for one in folders:
        if one.condition:
            name = f"{one.path}/"
            yield Fact(name, "built if", one.condition, f"{name}  built", one.rule_path, one.line, one.condition)


def _built_files(material: Material) -> Iterator[Fact]:
    built = sorted(
        material.build.built, key=lambda one: (one.condition is not None, -material.scores[one.path], one.path)
    )
    if len(built) <= BUILT_ONE_BY_ONE:
        yield from (_built_file(one) for one in built)
        return
    together: dict[tuple[str, str | None], list[Built]] = {}
    for one in built:
        together.setdefault((one.rule_path, one.condition), []).append(one)
    for (rule_path, condition), group in together.items():
        names = listed([one.path for one in group], LIST_LENGTH)
        text = f"{names}" if condition else f"always: {names}"
        yield Fact(names, "built if", condition or "always", text, rule_path, group[0].line, condition)


def _built_file(one: Built) -> Fact:
    stem = base(one.path).rpartition(".")[0]
    into = f" into {one.objects[-1]}" if one.objects[-1] != f"{stem}.o" else ""
    always = "" if one.condition else "always "
    text = f"{one.path}  {always}built{into}"
    return Fact(one.path, "built if", one.condition or "always", text, one.rule_path, one.line, one.condition)


def _unbuilt(material: Material) -> Iterator[Fact]:
    left = material.build.not_built
    if left:
        text = f"no rule names {counted(len(left), 'source')}: {listed(left, 5)}"
        yield Fact(left[0], "built if", "not known", text, left[0], 1)


def tables_section(material: Material) -> Draft:
    """Return the tables of functions, those that hold most of the scope's own functions first."""
    own = {at.fact.name for at in material.definitions if at.fact.kind == "function"}
    ordered = sorted(material.tables, key=lambda table: (-_weight(material, table, own), table.path, table.line))
    return Draft("Tables of functions", tuple(_table(table) for table in ordered), weight=6, first=4)


def _weight(material: Material, table: Table, own: set[str]) -> float:
    inside = sum(entry.function in own for entry in table.entries)
    return round(material.scores.get(table.path, 0.0) * (1 + log2(1 + inside)), 6)


def _table(table: Table) -> Fact:
    pairs = []
    for entry in table.entries[:TABLE_FIELDS]:
        extra = f" [{entry.condition}]" if entry.condition and entry.condition != table.condition else ""
        pairs.append(f".{entry.field}={entry.function}{extra}" if entry.field else f"{entry.function}{extra}")
    if len(table.entries) > TABLE_FIELDS:
        pairs.append(f"and {len(table.entries) - TABLE_FIELDS} more")
    held = " ".join(pairs)
    kind = f" ({table.struct})" if table.struct else ""
    return Fact(
        table.variable, "holds", held, f"{table.variable}{kind}: {held}", table.path, table.line, table.condition
    )
