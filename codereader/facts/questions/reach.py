"""Who calls a name, what it calls, and the ways from one name to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from codereader.facts.fact import Fact, Section
from codereader.facts.graph.edges import Call
from codereader.facts.graph.finding import Finding
from codereader.facts.graph.paths import DEPTH
from codereader.facts.graph.symbol import read_symbol
from codereader.facts.questions.answer import Answer, narrowed, nothing_seen, section, sections
from codereader.facts.questions.question import Question
from codereader.facts.questions.sentences import of_call, of_finding
from codereader.facts.questions.tree import Tree
from codereader.facts.rank import is_minor
from codereader.facts.words import counted, listed
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

_STUB = "__initstub__"
"""How the functions begin that the kernel's macros for start-up make; the entry point itself says more."""

WAYS_SHOWN = 5
"""So many of the shortest ways are told."""


def callers(tree: Tree, question: Question) -> Answer:
    """Return who calls the first name."""
    subject = question.subjects[0]
    found = tree.finder.callers(read_symbol(subject.found), 1, tree.check)
    name = subject.found
    results = [one for one in found.results if not (one.caller or "").startswith(_STUB)]
    starts = section(tree, f"{name} runs without being called", _starts(tree, tree.meant(subject)))
    made = sections(starts) + _by_way(tree, narrowed(tree, question, results), {
        "call": f"Calls {name}",
        "pointer": f"May call {name} through a pointer",
        "table": f"Tables that hold {name}, to be called through them",
    })  # fmt: skip
    nothing = nothing_seen(tree, subject, f"nothing in {tree.name} is seen to call {name}", "called by")
    notes = [*several(found.meant), *_from_outside(tree, tree.meant(subject))]
    blind = _lost(
        found.not_followed, "might call it: through structs of unknown type, or where it is handed on", "place"
    )
    return Answer(made or nothing, tuple(notes), found.not_followed, blind)


def callees(tree: Tree, question: Question) -> Answer:
    """Return what the first name calls."""
    subject = question.subjects[0]
    found = tree.finder.callees(read_symbol(subject.found), 1, tree.check)
    name = subject.found
    known = [one for one in found.results if one.target_path is not None]
    unknown = [one for one in found.results if one.target_path is None]
    made = _by_way(tree, known, {
        "call": f"{name} calls",
        "pointer": f"{name} may call through a pointer",
        "table": f"{name} holds",
    })  # fmt: skip
    lost = section(tree, "Called, but defined nowhere in reach", map(of_finding, unknown))
    nothing = nothing_seen(tree, subject, f"{name} is not seen to call anything", "calls")
    blind = _lost(found.not_followed, "in it lead to no definition: outside names, or pointers that no table fills")
    return Answer((*made, *sections(lost)) or nothing, tuple(several(found.meant)), found.not_followed, blind)


def paths(tree: Tree, question: Question) -> Answer:
    """Return the shortest ways from the first name to the second, else those back."""
    if len(question.subjects) < 2:
        return callers(tree, question)
    start, end = question.subjects[:2]
    starts, ends = tree.meant(start), tree.meant(end)
    if not starts or not ends:
        lost = end if starts else start
        return Answer(nothing_seen(tree, lost, f"{lost.found} has no definition that ways could lead along", "reaches"))
    found = tree.graph.paths(starts, ends, DEPTH, WAYS_SHOWN, tree.check)
    blind = _lost(found.not_followed, "on the way lead to no definition")
    if found.found:
        made = tuple(_way(number, found.total, chain) for number, chain in enumerate(found.found, 1))
        notes = [f"{counted(found.total, 'way')} are as short; {len(made)} are told"] if found.total > len(made) else []
        return Answer(made, tuple(notes), found.not_followed, blind)
    bound = f" within {DEPTH} hops" if found.is_bounded else ""
    none = nothing_seen(tree, start, f"no way is seen from {start.found} to {end.found}{bound}", "reaches", end.found)
    back = tree.graph.paths(ends, starts, DEPTH, 1, tree.check)
    made = tuple(
        replace(_way(number, back.total, chain), title=f"The other way round: from {end.found} to {start.found}")
        for number, chain in enumerate(back.found, 1)
    )
    return Answer((*none, *made), (), found.not_followed, blind)


def _lost(number: int, what: str, noun: str = "call") -> tuple[str, ...]:
    return (f"{counted(number, noun)} {what}",) if number else ()


def _way(number: int, total: int, chain: Sequence[Call]) -> Section:
    facts = tuple(of_call(one) for one in chain)
    return Section(f"Way {number} of {total:,}, {counted(len(chain), 'hop')}", facts)


_GROUPS = {"direct": "call", "macro": "call", "pointer": "pointer", "table": "table", "name": "table"}


def _by_way(tree: Tree, found: Sequence[Finding], titles: dict[str, str]) -> tuple[Section, ...]:
    """Group uses by how they reach, calls written out first, those of tests last in each group."""
    groups: dict[str, list[Fact]] = {key: [] for key in titles}
    for one in sorted(found, key=lambda one: is_minor(one.path)):
        groups[_GROUPS[one.via or "direct"]].append(of_finding(one))
    return sections(*(section(tree, f"{title} ({len(groups[key]):,})", groups[key]) for key, title in titles.items()))


def several(meant: Sequence[Finding]) -> list[str]:
    """Return what to say where a name has more than one definition."""
    spellings = list(dict.fromkeys(one.spelled or one.name for one in meant))
    if len(spellings) < 2:
        return []
    return [f"{meant[0].name} is {len(spellings)} definitions, answered for all: {listed(spellings)}"]


def _from_outside(tree: Tree, meant: Sequence[At[Definition]]) -> list[str]:
    """Return what brings callers that no file of the scope shows: exports."""
    names = {at.fact.name for at in meant}
    files = sorted({at.path for at in meant if not at.path.startswith("../")})
    exports = [at for path in files for at in tree.view.exports(path=path) if at.fact.name in names]
    return [f"{at.fact.name} is exported by {at.fact.kind} ({at.path}:{line_of(at.fact.row)}), so callers may lie"
             " outside the scope" for at in exports[:3]]  # fmt: skip


def _starts(tree: Tree, meant: Sequence[At[Definition]]) -> list[Fact]:
    """Return how definitions are entry points: run at start, by a system call, as a command."""
    names = {(at.path, at.fact.name) for at in meant}
    return [
        Fact(one.name, one.kind, one.via, f"{one.name} is an entry point: {one.kind} by {one.via}", at.path,
             line_of(one.row), one.condition)
        for path in sorted({at.path for at in meant if not at.path.startswith("../")})
        for at in tree.view.entries(path=path)
        for one in [at.fact]
        if (at.path, one.name) in names
    ]  # fmt: skip
