"""What would break if a name changed: who reaches it by distance, what shows it to others, which tests name it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codereader.facts.fact import Fact
from codereader.facts.graph.edges import Call, Place, place_of
from codereader.facts.graph.symbol import read_symbol
from codereader.facts.questions import held, reach, structure
from codereader.facts.questions.answer import NOTHING, Answer, nothing_seen, section, sections
from codereader.facts.questions.question import Question, Subject
from codereader.facts.questions.sentences import of_call, of_finding
from codereader.facts.questions.tree import Tree
from codereader.facts.rank import is_minor
from codereader.facts.words import counted
from codereader.index.includes import include_map
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

HOPS = 3
"""Callers so far away are told."""

WIDE = 400
"""A level with more definitions is not followed further: nearly everything would be reached."""

_VIAS = ("direct", "macro", "table", "pointer", "name")
_CALLED = ("function", "method", "macro", "class")
_TYPES = ("class", "interface", "trait")
_TEST = re.compile(r"(^|/)(tests?|testing|selftests?)/|(^|/)(test_[^/]*|[^/]*_test|conftest)\.\w+$", re.IGNORECASE)


def impact(tree: Tree, question: Question) -> Answer:
    """Return what hangs on the first name, the nearest first."""
    subject = question.subjects[0]
    if subject.kind == "path":
        return _of_file(tree, question)
    meant = tree.meant(subject)
    shown = [fact for at in meant for fact in _shown(tree, at)]
    made = [section(tree, f"What shows {subject.found} to others ({len(shown):,})", shown)]
    notes = reach.several(tree.finder.definitions(read_symbol(subject.found)).meant)
    if any(at.fact.kind in _CALLED for at in meant):
        levels, more = _levels(tree, meant)
        notes += more
        for hop, edges in enumerate(levels, 1):
            title = f"{counted(hop, 'hop')} away ({len(edges):,})"
            made.append(section(tree, title, [of_call(one) for one in edges], 60 if hop == 1 else 30))
    if any(at.fact.kind in _TYPES for at in meant):
        derived = held.implementors(tree, question).sections
        made += [one for one in derived if one.title != NOTHING]
        imported = list(_imports(tree, read_symbol(subject.found).name))
        made.append(section(tree, f"Imports it by name ({len(imported):,})", imported))
    if not any(at.fact.kind in ("function", "method", "macro") for at in meant):
        uses = tree.finder.mentions(read_symbol(subject.found)).results
        made.append(section(tree, f"Uses it ({len(uses):,})", [of_finding(one) for one in uses]))
    tests_seen = list(_tests(tree, subject))
    made.append(section(tree, f"Tests that name it ({len(tests_seen):,})", tests_seen, 20))
    lost = len({(one.path, one.fact.row) for at in meant for one in tree.edges.uses(at.fact.name) if _is_value(one)})
    unseen = "pointers" if tree.has_c else "objects"
    blind = (f"callers through {unseen} of unknown type, and code outside the scope, are not seen",)
    text = f"nothing in {tree.name} is seen to depend on {subject.found}"
    return Answer(sections(*made) or nothing_seen(tree, subject, text, "breaks"), tuple(notes), lost, blind)


def _imports(tree: Tree, name: str) -> Iterator[Fact]:
    """Yield the imports that name a type."""
    for at in tree.view.includes():
        if name in (one.partition(" as ")[0] for one in at.fact.names):
            text = f"{at.path} imports {name} from {at.fact.target}"
            yield Fact(at.path, "imports", name, text, at.path, line_of(at.fact.row), at.fact.condition)


def _is_value(one: At) -> bool:  # type: ignore[type-arg]
    return one.fact.kind == "name" and one.fact.caller is not None


def _levels(tree: Tree, meant: Sequence[At[Definition]]) -> tuple[list[list[Call]], list[str]]:
    """Return the edges into *meant* hop by hop, one an origin from the second hop on."""
    seen = {place_of(at) for at in meant}
    level, levels = list(meant), []
    for hop in range(1, HOPS + 1):
        edges: list[Call] = []
        origins: dict[Place, At[Definition]] = {}
        for at in level:
            tree.check()
            for one in sorted(tree.edges.callers(at), key=_sureness):
                origin = tree.edges.origin(one) if one.via != "table" else None
                if origin and place_of(origin) not in seen:
                    if hop == 1 or place_of(origin) not in origins:
                        edges.append(one)
                    origins.setdefault(place_of(origin), origin)
                elif hop == 1:
                    edges.append(one)
        if edges:
            levels.append(sorted(edges, key=lambda one: (is_minor(one.path), _sureness(one))))
        seen |= set(origins)
        level = [origins[place] for place in sorted(origins)]
        if len(level) > WIDE and hop < HOPS:
            return levels, [f"{len(level):,} functions reach it within {counted(hop, 'hop')}: not followed further"]
    return levels, []


def _sureness(one: Call) -> tuple[int, int]:
    """Return the key that puts calls written out first, and pointers that may lead to many functions last."""
    word = one.confidence.removeprefix("one of ")
    return _VIAS.index(one.via), int(word) if word.isdigit() else 1


def _shown(tree: Tree, at: At[Definition]) -> Iterator[Fact]:
    """Yield exports, tables and headers through which others see a definition."""
    name, path = at.fact.name, at.path
    for one in tree.view.exports():
        if one.fact.name == name and (one.path == path or path.startswith("../")):
            text = f"{name} is exported by {one.fact.kind}: code outside the scope may use it"
            yield Fact(name, "exported by", one.fact.kind, text, one.path, line_of(one.fact.row), one.fact.condition)
    for entry in tree.view.entries():
        if entry.fact.name == name and entry.path == path:
            text = f"{name} is an entry point: {entry.fact.kind} by {entry.fact.via}"
            yield Fact(name, entry.fact.kind, entry.fact.via, text, path, line_of(entry.fact.row), entry.fact.condition)
    for one_call in tree.edges.callers(at):
        if one_call.via == "table":
            yield of_call(one_call)
    if path.endswith((".h", ".hpp")) and not path.startswith("../"):
        known = include_map(tree.view)
        users = [one for one in tree.paths if path in {t for i in known.includes(one) for t in known.included(one, i)}]
        text = f"{path} is included by {counted(len(users), 'file')} directly"
        yield Fact(path, "included by", str(len(users)), text, path, line_of(at.fact.row))
    declared = [one for one in _declarations(tree, name) if one[0] != path]
    for place in declared[:3]:
        yield Fact(name, "declared in", place[0], f"{name} is declared in {place[0]}", *place)


def _declarations(tree: Tree, name: str) -> list[tuple[str, int]]:
    """Return the headers of the scope that declare a function."""
    word = re.compile(
        rb"^[ \t]*(?:extern\s+)?[A-Za-z_][\w \t*]*\b" + re.escape(name.encode()) + rb"\s*\([^;{]*\)[^;{]*;",
        re.MULTILINE,
    )
    found = []
    for path in tree.paths:
        if path.endswith((".h", ".hpp")):
            text = tree.view.text(path)
            if name.encode() in text and (match := word.search(text)):
                found.append((path, text.count(b"\n", 0, match.end()) + 1))
    return found


def _of_file(tree: Tree, question: Question) -> Answer:
    """Return who uses a file or folder."""
    found = structure.depends(tree, question)
    users = [one for one in found.sections if "is used by" in one.title]
    into = structure.includes(tree, question)
    included = [one for one in into.sections if one.title.startswith("Includes ")]
    made = tuple(users + included)
    subject = question.subjects[0]
    text = f"nothing in {tree.name} is seen to use {subject.found}"
    return Answer(made or nothing_seen(tree, subject, text, "breaks"), (), 0, found.blind)


def tests(tree: Tree, question: Question) -> Answer:
    """Return the tests that name the first name, or that import the file that is named."""
    subject = question.subjects[0]
    if subject.kind == "path":
        into = structure.includes(tree, question)
        facts = [
            fact
            for one in into.sections
            if one.title.startswith("Includes ")
            for fact in one.facts
            if _TEST.search(fact.path or "")
        ]
    else:
        facts = list(_tests(tree, subject))
    made = sections(section(tree, f"Tests that name {subject.found} ({len(facts):,})", facts))
    text = f"no test in {tree.name} names {subject.found}"
    blind = ("a test that reaches it through others is not among them",)
    return Answer(made or nothing_seen(tree, subject, text, "is tested by"), (), 0, blind)


def _tests(tree: Tree, subject: Subject) -> Iterator[Fact]:
    name = read_symbol(subject.found).name
    seen = set()
    for at in tree.view.references(name=name):
        if _TEST.search(at.path) and (at.path, at.fact.caller) not in seen:
            seen.add((at.path, at.fact.caller))
            who = at.fact.caller or "code outside of functions"
            how = "calls" if at.fact.kind == "call" else "names"
            yield Fact(who, how, name, f"{who} {how} {name}", at.path, line_of(at.fact.row), at.fact.condition)
