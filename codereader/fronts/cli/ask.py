"""``codereader ask``: the facts that answer, then the model's prose held against the index, then statistics."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

import click

from codereader.errors import UnknownNames, UsageError
from codereader.fronts.cli.options import Count, How, Place, Real, Which, opened, output_options, scope_options
from codereader.fronts.cli.pack import Budget

WITH_REPLAY = frozenset({"path", "model", "replay", "strict", "usage", "skipped"})
"""What may be said beside --replay; `output_options` may too. Everything else is as it was recorded."""


class Layers(Count):
    """A number of layers, or ``auto``."""

    name = "auto|N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | Literal["auto"]:  # type: ignore[override]
        """Return the number that *value* writes, or ``auto``."""
        return "auto" if value == "auto" else super().convert(value, param, ctx)

    def __init__(self) -> None:
        super().__init__(least=0, units=("",))


class Think(Count):
    """A number of tokens of reasoning, ``off`` or ``auto``."""

    name = "auto|off|N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | None:  # type: ignore[override]
        """Return the number that *value* writes, 0 for ``off``, None for ``auto``."""
        if value is None or value == "auto":
            return None
        return 0 if value == "off" else super().convert(value, param, ctx)

    def __init__(self) -> None:
        super().__init__(least=0)


@click.command("ask", help="Answer QUESTION about PATH. QUESTION may be - or come on stdin.")
@click.argument("path", type=Place(), metavar="PATH", required=False)
@click.argument("question", required=False)
@click.option("--model", metavar="FILE|NAME", help="Ask this GGUF file or model name (see `codereader models list`).")
@click.option("--no-model", is_flag=True, help="Answer from facts alone.")
@click.option(
    "--budget",
    type=Budget(),
    metavar="N|auto|max",
    help="Tokens of files to send at most; auto (the default): as many as help within --patience; max: as many as fit.",
)
@click.option(
    "--pin",
    "pins",
    type=Place(),
    multiple=True,
    metavar="FILE|FOLDER",
    help="Send this file, or all of this folder, whatever is asked (repeatable): in full, or as much as the context "
    "window takes. It comes on top of --budget.",
)
@click.option("--ctx", type=Count(1), metavar="N", help="Tokens of context window; default: as much as is needed.")
@click.option(
    "--max-tokens",
    type=Count(1),
    metavar="N",
    help="Tokens of answer at most; default 512, or 128 of a model too small to be trusted.",
)
@click.option(
    "--patience",
    type=Real(min=0.1),
    default=20.0,
    metavar="S",
    help="Seconds of prompt evaluation that --budget auto aims for; default 20.",
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
@click.option(
    "--think",
    type=Think(),
    default="auto",
    metavar="auto|off|N",
    help="Tokens of reasoning before the answer; auto (the default): as the model is used to, 1,024 at most.",
)
@click.option(
    "--grammar",
    type=Place(),
    metavar="FILE",
    help="Let the answer follow the grammar (GBNF) in FILE.",
)
@click.option("--gpu-layers", type=Layers(), default="auto", metavar="auto|N", help="Layers to put on the GPU.")
@click.option("--device", default="auto", metavar="auto|cpu|NAME", help="Device to run on (see `codereader doctor`).")
@click.option("--lines", type=Count(2), metavar="N", help="Lines of facts at most.")
@click.option(
    "--only-verified/--all-prose",
    default=None,
    help="Show only sentences that the tree bears out, or all, marked; default: by the size of the model.",
)
@click.option("--strict", is_flag=True, help="Exit 1 when the prose says something that the tree rules out.")
@click.option("--replay", type=Place(), metavar="FILE", help="Ask again what the JSON answer in FILE records.")
@click.option("--dry-run", is_flag=True, help="Print what would be sent: files, levels, tokens, the plan.")
@click.option("--usage", is_flag=True, help="Write the statistics as one JSON line on stderr.")
@click.option("--skipped", is_flag=True, help="List on stderr the files that were not read, and why.")
@scope_options
@output_options("text", "markdown", "json", "jsonl")
def command(
    path: Path | None,
    question: str | None,
    model: str | None,
    no_model: bool,
    budget: int | None,
    pins: tuple[Path, ...],
    ctx: int | None,
    max_tokens: int | None,
    patience: float,
    temperature: float,
    seed: int,
    think: int | None,
    grammar: Path | None,
    gpu_layers: int | Literal["auto"],
    device: str,
    lines: int | None,
    only_verified: bool | None,
    strict: bool,
    replay: Path | None,
    dry_run: bool,
    usage: bool,
    skipped: bool,
    which: Which,
    how: How,
) -> int:
    """Answer a question and return the exit code."""
    from codereader.answer.known import Wish
    from codereader.engine.protocol import Sampling
    from codereader.fronts import inquiry
    from codereader.fronts.cli import asking, replaying

    if replay is not None:
        _check_alone(click.get_current_context())
        return replaying.run(replay, path, model, how, strict=strict, usage=usage, skipped=skipped)
    if path is None:
        raise UsageError("PATH is missing", 'Say what to read: codereader ask PATH "explain structure"')
    if no_model and model:
        raise UsageError("--no-model and --model contradict each other", "Leave one of them out.")
    text = read_question(question)
    rules = None if grammar is None else read_grammar(grammar)
    with how.report() as report, how.open() as out:
        with opened(path, which, report) as reader:
            if skipped:
                asking.list_skipped(reader, report)
            speaker = None if no_model else asking.find_speaker(model, reader, report, think)
            most = max_tokens or inquiry.most_tokens(speaker, only_verified=only_verified)
            pinned = inquiry.pinned(pins, reader)
            wish, sampling = inquiry.with_reasoning(
                speaker,
                Wish(budget or None, ctx, most, patience, gpu_layers, device, think, pins=pinned),
                Sampling(most, temperature, seed, grammar=rules),
            )
            request = inquiry.Request(
                text,
                wish,
                sampling,
                lines,
                only_verified,
                is_whole=how.style in ("json", "jsonl"),
            )
            try:
                if dry_run:
                    return asking.dry_run(reader, request, speaker, report, out, how.style)
                answer = asking.answer(reader, request, speaker, report, out, how.style)
            except UnknownNames as error:
                if not request.is_whole:
                    raise
                return asking.unknown(error, report, out, how.style)
        asking.footer(answer, report, as_json=usage)
    return asking.exit_code(answer, strict=strict)


def _check_alone(ctx: click.Context) -> None:
    """Check that nothing on the command line contradicts what --replay takes from its file. Raises: UsageError."""
    from click.core import ParameterSource

    free = WITH_REPLAY | {"style", "output", "colour", "quiet"}
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if name not in free and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            spelled = "QUESTION" if name == "question" else parameter.opts[0]
            raise UsageError(f"{spelled} and --replay contradict each other", "The file says what was asked, and how.")


def read_question(given: str | None) -> str:
    """Return the question from the argument, or from stdin where it is ``-`` or absent. Raises: UsageError."""
    if given is None and sys.stdin is not None and sys.stdin.isatty():
        message = "no question was given"
        raise UsageError(message, 'Ask one: codereader ask PATH "explain structure"')
    text = _stdin() if given is None or given == "-" else _decoded(given)
    if not text or not text.strip():
        message = "the question has no text"
        raise UsageError(message, 'Ask one: codereader ask PATH "explain structure"')
    return text.strip()


def read_grammar(file: Path) -> str:
    """Return the grammar in *file*. Raises: UsageError."""
    from codereader.engine.protocol import LONGEST_GRAMMAR

    try:
        with file.open("rb") as opened_file:
            data = opened_file.read(LONGEST_GRAMMAR + 1)
        if len(data) > LONGEST_GRAMMAR:
            raise UsageError(
                f"cannot use the grammar {file}: it is longer than {LONGEST_GRAMMAR:,} bytes", "Shorten it."
            )
        return data.decode()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(
            f"cannot use the grammar {file}: {why}", "Pass a file of GBNF, as llama.cpp reads it."
        ) from error


def _decoded(argument: str) -> str:
    """Return an argument as UTF-8, also where the locale did not read it so."""
    return argument.encode("utf-8", "surrogatepass" if os.name == "nt" else "surrogateescape").decode(
        "utf-8", "replace"
    )


def _stdin() -> str:
    if sys.stdin is None:
        return ""
    try:
        return sys.stdin.buffer.read().decode("utf-8", "replace")
    except OSError as error:
        message = f"cannot read the question from stdin: {error.strerror}"
        raise UsageError(message) from error
