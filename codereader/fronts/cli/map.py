"""``codereader map``: an outline of a tree within a budget, and what was not read."""

from __future__ import annotations

from pathlib import Path

import click

from codereader.fronts import shape
from codereader.fronts.cli.options import PATH, How, Which, opened, output_options, reading, scope_options
from codereader.fronts.cli.pack import Budget, counter
from codereader.fronts.render import Output
from codereader.fronts.text import safe_line
from codereader.pack.piece import PLAIN
from codereader.source.scope import Skipped

DEFAULT_BUDGET = 4096
"""Tokens of an outline that nobody sized, and of ``auto``."""


@click.command("map", help="Print an outline of PATH within N tokens: files, symbols, signatures.")
@PATH
@click.option(
    "--budget", type=Budget(), default=str(DEFAULT_BUDGET), metavar="N|max", help="Tokens at most; default 4096."
)
@click.option("--model", metavar="FILE|NAME", help="Count in this model's vocabulary; default: the default model's.")
@click.option("--skipped", is_flag=True, help="List the files that were not read and why, instead of the outline.")
@scope_options
@output_options("text", "json")
def command(
    path: Path,
    budget: int,
    model: str | None,
    skipped: bool,
    which: Which,
    how: How,
) -> None:
    """Print the outline, or the list of skipped files."""
    from codereader.fronts.cli import packing

    with how.report() as report, how.open() as out:
        if skipped:
            with reading(path, which) as reader:
                _write_skipped(reader.walk().skipped, out, how.style)
            return
        request = packing.Request(
            path, None, budget or DEFAULT_BUDGET, "pack", PLAIN, bare=True, text=True, levels=("outline", "name")
        )
        with opened(path, which, report) as reader:
            packing.run(request, reader, counter(model, reader, report), report, out, how.style)


def _write_skipped(rows: tuple[Skipped, ...], out: Output, style: str) -> None:
    if style == "json":
        out.json({"schema": shape.SCHEMA, "skipped": shape.skipped(rows)})
    else:
        out.write("".join(f"{safe_line(row.path)}: {safe_line(row.reason)}\n" for row in rows))
