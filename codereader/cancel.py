"""One flag that stops long work: between files, between prefill batches, between tokens."""

from __future__ import annotations


class Cancelled(Exception):
    """The person stopped the work. Not an error: fronts answer it with exit code 130."""


class CancelToken:
    """A flag that one thread sets and others look at. Setting it twice is harmless."""

    __slots__ = ("_set",)

    def __init__(self) -> None:
        self._set = False

    def cancel(self) -> None:
        """Ask the work to stop at its next look."""
        self._set = True

    @property
    def cancelled(self) -> bool:
        """Whether someone asked to stop."""
        return self._set

    def check(self) -> None:
        """Raise `Cancelled` if someone asked to stop."""
        if self._set:
            raise Cancelled
