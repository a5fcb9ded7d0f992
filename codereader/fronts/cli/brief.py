"""``codereader brief``: the structure of a tree, from facts alone."""

from __future__ import annotations

from pathlib import Path

import click

from codereader.fronts.cli.options import PATH, Count, opened, output_options, scope_options
from codereader.fronts.render import Output, brief_out
from codereader.fronts.report import Report


@click.command("brief", help="Print the structure of PATH from parsed facts; no model is involved.")
@PATH
@click.option("--lines", type=Count(1), metavar="N", help="Write at most N lines; what is dropped is counted.")
@scope_options
@output_options("text", "markdown", "json", "jsonl")
def command(
    path: Path,
    lines: int | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    max_file_size: int,
    style: str,
    output: Path | None,
    colour: str,
    quiet: bool,
) -> None:
    """Print the brief."""
    with Report(quiet=quiet, colour=colour) as report, Output(output, colour) as out:
        with opened(path, report, include, exclude, max_file_size) as reader:
            brief = reader.brief(lines)
            brief_out(brief, out, style)
        if brief.dropped:
            report.note(f"{brief.dropped} facts were left out; --lines {brief.lines_needed} shows all")
