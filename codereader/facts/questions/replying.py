"""From a question in words to the facts that answer it: one function for each intent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codereader.facts.questions import (
    breaking,
    building,
    contents,
    held,
    lifetime,
    locks,
    members,
    places,
    reach,
    structure,
    surface,
    twins,
    unused,
)
from codereader.facts.questions.answer import Answer
from codereader.facts.questions.question import Question
from codereader.facts.questions.reading import Read, read
from codereader.facts.questions.reply import Reply
from codereader.facts.questions.searched import searched
from codereader.facts.questions.tree import Tree


def _overview(_: Tree, __: Question) -> Answer:
    return Answer()


ANSWERS: Mapping[str, Callable[[Tree, Question], Answer]] = {
    "built": building.built,
    "callees": reach.callees,
    "callers": reach.callers,
    "contents": contents.contents,
    "cycles": structure.cycles,
    "defined": places.defined,
    "depends": structure.depends,
    "describe": places.describe,
    "differences": twins.differences,
    "entries": surface.entries,
    "exports": surface.exports,
    "fields": members.fields,
    "impact": breaking.impact,
    "implementors": held.implementors,
    "includes": structure.includes,
    "initialised": members.initialised,
    "layers": structure.layers,
    "lifetime": lifetime.lifetime,
    "locks": locks.locks,
    "option": building.option,
    "options": surface.options,
    "overview": _overview,
    "paths": reach.paths,
    "reading": contents.reading,
    "registered": places.registered,
    "search": searched,
    "syscalls": surface.syscalls,
    "table": held.table,
    "tests": breaking.tests,
    "unused": unused.unused,
    "used": places.used,
    "written": members.written,
}
"""What answers each intent."""

NAMELESS = frozenset(
    {
        "overview",
        "search",
        "entries",
        "exports",
        "syscalls",
        "options",
        "depends",
        "cycles",
        "layers",
        "reading",
        "unused",
    }
)
"""Intents that are answered without a name."""


_OF_SEVERAL = NAMELESS | {"paths", "differences", "defined"}
"""Intents whose answers take up every name of a question, or none."""


def reply(tree: Tree, text: str) -> Reply:
    """Return what *tree* answers to the question *text*."""
    found = read(tree, text)
    question = found.question
    if found.missing and len(question.subjects) < (2 if question.intent in ("paths", "differences") else 1):
        return Reply(question, (), (*found.notes, *_nowhere(tree, found)), missing=found.missing)
    answer = ANSWERS.get(question.intent, searched) if question.subjects or question.intent in NAMELESS else searched
    made = answer(tree, question)
    notes = (*found.notes, *_nowhere(tree, found), *_not_followed(question), *made.notes)
    return Reply(question, made.sections, notes, made.not_followed, made.blind, found.missing)


def _not_followed(question: Question) -> list[str]:
    """Return what to say of names beside the first that the answer does not take up."""
    first, *others = [one.found for one in question.subjects if one.kind == "symbol"] or [""]
    if not others or question.intent in _OF_SEVERAL:
        return []
    return [f"this is about {first}: what it has to do with {' and '.join(others)} is not told"]


def _nowhere(tree: Tree, found: Read) -> list[str]:
    """Return for each name that the tree does not hold a sentence that says so, with near names."""
    return [
        f"nothing in {tree.name} is called {one.written}" + (f"; near names: {', '.join(one.near)}" if one.near else "")
        for one in found.missing
    ]
