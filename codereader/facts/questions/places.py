"""Where a name is defined and used, and what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from codereader.facts.fact import Fact, Section
from codereader.facts.graph.finding import Finding
from codereader.facts.graph.relations import is_registering
from codereader.facts.graph.symbol import read_symbol
from codereader.facts.questions.answer import Answer, narrowed, nothing_seen, section, sections
from codereader.facts.questions.members import fields_of, matches
from codereader.facts.questions.question import Question, Subject
from codereader.facts.questions.sentences import of_call, of_definition, of_finding
from codereader.facts.questions.subjects import having
from codereader.facts.questions.tree import Tree
from codereader.facts.rank import is_minor
from codereader.facts.words import counted
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

NEIGHBOURS = 12
"""So many callers, and so many callees, are told where a name is described."""

_CALLED = ("function", "method", "macro")
_RECORDS = ("struct", "union", "enum", "class", "interface", "trait")


def defined(tree: Tree, question: Question) -> Answer:
    """Return where each name is defined, or where the lines stand that hold a quoted text."""
    return Answer(tuple(one for subject in question.subjects for one in _defined(tree, subject)))


def _defined(tree: Tree, subject: Subject) -> tuple[Section, ...]:
    if subject.kind == "string":
        return (section(tree, f"Lines that hold “{subject.found}” ({len(subject.places):,})", _lines(tree, subject)),)
    if meant := tree.meant(subject):
        return (section(tree, f"Definitions of {subject.found} ({len(meant):,})", map(of_definition, meant)),)
    symbol = read_symbol(subject.found)
    facts = [_member(one) for one in tree.finder.definitions(symbol).results]
    facts = facts or [_field(at, symbol.name) for at in having(tree, symbol.name)]
    text = f"{subject.found} is used in {tree.name} and defined outside of it"
    return sections(section(tree, f"Definitions of {subject.found}", facts)) or nothing_seen(
        tree, subject, text, "is defined"
    )


def _member(one: Finding) -> Fact:
    owner = (one.spelled or "").rpartition(".")[0]
    text = f"member {one.signature or one.name} of struct {owner}"
    return Fact(one.name, "is a member of", owner, text, one.path, one.line, one.condition)


def _field(at: At[Definition], name: str) -> Fact:
    word = re.compile(rf"\b{re.escape(name)}\b")
    shown = next(field for field in at.fact.fields if word.search(field))
    text = f"member {shown} of {at.fact.kind} {at.fact.name}"
    return Fact(name, "is a member of", at.fact.name, text, at.path, line_of(at.fact.row), at.fact.condition)


def _lines(tree: Tree, subject: Subject) -> list[Fact]:
    return [
        Fact(path, "holds", subject.found, f"line {line} holds it: {text}", path, line)
        for path, some in groupby(subject.places, key=lambda place: place[0])
        for lines in [tree.view.text(path).split(b"\n")]
        for _, line in some
        for text in [" ".join(lines[line - 1].decode("utf-8", "replace").split())[:120]]
    ]


# -- uses -----------------------------------------------------------------------------------------------------------


def used(tree: Tree, question: Question) -> Answer:
    """Return every mention of the first name: calls, values, tables."""
    subject = question.subjects[0]
    if subject.kind == "string":
        return defined(tree, question)
    found = tree.finder.mentions(read_symbol(subject.found))
    results = narrowed(tree, question, found.results)
    calls = [of_finding(one) for one in results if one.via in ("direct", "macro", "pointer")]
    values = [of_finding(one) for one in results if one.via == "name"]
    tables = [of_finding(one) for one in results if one.via == "table"]
    made = sections(
        section(tree, f"Calls ({len(calls):,})", calls),
        section(tree, f"Named as a value or type ({len(values):,})", values),
        section(tree, f"Held by tables ({len(tables):,})", tables),
    )
    made = made or _by_text(tree, question)
    lost = found.not_followed
    blind = (f"{counted(lost, 'mention')} of the name could not be told from others",) if lost else ()
    text = f"nothing in {tree.name} is seen to use {subject.found}"
    return Answer(made or nothing_seen(tree, subject, text, "is used by"), (), lost, blind)


def _by_text(tree: Tree, question: Question) -> tuple[Section, ...]:
    """Return the lines of code that hold a name, for those whose mentions the index does not keep: constants."""
    subject = question.subjects[0]
    name = read_symbol(subject.found).name
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)".encode())
    places = set(subject.places)
    found = [
        one for path in tree.paths for one in matches(tree, path, word, [name.encode()])
        if (one.path, one.line) not in places
    ]  # fmt: skip
    found = narrowed(tree, question, found)
    facts = [
        Fact(who, "names", name, f"{who} names it: {one.text}", one.path, one.line)
        for one in found
        for who in [one.at.fact.name if one.at else "code outside of functions"]
    ]
    return sections(section(tree, f"Lines of code that name {name} ({len(facts):,})", facts))


def registered(tree: Tree, question: Question) -> Answer:
    """Return the calls of registering functions in the places that name the first name."""
    subject = question.subjects[0]
    name = read_symbol(subject.found).name
    facts = []
    for at in tree.view.references(name=name):
        row = at.fact.row
        for call in tree.view.references(path=at.path, kind="call"):
            if 0 <= row - call.fact.row <= 1 and call.fact.caller == at.fact.caller and is_registering(call.fact.name):
                caller = at.fact.caller or "code outside of functions"
                text = f"{caller} hands {name} to {call.fact.name}"
                facts.append(Fact(caller, "registers", name, text, at.path, line_of(row), at.fact.condition))
    made = sections(section(tree, f"Registers {name} ({len(facts):,})", facts))
    return Answer(made) if made else used(tree, question)


# -- what it is -----------------------------------------------------------------------------------------------------


def describe(tree: Tree, question: Question) -> Answer:
    """Return what the first name is: its definition, what it is built into, what reaches it and what it reaches."""
    subject = question.subjects[0]
    meant = tree.meant(subject)
    if subject.kind == "string" or not meant:
        return defined(tree, question)
    meant = tuple(at for at in meant if not is_minor(at.path)) or meant
    own = [fact for at in meant for fact in (of_definition(at), *_standing(tree, at))]
    made = [section(tree, f"What {subject.found} is", own, ordered=True)]
    lost = 0
    kinds = {at.fact.kind for at in meant}
    if kinds & set(_RECORDS):
        made += [fields_of(tree, at, 20) for at in meant if at.fact.kind in _RECORDS]
    if kinds & {"variable", "constant"}:
        held = [of_call(one) for at in meant if at.fact.kind == "variable" for one in tree.edges.callees(at)]
        made.append(section(tree, f"{subject.found} holds ({len(held):,})", held, NEIGHBOURS, ordered=True))
    if kinds & set(_CALLED):
        reached, lost = _around(tree, subject)
        made += reached
    blind = (f"{counted(lost, 'call')} around it could not be followed",) if lost else ()
    return Answer(sections(*made), (), lost, blind)


def _around(tree: Tree, subject: Subject) -> tuple[list[Section], int]:
    symbol = read_symbol(subject.found)
    into, out = tree.finder.callers(symbol, 1, tree.check), tree.finder.callees(symbol, 1, tree.check)
    reached = [one for one in out.results if one.target_path is not None and one.via in ("direct", "pointer")]
    inner = sorted(reached, key=lambda one: (one.target_path or "").startswith("../") or one.kind == "macro")
    known = [of_finding(one) for one in {one.name: one for one in reversed(inner)}.values()][::-1]
    callers = [of_finding(one) for one in into.results]
    return [
        section(tree, f"Reached from ({len(callers):,})", callers, NEIGHBOURS),
        section(tree, f"Calls ({len(known):,})", known, NEIGHBOURS, ordered=True),
    ], into.not_followed + out.not_followed


def _standing(tree: Tree, at: At[Definition]) -> Iterator[Fact]:
    """Yield how a definition stands to the outside: exported, entry point, when its file is built."""
    name, path = at.fact.name, at.path
    if path.startswith("../"):
        return
    for one in tree.view.exports(path=path):
        if one.fact.name == name:
            text = f"{name} is exported by {one.fact.kind}"
            yield Fact(name, "exported by", one.fact.kind, text, path, line_of(one.fact.row), one.fact.condition)
    for entry in tree.view.entries(path=path):
        if entry.fact.name == name:
            text = f"{name} is an entry point: {entry.fact.kind} by {entry.fact.via}"
            yield Fact(name, entry.fact.kind, entry.fact.via, text, path, line_of(entry.fact.row), entry.fact.condition)
    built = tree.build.of(path) if tree.language(path) == "c" else None
    if built:
        when = built.condition or "always"
        text = f"{path} is built {'always' if when == 'always' else 'if ' + when}"
        yield Fact(path, "built if", when, text, built.rule_path, built.line)
