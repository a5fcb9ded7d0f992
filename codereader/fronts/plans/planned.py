"""A model, a machine and what is asked of them, with the plans that were made; what the pages and the JSON show.

Sizes are bytes, lengths tokens, times seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codereader.engine.hardware.machine import Machine
from codereader.engine.plan import HOST, Plan, Share
from codereader.model.gguf import ModelHeader

if TYPE_CHECKING:
    from codereader.engine.learning.measure import Measurement


LONGEST_NAME = 60
"""Characters of a model's name that are shown; the file may write any number."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run would hold, in tokens. `about` says where the prompt's length comes from; `exact`: it is counted."""

    prompt: int
    answer: int
    about: str = ""
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Planned:
    """The plans of one model on one machine, the best first, at least one."""

    name: str
    """What the machine is called; safe for a terminal only after `safe_line`, like all names here."""
    header: ModelHeader
    machine: Machine
    asked: Asked
    plans: tuple[Plan, ...]
    file: str = ""
    """The model's file as llama.cpp's programs would be given it; empty where there is none on this machine."""

    measured: Measurement | None = None
    """What a short run of the model just showed."""

    @property
    def best(self) -> Plan:
        """The best plan."""
        return self.plans[0]

    @property
    def fits(self) -> bool:
        """Whether the best plan fits the machine."""
        return self.best.fits

    @property
    def is_here(self) -> bool:
        """Whether this is the machine that runs the program."""
        return not self.machine.name


def model_name(header: ModelHeader) -> str:
    """Return what a model is called, with its quantization unless the name tells it; a name without end is cut."""
    name, quantization = header.name, header.quantization
    name = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."
    told = quantization.casefold() in name.casefold()
    return name if told or not quantization else f"{name} {quantization}"


def on_devices(plan: Plan) -> tuple[Share, ...]:
    """Return the shares of devices that hold layers."""
    return tuple(share for share in plan.shares if share.name != HOST and share.layers)


def prefill_seconds(plan: Plan, asked: Asked) -> float:
    """Return the predicted seconds of reading the prompt, 0 where no rate is predicted."""
    return asked.prompt / plan.prefill_rate if plan.prefill_rate else 0.0


def decode_seconds(plan: Plan, asked: Asked) -> float:
    """Return the predicted seconds of writing the answer, 0 where no rate is predicted."""
    return asked.answer / plan.decode_rate if plan.decode_rate else 0.0


def total_seconds(plan: Plan, asked: Asked) -> float:
    """Return the predicted seconds of prompt and answer."""
    return plan.seconds or prefill_seconds(plan, asked) + decode_seconds(plan, asked)
