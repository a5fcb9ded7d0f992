"""What a GGUF file says about the model in it, all parts of a split model taken together.

Names the facts that others need; the bytes are `codereader.model.container`'s. Long arrays (tokens, merges, scores) are
only located; `read_strings` and `read_numbers` decode them when asked. Knows nothing of engines or devices.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from codereader.errors import ModelUnreadable
from codereader.model.container import SHORT_ARRAY, ArrayPlace, Scan, Tensor, Value, numbers_at, scan_file, strings_at

FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS",
    20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M",
    28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
    39: "NVFP4", 40: "Q1_0", 41: "Q2_0",
}  # fmt: skip
"""`general.file_type` in the words that people use (llama.h, enum llama_ftype)."""

MAX_SIZE = (1 << 31) - 1
"""Largest number that is believed of any size or count; llama.cpp reads them as 32-bit numbers."""

_PART = re.compile(r"(?P<stem>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.DOTALL)


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
    """Experts that a token uses, of the layer that uses most."""
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

    def number(self, key: str, default: int = 0) -> int:
        """Return the size at ``<architecture>.<key>``; *default* where it is missing, of another type or absurd."""
        value = _whole(self.metadata.get(f"{self.architecture}.{key}"), default)
        return value if 0 <= value <= MAX_SIZE else default

    def per_layer(self, key: str, default: int = 0) -> tuple[int, ...]:
        """Return the size at ``<architecture>.<key>`` for each block, given as one number for all or as an array.

        *default* where it is missing, of another type, absurd, or the array too short.
        """
        value = self.metadata.get(f"{self.architecture}.{key}")
        if not isinstance(value, tuple):
            return (self.number(key, default),) * self.block_count
        found = (_whole(one, default) for one in value[: self.block_count])
        sizes = tuple(size if 0 <= size <= MAX_SIZE else default for size in found)
        return sizes + (default,) * (self.block_count - len(sizes))


def read_header(path: Path) -> ModelHeader:
    """Read what the GGUF file at *path* says, all parts of it if it is split.

    Raises: ModelNotFound; ModelUnreadable for anything that is not a whole GGUF of version 2 or 3.
    """
    first, parts = _parts_by_name(path)
    scan = scan_file(first)
    promised = _whole(scan.metadata.get("split.count"), 1)
    if promised <= 1:
        return header_of(scan, (first,), scan.tensors, scan.file_bytes)
    if promised != len(parts):
        raise ModelUnreadable(f"{path} is one of {promised} parts, but its name does not say which")
    scans = [scan, *(scan_file(part) for part in parts[1:])]
    tensors = tuple(replace(tensor, part=number) for number, one in enumerate(scans) for tensor in one.tensors)
    return header_of(scan, parts, tensors, sum(one.file_bytes for one in scans))


def read_strings(header: ModelHeader, key: str) -> list[bytes]:
    """Return the strings of the metadata array *key*, undecoded; an empty list where there is none.

    Raises: ModelNotFound or ModelUnreadable when the file changed since *header* was read.
    """
    place = header.arrays.get(key)
    return strings_at(header.path, place) if place else []


def read_numbers(header: ModelHeader, key: str) -> list[int] | list[float]:
    """Return the numbers of the metadata array *key*; an empty list where there is none. Raises as `read_strings`."""
    place = header.arrays.get(key)
    return numbers_at(header.path, place) if place else []


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


def header_of(scan: Scan, parts: tuple[Path, ...], tensors: tuple[Tensor, ...], file_bytes: int) -> ModelHeader:
    """Name the facts of a scanned file, or of one that is only known. Raises: ModelUnreadable for impossible sizes."""
    known = scan.metadata
    architecture = _text(known.get("general.architecture"))

    def number(key: str, default: int = 0, most: int = MAX_SIZE) -> int:
        return _size(scan.path, key, _whole(known.get(f"{architecture}.{key}"), default), most)

    def per_block(key: str) -> tuple[int, ...]:
        return _per_block(scan.path, key, known.get(f"{architecture}.{key}"), blocks)

    blocks = number("block_count", most=len(tensors) or SHORT_ARRAY)
    heads = per_block("attention.head_count")
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
        kv_head_counts=per_block("attention.head_count_kv") or heads,
        key_length=number("attention.key_length", per_head),
        value_length=number("attention.value_length", per_head),
        rope_base=_real(known.get(f"{architecture}.rope.freq_base")),
        rope_scaling=_text(known.get(f"{architecture}.rope.scaling.type")),
        expert_count=number("expert_count"),
        expert_used_count=max(per_block("expert_used_count"), default=0),
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


def _per_block(path: Path, key: str, value: Value | None, blocks: int) -> tuple[int, ...]:
    """Return one number a block from a number for all or an array. Raises: ModelUnreadable."""
    if isinstance(value, tuple) and len(value) != blocks:
        raise ModelUnreadable(
            f"cannot read the header of {path}: {key} has {len(value):,} entries for {blocks:,} blocks"
        )
    if isinstance(value, tuple):
        return tuple(_size(path, key, _whole(one, 0)) for one in value)
    return (_size(path, key, value),) * blocks if isinstance(value, int) else ()


def _size(path: Path, key: str, value: int, most: int = MAX_SIZE) -> int:
    """Return *value* if it can be a size. Raises: ModelUnreadable below 0 and above *most*."""
    if not 0 <= value <= most:
        raise ModelUnreadable(f"cannot read the header of {path}: {key} is {value:,}, which is not from 0 to {most:,}")
    return value


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
