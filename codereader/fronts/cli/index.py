"""``codereader index``: bring the index up to date and say what changed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from codereader.fronts.cli.options import PATH, opened, output_options, scope_options
from codereader.fronts.render import Output
from codereader.fronts.report import Report
from codereader.fronts.shape import SCHEMA
from codereader.fronts.text import duration


@click.command("index", help="Bring the index of PATH up to date; other commands do this by themselves.")
@PATH
@scope_options
@output_options("text", "json")
def command(
    path: Path,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    max_file_size: int,
    style: str,
    output: Path | None,
    colour: str,
    quiet: bool,
) -> None:
    """Build the index and print the counts."""
    with Report(quiet=quiet, colour=colour) as report, Output(output, colour) as out:
        with opened(path, report, include, exclude, max_file_size) as reader:
            built, skipped = reader.built, reader.skipped
        if style == "json":
            out.json({"schema": SCHEMA, **asdict(built), "skipped": len(skipped)})
        else:
            out.write(
                f"{built.files} files: {built.parsed} parsed, {built.unchanged} unchanged, {built.removed} removed, "
                f"{len(skipped)} skipped, in {duration(built.seconds)}\n"
            )
