"""``codereader pack``: the files of a tree that a budget of tokens holds, as text for a model or another tool."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from codereader.errors import UsageError
from codereader.fronts.cli.options import PATH, Count, How, Place, Which, opened, output_options, scope_options
from codereader.pack.budget import MAX_BUDGET
from codereader.pack.piece import Rendering

if TYPE_CHECKING:
    from codereader.fronts.cli.packing import View
    from codereader.fronts.report import Report
    from codereader.model.counter import TokenCounter
    from codereader.reader import Reader

HEADER_BYTES = 1 << 20
"""Longest file that --header-file reads."""


class Budget(Count):
    """A number of tokens, ``max``, or ``auto``, which is None."""

    name = "N|auto|max"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the tokens that *value* writes, 0 for ``auto``."""
        word = str(value).strip().lower()
        if word in ("auto", "max"):
            return MAX_BUDGET if word == "max" else 0
        return super().convert(value, param, ctx)


class Commits(click.IntRange):
    """A number of commits, which may be left away."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number that *value* writes."""
        if isinstance(value, str) and not value.strip().isdigit():
            self.fail(f"{value!r} is not a number of commits; write --log 10, or --log behind everything else.")
        return int(super().convert(value, param, ctx))


class Packer(click.Command):
    """The command; a flag of another packer is answered with ours."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse *args*. Raises: UsageError for a flag that another packer has, with what does it here."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            from codereader.fronts.packed.habits import HERE

            if error.option_name not in HERE:
                raise
            raise UsageError(f"pack has no {error.option_name}", HERE[error.option_name]) from None


@click.command(
    "pack",
    cls=Packer,
    help="Print the files of PATH that a budget of tokens holds, and what QUESTION needs, for any model or tool.",
)
@PATH
@click.argument("question", required=False)
@click.option(
    "--budget",
    type=Budget(),
    default="auto",
    metavar="N|auto|max",
    help="Tokens of files at most; auto (the default): as many as help; max: all.",
)
@click.option("--model", metavar="FILE|NAME", help="Count in this model's vocabulary; default: the default model's.")
@click.option("--tree", is_flag=True, help="Print tokens by folder and file at each level of detail instead, as du.")
@click.option("--depth", type=click.IntRange(1), metavar="N", help="Levels of folders that --tree shows.")
@click.option("--left-out", is_flag=True, help="Print instead what is not in full, and the budget that brings it back.")
@click.option("--dry-run", is_flag=True, help="Print instead which files are shown at which level for how many tokens.")
@click.option("-n", "--line-numbers", is_flag=True, help="Number every line of full text.")
@click.option("--remove-comments", is_flag=True, help="Leave the comments out of full text.")
@click.option("--header", metavar="TEXT", help="Begin with this instruction.")
@click.option("--header-file", type=Place(), metavar="FILE", help="Begin with the instruction that FILE holds.")
@click.option("--diff", is_flag=True, help="Add the uncommitted changes.")
@click.option(
    "--log", type=Commits(1), is_flag=False, flag_value=10, metavar="[N]", help="Add the last N commits; default 10."
)
@click.option("--stdin", is_flag=True, help="Pack only the files that standard input lists, one a line.")
@click.option("-0", "--null", is_flag=True, help="The paths on standard input end with NUL, not with a line.")
@click.option(
    "--secrets/--no-secrets", default=True, help="Replace what looks like a password or key (the default), or do not."
)
@click.option("--bare", is_flag=True, help="Print the files alone: no tree, facts or question around them.")
@click.option("--text", is_flag=True, help="In JSON, give each segment its text; the other formats always have it.")
@scope_options
@output_options("text", "cxml", "markdown", "json")
def command(which: Which, how: How, **given: Any) -> None:
    """Pack a scope and print the result."""
    from codereader.fronts.cli import packing

    view = _view(given)
    question = _question(given["question"])
    request = packing.Request(
        path=given["path"],
        question=question,
        budget=given["budget"] or None,
        view=view,
        rendering=Rendering(comments=not given["remove_comments"], line_numbers=given["line_numbers"]),
        header=_header(given["header"], given["header_file"]),
        names=packing.read_names(null=given["null"]) if given["stdin"] or given["null"] else None,
        diff=given["diff"],
        log=given["log"] or 0,
        secrets=given["secrets"],
        bare=given["bare"],
        text=given["text"],
        depth=given["depth"],
    )
    _check_style(view, how.style)
    _check_bare(given)
    which = _without(which, how.output, request.path)
    with how.report() as report, how.open() as out, opened(request.path, which, report) as reader:
        packing.run(request, reader, counter(given["model"], reader, report), report, out, how.style)


def _view(given: dict[str, Any]) -> View:
    """Return what is to be printed. Raises: UsageError for two at once."""
    views: dict[str, View] = {"tree": "tree", "left_out": "left out", "dry_run": "listing"}
    asked = [name for name in views if given[name]]
    if len(asked) > 1:
        flags = " and ".join("--" + name.replace("_", "-") for name in asked)
        raise UsageError(f"{flags} contradict each other", "Ask for one at a time.")
    if given["depth"] and not given["tree"]:
        raise UsageError("--depth is for --tree", "Add --tree.")
    return views[asked[0]] if asked else "pack"


def _without(which: Which, output: Path | None, path: Path) -> Which:
    """Return *which* files are read, without the one that the pack is written to: its last pack is no source."""
    if output is None or str(output) == "-" or not output.is_file():
        return which
    try:
        inside = output.resolve().relative_to(path.resolve()).as_posix()
    except (OSError, ValueError):
        return which
    escaped = "".join(f"\\{c}" if c in "\\*?[]!# " else c for c in inside)
    return which if inside == "." or "\n" in inside else replace(which, exclude=(*which.exclude, f"/{escaped}"))


def _check_style(view: View, style: str) -> None:
    """Check that what is no pack is not wanted in a format for packs. Raises: UsageError."""
    if view != "pack" and style in ("cxml", "markdown"):
        raise UsageError(f"a table cannot be written as {style}", "Pass --format text or --format json.")


def _check_bare(given: dict[str, Any]) -> None:
    """Check that nothing is wanted beside files that are to stand alone. Raises: UsageError."""
    beside = [name for name in ("header", "header_file", "diff", "log") if given[name]]
    if given["bare"] and beside:
        flag = "--" + beside[0].replace("_", "-")
        raise UsageError(f"--bare prints the files alone, and {flag} adds something", "Leave one of them out.")


def _question(given: str | None) -> str | None:
    """Return the question. Raises: UsageError for one without text, and for a second path."""
    if given is None:
        return None
    question = given.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()
    if not question:
        raise UsageError("the question has no text", 'Ask one: codereader pack PATH "how are pages freed"')
    if " " not in question and Path(given).exists():
        message = f"{question} is a path, and pack takes one: what comes behind it is a question"
        raise UsageError(message, "Pass the folder that holds both, with --include GLOB or --stdin to choose.")
    return question


def _header(text: str | None, file: Path | None) -> str:
    """Return the instruction to begin with. Raises: UsageError."""
    if file is None:
        return (text or "").strip()
    if text is not None:
        raise UsageError("--header and --header-file contradict each other", "Leave one of them out.")
    try:
        with file.open("rb") as stream:
            data = stream.read(HEADER_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read --header-file {file}: {error.strerror}", "Name a text file.") from error
    if len(data) > HEADER_BYTES:
        raise UsageError(f"--header-file {file} is over 1 MiB", "Name a shorter text file.")
    return data.decode("utf-8", "replace").strip()


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
