"""A budget as it is typed, and a plan in the lines that people are shown before it is taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from codereader.errors import UsageError
from codereader.fronts.text import size

if TYPE_CHECKING:
    from codereader.answer.prepare import Prepared
    from codereader.fronts.tui.ask.asking import Choice


def written_budget(choice: Choice) -> str:
    """Return the budget and the window of *choice* as they are typed."""
    from codereader.pack.budget import MAX_BUDGET

    budget = "auto" if choice.budget is None else "max" if choice.budget == MAX_BUDGET else str(choice.budget)
    return f"{budget} {'auto' if choice.ctx is None else choice.ctx}"


def read_budget(text: str, choice: Choice) -> Choice:
    """Return *choice* with the budget and the window that *text* writes. Raises: UsageError."""
    import click

    from codereader.fronts.cli.options import Count
    from codereader.fronts.cli.pack import Budget

    words = text.split()
    if not 1 <= len(words) <= 2:
        raise UsageError(
            "a budget is one or two words", "Write auto, max or a number, for the files and for the window."
        )
    try:
        budget = Budget().convert(words[0], None, None)
        window = words[1] if len(words) == 2 else "auto"
        ctx = None if window in ("auto", "max") else Count(1).convert(window, None, None)
    except click.BadParameter as error:
        raise UsageError(f"cannot use this budget: {error.message}", "Write auto, max, 4096 or 16k.") from None
    return replace(choice, budget=budget or None, ctx=ctx)


def plan_lines(ready: Prepared) -> list[str]:
    """Return how what is *ready* would run: placement, memory, times, what binds."""
    return list(_lines(ready))


def _lines(ready: Prepared) -> Iterator[str]:
    from codereader.fronts.plans import words
    from codereader.fronts.plans.planned import Asked

    plan, prompt = ready.plan, len(ready.composed.prompt)
    asked = Asked(prompt, ready.wish.said_tokens)
    yield f"{words.placement(plan)}; {words.settings(plan)}"
    yield words.need(asked, plan.context)
    yield ""
    for share in plan.shares:
        kinds = f"weights {size(share.weights)}, cache {size(share.cache)}, compute {size(share.compute)}"
        yield f"{words.where(share.name)}: {size(share.used)} of {size(share.free)} free ({kinds})"
    yield ""
    for what, rate, time, of in words.times(plan, asked):
        yield f"{what:<9}{time:<14}{rate:<20}{of}"
    yield from (f"{label + ':' if label else '':<9}{text}" for label, text in words.remarks(plan))
    yield from (f"note:    {note}" for note in ready.notes if note not in plan.notes)
