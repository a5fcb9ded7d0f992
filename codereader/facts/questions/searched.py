"""What answers a question that asks for nothing in particular: the files and symbols that it may be about."""

from __future__ import annotations

from codereader.facts.fact import Fact, Section
from codereader.facts.questions.answer import Answer, sections
from codereader.facts.questions.question import Question
from codereader.facts.questions.sentences import of_definition
from codereader.facts.questions.tree import Tree

FOUND_SHOWN = 10
"""So many files, and so many symbols, are told."""


def searched(tree: Tree, question: Question) -> Answer:
    """Return what the question names, then the files and symbols that it may be about."""
    named = tuple(
        Section(f"{one.found}, named in the question", tuple(map(of_definition, tree.meant(one)[:3])))
        for one in question.subjects
        if one.kind == "symbol"
    )
    ranked = tree.search(question.text, FOUND_SHOWN)
    asked = question.text
    files = tuple(
        Fact(one.path, "may answer", asked, f"{one.path}  {', '.join(one.reasons)}", one.path, 1)
        for one in ranked.files[:FOUND_SHOWN]
    )
    symbols = tuple(
        Fact(one.name, "may answer", asked, f"{one.kind} {one.name}  {', '.join(one.reasons)}", one.path, one.line)
        for one in ranked.symbols[:FOUND_SHOWN]
    )
    found = (Section("Files that it may be about", files), Section("Symbols that it may be about", symbols))
    note = "the question was not recognised as one about structure: this is what a search finds"
    return Answer((*sections(*named), *sections(*found)), (note,))
