"""The parts that an answer is put together from, before it becomes a `Reply`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from codereader.facts.fact import Fact, Section
from codereader.facts.questions.question import Question, Subject
from codereader.facts.questions.tree import Tree
from codereader.source.spans import line_of

NOTHING = "Nothing seen"
"""The title of a section that says that there is nothing."""

MANY = 60
"""More facts of one section are told in order of the importance of their files."""


class _Placed(Protocol):
    @property
    def path(self) -> str: ...


P = TypeVar("P", bound=_Placed)


@dataclass(frozen=True, slots=True)
class Answer:
    """Sections in order, the most direct first, and what must be said beside them (see `Reply`)."""

    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = ()
    not_followed: int = 0
    blind: tuple[str, ...] = ()


def section(
    tree: Tree, title: str, facts: Iterable[Fact], most: int | None = None, *, ordered: bool = False
) -> Section:
    """Return *facts* under *title*; more than `MANY`, or than *most*, come in order of the importance of their files.

    Those beyond *most*, where it is given, are counted alone: another question tells them. *ordered* facts are in
    order of importance already.
    """
    found = list(dict.fromkeys(facts))
    if len(found) > (most or MANY) and not ordered:
        places = {id(one): number for number, one in enumerate(found)}
        found.sort(key=lambda one: (-tree.worth.get(one.path or "", 0.0), places[id(one)]))
    return Section(title, tuple(found[:most]), len(found) - len(found[:most]))


def sections(*found: Section) -> tuple[Section, ...]:
    """Return those of *found* that hold facts."""
    return tuple(one for one in found if one.facts)


def narrowed(tree: Tree, question: Question, found: Iterable[P]) -> list[P]:
    """Return what of *found* lies in the files that the question names beside its first subject, all if it does not."""
    within = tree.within(question.subjects[1:])
    return [one for one in found if within is None or one.path in within]


def nothing_seen(
    tree: Tree, subject: Subject, text: str, relation: str, thing: str = "nothing seen"
) -> tuple[Section, ...]:
    """Return the section that says that there is nothing, at the place of the name."""
    return (Section(NOTHING, (Fact(subject.found, relation, thing, text, *place_of_subject(tree, subject)),)),)


def place_of_subject(tree: Tree, subject: Subject) -> tuple[str | None, int | None]:
    """Return the path and 1-based line of what a question names, (None, None) where it has none."""
    if subject.places:
        return subject.places[0]
    if subject.kind == "path":
        return (subject.found, 1) if tree.view.file(subject.found) else (None, None)
    meant = tree.meant(subject)
    return (meant[0].path, line_of(meant[0].fact.row)) if meant else (None, None)
