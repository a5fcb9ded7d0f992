"""One screen on a plan: whether it fits, how it runs, what it takes, how long that lasts, what would change it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from codereader.engine.plan import Plan
from codereader.fronts.plans import words
from codereader.fronts.plans.bars import marks
from codereader.fronts.plans.flags import server_flags
from codereader.fronts.plans.planned import Asked, Planned
from codereader.fronts.plans.table import table
from codereader.fronts.text import safe_line

if TYPE_CHECKING:
    from codereader.fronts.render import Output

NARROW, WIDE = 60, 110
"""Characters between which a page keeps, whatever the terminal has."""

USUAL = 80
"""Characters of a page that goes elsewhere."""

LABEL = 12
"""Characters of a label in front of a sentence."""

UNSEEN = "no file of the model is here: sizes as it is usually published"

SHOWN = 3
"""Plans that are shown unless all are asked for."""


def page(planned: Planned, out: Output, shown: int | None = SHOWN) -> Iterator[str]:
    """Yield the lines of a page; *shown* plans at most (None: all), the best one in full."""
    width = page_width(out)
    title = words.verdict(planned)
    for line in textwrap.wrap(title, width, break_on_hyphens=False):
        yield out.bold(line) if planned.fits else out.alarm(line)
    yield from body(planned.best, planned.asked, width)
    if not planned.file:
        yield from labelled("note", UNSEEN, width)
    if planned.measured:
        for number, text in enumerate(words.measured(planned.measured)):
            yield from labelled("" if number else "measured", text, width)
    yield from labelled("llama.cpp", safe_line(server_flags(planned, planned.best)), None)
    yield from _others(planned, out, shown, width)


def body(plan: Plan, asked: Asked, width: int) -> Iterator[str]:
    """Yield what a page says of one plan, from how it runs to what would change it."""
    yield from wrapped(f"{words.placement(plan)}; {words.settings(plan)}", width)
    if plan.shares:
        yield ""
        yield from table(plan, width, marks())
    yield ""
    yield from _times(plan, asked)
    yield from labelled("prompt", asked.about, width)
    for label, text in words.remarks(plan):
        yield from labelled(label, text, width)


def _times(plan: Plan, asked: Asked) -> Iterator[str]:
    rows = words.times(plan, asked)
    wide = [max(len(row[at]) for row in rows) for at in range(3)]
    for what, rate, time, of in rows:
        yield f"  {what:<{LABEL - 2}}{rate:>{wide[1]}}  {time:>{wide[2]}}  {of}".rstrip()


def _others(planned: Planned, out: Output, shown: int | None, width: int) -> Iterator[str]:
    others = planned.plans[1:shown]
    if not others:
        return
    more = len(planned.plans) - 1 - len(others)
    yield out.bold("Other plans") + (out.faint(f"  ({more} more: --all)") if more > 0 else "")
    for number, plan in enumerate(others, 2):
        text = f"{number}. {words.other(plan, planned.best, planned.asked)}"
        yield from textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="     ", break_on_hyphens=False)


def labelled(label: str, text: str, width: int | None) -> Iterator[str]:
    """Yield *text* behind *label*, in lines of *width* characters (None: on one line); nothing for an empty text."""
    if not text:
        return
    start = f"  {label:<{LABEL - 2}}"
    if width is None:
        yield start + text
        return
    yield from textwrap.wrap(
        safe_line(text), width, initial_indent=start, subsequent_indent=" " * LABEL, break_on_hyphens=False
    )


def wrapped(text: str, width: int) -> Sequence[str]:
    """Return *text* in indented lines."""
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def page_width(out: Output) -> int:
    """Return the characters of a line of this page."""
    return max(NARROW, min(WIDE, out.width or USUAL))
