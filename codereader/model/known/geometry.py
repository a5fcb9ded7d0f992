"""What the data files say of a model: metadata as a GGUF has them, and its tensors with their shapes.

A data file describes an architecture and its `models`. `parts` are tensors outside the blocks: those under ``always``,
and those under a name that a model's `parts` has. `blocks` are tensors of each layer of a named set; a model's `layers`
say which those are, as Python slices (``"0:3, 5::6"``). A length is a number or an expression of ``+ - * //`` over
`sizes` and metadata keys; a key with a value a layer means that layer's. What a model was `checked` against stands
beside its `source`: texts of others who have that configuration, or its files; billions of `weights` and the `size` of
a file are the published ones, to the digits that are written.
"""

from __future__ import annotations

import ast
import functools
import operator
import struct
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codereader.model.container import Scalar, Value
from codereader.model.known.mix import Shaped

_FOLDER = Path(__file__).resolve().parent
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One model of the data: `names` as people write it, the usual first; `source` is where its geometry stands.

    `checked` says with what it was compared, `weights` how many billions of them are published, `size` how large the
    file of one quantization (``Q4_K_M 65.35 GB``; empty where nobody says). `mixes` are the quantizations in which it
    is published, the usual first; empty: every one that the quantizer makes.
    """

    title: str
    names: tuple[str, ...]
    source: str
    checked: tuple[str, ...]
    weights: str
    size: str
    mixes: tuple[str, ...]
    file: Mapping[str, Any] = field(repr=False)
    """The whole data file, from which `geometry` works the model out."""
    described: Mapping[str, Any] = field(repr=False)
    """What the file says of this model."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Metadata of a model as its file has them, and its tensors; outside the blocks first, then by set of layers."""

    architecture: str
    metadata: Mapping[str, Value]
    tensors: tuple[Shaped, ...]


@functools.cache
def known_models() -> tuple[KnownModel, ...]:
    """Return every known model, by file name, then in the file's order."""
    files = [tomllib.loads(path.read_text("utf-8")) for path in sorted(_FOLDER.glob("*.toml"))]
    return tuple(_described(file, model) for file in files for model in file["models"])


def _described(file: Mapping[str, Any], model: Mapping[str, Any]) -> KnownModel:
    return KnownModel(
        title=model["title"],
        names=tuple(model["names"]),
        source=model["source"],
        checked=tuple(model["checked"]),
        weights=model["weights"],
        size=model.get("size", ""),
        mixes=tuple(model.get("mixes", file.get("mixes", ()))),
        file=file,
        described=model,
    )


def geometry(known: KnownModel) -> Geometry:
    """Work out the metadata and the tensors of one model."""
    architecture = known.file["architecture"]
    written: dict[str, Any] = {**known.file.get("metadata", {}), **known.described["metadata"]}
    blocks = written["block_count"]
    layers = {
        name: _layers(slices, blocks)
        for name, slices in {"every": ":", **known.file.get("layers", {}), **known.described.get("layers", {})}.items()
    }
    values = {key: _value(value, layers, blocks) for key, value in written.items()}
    sizes = _Sizes(known.file.get("sizes", {}), values)
    return Geometry(
        architecture,
        {f"{architecture}.{key}": value for key, value in values.items()},
        (*_outside(known, sizes), *_inside(known, sizes, layers)),
    )


def _outside(known: KnownModel, sizes: _Sizes) -> list[Shaped]:
    """Return the tensors outside the blocks."""
    parts = ("always", *known.described.get("parts", ()))
    return [
        Shaped(name, sizes.shape(lengths, 0)) for part in parts for name, lengths in known.file["parts"][part].items()
    ]


def _inside(known: KnownModel, sizes: _Sizes, layers: Mapping[str, frozenset[int]]) -> list[Shaped]:
    """Return the tensors of the blocks."""
    return [
        Shaped(f"blk.{layer}.{name}", sizes.shape(lengths, layer), layer)
        for chosen, tensors in known.file["blocks"].items()
        for layer in sorted(layers.get(chosen, ()))
        for name, lengths in tensors.items()
    ]


def _layers(slices: str, blocks: int) -> frozenset[int]:
    """Return the layers that a list of slices means, of *blocks*."""
    chosen: set[int] = set()
    for one in filter(str.strip, slices.split(",")):
        bounds = [int(bound) if bound.strip() else None for bound in one.split(":")]
        chosen |= set(range(blocks)[slice(*bounds)]) if len(bounds) > 1 else {int(one)}
    return frozenset(chosen)


def _value(value: Any, layers: Mapping[str, frozenset[int]], blocks: int) -> Value:
    """Return a metadata value, at the precision of a GGUF; a table means one a layer, by named set."""
    if isinstance(value, dict):
        other = False if True in value.values() else 0
        return tuple(
            next((one for name, one in value.items() if layer in layers[name]), other) for layer in range(blocks)
        )
    if isinstance(value, list):
        return tuple(value)
    plain: Scalar = struct.unpack("<f", struct.pack("<f", value))[0] if isinstance(value, float) else value
    return plain


class _Sizes:
    """Lengths by name: what a data file calls `sizes`, else a metadata key."""

    def __init__(self, named: Mapping[str, str], metadata: Mapping[str, Value]) -> None:
        self._named = named
        self._metadata = metadata

    def shape(self, lengths: list[int | str], layer: int) -> tuple[int, ...]:
        """Return the lengths of a tensor of *layer*."""
        return tuple(length if isinstance(length, int) else self._length(length, layer) for length in lengths)

    def _length(self, expression: str, layer: int) -> int:
        return self._worked_out(ast.parse(expression, mode="eval").body, layer)

    def _worked_out(self, node: ast.expr, layer: int) -> int:
        match node:
            case ast.BinOp():
                left, right = self._worked_out(node.left, layer), self._worked_out(node.right, layer)
                return int(_OPERATORS[type(node.op)](left, right))
            case ast.Constant(value=int(number)):
                return number
            case _:
                return self._by_name(ast.unparse(node), layer)

    def _by_name(self, name: str, layer: int) -> int:
        if name in self._named:
            return self._length(self._named[name], layer)
        value = self._metadata[name]
        one = value[layer] if isinstance(value, tuple) else value
        if not isinstance(one, int):
            raise TypeError(f"{name} is {one!r}, which is no length")
        return one
