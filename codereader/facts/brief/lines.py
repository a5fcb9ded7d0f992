"""How many facts of each section fit into a number of lines.

A section costs its title, which also says how many more there are, and one line a fact. Sections that get no room at
all are counted in one last title, so nothing is dropped unsaid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codereader.facts.fact import Brief, Fact, Section

MINIMUM_LINES = 2
"""A brief shorter than a title and a fact would say nothing; smaller numbers are taken as this one."""


LAST = 1e9
"""How full a section counts that has to wait for the others."""

NAMED_WIDTH = 100
"""Characters that the titles of sections without room may take."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A section before it is fitted: all its facts, most important first.

    `weight` is its share of the lines relative to the others, `first` how many facts it gets before the
    others grow. One without weight gets what the others leave.
    """

    title: str
    facts: tuple[Fact, ...]
    weight: float = 1.0
    first: int = 1


def fit_lines(drafts: Sequence[Draft], lines: int) -> Brief:
    """Return the brief of *drafts*, most important first, in at most *lines* rendered lines.

    *lines* below `MINIMUM_LINES` are taken as that. Drafts without facts vanish.
    """
    drafts = [draft for draft in drafts if draft.facts]
    needed = sum(1 + len(draft.facts) for draft in drafts)
    if needed <= lines:
        return Brief(tuple(Section(draft.title, draft.facts) for draft in drafts), needed)
    lines = max(lines, MINIMUM_LINES)
    if lines < _cost([1] + [0] * (len(drafts) - 1)):
        return Brief((_only(drafts, lines),), needed)
    shown = _shares(drafts, lines)
    sections = [
        Section(draft.title, draft.facts[:count], len(draft.facts) - count)
        for draft, count in zip(drafts, shown, strict=True)
        if count
    ]
    hidden = [draft for draft, count in zip(drafts, shown, strict=True) if not count]
    if hidden:
        sections.append(Section(_not_shown(hidden), (), sum(len(draft.facts) for draft in hidden)))
    return Brief(tuple(sections), needed)


def _not_shown(hidden: Sequence[Draft]) -> str:
    """Return a title that names sections, as many as a line holds."""
    titles = [draft.title.partition(" (")[0] for draft in hidden]
    kept = len(titles)
    while kept > 1 and len(", ".join(titles[:kept])) > NAMED_WIDTH:
        kept -= 1
    rest = f" and {len(titles) - kept} more" if kept < len(titles) else ""
    return f"Not shown: {', '.join(titles[:kept])}{rest}"


def _only(drafts: Sequence[Draft], lines: int) -> Section:
    """Return the first section alone, counting everything else as dropped."""
    kept = drafts[0].facts[: lines - 1]
    return Section(drafts[0].title, kept, sum(len(draft.facts) for draft in drafts) - len(kept))


def _shares(drafts: Sequence[Draft], lines: int) -> list[int]:
    """Give lines out one by one, each to the open section that has least of what it should have."""
    shown = [0] * len(drafts)
    open_sections = set(range(len(drafts)))
    while open_sections:
        index = min(open_sections, key=lambda index: (_fullness(drafts[index], shown[index]), index))
        shown[index] += 1
        if _cost(shown) > lines:
            shown[index] -= 1
            open_sections.discard(index)
        elif shown[index] == len(drafts[index].facts):
            open_sections.discard(index)
    return shown


def _fullness(draft: Draft, shown: int) -> float:
    if not draft.weight:
        return LAST + shown
    if shown < draft.first:
        return -1.0 if shown else -2.0
    return shown / draft.weight


def _cost(shown: Sequence[int]) -> int:
    used = sum(1 + count for count in shown if count)
    return used + any(not count for count in shown)
