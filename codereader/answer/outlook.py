"""What a question would take of the context window, told before it is asked.

All sizes are tokens of the answering model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codereader.answer.pinned import pinned_files, pinned_focus
from codereader.answer.prepare import Start, shared_start, window_of
from codereader.pack.budget import MAX_BUDGET

if TYPE_CHECKING:
    from codereader.answer.known import Wish
    from codereader.answer.packing import Worths
    from codereader.answer.speaker import Speaker
    from codereader.cancel import CancelToken
    from codereader.facts.fact import Brief
    from codereader.index.view import IndexView

ANY = "?"
"""A question that is shorter than any: what every question shares does not depend on it."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What every question shares (`start`), what the whole of each pin would add to it, and the `window` for all."""

    start: Start
    pins: tuple[tuple[str, int], ...]
    window: int
    rate: float

    @property
    def frame(self) -> int:
        """Tokens around the text of a question."""
        return self.start.composer.question_tokens - len(self.start.composer.vocabulary.encode(ANY))


def outlook(view: IndexView, brief: Brief, worth: Worths, speaker: Speaker, wish: Wish, cancel: CancelToken) -> Outlook:
    """Return what a question with *wish* takes beside itself; a pin that the base shows in full adds nothing.

    Raises: BudgetTooSmall, ModelTooLarge, NothingReadable, Cancelled.
    """
    start = shared_start(view, brief, ANY, worth, speaker, wish, cancel)
    whole = pinned_focus(view, wish.pins, start.base, MAX_BUDGET, worth, start.making, cancel)
    tokens: dict[str, int] = {}
    for one in whole.segments:
        tokens[one.path] = tokens.get(one.path, 0) + one.tokens
    pins = tuple((pin, sum(tokens.get(path, 0) for path in pinned_files(view, (pin,)))) for pin in wish.pins)
    return Outlook(start, pins, window_of(speaker, wish), speaker.plan(wish.need(start.tokens)).prefill_rate)
