"""How a plan travels to the process of a dry run and what it found travels back: a line of JSON each.

What comes back is read as a stranger's: of known shape, in bounds, printable.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from codereader.engine.plan import Plan, Share
from codereader.engine.trial.measured import Held, Measured
from codereader.errors import ModelError, ModelNotFound, ModelTooLarge, ModelUnreadable

_ERRORS = {one.__name__: one for one in (ModelError, ModelNotFound, ModelTooLarge, ModelUnreadable)}
_MOST_BYTES = 1 << 62
_MOST_DEVICES = 64
_MOST_TEXT = 1000


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return *plan* as plain values."""
    return asdict(plan)


def plan_from_json(row: Mapping[str, Any]) -> Plan:
    """Return the plan that `plan_to_json` wrote."""
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    return Plan(**{**row, **lists, "shares": tuple(Share(**share) for share in row["shares"])})


def result_to_line(result: Measured | ModelError) -> str:
    """Return what a dry run found, or why it found nothing, as one line."""
    if isinstance(result, ModelError):
        return json.dumps({"error": type(result).__name__, "message": str(result), "hint": result.hint})
    return json.dumps({"parts": [asdict(part) for part in result.parts]})


def result_from_line(line: bytes) -> Measured | ModelError:
    """Return what `result_to_line` wrote. Raises: ValueError for anything else."""
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("not an object")
    if "error" in row:
        return _ERRORS.get(_text(row["error"]), ModelError)(_text(row.get("message")), _text(row.get("hint")))
    parts = row.get("parts")
    if not isinstance(parts, list) or not 1 <= len(parts) <= _MOST_DEVICES:
        raise ValueError("no parts")
    return Measured(tuple(_held(part) for part in parts))


def _held(row: object) -> Held:
    if not isinstance(row, dict):
        raise ValueError("not a part")
    weights, cache, compute, output = (_size(row.get(key)) for key in ("weights", "cache", "compute", "output"))
    return Held(_text(row.get("name")), weights, cache, compute, output)


def _size(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < _MOST_BYTES:
        raise ValueError("not a size")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in value[:_MOST_TEXT])
