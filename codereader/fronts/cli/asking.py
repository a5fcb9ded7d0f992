"""Carry a question through: the facts that answer it, the model's prose, what stands under both on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codereader.errors import ExitCode, ModelError, UnknownNames
from codereader.fronts import inquiry

if TYPE_CHECKING:
    from collections.abc import Callable

    from codereader.answer.event import Answer, Event
    from codereader.answer.prepare import Prepared
    from codereader.answer.speaker import Speaker
    from codereader.fronts.inquiry import Gathered, Request
    from codereader.fronts.render import Output
    from codereader.fronts.report import Report
    from codereader.reader import Reader


def find_speaker(
    named: str | None, reader: Reader, report: Report, think: int | None = None
) -> Speaker | None:  # fmt: skip
    """Return the model to ask, told to *think* so long; None, with a note, where there is none. Raises: ModelError."""
    with report.working("opening the model"):
        speaker, why = inquiry.choose_speaker(named, reader.cache, reader.cancel, think)
    if why:
        report.note(why)
    return speaker


def unknown(error: UnknownNames, report: Report, out: Output, style: str) -> int:
    """Write which names the tree does not have as data, in *style*, and say so; return the exit code."""
    out.json({"event": "missing", **error.row} if style == "jsonl" else dict(error.row))
    report.error(error)
    return error.exit_code


def answer(
    reader: Reader, request: Request, speaker: Speaker | None, report: Report, out: Output, style: str
) -> Answer:
    """Show the facts, then the prose if there is a model. The facts stand even where the model fails."""
    from codereader.answer.event import Done
    from codereader.answer.told import tell
    from codereader.fronts.answers import answer_renderer

    gathered = inquiry.gather(reader, request, speaker, report.working)
    is_cut = gathered.shown.reply is not gathered.sent.reply
    show = answer_renderer(style, out, gathered.shown.reply.question.intent, is_cut=is_cut)
    for event in tell(gathered.shown):
        show(event)
    _note(inquiry.dropped(gathered), report)
    if speaker is None:
        made = reader.answer(gathered.shown, request.lines)
        show(Done(made))
        return made
    return _speak(reader, request, speaker, gathered, report, show)


def prepared(reader: Reader, request: Request, speaker: Speaker, gathered: Gathered, report: Report) -> Prepared:
    """Return what would be sent to *speaker*."""
    with report.working("packing"):
        return reader.prepare(gathered.sent, speaker, request.wish)


def _speak(
    reader: Reader,
    request: Request,
    speaker: Speaker,
    gathered: Gathered,
    report: Report,
    show: Callable[[Event], None],
) -> Answer:
    from codereader.answer.event import Done

    ready = prepared(reader, request, speaker, gathered, report)
    _note(inquiry.unsent(ready), report)
    report.lines(inquiry.planned(ready))
    for event in inquiry.speak(reader, request, speaker, gathered, ready):
        _narrate(event, report)
        show(event)
        if isinstance(event, Done):
            return event.answer
    message = f"{speaker.name} ended without an answer"
    raise ModelError(message)


def _narrate(event: Event, report: Report) -> None:
    from codereader.answer.event import Note, Progress, Thought, Token

    match event:
        case Progress(stage="think") if report.moves:
            pass
        case Thought(text=text):
            report.thought(text)
        case Progress():
            report.progress(event.stage, event.done, event.total, event.unit, event.reused)
        case Note(text=text):
            report.note(text)
        case Token():
            report.clear()
        case _:
            pass


def _note(text: str, report: Report) -> None:
    if text:
        report.note(text)


def footer(answer: Answer, report: Report, *, as_json: bool) -> None:
    """Write what the answer rests on, what was checked, what it cannot see, and the token statistics."""
    from codereader.fronts import footer

    if as_json:
        report.usage_json(footer.as_json(answer))
        return
    report.rows(footer.rows(answer))
    if answer.usage and answer.model:
        report.usage(answer.usage, answer.model)


def dry_run(reader: Reader, request: Request, speaker: Speaker | None, report: Report, out: Output, style: str) -> int:
    """Print what would be sent and the plan; no weight is loaded."""
    from codereader.fronts.packs import dry_run_out, pack_out
    from codereader.model.estimate import Estimate

    if speaker is None:
        with report.working("packing"):
            packed = reader.pack(request.wish.budget, Estimate(), question=request.question)
        pack_out(packed, out, style)
        report.note("without a model nothing is sent: this is what a budget would hold, by estimate")
        return ExitCode.OK
    ready = prepared(reader, request, speaker, inquiry.gather(reader, request, speaker, report.working), report)
    dry_run_out(ready, speaker, request.question, out, style)
    for note in ready.notes:
        report.note(note)
    return ExitCode.OK


def list_skipped(reader: Reader, report: Report) -> None:
    """List the files that were not read, as --skipped asks."""
    report.asked([f"skipped: {s.path}: {s.reason}" for s in reader.skipped] or ["skipped: nothing"])


def exit_code(answer: Answer, *, strict: bool) -> int:
    """Return what the process tells its caller of *answer*."""
    has_answer = answer.text or any(section.facts for section in answer.sections)
    return ExitCode.NOTHING_FOUND if not has_answer or (strict and not answer.is_sound) else ExitCode.OK
