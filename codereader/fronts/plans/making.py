"""Make plans from what a person asks, where no tree is asked about: shared by the command line and the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from codereader import config
from codereader.engine.learning.taught import Taught
from codereader.engine.plan import Need, Plan, Preferences
from codereader.engine.planning.planner import plans_anyway
from codereader.errors import ModelTooLarge
from codereader.fronts.plans.asked import asked_alone
from codereader.fronts.plans.models import find_model
from codereader.fronts.plans.places import place
from codereader.fronts.plans.planned import Planned
from codereader.fronts.plans.request import CACHE_TYPES, Request, check

if TYPE_CHECKING:
    from codereader.engine.hardware.machine import Machine
    from codereader.model.gguf import ModelHeader


def planned_alone(request: Request, ask: Callable[[], Machine]) -> Planned:
    """Return the plans of *request*, which names no tree; *ask* gives this machine where it is needed.

    Sizes are those of the formulas. Raises: UsageError, ModelError, BudgetTooSmall.
    """
    check(request)
    spot = place(request.devices, request.ram, ask)
    model = find_model(request.model)
    asked = asked_alone(request, model.header)
    need = Need(asked.prompt, asked.answer, request.ctx, request.gpu_layers, spot.device)
    made = plans_for(model.header, spot.machine, need, preferences_of(request))
    return Planned(spot.name, model.header, spot.machine, asked, made, model.file)


def preferences_of(request: Request) -> Preferences:
    """Return what the planner may choose among."""
    usual = Preferences()
    types = tuple(sorted(set(request.cache_types), key=CACHE_TYPES.index)) or usual.cache_types
    return Preferences(cache_types=types, micro_batch=request.micro_batch)


def plans_for(header: ModelHeader, machine: Machine, need: Need, preferences: Preferences) -> tuple[Plan, ...]:
    """Return the plans, corrected by what earlier runs here taught; where nothing fits, what it would take.

    Raises: UsageError, ModelError, BudgetTooSmall.
    """
    if machine.name:
        return plans_anyway(header, machine, need, preferences)
    try:
        return Taught(config.cache_dir(), machine, header).plans(need, preferences)
    except ModelTooLarge:
        return plans_anyway(header, machine, need, preferences)
