"""``codereader index``: bring the index up to date and say what changed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from codereader.fronts.cli.options import PATH, How, Which, opened, output_options, scope_options
from codereader.fronts.shape import SCHEMA
from codereader.fronts.text import counted, duration


@click.command("index", help="Bring the index of PATH up to date; other commands do this by themselves.")
@PATH
@scope_options
@output_options("text", "json")
def command(
    path: Path,
    which: Which,
    how: How,
) -> None:
    """Build the index and print the counts."""
    with how.report() as report, how.open() as out:
        with opened(path, which, report) as reader:
            built, skipped = reader.built, reader.skipped
        if how.style == "json":
            out.json({"schema": SCHEMA, **asdict(built), "skipped": len(skipped)})
        else:
            out.write(
                f"{counted(built.files, 'file')}: {built.added:,} new, {built.changed:,} changed, "
                f"{built.unchanged:,} unchanged, {built.removed:,} removed, {len(skipped):,} skipped; "
                f"{counted(built.parsed, 'content')} parsed, in {duration(built.seconds)}\n"
            )
