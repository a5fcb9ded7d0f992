"""What the index answers to a question, before any model speaks."""

from __future__ import annotations

from dataclasses import dataclass

from codereader.facts.fact import Fact, Section
from codereader.facts.questions.question import Missing, Question


@dataclass(frozen=True, slots=True)
class Reply:
    """The facts that answer a question, the most direct section first.

    `notes` say what the reader should know of the answer itself: a name taken for another, a bound that was reached.
    `not_followed` counts places that might belong to it and could not be followed; `blind` says in words what kind
    they are. `sections` is empty for an ``overview``, whose answer is the brief.
    `missing` are names of the question that the tree does not hold: with nothing else to tell, nothing was found.
    """

    question: Question
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()
    not_followed: int = 0
    blind: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts, in order."""
        return tuple(fact for section in self.sections for fact in section.facts)
