"""A fact that can be shown with its place, and the sections that a brief is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codereader.facts.brief.parts.parts import Parts

PAGE_WIDTH = 160
"""Most characters of a line of a brief as text, with indentation, place and condition."""

CONDITION_WIDTH = 60
"""Characters of a condition that are shown where the whole of it makes a line too long."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement about the tree: *subject* stands in *relation* to *object*, at ``path:line``.

    `text` is the statement in words for a person, without its place. `line` is 1-based;
    `path` is relative to the scope and None only for statements about the whole scope. `confidence` says how sure a
    name is what it is taken for (see `codereader.index.candidate`), None where nothing had to be resolved.
    """

    subject: str
    relation: str
    object: str
    text: str
    path: str | None = None
    line: int | None = None
    condition: str | None = None
    confidence: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Facts under one title, most important first. `dropped` counts those that --lines cut, never silently."""

    title: str
    facts: tuple[Fact, ...]
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Brief:
    """The structure of a scope from facts alone, most important section first.

    `lines_needed` is the value of --lines that shows everything. `parts` are what the scope is made of, None where
    nobody asked.
    """

    sections: tuple[Section, ...]
    lines_needed: int
    parts: Parts | None = None

    @property
    def dropped(self) -> int:
        """How many facts were left out to stay within the lines asked for."""
        return sum(section.dropped for section in self.sections)


def plain(brief: Brief) -> str:
    """Return *brief* as text: a title a section with what was dropped, a fact a line with its place and condition.

    Every fact is one line; other control characters are left as they are, for the front to show.
    """
    lines: list[str] = []
    for section in brief.sections:
        more = f"  ({section.dropped:,} more)" if section.dropped else ""
        lines.append(f"{_flat(section.title)}{more}")
        lines.extend(f"  {plain_fact(within(fact, PAGE_WIDTH))}" for fact in section.facts)
    return "".join(f"{line}\n" for line in lines)


def within(fact: Fact, width: int) -> Fact:
    """Return *fact* with its condition, and if need be its text, cut so that its line takes *width* characters.

    The line is an indentation of two, the text, the place and the condition, two characters between them.
    """
    if not fact.text or _length(fact) <= width:
        return fact
    if fact.condition and len(fact.condition) > CONDITION_WIDTH:
        fact = replace(fact, condition=f"{fact.condition[: CONDITION_WIDTH - 1]}…")
    over = _length(fact) - width
    return fact if over <= 0 else replace(fact, text=f"{fact.text[: max(1, len(fact.text) - over - 1)]}…")


def _length(fact: Fact) -> int:
    """Return the characters that a fact's line takes at most in any of the texts that are written of it."""
    return (
        2
        + len(fact.text)
        + taken(fact.path, fact.line, fact.condition)
        + (len(fact.confidence) + 2 if fact.confidence else 0)
    )


def taken(path: str | None, line: int | None, condition: str | None) -> int:
    """Return how many characters of a line go to a place and a condition, with what stands around them."""
    place = 0 if path is None else len(path) + 4 + (len(f":{line}") if line else 0)
    return place + (len(condition) + 4 if condition else 0)


def plain_fact(fact: Fact) -> str:
    """Return one fact as one line: ``text, confidence  (path:line) [condition]``."""
    place = "" if fact.path is None else f"  ({fact.path}:{fact.line})" if fact.line else f"  ({fact.path})"
    condition = f" [{fact.condition}]" if fact.condition else ""
    word = f", {fact.confidence}" if fact.confidence else ""
    return _flat(f"{fact.text}{word}{place}{condition}")


def _flat(text: str) -> str:
    """Return *text* without line breaks of any kind that Python or a terminal knows."""
    return "\\n".join(text.splitlines())
