"""The command line: parses arguments, calls the reader, prints through `render` and `report`.

Start-up imports click and nothing heavier; each command's module is imported when it is run.
"""

from __future__ import annotations

import errno
import gc
import importlib
import sys
from typing import TYPE_CHECKING

import click

from codereader import __version__
from codereader.cancel import Cancelled
from codereader.errors import CodereaderError, ExitCode, OutOfMemory, UsageError
from codereader.fronts import ReaderGone, interrupts

if TYPE_CHECKING:
    from codereader.fronts.report import Report

COMMANDS = {
    "ask": "Answer a question about a tree.",
    "tui": "Browse a tree and ask about it on a screen.",
    "brief": "Print the structure of a tree from facts alone.",
    "map": "Print an outline of a tree within a token budget.",
    "pack": "Print the files that a token budget holds, for any model or tool.",
    "find": "Find a name, who reaches it, and the ways between two.",
    "search": "Rank files and symbols for a question or a bug report.",
    "export": "Write every fact for other programs.",
    "index": "Bring the index of a tree up to date.",
    "plan": "Tell how a model would run, here or on another machine.",
    "models": "List the models that were found.",
    "state": "List, check or clear the evaluated prompts that are kept on disk.",
    "doctor": "Tell what works here and what is missing.",
}
"""Command name to its one-line help; each lives in the module of its name."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are named."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Return the commands in the order of their use."""
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Return the command called *name*."""
        if name not in COMMANDS:
            return None
        command = importlib.import_module(f"codereader.fronts.cli.{name}").command
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that *args* names. Raises: NoSuchCommand, with near names."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand:
            raise click.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx) from None

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


EPILOG = (
    "Exit codes: 0 ok, 1 nothing found, (with --strict) a claim that is wrong, (with --replay) another answer, or (of "
    "plan) no room, 2 usage, 3 nothing readable at PATH, 4 model, 70 a bug, 71 no memory, 130 interrupted."
)

NO_MEMORY = ("Cannot allocate memory", "failed to map segment", "can't start new thread")
"""What the loader of libraries and Python's threads say where there is no memory."""


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EPILOG,
    help="Read a source tree: facts from a parser, prose from a model on this machine.",
)
@click.version_option(__version__, prog_name="codereader", message="%(prog)s %(version)s")
def group() -> None:
    """Hold the commands."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code.

    What is still in memory is left to the system: looking for garbage in a large index would take seconds.
    """
    code = run(sys.argv[1:] if arguments is None else arguments)
    gc.freeze()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code. Never a traceback, never silence."""
    try:
        with interrupts.raised():
            code = group.main(args=arguments, prog_name="codereader", standalone_mode=False)
        return code if isinstance(code, int) else ExitCode.OK
    except click.exceptions.NoArgsIsHelpError as error:
        _report().lines(error.format_message().splitlines())
        return ExitCode.USAGE
    except click.UsageError as error:
        hint = f"See `{error.ctx.command_path if error.ctx else 'codereader'} --help`."
        _report().error(UsageError(error.format_message(), hint))
        return ExitCode.USAGE
    except CodereaderError as error:
        _report().error(error)
        return error.exit_code
    except ReaderGone:
        return _drop_stdout()
    except (Cancelled, KeyboardInterrupt, click.Abort):
        _report().interrupted()
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort: a bug is logged and named, never shown raw
        return _unforeseen(error, arguments)


def _drop_stdout() -> int:
    """Let what is still buffered go nowhere, so that the interpreter's own flush at the end does not fail."""
    import os

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return ExitCode.OK


def _report() -> Report:
    from codereader.fronts.report import Report

    return Report()


def _unforeseen(error: Exception, arguments: list[str]) -> int:
    """Tell of an error that nobody has mapped: memory that ran out, else a bug."""
    if not _lacks_memory(error):
        return _bug(error, arguments)
    command = next((word for word in arguments if word in COMMANDS), "")
    what = f"`codereader {command}`" if command else "this command"
    _report().error(OutOfMemory(f"the memory that this program may use ran out during {what}"))
    return ExitCode.NO_MEMORY


def _lacks_memory(error: Exception) -> bool:
    """Whether *error* says that the system gave no memory: to Python, to a library as it is loaded, to a thread."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    told = str(error) if isinstance(error, (ImportError, RuntimeError)) else ""
    return isinstance(error, MemoryError) or any(words in told for words in NO_MEMORY)


def _bug(error: Exception, arguments: list[str]) -> int:
    """Keep the traceback in a file and tell where it is."""
    import tempfile
    import traceback

    text = f"codereader {__version__}\narguments: {arguments!r}\n{''.join(traceback.format_exception(error))}"
    try:
        with tempfile.NamedTemporaryFile(prefix="codereader-", suffix=".log", delete=False) as log:
            log.write(text.encode("utf-8", "backslashreplace"))
            where = log.name
    except OSError as failure:
        where = f"nowhere ({failure.strerror})"
    message = f"a bug stopped this command ({type(error).__name__}: {error})"
    _report().error(CodereaderError(message, f"Report it with the log at {where}."))
    return ExitCode.BUG
