"""Which lines a question needs in full, and what each is worth: those that it names, those of the facts that answer
it, and the definitions that have to do with them.

Everything here depends on the question and the index alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from codereader.facts.fact import Brief, Fact
from codereader.facts.questions.question import Subject
from codereader.facts.questions.reply import Reply
from codereader.index.parsed import Definition
from codereader.index.view import At, IndexView
from codereader.pack.detail import BODY_KINDS
from codereader.pack.focus import Wanted

if TYPE_CHECKING:
    from codereader.facts.search.passages import Passage

MOST_FACTS = 60
"""So many facts of an answer make their places wanted: of what is called everywhere there are thousands."""

MOST_PLACES = 3
"""Of one name or quoted string, so many places are wanted: a common one has hundreds."""

NAMED, ANSWERING = 1.0, 0.6
"""What a place is worth that the question names, and one of the first fact of its answer, against the best found."""

LATER = 0.97
"""What is left of a fact's worth for each one before it."""

SHORT, NOT_BY_CHANCE = 14, 6
"""A question with no more words asks for what it was recognised to ask for and nothing else; in one with no more than
so many a word that is a name is meant as one."""

BY_CHANCE = 0.15
"""What is left of the worth of a plain word in a long question that happens to be a name, and of facts beside it."""

SHARPNESS = 7.0
"""A definition with half of the best score is worth 1/2 to the power of this: what scores less is needed far more
seldom than its score says."""

SHORT_TYPE = 1_500
"""A type with functions in it comes whole up to so many bytes, beyond that its lines before the first of them."""

FOUND = "search"
"""The intent of questions whose facts are what a search found."""

_PARTS = ("enumerator", "key", "heading")
"""Definitions that are lines of another one and say little alone."""


def seeds(reply: Reply, brief: Brief) -> dict[tuple[str, int], float]:
    """Return the places (path, 1-based line) that a question names or that answer it, each with what it is worth.

    The *brief* answers a question that asks for nothing in particular.
    """
    text = reply.question.text
    subjects = [subject for subject in reply.question.subjects if subject.kind != "path"]
    coded = [subject for subject in subjects if _is_code(subject.written, text)]
    found: dict[tuple[str, int], float] = {}
    for subject in subjects:
        worth = NAMED if subject in coded else NAMED * BY_CHANCE
        found.update(dict.fromkeys(subject.places[:MOST_PLACES], worth))
    is_short = len(text.split()) <= SHORT
    if reply.question.intent != FOUND and (is_short or coded):
        facts = reply.facts or [fact for one in brief.sections for fact in one.facts]
        for place, worth in _of_facts(facts):
            found.setdefault(place, worth if is_short else worth * BY_CHANCE)
    return found


def _is_code(written: str, question: str) -> bool:
    """Whether a name of a *question* cannot be a plain word of it: by its letters, its marks, or for shortness."""
    if len(question.split()) <= NOT_BY_CHANCE or not written.islower() or not written.isalpha():
        return True
    return f"{written}(" in question or f"`{written}`" in question


def _of_facts(facts: Sequence[Fact]) -> Iterator[tuple[tuple[str, int], float]]:
    for rank, fact in enumerate(facts[:MOST_FACTS]):
        if fact.path is not None and fact.line is not None and fact.line > 1:  # line 1 stands for a whole file
            yield (fact.path, fact.line), ANSWERING * LATER**rank


def wanted(
    view: IndexView, reply: Reply, places: Mapping[tuple[str, int], float], found: Sequence[Passage]
) -> tuple[Wanted, ...]:
    """Return what a question needs: of *places* (see `seeds`) and of what was *found* for it; each once."""
    kept: dict[tuple[str, int, int], Wanted] = {}
    for want in (*_named(reply), *_around(view, places), *_found(view, found)):
        key = (want.path, want.first, want.last)
        if key not in kept or want.worth > kept[key].worth:
            kept[key] = want
    return tuple(kept.values())


def _named(reply: Reply) -> Iterator[Wanted]:
    for subject in reply.question.subjects:
        if subject.kind == "path":
            yield Wanted(subject.found, 1, 0, NAMED, _why(subject))


def _why(subject: Subject) -> str:
    return f"{subject.found} is named in the question"


def _around(view: IndexView, places: Mapping[tuple[str, int], float]) -> Iterator[Wanted]:
    """Yield the definitions that *places* stand in; where there is none, the lines around."""
    for (path, line), worth in places.items():
        file = view.file(path)
        if file is None:
            continue
        one = _innermost(view.definitions(path=path), line)
        why = "a place of the answer stands there"
        if one is None:
            yield Wanted(path, 1, max(1, file.lines), worth, why, hot=(line,))
        else:
            first, last = one.span.lines
            yield Wanted(path, first, last, worth, why, one.signature, one.owner or "", (line,))


def _innermost(found: Sequence[At[Definition]], line: int) -> Definition | None:
    """Return the definition that a line belongs to: the innermost function, else the innermost of any kind."""
    row = line - 1
    around = [
        at.fact for at in found if at.fact.span.first_row <= row <= at.fact.span.last_row and at.fact.kind not in _PARTS
    ]
    around.sort(key=lambda one: (one.kind not in BODY_KINDS, one.span.end - one.span.start, one.span.start))
    return around[0] if around else None


def _found(view: IndexView, found: Sequence[Passage]) -> Iterator[Wanted]:
    best = found[0].score if found else 1.0
    for one in found:
        fact = one.definition
        first, last = fact.span.lines
        if fact.kind in ("class", "interface", "trait") and fact.span.end - fact.span.start > SHORT_TYPE:
            last = _before_functions(view, one.path, fact)
        worth = (one.score / best) ** SHARPNESS
        yield Wanted(
            one.path,
            first,
            last,
            worth,
            f"{fact.name} ranks high for the question",
            fact.signature,
            fact.owner or "",
            one.lines,
        )


def _before_functions(view: IndexView, path: str, one: Definition) -> int:
    """Return the last line of a type before the first function in it."""
    first, last = one.span.lines
    rows = [
        at.fact.span.lines[0]
        for at in view.definitions(path=path)
        if at.fact.kind in BODY_KINDS and one.span.start < at.fact.span.start < one.span.end
    ]
    return max(first, min(rows, default=last + 1) - 1)
