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
from codereader.errors import EngineEnded


class Standby:
    """Holds one process that nobody uses yet; it ends with this object at the latest. Used by one thread at a time.

    That none can be started is told when it is needed.
    """

    def __init__(self) -> None:
        self._machine: Machine | None = None
        self._version = ""
        self._waiting: list[Child] = []
        weakref.finalize(self, _end, self._waiting)
        with suppress(EngineEnded):
            self._begin()

    def machine(self) -> Machine:
        """Return what the process sees of this machine. Raises: ModelError where there is no llama.cpp."""
        if self._machine is None:
            self._begin()
            try:
                child = self._waiting[0]
                self._version = child.version(CancelToken())
                self._machine = machine_of(child.wait(CancelToken()))
            except BaseException:
                _end(self._waiting)
                raise
        return self._machine

    def version(self) -> str:
        """Return which llama.cpp runs there. Raises: ModelError where there is none."""
        self.machine()
        return self._version

    def take(self) -> Child:
        """Return the process that waits, once; after that a new one. Raises: ModelError."""
        self.machine()
        return self._waiting.pop() if self._waiting else Child()

    def _begin(self) -> None:
        if not self._waiting:
            self._waiting.append(Child())
            self._waiting[0].send({"do": "machine"})


def _end(waiting: list[Child]) -> None:
    while waiting:
        waiting.pop().close()
