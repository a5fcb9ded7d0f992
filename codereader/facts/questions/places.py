"""Where a name is defined and used, and what it is."""

from __future__ import annotations

from codereader.facts.fact import Fact, Section
from codereader.facts.graph.symbol import read_symbol
from codereader.facts.questions.answer import Answer, counted, section, sections
from codereader.facts.questions.question import Question, Subject
from codereader.facts.questions.sentences import of_definition, of_finding
from codereader.facts.questions.tree import Tree
from codereader.source.spans import line_of


def defined(tree: Tree, question: Question) -> Answer:
    """Return where each name is defined, or where the lines stand that hold a quoted text."""
    return Answer(tuple(one for subject in question.subjects for one in _defined(tree, subject)))


def _defined(tree: Tree, subject: Subject) -> tuple[Section, ...]:
    if subject.kind == "string":
        return (section(tree, f"Lines that hold “{subject.found}”", _lines(subject)),)
    if meant := tree.meant(subject):
        return (section(tree, f"Definitions of {subject.found}", map(of_definition, meant)),)
    members = tree.finder.definitions(read_symbol(subject.found)).results
    facts = [
        Fact(one.name, "is a member of", (one.spelled or "").rpartition(".")[0], f"member {one.signature or one.name} of"
             f" struct {(one.spelled or '').rpartition('.')[0]}", one.path, one.line, one.condition)
        for one in members
    ]  # fmt: skip
    return sections(section(tree, f"Definitions of {subject.found}", facts)) or (_undefined(tree, subject),)


def _lines(subject: Subject) -> list[Fact]:
    return [Fact(path, "holds", subject.found, f"{path} holds it", path, line) for path, line in subject.places]


def _undefined(tree: Tree, subject: Subject) -> Section:
    text = f"{subject.found} is used in {tree.name} and defined outside of it"
    place = subject.places[0] if subject.places else (None, None)
    return Section(f"Definitions of {subject.found}", (Fact(subject.found, "is defined", "outside", text, *place),))


def used(tree: Tree, question: Question) -> Answer:
    """Return every mention of the first name: calls, values, tables."""
    subject = question.subjects[0]
    if subject.kind == "string":
        return defined(tree, question)
    found = tree.finder.mentions(read_symbol(subject.found))
    calls = [of_finding(one) for one in found.results if one.via in ("direct", "macro", "pointer")]
    values = [of_finding(one) for one in found.results if one.via == "name"]
    tables = [of_finding(one) for one in found.results if one.via == "table"]
    made = sections(
        section(tree, f"Calls ({len(calls):,})", calls),
        section(tree, f"Named as a value or type ({len(values):,})", values),
        section(tree, f"Held by tables ({len(tables):,})", tables),
    )
    blind = (
        (f"{counted(found.not_followed, 'mention')} of the name could not be told from others",)
        if found.not_followed
        else ()
    )
    if not made:
        made = (Section("Nothing seen", (Fact(subject.found, "is used by", "nothing seen",
                f"nothing in {tree.name} is seen to use {subject.found}", *_first(tree, subject)),)),)  # fmt: skip
    return Answer(made, (), found.not_followed, blind)


def _first(tree: Tree, subject: Subject) -> tuple[str | None, int | None]:
    meant = tree.meant(subject)
    if meant:
        return meant[0].path, line_of(meant[0].fact.row)
    return subject.places[0] if subject.places else (None, None)
