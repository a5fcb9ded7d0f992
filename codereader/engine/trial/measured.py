"""What a dry run of llama.cpp found that a plan takes: bytes by device and kind.

Plain data: knows nothing of how it was measured.
"""

from __future__ import annotations

from dataclasses import dataclass

from codereader.engine.plan import HOST


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes that one device holds. `name` is ggml's name of the device, HOST for the host's own memory."""

    name: str
    weights: int
    cache: int
    """Key/value cache and the fixed state of recurrent layers."""
    compute: int
    """The scratch buffer that graphs are evaluated in."""
    output: int = 0
    """The row of logits that is handed out; the host's memory, or memory of the host that a device can reach."""

    @property
    def total(self) -> int:
        """All bytes here."""
        return self.weights + self.cache + self.compute + self.output


@dataclass(frozen=True, slots=True)
class Measured:
    """What a plan takes, by device: those that hold anything in llama.cpp's order, the host last and always."""

    parts: tuple[Held, ...]

    def of(self, name: str) -> Held:
        """Return what the device called *name* holds, nothing where it is not among the parts."""
        return next((part for part in self.parts if part.name == name), Held(name, 0, 0, 0))

    @property
    def host(self) -> Held:
        """What the host's own memory holds."""
        return self.of(HOST)

    @property
    def total(self) -> int:
        """All bytes on all devices."""
        return sum(part.total for part in self.parts)
