"""How many tokens of source a pack may take, and how base and focus share them.

Sizes are tokens of the answering model. Pure functions and the figures they rest on; knows nothing of files or models.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

MAX_BUDGET = 1 << 40
"""The budget of ``max``: more tokens than any tree has. What is reported then is what was needed."""

AUTO_BUDGET = 16_384
"""Tokens of ``auto``. Local models of 4 to 30 billion parameters answer best from 8 to 24 thousand well-chosen tokens,
long before their window ends: at 32 thousand 10 of 12 models are below half of their score on short prompts (NoLiMa,
arXiv 2502.05167), agents that succeed stay under 20 thousand (arXiv 2602.16069), and what stands in the middle is
recalled worst (arXiv 2505.13353)."""

WHOLE_BUDGET = 24_576
"""A tree of up to so many tokens is taken whole by ``auto``: nothing is left out then, and a question adds no files."""

LEAST_BUDGET = 2_048
"""Tokens of ``auto`` at least, however slow the machine is."""

WINDOW_SHARE = 0.7
"""Share of a context window that a pack of ``auto`` may take; facts, question and answer have the rest."""

STEP = 256
"""Budgets that are worked out are multiples of this, so that a little more or less speed shares a base."""

ASK_FOCUS, PACK_FOCUS = 0.25, 0.75
"""Share of a budget that a question's focus takes: of a prompt, whose other parts the next question reuses; and of a
pack that is made for one question. Of the functions that answers had to see, a focus alone of 4, 6, 16 and 24 thousand
tokens holds 33, 41, 62 and 73 % (forty questions made for tuning), the base hardly any of a large tree."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Tokens that base and focus may take together, and what there is to say about it, empty for nothing.

    A tree of up to `whole` tokens is wholly base.
    """

    tokens: int
    note: str = ""
    whole: int = 0


def base_share(budget: int, focus: float) -> int:
    """Return the tokens of *budget* that the base takes where not everything fits: it depends on nothing else."""
    return budget - int(budget * focus)


def pack_budget(asked: int | None, window: int) -> Budget:
    """Return the budget of a pack for a model whose context window is *window*, 0 where that is not known.

    A number that was *asked* for is kept: a pack may go anywhere. None is ``auto``.
    """
    if asked is not None:
        return Budget(asked, "", asked)
    room = max(STEP, int(window * WINDOW_SHARE) // STEP * STEP) if window else WHOLE_BUDGET
    if room < AUTO_BUDGET:
        return Budget(room, f"what a context window of {window:,} holds beside facts and answer", room)
    return Budget(AUTO_BUDGET, "more of a tree rarely makes an answer better", min(WHOLE_BUDGET, room))


def prompt_budget(
    asked: int | None,
    room: int,
    whole: int,
    window: int,
    seconds: float,
    rate: float,
    stays: Callable[[int], bool] = lambda tokens: True,  # noqa: ARG005
) -> Budget:
    """Return the budget of a prompt, of which *room* tokens of a context window of *window* may be base and focus.

    A tree that is shown whole may take *whole* tokens. *asked* None (``auto``): what is evaluated in *seconds* at the
    predicted *rate* (tokens a second), within the bounds of what helps, and no more than *stays* says leaves the model
    where it is fast. `MAX_BUDGET` takes the room.
    """
    if asked is not None:
        return replace(_asked(asked, room, window), whole=min(asked, whole))
    evaluated = _evaluated(seconds, rate)
    bound = _bound(min(room, max(LEAST_BUDGET, min(WHOLE_BUDGET, evaluated))), stays)
    chosen = _auto(room, window, max(LEAST_BUDGET, min(AUTO_BUDGET, evaluated)), bound)
    return replace(chosen, whole=min(max(LEAST_BUDGET, min(WHOLE_BUDGET, evaluated)), whole, bound or whole))


def _bound(most: int, stays: Callable[[int], bool]) -> int:
    """Return the largest budget below *most* with which the model stays on its devices; 0 where *most* does.

    It is 0 too where already the least budget makes it leave: there is nothing to keep then.
    """
    if stays(most) or most <= LEAST_BUDGET or not stays(LEAST_BUDGET):
        return 0
    low, high = LEAST_BUDGET // STEP, -(-most // STEP)
    while high - low > 1:
        middle = (low + high) // 2
        if stays(middle * STEP):
            low = middle
        else:
            high = middle
    return low * STEP


def _evaluated(seconds: float, rate: float) -> int:
    """Return the tokens that are evaluated in *seconds*, at most `WHOLE_BUDGET`."""
    return int(min(WHOLE_BUDGET, rate * seconds)) // STEP * STEP


def _auto(room: int, window: int, helpful: int, bound: int) -> Budget:
    """Return the smallest of what the window has room for, what helps or is read in time, and *bound* (0: none)."""
    if bound and bound < min(room, helpful):
        why = "the most with which the model fits the memory where it is fastest (--budget N or max take more)"
        return Budget(bound, f"--budget auto: {bound:,} tokens, {why}")
    if room <= helpful:
        return Budget(room, f"--budget auto: {room:,} tokens, what the context window of {window:,} leaves")
    why = (
        "more lowers the accuracy of local models before it helps"
        if helpful == AUTO_BUDGET
        else "about what is read within --patience (--patience S, --budget N or max take more)"
    )
    return Budget(helpful, f"--budget auto: {helpful:,} tokens, {why}")


def _asked(asked: int, room: int, window: int) -> Budget:
    if asked == MAX_BUDGET:
        return Budget(room, f"--budget max: {room:,} tokens, what the context window of {window:,} leaves")
    if asked <= room:
        return Budget(asked)
    return Budget(
        room,
        f"--budget {asked:,} was lowered to {room:,}: the context window of {window:,} tokens also holds facts, "
        "question and answer; a larger --ctx or a model trained for more takes it whole",
    )
