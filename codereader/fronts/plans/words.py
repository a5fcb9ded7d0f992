"""How a plan is said in words, the same on every page: where layers lie, what fits, how long it takes.

The words are those of `ask --dry-run` too. All text is safe for a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from codereader.engine.plan import HOST, Plan, size
from codereader.fronts.plans.planned import (
    Asked,
    Planned,
    decode_seconds,
    model_name,
    on_devices,
    prefill_seconds,
    total_seconds,
)
from codereader.fronts.plans.request import CACHE_TYPES
from codereader.fronts.text import counted, duration, safe_line

if TYPE_CHECKING:
    from codereader.engine.learning.measure import Measurement

UNKNOWN = "not predicted"

LONG = 119.5
"""Seconds from which times are told in minutes."""

LEAST = 0.1
"""Seconds that are the least to be told."""


def verdict(planned: Planned) -> str:
    """Return in one sentence whether the model fits, or what is missing."""
    plan = planned.best
    what = f"{safe_line(model_name(planned.header))} with a context of {plan.context:,} tokens"
    if plan.from_disk:
        where = f"on {safe_line(planned.name)}, which reads {size(plan.from_disk)} of it from disk again and again"
        return f"Runs, slowly: {what} {where}"
    if plan.fits:
        return f"Fits: {what} on {safe_line(planned.name)}"
    return f"Does not fit: {what} on {safe_line(planned.name)}: it takes {size(_used(plan))}, and {missing(plan)}"


def fit(plan: Plan) -> str:
    """Return in a word whether a plan fits: ``disk`` where weights are read from disk again and again."""
    return "disk" if plan.fits and plan.from_disk else "yes" if plan.fits else "no"


def missing(plan: Plan) -> str:
    """Return what a plan that does not fit lacks, what is kept free included."""
    return f"{size(plan.lacks)} of memory is missing"


def _used(plan: Plan) -> int:
    return sum(share.used for share in plan.shares)


def placement(plan: Plan) -> str:
    """Return where the layers of a model lie; the output counts as one."""
    if not plan.shares:
        return plan.processor
    if not plan.gpu_layers:
        return "all layers on the CPU"
    devices = len(on_devices(plan))
    where = "the GPU" if devices <= 1 else f"{devices} GPUs"
    every = layer_count(plan)
    which = f"all {every}" if plan.gpu_layers >= every else f"{plan.gpu_layers} of {every}"
    layers = f"{which} layers on {where}"
    if not plan.cpu_experts:
        return layers
    are_all = len(plan.cpu_experts) >= plan.gpu_layers - 1
    experts = "their experts" if are_all else f"experts of {counted(len(plan.cpu_experts), 'layer')}"
    return f"{layers}, {experts} in system memory"


def layer_count(plan: Plan) -> int:
    """Return the layers of the model, the output as one."""
    return sum(share.layers for share in plan.shares)


def cache_type(plan: Plan) -> str:
    """Return the type of the cache, or both where they differ."""
    if plan.cache_type_k == plan.cache_type_v:
        return f"{plan.cache_type_k} cache"
    return f"{plan.cache_type_k}/{plan.cache_type_v} cache"


def settings(plan: Plan) -> str:
    """Return how a plan is set up beside where its layers lie."""
    words = [cache_type(plan), f"micro-batch {plan.micro_batch:,}"]
    if plan.threads:
        words.append(counted(plan.threads, "thread"))
    if plan.full_window:
        words.append("windows kept whole")
    if not plan.mmap:
        words.append("no mmap")
    if not plan.repacks:
        words.append("no repacking")
    return ", ".join(words)


def rate(tokens: float) -> str:
    """Return a rate; small ones with a digit behind the point."""
    if not tokens:
        return UNKNOWN
    return f"{short(tokens)} tokens/s"


def seconds(count: float) -> str:
    """Return a predicted time in no more digits than a prediction has."""
    if not count:
        return UNKNOWN
    if count >= LONG:
        return duration(round(count))
    if count < LEAST:
        return f"under {LEAST} s"
    return f"{count:.0f} s" if count >= 10 else f"{count:.1f} s"


def times(plan: Plan, asked: Asked) -> list[tuple[str, str, str, str]]:
    """Return (what, rate, time, of what) for prompt, answer and both."""
    about = f"{counted(asked.prompt, 'token')} of prompt"
    return [
        ("prefill", rate(plan.prefill_rate), seconds(prefill_seconds(plan, asked)), f"for {about}"),
        ("decode", rate(plan.decode_rate), seconds(decode_seconds(plan, asked)), f"for {asked.answer:,} of answer"),
        ("together", "", seconds(total_seconds(plan, asked)), f"without loading; context {plan.context:,}"),
    ]


def need(asked: Asked, context: int) -> str:
    """Return what the plan is made for."""
    about = f" ({asked.about})" if asked.about else ""
    return f"{counted(asked.prompt, 'token')} of prompt{about}, {asked.answer:,} of answer, context {context:,}"


def one_line(plan: Plan, asked: Asked) -> str:
    """Return a whole plan on one line."""
    how = f"{placement(plan)}, {cache_type(plan)}, micro-batch {plan.micro_batch:,}"
    return f"{how}: {told(plan, asked)}"


def other(plan: Plan, best: Plan, asked: Asked) -> str:
    """Return a plan that is not the best on one line; where it is faster, with what is held against it."""
    line = one_line(plan, asked)
    lasting, least = total_seconds(plan, asked), total_seconds(best, asked)
    if not plan.fits or not 0 < lasting < least or seconds(lasting) == seconds(least):
        return line
    return f"{line} ({_drawback(plan, best)})"


def _drawback(plan: Plan, best: Plan) -> str:
    """Return why a faster *plan* is not the *best*."""
    if _precision(plan) > _precision(best):
        return "a little less precise"
    if plan.micro_batch > best.micro_batch:
        return "takes more memory"
    return "faster by less than can be predicted"


def _precision(plan: Plan) -> int:
    """Return the place of a plan's cache among the types, the most precise first."""
    return max(CACHE_TYPES.index(kind) for kind in (plan.cache_type_k, plan.cache_type_v))


def told(plan: Plan, asked: Asked) -> str:
    """Return the rates and the time of a plan, or what it lacks."""
    if not plan.fits:
        return missing(plan)
    return (
        f"prefill {short(plan.prefill_rate)}, decode {short(plan.decode_rate)}, {seconds(total_seconds(plan, asked))}"
    )


def short(tokens: float) -> str:
    """Return a rate without its unit, with no more digits than a prediction has."""
    if not tokens:
        return "?"
    return f"{tokens:,.0f}" if tokens >= 100 else f"{tokens:.1f}" if tokens >= 1 else f"{tokens:.2g}"


def running(plan: Plan, asked: Asked) -> str:
    """Return in one line how a plan runs; the time is said where both rates are predicted."""
    how = f"{placement(plan)}, {cache_type(plan)}, context {plan.context:,}"
    if plan.from_disk:
        how += f", {size(plan.from_disk)} read from disk again and again"
    lasting = total_seconds(plan, asked) if plan.prefill_rate and plan.decode_rate else 0.0
    return f"{how}; about {seconds(lasting)} at most" if lasting else how


def constraint(plan: Plan) -> str:
    """Return what keeps a model from lying on the devices as a whole; empty where nothing does or there are none."""
    return plan.limit if plan.kind in ("experts", "layers") else ""


def measured(found: Measurement) -> Iterator[str]:
    """Yield what a short run showed, beside what had been predicted for it."""
    plan = found.plan
    yield (
        f"prefill {rate(found.prefill_rate)} on {found.prompt_tokens:,} tokens (predicted {short(plan.prefill_rate)}), "
        f"decode {rate(found.decode_rate)} on {found.answer_tokens:,} (predicted {short(plan.decode_rate)}), "
        f"loaded in {duration(found.load_seconds)}; {kept(found)}"
    )
    if found.held is None:
        return
    for share in plan.shares:
        real = found.held.held.of(share.name)
        compute = real.compute + real.output
        yield (
            f"{where(share.name)} took {size(real.weights)} of weights (predicted {size(share.weights)}), "
            f"{size(real.cache)} of cache ({size(share.cache)}), {size(compute)} of compute ({size(share.compute)})"
        )


def kept(found: Measurement) -> str:
    """Return whether later plans know what was measured, and why not."""
    if found.kept:
        return "kept for later plans"
    if found.disturbed:
        share = f"{100 * found.disturbed:.0f} %"
        return f"the machine was busy with other work ({share} of its processors): measured, not kept"
    return "not kept"


def where(name: str) -> str:
    """Return what a share is called."""
    return "system memory" if name == HOST else safe_line(name)


def remarks(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield what is to be said of a plan, each sentence behind a label, which is empty where the last one holds on."""
    if plan.assumption:
        yield "rates", plan.assumption
    if plan.limit:
        yield "limit", plan.limit
    yield from (("" if number else "change", change) for number, change in enumerate(plan.changes))
    if plan.gpu_tokens:
        yield "most", f"up to {plan.gpu_tokens:,} tokens of prompt and answer stay on the GPU like this"
    yield from (("note", note) for note in plan.notes)
