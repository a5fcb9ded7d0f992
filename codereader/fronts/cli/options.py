"""Options that several commands share, and what they make: a reader, a report, a way to stop."""

from __future__ import annotations

import contextlib
import math
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from codereader.cancel import Cancelled, CancelToken
from codereader.source.scope import DEFAULT_MAX_BYTES

if TYPE_CHECKING:
    from codereader.fronts.render import Output
    from codereader.fronts.report import Report
    from codereader.reader import Reader

UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}


class Real(click.FloatRange):
    """A number in a range; infinity and nan are not numbers here."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number that *value* writes."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


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


class Place(click.ParamType[Path]):
    """A path, which is not empty. Whether anything is there, and readable, is seen when it is used."""

    name = "PATH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path that *value* writes."""
        if not str(value):
            self.fail("it is empty; pass . for the current folder.", param, ctx)
        return Path(value)


PATH = click.argument("path", type=Place(), metavar="PATH")


@dataclass(frozen=True, slots=True)
class Which:
    """Which files of a scope are read: the values of the flags that `scope_options` adds."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]
    max_file_size: int


@dataclass(frozen=True, slots=True)
class How:
    """How an answer is written: the values of the flags that `output_options` adds."""

    style: str
    output: Path | None
    colour: str
    quiet: bool

    def report(self) -> Report:
        """Return the writer of stderr."""
        from codereader.fronts.report import Report

        return Report(quiet=self.quiet, colour=self.colour)

    def open(self) -> Output:
        """Return the writer of the answer. Raises: OutputError before any work is done."""
        from codereader.fronts.render import Output

        return Output(self.output, self.colour)


Command = Callable[..., Any]


def scope_options(command: Command) -> Command:
    """Add the flags that decide which files are read; the command gets them as `which`."""
    return _bundled(
        command,
        "which",
        Which,
        click.option("--include", multiple=True, metavar="GLOB", help="Read only files that match (repeatable)."),
        click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files that match (repeatable)."),
        click.option(
            "--max-file-size",
            type=Count(1, ("", "kib", "mib", "gib")),
            default=DEFAULT_MAX_BYTES,
            metavar="SIZE",
            help="Skip files above SIZE bytes (2MiB, 500KiB ...); default 1MiB.",
        ),
    )


def output_options(*styles: str) -> Callable[[Command], Command]:
    """Add --format with *styles*, -o, --color and --quiet; the command gets them as `how`."""

    def add(command: Command) -> Command:
        return _bundled(
            command,
            "how",
            How,
            click.option(
                "--format", "style", type=click.Choice(styles), default=styles[0], help="How to write the answer."
            ),
            click.option(
                "-o",
                "--output",
                type=Place(),
                metavar="FILE",
                help="Write the answer to FILE, whole or not at all.",
            ),
            click.option(
                "--color",
                "colour",
                type=click.Choice(["auto", "always", "never"]),
                default="auto",
                help="Colour the output; auto obeys NO_COLOR and whether it is a terminal.",
            ),
            click.option("-q", "--quiet", is_flag=True, help="Write errors only to stderr."),
        )

    return add


def _bundled(
    command: Command, name: str, bundle: type[Which] | type[How], *options: Callable[[Command], Command]
) -> Command:
    """Add *options* to *command*, which gets their values as one argument *name*."""
    keys = [field.name for field in fields(bundle)]

    @wraps(command)
    def call(**values: Any) -> Any:
        values[name] = bundle(**{key: values.pop(key) for key in keys})
        return command(**values)

    wrapped: Command = call
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


@contextlib.contextmanager
def stoppable() -> Iterator[CancelToken]:
    """Turn the first Ctrl-C into a cancel that all work looks at, or stops at once; a second one always does."""
    token = CancelToken()

    def stop(_: int, __: FrameType | None) -> None:
        if token.cancelled:
            raise KeyboardInterrupt
        token.cancel()
        if token.may_raise:
            raise Cancelled

    before = signal.getsignal(signal.SIGINT)
    if before in (signal.SIG_IGN, None):
        yield token
        return
    signal.signal(signal.SIGINT, stop)
    try:
        yield token
        token.check()
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def opened(path: Path, which: Which, report: Report, *, generated: bool = False) -> Iterator[Reader]:
    """Yield a reader whose index is up to date, with progress on *report*; *generated* is as in `Reader`."""
    with reading(path, which, generated=generated) as reader:
        built = reader.open(lambda stage, done, total: report.progress(stage, done, total, "files"))
        report.clear()
        for note in (*reader.walked.notes, *built.notes):
            report.note(note)
        yield reader


@contextlib.contextmanager
def reading(path: Path, which: Which, *, generated: bool = False) -> Iterator[Reader]:
    """Yield a reader that is not opened yet and that Ctrl-C stops."""
    from codereader.reader import Reader

    with (
        stoppable() as cancel,
        Reader(
            path,
            include=which.include,
            exclude=which.exclude,
            max_bytes=which.max_file_size,
            generated=generated,
            cancel=cancel,
        ) as reader,
    ):
        yield reader
