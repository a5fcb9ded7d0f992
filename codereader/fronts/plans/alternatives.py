"""The plans of one machine as rows of a table, the best first."""

from __future__ import annotations

from collections.abc import Iterator

from codereader.engine.plan import HOST, Plan
from codereader.fronts.plans import words
from codereader.fronts.plans.planned import Planned, total_seconds
from codereader.fronts.text import safe_line

HEADS = (
    "", "context", "cache", "layers on GPU", "experts in RAM", "batch", "prefill/s", "decode/s", "time", "limit"
)  # fmt: skip
"""What the columns are. The first marks the plan that is taken."""

CHOSEN = "*"


def rows(planned: Planned) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each plan under `HEADS`."""
    for number, plan in enumerate(planned.plans):
        yield (
            "" if number else CHOSEN,
            f"{plan.context:,}",
            words.cache_type(plan).removesuffix(" cache"),
            _layers(plan),
            f"{len(plan.cpu_experts)}" if plan.cpu_experts else "-",
            f"{plan.micro_batch:,}",
            words.short(plan.prefill_rate),
            words.short(plan.decode_rate),
            words.seconds(total_seconds(plan, planned.asked)) if plan.fits else "does not fit",
            limit(plan),
        )


def _layers(plan: Plan) -> str:
    """Return how many of all layers lie on devices; with several devices, how many on each."""
    held = [str(share.layers) for share in plan.shares if share.name != HOST and share.layers]
    told = f"{plan.gpu_layers}/{words.layer_count(plan)}"
    return f"{told} ({'+'.join(held)})" if len(held) > 1 else told


def limit(plan: Plan) -> str:
    """Return what is held against a plan: what it lacks, else what binds it."""
    return words.missing(plan) if not plan.fits else safe_line(plan.limit)
