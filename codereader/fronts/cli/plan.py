"""``codereader plan``: how a model will run here, or on machines that are only thought of, and what that takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from codereader.errors import ExitCode, UsageError
from codereader.fronts.cli.ask import Layers
from codereader.fronts.cli.options import Count, How, Place, Which, output_options, scope_options
from codereader.fronts.cli.pack import Budget
from codereader.fronts.plans.request import CACHE_TYPES


@click.command(
    "plan",
    help="Tell how a model runs on this machine or another: what fits where, how fast, what binds, what would help. "
    "With PATH: for a question about that tree. Exit code 1 where it does not fit.",
)
@click.argument("path", type=Place(), metavar="[PATH]", required=False)
@click.argument("question", metavar="[QUESTION]", required=False)
@click.option("--model", metavar="FILE|NAME", help="A GGUF file, a model that was found, or one known by name only.")
@click.option("--tokens", "--ctx", "ctx", type=Count(1), metavar="N", help="Tokens of context: prompt and answer.")
@click.option("--prompt", type=Count(1), metavar="N", help="Tokens of prompt; default: what is left of --tokens.")
@click.option("--max-tokens", type=Count(1), metavar="N", help="Tokens of answer; default 512.")
@click.option("--budget", type=Budget(), metavar="N|auto|max", help="Tokens of files in the prompt, as for `ask`.")
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar='"NAME[:SIZE[:GB/s[:TFLOPS]]]"',
    help="Plan for this card or Mac instead of what is here (repeatable); `list` shows those that are known by name.",
)
@click.option("--ram", metavar="SIZE[:GB/s]", help="Plan for so much system memory (96GiB, 96GiB:60GB/s).")
@click.option(
    "--compare",
    "compared",
    multiple=True,
    metavar='"MACHINE, SETTING=..."',
    help='Put this machine beside the others (repeatable): "2x RTX 4090, 128GiB", "cache-type=q4_0".',
)
@click.option("--gpu-layers", type=Layers(), default="auto", metavar="auto|N", help="Layers to put on the GPU.")
@click.option(
    "--cache-type",
    "cache_types",
    type=click.Choice(CACHE_TYPES),
    multiple=True,
    help="Type of the cache (repeatable: any of these); default f16 or q8_0.",
)
@click.option("--micro-batch", type=Count(1), metavar="N", help="Tokens of prompt evaluated at once.")
@click.option("--all", "every", is_flag=True, help="Show every plan, not the best three.")
@click.option("--measure", is_flag=True, help="Run the model briefly here first, and plan with what that shows.")
@scope_options
@output_options("text", "markdown", "json")
def command(which: Which, how: How, **given: Any) -> int:
    """Make the plans, print them, return the exit code."""
    from codereader.fronts.cli import planning
    from codereader.fronts.plans import cards
    from codereader.fronts.plans.request import Request

    request = Request(
        path=given["path"],
        question=given["question"],
        model=given["model"],
        budget=given["budget"],
        ctx=given["ctx"],
        prompt=given["prompt"],
        answer=given["max_tokens"],
        gpu_layers=given["gpu_layers"],
        cache_types=given["cache_types"],
        micro_batch=given["micro_batch"],
        devices=given["devices"],
        ram=given["ram"],
        compared=given["compared"],
        every=given["every"],
        measure=given["measure"],
    )
    _check(request.path, request.question)
    if _is_list(request.devices):
        with how.open() as out:
            cards.list_out(out, how.style)
        return ExitCode.OK
    with how.report() as report, how.open() as out:
        return planning.run(request, which, report, out, how.style)


def _is_list(devices: Sequence[str]) -> bool:
    """Whether the list of devices is asked for. Raises: UsageError where others stand beside it."""
    from codereader.fronts.plans.cards import LIST

    asked = [device for device in devices if device.strip().casefold() == LIST]
    if asked and len(devices) > 1:
        raise UsageError("--device list shows the devices that are known by name", "Leave the other --device out.")
    return bool(asked)


def _check(path: Path | None, question: str | None) -> None:
    if question is not None and path is not None and not question.strip():
        raise UsageError("the question has no text", 'Ask one: codereader plan PATH "how are pages freed"')
