"""How llama.cpp splits the bytes of a context by type of buffer, to the byte.

Its `llama_get_memory_breakdown` returns a C++ `std::map`, which no C interface covers. The map of GNU's library, which
every build for Linux uses, is read here as it lies in memory; elsewhere there is nothing to read. Since that layout is
private the caller holds what is read against the log.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from codereader import native
from codereader.engine.embedded import library

llama_cpp = native.llama()

_SYMBOL = "_Z26llama_get_memory_breakdownPK13llama_context"
_MOST_TYPES = 256
"""Types of buffers that are believed: a device has two or three."""


class _Map(ctypes.Structure):
    """GNU's `std::map`: a comparison, the head of a red-black tree, the number of its nodes."""

    _fields_ = (
        ("compare", ctypes.c_size_t),
        ("color", ctypes.c_size_t),
        ("root", ctypes.c_void_p),
        ("leftmost", ctypes.c_void_p),
        ("rightmost", ctypes.c_void_p),
        ("count", ctypes.c_size_t),
    )


class _Node(ctypes.Structure):
    """A node of that tree: its links, the type of buffer (the key), and llama.h's three sizes (the value)."""

    _fields_ = (
        ("color", ctypes.c_size_t),
        ("parent", ctypes.c_void_p),
        ("left", ctypes.c_void_p),
        ("right", ctypes.c_void_p),
        ("buffer_type", ctypes.c_void_p),
        ("model", ctypes.c_size_t),
        ("context", ctypes.c_size_t),
        ("compute", ctypes.c_size_t),
    )


def breakdown(context: Any) -> dict[str, tuple[int, int, int]] | None:
    """Return bytes of weights, cache and scratch by name of the buffer type; None where they cannot be read.

    *context* is llama.cpp's handle. The map's few nodes are never freed.
    """
    if sys.platform != "linux":
        return None
    try:
        function = getattr(llama_cpp.llama_cpp._lib, _SYMBOL)  # noqa: SLF001  # where the binding keeps its library
        name_of = library.ggml("ggml_backend_buft_name", ctypes.c_char_p, ctypes.c_void_p)
    except (AttributeError, OSError):
        return None
    function.restype, function.argtypes = _Map, [ctypes.c_void_p]
    made: _Map = function(context)
    found: dict[str, tuple[int, int, int]] = {}
    waiting = [made.root]
    while waiting and len(found) < _MOST_TYPES:
        place = waiting.pop()
        if not place:
            continue
        node = _Node.from_address(place)
        name = name_of(node.buffer_type).decode("utf-8", "replace")
        before = found.get(name, (0, 0, 0))
        found[name] = (before[0] + node.model, before[1] + node.context, before[2] + node.compute)
        waiting += [node.left, node.right]
    return found if found else None
