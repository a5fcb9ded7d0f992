"""The llama.cpp library of this process: started once, silent, its log kept for error messages.

The only place that decides where llama.cpp's log goes: into memory, never to file descriptor 1, and to 2 only in a
process whose owner keeps that.
What it logs may quote the model file, so it is untrusted text.
"""

from __future__ import annotations

import ctypes
import functools
import os
import re
from collections import deque
from contextlib import suppress
from typing import Any

from codereader import native

llama_cpp = native.llama()

_DEBUG, _ERROR, _CONTINUED = 1, 4, 5
"""Levels of ggml.h, enum ggml_log_level."""

_lines: deque[tuple[int, str]] = deque(maxlen=2000)
_repeats = False
_PLACED = b" assigned to device "
"""In the lines of the debug log that say where each layer lies; of that log only they are kept."""

_WHERE = re.compile(r"^\w+: +")
_FRAME = re.compile(r"^(error loading model( vocabulary)?: |failed to initialize the context: )")
_NO_MEMORY = re.compile(
    r"insufficient memory|bad_alloc|(failed|unable) to allocate|cannot allocate|out of memory", re.I
)
_NO_BUFFER = re.compile(r"(failed|unable) to allocate (?P<buffer>\S+) buffer( of size|$)")
_SAYS_NOTHING = re.compile(r"^(failed to load model|llama_model_loader: failed to load model from .*)$", re.S)


def start() -> None:
    """Start the backends if this process has not, and take over the log. Harmless to call often."""
    llama_cpp.llama_log_set(_keep_line, ctypes.c_void_p(0))
    _start_backends()


def repeat_errors() -> None:
    """Write what llama.cpp logs as an error to standard error too: a process that it ends takes its log with it."""
    global _repeats
    _repeats = True


def forget_log() -> None:
    """Drop what was logged so far, so that `last_error` speaks of what comes next."""
    _lines.clear()


def log() -> tuple[str, ...]:
    """Return the lines that were logged since `forget_log`, as llama.cpp wrote them."""
    return tuple(text for _, text in tuple(_lines))


def last_error() -> str:
    """Return the first cause that llama.cpp logged since `forget_log`, printable and without its function's name."""
    causes = [_cause(text) for level, text in tuple(_lines) if level == _ERROR]
    telling = [cause for cause in causes if not _SAYS_NOTHING.match(cause)]
    return next(iter(telling or causes), "llama.cpp gave no reason")


def ran_out_of_memory() -> bool:
    """Whether an allocation failed since `forget_log`."""
    return any(level == _ERROR and _NO_MEMORY.search(text) for level, text in _lines)


def buffer_that_failed() -> str:
    """Return the name of the first type of buffer of which one could not be had since `forget_log`, else empty."""
    found = (_NO_BUFFER.search(text) for level, text in tuple(_lines) if level == _ERROR)
    return next((match["buffer"] for match in found if match), "")


def ggml(symbol: str, result: Any, *arguments: Any) -> Any:
    """Return one C function of ggml that the binding does not know, with the ctypes of its result and arguments.

    Looked up through libllama, which finds the ggml that it was linked with: a wheel holds copies of libggml under
    several names, and a second copy has a registry of its own. Windows looks into one library at a time and has one of
    each. Raises: AttributeError where none has it.
    """
    from llama_cpp._ctypes_extensions import load_shared_library
    from llama_cpp._ggml import libggml, libggml_base_path

    linked = llama_cpp.llama_cpp._lib  # noqa: SLF001 - the binding offers no other way to its library
    function = getattr(linked, symbol, None) or getattr(libggml, symbol, None)
    if function is None:
        function = getattr(load_shared_library("ggml-base", libggml_base_path), symbol)
    function.restype, function.argtypes = result, list(arguments)
    return function


@functools.cache
def _start_backends() -> None:
    llama_cpp.llama_backend_init()


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _keep_line(level: int, text: bytes | None, _data: object) -> None:
    """Called by llama.cpp from any thread; must not raise."""
    if not text or (level == _DEBUG and _PLACED not in text):
        return
    if level == _ERROR and _repeats:
        with suppress(OSError):
            os.write(2, text)
    line = text.decode("utf-8", "replace").rstrip("\n")
    if level == _CONTINUED and _lines:
        level, before = _lines.pop()
        line = before + line
    _lines.append((level, line))


def _cause(line: str) -> str:
    """Strip the function's name and its frame; show control characters instead of sending them on."""
    bare = _FRAME.sub("", _WHERE.sub("", line))
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in bare).strip()
