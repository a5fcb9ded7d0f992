"""The machine that a plan is made for: this one, or one that is described in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from codereader import config
from codereader.engine.hardware.machine import Machine
from codereader.fronts.plans.machines import HERE, specs

CPU = "cpu"
"""Stands for no device, as for `ask`."""


@dataclass(frozen=True, slots=True)
class Place:
    """A machine and what it is called."""

    name: str
    machine: Machine
    device: str = "auto"
    """Which of the machine's devices may be used, as `ask` takes it."""


def this_machine() -> Machine:
    """Return what is here, with what its memory was measured to give. Asking takes a process."""
    from codereader.engine.hardware import apart, bandwidth

    return bandwidth.with_bandwidth(apart.inventory(), config.cache_dir(), probe=True)


def place(written: Sequence[str], said: str | None, ask: Callable[[], Machine], *, with_own: bool = False) -> Place:
    """Return the machine of the devices that are *written* as --device takes them, and the memory *said* as --ram does.

    *ask* gives this machine, where it is needed. *with_own*: with the devices that are here, too. Raises: UsageError.
    """
    from codereader.engine.hardware.described import machine_of, ram_of

    named = specs(written)
    if said is None and (not named or (len(named) == 1 and _is_own(named[0], ask()))):
        device = named[0] if named and named[0] != HERE else "auto"
        return Place(_called(ask(), device), ask(), device)
    with_own = with_own or HERE in named
    devices = tuple(spec for spec in named if spec not in (HERE, CPU))
    ram, bandwidth = ram_of(said) if said is not None else (0, 0.0)
    here = None if ram and not with_own else ask()
    machine = machine_of(devices, ram, bandwidth=bandwidth, here=here)
    if here is not None and with_own:
        machine = replace(machine, devices=(*here.layer_devices, *machine.devices), can_offload=True)
    is_put_in = not ram and not any(device.shares_memory for device in machine.devices)
    return Place(f"{machine.name} in this machine" if is_put_in else machine.name, machine)


def _is_own(device: str, here: Machine) -> bool:
    """Whether *device* is how `ask` calls one of this machine's."""
    return device in (CPU, HERE, "auto") or device in {one.name for one in here.layer_devices}


def _called(here: Machine, device: str = "auto") -> str:
    """Return what this machine is called."""
    named = [one.description or one.name for one in here.layer_devices if device in ("auto", one.name)]
    return f"this machine ({', '.join(named) or 'CPU'})" if device != CPU else "this machine (CPU only)"
