"""Write a header as a hollow GGUF: true metadata and tensor table, weights that are holes of zeros.

llama.cpp measures such a file in a dry run as it would the real one, so a model can be measured that is only known by
name. It has no vocabulary, and takes a few hundred KB of disk where files can have holes. Sizes are bytes.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from codereader.model.container import TENSOR_TYPES, Tensor, Value
from codereader.model.gguf import ModelHeader

ALIGNMENT = 32
_TYPE_NUMBERS = {name: number for number, (name, _, _) in TENSOR_TYPES.items()}
_FORMATS = {4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q"}
_U32, _I32, _F32, _BOOL, _STRING, _ARRAY, _U64, _I64 = 4, 5, 6, 7, 8, 9, 10, 11
_WITHOUT = ("tokenizer.", "split.", "general.alignment")


def write_hollow(folder: Path, header: ModelHeader) -> Path:
    """Write *header* into *folder* as one hollow GGUF and return its path.

    Raises: OSError where the folder cannot take a file of that length.
    """
    path = folder / f"{header.digest[:16]}.gguf"
    head = _head(_metadata(header), header.tensors)
    with path.open("wb") as file:
        _allow_holes(file)
        file.write(head)
        file.truncate(len(head) + sum(_padded(tensor.bytes) for tensor in header.tensors))
    return path


def _metadata(header: ModelHeader) -> dict[str, Value]:
    """Return what the file says: all that *header* does but for the vocabulary, of which only the size is left."""
    kept = {key: value for key, value in header.metadata.items() if not key.startswith(_WITHOUT)}
    size = {f"{header.architecture}.vocab_size": header.vocab_size} if header.vocab_size else {}
    return {**kept, **size, "tokenizer.ggml.model": "none"}


def _head(metadata: Mapping[str, Value], tensors: Iterable[Tensor]) -> bytes:
    """Return everything that stands before the weights."""
    table = list(tensors)
    parts = [b"GGUF", struct.pack("<IQQ", 3, len(table), len(metadata))]
    parts += [_string(key) + _value(value) for key, value in metadata.items()]
    offset = 0
    for tensor in table:
        lengths = len(tensor.shape)
        number = _TYPE_NUMBERS[tensor.kind]
        parts.append(_string(tensor.name) + struct.pack(f"<I{lengths}QIQ", lengths, *tensor.shape, number, offset))
        offset += _padded(tensor.bytes)
    head = b"".join(parts)
    return head.ljust(_padded(len(head)), b"\0")


def _value(value: Value) -> bytes:
    if not isinstance(value, tuple):
        kind = _kind(value, _U32)
        return struct.pack("<I", kind) + _scalar(kind, value)
    kind = max((_kind(one, _I32) for one in value), default=_I32)
    return struct.pack("<IIQ", _ARRAY, kind, len(value)) + b"".join(_scalar(kind, one) for one in value)


def _kind(value: bool | float | str, whole: int) -> int:
    """Return the metadata type of *value*; *whole* is that of usual whole numbers."""
    if isinstance(value, str):
        return _STRING
    if isinstance(value, bool):
        return _BOOL
    if isinstance(value, float):
        return _F32
    if value < 0 and whole == _U32:
        return _I64 if value < -(1 << 31) else _I32
    return whole if value < 1 << (31 if whole == _I32 else 32) else _U64


def _scalar(kind: int, value: bool | float | str) -> bytes:
    return _string(value) if isinstance(value, str) else struct.pack(_FORMATS[kind], value)


def _string(text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    return struct.pack("<Q", len(data)) + data


def _padded(length: int) -> int:
    return -(-length // ALIGNMENT) * ALIGNMENT


def _allow_holes(file: BinaryIO) -> None:
    """Mark *file* as one that may have holes: Windows fills a lengthened file otherwise."""
    if sys.platform == "win32":
        import ctypes
        import msvcrt
        from ctypes import wintypes

        set_sparse = 0x900C4  # FSCTL_SET_SPARSE of winioctl.h
        handle = wintypes.HANDLE(msvcrt.get_osfhandle(file.fileno()))
        done = wintypes.DWORD()
        ctypes.windll.kernel32.DeviceIoControl(handle, set_sparse, None, 0, None, 0, ctypes.byref(done), None)
