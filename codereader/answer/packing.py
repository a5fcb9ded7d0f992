"""What a budget holds: the base pack of a scope and, for a question, what `ask` would send with it.

Sizes are tokens of the counter passed in. Base and focus stay within the budget together; brief, facts and question
come on top, as in a prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from codereader.answer.known import Known
from codereader.answer.numbered import Evidence, number
from codereader.answer.prompt import (
    BRIEF_SHARE,
    FACTS_TITLE,
    LEAST_BRIEF,
    PREFACE,
    QUESTION_TITLE,
    REPLY_TITLE,
    TAIL_SHARE,
)
from codereader.answer.wanted import wanted
from codereader.cancel import CancelToken
from codereader.index.view import IndexView
from codereader.model.counter import TokenCounter
from codereader.pack.budget import AUTO_BUDGET, focus_share
from codereader.pack.focus import Focus, focus
from codereader.pack.layout import pack
from codereader.pack.piece import PLAIN, Rendering
from codereader.pack.segment import STEPS, LeftOut, Level, Pack

Redact = Callable[[str, str], str]
"""Given a path and text of it, returns the text without what must not be shown."""

FACTS_SHARE = 2
"""Facts that answer take one token for so many of what a question may add; without any, the focus has it all."""


@dataclass(frozen=True, slots=True)
class Told:
    """Text that stands beside the files, as `ask` would send it, title included. `tokens` counts it."""

    text: str = ""
    tokens: int = 0


NO_FOCUS = Focus()
NOT_TOLD = Told()


@dataclass(frozen=True, slots=True)
class Packed:
    """What goes into a budget. In order: preface, base, brief, focus, facts, question; what is empty is left out.

    `base` does not depend on the question. Without one, focus, brief, facts and question are empty. `notes` say in
    sentences for a person what was chosen and why.
    """

    base: Pack
    focus: Focus = NO_FOCUS
    preface: Told = NOT_TOLD
    brief: Told = NOT_TOLD
    facts: Told = NOT_TOLD
    question: Told = NOT_TOLD
    notes: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """Tokens of base and focus: what the budget counts."""
        return self.base.tokens + self.focus.tokens

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What is not shown in full, of base and focus."""
        return (*self.base.left_out, *self.focus.left_out)


@dataclass(frozen=True, slots=True)
class Making:
    """How a pack is wanted; see `codereader.reader.Reader.pack`."""

    budget: int | None
    count: TokenCounter
    levels: Sequence[Level] | None = None
    rendering: Rendering = PLAIN
    paths: Collection[str] | None = None
    redact: Redact | None = None


def make(
    view: IndexView, worth: Mapping[str, float], making: Making, known: Known | None, cancel: CancelToken
) -> Packed:
    """Return the pack that is wanted, with what the question of *known* adds to it."""
    count = making.count
    budget = AUTO_BUDGET if making.budget is None else making.budget
    base = _base(view, worth, making, budget, cancel)
    preface = _told([PREFACE], count)
    if known is None:
        return Packed(base, preface=preface)
    if base.left_out:
        share = budget - focus_share(budget)
        base = _base(view, worth, making, share, cancel)
    shown = focus(view, wanted(known.reply, known.ranked), base, budget - base.tokens, count, cancel)
    brief, reply = _facts(known, base.tokens, count)
    return Packed(
        base,
        shown,
        preface,
        _told(brief.lines, count),
        _told(reply.lines, count),
        _told([f"{QUESTION_TITLE}{known.question}"], count),
        known.reply.notes,
    )


def _base(view: IndexView, worth: Mapping[str, float], making: Making, budget: int, cancel: CancelToken) -> Pack:
    """Return the base pack that is wanted, within *budget* tokens."""
    return pack(
        view,
        worth,
        budget,
        making.count,
        levels=making.levels or STEPS,
        rendering=making.rendering,
        paths=making.paths,
        redact=making.redact,
        cancel=cancel,
    )


def _facts(known: Known, base_tokens: int, count: TokenCounter) -> tuple[Evidence, Evidence]:
    """Return the facts that every question shares, and those that answer this one, numbered through."""
    brief = number(count, FACTS_TITLE, known.brief.sections, 1, max(base_tokens // BRIEF_SHARE, LEAST_BRIEF))
    room = (base_tokens + brief.tokens) // TAIL_SHARE // FACTS_SHARE
    return brief, number(count, REPLY_TITLE, known.reply.sections, len(brief.facts) + 1, room)


def _told(lines: Sequence[str], count: TokenCounter) -> Told:
    """Return *lines* as one text; each is counted alone, as it is tokenized alone."""
    return Told("".join(lines), sum(count.count_many(lines)))
