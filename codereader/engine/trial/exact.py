"""A plan with the sizes that llama.cpp itself gives it, where this machine's llama.cpp can be asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from codereader.cancel import CancelToken
from codereader.engine.plan import Plan, Share, size
from codereader.engine.trial.measured import Measured
from codereader.engine.trial.run import dry_run
from codereader.errors import ModelError


def exact(plan: Plan, path: Path, cancel: CancelToken | None = None) -> Plan:
    """Return *plan* with the bytes that a dry run of the model at *path* finds; as it is where llama.cpp refuses.

    A note names the device that lacks memory only by these sizes. Takes some tenths of a second and a process.
    Raises: Cancelled.
    """
    try:
        found = dry_run(path, plan, cancel)
    except ModelError:
        return plan
    if {part.name for part in found.parts if part.total} - {share.name for share in plan.shares}:
        return plan
    shares = tuple(_with(share, found) for share in plan.shares)
    lacking = [share for share in shares if share.headroom < 0] if plan.fits else []
    notes = tuple(
        f"llama.cpp's dry run takes {size(-share.headroom)} more on {share.name} than there is" for share in lacking
    )
    return replace(plan, shares=shares, sizes="dry run", notes=(*plan.notes, *notes))


def _with(share: Share, found: Measured) -> Share:
    """Return *share* with what its device holds."""
    held = found.of(share.name)
    return replace(share, weights=held.weights, cache=held.cache, compute=held.compute)
