"""How much of the processors other programs had while something was measured.

Shares of cores, 0 to 1. Counted is time on the processors that this process may run on, minus its own and that of the
process that works for it; what a host took away from a virtual machine counts as the work of others.
"""

from __future__ import annotations

import os
from time import perf_counter

import psutil

from codereader.native import processors

BUSY = 0.15
"""From this share on others slow down what is measured on the processor: it says nothing about the machine."""

_WORKING = ("user", "nice", "system", "irq", "softirq", "steal")
"""What psutil counts, where the system does, of time in which a processor was not free."""


class Watch:
    """Looks from when it is made; *helper* is the number of a process that works for this one."""

    def __init__(self, helper: int | None = None) -> None:
        self._own = (os.getpid(),) if helper is None else (os.getpid(), helper)
        self._began = self._now()

    def others(self, used: int) -> float:
        """Return the share of *used* cores that other work took since.

        Cores beyond those that are used take up the work of others first. 0 where the system does not say.
        """
        seconds, working, own = (now - then for now, then in zip(self._now(), self._began, strict=True))
        if seconds <= 0 or working <= 0:
            return 0.0
        cores = _cores()
        used = max(1, min(used, cores))
        taken = working - own - (cores - used) * seconds
        return min(1.0, max(0.0, taken / (used * seconds)))

    def _now(self) -> tuple[float, float, float]:
        """Return seconds of the clock, of all work on our processors, and of our own."""
        return perf_counter(), _working_seconds(), sum(map(_seconds_of, self._own))


def _working_seconds() -> float:
    """Return the seconds that the processors of this process have worked, for whomever; 0 where it is not told."""
    try:
        every = psutil.cpu_times(percpu=True)
    except (OSError, RuntimeError, NotImplementedError):
        return 0.0
    ours = [every[one] for one in processors() if one < len(every)]
    return float(sum(getattr(times, kind, 0.0) for times in ours or every for kind in _WORKING))


def _seconds_of(process: int) -> float:
    """Return the processor time of a process; 0 for one that is gone, whose work is then taken for that of others."""
    try:
        times = psutil.Process(process).cpu_times()
    except (psutil.Error, OSError):
        return 0.0
    return float(times.user + times.system)


def _cores() -> int:
    """Return how many physical cores this process may run on, whatever quota it has."""
    allowed = len(processors())
    return max(1, min(psutil.cpu_count(logical=False) or allowed, allowed))
