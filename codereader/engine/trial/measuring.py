"""Sizes of a model that no formula foresees, measured by llama.cpp's dry run for the planner."""

from __future__ import annotations

from codereader.cancel import CancelToken
from codereader.engine.footprint.cache import supported
from codereader.engine.footprint.compute import unsized
from codereader.engine.planning.sized import Sized, trial_plans
from codereader.engine.trial.measured import Measured
from codereader.engine.trial.run import dry_runs
from codereader.errors import ModelError
from codereader.model.gguf import ModelHeader


def sized(header: ModelHeader, threads: int, cancel: CancelToken | None = None) -> Sized | None:
    """Return what a dry run of the model's file finds; None where formulas foresee it or there is no file.

    Raises: ModelError when llama.cpp refuses the model, Cancelled.
    """
    if not (supported(header) or unsized(header)) or not header.path.is_file():
        return None
    first, last = (_measured(result) for result in dry_runs(header.path, trial_plans(threads), cancel))
    return Sized((first.host.cache, last.host.cache), (first.host.compute, last.host.compute))


def _measured(result: Measured | ModelError) -> Measured:
    if isinstance(result, ModelError):
        raise result
    return result
