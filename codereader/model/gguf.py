"""What a GGUF file says about itself, read without loading a weight.

Owns the container format (versions 2 and 3, little-endian): metadata, tensor table, parts of a split model.
Sizes and offsets are bytes. Nothing a header says is believed: every count and length is checked against the
file's size before it is used, so a hostile file costs at most one pass over its own header.
Long arrays (tokens, merges, scores) are only located; `read_strings` and `read_numbers` decode them when asked.
Knows nothing of engines or devices.
"""

from __future__ import annotations

import hashlib
import mmap
import re
import stat
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from codereader.errors import ModelNotFound, ModelUnreadable

Scalar = int | float | bool | str
Value = Scalar | tuple[Scalar, ...]

MAGIC = b"GGUF"
SHORT_ARRAY = 4096
"""Arrays of at most this many elements are decoded into the metadata; longer ones are only located."""

MAX_KEYS = 1 << 16
MAX_TENSORS = 1 << 18
MAX_STRINGS = 1 << 23
"""Bounds far beyond any published model; they keep a hostile header from costing minutes."""

FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS",
    20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M",
    28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
    39: "NVFP4", 40: "Q1_0", 41: "Q2_0",
}  # fmt: skip
"""`general.file_type` in the words that people use (llama.h, enum llama_ftype)."""

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

_PART = re.compile(r"(?P<stem>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.DOTALL)


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
class ModelHeader:
    """What a model file says about itself. Fields that the file lacks are 0, empty or None.

    Per-layer facts (`head_counts`, `kv_head_counts`) have one entry a block, or are empty.
    """

    path: Path
    """The file, or the first part of a split model."""
    parts: tuple[Path, ...]
    file_bytes: int
    """Size on disk of all parts."""
    architecture: str
    name: str
    quantization: str
    context_length: int
    """Tokens of context that the model was trained for."""
    block_count: int
    embedding_length: int
    head_counts: tuple[int, ...]
    kv_head_counts: tuple[int, ...]
    key_length: int
    value_length: int
    rope_base: float
    rope_scaling: str
    expert_count: int
    expert_used_count: int
    sliding_window: int
    vocab_size: int
    tokenizer_model: str
    tokenizer_pre: str
    chat_template: str | None
    bos_id: int | None
    eos_id: int | None
    eot_id: int | None
    add_bos: bool | None
    """Whether the vocabulary asks for a BOS token first; None where the file leaves it to the tokenizer."""
    tensors: tuple[Tensor, ...] = field(repr=False)
    metadata: Mapping[str, Value] = field(repr=False)
    """All metadata but long arrays."""
    arrays: Mapping[str, ArrayPlace] = field(repr=False)
    """Every array of the first part, decoded or not."""
    digest: str
    """SHA-256 (hex) of the first part's bytes before its weights."""

    @property
    def parameters(self) -> int:
        """Number of weights: the sum of all tensors' elements."""
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.bytes for tensor in self.tensors)

    def number(self, key: str, default: int = 0) -> int:
        """Return the whole number at ``<architecture>.<key>``, or *default* where it is missing or of another type."""
        return _whole(self.metadata.get(f"{self.architecture}.{key}"), default)


def read_header(path: Path) -> ModelHeader:
    """Read what the GGUF file at *path* says, all parts of it if it is split.

    Raises: ModelNotFound; ModelUnreadable for anything that is not a whole GGUF of version 2 or 3.
    """
    first, parts = _parts_by_name(path)
    scan = _scan(first)
    promised = _whole(scan.metadata.get("split.count"), 1)
    if promised <= 1:
        return _header(scan, (first,), scan.tensors, scan.file_bytes)
    if promised != len(parts):
        raise ModelUnreadable(f"{path} is one of {promised} parts, but its name does not say which")
    scans = [scan, *(_scan(part) for part in parts[1:])]
    tensors = tuple(replace(tensor, part=number) for number, one in enumerate(scans) for tensor in one.tensors)
    return _header(scan, parts, tensors, sum(one.file_bytes for one in scans))


def read_strings(header: ModelHeader, key: str) -> list[bytes]:
    """Return the strings of the metadata array *key*, undecoded; an empty list where there is none.

    Raises: ModelNotFound or ModelUnreadable when the file changed since *header* was read.
    """
    place = header.arrays.get(key)
    if place is None or place.kind != _STRING:
        return []
    with _mapped(header.path) as data:
        return _strings(_Reader(data, header.path, place.offset), place.count)


def read_numbers(header: ModelHeader, key: str) -> list[int] | list[float]:
    """Return the numbers of the metadata array *key*; an empty list where there is none. Raises as `read_strings`."""
    place = header.arrays.get(key)
    if place is None or place.kind not in _NUMBERS:
        return []
    with _mapped(header.path) as data:
        return list(_Reader(data, header.path, place.offset).numbers(place.kind, place.count))


@dataclass(frozen=True, slots=True)
class _Scan:
    """One file, scanned: metadata, places of arrays, tensors."""

    path: Path
    file_bytes: int
    metadata: dict[str, Value]
    arrays: dict[str, ArrayPlace]
    tensors: tuple[Tensor, ...]
    digest: str


class _Reader:
    """A cursor over the mapped bytes of one file that never reads beyond their end."""

    __slots__ = ("data", "path", "position", "size")

    def __init__(self, data: mmap.mmap, path: Path, position: int) -> None:
        self.data = data
        self.path = path
        self.position = position
        self.size = len(data)

    def broken(self, why: str) -> ModelUnreadable:
        """Return the error that says why the header cannot be read."""
        return ModelUnreadable(f"cannot read the header of {self.path}: {why}")

    def take(self, length: int) -> int:
        """Move past *length* bytes and return where they begin."""
        start = self.position
        if length > self.size - start:
            raise self.broken(f"it is truncated ({length:,} bytes promised at {start:,}, the file has {self.size:,})")
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

    def bytes(self) -> bytes:
        """Return one string, undecoded."""
        length = self.whole(10)
        start = self.take(length)
        return self.data[start : start + length]

    def text(self) -> str:
        """Return one string."""
        return self.bytes().decode("utf-8", "replace")


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


def _scan(path: Path) -> _Scan:
    """Walk one file's header once."""
    with _mapped(path) as data:
        reader = _start(data, path)
        tensor_count, key_count = reader.whole(10), reader.whole(10)
        if key_count > MAX_KEYS or tensor_count > MAX_TENSORS:
            raise reader.broken(f"{key_count:,} keys and {tensor_count:,} tensors are more than any model has")
        metadata, arrays = _read_metadata(reader, key_count)
        tensors = _read_tensors(reader, tensor_count, _alignment(reader, metadata))
        return _Scan(path, len(data), metadata, arrays, tensors, hashlib.sha256(data[: reader.position]).hexdigest())


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
    for _ in range(count):
        key = reader.text()
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
        else:
            metadata[key] = _short_array(reader, kind, length)
    return metadata, arrays


def _scalar(reader: _Reader, kind: int) -> Scalar:
    if kind == _STRING:
        return reader.text()
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
            strings.append(data[position + 8 : end])
            position = end
    except (struct.error, OverflowError, IndexError):
        raise reader.broken("it is truncated inside a list of strings") from None
    reader.take(position - reader.position)
    return strings


def _bound_strings(reader: _Reader, count: int) -> None:
    if count > MAX_STRINGS or count * 8 > reader.size - reader.position:
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
    expected = 0
    for tensor in table:
        if tensor.offset != expected:
            raise reader.broken(f"the tensor {tensor.name!r} lies at {tensor.offset:,}, not at {expected:,}")
        expected += _padded(tensor.bytes, alignment)
    end = start + table[-1].offset + table[-1].bytes if table else 0
    if end > reader.size:
        raise ModelUnreadable(
            f"{reader.path} is truncated: its header promises {end:,} bytes, the file has {reader.size:,}",
            hint="Download the model again.",
        )
    return tuple(replace(tensor, offset=start + tensor.offset) for tensor in table)


def _read_tensor(reader: _Reader) -> Tensor:
    """Read one entry of the table; `offset` is still relative to the first weight."""
    name = reader.text()
    dimensions = reader.whole(4)
    if dimensions > 4:
        raise reader.broken(f"the tensor {name!r} has {dimensions:,} dimensions")
    shape = tuple(int(length) for length in reader.numbers(10, dimensions))
    kind, offset = reader.whole(4), reader.whole(10)
    if kind not in TENSOR_TYPES:
        raise reader.broken(f"the tensor {name!r} is of the type {kind}, which this version does not know")
    word, block, block_bytes = TENSOR_TYPES[kind]
    tensor = Tensor(name, shape, word, offset, 0)
    if (shape[0] if shape else 1) % block:
        raise reader.broken(f"the tensor {name!r} of type {word} has rows of {shape[0]:,} weights")
    return replace(tensor, bytes=tensor.elements // block * block_bytes)


def _padded(position: int, alignment: int) -> int:
    return -(-position // alignment) * alignment


def _parts_by_name(path: Path) -> tuple[Path, tuple[Path, ...]]:
    """Return the file to read first and, going by its name, all parts of the model in order."""
    match = _PART.fullmatch(path.name)
    if match is None:
        return path, (path,)
    stem, count = match["stem"], int(match["count"])
    parts = tuple(path.with_name(f"{stem}-{number:05}-of-{count:05}.gguf") for number in range(1, count + 1))
    if path not in parts:
        return path, (path,)
    missing = next((part for part in parts if part != path and not part.exists()), None)
    if missing is not None and path.exists():
        raise ModelUnreadable(f"{path} is one of {count} parts, and {missing.name} is missing beside it")
    return parts[0], parts


def _header(scan: _Scan, parts: tuple[Path, ...], tensors: tuple[Tensor, ...], file_bytes: int) -> ModelHeader:
    """Name the facts of a scanned file."""
    known = scan.metadata
    architecture = _text(known.get("general.architecture"))

    def number(key: str, default: int = 0) -> int:
        return _whole(known.get(f"{architecture}.{key}"), default)

    blocks = number("block_count")
    heads = _per_block(known.get(f"{architecture}.attention.head_count"), blocks)
    embedding = number("embedding_length")
    per_head = embedding // heads[0] if heads and heads[0] else 0
    tokens = scan.arrays.get("tokenizer.ggml.tokens")
    return ModelHeader(
        path=scan.path,
        parts=parts,
        file_bytes=file_bytes,
        architecture=architecture,
        name=_text(known.get("general.name")).strip() or scan.path.stem,
        quantization=_quantization(known.get("general.file_type"), tensors),
        context_length=number("context_length"),
        block_count=blocks,
        embedding_length=embedding,
        head_counts=heads,
        kv_head_counts=_per_block(known.get(f"{architecture}.attention.head_count_kv"), blocks) or heads,
        key_length=number("attention.key_length", per_head),
        value_length=number("attention.value_length", per_head),
        rope_base=_real(known.get(f"{architecture}.rope.freq_base")),
        rope_scaling=_text(known.get(f"{architecture}.rope.scaling.type")),
        expert_count=number("expert_count"),
        expert_used_count=number("expert_used_count"),
        sliding_window=number("attention.sliding_window"),
        vocab_size=tokens.count if tokens else number("vocab_size"),
        tokenizer_model=_text(known.get("tokenizer.ggml.model")),
        tokenizer_pre=_text(known.get("tokenizer.ggml.pre")),
        chat_template=_text(known.get("tokenizer.chat_template")) or None,
        bos_id=_token(known.get("tokenizer.ggml.bos_token_id")),
        eos_id=_token(known.get("tokenizer.ggml.eos_token_id")),
        eot_id=_token(known.get("tokenizer.ggml.eot_token_id")),
        add_bos=_flag(known.get("tokenizer.ggml.add_bos_token")),
        tensors=tensors,
        metadata=known,
        arrays=scan.arrays,
        digest=scan.digest,
    )


def _quantization(file_type: Value | None, tensors: tuple[Tensor, ...]) -> str:
    """Name the quantisation; where the file does not say, that of most bytes."""
    word = FILE_TYPES.get(_whole(file_type, -1) & ~1024)
    if word is not None:
        return word
    shares: dict[str, int] = {}
    for tensor in tensors:
        shares[tensor.kind] = shares.get(tensor.kind, 0) + tensor.bytes
    return max(sorted(shares), key=shares.__getitem__, default="")


def _per_block(value: Value | None, blocks: int) -> tuple[int, ...]:
    """Return one number a block from a number for all or an array."""
    if isinstance(value, tuple):
        return tuple(_whole(one, 0) for one in value)
    if not isinstance(value, int) or not 0 <= blocks <= SHORT_ARRAY:
        return ()
    return (value,) * blocks


def _whole(value: Value | None, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _real(value: Value | None) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""


def _token(value: Value | None) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _flag(value: Value | None) -> bool | None:
    return value if isinstance(value, bool) else None
