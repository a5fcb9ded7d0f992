"""Cut the sections of a reply to a number of lines: a title a line, a fact a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from codereader.facts.fact import Section
from codereader.facts.questions.reply import Reply

FIRST = 3
"""Facts that each section shows before an earlier one shows its next."""

ENOUGH = 60
"""Facts that a section may show before later ones show all of theirs."""

DEFAULT_LINES = 80
"""Lines of facts that people are shown when nobody says how many."""


def lines_needed(sections: Sequence[Section]) -> int:
    """Return how many lines show every fact that *sections* hold."""
    return sum(1 + len(section.facts) for section in sections)


def bounded(reply: Reply, lines: int) -> Reply:
    """Return *reply* within *lines* lines, earlier sections first; what is cut is counted in its section.

    A section that finds no room for one fact keeps its title, so that nothing is cut in silence.
    """
    sections = reply.sections
    if lines_needed(sections) <= lines:
        return reply
    left = max(0, lines - len(sections))
    kept = [0] * len(sections)
    for most in (FIRST, ENOUGH, lines):
        for at, section in enumerate(sections):
            more = min(len(section.facts), most) - kept[at]
            more = max(0, min(more, left))
            kept[at] += more
            left -= more
    return replace(reply, sections=tuple(_cut(section, n) for section, n in zip(sections, kept, strict=True)))


def _cut(section: Section, kept: int) -> Section:
    dropped = section.dropped + len(section.facts) - kept
    return replace(section, facts=section.facts[:kept], dropped=dropped)
