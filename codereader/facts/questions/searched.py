"""What answers a question that asks for nothing in particular: the files and symbols that it may be about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codereader.facts.fact import Fact, Section
from codereader.facts.graph.symbol import read_symbol
from codereader.facts.questions.answer import Answer, sections
from codereader.facts.questions.question import Question
from codereader.facts.questions.sentences import of_definition
from codereader.facts.questions.tree import Tree

FOUND_SHOWN = 10
"""So many files, and so many symbols, are told."""

MANY = 30
"""In a text with more words, neighbouring ones are no names."""


def searched(tree: Tree, question: Question) -> Answer:
    """Return what the question names, then the files and symbols that it may be about."""
    named = tuple(
        Section(f"{one.found}, named in the question", tuple(map(of_definition, tree.meant(one)[:3])))
        for one in question.subjects
        if one.kind == "symbol"
    )
    asked, wanted = question.text, question.topic or question.text
    ranked = tree.search(wanted, FOUND_SHOWN)
    called = tuple(_called(tree, wanted, asked))
    files = tuple(
        Fact(one.path, "may answer", asked, f"{one.path}  {', '.join(one.reasons)}", one.path, 1)
        for one in ranked.files[:FOUND_SHOWN]
    )
    symbols = tuple(
        Fact(one.name, "may answer", asked, f"{one.kind} {one.name}  {', '.join(one.reasons)}", one.path, one.line)
        for one in ranked.symbols[:FOUND_SHOWN]
    )
    files = tuple(one for one in files if one.path not in {fact.path for fact in called if fact.line == 1})
    found = (
        Section("Called so", called),
        Section("Files that it may be about", files),
        Section("Symbols that it may be about", symbols),
    )
    looked = f", for: {question.topic}" if question.topic else ""
    note = "the question was not recognised as one about structure: this is what a search finds" + looked
    return Answer((*sections(*named), *sections(*found)), (note,))


def _called(tree: Tree, text: str, asked: str) -> Iterator[Fact]:
    """Yield the files and symbols whose whole name is two or three neighbouring words of *text*: ``TCP input``."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    names = {
        "_".join(words[at : at + count])
        for count in (3, 2)
        for at in range(len(words) - count + 1)
        if len(words) <= MANY
    }
    for path in tree.paths:
        if path.rpartition("/")[2].partition(".")[0].lower().replace("-", "_") in names:
            yield Fact(path, "may answer", asked, f"{path} is called like words of the question", path, 1)
    for name in sorted(names):
        for at in tree.own(read_symbol(name))[:3]:
            yield of_definition(at)
