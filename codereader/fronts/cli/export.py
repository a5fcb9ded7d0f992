"""``codereader export``: every fact of a tree for other programs."""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codereader.fronts.cli.options import PATH, How, Which, opened, output_options, scope_options
from codereader.fronts.text import counted

if TYPE_CHECKING:
    from codereader.fronts.report import Report
    from codereader.reader import Reader

CHUNK = 1 << 16
"""Bytes that are gathered before they are written."""


@click.command("export", help="Write every fact about PATH: one JSON object a line, or a tags file for editors.")
@PATH
@scope_options
@output_options("jsonl", "ctags")
def command(path: Path, which: Which, how: How) -> None:
    """Write the facts."""
    with how.report() as report, how.open() as out, opened(path, which, report, generated=True) as reader:
        lines = _facts(reader, report) if how.style == "jsonl" else _tags(reader, report, how.output)
        for chunk in _chunks(lines):
            out.raw(chunk)


def _facts(reader: Reader, report: Report) -> Iterator[bytes]:
    from codereader.facts.graph.edges import Edges
    from codereader.facts.kbuild.chain import BuildFacts
    from codereader.fronts.fact_lines import fact_rows

    encode = json.JSONEncoder(ensure_ascii=True).encode
    edges = Edges(reader.linked)
    built = {one.path: one for one in BuildFacts(reader.view).all()}
    for path in _paths(reader, report):
        for row in fact_rows(reader.linked, edges, path, built):
            yield encode(row).encode() + b"\n"
    _note_left_out(reader, report)


def _note_left_out(reader: Reader, report: Report) -> None:
    """Tell what of macros is not among the facts."""
    left_out = reader.linked.left_out
    if left_out.calls:
        report.note(
            f"{counted(left_out.calls, 'call')} left out: macros make them in some configurations, outside PATH"
        )
    if left_out.uses:
        report.note(f"{counted(left_out.uses, 'macro use')} only partly expanded: they grow too large")
    if left_out.files:
        report.note(f"{counted(left_out.files, 'file')} changed while being read: what its macros make is left out")


def _tags(reader: Reader, report: Report, output: Path | None) -> Iterator[bytes]:
    """Yield the lines of a tags file; its paths are relative to the folder that it is written to."""
    from codereader.fronts.tags import header, in_order, tags

    shown = _shown(reader, output)
    left_out = 0

    def batches() -> Iterator[list[bytes]]:
        nonlocal left_out
        for path in _paths(reader, report):
            lines, missing = tags(reader.linked, path, shown(path))
            left_out += missing
            yield lines

    yield header()
    yield from in_order(batches(), reader.cancel.check)
    if left_out:
        report.note(f"{counted(left_out, 'definition')} left out: a tags file cannot hold control characters in names")


def _shown(reader: Reader, output: Path | None) -> Callable[[str], str]:
    """Return how a path of the scope is written from the folder of *output*; on stdout it stays as it is."""
    if output is None or str(output) == "-":
        return str
    scope, folder = reader.walked.scope.path, output.resolve().parent
    if scope == folder:
        return str
    try:
        before = os.path.relpath(scope, folder)
    except ValueError:  # another drive of Windows
        before = str(scope)
    return lambda path: posixpath.join(before.replace(os.sep, "/"), path)


def _paths(reader: Reader, report: Report) -> Iterator[str]:
    """Yield the paths of the scope's files, with progress, until Ctrl-C."""
    files = reader.view.files()
    for done, file in enumerate(files, 1):
        reader.cancel.check()
        report.progress("export", done, len(files), "files")
        yield file.path
    report.clear()


def _chunks(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Join *lines* into pieces of about `CHUNK` bytes, so that writing costs little."""
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)
