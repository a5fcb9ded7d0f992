"""Carry a plan through: which model, what is asked of it, which machines; make the plans and show them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codereader import config
from codereader.cancel import CancelToken
from codereader.engine.learning.taught import Taught
from codereader.engine.plan import Need, Plan, Preferences
from codereader.engine.planning.planner import plans_anyway
from codereader.errors import ExitCode, ModelNotFound, ModelTooLarge, UsageError
from codereader.fronts.cli.options import Which, opened, stoppable
from codereader.fronts.plans import writing
from codereader.fronts.plans.asked import asked_alone, asked_of
from codereader.fronts.plans.machines import Entry, entry
from codereader.fronts.plans.making import plans_for, preferences_of
from codereader.fronts.plans.models import Model, check_tree, find_model
from codereader.fronts.plans.places import Place, place, this_machine
from codereader.fronts.plans.planned import Asked, Planned, model_name
from codereader.fronts.plans.request import Request, check

if TYPE_CHECKING:
    from codereader.engine.hardware.machine import Machine
    from codereader.engine.learning.measure import Measurement
    from codereader.fronts.render import Output
    from codereader.fronts.report import Report
    from codereader.reader import Reader


def run(request: Request, which: Which, report: Report, out: Output, style: str) -> int:
    """Make the plans of *request*, write them in *style*, return the exit code: 1 where nothing fits."""
    entrants = _entrants(request)
    if request.path is not None:
        check_tree(request.path)
    with _tree(request, which, report) as (reader, cancel):
        with report.working("looking at the machine"), cancel.anywhere():
            here = functools.cache(this_machine)
            places = [_place(one, by, here) for one, by in entrants]
        for note in {place.machine.trouble: None for place in places if not place.machine.name}:
            if note:
                report.note(note)
        made = tuple(
            _planned(wish, place, reader, cancel, report) for (wish, _), place in zip(entrants, places, strict=True)
        )
    if request.compared:
        writing.compare_out(made, out, style)
    else:
        writing.plan_out(made[0], out, style, None if request.every else writing.SHOWN)
    return ExitCode.OK if any(one.fits for one in made) else ExitCode.NOTHING_FOUND


@contextmanager
def _tree(request: Request, which: Which, report: Report) -> Iterator[tuple[Reader | None, CancelToken]]:
    """Yield the reader of PATH, None without one, and what Ctrl-C sets."""
    if request.path is None:
        with stoppable() as cancel:
            yield None, cancel
        return
    with opened(request.path, which, report) as reader:
        yield reader, reader.cancel


def _entrants(request: Request) -> list[tuple[Request, Entry | None]]:
    """Return what to plan for: the machine of --device and --ram first, then those of --compare. Raises: UsageError."""
    entries = [entry(text) for text in request.compared]
    found: list[tuple[Request, Entry | None]] = []
    if len(entries) <= 1 or request.devices or request.ram is not None:
        found.append((request, None))
    found += [(_changed(request, one), one) for one in entries]
    for wish, _ in found:
        check(wish)
    return found


def _place(request: Request, one: Entry | None, ask: Callable[[], Machine]) -> Place:
    """Return the machine of *request*, called as *one* of --compare was written. Raises: UsageError."""
    if one is None:
        return place(request.devices, request.ram, ask)
    return replace(place(request.devices, request.ram, ask, with_own=one.is_here), name=one.text)


def _changed(request: Request, one: Entry) -> Request:
    """Return *request* with the machine and the settings of *one*. Raises: UsageError."""
    made = replace(request, devices=one.devices, ram=None) if one.has_machine else request
    for flag, value in one.settings.items():
        made = _with(made, flag, value)
    return made


def _with(request: Request, flag: str, value: str) -> Request:
    """Return *request* with one *flag* as the command line would read it. Raises: UsageError."""
    import click

    from codereader.fronts.cli.plan import command

    if flag == "ram":
        return replace(request, ram=value)
    if flag == "model":
        return replace(request, model=value)
    option = next(param for param in command.params if f"--{flag}" in param.opts)
    try:
        read = option.type.convert(value, option, None)
    except click.BadParameter as error:
        raise UsageError(f"--compare sets {flag}={value}: {error.message}", f"See --{flag} in --help.") from None
    changes: dict[str, Any] = {
        "tokens": {"ctx": read},
        "prompt": {"prompt": read},
        "max-tokens": {"answer": read},
        "cache-type": {"cache_types": (read,)},
        "micro-batch": {"micro_batch": read},
        "gpu-layers": {"gpu_layers": read},
    }
    return replace(request, **changes[flag])


def _planned(request: Request, place: Place, reader: Reader | None, cancel: CancelToken, report: Report) -> Planned:
    """Make the plans for one machine. Raises: ModelError, UsageError."""
    with report.working("reading the model"), cancel.anywhere():
        model = find_model(request.model)
    preferences = preferences_of(request)
    taught = Taught(config.cache_dir(), place.machine, model.header)
    asked = (
        asked_alone(request, model.header)
        if reader is None
        else _asked_of(reader, request, taught, preferences, place.device, report)
    )
    need = Need(asked.prompt, asked.answer, request.ctx, request.gpu_layers, place.device)
    measured = _measured(model, taught, need, preferences, cancel, report) if request.measure else None
    with cancel.anywhere():
        made = plans_for(model.header, place.machine, need, preferences)
    if model.file and not place.machine.name:
        made = (_exact(made[0], model.file, cancel, report), *made[1:])
    return Planned(place.name, model.header, place.machine, asked, made, model.file, measured)


def _exact(plan: Plan, file: str, cancel: CancelToken, report: Report) -> Plan:
    """Return *plan* for this machine with the sizes of llama.cpp's dry run. Raises: Cancelled."""
    from codereader.engine.trial.exact import exact

    with report.working("asking llama.cpp for its sizes"):
        return exact(plan, Path(file), cancel)


def _asked_of(
    reader: Reader, request: Request, taught: Taught, preferences: Preferences, device: str, report: Report
) -> Asked:
    """Return what `ask` would send about the tree; where the model fits with no prompt, what it would like to send.

    Raises: ModelError, BudgetTooSmall, Cancelled.
    """
    from codereader.answer.planning import planned_speaker

    with report.working("opening the vocabulary"), reader.cancel.anywhere():
        speaker = planned_speaker(taught.header, lambda need: taught.plan(need, preferences), reader.cache, taught.pace)
    with report.working("packing"):
        try:
            return asked_of(reader, request, speaker, device)
        except ModelTooLarge:
            anyway = replace(speaker, plan=lambda need: _anyway(taught, need, preferences), pace=None)
            return asked_of(reader, request, anyway, device)


def _anyway(taught: Taught, need: Need, preferences: Preferences) -> Plan:
    """Return the plan that lacks the least."""
    return plans_anyway(taught.header, taught.machine, need, preferences, most=1, changes=False)[0]


def _measured(
    model: Model, taught: Taught, need: Need, preferences: Preferences, cancel: CancelToken, report: Report
) -> Measurement:
    """Run the model briefly and keep what that shows. Raises: ModelError, Cancelled."""
    from codereader.engine.learning.measure import measure_file

    if not model.file:
        name = model_name(model.header)
        raise ModelNotFound(f"--measure runs the model, and no file of {name} is here", "Pass --model FILE.gguf.")

    def step(stage: str, done: int, total: int) -> None:
        report.progress(f"measuring: {stage}", done, total, "%" if stage == "load" else "tokens")

    try:
        return measure_file(taught, Path(model.file), need, config.cache_dir(), cancel, step, preferences)
    finally:
        report.clear()
