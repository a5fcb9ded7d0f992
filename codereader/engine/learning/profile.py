"""What runs taught about this machine, kept on disk: by how much predicted rates and bytes were off.

A file a measurement, in the folder ``profile`` of the cache: they appear by rename and are never changed, so any number
of processes may write at once, and a damaged one is as good as none. The newest `MOST_FILES` stay. Measurements count
for the machine that made them: other devices, drivers, memory, cores or another llama.cpp start anew. Nothing here
raises for a disk that is full or cannot be written: what is not kept is learned by the next run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from codereader.config import write_whole
from codereader.engine.hardware.busy import BUSY
from codereader.engine.hardware.machine import Machine
from codereader.engine.hardware.sysfs import text
from codereader.engine.learning.learned import NOTHING, Learned
from codereader.engine.plan import Plan
from codereader.engine.protocol import Usage
from codereader.model.gguf import ModelHeader

Placement = Literal["cpu", "mixed", "gpu"]
"""Where a model runs: predictions of the three are off by different factors."""

SHORTEST_PROMPT, SHORTEST_ANSWER = 64, 16
"""Runs of fewer evaluated tokens say more about starting than about speed."""

FURTHEST = 100.0
"""Factors above this, or below its inverse, are no speed: a clock that jumped, a machine that slept."""

DISTURBED: Mapping[Placement, float] = {"cpu": BUSY, "mixed": BUSY, "gpu": 0.5}
"""From this share of the cores on that other programs took, a run says nothing about rates. A card needs few cores."""

SAME_MEMORY = 1.1
"""How far two figures of what memory gives may lie apart for rates to be held against either."""

RECENT = 9
"""So many measurements of a model count, the newest."""

UNDISTURBED = 2 / 3
"""The quantile of these that is believed: whatever else a machine does makes runs slower, never faster."""

ALIKE = 8
"""A model says something about another whose weights are up to so many times as many or as few."""

LONG = 2048
"""A run of more tokens says no more about speed than one of so many."""

MOST_FILES = 256
MOST_BYTES = 4096
ABANDONED_SECONDS = 3600
CLOCKS_DIFFER_SECONDS = 3600
"""What is written later than this from now was written by a clock that has been set back since."""

_SCHEMA = 1
_DRIVERS = {"CUDA": Path("/sys/module/nvidia/version"), "ROCm": Path("/sys/module/amdgpu/version")}
"""Where Linux tells which version of a driver runs."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """One file. Factors are measured over uncorrected predicted rates, 0 where nothing was measured."""

    model: str
    parameters: int
    """How many weights the model has."""
    placement: str
    prefill: float = 0.0
    prefill_tokens: int = 0
    decode: float = 0.0
    decode_tokens: int = 0
    probe: bool = False
    """Whether somebody asked for the measurement."""
    extra_bytes: Mapping[str, int] = field(default_factory=dict)
    memory: int = 0
    """What the host's memory was thought to give, bytes a second: predicted answers follow from it. 0: unknown."""


def learned(
    cache: Path, machine: Machine, header: ModelHeader, placement: Placement, *, probes: bool = False
) -> Learned:
    """Return what is known of this model on *machine*; of one that never ran there, what models of its size taught.

    *probes*: of rates only what the last probe of this model showed, which no run changes; `runs` is 0 then. Nothing is
    known of a machine that is only described.
    """
    if machine.name:
        return NOTHING
    known = [one for one in _read(cache / "profile", machine_key(machine)) if one.placement in (placement, "")]
    own = [one for one in known if one.model == header.digest]
    alike = [one for one in known if _is_alike(one.parameters, header.parameters)]
    timed = _since_probe([one for one in own if one.prefill or one.decode])
    if probes:
        alike, timed = [], [one for one in timed if one.probe]
    return Learned(
        prefill=_factor(alike, timed, lambda one: (one.prefill, one.prefill_tokens)),
        decode=_factor(alike, timed, lambda one: (_decode(one, machine), one.decode_tokens)),
        extra_bytes=_extra(own),
        runs=0 if probes else len(timed),
    )


def record_run(
    cache: Path,
    machine: Machine,
    header: ModelHeader,
    plan: Plan,
    usage: Usage,
    corrected: Learned = NOTHING,
    *,
    probe: bool = False,
) -> bool:
    """Keep how fast *plan* ran against what was predicted, and return whether that said anything.

    *corrected* is what the plan's rates were made with. A prompt of which a part came from saved state says nothing
    about prefill, and a run beside other programs that took too much of the processors about nothing.
    *probe*: somebody asked for this measurement.
    """
    place = placement_of(header, plan)
    if machine.name or is_disturbed(usage, place):
        return False
    prefill = decode = 0.0
    if usage.prompt_tokens >= SHORTEST_PROMPT and not usage.reused_tokens:
        prefill = _off(usage.prompt_tokens, usage.prompt_seconds, plan.prefill_rate / corrected.prefill)
    if usage.completion_tokens >= SHORTEST_ANSWER:
        decode = _off(usage.completion_tokens, usage.completion_seconds, plan.decode_rate / corrected.decode)
    if not (prefill or decode):
        return False
    return _write(
        cache / "profile",
        machine_key(machine),
        _Measured(
            header.digest,
            header.parameters,
            place,
            prefill,
            usage.prompt_tokens,
            decode,
            usage.completion_tokens,
            probe,
            memory=round(machine.bandwidth),
        ),
    )


def is_disturbed(usage: Usage, place: Placement) -> bool:
    """Return whether other programs took so much of the processors that the run says nothing about rates."""
    return usage.others >= DISTURBED[place]


def record_bytes(cache: Path, machine: Machine, header: ModelHeader, extra: Mapping[str, int]) -> bool:
    """Keep the bytes by device that a load took beside all that its plan foresaw (uncorrected); return whether kept."""
    if machine.name or not extra:
        return False
    return _write(
        cache / "profile",
        machine_key(machine),
        _Measured(header.digest, header.parameters, "", extra_bytes=dict(extra)),
    )


def placement_of(header: ModelHeader, plan: Plan) -> Placement:
    """Return where *plan* runs the model."""
    if plan.gpu_layers <= 0:
        return "cpu"
    return "mixed" if plan.cpu_experts or plan.gpu_layers <= header.block_count else "gpu"


def machine_key(machine: Machine) -> str:
    """Return 16 hexadecimal digits that differ where what was learned on one machine says nothing about another."""
    devices = [
        [device.name, device.description, device.kind, device.backend, device.total_bytes >> 30]
        for device in machine.devices
    ]
    build = machine.build
    drivers = [text(_DRIVERS[name]) for name in sorted({one.backend for one in machine.devices} & _DRIVERS.keys())]
    said = [devices, machine.memory_total >> 30, machine.physical_cores, build.llama_cpp, build.features, *drivers]
    return hashlib.blake2b(json.dumps(said).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _off(tokens: int, seconds: float, predicted: float) -> float:
    """Return measured over predicted tokens a second; 0 where one of them is no speed."""
    if seconds <= 0 or predicted <= 0:
        return 0.0
    factor = tokens / seconds / predicted
    return factor if 1 / FURTHEST <= factor <= FURTHEST else 0.0


def _decode(one: _Measured, machine: Machine) -> float:
    """Return the factor of decoding; 0 where it was predicted from another figure of what memory gives than now."""
    low, high = sorted((one.memory, round(machine.bandwidth)))
    return one.decode if high <= SAME_MEMORY * low or low == high else 0.0


def _is_alike(one: int, other: int) -> bool:
    return one <= ALIKE * other and other <= ALIKE * one


def _since_probe(timed: list[_Measured]) -> list[_Measured]:
    """Return the newest of *timed* up to and with the last probe: who asks for one does not trust what was before."""
    last = next((at for at, one in enumerate(timed) if one.probe), len(timed))
    return timed[: last + 1]


def _factor(
    alike: Iterable[_Measured], own: Iterable[_Measured], part: Callable[[_Measured], tuple[float, int]]
) -> float:
    """Return the factor of the model's *own* measurements, else the middle one of other models', else 1."""
    mine = [pair for pair in map(part, own) if pair[0]][:RECENT]
    if mine:
        return _quantile(mine, UNDISTURBED)
    by_model: dict[str, list[tuple[float, int]]] = {}
    for one in alike:
        if part(one)[0]:
            by_model.setdefault(one.model, []).append(part(one))
    others = [(_quantile(pairs[:RECENT], UNDISTURBED), 1) for _, pairs in sorted(by_model.items())]
    return _quantile(others, 0.5) if others else 1.0


def _quantile(pairs: Iterable[tuple[float, int]], share: float) -> float:
    """Return the factor below which *share* of the weight lies; longer runs weigh more."""
    ordered = sorted(pairs)
    wanted = share * sum(_weight(tokens) for _, tokens in ordered)
    passed = 0.0
    for factor, tokens in ordered:
        passed += _weight(tokens)
        if passed >= wanted:
            return factor
    return ordered[-1][0]


def _weight(tokens: int) -> float:
    """Return the weight of a run: the root of its tokens, which is how its scatter shrinks, up to `LONG`."""
    return math.sqrt(min(tokens, LONG))


def _extra(own: Iterable[_Measured]) -> dict[str, int]:
    """Return the most that each device took of late beside what was foreseen."""
    recent = [one.extra_bytes for one in own if one.extra_bytes][:RECENT]
    names = sorted({name for sizes in recent for name in sizes})
    return {name: max(sizes[name] for sizes in recent if name in sizes) for name in names}


def _read(folder: Path, machine: str) -> list[_Measured]:
    """Return the measurements of *machine*, the newest first."""
    names = [name for name in _names(folder) if name.startswith(f"{machine}-")]
    return [one for one in map(_measured, (folder / name for name in names)) if one is not None]


def _names(folder: Path) -> list[str]:
    """Return the names of the measurements of all machines, the newest first; what a clock ahead wrote is last."""
    try:
        names = [name for name in os.listdir(folder) if name.endswith(".json")]  # noqa: PTH208 - names are enough
    except OSError:
        return []
    latest = f"{time.time_ns() + CLOCKS_DIFFER_SECONDS * 10**9:020}"
    since = {name: name.partition("-")[2] for name in names}
    return sorted(names, key=lambda name: (since[name] < latest, since[name], name), reverse=True)


def _measured(path: Path) -> _Measured | None:
    """Return what the file at *path* holds, None for anything that this module did not write."""
    try:
        with path.open("rb") as file:
            said = json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return _checked(said) if isinstance(said, dict) and said.pop("schema", None) == _SCHEMA else None


def _checked(said: dict[str, Any]) -> _Measured | None:
    try:
        one = _Measured(**said)
        extra = one.extra_bytes.items()
    except (TypeError, AttributeError):
        return None
    whole = (one.parameters, one.prefill_tokens, one.decode_tokens, one.memory, *(size for _, size in extra))
    good = (
        isinstance(one.model, str)
        and one.placement in ("cpu", "mixed", "gpu", "")
        and all(type(number) is int and abs(number) < 1 << 50 for number in whole)
        and min(one.prefill_tokens, one.decode_tokens, one.memory) >= 0
        and all(_is_factor(number) for number in (one.prefill, one.decode))
    )
    return one if good else None


def _is_factor(number: object) -> bool:
    return isinstance(number, float | int) and (number == 0 or 1 / FURTHEST <= number <= FURTHEST)


def _write(folder: Path, machine: str, one: _Measured) -> bool:
    """Write a measurement, whole or not at all, and drop the oldest. Return whether it is there."""
    name = f"{machine}-{time.time_ns():020}-{secrets.token_hex(4)}.json"
    try:
        write_whole(folder / name, json.dumps({"schema": _SCHEMA, **asdict(one)}).encode())
    except OSError:
        return False
    _tidy(folder)
    return True


def _tidy(folder: Path) -> None:
    """Drop the oldest measurements, and drafts of processes that ended before they were done."""
    for old in _names(folder)[MOST_FILES:]:
        with contextlib.suppress(OSError):
            (folder / old).unlink()
    with contextlib.suppress(OSError):
        for draft in folder.glob("*.tmp"):
            if time.time() - draft.stat().st_mtime > ABANDONED_SECONDS:
                draft.unlink()
