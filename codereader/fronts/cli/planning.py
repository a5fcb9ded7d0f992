"""Carry a plan through: which model, what is asked of it, which machines; make the plans and show them."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from codereader import config
from codereader.cancel import CancelToken
from codereader.errors import ExitCode, ModelNotFound, ModelTooLarge, UsageError
from codereader.fronts.cli.options import Which, opened, stoppable
from codereader.fronts.cli.plan import CACHE_TYPES
from codereader.fronts.plans.machines import HERE, Entry, entry, specs
from codereader.fronts.plans.planned import Asked, Planned, model_name
from codereader.fronts.text import counted, safe_line

if TYPE_CHECKING:
    from codereader.engine.hardware.machine import Machine
    from codereader.engine.measure import Measurement
    from codereader.engine.plan import Need, Plan, Preferences
    from codereader.fronts.render import Output
    from codereader.fronts.report import Report
    from codereader.model.gguf import ModelHeader
    from codereader.reader import Reader

STRUCTURE = "explain structure"
"""The question that a plan for a tree is made for unless another is asked."""

MODEL_HINT = "Pass --model FILE.gguf, a name from `codereader models list`, or a model that is known by name."

MOST_TOKENS = (1 << 31) - 1
"""llama.cpp counts positions in 32 bits."""

CPU = "cpu"
"""Stands for no device, as for `ask`."""

ANSWER_SHARE = 4
"""Of a short context the answer takes one token for so many where nobody says how many."""

BESIDE = 1.25
"""Tokens of prompt for a token of files: the brief takes a quarter of the base, and a question adds a third of both."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the person wrote; None and empty are what was left away."""

    path: Path | None = None
    question: str | None = None
    model: str | None = None
    budget: int | None = None
    ctx: int | None = None
    prompt: int | None = None
    answer: int | None = None
    gpu_layers: int | Literal["auto"] = "auto"
    cache_types: tuple[str, ...] = ()
    micro_batch: int | None = None
    devices: tuple[str, ...] = ()
    ram: str | None = None
    compared: tuple[str, ...] = ()
    every: bool = False
    measure: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """The model to plan for. `file` is its path on this machine, empty where only its geometry is known."""

    header: ModelHeader
    file: str


@dataclass(frozen=True, slots=True)
class Place:
    """A machine with the settings that are tried on it."""

    name: str
    machine: Machine
    request: Request
    device: str = "auto"
    """Which of the machine's devices may be used, as `ask` takes it."""


def run(request: Request, which: Which, report: Report, out: Output, style: str) -> int:
    """Make the plans of *request*, write them in *style*, return the exit code: 1 where nothing fits."""
    from codereader.fronts.plans import writing

    _check(request)
    with _tree(request, which, report) as (reader, cancel):
        with report.working("looking at the machine"), cancel.anywhere():
            places = list(_places(request))
        for place in places[:1]:
            if place.machine.trouble and not place.machine.name:
                report.note(place.machine.trouble)
        made = tuple(_planned(place, reader, cancel, report) for place in places)
    if request.compared:
        writing.compare_out(made, out, style)
    else:
        writing.plan_out(made[0], out, style, None if request.every else writing.SHOWN)
    return ExitCode.OK if any(one.fits for one in made) else ExitCode.NOTHING_FOUND


def _check(request: Request) -> None:
    """Check that the flags do not contradict each other. Raises: UsageError."""
    for flag, tokens in (("--tokens", request.ctx), ("--prompt", request.prompt), ("--max-tokens", request.answer)):
        if tokens is not None and tokens > MOST_TOKENS:
            raise UsageError(f"{flag} {tokens:,} is more than the {MOST_TOKENS:,} that llama.cpp counts", "Pass less.")
    if request.path is not None and request.prompt is not None:
        raise UsageError("PATH and --prompt contradict each other", "The tree says how long the prompt is.")
    if request.budget is not None and request.prompt is not None:
        raise UsageError("--budget and --prompt contradict each other", "Leave one of them out.")
    if request.measure and (request.devices or request.ram is not None or request.compared):
        raise UsageError(
            "--measure runs the model, so it is for this machine only", "Leave --device, --ram, --compare."
        )


@contextmanager
def _tree(request: Request, which: Which, report: Report) -> Iterator[tuple[Reader | None, CancelToken]]:
    """Yield the reader of PATH, None without one, and what Ctrl-C sets."""
    if request.path is None:
        with stoppable() as cancel:
            yield None, cancel
        return
    with opened(request.path, which, report) as reader:
        yield reader, reader.cancel


def _places(request: Request) -> Iterator[Place]:
    """Yield the machines to plan for, that of --device and --ram first. Raises: UsageError."""
    entries = [entry(text) for text in request.compared]
    if len(entries) <= 1 or request.devices or request.ram is not None:
        yield _place(request)
    for one in entries:
        yield replace(_place(_changed(request, one), with_own=one.is_here), name=one.text)


@functools.cache
def _this_machine() -> Machine:
    """Return what is here, with what its memory was measured to give. Asking takes a process, so it is asked once."""
    from codereader.engine.hardware import apart, bandwidth

    return bandwidth.with_bandwidth(apart.inventory(), config.cache_dir(), probe=True)


def _place(request: Request, *, with_own: bool = False) -> Place:
    """Return the machine that *request* describes; *with_own*: devices that are here too. Raises: UsageError."""
    from codereader.engine.hardware.described import machine_of, ram_of

    named = specs(request.devices)
    if request.ram is None and (not named or (len(named) == 1 and _is_own(named[0]))):
        device = named[0] if named and named[0] != HERE else "auto"
        return Place(_called(_this_machine(), device), _this_machine(), request, device)
    with_own = with_own or HERE in named
    devices = tuple(spec for spec in named if spec not in (HERE, CPU))
    ram, bandwidth = ram_of(request.ram) if request.ram is not None else (0, 0.0)
    here = None if ram and not with_own else _this_machine()
    machine = machine_of(devices, ram, bandwidth=bandwidth, here=here)
    if here is not None and with_own:
        machine = replace(machine, devices=(*here.layer_devices, *machine.devices), can_offload=True)
    is_put_in = not ram and not any(device.shares_memory for device in machine.devices)
    return Place(f"{machine.name} in this machine" if is_put_in else machine.name, machine, request)


def _is_own(device: str) -> bool:
    """Whether *device* is how `ask` calls one of this machine's."""
    return device in (CPU, HERE, "auto") or device in {one.name for one in _this_machine().layer_devices}


def _called(here: Machine, device: str = "auto") -> str:
    """Return what this machine is called."""
    named = [one.description or one.name for one in here.layer_devices if device in ("auto", one.name)]
    return f"this machine ({', '.join(named) or 'CPU'})" if device != CPU else "this machine (CPU only)"


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


def _planned(place: Place, reader: Reader | None, cancel: CancelToken, report: Report) -> Planned:
    """Make the plans for one machine. Raises: ModelError, UsageError."""
    request = place.request
    with report.working("reading the model"), cancel.anywhere():
        model = find_model(request.model)
    preferences = _preferences(request)

    def make(need: Need) -> tuple[Plan, ...]:
        return _plans(model.header, place.machine, need, preferences)

    asked, need = _asked(request, model, place, lambda need: make(need)[0], reader, report)
    measured = _measured(model, place.machine, need, preferences, cancel, report) if request.measure else None
    with cancel.anywhere():
        made = make(need)
    return Planned(place.name, model.header, place.machine, asked, made, model.file, measured)


def _preferences(request: Request) -> Preferences:
    """Return what the planner may choose among."""
    from codereader.engine.plan import Preferences

    usual = Preferences()
    types = tuple(sorted(set(request.cache_types), key=CACHE_TYPES.index)) or usual.cache_types
    return Preferences(cache_types=types, micro_batch=request.micro_batch)


def _plans(header: ModelHeader, machine: Machine, need: Need, preferences: Preferences) -> tuple[Plan, ...]:
    """Return the plans, corrected by what earlier runs here taught; where nothing fits, what it would take."""
    from codereader.engine.planning.planner import plans_anyway
    from codereader.engine.taught import Taught

    if machine.name:
        return plans_anyway(header, machine, need, preferences)
    try:
        return Taught(config.cache_dir(), machine, header).plans(need, preferences)
    except ModelTooLarge:
        return plans_anyway(header, machine, need, preferences)


def _measured(
    model: Model, machine: Machine, need: Need, preferences: Preferences, cancel: CancelToken, report: Report
) -> Measurement:
    """Run the model briefly and keep what that shows. Raises: ModelError, Cancelled."""
    from codereader.engine.measure import measure_file
    from codereader.engine.taught import Taught

    if not model.file:
        name = model_name(model.header)
        raise ModelNotFound(f"--measure runs the model, and no file of {name} is here", "Pass --model FILE.gguf.")
    taught = Taught(config.cache_dir(), machine, model.header)

    def step(stage: str, done: int, total: int) -> None:
        report.progress(f"measuring: {stage}", done, total, "%" if stage == "load" else "tokens")

    try:
        return measure_file(taught, Path(model.file), need, config.cache_dir(), cancel, step, preferences)
    finally:
        report.clear()


def find_model(named: str | None) -> Model:
    """Return the model that *named* means: a file, one that was found, or one known by name. Raises: ModelError."""
    from codereader.model.catalogue import resolve_model
    from codereader.model.gguf import read_header
    from codereader.model.known import known_header, known_names, near_names

    if named is not None and not named.strip():
        raise UsageError("--model is empty", MODEL_HINT)
    if named == "echo":
        raise UsageError("the echo model has no weights to place", MODEL_HINT)
    if named is not None and Path(named).is_dir():
        raise ModelNotFound(f"{named} is a folder", "Name the GGUF file in it; of a split model its first part.")
    try:
        found = resolve_model(named, config.cache_dir())
    except ModelNotFound as error:
        header = None if _is_path(named or "") else known_header(named or "")
        if header is not None:
            return Model(header, "")
        near = near_names(named or "")
        known = f"Known by name without a file: {', '.join(near or known_names())}."
        raise ModelNotFound(str(error), f"{error.hint} {known}") from None
    if found is None:
        message = "no model was named, and none was found on this machine"
        raise ModelNotFound(message, f"{MODEL_HINT} Known are {', '.join(known_names())}.")
    return Model(read_header(found.path), str(found.path))


def _is_path(named: str) -> bool:
    """Whether *named* can only be meant as a file: an owner before a name is written with a slash too."""
    return named.lower().endswith(".gguf") and any(mark in named for mark in {os.sep, "/"})


def _asked(
    request: Request, model: Model, place: Place, plan: Callable[[Need], Plan], reader: Reader | None, report: Report
) -> tuple[Asked, Need]:
    """Return what a run would hold, in words and for the planner. Raises: UsageError, BudgetTooSmall."""
    from codereader.answer.known import DEFAULT_TOKENS
    from codereader.engine.plan import Need

    answer = request.answer or min(DEFAULT_TOKENS, max(1, (request.ctx or MOST_TOKENS) // ANSWER_SHARE))
    if reader is None:
        prompt, about = _prompt(request, model.header, answer)
        exact = True
    else:
        prompt, about, exact = _prompt_of(request, model.header, answer, place, plan, reader, report)
    need = Need(prompt, answer, request.ctx, request.gpu_layers, place.device)
    return Asked(prompt, answer, about, exact), need


def _prompt(request: Request, header: ModelHeader, answer: int) -> tuple[int, str]:
    """Return the tokens of a prompt about no tree, and where the number comes from. Raises: UsageError."""
    from codereader.pack.budget import AUTO_BUDGET

    window = request.ctx or header.context_length or _unknown_window()
    room = window - answer
    given = request.prompt
    if given is not None and (request.ctx is None or given <= room):
        return given, ""
    if room < 1 or given is not None:
        wanted = f"{counted(given or 1, 'token')} of prompt and {answer:,} of answer"
        least = (given or 1) + answer
        raise UsageError(
            f"{wanted} do not fit a context of {window:,}", f"Pass --tokens {least} or less of the others."
        )
    if request.budget is None and request.ctx is not None:
        return room, "the whole context; --prompt N for less"
    files = request.budget or AUTO_BUDGET
    prompt = int(files * BESIDE)
    if prompt <= room:
        return prompt, f"{files:,} of files and what `ask` adds"
    return room, "all that --tokens leaves" if request.ctx else f"all that the model's window of {window:,} leaves"


def _unknown_window() -> int:
    """Return the context that `ask` assumes of a model that does not say."""
    from codereader.answer.prepare import UNKNOWN_WINDOW

    return UNKNOWN_WINDOW


def _prompt_of(
    request: Request,
    header: ModelHeader,
    answer: int,
    place: Place,
    plan: Callable[[Need], Plan],
    reader: Reader,
    report: Report,
) -> tuple[int, str, bool]:
    """Return the tokens of what `ask` would send about the tree, what that is, and whether they are exact."""
    from codereader.answer.known import DEFAULT_PATIENCE, Wish
    from codereader.answer.planning import planned_speaker
    from codereader.pack.budget import AUTO_BUDGET

    budget = request.budget or (AUTO_BUDGET if request.compared else None)
    wish = Wish(budget, request.ctx, answer, DEFAULT_PATIENCE, request.gpu_layers, place.device)
    question = request.question or STRUCTURE
    with report.working("packing"), reader.cancel.anywhere():
        speaker = planned_speaker(header, plan, reader.cache)
    with report.working("packing"):
        ready = reader.prepare(reader.known(question), speaker, wish)
    how = "counted in its vocabulary" if speaker.vocabulary.exact else "estimated: its vocabulary is not here"
    about = f'"{safe_line(question)}" about {safe_line(reader.walked.scope.name)}, {how}'
    return len(ready.composed.prompt), about, speaker.vocabulary.exact
