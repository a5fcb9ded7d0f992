"""A fact that can be shown with its place, and the sections that a brief is made of."""

from __future__ import annotations

from dataclasses import dataclass


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

    `lines_needed` is the value of --lines that shows everything.
    """

    sections: tuple[Section, ...]
    lines_needed: int

    @property
    def dropped(self) -> int:
        """How many facts were left out to stay within the lines asked for."""
        return sum(section.dropped for section in self.sections)


def plain(brief: Brief) -> str:
    """Return *brief* as text: a title a section, a fact a line with its place and condition, what was dropped.

    Every fact is one line; other control characters are left as they are, for the front to show.
    """
    lines: list[str] = []
    for section in brief.sections:
        lines.append(_flat(section.title))
        lines.extend(f"  {plain_fact(fact)}" for fact in section.facts)
        if section.dropped:
            lines.append(f"  {section.dropped:,} more")
    return "".join(f"{line}\n" for line in lines)


def plain_fact(fact: Fact) -> str:
    """Return one fact as one line: ``text, confidence  (path:line) [condition]``."""
    place = "" if fact.path is None else f"  ({fact.path}:{fact.line})" if fact.line else f"  ({fact.path})"
    condition = f" [{fact.condition}]" if fact.condition else ""
    word = f", {fact.confidence}" if fact.confidence else ""
    return _flat(f"{fact.text}{word}{place}{condition}")


def _flat(text: str) -> str:
    """Return *text* without line breaks of any kind that Python or a terminal knows."""
    return "\\n".join(text.splitlines())
