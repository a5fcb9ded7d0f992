"""``codereader pack``: what a budget holds, and the text of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from codereader.errors import BudgetTooSmall, UsageError
from codereader.fronts.cli.options import PATH, Count, How, Which, opened, output_options, scope_options
from codereader.fronts.render import Output
from codereader.fronts.report import Report

if TYPE_CHECKING:
    from codereader.model.counter import TokenCounter
    from codereader.pack.segment import Pack
    from codereader.reader import Reader

LARGEST = 1 << 40
"""The budget of ``max``: more tokens than any tree has."""


class Budget(Count):
    """A number of tokens, or ``max``."""

    name = "N|max"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the tokens that *value* writes."""
        return LARGEST if value == "max" else super().convert(value, param, ctx)


@click.command("pack", help="Print what a budget of N tokens holds of PATH; counts are those of the model.")
@PATH
@click.option("--budget", type=Budget(), required=True, metavar="N|max", help="Tokens at most, delimiters included.")
@click.option("--model", metavar="FILE|NAME", help="Count in this model's vocabulary; default: the default model's.")
@click.option("--text", is_flag=True, help="Print the text itself; in JSON, give each segment its text.")
@scope_options
@output_options("text", "json")
def command(
    path: Path,
    budget: int,
    model: str | None,
    text: bool,
    which: Which,
    how: How,
) -> None:
    """Pack a scope and print the result."""

    with how.report() as report, how.open() as out:
        with opened(path, which, report) as reader:
            packed = reader.pack(budget, counter(model, reader, report))
        if not packed.segments:
            message = f"no file of {path} fits --budget {budget:,} tokens, not even by name"
            raise BudgetTooSmall(message, "Raise --budget.")
        _write(packed, out, how.style, text=text)
        if text and how.style == "text" and packed.left_out:
            report.note(f"{len(packed.left_out)} files are not in full; without --text they are listed")


def counter(named: str | None, reader: Reader, report: Report) -> TokenCounter:
    """Return the vocabulary to count in: the named or default model's, else an estimate, said so."""
    from codereader import config
    from codereader.model.catalogue import resolve_model
    from codereader.model.estimate import Estimate
    from codereader.model.vocabulary import open_vocabulary

    if named == "echo":
        message = "the echo model has no vocabulary to count in"
        raise UsageError(message, "Pass --model FILE.gguf or a name from `codereader models list`.")
    found = resolve_model(named or config.default_model(), reader.cache)
    if found is not None:
        return open_vocabulary(found.path, reader.cache)
    report.note("no model was found: tokens are estimated from bytes; pass --model FILE.gguf for exact counts")
    return Estimate()


def _write(packed: Pack, out: Output, style: str, *, text: bool) -> None:
    from codereader.fronts import shape
    from codereader.fronts.dry_run import left_out_lines, segment_line
    from codereader.fronts.text import safe, safe_line

    if style == "json":
        out.json(shape.pack(packed, text=text))
    elif text:
        for segment in packed.segments:
            out.write(safe(segment.text))
    else:
        budget = "everything" if packed.budget == LARGEST else f"{packed.budget:,}"
        head = f"{packed.tokens:,} tokens of {budget} ({safe_line(packed.vocabulary)}), {len(packed.segments):,} files"
        rows = [out.bold(head), *map(segment_line, packed.segments), *left_out_lines(packed.left_out, out)]
        out.write("\n".join(rows) + "\n")
