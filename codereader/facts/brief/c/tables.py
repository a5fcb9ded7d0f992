"""What a brief says about C: what builds it, what it registers, its tables of functions, its types."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from math import log2

from codereader.facts.brief.c.around import Above, built_from_above
from codereader.facts.brief.c.operations import MAIN_FIELDS, REPORTING, is_trial
from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, base, one_line, spelled, spelled_lines
from codereader.facts.fact import Fact
from codereader.facts.graph.relations import Table
from codereader.facts.kbuild.kconfig import prompt
from codereader.facts.kbuild.system import Built
from codereader.facts.words import LIST_LENGTH, counted, listed
from codereader.index.parsed import Definition, TableEntry
from codereader.index.view import At
from codereader.source.spans import line_of

TABLES_ONE_BY_ONE = 12
"""With more tables than this, those of one struct share a fact first."""

HELD_WIDTH = 60
"""Characters of such a fact that are kept for what the first table holds."""

UPKEEP_SHARE = 0.4
"""What is left of the weight of a table that every part of a kernel fills in."""

OPTIONS_ONE_BY_ONE = 6
"""With more options than this, they share a few lines."""

OPTIONS_WITH_WORDS = 14
"""With more options than this, they are told by name alone."""

OPTION_LINES = 2
OPTION_WIDTH = 40
"""Characters of the words of one option where many share a line."""

BUILT_ONE_BY_ONE = 12
"""With more built files than this, those under one condition share a fact."""


def build_section(material: Material, outer: Above | None = None) -> Draft:
    """Return when the scope, and each file and folder of it, is built, and which options it offers."""
    own = built_from_above(outer, material.view.scope.name)
    files = list(_built_files(material))
    facts = [*own, *_options(material), *_built_folders(material), *files, *_unbuilt(material)]
    return Draft("Build and configuration", tuple(facts), weight=3, first=2)


def _options(material: Material) -> Iterator[Fact]:
    """Yield the options of the scope with the words that offer them, one by one where they are few."""
    options = [at for at in material.definitions if at.fact.kind == "option" and prompt(at.fact)]
    if len(options) > OPTIONS_ONE_BY_ONE:
        options.sort(key=lambda at: at.path.count("/"))
        first, line = options[0], line_of(options[0].fact.row)
        told = [at.fact.name for at in options]
        if len(options) <= OPTIONS_WITH_WORDS:
            told = [f"{at.fact.name} ({one_line(prompt(at.fact) or '', OPTION_WIDTH)})" for at in options]
        width = material.room(first.path, line)
        for text, count in spelled_lines(f"{counted(len(options), 'option')}: ", told, width, OPTION_LINES):
            yield Fact(first.fact.name, "option", ", ".join(told[:count]), text, first.path, line)
            told = told[count:]
        return
    for at in options:
        yield _option(material, at)


def _option(material: Material, at: At[Definition]) -> Fact:
    """Tell one option: its type, its words, what it needs and selects."""
    line = line_of(at.fact.row)
    kind = next((field.split()[0] for field in at.fact.fields if field.startswith(("bool", "tristate"))), "option")
    told = [f'{kind} "{prompt(at.fact)}"']
    told += [field for field in at.fact.fields if field.startswith(("depends on", "select", "default"))]
    text = one_line(f"CONFIG_{at.fact.name}: {'; '.join(told)}", material.room(at.path, line))
    return Fact(at.fact.name, "option", "; ".join(told), text, at.path, line)


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
    included = {base(at.fact.target) for at in material.view.includes() if at.fact.target.endswith(".c")}
    left = [path for path in material.build.not_built if base(path) not in included and not _is_named(material, path)]
    if left:
        text = f"no rule names {counted(len(left), 'source')}: {listed(left, 5)}"
        yield Fact(left[0], "built if", "not known", text, left[0], 1)


def _is_named(material: Material, path: str) -> bool:
    """Tell whether the makefile beside a source names its object in a way that is not read as a rule."""
    folder, name = posixpath.split(path)
    wanted = f"{name.rpartition('.')[0]}.o".encode()
    return any(wanted in material.texts.whole(posixpath.join(folder, one)).split() for one in ("Makefile", "Kbuild"))


def tables_section(material: Material) -> Draft:
    """Return the tables of functions, those that hold most of the scope's own functions first.

    Where there are many, tables of one struct share a fact before each has its own.
    """
    own = {at.fact.name for at in material.definitions if at.fact.kind == "function"} | set(material.named_tables)
    ordered = sorted(material.tables, key=lambda table: (-_weight(material, table, own), table.path, table.line))
    if len(ordered) <= TABLES_ONE_BY_ONE:
        return Draft("Tables of functions", tuple(_table(material, table, own) for table in ordered), weight=4, first=3)
    together = list(_by_struct(material, ordered, own))
    told = {fact.object.partition(",")[0] for fact in together}
    ordered.sort(key=lambda table: table.variable in told)
    facts = [*together, *(_table(material, table, own) for table in ordered)]
    return Draft("Tables of functions", tuple(facts), weight=4, first=3)


def _weight(material: Material, table: Table, own: set[str]) -> float:
    inside = sum(entry.function in own for entry in table.entries)
    share = UPKEEP_SHARE if table.struct in REPORTING or is_trial(table.path) else 1.0
    return round(share * material.scores.get(table.path, 0.0) * (1 + log2(1 + inside)), 6)


def _by_struct(material: Material, ordered: Sequence[Table], own: set[str]) -> Iterator[Fact]:
    """Yield one fact for each struct of which there is more than one table: the tables, and what the first holds."""
    groups: dict[str, list[Table]] = {}
    for table in ordered:
        if table.struct:
            groups.setdefault(table.struct, []).append(table)
    for struct, some in groups.items():
        first = some[0]
        width = material.room(first.path, first.line, first.condition)
        names = list(dict.fromkeys(table.variable for table in some))
        held = _pairs(first, own)
        head = spelled(f"{struct}: ", names, width - HELD_WIDTH if len(names) > 1 else width)
        text = spelled(f"{head}; {first.variable} ", held, width, " ") if len(head) + HELD_WIDTH <= width else head
        if len(names) > 1:
            yield Fact(struct, "tables", ", ".join(names), text, first.path, first.line, first.condition)


def _pairs(table: Table, own: set[str]) -> list[str]:
    """Return what a table holds: the scope's own functions first, of these the ones that do the work."""
    entries = sorted(table.entries, key=lambda entry: (entry.function not in own, not MAIN_FIELDS.search(entry.field)))
    return [_pair(table, entry) for entry in entries]


def _pair(table: Table, entry: TableEntry) -> str:
    extra = f" [{entry.condition}]" if entry.condition and entry.condition != table.condition else ""
    return f".{entry.field}={entry.function}{extra}" if entry.field else f"{entry.function}{extra}"


def _table(material: Material, table: Table, own: set[str]) -> Fact:
    kind = f" ({table.struct})" if table.struct else ""
    width = material.room(table.path, table.line, table.condition)
    text = spelled(f"{table.variable}{kind}: ", _pairs(table, own), width, " ")
    held = " ".join(_pair(table, entry) for entry in table.entries)
    return Fact(table.variable, "holds", held, text, table.path, table.line, table.condition)
