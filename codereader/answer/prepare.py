"""Decide what will be sent: how large the pack may be, what goes in, the plan it needs.

What the person pinned comes on top of the budget, which bounds what is chosen here.

All sizes are tokens of the answering model. The context window holds prompt and answer together: system text, base
pack, brief, focus, facts, question, and `max_tokens` of answer. What goes into the base is the same for every question.
"""

from __future__ import annotations

from dataclasses import dataclass

from codereader.answer.event import OVERVIEW
from codereader.answer.known import Known, Wish
from codereader.answer.numbered import Evidence
from codereader.answer.packing import NO_FOCUS, Making, Worths, focus_of, shared_base, taken
from codereader.answer.pinned import notes_on, pinned_focus, with_pinned
from codereader.answer.prompt import BRIEF_SHARE, LEAST_BRIEF, Composed, Composer
from codereader.answer.speaker import Speaker
from codereader.answer.wanted import FOUND
from codereader.cancel import CancelToken
from codereader.engine.plan import Plan
from codereader.errors import BudgetTooSmall, ModelTooLarge
from codereader.facts.fact import Brief
from codereader.index.view import IndexView
from codereader.pack.budget import ASK_FOCUS, LEAST_BUDGET, Budget, prompt_budget
from codereader.pack.focus import Focus
from codereader.pack.segment import LeftOut, Pack

UNKNOWN_WINDOW = 8_192
"""Tokens of context assumed for a model whose header does not say."""

REUSED_SHARE = 3
"""What the next question reuses is at least so many times what a question adds."""

LONG_SHARE = 16
"""However long the question is, focus and facts take one token for so many of base and brief."""

ANSWERED_SHARE = 10
"""A question that the facts answer gets one token of focus for so many of base and brief."""

FACTS_SHARE = 3
"""Where there is much to show, the facts that answer take one token for so many of the room behind the base; the focus
has the rest."""

BASE_ROOM = REUSED_SHARE / (REUSED_SHARE + 1)
"""Share of the room that base and brief may take; focus, facts and question have the rest."""

PACK_ROOM = BRIEF_SHARE / (BRIEF_SHARE + 1)
"""Share of what base and brief may take that is the base's."""

WHOLE_ROOM = 7 / 8
"""Share of the room that base and brief may take where all files are shown whole: there is no focus then."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that a run needs, before a weight is loaded. `budget` is what base and focus could take together.

    `pinned` is that part of the focus which was asked for by name; it stands first.
    """

    pack: Pack
    focus: Focus
    composed: Composed
    plan: Plan
    wish: Wish
    notes: tuple[str, ...]
    budget: int = 0
    pinned: Focus = NO_FOCUS

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What is not shown in full, of base and focus."""
        return (*self.pack.left_out, *self.focus.left_out)


def prepare(
    view: IndexView, known: Known, worth: Worths, speaker: Speaker, wish: Wish, cancel: CancelToken
) -> Prepared:
    """Return what would be sent for the question. Raises: BudgetTooSmall, ModelTooLarge, NothingReadable, Cancelled."""
    made = shared_start(view, known.brief, known.question, worth, speaker, wish, cancel)
    composer, making, room, budget = made.composer, made.making, made.room, made.budget
    base, brief = made.base, made.brief
    used = base.tokens + brief.tokens
    left = max(0, min(_tail(composer, used), room.all - used))
    reply = composer.reply(known.reply.sections, brief, left // FACTS_SHARE)
    most = room.all - used - reply.tokens
    pinned = pinned_focus(view, wish.pins, base, most, worth, making, cancel) if base.left_out else NO_FOCUS
    free = min(_focus_room(known, used, left - reply.tokens), budget.tokens - base.tokens, most - pinned.tokens)
    shown = focus_of(view, known, with_pinned(base, pinned), free, making, cancel) if free > 0 else NO_FOCUS
    shown = Focus((*pinned.segments, *shown.segments), (*pinned.left_out, *shown.left_out))
    composed = composer.compose(base, brief, shown, reply)
    plan = speaker.plan(wish.need(len(composed.prompt)))
    about_budget = (budget.note,) if budget.note and base.left_out else ()
    notes = (*about_budget, *notes_on(view, wish.pins, pinned), *plan.notes)
    return Prepared(base, shown, composed, plan, wish, notes, taken(budget, base), pinned)


@dataclass(frozen=True, slots=True)
class Start:
    """What stands before focus, facts and question: the same for every question that is not very long."""

    composer: Composer
    making: Making
    room: Room
    budget: Budget
    base: Pack
    brief: Evidence

    @property
    def tokens(self) -> int:
        """Tokens of all that every question shares."""
        return self.composer.head_tokens + self.base.tokens + self.brief.tokens


def window_of(speaker: Speaker, wish: Wish) -> int:
    """Return the tokens of context window that prompt and answer may take."""
    return wish.ctx or speaker.trained_context or UNKNOWN_WINDOW


def shared_start(
    view: IndexView, brief: Brief, question: str, worth: Worths, speaker: Speaker, wish: Wish, cancel: CancelToken
) -> Start:
    """Return what every question about the tree shares. Raises as `prepare`."""
    composer = Composer(speaker.vocabulary, speaker.frame, question)
    making = Making(speaker.vocabulary)
    window = window_of(speaker, wish)
    room = _room(window, composer, wish)
    budget = _budget(speaker, wish, window, room, composer)
    base = shared_base(view, worth, budget, ASK_FOCUS, making, cancel)
    if not base.segments:
        _check_there(view)
        raise _nothing_fits(budget.tokens, wish)
    shared = room.base if base.left_out else room.whole
    brief_room = min(max(base.tokens // BRIEF_SHARE, LEAST_BRIEF), shared - base.tokens)
    return Start(composer, making, room, budget, base, composer.brief(brief.sections, brief_room))


@dataclass(frozen=True, slots=True)
class Room:
    """The tokens of a context window that are left for base, brief, focus and facts together (`all`), for the first
    two of them (`base`), and for these where all files are shown whole (`whole`). Only a question that takes more than
    the others' share makes the latter two smaller.
    """

    all: int
    base: int
    whole: int


def _tail(composer: Composer, used: int) -> int:
    """Return the tokens of focus and facts with which what a question adds stays under a quarter of the prompt.

    A long question does not take all of it.
    """
    return max(used // LONG_SHARE, (composer.head_tokens + used) // REUSED_SHARE - composer.question_tokens - 1)


def _focus_room(known: Known, used: int, left: int) -> int:
    """Return the tokens of *left* that the focus may take behind *used* ones of base and brief.

    What the facts answer needs little of it, and what the brief answers none; each token of it is evaluated anew.
    """
    if known.reply.question.intent == OVERVIEW:
        return 0
    return min(left, used // ANSWERED_SHARE) if known.reply.facts and known.reply.question.intent != FOUND else left


def _room(window: int, composer: Composer, wish: Wish) -> Room:
    room = window - composer.head_tokens - wish.said_tokens
    asked = composer.question_tokens
    if room <= asked:
        message = (
            f"the question and its frame take {asked + composer.head_tokens:,} tokens and the answer may take "
            f"{wish.said_tokens:,}: nothing is left of a context window of {window:,}"
        )
        raise BudgetTooSmall(message, "Raise --ctx, lower --max-tokens, or shorten the question.")
    alone = len(composer.vocabulary.encode(composer.question))
    if wish.budget is not None and wish.budget < alone:
        message = f"--budget {wish.budget:,} is smaller than the question itself, which takes {alone:,} tokens"
        raise BudgetTooSmall(message, "Raise --budget or shorten the question.")
    left = room - asked
    return Room(left, min(int(room * BASE_ROOM), left), min(int(room * WHOLE_ROOM), left))


def _budget(speaker: Speaker, wish: Wish, window: int, room: Room, composer: Composer) -> Budget:
    """Return the tokens that base and focus may take."""
    most = int(room.base * PACK_ROOM / (1 - ASK_FOCUS))
    rate = 0.0
    if wish.budget is None:
        rate = speaker.reading(wish.need(min(LEAST_BUDGET, room.all)))
    whole = max(int(room.base * PACK_ROOM), room.whole - LEAST_BRIEF)

    def kind(budget: int) -> str:
        """Return where the model lies with a prompt of this budget, empty where it does not fit at all."""
        parts = int(budget * (1 - ASK_FOCUS) / (BASE_ROOM * PACK_ROOM))
        prompt = composer.head_tokens + composer.question_tokens + min(parts, room.all)
        try:
            return speaker.plan(wish.need(prompt)).kind or "whole"
        except ModelTooLarge:
            return ""

    def stays(budget: int) -> bool:
        """Whether the model fits, and on its devices as a whole if it does so with the least budget."""
        at = kind(budget)
        return at == "whole" or (bool(at) and kind(LEAST_BUDGET) != "whole")

    if wish.budget is not None or wish.ctx is not None:
        return prompt_budget(wish.budget, most, whole, window, wish.patience * PACK_ROOM, rate)
    return prompt_budget(None, most, whole, window, wish.patience * PACK_ROOM, rate, stays)


def _check_there(view: IndexView) -> None:
    """Check that the files have not vanished since they were indexed. Raises: NothingReadable."""
    for file in view.files()[:1]:
        view.text(file.path)


def _nothing_fits(budget: int, wish: Wish) -> BudgetTooSmall:
    if budget == wish.budget:
        return BudgetTooSmall(f"no file fits --budget {budget:,} tokens, not even by name", "Raise --budget.")
    message = f"no file fits the {budget:,} tokens that the context window leaves, not even by name"
    return BudgetTooSmall(message, "Raise --ctx or lower --max-tokens.")
