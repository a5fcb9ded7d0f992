"""``codereader map``: an outline of a tree within a budget, and what was not read."""

from __future__ import annotations

from pathlib import Path

import click

from codereader.errors import BudgetTooSmall
from codereader.fronts import shape
from codereader.fronts.cli.options import PATH, Count, How, Which, opened, output_options, reading, scope_options
from codereader.fronts.cli.pack import counter
from codereader.fronts.render import Output
from codereader.fronts.text import safe, safe_line
from codereader.pack.segment import Pack
from codereader.source.scope import Skipped


@click.command("map", help="Print an outline of PATH within N tokens: files, symbols, signatures.")
@PATH
@click.option("--budget", type=Count(1), default=4096, metavar="N", help="Tokens at most; default 4096.")
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
    with how.report() as report, how.open() as out:
        if skipped:
            with reading(path, which) as reader:
                _write_skipped(reader.walk().skipped, out, how.style)
            return
        with opened(path, which, report) as reader:
            count = counter(model, reader, report)
            with report.working("packing"):
                packed = reader.pack(budget, count, levels=("outline", "name")).base
        if not packed.segments:
            message = f"no file of {path} fits --budget {budget:,} tokens, not even by name"
            raise BudgetTooSmall(message, "Raise --budget.")
        _write_outline(packed, out, how.style)
        if packed.left_out:
            short = sum(1 for row in packed.left_out if row.level)
            gone = len(packed.left_out) - short
            report.note(f"{short} files are shown by name only and {gone} not at all; --budget N shows more")


def _write_skipped(rows: tuple[Skipped, ...], out: Output, style: str) -> None:
    if style == "json":
        out.json({"schema": shape.SCHEMA, "skipped": shape.skipped(rows)})
    else:
        out.write("".join(f"{safe_line(row.path)}: {safe_line(row.reason)}\n" for row in rows))


def _write_outline(packed: Pack, out: Output, style: str) -> None:
    if style == "json":
        out.json(shape.pack(packed, text=True))
        return
    for segment in packed.segments:
        out.write(safe(segment.text))
