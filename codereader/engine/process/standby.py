"""A process for an engine, started before there is an engine: it comes up while the tree is walked and packed.

Meanwhile it tells which llama.cpp runs there and what the machine has, so that this process needs no llama.cpp.
"""

from __future__ import annotations

import weakref
from contextlib import suppress

from codereader.cancel import CancelToken
from codereader.engine.hardware.machine import Machine
from codereader.engine.process.child import Child
from codereader.engine.process.messages import machine_of
from codereader.errors import EngineEnded, ModelError


class Standby:
    """Holds one process that nobody uses yet; it ends with this object at the latest. Used by one thread at a time.

    Waiting for it ends with *cancel*.
    """

    def __init__(self, cancel: CancelToken | None = None) -> None:
        self._cancel = cancel or CancelToken()
        self._machine: Machine | None = None
        self._version = ""
        self._waiting: list[Child] = []
        weakref.finalize(self, _end, self._waiting)
        with suppress(EngineEnded):
            self._waiting.append(Child())
            self._waiting[0].send({"do": "machine"})

    def machine(self) -> Machine:
        """Return what the process sees of this machine; where it cannot tell, one without cards, and its `trouble`.

        Raises: Cancelled.
        """
        if self._machine is None:
            self._machine = self._ask()
        return self._machine

    def now(self) -> Machine:
        """Return what a new process, the next that is taken, sees of this machine. Raises as `machine`."""
        _end(self._waiting)
        with suppress(EngineEnded):
            self._waiting.append(Child())
            self._waiting[0].send({"do": "machine"})
        return self._ask()

    def version(self) -> str:
        """Return which llama.cpp runs there. Raises: ModelError where there is none, Cancelled."""
        self.machine()
        if not self._version:
            child = self.take()
            try:
                self._version = child.version(self._cancel)
            finally:
                child.close()
        return self._version

    def take(self) -> Child:
        """Return the process that waits, once; after that a new one. Raises: EngineEnded, Cancelled."""
        self.machine()
        return self._waiting.pop() if self._waiting else Child()

    def _ask(self) -> Machine:
        from codereader.engine.hardware.devices import host_only

        if not self._waiting:
            return host_only("no process could be started to list the devices")
        try:
            child = self._waiting[0]
            self._version = child.version(self._cancel)
            return machine_of(child.wait(self._cancel))
        except ModelError as error:
            _end(self._waiting)
            return host_only(str(error))
        except BaseException:
            self._waiting.pop().kill()
            raise


def _end(waiting: list[Child]) -> None:
    while waiting:
        waiting.pop().close()
