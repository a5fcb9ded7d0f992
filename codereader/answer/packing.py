"""What a budget holds: the base pack of a scope and, for a question, what `ask` would send with it.

Sizes are tokens of the counter passed in. Base and focus stay within the budget together; brief, facts and question
come on top, as in a prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from codereader.answer.known import Known
from codereader.answer.numbered import Evidence, number
from codereader.answer.prompt import BRIEF_SHARE, FACTS_TITLE, LEAST_BRIEF, QUESTION_TITLE, REPLY_TITLE
from codereader.answer.wanted import wanted
from codereader.cancel import CancelToken
from codereader.index.view import IndexView
from codereader.model.counter import TokenCounter
from codereader.pack.budget import PACK_FOCUS, Budget, base_share, pack_budget
from codereader.pack.focus import Focus, Showing, focus
from codereader.pack.layout import pack
from codereader.pack.piece import PLAIN, Rendering
from codereader.pack.segment import STEPS, LeftOut, Level, Pack
from codereader.pack.texts import Redact

FACTS_SHARE = 8
"""Facts that answer take at most one token for so many of a budget."""


MOST_BYTES = 8
"""A scope with more bytes than so many for each token of a budget cannot fit in full, in any vocabulary."""


@dataclass(frozen=True, slots=True)
class Told:
    """Text that stands beside the files, as `ask` would send it, title included. `tokens` counts it."""

    text: str = ""
    tokens: int = 0


NO_FOCUS = Focus()
NOT_TOLD = Told()


@dataclass(frozen=True, slots=True)
class Packed:
    """What goes into a budget. In order: base, brief, focus, facts, question; what is empty is left out.

    `base` does not depend on the question. Without one, focus, brief, facts and question are empty. `notes` say in
    sentences for a person what is to be known of the answer to the question. `budget` is what base and focus could
    take, `why` tells what made it that where nobody gave a number.
    """

    base: Pack
    focus: Focus = NO_FOCUS
    brief: Told = NOT_TOLD
    facts: Told = NOT_TOLD
    question: Told = NOT_TOLD
    notes: tuple[str, ...] = ()
    budget: int = 0
    why: str = ""

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
    """How a pack is wanted; see `codereader.reader.Reader.pack`. `window` is the model's context, 0 where unknown."""

    count: TokenCounter
    levels: Sequence[Level] | None = None
    rendering: Rendering = PLAIN
    paths: Collection[str] | None = None
    redact: Redact | None = None
    window: int = 0

    @property
    def showing(self) -> Showing:
        """How a focus shows text."""
        return Showing(self.count, self.rendering, self.redact)


Worths = Mapping[str, float] | Callable[[], Mapping[str, float]]
"""Each path's importance, or what works it out if something has to be chosen."""


def make(
    view: IndexView, worth: Worths, budget: int | None, making: Making, known: Known | None, cancel: CancelToken
) -> Packed:
    """Return the pack that is wanted, with what the question of *known* adds to it. *budget* None: as helps."""
    allowed = pack_budget(budget, making.window)
    count = making.count
    focus_share = PACK_FOCUS if known else 0.0
    base = shared_base(view, worth, allowed, focus_share, making, cancel)
    budget = taken(allowed, base)
    if known is None:
        return Packed(base, budget=budget, why=allowed.note)
    shown = focus_of(view, known, base, budget - base.tokens, making, cancel)
    brief = number(count, FACTS_TITLE, known.brief.sections, 1, max(base.tokens // BRIEF_SHARE, LEAST_BRIEF))
    room = max(budget // FACTS_SHARE, LEAST_BRIEF)
    reply = number(count, REPLY_TITLE, known.reply.sections, len(brief.facts) + 1, room)
    return Packed(
        base,
        shown,
        of_evidence(brief, count),
        of_evidence(reply, count),
        told([f"{QUESTION_TITLE}{known.question}"], count),
        known.reply.notes,
        budget,
        allowed.note,
    )


def base_of(view: IndexView, worth: Worths, budget: int, making: Making, cancel: CancelToken) -> Pack:
    """Return the base pack within *budget* tokens."""
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


def shared_base(
    view: IndexView,
    worth: Worths,
    budget: Budget,
    focus_share: float,
    making: Making,
    cancel: CancelToken,
) -> Pack:
    """Return the base of a budget that it shares with a focus: everything, where that fits in full.

    Else its share. It depends on tree and budget alone, whatever is asked.
    """
    share = base_share(budget.tokens, focus_share)
    if budget.whole > share:
        sizes = [file.size for file in view.files() if making.paths is None or file.path in making.paths]
        if sum(sizes) <= budget.whole * MOST_BYTES:
            whole = base_of(view, worth, budget.whole, making, cancel)
            if not whole.left_out:
                return whole
    return base_of(view, worth, share, making, cancel)


def taken(budget: Budget, base: Pack) -> int:
    """Return the tokens of *budget* that *base* and a focus could take: more than its own where all is shown."""
    return budget.whole if not base.left_out and base.tokens > budget.tokens else budget.tokens


def focus_of(view: IndexView, known: Known, base: Pack, budget: int, making: Making, cancel: CancelToken) -> Focus:
    """Return what the question of *known* needs beside *base*, within *budget* tokens."""
    if not base.left_out:
        return NO_FOCUS
    wants = wanted(view, known.reply, known.places, known.found)
    if making.paths is not None:
        wants = tuple(want for want in wants if want.path in making.paths)
    return focus(view, wants, base, budget, making.showing, cancel)


def of_evidence(evidence: Evidence, count: TokenCounter) -> Told:
    """Return numbered facts as one text."""
    return told(evidence.lines, count)


def told(lines: Sequence[str], count: TokenCounter) -> Told:
    """Return *lines* as one text; each is counted alone, as it is tokenized alone."""
    return Told("".join(lines), sum(count.count_many(lines)))
