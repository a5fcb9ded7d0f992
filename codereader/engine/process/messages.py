"""What the owner and the process of an engine say to each other: a line of JSON each.

Requests are trusted, answers are not: their process has read a model file that may be hostile. Lines of answers are
bounded, their values checked, and what is shown of them is printable.

    request   {"do": "machine"}
              {"do": "load", "plan", "path", "state", "budget", "run"}       bytes that the folder `state` may take
              {"do": "generate", "base", "tail", "sampling", "run"}
              {"do": "cancel" | "enough", "run"}                      stop the load or the answer with that number
    answer    {"event": "hello", "version"}                           once, when llama.cpp is there
              {"event": "machine", "machine"}
              {"event": "loading", "share"}... {"event": "told", "text"}... {"event": "loaded", "buffers"}
              {"event": "prefill" | "thought" | "piece" ...}... {"event": "finished", "reason", "usage"}
              {"event": "cancelled"}                                    instead of what was asked
              {"event": "error", "error", "message", "hint", "trace"}   the same
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Never, get_args

from codereader.engine.embedded.buffers import Buffers
from codereader.engine.hardware.machine import Machine
from codereader.engine.process.plain import from_plain, to_plain
from codereader.engine.protocol import EngineEvent, Finished, Piece, Prefill, Reason, Thought, Usage
from codereader.errors import (
    BudgetTooSmall,
    CodereaderError,
    EngineEnded,
    EngineUnusable,
    ModelError,
    ModelNotFound,
    ModelTooLarge,
    ModelUnreadable,
    UsageError,
)

LONGEST_LINE = 1 << 16
"""Bytes of one answer. The longest is an error."""

_LONGEST_TEXT = 2_000
"""Characters of an error's parts that are sent and shown."""

LAST = frozenset({"machine", "loaded", "finished", "cancelled", "error"})
"""Events that end what was asked."""

Row = Mapping[str, Any]

_ERRORS: Mapping[str, type[CodereaderError]] = {
    one.__name__: one
    for one in (BudgetTooSmall, EngineEnded, ModelError, ModelNotFound, ModelTooLarge, ModelUnreadable, UsageError)
}


def line_of(row: Row) -> bytes:
    """Return *row* as a line. Names of files may hold bytes that are no text; they survive."""
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def row_of(line: bytes) -> Row:
    """Return the object in an answer's *line*. Raises: EngineEnded."""
    try:
        if len(line) > LONGEST_LINE or not line.endswith(b"\n"):
            raise ValueError("it is too long")
        row = json.loads(line, parse_constant=_refuse)
        if not isinstance(row, dict) or not isinstance(row.get("event"), str):
            raise ValueError("it is no event")
    except (ValueError, RecursionError) as error:
        raise not_understood(error) from error
    return row


def row_of_event(event: EngineEvent) -> Row:
    """Return an event of an answer as a row."""
    match event:
        case Piece(text=text, said=said):
            return {"event": "piece", "text": text, "said": said}
        case Thought(text=text, said=said):
            return {"event": "thought", "text": text, "said": said}
        case Prefill():
            return {"event": "prefill", **to_plain(event)}
        case Finished(reason=reason, usage=usage):
            return {"event": "finished", "reason": reason, "usage": to_plain(usage)}


def event_of(row: Row) -> EngineEvent:
    """Return the event of an answer in *row*. Raises: EngineEnded."""
    try:
        match row:
            case {"event": "piece", "text": str(text), "said": int(said)} if said >= 0:
                return Piece(_whole(text), said)
            case {"event": "thought", "text": str(text), "said": int(said)} if said >= 0:
                return Thought(_whole(text), said)
            case {"event": "prefill"}:
                return from_plain(Prefill, {name: value for name, value in row.items() if name != "event"})
            case {"event": "finished", "reason": reason, "usage": usage} if reason in get_args(Reason):
                return Finished(reason, from_plain(Usage, usage))
    except ValueError as error:
        raise not_understood(error) from error
    raise not_understood(f"{printable(str(row['event']))[:40]!r} is out of place")


def share_of(row: Row) -> float:
    """Return how much is loaded, 0 to 1. Raises: EngineEnded."""
    share = row.get("share")
    if row["event"] != "loading" or not isinstance(share, float | int) or not 0 <= share <= 1:
        raise not_understood("it is no share of the weights")
    return float(share)


def told_of(row: Row) -> str:
    """Return the sentence in *row*. Raises: EngineEnded."""
    text = row.get("text")
    if not isinstance(text, str):
        raise not_understood("it is no sentence")
    return printable(text)


def buffers_of(row: Row) -> Buffers:
    """Return what a loaded model takes. Raises: EngineEnded."""
    try:
        return from_plain(Buffers, row.get("buffers"))
    except ValueError as error:
        raise not_understood(error) from error


def version_of(row: Row) -> str:
    """Return which llama.cpp greets in *row*. Raises: EngineEnded, and the error in *row*."""
    raise_error(row)
    version = row.get("version")
    if row["event"] != "hello" or not isinstance(version, str):
        raise not_understood("it is no greeting")
    return printable(version)


def machine_of(row: Row) -> Machine:
    """Return the machine in *row*. Raises: EngineEnded, and the error in *row*."""
    raise_error(row)
    try:
        if row["event"] != "machine":
            raise ValueError("it is no machine")
        return from_plain(Machine, row.get("machine"))
    except ValueError as error:
        raise not_understood(error) from error


def row_of_error(error: BaseException, trace: str) -> Row:
    """Return *error* as a row; *trace* says where it comes from, and is sent of unexpected ones only."""
    if isinstance(error, MemoryError):
        error = ModelTooLarge("there is not enough memory for what the engine was asked")
    hint = error.hint if isinstance(error, CodereaderError) else ""
    is_expected = isinstance(error, CodereaderError | ValueError)
    return {
        "event": "error",
        "error": type(error).__name__,
        "message": str(error)[:_LONGEST_TEXT],
        "hint": hint[:_LONGEST_TEXT],
        "trace": "" if is_expected else trace[-_LONGEST_TEXT:],
    }


def raise_error(row: Row) -> None:
    """Raise the error that *row* tells of, as the class that it was; do nothing for any other row.

    Raises: one of the errors that an engine may raise, ValueError, and RuntimeError for all that nobody expects.
    """
    if row["event"] != "error":
        return
    name, message, hint, trace = (row.get(key) for key in ("error", "message", "hint", "trace"))
    if not (isinstance(name, str) and isinstance(message, str) and isinstance(hint, str) and isinstance(trace, str)):
        raise not_understood("it is no error")
    message, hint = printable(message), printable(hint)
    if name in _ERRORS:
        raise _ERRORS[name](message, hint)
    if name == "ValueError":
        raise ValueError(message)
    failure = RuntimeError(f"the engine's process failed: {printable(name)[:80]}: {message}")
    failure.add_note("\n".join(printable(line) for line in trace.splitlines()))
    raise failure


def not_understood(why: object) -> EngineUnusable:
    """Return the error for an answer that is none."""
    return EngineUnusable(f"the engine's process said what cannot be understood: {why}")


def printable(text: str) -> str:
    """Return *text* with control characters shown instead of sent on, at most as much of it as a person reads."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text[:_LONGEST_TEXT])


def _whole(text: str) -> str:
    """Return *text* if it is whole characters. Raises: ValueError."""
    text.encode()
    return text


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no number")
