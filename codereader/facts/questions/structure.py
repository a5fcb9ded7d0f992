"""How the parts of a scope depend on each other, and who includes what."""

from __future__ import annotations

from codereader.facts.brief.material import gather
from codereader.facts.brief.parts.dependence import Use, uses_between
from codereader.facts.brief.parts.parts import Dependency, Part, Parts, find_parts, place_of
from codereader.facts.fact import Fact, Section
from codereader.facts.layers import PYTHON, components, import_graph
from codereader.facts.questions import reach
from codereader.facts.questions.answer import Answer, nothing_seen, place_of_subject, section, sections
from codereader.facts.questions.question import Question, Subject
from codereader.facts.questions.tree import Tree
from codereader.facts.words import counted, listed
from codereader.index.includes import include_map
from codereader.source.spans import line_of

EXAMPLES = 4
"""So many names of a dependency are spelled out."""

ITSELF = "\0"
"""The name of the group that a question is about, while uses are counted; no path is called so."""


# -- dependencies ---------------------------------------------------------------------------------------------------


def depends(tree: Tree, question: Question) -> Answer:
    """Return what the named file or folder needs and who needs it, else how all parts depend on each other."""
    subject = question.subjects[0] if question.subjects else None
    if subject is None or subject.found == ".":
        return _of_parts(tree)
    if subject.kind != "path":
        into, out = reach.callers(tree, question), reach.callees(tree, question)
        return Answer(
            (*out.sections, *into.sections), into.notes, into.not_followed + out.not_followed, out.blind + into.blind
        )
    inside = frozenset(tree.files_in(subject))
    other = next((one for one in question.subjects[1:] if one.kind == "path" and one.found != "."), None)
    beside = frozenset(tree.files_in(other)) if other else frozenset()
    groups = {
        path: ITSELF if path in inside else other.found if other and path in beside else _group(path, subject)
        for path in tree.paths
        if other is None or path in inside or path in beside
    }
    uses = uses_between(tree.view, tree.view.definitions(), groups)
    needs = [_use(tree, subject.found, used, one, False) for (user, used), one in uses.items() if user == ITSELF]
    users = [_use(tree, subject.found, user, one, True) for (user, used), one in uses.items() if used == ITSELF]
    if other is not None:
        return _of_two(tree, subject, other, [*needs, *users])
    made = sections(
        section(
            tree,
            f"{subject.found} uses ({len(needs):,})",
            [fact for _, fact in sorted(needs, key=_weight)],
            ordered=True,
        ),
        section(
            tree,
            f"{subject.found} is used by ({len(users):,})",
            [fact for _, fact in sorted(users, key=_weight)],
            ordered=True,
        ),
    )
    text = f"{subject.found} is not seen to use anything of {tree.name}, nor to be used"
    blind = ("dependencies are told by names: calls through pointers and objects are not followed",)
    return Answer(made or nothing_seen(tree, subject, text, "depends on"), (), 0, blind)


def _of_two(tree: Tree, subject: Subject, other: Subject, found: list[tuple[int, Fact]]) -> Answer:
    """Return what one of two files or folders uses of the other, for both ways."""
    facts = []
    for user, used in ((subject, other), (other, subject)):
        some = [fact for _, fact in found if (fact.subject, fact.object) == (user.found, used.found)]
        text = f"{user.found} is not seen to use anything of {used.found}"
        place = place_of_subject(tree, user)
        facts += some or [Fact(user.found, "uses", f"nothing of {used.found}", text, *place)]
    blind = ("dependencies are told by names: calls through pointers and objects are not followed",)
    return Answer((section(tree, f"Between {subject.found} and {other.found}", facts, ordered=True),), (), 0, blind)


def _group(path: str, subject: Subject) -> str:
    """Return what another file is counted under: the folder beside the subject, or the file where it lies beside it."""
    depth = subject.found.count("/")
    parts = path.split("/")
    return path if len(parts) <= depth + 1 else "/".join(parts[: depth + 1]) + "/"


def _use(tree: Tree, subject: str, other: str, use: Use, into: bool) -> tuple[int, Fact]:
    names = use.by_use()
    path, line = place_of(tree.view, use)
    user, used = (other, subject) if into else (subject, other)
    text = f"{user} uses {counted(len(names), 'name')} of {used}: {listed(names, EXAMPLES)}"
    return use.weight, Fact(user, "uses", used, text, path, line)


def _weight(one: tuple[int, Fact]) -> tuple[int, str]:
    return -one[0], one[1].text


def _of_parts(tree: Tree) -> Answer:
    parts = find_parts(gather(tree.view))
    heavy = sorted(parts.dependencies, key=lambda one: (-one.names, one.user, one.used))
    facts = [_dependency(one) for one in heavy]
    notes = []
    if parts.rest:
        notes.append(
            f"{counted(len(parts.rest), 'less important part')} left out: {listed([one.name for one in parts.rest])}"
        )
    if parts.hubs:
        notes.append(f"used by nearly all others: {listed(list(parts.hubs))}")
    made = sections(section(tree, f"Dependencies between parts ({len(facts):,}), heaviest first", facts, ordered=True))
    blind = ("dependencies are told by names: calls through pointers and objects are not followed",)
    return Answer((*made, *_cycles(tree, parts)), tuple(notes), 0, blind)


def _dependency(one: Dependency) -> Fact:
    against = ", against the layers" if one.is_upward else ""
    text = f"{one.user} uses {counted(one.names, 'name')} of {one.used}: {listed(list(one.examples))}{against}"
    return Fact(one.user, "uses", one.used, text, one.path, one.line)


def cycles(tree: Tree, _: Question) -> Answer:
    """Return the circles among modules where the language imports, and among the parts of the scope."""
    parts = find_parts(gather(tree.view))
    made = [*_import_cycles(tree), *_cycles(tree, parts)]
    if made:
        return Answer(tuple(made))
    text = f"no cycle is seen between the parts of {tree.name}"
    return Answer((Section("No cycle", (Fact(tree.name, "has", "no cycles", text),)),))


def _import_cycles(tree: Tree) -> list[Section]:
    graph = import_graph(tree.view)
    targets: dict[str, list[str]] = {path: [] for path in graph.modules}
    for one in graph.imports:
        if one.condition is None:
            targets[one.path].append(one.target)
    groups = [group for group in components(targets) if len(group) > 1]
    made = []
    for group in sorted(groups, key=lambda group: (-len(group), group)):
        inside = [one for one in graph.imports if one.path in group and one.target in group and one.condition is None]
        facts = [
            Fact(one.path, "imports", one.target, f"{one.path} imports {one.target}", one.path, one.line)
            for one in inside
        ]
        made.append(section(tree, f"A cycle of {len(group)} modules: {listed(list(group), 6)}", facts))
    return made


def _cycles(tree: Tree, parts: Parts) -> list[Section]:
    made = []
    for group in parts.cycles:
        inside = [one for one in parts.dependencies if one.user in group and one.used in group]
        against = [one for one in inside if one.is_upward] or inside
        title = f"A cycle of {len(group)} parts: {listed(list(group), 12)}. Uses that close it"
        facts = [_dependency(one) for one in sorted(against, key=lambda one: (one.names, one.user, one.used))]
        made.append(section(tree, title, facts, ordered=True))
    return made


def layers(tree: Tree, _: Question) -> Answer:
    """Return the parts in the order in which they stand on each other, top first, and what runs against it."""
    parts = find_parts(gather(tree.view))
    by_name = {one.name: one for one in parts.parts}
    facts = []
    for at, names in enumerate(parts.strata):
        number = len(parts.strata) - at
        shown = [_with_purpose(by_name[name]) for name in names]
        first = by_name[names[0]].files[0]
        facts.append(Fact(", ".join(names), "is layer", str(number), f"layer {number}: {'; '.join(shown)}", first, 1))
    against = [one for one in parts.dependencies if one.is_upward]
    upward = [_dependency(one) for one in sorted(against, key=lambda one: (-one.names, one.user, one.used))]
    made = sections(
        section(tree, f"Layers, top first ({len(facts)})", facts, ordered=True),
        section(tree, f"Runs against them ({len(upward)})", upward, ordered=True),
    )
    return Answer(made, ("a layer uses those below it; parts are told by folders and names, uses by names",))


def _with_purpose(part: Part) -> str:
    return f"{part.name} ({part.purpose.words})" if part.purpose and part.purpose.words else part.name


# -- includes -------------------------------------------------------------------------------------------------------


def includes(tree: Tree, question: Question) -> Answer:
    """Return which files include or import the one that is named, and what that one includes."""
    subject = question.subjects[0]
    if subject.kind != "path":
        return _importing(tree, subject)
    targets = frozenset(tree.files_in(subject))
    if not targets:
        return _of_header(tree, subject)
    known = include_map(tree.view)
    into, out = [], []
    for path in tree.paths:
        tree.check()
        for include in known.includes(path):
            found = _targets(tree, path, include)
            if path in targets:
                text = f"{path} {_verb(tree, path)} {include.target}"
                out.append(Fact(path, "includes", include.target, text, path, line_of(include.row), include.condition))
            elif targets & set(found):
                text = f"{path} {_verb(tree, path)} {include.target}"
                into.append(Fact(path, "includes", subject.found, text, path, line_of(include.row), include.condition))
    made = sections(
        section(tree, f"Includes {subject.found} ({len(into):,})", into),
        section(tree, f"{subject.found} includes ({len(out):,})", out, ordered=True),
    )
    text = f"nothing in {tree.name} is seen to include {subject.found}"
    return Answer(made or nothing_seen(tree, subject, text, "is included by"))


def _verb(tree: Tree, path: str) -> str:
    return "includes" if tree.language(path) in ("c", "cpp") else "imports"


def _targets(tree: Tree, path: str, include):  # type: ignore[no-untyped-def]
    known = include_map(tree.view)
    if tree.language(path) != PYTHON:
        return known.included(path, include)
    names = [f"{include.target}.{name.partition(' as ')[0]}" for name in include.names]
    return [found for name in (include.target, *names) if (found := known.modules.find(path, name))]


def _importing(tree: Tree, subject: Subject) -> Answer:
    """Return the imports that bind a symbol, or the includes of a header outside the scope."""
    name = subject.found.rpartition(".")[2]
    found = [at for at in tree.view.includes() if any(one.partition(" as ")[0] == name for one in at.fact.names)]
    facts = [
        Fact(
            at.path,
            "imports",
            name,
            f"{at.path} imports {name} from {at.fact.target}",
            at.path,
            line_of(at.fact.row),
            at.fact.condition,
        )
        for at in found
    ]
    text = f"nothing in {tree.name} is seen to import {subject.found}"
    return Answer(
        sections(section(tree, f"Imports {name} ({len(facts):,})", facts))
        or nothing_seen(tree, subject, text, "is imported by")
    )


def _of_header(tree: Tree, subject: Subject) -> Answer:
    """Return which files include a header outside the scope."""
    facts = [
        Fact(
            at.path,
            "includes",
            at.fact.target,
            f"{at.path} includes {at.fact.target}",
            at.path,
            line_of(at.fact.row),
            at.fact.condition,
        )
        for at in tree.view.includes()
        if at.fact.target == subject.found
    ]
    return Answer((section(tree, f"Includes {subject.found}, a header outside the scope ({len(facts):,})", facts),))
