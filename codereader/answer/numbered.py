"""Facts as a model reads them: one numbered line each, so that it can cite a number and the program fills in the place.

Numbers count from 1 through a whole prompt: the brief's facts first, which are the same for every question, then those
that answer this one. Room is counted in tokens of the answering model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codereader.facts.fact import Fact, Section, plain_fact
from codereader.model.counter import Vocabulary


@dataclass(frozen=True, slots=True)
class Evidence:
    """Numbered facts. `text` is what the model reads, of which `ids` are the tokens, a line at a time.

    `facts` are in the order of their numbers; `dropped` counts those that found no room.
    """

    facts: tuple[Fact, ...] = ()
    text: str = ""
    ids: tuple[int, ...] = ()
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    """A fact of a section, both by position, and what its line costs."""

    section: int
    rank: int
    cost: int


def number(vocabulary: Vocabulary, title: str, sections: Sequence[Section], first: int, room: int) -> Evidence:
    """Return the facts of *sections* that fit *room* tokens, numbered from *first* on, under *title*.

    Each section gives its most important facts before any gives its next ones. The facts stay in their order. A fact
    that is too long for what is left is passed over.
    """
    total = sum(len(section.facts) for section in sections)
    chosen = _choose(vocabulary, title, sections, first, room)
    if not chosen:
        return Evidence(dropped=total)
    facts: list[Fact] = []
    lines: list[str] = [title]
    for at, section in enumerate(sections):
        kept = [fact for rank, fact in enumerate(section.facts) if (at, rank) in chosen]
        lines += [_title(section)] if kept else []
        lines += [_line(first + len(facts) + n, fact) for n, fact in enumerate(kept)]
        facts += kept
    ids = tuple(token for line in lines for token in vocabulary.encode(line))
    return Evidence(tuple(facts), "".join(lines[1:]), ids, total - len(facts))


def _choose(
    vocabulary: Vocabulary, title: str, sections: Sequence[Section], first: int, room: int
) -> frozenset[tuple[int, int]]:
    """Return the (section, rank) of the facts that fit, however their numbers turn out."""
    total = sum(len(section.facts) for section in sections)
    titles = vocabulary.count_many([_title(section) for section in sections])
    left = room - len(vocabulary.encode(title))
    chosen: set[tuple[int, int]] = set()
    for row in sorted(_rows(vocabulary, sections, first + total), key=lambda row: (row.rank, row.section)):
        opens = not any(section == row.section for section, _ in chosen)
        cost = row.cost + (titles[row.section] if opens else 0)
        if cost <= left:
            chosen.add((row.section, row.rank))
            left -= cost
    return frozenset(chosen)


def _rows(vocabulary: Vocabulary, sections: Sequence[Section], widest: int) -> Iterator[_Row]:
    """Yield every fact with the cost of its line under the number *widest*, the longest that there may be."""
    places = [(at, rank) for at, section in enumerate(sections) for rank in range(len(section.facts))]
    costs = vocabulary.count_many([_line(widest, sections[at].facts[rank]) for at, rank in places])
    for (at, rank), cost in zip(places, costs, strict=True):
        yield _Row(at, rank, cost)


def _title(section: Section) -> str:
    return " ".join(section.title.split()) + ":\n"


def _line(count: int, fact: Fact) -> str:
    return f"[{count}] {plain_fact(fact)}\n"
