"""What the facts alone answer: the sections, what to know of them, and the answer that they make without a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codereader import __version__
from codereader.answer.blind import not_followed
from codereader.answer.event import OVERVIEW, Answer, Event, FactSection, Remark
from codereader.answer.known import Known
from codereader.answer.record import Record, Source

if TYPE_CHECKING:
    from codereader.index.view import IndexView


@dataclass(frozen=True, slots=True)
class Ground:
    """What prose is held against: the index, and what it was made of."""

    view: IndexView
    source: Source


def tell(known: Known) -> Iterator[Event]:
    """Yield the facts that answer: the brief's sections for an overview, else the reply's, and what to know of them."""
    reply = known.reply
    for section in known.brief.sections if reply.question.intent == OVERVIEW else reply.sections:
        yield FactSection(section)
    for text in (*reply.notes, *not_followed(reply)):
        yield Remark(text)


def answer_from_facts(known: Known, ground: Ground, blind: tuple[str, ...], lines: int | None = None) -> Answer:
    """Return the answer that the facts alone give."""
    record = Record(__version__, ground.source, lines)
    scope = ground.view.scope.name
    return Answer(known.question, scope, known.brief, known.reply, blind=blind, record=record)
