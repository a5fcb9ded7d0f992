"""The GGUF container: metadata, tensor table and where long arrays lie, read without loading a weight.

Versions 2 and 3, little-endian. Sizes and offsets are bytes. Nothing a file says is believed: every count and length is
checked against the file's size before it is used, so a hostile file costs at most one pass over its own header.
Knows nothing of what the keys mean; that is `codereader.model.gguf`.
"""

from __future__ import annotations

import hashlib
import mmap
import stat
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from codereader.errors import ModelNotFound, ModelUnreadable

Scalar = int | float | bool | str
Value = Scalar | tuple[Scalar, ...]

MAGIC = b"GGUF"
SHORT_ARRAY = 4096
"""Arrays of at most this many elements are decoded into the metadata; longer ones are only located."""

MAX_KEYS = 1 << 16
MAX_TENSORS = 1 << 16
MAX_STRINGS = 1 << 21
MAX_DECODED = 1 << 20
"""Strings in lists, and elements of short arrays, all together."""
MAX_NAME = (1 << 16) - 1
"""Bytes of a key or of a tensor's name (the GGUF specification)."""
MAX_TEXT = 1 << 22
"""Bytes of any other single text: the longest of published models is a template of some 100 KB."""
MAX_HEADER = 1 << 27
"""Bytes before the weights. Bounds far beyond any published model: they keep a hostile header from costing minutes."""

TENSOR_TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18), 42: ("Q2_0", 64, 18),
}  # fmt: skip
"""Tensor type to name, elements a block, bytes a block (ggml.h and ggml-common.h)."""

_STRING, _ARRAY = 8, 9
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""Metadata type to `struct` format (gguf.h, enum gguf_type)."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: `offset` in bytes from the start of the file of part `part` (0-based)."""

    name: str
    shape: tuple[int, ...]
    kind: str
    offset: int
    bytes: int
    part: int = 0

    @property
    def elements(self) -> int:
        """Number of weights in the tensor."""
        count = 1
        for length in self.shape:
            count *= length
        return count


@dataclass(frozen=True, slots=True)
class ArrayPlace:
    """Where a metadata array lies: type number of its elements, their count, byte offset of the first."""

    kind: int
    count: int
    offset: int


@dataclass(frozen=True, slots=True)
class Scan:
    """One file, scanned: metadata, places of arrays, tensors."""

    path: Path
    file_bytes: int
    metadata: dict[str, Value]
    arrays: dict[str, ArrayPlace]
    tensors: tuple[Tensor, ...]
    digest: str


class _Reader:
    """A cursor over the mapped header of one file that never reads beyond its end, nor beyond `MAX_HEADER`."""

    __slots__ = ("data", "path", "position", "size", "strings")

    def __init__(self, data: mmap.mmap, path: Path, position: int) -> None:
        self.data = data
        self.path = path
        self.position = position
        self.size = min(len(data), MAX_HEADER)
        self.strings = 0

    def broken(self, why: str) -> ModelUnreadable:
        """Return the error that says why the header cannot be read."""
        return ModelUnreadable(f"cannot read the header of {self.path}: {why}")

    def take(self, length: int) -> int:
        """Move past *length* bytes and return where they begin."""
        start = self.position
        if length > self.size - start:
            size = len(self.data)
            if start + length <= size:
                raise self.broken(f"it is larger than {MAX_HEADER:,} bytes")
            raise self.broken(f"it is truncated ({length:,} bytes promised at {start:,}, the file has {size:,})")
        self.position = start + length
        return start

    def number(self, kind: int) -> int | float | bool:
        """Return one number of metadata type *kind*."""
        value: int | float | bool = self.numbers(kind, 1)[0]
        return value

    def whole(self, kind: int) -> int:
        """Return one number of the whole-number type *kind*."""
        return int(self.number(kind))

    def numbers(self, kind: int, count: int) -> tuple[int, ...] | tuple[float, ...]:
        """Return *count* numbers of metadata type *kind*."""
        layout = struct.Struct(f"<{_NUMBERS[kind]}")
        start = self.take(count * layout.size)
        return struct.unpack_from(f"<{count}{_NUMBERS[kind]}", self.data, start)

    def text(self, most: int) -> str:
        """Return one string of at most *most* bytes."""
        length = self.whole(10)
        start = self.take(length)
        if length > most:
            raise self.broken(f"it holds a text of {length:,} bytes at {start:,}, where {most:,} are the most")
        return self.data[start : start + length].decode("utf-8", "replace")


def scan_file(path: Path) -> Scan:
    """Walk the header of the file at *path* once. Raises: ModelNotFound, ModelUnreadable."""
    with _mapped(path) as data:
        reader = _start(data, path)
        tensor_count, key_count = reader.whole(10), reader.whole(10)
        if key_count > MAX_KEYS or tensor_count > MAX_TENSORS:
            raise reader.broken(f"{key_count:,} keys and {tensor_count:,} tensors are more than any model has")
        metadata, arrays = _read_metadata(reader, key_count)
        tensors = _read_tensors(reader, tensor_count, _alignment(reader, metadata))
        return Scan(path, len(data), metadata, arrays, tensors, hashlib.sha256(data[: reader.position]).hexdigest())


def strings_at(path: Path, place: ArrayPlace) -> list[bytes]:
    """Return the strings of the array at *place*, undecoded. Raises: ModelNotFound, ModelUnreadable."""
    with _mapped(path) as data:
        return _strings(_Reader(data, path, place.offset), place.count) if place.kind == _STRING else []


def numbers_at(path: Path, place: ArrayPlace) -> list[int] | list[float]:
    """Return the numbers of the array at *place*. Raises: ModelNotFound, ModelUnreadable."""
    with _mapped(path) as data:
        return (
            list(_Reader(data, path, place.offset).numbers(place.kind, place.count)) if place.kind in _NUMBERS else []
        )


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    """Map the regular, non-empty file at *path* for reading."""
    try:
        data = _map(path)
    except (FileNotFoundError, NotADirectoryError):
        raise ModelNotFound(f"there is no model at {path}") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ModelUnreadable(f"cannot read the model {path}: {why}") from None
    with data:
        yield data


def _map(path: Path) -> mmap.mmap:
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise ModelUnreadable(f"cannot read the model {path}: it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise ModelUnreadable(f"cannot read the model {path}: it is not a regular file")
    if status.st_size == 0:
        raise ModelUnreadable(f"cannot read the model {path}: the file is empty")
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _start(data: mmap.mmap, path: Path) -> _Reader:
    """Check magic and version; return a reader that stands behind them."""
    magic = data[:4]
    if magic != MAGIC:
        raise ModelUnreadable(f"{path} is not a GGUF model: it starts with {magic!r}, not {MAGIC!r}")
    reader = _Reader(data, path, 4)
    version = reader.whole(4)
    if version & 0xFFFF == 0:
        raise reader.broken("it is written for big-endian machines")
    if version not in (2, 3):
        raise reader.broken(f"it is of GGUF version {version}; versions 2 and 3 can be read")
    return reader


def _read_metadata(reader: _Reader, count: int) -> tuple[dict[str, Value], dict[str, ArrayPlace]]:
    """Read *count* keys with their values; long arrays are passed over."""
    metadata: dict[str, Value] = {}
    arrays: dict[str, ArrayPlace] = {}
    decoded = 0
    for _ in range(count):
        key = reader.text(MAX_NAME)
        if not key or key in metadata or key in arrays:
            raise reader.broken(f"the key {key!r} is {'given twice' if key else 'empty'}")
        kind = reader.whole(4)
        if kind != _ARRAY:
            metadata[key] = _scalar(reader, kind)
            continue
        kind, length = reader.whole(4), reader.whole(10)
        arrays[key] = ArrayPlace(kind, length, reader.position)
        if length > SHORT_ARRAY:
            _skip_array(reader, kind, length)
            continue
        decoded += length
        if decoded > MAX_DECODED:
            raise reader.broken(f"its short lists have more than {MAX_DECODED:,} elements")
        metadata[key] = _short_array(reader, kind, length)
    return metadata, arrays


def _scalar(reader: _Reader, kind: int) -> Scalar:
    if kind == _STRING:
        return reader.text(MAX_TEXT)
    if kind not in _NUMBERS:
        raise reader.broken(f"it holds a value of the unknown type {kind}")
    return reader.number(kind)


def _short_array(reader: _Reader, kind: int, count: int) -> tuple[Scalar, ...]:
    if kind == _STRING:
        return tuple(text.decode("utf-8", "replace") for text in _strings(reader, count))
    if kind not in _NUMBERS:
        raise reader.broken(f"it holds an array of the unknown type {kind}")
    return reader.numbers(kind, count)


def _skip_array(reader: _Reader, kind: int, count: int) -> None:
    """Move behind an array without decoding it."""
    if kind in _NUMBERS:
        reader.take(count * struct.calcsize(f"<{_NUMBERS[kind]}"))
        return
    if kind != _STRING:
        raise reader.broken(f"it holds an array of the unknown type {kind}")
    _bound_strings(reader, count)
    data, position, length_at = reader.data, reader.position, struct.Struct("<Q").unpack_from
    try:
        for _ in range(count):
            position += 8 + length_at(data, position)[0]
    except (struct.error, OverflowError):
        raise reader.broken("it is truncated inside a list of strings") from None
    reader.take(position - reader.position)


def _strings(reader: _Reader, count: int) -> list[bytes]:
    """Return *count* strings, undecoded, and move behind them."""
    _bound_strings(reader, count)
    data, position, length_at = reader.data, reader.position, struct.Struct("<Q").unpack_from
    strings: list[bytes] = []
    try:
        for _ in range(count):
            end = position + 8 + length_at(data, position)[0]
            if end > reader.size:
                raise reader.broken("it is truncated inside a list of strings")
            strings.append(data[position + 8 : end])
            position = end
    except (struct.error, OverflowError, IndexError):
        raise reader.broken("it is truncated inside a list of strings") from None
    reader.take(position - reader.position)
    return strings


def _bound_strings(reader: _Reader, count: int) -> None:
    reader.strings += count
    if reader.strings > MAX_STRINGS or count * 8 > reader.size - reader.position:
        raise reader.broken(f"it promises a list of {count:,} strings")


def _alignment(reader: _Reader, metadata: Mapping[str, Value]) -> int:
    """Return the alignment of the weights in bytes; 32 where the file does not say."""
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1):
        raise reader.broken(f"its alignment {alignment!r} is not a power of two")
    return alignment


def _read_tensors(reader: _Reader, count: int, alignment: int) -> tuple[Tensor, ...]:
    """Read the tensor table and check that the file holds all that it promises."""
    table = [_read_tensor(reader) for _ in range(count)]
    start = _padded(reader.position, alignment)
    expected, size, names = 0, len(reader.data), set[str]()
    for tensor in table:
        if tensor.name in names:
            raise reader.broken(f"it has two tensors called {tensor.name!r}")
        names.add(tensor.name)
        if tensor.offset != expected:
            raise reader.broken(f"the tensor {tensor.name!r} lies at {tensor.offset:,}, not at {expected:,}")
        expected += _padded(tensor.bytes, alignment)
    end = start + table[-1].offset + table[-1].bytes if table else 0
    if end > size:
        raise ModelUnreadable(
            f"{reader.path} is truncated: its header promises {end:,} bytes, the file has {size:,}",
            hint="Download the model again.",
        )
    return tuple(replace(tensor, offset=start + tensor.offset) for tensor in table)


def _read_tensor(reader: _Reader) -> Tensor:
    """Read one entry of the table; `offset` is still relative to the first weight."""
    name = reader.text(MAX_NAME)
    dimensions = reader.whole(4)
    if dimensions > 4:
        raise reader.broken(f"the tensor {name!r} has {dimensions:,} dimensions")
    shape = tuple(int(length) for length in reader.numbers(10, dimensions))
    kind, offset = reader.whole(4), reader.whole(10)
    if kind not in TENSOR_TYPES:
        raise reader.broken(f"the tensor {name!r} is of the type {kind}, which this version does not know")
    word, block, block_bytes = TENSOR_TYPES[kind]
    tensor = Tensor(name, shape, word, offset, 0)
    row = shape[0] if shape else 1
    if row % block:
        raise reader.broken(f"the tensor {name!r} of type {word} has rows of {row:,} weights")
    return replace(tensor, bytes=tensor.elements // block * block_bytes)


def _padded(position: int, alignment: int) -> int:
    return -(-position // alignment) * alignment
