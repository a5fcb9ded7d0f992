"""Every way to run a model on a machine that is worth a look: those that fit, and those that would with more memory."""

from __future__ import annotations

from collections.abc import Iterator

from codereader.engine.planning.candidate import Candidate, Chooser
from codereader.engine.planning.choice import device_sets, devices_of


def candidates(chooser: Chooser) -> Iterator[Candidate]:
    """Yield every way to run that is worth a look, those that do not fit the host's memory among them."""
    devices, layers = devices_of(chooser.machine, chooser.need), layers_of(chooser)
    if layers != 0:
        for some in device_sets(chooser.model, devices):
            yield from chooser.on_devices(some, layers)
    if not layers or not devices:
        yield from chooser.on_host()


def unfit(chooser: Chooser) -> list[Candidate]:
    """Return the ways to run for which the machine lacks memory, as if it had that."""
    devices, layers = devices_of(chooser.machine, chooser.need), layers_of(chooser)
    found: list[Candidate] = []
    if layers != 0:
        for some in device_sets(chooser.model, devices):
            found += chooser.regardless(some, layers)
    if not layers or not devices:
        found += chooser.on_host()
    return found


def layers_of(chooser: Chooser) -> int | None:
    """Return how many layers the person wants on devices, the output counted as one; None for as many as are good."""
    wanted, most = chooser.need.gpu_layers, chooser.model.layers + 1
    if wanted == "auto":
        return None
    return most if wanted < 0 else min(wanted, most)


def nearness(one: Candidate) -> tuple[object, ...]:
    """What ways that do not fit are sorted by: those on devices first, then by the bytes that are missing."""
    return (not one.placement.devices, one.lacks, one.key)
