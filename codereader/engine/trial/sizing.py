"""Let llama.cpp size every buffer of a plan without allocating one, and read what it found.

Runs in this process, which an assertion of llama.cpp ends: `codereader.engine.trial.run` calls it in another one.
Where llama.cpp cannot be asked for exact bytes its log is read, which rounds to 0.01 MiB; under a dry run the log has
the sum of the caches alone, which is then shared out by layers, and the plan's own bytes of weights.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from codereader import native
from codereader.engine.embedded import library
from codereader.engine.embedded.buffers import owner, owners
from codereader.engine.embedded.loading import context_parameters, model_parameters
from codereader.engine.plan import HOST, Plan
from codereader.engine.trial.breakdown import breakdown
from codereader.engine.trial.measured import Held, Measured
from codereader.errors import ModelError, ModelNotFound, ModelTooLarge, ModelUnreadable

llama_cpp = native.llama()

_COMPUTE = re.compile(r"^sched_reserve: +(?P<name>.+?) compute buffer size = +(?P<size>[\d.]+) MiB")
_OUTPUT = re.compile(r"^llama_context: +(?P<name>.+?) +output buffer size = +(?P<size>[\d.]+) MiB")
_CACHE = re.compile(r"^llama_\w+: size = +(?P<size>[\d.]+) MiB")
_ROUNDING = 0.02 * (1 << 20)
"""Bytes by which a line of the log may differ from what it rounds."""


def size_up(path: Path, plans: Sequence[Plan]) -> Iterator[Measured | ModelError]:
    """Yield what each of *plans* takes with the model at *path*, or why llama.cpp refuses it."""
    library.start()
    for plan in plans:
        try:
            yield _measured(path, plan)
        except ModelError as error:
            yield error


def _measured(path: Path, plan: Plan) -> Measured:
    with _sized_model(path, plan) as model, _sized_context(path, model, plan) as context:
        lines = library.log()
        exact = breakdown(context)
        sizes = exact if exact is not None and _agrees(exact, lines) else _from_log(plan, lines)
        return _by_device(plan, sizes, lines)


@contextmanager
def _sized_model(path: Path, plan: Plan) -> Iterator[Any]:
    """Give the handle of the model at *path*, none of whose weights is loaded. Raises: ModelError."""
    if not path.is_file():
        raise ModelNotFound(f"there is no model file at {path}")
    parameters = model_parameters(plan)
    parameters.no_alloc, parameters.load_mode = True, llama_cpp.LLAMA_LOAD_MODE_NONE
    library.forget_log()
    model = llama_cpp.llama_model_load_from_file(os.fsencode(path), parameters)
    if not model:
        raise ModelUnreadable(f"llama.cpp cannot read {path}: {library.last_error()}")
    try:
        yield model
    finally:
        llama_cpp.llama_model_free(model)


@contextmanager
def _sized_context(path: Path, model: Any, plan: Plan) -> Iterator[Any]:
    """Give the handle of a context none of whose buffers exists. Raises: ModelError."""
    library.forget_log()
    context = llama_cpp.llama_init_from_model(model, context_parameters(plan))
    if not context:
        kind = ModelTooLarge if library.ran_out_of_memory() else ModelUnreadable
        why = library.last_error()
        raise kind(f"llama.cpp cannot size a context of {plan.context:,} tokens for {path}: {why}")
    try:
        yield context
    finally:
        llama_cpp.llama_free(context)


def _agrees(exact: Mapping[str, tuple[int, int, int]], lines: Sequence[str]) -> bool:
    """Whether the caches and scratch buffers of *exact* are those of the log."""
    caches, compute = _logged_caches(lines), _logged(_COMPUTE, lines)
    cache = sum(row[1] for row in exact.values())
    return abs(cache - sum(caches)) <= _ROUNDING * max(1, len(caches)) and all(
        abs(row[2] - compute.get(name, 0)) <= _ROUNDING for name, row in exact.items()
    )


def _from_log(plan: Plan, lines: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """Return bytes by buffer type from the log and the plan."""
    total, layers = sum(_logged_caches(lines)), sum(share.layers for share in plan.shares) or 1
    buffers = {device: buffer for buffer, device in owners().items()}
    found: dict[str, tuple[int, int, int]] = {}
    for share in plan.shares:
        name = buffers.get(share.name, "CPU")
        found[name] = (share.weights, total * share.layers // layers, 0)
    for name, compute in _logged(_COMPUTE, lines).items():
        weights, cache, before = found.get(name, (0, 0, 0))
        found[name] = (weights, cache, before + compute)
    return found


def _by_device(plan: Plan, sizes: Mapping[str, tuple[int, int, int]], lines: Sequence[str]) -> Measured:
    """Gather buffer types by who owns them, in the plan's order of devices, the host last."""
    known, outputs = owners(), _logged(_OUTPUT, lines)
    names = dict.fromkeys([*plan.devices, *(owner(name, known) for name in (*sizes, *outputs)), HOST])
    found = {name: Held(name, 0, 0, 0) for name in (*(one for one in names if one != HOST), HOST)}
    for buffer, (weights, cache, compute) in sizes.items():
        held = found[owner(buffer, known)]
        found[held.name] = replace(
            held, weights=held.weights + weights, cache=held.cache + cache, compute=held.compute + compute
        )
    for buffer, size in outputs.items():
        held = found[owner(buffer, known)]
        found[held.name] = replace(held, output=held.output + size)
    return Measured(tuple(found.values()))


def _logged(pattern: re.Pattern[str], lines: Sequence[str]) -> dict[str, int]:
    """Return bytes by buffer type of the last lines that match."""
    matches = [match for line in lines if (match := pattern.match(line))]
    return {match["name"]: round(float(match["size"]) * (1 << 20)) for match in matches}


def _logged_caches(lines: Sequence[str]) -> list[int]:
    """Return the bytes of each cache that the log tells of."""
    return [round(float(match["size"]) * (1 << 20)) for line in lines if (match := _CACHE.match(line))]
