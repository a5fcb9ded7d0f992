"""Which places a question needs in full: those that it names, those of the facts that answer it, then what ranks high.

The order decides what still fits. Everything here depends on the question and the index alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from codereader.facts.questions.question import Subject
from codereader.facts.questions.reply import Reply
from codereader.facts.search.ranked import Ranked
from codereader.pack.focus import Wanted

MOST_FACTS = 60
"""So many facts of an answer make their places wanted: of what is called everywhere there are thousands."""

MOST_PLACES = 3
"""Of one name or quoted string, so many places are wanted: a common one has hundreds."""


def wanted(reply: Reply, ranked: Ranked) -> tuple[Wanted, ...]:
    """Return the places that the answer to a question rests on, each once, the most telling first."""
    found: dict[tuple[str, int | None], Wanted] = {}
    for want in (*_named(reply), *_answering(reply), *_ranked(ranked)):
        found.setdefault((want.path, want.line), want)
    return tuple(found.values())


def _named(reply: Reply) -> Iterator[Wanted]:
    for subject in reply.question.subjects:
        yield from _of(subject)


def _of(subject: Subject) -> Iterator[Wanted]:
    why = f"{subject.found} is named in the question"
    if subject.kind == "path":
        yield Wanted(subject.found, None, why)
    for path, line in subject.places[:MOST_PLACES]:
        yield Wanted(path, line, why)


def _answering(reply: Reply) -> Iterator[Wanted]:
    for fact in reply.facts[:MOST_FACTS]:
        if fact.path is not None and fact.line is not None and fact.line > 1:  # line 1 stands for a whole file
            yield Wanted(fact.path, fact.line, "a fact of the answer stands there")


def _ranked(ranked: Ranked) -> Iterator[Wanted]:
    for symbol in ranked.symbols:
        yield Wanted(symbol.path, symbol.line, f"{symbol.name} ranks high for the question")
