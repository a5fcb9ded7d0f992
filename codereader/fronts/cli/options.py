"""Options that several commands share, and what they make: a reader, a report, a way to stop."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import click

from codereader.cancel import CancelToken
from codereader.fronts.report import Report
from codereader.reader import Reader
from codereader.source.scope import DEFAULT_MAX_BYTES

UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}


class Count(click.ParamType[int]):
    """A whole number that may end in k, m, KiB, MiB or GiB; at least *least*."""

    name = "N"

    def __init__(self, least: int = 1, units: tuple[str, ...] = ("", "k", "m")) -> None:
        self._least = least
        self._units = units

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number that *value* writes."""
        if isinstance(value, int):
            return value
        text = str(value).strip().lower().replace("_", "").replace(",", "")
        digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = text[len(digits) :]
        if not digits.isascii() or not digits.isdigit() or unit not in self._units or len(digits) > 15:
            self.fail(f"{value!r} is not a whole number such as 4096 or {self._example()}.", param, ctx)
        number = int(digits) * UNITS[unit]
        if number < self._least:
            self.fail(f"{value} is less than {self._least}.", param, ctx)
        return number

    def _example(self) -> str:
        return "128k" if "k" in self._units else "2MiB"


PATH = click.argument("path", type=click.Path(path_type=Path), metavar="PATH")


def scope_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what decides which files are read."""
    for option in (
        click.option(
            "--max-file-size",
            type=Count(1, ("", "kib", "mib", "gib")),
            default=DEFAULT_MAX_BYTES,
            metavar="SIZE",
            help="Skip files above SIZE bytes (2MiB, 500KiB ...); default 1MiB.",
        ),
        click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files that match (repeatable)."),
        click.option("--include", multiple=True, metavar="GLOB", help="Read only files that match (repeatable)."),
    ):
        command = option(command)
    return command


def output_options(*styles: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --format with *styles*, -o, --color and --quiet."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option("-q", "--quiet", is_flag=True, help="Write errors only to stderr."),
            click.option(
                "--color",
                "colour",
                type=click.Choice(["auto", "always", "never"]),
                default="auto",
                help="Colour the output; auto obeys NO_COLOR and whether it is a terminal.",
            ),
            click.option(
                "-o",
                "--output",
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="Write the answer to FILE, whole or not at all.",
            ),
            click.option(
                "--format", "style", type=click.Choice(styles), default="text", help="How to write the answer."
            ),
        ):
            command = option(command)
        return command

    return add


@contextlib.contextmanager
def stoppable() -> Iterator[CancelToken]:
    """Turn the first Ctrl-C into a cancel that all work looks at; a second one stops at once."""
    token = CancelToken()

    def stop(_: int, __: FrameType | None) -> None:
        if token.cancelled:
            raise KeyboardInterrupt
        token.cancel()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield token
        token.check()
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def opened(
    path: Path, report: Report, include: tuple[str, ...], exclude: tuple[str, ...], max_file_size: int
) -> Iterator[Reader]:
    """Yield a reader whose index is up to date, with progress on *report*."""
    with reading(path, include, exclude, max_file_size) as reader:
        built = reader.open(lambda stage, done, total: report.progress(stage, done, total, "files"))
        report.clear()
        for note in built.notes:
            report.note(note)
        yield reader


@contextlib.contextmanager
def reading(path: Path, include: tuple[str, ...], exclude: tuple[str, ...], max_file_size: int) -> Iterator[Reader]:
    """Yield a reader that is not opened yet and that Ctrl-C stops."""
    with (
        stoppable() as cancel,
        Reader(path, include=include, exclude=exclude, max_bytes=max_file_size, cancel=cancel) as reader,
    ):
        yield reader
