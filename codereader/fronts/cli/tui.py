"""``codereader tui``: the terminal user interface."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from codereader import config
from codereader.cancel import CancelToken
from codereader.errors import ExitCode, NothingReadable, UsageError
from codereader.fronts.cli.options import Place, Which, scope_options
from codereader.reader import Reader

PATIENCE = 0.5
"""Seconds that leaving waits for the index to be closed."""


@click.command("tui", help="Browse PATH (the current folder by default) and ask about it on a screen.")
@click.argument("path", type=Place(), metavar="PATH", required=False, default=".")
@click.option("--model", metavar="FILE|NAME", help="Ask this GGUF file or model name (see `codereader models list`).")
@click.option("--no-model", is_flag=True, help="Answer from facts alone.")
@scope_options
def command(path: Path, model: str | None, no_model: bool, which: Which) -> int:
    """Show the screen until the person leaves it, and return the exit code."""
    from codereader.fronts.tui.terminal import check_terminal, kept_clean

    if no_model and model:
        raise UsageError("--no-model and --model contradict each other", "Leave one of them out.")
    check_terminal()
    if not path.exists():
        raise NothingReadable(f"cannot open {path}: there is no such file or folder", "Check the path.")
    cache = config.cache_dir()
    with kept_clean(cache):
        with _without_collecting():
            from codereader.fronts.tui.app import CodereaderApp, Launch

        app = CodereaderApp(Launch(path, _reader_of(path, which), cache, model, has_model=not no_model))
        app.run()
    if app.failure is not None:
        raise app.failure
    code = app.return_value if app.return_value is not None else ExitCode.OK
    if not app.desk.has_ended(PATIENCE):
        os._exit(code)  # the person left: nobody waits for what the index still works out; its files are whole or not
    return code


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Import without looking for garbage in between: there is none, and a twentieth of the time goes there."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _reader_of(path: Path, which: Which) -> Callable[[CancelToken], Reader]:
    return lambda cancel: Reader(
        path, include=which.include, exclude=which.exclude, max_bytes=which.max_file_size, cancel=cancel
    )
