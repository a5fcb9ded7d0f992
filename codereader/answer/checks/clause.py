"""Where a sentence's clauses part, and whether one denies what it says."""

from __future__ import annotations

import re

from codereader.answer.checks.outcome import Outcome, negation, open_

MOST_NAMES = 40
"""A clause with more names is no statement that anybody could check."""
CLAUSE = re.compile(r" (?:;|while|whereas|although|though|\.) ")
DENIES = re.compile(r" (?:not|never|neither|nor|no(?= <)) ")
_FINITE = re.compile(
    r" (?:calls?|sets?|has|have|uses?|is|are|does|registers?|defines?|points?|returns?|contains?|builds?) "
)


def denied(found: Outcome, text: str) -> Outcome:
    """Return what becomes of *found* in the clause *text*: the opposite where that denies it."""
    if not DENIES.search(text):
        return found
    if len(_FINITE.findall(text)) > 1:
        return open_(found.why, found.path, found.line)
    return negation(found)
