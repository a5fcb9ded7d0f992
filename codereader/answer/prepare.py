"""Decide what will be sent: how large the pack may be, what goes in, the plan it needs.

All sizes are tokens of the answering model. The context window holds prompt and answer together: system text, base
pack, brief, focus, facts, question, and `max_tokens` of answer. What goes into the base is the same for every question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codereader.answer.known import Known, Wish
from codereader.answer.prompt import BRIEF_SHARE, LEAST_BRIEF, QUESTION_STEP, TAIL_SHARE, Composed, Composer
from codereader.answer.speaker import Speaker
from codereader.answer.wanted import wanted
from codereader.cancel import CancelToken
from codereader.engine.plan import Plan
from codereader.errors import BudgetTooSmall
from codereader.index.view import IndexView
from codereader.pack.focus import Focus, focus
from codereader.pack.layout import pack
from codereader.pack.segment import LeftOut, Pack

LEAST_BUDGET, MOST_BUDGET = 2_048, 16_384
"""Bounds of a base pack that nobody sized: more than this lowers the accuracy of local models before it helps."""

PACK_SHARE = 1 / ((1 + 1 / BRIEF_SHARE) * (1 + 1 / TAIL_SHARE))
"""Share of the room that the base pack takes where brief, focus and facts use all of theirs."""

FACTS_SHARE = 2
"""Where there is much to show, the facts that answer take one token for so many of the room behind the base; the focus
has the rest."""

SCARCE = 1.2
"""Where rounding the question up costs less than this factor of the room, questions share a base."""

UNKNOWN_WINDOW = 8_192
"""Tokens of context assumed for a model whose header does not say."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that a run needs, before a weight is loaded."""

    pack: Pack
    focus: Focus
    composed: Composed
    plan: Plan
    wish: Wish
    notes: tuple[str, ...]

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What is not shown in full, of base and focus."""
        return (*self.pack.left_out, *self.focus.left_out)


def prepare(
    view: IndexView, known: Known, worth: Mapping[str, float], speaker: Speaker, wish: Wish, cancel: CancelToken
) -> Prepared:
    """Return what would be sent for the question. Raises: BudgetTooSmall, ModelTooLarge, NothingReadable, Cancelled."""
    composer = Composer(speaker.vocabulary, speaker.frame, known.question)
    window = wish.ctx or speaker.trained_context or UNKNOWN_WINDOW
    room = _room(window, composer, wish)
    budget, notes = _budget(speaker, wish, window, room)
    base = pack(view, worth, budget, speaker.vocabulary, cancel=cancel)
    if not base.segments:
        _check_there(view)
        raise _nothing_fits(budget, wish)
    brief = composer.brief(known.brief.sections, _brief_room(base.tokens, room))
    left = (base.tokens + brief.tokens) // TAIL_SHARE
    reply = composer.reply(known.reply.sections, brief, left // FACTS_SHARE)
    places = wanted(known.reply, known.ranked)
    shown = focus(view, places, base, left - reply.tokens, speaker.vocabulary, cancel)
    composed = composer.compose(base, brief, shown, reply)
    plan = speaker.plan(wish.need(len(composed.prompt)))
    return Prepared(base, shown, composed, plan, wish, (*notes, *plan.notes))


def _room(window: int, composer: Composer, wish: Wish) -> int:
    """Return the tokens left for pack, brief, focus and facts."""
    asked = composer.fixed()
    room = window - asked - wish.max_tokens
    shared = window - composer.fixed(step=QUESTION_STEP) - wish.max_tokens
    if shared > 0 and room < SCARCE * shared:
        room = shared
    if room <= 0:
        message = (
            f"the question and its frame take {asked:,} tokens and the answer may take {wish.max_tokens:,}: "
            f"nothing is left of a context window of {window:,}"
        )
        raise BudgetTooSmall(message, "Raise --ctx, lower --max-tokens, or shorten the question.")
    alone = len(composer.vocabulary.encode(composer.question))
    if wish.budget is not None and wish.budget < alone:
        message = f"--budget {wish.budget:,} is smaller than the question itself, which takes {alone:,} tokens"
        raise BudgetTooSmall(message, "Raise --budget or shorten the question.")
    return room


def _budget(speaker: Speaker, wish: Wish, window: int, room: int) -> tuple[int, list[str]]:
    """Return the tokens that the base pack may take, and what there is to say about it."""
    most = int(room * PACK_SHARE)
    if wish.budget is None:
        rate = speaker.plan(wish.need(min(LEAST_BUDGET, room))).prefill_rate
        chosen = max(LEAST_BUDGET, int(min(MOST_BUDGET, rate * wish.patience * PACK_SHARE)) // 256 * 256)
        return min(chosen, most), []
    if wish.budget <= most:
        return wish.budget, []
    note = (
        f"--budget {wish.budget:,} was lowered to {most:,}: the context window of {window:,} tokens also holds facts, "
        f"question and answer; a larger --ctx or a model trained for more takes it whole"
    )
    return most, [note]


def _brief_room(pack_tokens: int, room: int) -> int:
    """Return the tokens that the brief may take, so that pack, brief and what a question adds stay within *room*."""
    spare = int(room / (1 + 1 / TAIL_SHARE)) - pack_tokens
    return max(pack_tokens // BRIEF_SHARE, min(LEAST_BRIEF, spare))


def _check_there(view: IndexView) -> None:
    """Check that the files have not vanished since they were indexed. Raises: NothingReadable."""
    for file in view.files()[:1]:
        view.text(file.path)


def _nothing_fits(budget: int, wish: Wish) -> BudgetTooSmall:
    if wish.budget is not None and budget == wish.budget:
        return BudgetTooSmall(f"no file fits --budget {budget:,} tokens, not even by name", "Raise --budget.")
    message = f"no file fits the {budget:,} tokens that the context window leaves, not even by name"
    return BudgetTooSmall(message, "Raise --ctx or lower --max-tokens.")
