"""``codereader search``: the files and symbols that a question or a bug report is about. No model."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codereader.errors import ExitCode, UsageError
from codereader.fronts.cli.options import PATH, Count, How, Which, opened, output_options, scope_options

if TYPE_CHECKING:
    from codereader.reader import Reader

TOP = 10
MOST_BYTES = 32 << 20
"""Bytes of a text beyond which nothing is read: no report is as long."""


@click.command(
    "search",
    help="Rank the files and symbols of PATH for TEXT, a question or a bug report. TEXT may be - or come on stdin.",
)
@PATH
@click.argument("text", metavar="[TEXT]", required=False)
@click.option("--top", type=Count(1), default=TOP, metavar="N", help=f"Files and symbols at most; default {TOP}.")
@scope_options
@output_options("text", "json", "jsonl", "vimgrep")
def command(path: Path, text: str | None, top: int, which: Which, how: How) -> int:
    """Rank and return the exit code."""
    from codereader.facts.search.question import MOST_LINES
    from codereader.fronts.ranked import ranked_out

    asked = read_text(text)
    lines = asked.count("\n") + 1
    with how.report() as report, how.open() as out, opened(path, which, report) as reader:
        ranked = reader.search(asked, top)
        report.clear()
        if lines > MOST_LINES:
            report.note(f"the text has {lines:,} lines; the first and the last {MOST_LINES // 2:,} were read")
        if ranked.files or how.style in ("json", "jsonl"):
            ranked_out(ranked, out, how.style, _folder(reader))
        if not ranked.files:
            report.note(f"no word of the text is in {reader.walked.scope.name}")
        return ExitCode.OK if ranked.files else ExitCode.NOTHING_FOUND


def read_text(given: str | None) -> str:
    """Return the text from the argument, or from stdin where it is ``-`` or absent. Raises: UsageError."""
    if given is None and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError("no text was given", _EXAMPLE)
    text = given if given not in (None, "-") else _stdin()
    if not text or not text.strip():
        raise UsageError("the text is empty", _EXAMPLE)
    return text


_EXAMPLE = 'Pass it, or pipe it in: codereader search PATH "link is not ready" or codereader search PATH - < report.txt'


def _stdin() -> str:
    if sys.stdin is None:
        return ""
    try:
        return sys.stdin.buffer.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"cannot read the text from stdin: {error.strerror}") from error


def _folder(reader: Reader) -> str:
    """Return the way from the current folder to the scope, the scope's own place where there is none."""
    scope = os.fspath(reader.walked.scope.path)
    try:
        way = os.path.relpath(scope)
    except (ValueError, OSError):  # another drive of Windows, or the current folder is gone
        return scope
    return "" if way == os.curdir else way
