"""``codereader pack``: what a budget holds, and the text of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codereader.errors import BudgetTooSmall, UsageError
from codereader.fronts.cli.options import PATH, Count, How, Which, opened, output_options, scope_options
from codereader.fronts.packs import pack_out
from codereader.fronts.report import Report
from codereader.fronts.text import counted, safe
from codereader.pack.budget import MAX_BUDGET

if TYPE_CHECKING:
    from codereader.model.counter import TokenCounter
    from codereader.reader import Reader


class Budget(Count):
    """A number of tokens, or ``max``."""

    name = "N|max"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the tokens that *value* writes."""
        return MAX_BUDGET if value == "max" else super().convert(value, param, ctx)


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
            count = counter(model, reader, report)
            with report.working("packing"):
                packed = reader.pack(budget, count).base
        if budget == MAX_BUDGET:
            packed = replace(packed, budget=packed.tokens)
        if not packed.segments:
            message = f"no file of {path} fits --budget {budget:,} tokens, not even by name"
            raise BudgetTooSmall(message, "Raise --budget.")
        if text and how.style == "text":
            for segment in packed.segments:
                out.write(safe(segment.text))
        else:
            pack_out(packed, out, how.style, text=text)
        if text and how.style == "text" and packed.left_out:
            report.note(f"not in full: {counted(len(packed.left_out), 'file')}; without --text they are listed")


def counter(named: str | None, reader: Reader, report: Report) -> TokenCounter:
    """Return the vocabulary to count in: the named or default model's, else an estimate, said so."""
    from codereader.model.catalogue import resolve_model
    from codereader.model.estimate import Estimate

    if named == "echo":
        message = "the echo model has no vocabulary to count in"
        raise UsageError(message, "Pass --model FILE.gguf or a name from `codereader models list`.")
    with report.working("opening the vocabulary"), reader.cancel.anywhere():
        found = resolve_model(named, reader.cache)
        if found is not None:
            return reader.counter(found.path)
    report.note("no model was found: tokens are estimated from bytes; pass --model FILE.gguf for exact counts")
    return Estimate()
