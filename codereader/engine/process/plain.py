"""Frozen dataclasses to JSON values and back, every value checked against the type of its field.

For what comes from a process that has read a hostile file: of known shape, in bounds, or refused.
"""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

LARGEST = 1 << 62
"""No number of ours is larger: bytes, tokens, cores."""


def to_plain(value: Any) -> dict[str, Any]:
    """Return a dataclass as JSON values."""
    return asdict(value)


def from_plain(kind: type[T], row: object) -> T:
    """Return the dataclass *kind* that *row* describes. Raises: ValueError for anything else."""
    if not isinstance(row, dict):
        raise ValueError(f"no {kind.__name__}")
    hints, required = _fields(cast("Any", kind))
    if unknown := row.keys() - hints.keys():
        raise ValueError(f"{kind.__name__} has no {sorted(unknown)[0]!r}")
    if missing := required - row.keys():
        raise ValueError(f"{kind.__name__} lacks {sorted(missing)[0]}")
    return kind(**{name: _value(hints[name], value) for name, value in row.items()})


def _value(hint: Any, value: object) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _any_of(arguments, value)
    if origin is Literal:
        return _checked(value in arguments and type(value) in map(type, arguments), value)
    if origin is tuple:
        _checked(isinstance(value, list) and len(arguments) == 2 and arguments[1] is ..., value)
        return tuple(_value(arguments[0], one) for one in value)  # type: ignore[attr-defined]
    if origin in (dict, Mapping):
        _checked(isinstance(value, dict), value)
        return {str(name): _value(arguments[1], one) for name, one in value.items()}  # type: ignore[attr-defined]
    if hint is float:
        return float(_checked(type(value) in (int, float) and math.isfinite(value), value))  # type: ignore[arg-type]
    if hint is int:
        return _checked(type(value) is int and abs(value) <= LARGEST, value)
    if hint in (str, bool, type(None)):
        return _checked(type(value) is hint, value)
    return from_plain(hint, value)


def _any_of(hints: tuple[Any, ...], value: object) -> Any:
    """Return *value* as the first of *hints* that it fits."""
    for hint in hints:
        try:
            return _value(hint, value)
        except ValueError:
            continue
    return _checked(False, value)


def _checked(fits: bool, value: Any) -> Any:
    if not fits:
        raise ValueError(f"a {type(value).__name__} where something else belongs")
    return value


@functools.cache
def _fields(kind: Any) -> tuple[Mapping[str, Any], frozenset[str]]:
    """Return the types of the fields of a dataclass, and the names of those without a default."""
    needed = [field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING]
    return get_type_hints(kind), frozenset(needed)
