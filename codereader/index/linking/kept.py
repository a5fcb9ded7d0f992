"""Values of our own dataclasses as compact bytes, and back. Equal values give equal bytes."""

from __future__ import annotations

import json
import types
import typing
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar, cast

from codereader.index.parse import EXTRACTOR

FORMAT = f"linked 9 {EXTRACTOR}"
"""What the bytes depend on beside the value."""

T = TypeVar("T")


def to_bytes(value: Any) -> bytes:
    """Return *value*, made of dataclasses, mappings by text, sequences and plain values, as bytes."""
    return zlib.compress(json.dumps(_plain(value), separators=(",", ":")).encode("ascii"), 1)


def from_bytes(raw: bytes, kind: type[T]) -> T | None:
    """Return the value of the dataclass *kind* that `to_bytes` wrote, None for other bytes."""
    try:
        made = _maker(cast("Any", kind))(json.loads(zlib.decompress(raw)))
    except (zlib.error, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None
    return made if isinstance(made, kind) else None


def first_parts(raw: bytes, kind: type[Any], count: int) -> list[Any] | None:
    """Return the first *count* parts of the dataclass *kind* that `to_bytes` wrote, None for other bytes.

    The rest is not read.
    """
    hints = typing.get_type_hints(kind)
    try:
        text = zlib.decompress(raw).decode("ascii")
        at, found = 1, []
        for one in fields(kind)[:count]:
            value, at = _DECODER.raw_decode(text, at)
            found.append(_maker(hints[one.name])(value))
            at += 1
    except (zlib.error, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None
    return found


_DECODER = json.JSONDecoder()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(value[key]) for key in sorted(value)}
    if is_dataclass(value):
        return [_plain(part) for part in _parts(cast("Any", type(value)))(value)]
    return [_plain(part) for part in value]


@lru_cache(maxsize=64)
def _parts(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    names = [one.name for one in fields(kind)]
    return attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)


@lru_cache(maxsize=256)
def _maker(kind: Any) -> Callable[[Any], Any]:
    """Return what makes a value of the annotated type *kind* out of what JSON gives."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        some = [one for one in inner if one is not type(None)]
        if len(some) > 1:
            return _same
        made = _maker(some[0])
        return _same if made is _same else lambda value: None if value is None else made(value)
    if origin is tuple:
        if len(inner) == 2 and inner[1] is Ellipsis:
            made = _maker(inner[0])
            return tuple if made is _same else lambda value: tuple([made(one) for one in value])
        many = [_maker(one) for one in inner]
        return lambda value: tuple([make(one) for make, one in zip(many, value, strict=True)])
    if origin in (dict, Mapping):
        made = _maker(inner[1])
        return _same if made is _same else lambda value: {key: made(one) for key, one in value.items()}
    if is_dataclass(kind):
        return _dataclass_maker(kind)
    return _same


def _dataclass_maker(kind: Any) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind)
    makers = [(at, made) for at, one in enumerate(fields(kind)) if (made := _maker(hints[one.name])) is not _same]

    def make(row: list[Any]) -> Any:
        for at, made in makers:
            row[at] = made(row[at])
        return kind(*row)

    return make


def _same(value: Any) -> Any:
    return value
