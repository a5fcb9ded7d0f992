"""What a brief says about calls: what each entry reaches, what is called most, what lies outside, what is unknown.

The same for every language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from codereader.facts.brief.flow import CALLABLE_KINDS, node_of
from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, base, spelled, tally
from codereader.facts.brief.surface import ordered_entries
from codereader.facts.brief.uses import Use, added
from codereader.facts.fact import Fact
from codereader.facts.graph.relations import dotted, used_from_outside
from codereader.facts.layers import ExternalPackage, ImportGraph
from codereader.facts.outline import DEPTH, Node, Step, fitting
from codereader.facts.rank import is_minor
from codereader.facts.words import counted, listed
from codereader.index.parsed import Definition, Entry
from codereader.index.python.names import module_file
from codereader.index.resolve import resolve
from codereader.index.view import At, IndexView
from codereader.source.spans import line_of

OUTLINE_LINES = 40
"""The call outline is as deep as it can be within this many steps."""

DEEP_LINES = 2_000
"""The same where somebody says how deep it shall be."""

OUTLINE_ROOTS = 12
"""Most places that an outline starts from; the others are counted."""

FEW_FILES = 12
"""With more files than this, the main operations say what an outline would."""

LARGE_ROOTS = 6
"""The same in a large scope, where each place leads further."""

CALLED_ONE_BY_ONE = 8
"""With more names than this, one fact names the first before each has its own."""

NAMES_ONE_BY_ONE = 100
"""Most names that get a fact of their own in a list by frequency; the others are counted together."""

FAMILY_NAMES = 3
"""So many outside names with the same first word share a fact."""


def outline_section(material: Material) -> Draft:
    """Return what each entry point reaches by calls, by tables and by functions that are handed on."""
    roots = _roots(material)
    most = LARGE_ROOTS if material.is_large else OUTLINE_ROOTS
    lines, depth = (OUTLINE_LINES, DEPTH) if material.depth is None else (DEEP_LINES, material.depth)
    facts = [_step(material, step) for step in fitting(roots[:most], material.flow.follow, lines, depth=depth)]
    left = len(roots) - most
    if left > 0:
        text = f"and {counted(left, 'more starting point')}, from {roots[most].name} on"
        facts.append(Fact(material.view.scope.name, "has", f"{left} more starting points", text))
    weight, first = (0, 1) if material.is_large else (14, 4) if len(material.files) <= FEW_FILES else (1, 1)
    return Draft("Call outline", tuple(facts), weight=weight, first=first)


def _roots(material: Material) -> list[Node]:
    """Return the definitions behind the entry points by importance; without any, tables, then what others can see."""
    entries = [at for at in ordered_entries(material) if at.fact.kind not in ("exitcall", "parameter")]
    entries = [at for at in entries if not is_minor(at.path)] or entries
    wanted = {_called_name(at.fact.name) for at in entries}
    named: dict[str, list[At[Definition]]] = {}
    for at in material.definitions:
        if at.fact.name in wanted and at.fact.kind in CALLABLE_KINDS:
            named.setdefault(at.fact.name, []).append(at)
    roots = [_nearest(material.view, named, at) for at in entries]
    found = list(dict.fromkeys(node for node in roots if node))
    if material.is_large:
        found = _one_a_file(found)
    return found or _tables_or_visible(material)


def _called_name(target: str) -> str:
    """Return the bare name of what an entry calls: ``main`` of ``shelf.cli:main``."""
    return target.replace(":", ".").rpartition(".")[2]


def _one_a_file(nodes: Sequence[Node]) -> list[Node]:
    """Order *nodes* so that every file has its first one before any file has its second."""
    turn: dict[str, int] = {}
    numbered = []
    for place, node in enumerate(nodes):
        turn[node.path] = turn.get(node.path, 0) + 1
        numbered.append((turn[node.path], place, node))
    return [node for _, _, node in sorted(numbered, key=lambda one: one[:2])]


def _nearest(view: IndexView, named: Mapping[str, Sequence[At[Definition]]], entry: At[Entry]) -> Node | None:
    """Return what an entry leads to: in its file, in the module it names, what its file imports, else the only one."""
    name = _called_name(entry.fact.name)
    candidates = named.get(name, ())
    here = [at for at in candidates if at.path == entry.path]
    if not here and ":" in entry.fact.name:
        module = module_file(view, entry.path, entry.fact.name.partition(":")[0])
        here = [at for at in candidates if at.path == module]
    if not here:
        meant = [one.definition for one in resolve(view, entry.path, name)]
        here = meant if len(meant) == 1 else []
    if here:
        return node_of(here[0])
    return node_of(candidates[0]) if len(candidates) == 1 else None


def _tables_or_visible(material: Material) -> list[Node]:
    variables = {(at.path, at.fact.name): at for at in material.definitions if at.fact.kind == "variable"}
    held = [
        variables[(table.path, table.variable)]
        for table in material.tables
        if (table.path, table.variable) in variables
    ]
    shown = held or [at for at in material.definitions if at.fact.kind == "function" and at.fact.exported]
    ordered = sorted(shown, key=lambda at: (-material.scores.get(at.path, 0.0), at.path, at.fact.row))
    nodes = [node_of(at) for at in ordered]
    return nodes if material.is_large else sorted(nodes, key=lambda node: not material.flow.follow(node))


def _step(material: Material, step: Step) -> Fact:
    edge, name = step.edge, step.node.name
    how = f"{edge.via} " if edge and edge.via.startswith(".") else ""
    notes = [
        {"above": "see above", "cycle": "cycle"}.get(step.mark, ""),
        f"+{step.cut} below" if step.cut else "",
        edge.confidence if edge and edge.confidence.startswith("one of") else "",
    ]
    tail = ", ".join(note for note in notes if note)
    indent = "  " * step.depth
    text = f"{indent}{how}{name}{f' ({tail})' if tail else ''}"
    parent = step.parent.name if step.parent else name
    relation = edge.via if edge else "starts"
    condition = material.flow.condition(step.node) or (edge.condition if edge else None)
    return Fact(parent, relation, name, text, step.node.path, line_of(step.node.row), condition)


def most_called(material: Material) -> Draft:
    """Return the scope's own functions by how often they are called in it."""
    own: dict[str, list[At[Definition]]] = {}
    for at in material.definitions:
        if at.fact.kind in ("function", "method", "class"):
            own.setdefault(at.fact.name, []).append(at)
    ranked = [use for use in added(material.uses.calls, {}) if use.name in own and use.count > 1]
    facts = [_called(count, own[count.name]) for count in ranked[:NAMES_ONE_BY_ONE]]
    if len(facts) > CALLED_ONE_BY_ONE:
        text = spelled("", [f"{use.name} ({use.count:,})" for use in ranked], material.room(None))
        facts.insert(0, Fact(material.view.scope.name, "calls", ", ".join(use.name for use in ranked), text))
    rest = ranked[NAMES_ONE_BY_ONE:]
    if rest:
        times = sum(use.count for use in rest)
        names = listed([use.name for use in rest], 5)
        text = f"and {counted(len(rest), 'more name')}, {counted(times, 'call')}: {names}"
        facts.append(Fact(material.view.scope.name, "calls", f"{len(rest)} more names", text))
    return Draft("Most called inside", tuple(facts), weight=0)


def _called(count: Use, places: Sequence[At[Definition]]) -> Fact:
    at = places[0]
    many = f", {counted(len(places), 'definition')}" if len(places) > 1 else ""
    text = f"{dotted(at.fact)}  {_often(count, 'call')}{many}"
    return Fact(at.fact.name, "called", str(count.count), text, at.path, line_of(at.fact.row), at.fact.condition)


def outside_section(material: Material, graph: ImportGraph) -> Draft:
    """Return what the scope needs from elsewhere: packages for Python, else functions and headers."""
    facts = [_package(package) for package in graph.external]
    families = _families(used_from_outside(material.uses, (at.fact.name for at in material.definitions)))
    if len(families) > CALLED_ONE_BY_ONE and not graph.modules:
        told = [f"{prefix} ({sum(use.count for use in uses):,})" for prefix, uses in families]
        text = spelled("", told, material.room(None))
        facts.append(Fact(material.view.scope.name, "uses", ", ".join(told), text))
        facts.extend(_headers(material))
    facts.extend(_family(material, prefix, uses) for prefix, uses in families[:NAMES_ONE_BY_ONE])
    rest = [use for _, uses in families[NAMES_ONE_BY_ONE:] for use in uses]
    if rest:
        times = sum(use.count for use in rest)
        names = listed([use.name for use in rest], 5)
        text = f"and {counted(len(rest), 'more name')}, {counted(times, 'use')}: {names}"
        facts.append(Fact(material.view.scope.name, "uses", f"{len(rest)} more names", text))
    if not any(fact.relation == "includes" for fact in facts):
        facts.extend(_headers(material))
    return Draft("Uses from outside", tuple(facts), weight=0)


def _package(package: ExternalPackage) -> Fact:
    kind = "standard library" if package.standard else "package"
    text = f"{package.name}  {kind}, in {counted(package.files, 'file')}"
    return Fact(package.name, "imported in", f"{package.files} files", text, package.path, package.line)


def _families(uses: Sequence[Use]) -> list[tuple[str, list[Use]]]:
    """Group names by their first word, ``simple_``, where enough share it; most used group first."""
    words: dict[str, list[Use]] = {}
    for use in uses:
        words.setdefault(use.name.lstrip("_").partition("_")[0], []).append(use)
    families = []
    for word, family in words.items():
        if len(family) >= FAMILY_NAMES:
            families.append((f"{word}*", family))
        else:
            families.extend((use.name, [use]) for use in family)
    return sorted(families, key=lambda one: (-sum(use.count for use in one[1]), one[0]))


def _family(material: Material, prefix: str, uses: Sequence[Use]) -> Fact:
    if len(uses) == 1:
        use = uses[0]
        return Fact(use.name, "used", f"{use.count} times", f"{use.name}  {_often(use, 'use')}", use.path, use.line)
    times = sum(use.count for use in uses)
    names = [use.name if use.count == 1 else f"{use.name} ({use.count:,})" for use in uses]
    head = f"{prefix}  {counted(times, 'use')} of {len(uses)} names: "
    text = spelled(head, names, material.room(uses[0].path, uses[0].line))
    return Fact(prefix, "used", listed(names), text, uses[0].path, uses[0].line)


def _headers(material: Material) -> Iterator[Fact]:
    """Yield one fact about the headers that C files include and the scope does not hold."""
    own = {base(file.path) for file in material.files}
    outside = [
        at for at in material.view.includes() if material.language(at.path) == "c" and base(at.fact.target) not in own
    ]
    if outside:
        ranked = tally(at.fact.target for at in outside)
        names = [f"{target} ({count:,})" for target, count in ranked]
        first = next(at for at in outside if at.fact.target == ranked[0][0])
        line = line_of(first.fact.row)
        text = spelled("headers: ", names, material.room(first.path, line))
        yield Fact(material.view.scope.name, "includes", listed(names), text, first.path, line)


def not_followed(material: Material) -> Draft:
    """Return what this brief does not know: unresolved calls, unread files, code the parser stumbled over."""
    name = material.view.scope.name
    facts = []
    if material.uses.through:
        text = (
            f"{counted(material.uses.through, 'call')} through pointers or objects, whose targets a name does not tell"
        )
        facts.append(Fact(name, "not followed", f"{material.uses.through} calls through pointers", text))
    outside = used_from_outside(material.uses, (at.fact.name for at in material.definitions))
    if outside:
        times = sum(use.count for use in outside)
        text = f"{counted(times, 'use')} of {counted(len(outside), 'name')} that nothing here defines"
        facts.append(Fact(name, "not followed", f"{times} uses of outside names", text))
    if not material.uses.is_whole:
        text = (
            f"calls and registrations were looked at in the {len(material.uses.looked)} most important of"
            f" {counted(len(material.files), 'file')}; counts of uses are those from other files"
        )
        facts.append(Fact(name, "not followed", "less important files", text))
    facts.extend(_missing(material))
    facts.extend(_broken(material))
    for reason, count in tally(skipped.reason for skipped in material.view.skipped):
        first = next(skipped.path for skipped in material.view.skipped if skipped.reason == reason)
        text = f"{counted(count, 'file')} not read, {reason}: {base(first)}{' ...' if count > 1 else ''}"
        facts.append(Fact(name, "skipped", f"{count} files, {reason}", text, first))
    return Draft("Not followed", tuple(facts), weight=1, first=1)


def _missing(material: Material) -> Iterator[Fact]:
    missing = material.build.missing
    if missing:
        names = listed([one.object for one in missing], 5)
        text = f"{counted(len(missing), 'object')} without a source in this scope: {names}"
        yield Fact(names, "built from", "not known", text, missing[0].rule_path, missing[0].line)


def _broken(material: Material) -> Iterator[Fact]:
    broken = sorted(
        (file for file in material.files if file.error_nodes), key=lambda file: (-file.error_nodes, file.path)
    )
    if broken:
        names = listed([file.path for file in broken], 5)
        text = f"{counted(len(broken), 'file')} with places that the parser could not read: {names}"
        yield Fact(broken[0].path, "has", f"{broken[0].error_nodes} parse errors", text, broken[0].path, 1)


def _often(use: Use, noun: str) -> str:
    """Return ``4 calls in 2 files``, without the files where they are not counted or can be but one."""
    if use.files is None:
        return counted(use.count, "use")
    return f"{counted(use.count, noun)} in {counted(use.files, 'file')}" if use.count > 1 else counted(use.count, noun)
