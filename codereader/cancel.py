"""One flag that stops long work: between files, between prefill batches, between tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Cancelled(Exception):
    """The person stopped the work. Not an error: fronts answer it with exit code 130."""


class CancelToken:
    """A flag that one thread sets and others look at. Setting it twice is harmless.

    A token with a *parent* is also set when that one is.
    """

    __slots__ = ("_parent", "_set", "may_raise")

    def __init__(self, parent: CancelToken | None = None) -> None:
        self._set = False
        self._parent = parent
        self.may_raise = False
        """Whether a signal handler may raise `Cancelled` on the spot instead of waiting for the next look."""

    def cancel(self) -> None:
        """Ask the work to stop at its next look."""
        self._set = True

    @contextmanager
    def anywhere(self) -> Iterator[None]:
        """Mark work that only reads and never looks: it may be stopped at any point."""
        self.check()
        before, self.may_raise = self.may_raise, True
        try:
            yield
        finally:
            self.may_raise = before

    @property
    def cancelled(self) -> bool:
        """Whether someone asked to stop."""
        return self._set or (self._parent is not None and self._parent.cancelled)

    def check(self) -> None:
        """Raise `Cancelled` if someone asked to stop."""
        if self.cancelled:
            raise Cancelled
