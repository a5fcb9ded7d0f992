"""One model on this machine: planned for, run in a process of its own with a way to retreat, and learned from.

The seam between who asks a model and how it comes to run. The process starts with this object and comes up while the
caller does other things; the machine is asked there when the first plan is made.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from codereader.engine.hardware.bandwidth import host_bandwidth, with_bandwidth
from codereader.engine.hardware.machine import Machine
from codereader.engine.learning.taught import Taught
from codereader.engine.plan import Need, Plan
from codereader.engine.process.remote import RemoteEngine
from codereader.engine.process.standby import Standby
from codereader.engine.protocol import Engine, Usage
from codereader.model.gguf import ModelHeader


class Runner:
    """Plans for and starts the model of *header*; what is to be kept of it lies in the folder *cache*."""

    def __init__(self, header: ModelHeader, cache: Path, standby: Standby) -> None:
        self._header = header
        self._cache = cache
        self._standby = standby
        self._need: Need | None = None

    def plan(self, need: Need) -> Plan:
        """Return the best plan for *need*. Raises: ModelError."""
        self._need = need
        return self._taught.plan(need)

    def pace(self, need: Need) -> float:
        """Return the prefill rate that budgets are worked out with: tokens a second. Raises: ModelError."""
        return self._taught.pace(need)

    def start(self, plan: Plan) -> Engine:
        """Return an engine for *plan*, which takes a smaller one where memory runs out. Nothing is loaded yet."""
        from codereader.engine.retreat import RetreatingEngine

        return RetreatingEngine(plan, self._retreat, self._engine, self._way_out)

    def learn(self, planned: Plan, engine: Engine, usage: Usage) -> None:
        """Keep how *engine* ran, for the next plan. Never raises."""
        self._taught.learn(planned, engine, usage)

    def rest(self) -> None:
        """Measure what is not known of this machine yet: for the moment in which nobody waits. Never raises.

        Ctrl-C then ends only this: the answer is told.
        """
        with suppress(KeyboardInterrupt):
            host_bandwidth(self._cache)

    @cached_property
    def _taught(self) -> Taught:
        machine = with_bandwidth(self._standby.machine(), self._cache)
        return Taught(self._cache, machine, self._header)

    def _engine(self, plan: Plan) -> Engine:
        return RemoteEngine(plan, self._header.path, self._cache / "state", self._standby.take)

    def _retreat(self, plan: Plan, short: str, most: int) -> tuple[Plan, str] | None:
        """Return what to try where *plan* failed, by what is free now: that may be why it did."""
        from codereader.engine.planning.ladder import retreat

        return retreat(self._header, self._now(), self._wanted(plan), plan, short, most)

    def _way_out(self, plan: Plan, short: str, had: int) -> str:
        """Return which context would fit where *plan* was the last to fail."""
        from codereader.engine.planning.ladder import way_out

        return way_out(self._header, self._now(), self._wanted(plan), plan, short, had)

    def _now(self) -> Machine:
        return _with_less(self._taught.machine, self._standby.now())

    def _wanted(self, plan: Plan) -> Need:
        return self._need or Need(plan.context, 0)


def _with_less(machine: Machine, now: Machine) -> Machine:
    """Return *machine* with no more memory free than there is *now*, without devices that are not there any more.

    A driver may not see what other programs take.
    """
    free = {device.name: device.free_bytes for device in now.devices}
    devices = tuple(
        replace(one, free_bytes=min(one.free_bytes, free[one.name])) for one in machine.devices if one.name in free
    )
    return replace(machine, devices=devices, memory_available=min(machine.memory_available, now.memory_available))
