"""The only writer of stderr: notes, progress, statistics, errors.

Nothing here is part of an answer. Progress shows only on a terminal, after half a second, and is erased at the end.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, Timer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from codereader.errors import CodereaderError
from codereader.fronts.text import duration, safe, safe_line

if TYPE_CHECKING:
    from codereader.engine.protocol import Usage

PROGRESS_AFTER = 0.5
"""Seconds before progress is shown."""

STILL_AFTER = 30.0
"""Seconds without progress after which that is said: whatever computes may hang."""


def wants_colour(stream: TextIO | None, choice: str = "auto") -> bool:
    """Say whether *stream* gets colour: ``--color`` first, then NO_COLOR, TERM=dumb, and whether it is a terminal."""
    if stream is None:
        return False
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


class Report:
    """Narration on stderr. *quiet* keeps errors only."""

    def __init__(self, *, quiet: bool = False, colour: str = "auto") -> None:
        self._quiet = quiet
        self._colour = wants_colour(sys.stderr, colour)
        self._bar: _Bar | None = None
        self._thinks = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.clear()

    def note(self, text: str) -> None:
        """Say something the person should know."""
        if not self._quiet:
            self._write(f"{self._paint('note:', '33')} {safe_line(text)}\n")

    def lines(self, lines: Sequence[str]) -> None:
        """Write plain lines."""
        if not self._quiet:
            self._write("".join(f"{safe_line(line)}\n" for line in lines))

    def asked(self, lines: Sequence[str]) -> None:
        """Write lines that were asked for; they show even when quiet."""
        self._write("".join(f"{safe_line(line)}\n" for line in lines))

    def error(self, error: CodereaderError) -> None:
        """Say what failed in one sentence and what to do next. Shown even when quiet."""
        hint = f"\n  {safe_line(error.hint)}" if error.hint else ""
        self._write(f"{self._paint('codereader:', '31')} {safe_line(str(error))}{hint}\n")

    def interrupted(self) -> None:
        """End the line that the terminal is in the middle of."""
        if sys.stderr is not None and sys.stderr.isatty():
            self._write("\n")

    def usage(self, usage: Usage, model: str) -> None:
        """Write the footer in the words that users of local models know."""
        self.lines(["", *_footer(usage, model)])

    def rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Write labels and values under each other; a row without a label goes on with the one above."""
        self.lines(["", *_labelled(rows)])

    def usage_json(self, row: dict[str, Any]) -> None:
        """Write the statistics as one JSON line; it was asked for, so it shows even when quiet."""
        self._write(json.dumps(row, ensure_ascii=True) + "\n")

    def thought(self, text: str) -> None:
        """Show reasoning, dimmed, on a terminal; it is hidden anywhere else."""
        if not self.moves:
            return
        if not self._thinks:
            self._write(f"{self._paint('reasoning:', '2')}\n")
            self._thinks = True
        self._send(self._paint(safe(text), "2"))

    def progress(self, stage: str, done: int, total: int, unit: str, reused: int = 0) -> None:
        """Show that *stage* moved on to *done* of *total* (0: not known), if stderr is a terminal.

        *reused* of what is done cost nothing and does not count towards the rate.
        """
        if not self.moves:
            return
        if self._bar is None or self._bar.stage != stage:
            self.clear()
            self._bar = _Bar(stage, unit, colour=self._colour)
        self._bar.move(done, total, reused)

    @contextmanager
    def working(self, stage: str) -> Iterator[None]:
        """Show that *stage* is under way and erase that at the end."""
        if self.moves:
            self.clear()
            self._bar = _Bar(stage, "", colour=self._colour)
        try:
            yield
        finally:
            self.clear()

    @property
    def moves(self) -> bool:
        """Whether anything that moves may be shown."""
        return not self._quiet and sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def clear(self) -> None:
        """Erase the progress line, if one shows."""
        if self._bar:
            self._bar.stop()
            self._bar = None
        if self._thinks:
            self._thinks = False
            self._send("\n\n")

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text

    def _write(self, text: str) -> None:
        self.clear()
        self._send(text)

    def _send(self, text: str) -> None:
        if sys.stderr is None:
            return
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (OSError, ValueError):
            return


class _Bar:
    """One progress line of rich, shown by a timer once half a second has passed."""

    def __init__(self, stage: str, unit: str, *, colour: bool) -> None:
        self.stage = stage
        self._unit = unit
        self._colour = colour
        self._since = self._moved = time.monotonic()
        self._lock = Lock()
        self._stopped = False
        self._state = (0, 0, "")
        self._progress: Any = None
        self._timer = Timer(PROGRESS_AFTER, self._start)
        self._timer.daemon = True
        self._timer.start()

    def _still(self) -> str:
        """Return how long nothing has moved, for what counts; empty before that is worth a word."""
        still = time.monotonic() - self._moved
        return f"  no progress for {still:.0f} s; Ctrl-C stops" if self._unit and still >= STILL_AFTER else ""

    def move(self, done: int, total: int, reused: int) -> None:
        self._moved = time.monotonic()
        seconds = self._moved - self._since
        rate = f"{(done - reused) / seconds:,.0f}/s" if self._unit == "tokens" and seconds > PROGRESS_AFTER else ""
        with self._lock:
            self._state = (done, total, rate)
            self._update()

    def stop(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._stopped = True
            if self._progress is not None:
                self._progress.stop()

    def _update(self) -> None:
        if self._progress is not None:
            done, total, rate = self._state
            self._progress.update(self._progress.task_ids[0], completed=done, total=total or None, rate=rate)

    def _start(self) -> None:
        from rich.console import Console, RenderableType
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        still = self._still

        class Drawn(Progress):
            def get_renderables(self) -> Iterator[RenderableType]:
                yield from super().get_renderables()
                if said := still():
                    yield said

        console = Console(stderr=True, no_color=not self._colour, highlight=False)
        counted = (
            BarColumn(), MofNCompleteColumn(), TextColumn(self._unit), TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )  # fmt: skip
        columns = (SpinnerColumn("line"), TextColumn("{task.description}"), *(counted if self._unit else ()))
        with self._lock:
            if self._stopped:
                return
            self._progress = Drawn(*columns, console=console, transient=True)
            self._progress.add_task(self.stage, total=None, rate="")
            self._update()
            self._progress.start()


def _rate(count: int, seconds: float) -> str:
    return f"{count / seconds:,.1f} tokens/s" if seconds > 0 and count else "-"


def _footer(usage: Usage, model: str) -> list[str]:
    evaluated = usage.prompt_tokens - usage.reused_tokens
    share = f"{100 * usage.reused_tokens / usage.prompt_tokens:.0f} %" if usage.prompt_tokens else "0 %"
    rows = (
        ("model", safe(model)),
        ("load duration", duration(usage.load_seconds)),
        ("prompt eval count", f"{usage.prompt_tokens:,} tokens"),
        ("  from saved state", f"{usage.reused_tokens:,} tokens ({share})"),
        ("prompt eval duration", duration(usage.prompt_seconds)),
        ("prompt eval rate", _rate(evaluated, usage.prompt_seconds)),
        ("eval count", f"{usage.completion_tokens:,} tokens"),
        *([("  of them reasoning", f"{usage.reasoning_tokens:,} tokens")] if usage.reasoning_tokens else ()),
        ("eval duration", duration(usage.completion_seconds)),
        ("eval rate", _rate(usage.completion_tokens, usage.completion_seconds)),
        ("total duration", duration(usage.total_seconds)),
        ("processor", usage.processor),
        ("context", f"{usage.context_used:,} / {usage.context_size:,} tokens"),
    )
    return _labelled(rows)


def _labelled(rows: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{label + ':' if label else '':<23}{value}" for label, value in rows]
