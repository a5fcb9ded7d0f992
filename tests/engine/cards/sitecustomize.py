"""Gives a Python process of a test cards that are not there: RPC devices of llama.cpp, of any size.

Python imports this at its start where PYTHONPATH names the folder. `CODEREADER_TEST_CARDS` holds the plug-in's path,
then ``address=free bytes`` a card, all separated by ``|``. A card whose server has gone is not there, but where
`CODEREADER_TEST_GONE_CARDS` is set: llama.cpp then meets it.
"""

from __future__ import annotations

import ctypes
import os
import socket


def add_cards(plugin: str, cards: list[str]) -> None:
    """Register a device for each of *cards* and let it report the size that it is given."""
    from codereader import native
    from codereader.engine.embedded import library

    native.llama()
    library.start()
    registry = load_plugin(plugin)
    address = library.ggml("ggml_backend_reg_get_proc_address", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
    add = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_char_p)(address(registry, b"ggml_backend_rpc_add_server"))
    register = library.ggml("ggml_backend_register", None, ctypes.c_void_p)
    device_of = library.ggml("ggml_backend_reg_dev_get", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    for card in cards:
        endpoint, _, size = card.partition("=")
        if not (listens(endpoint) or os.environ.get("CODEREADER_TEST_GONE_CARDS")):
            continue
        added = add(endpoint.encode())
        register(added)
        report(device_of(added, 0), int(size))


def listens(endpoint: str) -> bool:
    """Whether a card's server is there: llama.cpp ends the process that adds one that has gone.

    One that has gone refuses at once; one that serves another process may let wait, on a busy machine for long.
    """
    host, _, port = endpoint.partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=60).close()
    except OSError:
        return False
    return True


def load_plugin(plugin: str) -> int:
    """Return ggml's registry of the RPC plug-in at *plugin*."""
    from codereader.engine.embedded import library

    registry: int | None = library.ggml("ggml_backend_load", ctypes.c_void_p, ctypes.c_char_p)(os.fsencode(plugin))
    assert registry, f"ggml does not load {plugin}"
    return registry


def report(device: int, size: int) -> None:
    """Let ggml's *device* say that *size* bytes are free: its third function is put by one of ours."""
    pointer = ctypes.POINTER(ctypes.c_size_t)
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, pointer, pointer)

    def memory(
        _device: object, free: ctypes._Pointer[ctypes.c_size_t], total: ctypes._Pointer[ctypes.c_size_t]
    ) -> None:
        free[0] = total[0] = size

    kept = kind(memory)
    _KEPT.append(kept)
    (ctypes.c_void_p * 3).from_address(device)[2] = ctypes.cast(kept, ctypes.c_void_p).value


_KEPT: list[object] = []

_wanted = os.environ.get("CODEREADER_TEST_CARDS", "").split("|")
if _wanted[0]:
    add_cards(_wanted[0], _wanted[1:])
