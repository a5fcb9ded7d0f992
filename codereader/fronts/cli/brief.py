"""``codereader brief``: the structure of a tree, from facts alone."""

from __future__ import annotations

from pathlib import Path

import click

from codereader.fronts.cli.options import PATH, Count, How, Which, opened, output_options, scope_options
from codereader.fronts.render import brief_out
from codereader.fronts.text import counted


@click.command("brief", help="Print the structure of PATH from parsed facts; no model is involved.")
@PATH
@click.option("--lines", type=Count(2), metavar="N", help="Write at most N lines; what is dropped is counted.")
@click.option(
    "--section",
    "sections",
    multiple=True,
    metavar="TITLE",
    help="Show only the section whose title begins with TITLE, whole (repeatable).",
)
@click.option("--depth", type=Count(1), metavar="N", help="Tell parts inside of parts, and calls, N levels deep.")
@scope_options
@output_options("text", "markdown", "json", "jsonl", "dot")
def command(
    path: Path,
    lines: int | None,
    sections: tuple[str, ...],
    depth: int | None,
    which: Which,
    how: How,
) -> None:
    """Print the brief."""
    with how.report() as report, how.open() as out:
        with opened(path, which, report) as reader:
            with report.working("gathering facts"):
                brief = reader.brief(lines, sections=sections, depth=depth)
            brief_out(brief, out, how.style)
        if brief.dropped and how.style != "dot":
            report.note(f"{counted(brief.dropped, 'fact')} left out; --lines {brief.lines_needed} shows all")
