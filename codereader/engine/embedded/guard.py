"""Callbacks that llama.cpp calls while it works, and the way a stop travels through them.

C code cannot carry a Python exception: what is raised inside a callback is kept, the work is stopped, and the
exception is raised again when the C function has returned. Running Python code here is also what lets the
interpreter handle a pending Ctrl-C during a long call.
"""

from __future__ import annotations

from typing import Any

from codereader import native
from codereader.cancel import CancelToken
from codereader.engine.protocol import LoadProgress

llama_cpp = native.llama()


class Guard:
    """Stops one load or one run when its token is cancelled. Must outlive the C call that holds its callbacks."""

    def __init__(self, cancel: CancelToken, progress: LoadProgress | None = None) -> None:
        self._cancel = cancel
        self._progress = progress
        self._error: BaseException | None = None
        self.on_abort = llama_cpp.ggml_abort_callback(self._stop)
        self.on_progress = llama_cpp.llama_progress_callback(self._go_on)

    def raise_if_stopped(self) -> None:
        """Raise what a callback met, or Cancelled if the token says so."""
        error, self._error = self._error, None
        if error is not None:
            raise error
        self._cancel.check()

    def _stop(self, _data: Any) -> bool:
        """Return whether the evaluation has to stop; called between the steps of a graph."""
        try:
            return self._error is not None or self._cancel.cancelled
        except BaseException as error:  # noqa: BLE001 - a signal handler may raise anything; raised again afterwards
            self._error = error
            return True

    def _go_on(self, share: float, _data: Any) -> bool:
        """Return whether the load may go on; *share* of the weights is loaded."""
        try:
            if self._progress is not None:
                self._progress(share)
            return not self._cancel.cancelled
        except BaseException as error:  # noqa: BLE001 - as above
            self._error = error
            return False
