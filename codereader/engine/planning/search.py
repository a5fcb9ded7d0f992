"""Every way to run a model on a machine that is worth a look: those that fit, and those that would with more memory."""

from __future__ import annotations

from codereader.engine.planning.candidate import Candidate, Chooser
from codereader.engine.planning.choice import device_sets, devices_of


def candidates(chooser: Chooser) -> list[Candidate]:
    """Return every way to run that is worth a look, those that do not fit the host's memory among them."""
    need, model = chooser.need, chooser.model
    devices = devices_of(chooser.machine, need)
    layers = None if need.gpu_layers == "auto" else need.gpu_layers
    if layers is not None:
        layers = model.layers + 1 if layers < 0 else min(layers, model.layers + 1)
    found: list[Candidate] = []
    if layers != 0:
        for some in device_sets(model, devices):
            found += chooser.on_devices(some, layers)
    if not layers or not devices:
        found += chooser.on_host()
    return found


def unfit(chooser: Chooser) -> list[Candidate]:
    """Return the ways to run for which the machine lacks memory, as if it had that."""
    devices = devices_of(chooser.machine, chooser.need)
    found = [] if devices and chooser.need.gpu_layers not in ("auto", 0) else list(chooser.on_host())
    if chooser.need.gpu_layers != 0:
        for some in device_sets(chooser.model, devices):
            found += chooser.regardless(some)
    return found


def nearness(one: Candidate) -> tuple[object, ...]:
    """What ways that do not fit are sorted by: those on devices first, then by the bytes that are missing."""
    return (not one.placement.devices, one.lacks, one.key)
