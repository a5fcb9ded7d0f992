"""Facts as a model reads them: one numbered line each, so that it can cite a number and the program fills in the place.

Numbers count from 1 through a whole prompt: the brief's facts first, which are the same for every question, then those
that answer this one. Room is counted in tokens of the answering model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codereader.facts.fact import Fact, Section, plain_fact
from codereader.model.counter import TokenCounter


@dataclass(frozen=True, slots=True)
class Evidence:
    """Numbered facts. `lines` are what the model reads, a title first; each is counted and tokenized alone.

    `facts` are in the order of their numbers; `tokens` is the exact sum over the lines; `dropped` counts the facts
    that found no room.
    """

    facts: tuple[Fact, ...] = ()
    lines: tuple[str, ...] = ()
    tokens: int = 0
    dropped: int = 0

    @property
    def text(self) -> str:
        """The facts and the titles of their sections, without the title of all."""
        return "".join(self.lines[1:])


@dataclass(frozen=True, slots=True)
class _Row:
    """A fact of a section, both by position, and what its line costs."""

    section: int
    rank: int
    cost: int


def number(count: TokenCounter, title: str, sections: Sequence[Section], first: int, room: int) -> Evidence:
    """Return the facts of *sections* that fit *room* tokens, numbered from *first* on, under *title*.

    Each section gives its most important facts before any gives its next ones. The facts stay in their order. A fact
    that is too long for what is left is passed over.
    """
    total = sum(len(section.facts) for section in sections)
    chosen = _choose(count, title, sections, first, room)
    if not chosen:
        return Evidence(dropped=total)
    facts: list[Fact] = []
    lines: list[str] = [title]
    for at, section in enumerate(sections):
        kept = [fact for rank, fact in enumerate(section.facts) if (at, rank) in chosen]
        lines += [_title(section)] if kept else []
        lines += [_line(first + len(facts) + n, fact) for n, fact in enumerate(kept)]
        facts += kept
    return Evidence(tuple(facts), tuple(lines), sum(count.count_many(lines)), total - len(facts))


def _choose(
    count: TokenCounter, title: str, sections: Sequence[Section], first: int, room: int
) -> frozenset[tuple[int, int]]:
    """Return the (section, rank) of the facts that fit, however their numbers turn out."""
    total = sum(len(section.facts) for section in sections)
    titles = count.count_many([_title(section) for section in sections])
    left = room - count.count_many([title])[0]
    chosen: set[tuple[int, int]] = set()
    for row in sorted(_rows(count, sections, first + total), key=lambda row: (row.rank, row.section)):
        opens = not any(section == row.section for section, _ in chosen)
        cost = row.cost + (titles[row.section] if opens else 0)
        if cost <= left:
            chosen.add((row.section, row.rank))
            left -= cost
    return frozenset(chosen)


def _rows(count: TokenCounter, sections: Sequence[Section], widest: int) -> Iterator[_Row]:
    """Yield every fact with the cost of its line under the number *widest*, the longest that there may be."""
    places = [(at, rank) for at, section in enumerate(sections) for rank in range(len(section.facts))]
    costs = count.count_many([_line(widest, sections[at].facts[rank]) for at, rank in places])
    for (at, rank), cost in zip(places, costs, strict=True):
        yield _Row(at, rank, cost)


def _title(section: Section) -> str:
    return " ".join(section.title.split()) + ":\n"


def _line(number: int, fact: Fact) -> str:
    return f"[{number}] {plain_fact(fact)}\n"
