"""Plans as Markdown: the same words as the page, in headings, lists and tables that any viewer shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codereader.engine.plan import Plan
from codereader.fronts.plans import words
from codereader.fronts.plans.comparison import fastest
from codereader.fronts.plans.flags import server_flags
from codereader.fronts.plans.planned import Planned, model_name, total_seconds
from codereader.fronts.render import code, inert
from codereader.fronts.text import safe_line


def page(planned: Planned, shown: int | None) -> Iterator[str]:
    """Yield the plans for one machine; *shown* at most, None: all."""
    plan, asked = planned.best, planned.asked
    yield f"### {inert(words.verdict(planned))}"
    yield ""
    yield f"- {inert(words.placement(plan))}; {inert(words.settings(plan))}"
    for what, rate, time, of in words.times(plan, asked):
        yield f"- {what}: {f'{rate}, ' if rate else ''}{time} {of}"
    if asked.about:
        yield f"- prompt: {inert(asked.about)}"
    for label, text in words.remarks(plan):
        yield f"- {label or 'or'}: {inert(text)}"
    if planned.measured:
        yield from (f"- measured: {inert(line)}" for line in words.measured(planned.measured))
    yield ""
    yield from _table(plan)
    yield ""
    yield f"llama.cpp: {code(safe_line(server_flags(planned, plan)))}"
    others = planned.plans[1:shown]
    if others:
        yield ""
        yield "Other plans"
        yield ""
        for number, one in enumerate(others, 2):
            yield f"{number}. {inert(words.other(one, plan, asked))}"


def _table(plan: Plan) -> Iterator[str]:
    yield "| GiB | weights | cache | compute | scratch | free | headroom |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for share in plan.shares:
        sizes = (share.weights, share.cache, share.compute, share.scratch, share.free, share.headroom)
        cells = " | ".join(f"{size / 2**30:,.2f}" for size in sizes)
        yield f"| {inert(words.where(share.name))} | {cells} |"


def comparison(made: Sequence[Planned]) -> Iterator[str]:
    """Yield several machines side by side."""
    best = fastest(made)
    needs = {words.need(one.asked, one.best.context) for one in made}
    if len(needs) == 1:
        yield inert(needs.pop())
        yield ""
    yield "| machine | model | fits | how | prefill tokens/s | decode tokens/s | together |"
    yield "|---|---|---|---|---:|---:|---:|"
    for one in made:
        plan = one.best
        name = f"**{inert(one.name)}**" if one is best else inert(one.name)
        how = f"{words.placement(plan)}; {words.settings(plan)}"
        how = how if one.fits else f"{words.missing(plan)}; {how}"
        time = words.seconds(total_seconds(plan, one.asked))
        rates = f"{words.short(plan.prefill_rate)} | {words.short(plan.decode_rate)}"
        yield f"| {name} | {inert(model_name(one.header))} | {words.fit(plan)} | {inert(how)} | {rates} | {time} |"
