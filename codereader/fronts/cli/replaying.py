"""Ask again what a JSON answer records, and say what differs where the answer is not the same.

A tree or a model that is not the recorded one is refused before anything is asked. What need not matter (another
version of this program or of the engine, another number of threads) is noted; the answer itself then decides.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from codereader import __version__
from codereader.answer.record import Record, Source, Spoken
from codereader.errors import ModelError, NotTheSame, UsageError
from codereader.fronts import inquiry, shape
from codereader.fronts.cli import asking
from codereader.fronts.cli.options import How, Which, opened
from codereader.fronts.text import counted

if TYPE_CHECKING:
    from codereader.answer.event import Answer
    from codereader.answer.speaker import Speaker
    from codereader.fronts.report import Report
    from codereader.reader import Reader

MOST_BYTES = 256 << 20
"""A larger file is no answer."""

MOST = 1 << 53
"""No count, size or seed of an answer is as large."""

MOST_WARMTH = 5.0
"""The largest temperature, and more than any share."""

SHORT = 12
"""Digits of a hash that people are shown."""

_HINT = "Pass a file that `codereader ask --format json` wrote."
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A JSON answer: what was asked, what it depends on, and what came of it."""

    question: str
    record: Record
    row: Mapping[str, Any]


def run(
    file: Path, path: Path | None, model: str | None, how: How, *, strict: bool, usage: bool, skipped: bool
) -> int:  # fmt: skip
    """Replay the answer in *file*, on *path* and with *model* where they lie elsewhere now; return the exit code.

    Raises: UsageError for a file that is no answer; ModelError for another model; NotTheSame for another tree or where
    the answer turns out to be another one.
    """
    before = read(file)
    source = before.record.source
    which = Which(source.include, source.exclude, source.max_file_size)
    with how.report() as report, how.open() as out:
        with opened(path or Path(source.path), which, report) as reader:
            if skipped:
                asking.list_skipped(reader, report)
            _check_tree(source, reader.source())
            speaker = _speaker(before, model, reader, report)
            now = asking.answer(reader, _request(before, speaker), speaker, report, out, how.style)
        asking.footer(now, report, as_json=usage)
        _check_answer(before, now, report)
    return asking.exit_code(now, strict=strict)


def read(file: Path) -> Recorded:
    """Return the answer in *file*: one JSON object, or the last line of ``--format jsonl``. Raises: UsageError."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise UsageError(f"cannot replay {file}: it is too large to be an answer", _HINT)
        text = file.read_text("utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"cannot replay {file}: {why}", _HINT) from error
    try:
        row = json.loads(text.strip().rpartition("\n")[2])
        return Recorded(_text(row["question"]), _record(row["replay"]), row)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            f"cannot replay {file}: it is no answer of this program that says how it was made", _HINT
        ) from error


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError
    return value


def _record(row: Mapping[str, Any]) -> Record:
    """Return the record that *row* writes. Raises: KeyError, TypeError for one that is none."""
    spoken = row["spoken"]
    lines = row["lines"]
    if lines is not None and not (_is_whole(lines) and lines >= 2):
        raise TypeError
    source = _taken(row["source"], Source)
    return Record(_text(row["codereader"]), source, lines, None if spoken is None else _taken(spoken, Spoken))


def _taken(row: Mapping[str, Any], kind: type[T]) -> T:
    """Return a *kind* with the values of *row*. Raises: KeyError, TypeError for a value of another type."""
    said = [field for field in fields(kind) if field.name in row or field.default is MISSING]  # type: ignore[arg-type]
    return kind(**{field.name: _checked(row[field.name], str(field.type)) for field in said})


def _checked(value: Any, written: str) -> Any:
    """Return *value* if it is of the type that *written* names, and of a size that the command line could have said."""
    if written == "tuple[str, ...]":
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise TypeError
    allowed = {
        "str": isinstance(value, str),
        "bool": isinstance(value, bool),
        "int": _is_whole(value),
        "float": _is_number(value) and 0 <= value <= MOST_WARMTH,
        "str | None": value is None or isinstance(value, str),
        "int | None": value is None or _is_whole(value),
        "int | Literal['auto']": value == "auto" or _is_whole(value),
    }
    if not allowed[written.replace('"', "'")]:
        raise TypeError
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST


def _request(before: Recorded, speaker: Speaker | None) -> inquiry.Request:
    from codereader.answer.known import Wish
    from codereader.engine.protocol import Sampling

    spoken = before.record.spoken
    if spoken is None:
        return inquiry.Request(before.question, Wish(), Sampling(), before.record.lines, is_whole=True)
    wish = Wish(
        max(1, spoken.budget),
        spoken.ctx,
        max(1, spoken.max_tokens),
        gpu_layers=spoken.gpu_layers,
        device=spoken.device,
        think=spoken.think,
        pins=spoken.pins,
    )
    sampling = Sampling(max(1, spoken.max_tokens), spoken.temperature, spoken.seed, grammar=spoken.grammar)
    wish, sampling = inquiry.with_reasoning(speaker, wish, sampling)
    lines = before.record.lines
    return inquiry.Request(before.question, wish, sampling, lines, spoken.only_verified, is_whole=True)


def _check_tree(before: Source, now: Source) -> None:
    """Check that the files are the recorded ones. Raises: NotTheSame."""
    if before.tree_hash == now.tree_hash:
        return
    if before.commit != now.commit:
        moved = f" (commit {_short(before.commit)} then, {_short(now.commit)} now)"
    else:
        moved = f" (the commit is the same, {_short(now.commit)}: files were edited)" if now.commit else ""
    message = (
        f"the tree is not the one that was asked: {_short(before.tree_hash)} then, {_short(now.tree_hash)} now{moved}"
    )
    raise NotTheSame(message, "Check out what was asked, or ask anew without --replay.")


def _speaker(before: Recorded, named: str | None, reader: Reader, report: Report) -> Speaker | None:
    """Return the recorded model, None where none spoke. Raises: ModelError where it is another one."""
    spoken = before.record.spoken
    if spoken is None:
        if named:
            raise UsageError("--model and --replay contradict each other: no model spoke in the recorded answer")
        return None
    speaker = asking.find_speaker(named or spoken.model, reader, report, spoken.think)
    if speaker is None or speaker.hash != spoken.model_hash:
        name, number = (speaker.name, _short(speaker.hash)) if speaker else ("none", "-")
        then = f"{spoken.model} {_short(spoken.model_hash)}"
        message = f"the model is not the one that was asked: {then} then, {name} {number} now"
        raise ModelError(message, "Pass the same model file with --model FILE.gguf, or ask anew without --replay.")
    return speaker


def _check_answer(before: Recorded, now: Answer, report: Report) -> None:
    """Compare what came out; note what else differs. Raises: NotTheSame."""
    row = shape.answer(now)
    other = [name for name in ("facts", "brief", "answer") if row[name] != before.row.get(name)]
    changed = _changed(before.record, now)
    if other:
        named = " and ".join(_NAMES[name] for name in other)
        because = f": {'; '.join(changed)}" if changed else ", though tree, model and programs are the same"
        raise NotTheSame(f"this is not the recorded answer, {named} differ{'' if len(other) > 1 else 's'}{because}", "")
    if changed:
        report.note(f"the answer is the recorded one, although {'; '.join(changed)}")


_NAMES = {"facts": "the list of facts", "brief": "the brief", "answer": "the prose"}


def _changed(before: Record, now: Answer) -> list[str]:
    """Return in words what differs in how the answer was made, beside tree and model."""
    found = []
    if before.codereader != __version__:
        found.append(f"codereader was {before.codereader} and is {__version__}")
    then, here = before.spoken, now.record.spoken if now.record else None
    if then is None or here is None:
        return found
    if then.engine != here.engine:
        found.append(f"the engine was {then.engine} and is {here.engine}")
    if (then.context, then.threads, then.micro_batch) != (here.context, here.threads, here.micro_batch):
        found.append(f"the model ran with {_run(then)}, now with {_run(here)}")
    if then.prompt_hash != here.prompt_hash:
        found.append("the prompt is made otherwise")
    return found


def _run(spoken: Spoken) -> str:
    threads = counted(spoken.threads, "thread")
    return f"{threads} in batches of {spoken.micro_batch} and a window of {spoken.context:,} tokens"


def _short(number: str | None) -> str:
    return number[:SHORT] if number else "none"
