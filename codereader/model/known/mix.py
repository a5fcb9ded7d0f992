"""Which type each tensor of a quantized model file has: the rules by which llama.cpp's quantizer chooses.

Rules without an importance matrix (llama.cpp, src/llama-quant.cpp); with one, the types of these mixes are the same
but for the first layers of ``Q4_0`` and ``Q5_0``. Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from codereader.model.container import TENSOR_TYPES

MIXES = {
    "F32": "F32", "F16": "F16", "BF16": "BF16", "Q8_0": "Q8_0", "Q6_K": "Q6_K", "Q5_K_M": "Q5_K", "Q5_K_S": "Q5_K",
    "Q5_0": "Q5_0", "Q5_1": "Q5_1", "Q4_K_M": "Q4_K", "Q4_K_S": "Q4_K", "Q4_0": "Q4_0", "Q4_1": "Q4_1",
    "IQ4_NL": "IQ4_NL", "IQ4_XS": "IQ4_XS", "Q3_K_L": "Q3_K", "Q3_K_M": "Q3_K", "Q3_K_S": "Q3_K", "Q2_K": "Q2_K",
    "MXFP4": "MXFP4",
}  # fmt: skip
"""The mixes that can be predicted, the most precise first, and the type that most tensors have."""

BLOCK_LENGTHS = {name: length for name, length, _ in TENSOR_TYPES.values()}
"""Weights in one block of a type; a row must be made of whole blocks."""

_SHORTER_BLOCKS = {"Q2_K": "Q4_0", "Q3_K": "Q4_0", "Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0", "IQ4_XS": "IQ4_NL"}
"""The type that takes over where rows are not a multiple of 256."""

_ALWAYS_FLOAT = ("_norm.weight", "ffn_gate_inp", "ssm_conv1d", "shortconv.conv.weight")
"""Parts of names of tensors that stay F32 though they have several dimensions."""

_VALUES = ("attn_v.weight", "attn_qkv.weight", "attn_kv_b.weight")
_EIGHT = 8
"""Models of exactly this many experts (Mixtral) keep more bits in their attention."""


@dataclass(frozen=True, slots=True)
class Shaped:
    """A tensor before it has a type; `layer` is -1 outside the blocks."""

    name: str
    shape: tuple[int, ...]
    layer: int = -1


@dataclass(frozen=True, slots=True)
class Traits:
    """What of a model the rules look at. `sharing` is heads to a key/value head in the first layer."""

    architecture: str
    blocks: int
    experts: int
    sharing: int

    @property
    def shares_much(self) -> bool:
        """Whether at least four heads share keys and values."""
        return self.sharing >= 4

    @property
    def is_70b(self) -> bool:
        """Whether the quantizer takes it for a model of 70 billion weights, whose values get more bits."""
        return self.architecture in ("llama", "qwen2") and self.blocks == 80 and self.sharing > 1


def tensor_types(tensors: Iterable[Shaped], mix: str, traits: Traits) -> dict[str, str]:
    """Return the type of each tensor by name, in the order in which llama.cpp writes them: by layer, then name.

    *mix* is one of `MIXES`.
    """
    ordered = sorted(tensors, key=lambda tensor: (tensor.layer, tensor.name))
    base = MIXES[mix]
    if BLOCK_LENGTHS[base] == 1:
        return {tensor.name: base if _is_quantized(tensor) else "F32" for tensor in ordered}
    tied = all(tensor.name != "output.weight" for tensor in ordered)
    values = [tensor.name for tensor in ordered if _has_part(tensor.name, _VALUES)]
    downs = [tensor.name for tensor in ordered if "ffn_down" in tensor.name and _is_quantized(tensor)]
    rules = _Rules(mix, traits, tied, _numbers(values), _numbers(downs), len(values))
    return {tensor.name: rules.type_of(tensor) if _is_quantized(tensor) else "F32" for tensor in ordered}


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules of one mix for one model; `values` and `downs` number the tensors of these kinds in order."""

    mix: str
    traits: Traits
    tied: bool
    values: dict[str, int]
    downs: dict[str, int]
    value_count: int

    def type_of(self, tensor: Shaped) -> str:
        """Return the type of a tensor that is quantized."""
        return _fitting(self._wanted(tensor), tensor.shape[0])

    def _wanted(self, tensor: Shaped) -> str:
        name, base = tensor.name, MIXES[self.mix]
        is_table = name in ("token_embd.weight", "per_layer_token_embd.weight")
        if name == "output.weight" or (self.tied and is_table):
            return self._output(tensor)
        if self.mix == "MXFP4":
            return "MXFP4" if len(tensor.shape) > 2 else "Q8_0"
        if is_table:
            return base
        if name in self.values:
            return self._value(self.values[name])
        if name in self.downs:
            return self._down(self.downs[name] if self.traits.experts <= 1 else tensor.layer)
        if "attn_k.weight" in name and self.traits.experts == _EIGHT:
            return "Q8_0"
        if "attn_output.weight" in name:
            return self._attention_output()
        return base

    def _output(self, tensor: Shaped) -> str:
        base = MIXES[self.mix]
        if self.mix == "MXFP4" or base == "Q8_0" or tensor.shape[0] % BLOCK_LENGTHS[base]:
            return "Q8_0"
        return "Q6_K"

    def _value(self, number: int) -> str:
        """Return the type of the values' tensor *number*."""
        base, many = MIXES[self.mix], self.traits.shares_much
        wanted = {
            "Q2_K": "Q4_K" if many else "Q3_K",
            "Q3_K_M": "Q5_K" if number < 2 else "Q4_K",
            "Q3_K_L": "Q5_K",
            "IQ4_NL": "Q5_K" if many else base,
            "IQ4_XS": "Q5_K" if many else base,
            "Q4_K_S": "Q5_K" if number < 4 else base,
            "Q4_K_M": "Q6_K" if _more_bits(number, self.value_count) else base,
            "Q5_K_M": "Q6_K" if _more_bits(number, self.value_count) else base,
        }.get(self.mix, base)
        if self.traits.experts == _EIGHT:
            return "Q8_0"
        return "Q5_K" if self.traits.is_70b and wanted in ("Q3_K", "Q4_K") else wanted

    def _down(self, number: int) -> str:
        """Return the type of the tensor *number* that ends a feed-forward part; with experts that of layer *number*."""
        base, count = MIXES[self.mix], self.traits.blocks
        early = number < count // 8
        return {
            "Q2_K": "Q3_K",
            "Q3_K_M": "Q5_K" if number < count // 16 else "Q4_K",
            "Q3_K_L": "Q5_K",
            "IQ4_NL": "Q5_K" if early else base,
            "IQ4_XS": "Q5_K" if early else base,
            "Q4_K_S": "Q5_K" if early else base,
            "Q4_K_M": "Q6_K" if _more_bits(number, count) else base,
            "Q5_K_M": "Q6_K" if _more_bits(number, count) else base,
        }.get(self.mix, base)

    def _attention_output(self) -> str:
        if self.traits.experts == _EIGHT:
            low = ("Q2_K", "Q3_K_S", "Q3_K_M", "Q4_K_S", "Q4_K_M", "IQ4_NL", "IQ4_XS")
            return "Q5_K" if self.mix in low else MIXES[self.mix]
        return {"Q2_K": "Q3_K", "Q3_K_M": "Q4_K", "Q3_K_L": "Q5_K"}.get(self.mix, MIXES[self.mix])


def _is_quantized(tensor: Shaped) -> bool:
    """Whether the mix decides about *tensor*; the others stay F32."""
    several = sum(length > 1 for length in tensor.shape[1:]) > 0
    return several and tensor.name.endswith("weight") and not _has_part(tensor.name, _ALWAYS_FLOAT)


def _has_part(name: str, parts: tuple[str, ...]) -> bool:
    return any(part in name for part in parts)


def _numbers(names: list[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def _more_bits(number: int, count: int) -> bool:
    """Whether the tensor *number* of *count* is among the half that gets more bits: the ends and every third."""
    return number < count // 8 or number >= 7 * count // 8 or (number - count // 8) % 3 == 2


def _fitting(kind: str, row: int) -> str:
    """Return *kind*, or the type that takes its place where a row is not made of whole blocks."""
    if row % BLOCK_LENGTHS[kind] == 0:
        return kind
    shorter = _SHORTER_BLOCKS.get(kind, kind)
    return shorter if row % BLOCK_LENGTHS[shorter] == 0 else "F16"
