"""Errors that a person may see, and the exit code each one owns.

    CodereaderError
    +-- UsageError              2   a flag, value or question that cannot be used
    |   +-- ConfigError         2   an environment variable or file with a bad value
    |   +-- BudgetTooSmall      2   the question and the frame around it leave no room
    |   +-- OutputError         2   -o names a place that cannot be written
    +-- NothingFound            1   what was asked for is not in the tree
    |   +-- UnknownNames        1   the question is only about names that are nowhere
    +-- NotTheSame              1   an answer that was to be replayed would be, or is, another one
    +-- NothingReadable         3   PATH is missing, empty, forbidden, or holds no text
    +-- StoreError              2   the index in the cache directory cannot be used
    |   +-- BrokenIndex         2   the index is damaged inside
    +-- ModelError              4   a model that is missing, broken, or cannot run here
        +-- ModelNotFound       4
        +-- ModelUnreadable     4
        +-- ModelTooLarge       4
        +-- EngineEnded         4   the process that runs the model crashed or was ended
            +-- EngineUnusable  4   it cannot be started, or speaks nonsense
    +-- OutOfMemory            71   the system gives this program no more memory

A message says what was attempted, on what, and why it failed; `hint` says what to do next.
Foreign exceptions (OSError, sqlite3, git, llama.cpp) are mapped where they are wrapped.
Cancelling is not an error: see `codereader.cancel`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells its caller."""

    OK = 0
    NOTHING_FOUND = 1
    """Nothing matched, --strict met a claim that is wrong, or --replay gave another answer."""
    USAGE = 2
    UNREADABLE = 3
    MODEL = 4
    TIMEOUT = 5
    BUG = 70
    NO_MEMORY = 71
    """Memory or threads ran out outside of a model; sysexits calls it an error of the system."""
    INTERRUPTED = 130


class CodereaderError(Exception):
    """An expected failure, with one sentence for the person and one hint."""

    exit_code = ExitCode.BUG
    hint = ""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class UsageError(CodereaderError):
    """A flag, value or question that cannot be used as given."""

    exit_code = ExitCode.USAGE
    hint = "See `codereader --help`."


class ConfigError(UsageError):
    """An environment variable or configuration file holds a value that cannot be used."""


class BudgetTooSmall(UsageError):
    """The question and the frame around it leave no room in the budget or the context window."""

    hint = "Raise --ctx or --budget, or shorten the question."


class OutputError(UsageError):
    """The file named by -o cannot be written."""

    hint = "Pass -o a file in a folder that exists and can be written."


class NothingFound(CodereaderError):
    """What was asked for by name is not in the tree."""

    exit_code = ExitCode.NOTHING_FOUND


class UnknownNames(NothingFound):
    """The question is only about names that the tree does not have; `row` tells a program which, and what is near."""

    def __init__(self, message: str, hint: str, row: Mapping[str, object]) -> None:
        super().__init__(message, hint)
        self.row = row


class NotTheSame(CodereaderError):
    """An answer that was to be replayed cannot be the recorded one, or turned out not to be."""

    exit_code = ExitCode.NOTHING_FOUND


class NothingReadable(CodereaderError):
    """PATH is missing, empty, forbidden, or holds no text."""

    exit_code = ExitCode.UNREADABLE
    hint = "Pass a folder or file that holds source text."


class StoreError(CodereaderError):
    """The index in the cache directory cannot be read or written."""

    exit_code = ExitCode.USAGE
    hint = "Set CODEREADER_CACHE_DIR to a folder that can be written."


class BrokenIndex(StoreError):
    """The index is damaged inside. Closing its store moves it aside, so that the next build makes it anew."""

    hint = "Run the command again: it makes the index anew."


class ModelError(CodereaderError):
    """A model is missing, broken, or cannot run on this machine."""

    exit_code = ExitCode.MODEL
    hint = "`codereader doctor` lists the models that were found; `codereader ask --no-model` answers from facts alone."


class ModelNotFound(ModelError):
    """The model named by flag or environment does not exist."""


class ModelUnreadable(ModelError):
    """The model file is truncated, not a GGUF, or of an architecture that the engine does not know."""


class ModelTooLarge(ModelError):
    """The model and its context do not fit the memory of this machine."""

    hint = "Pass a smaller --ctx or a smaller model; `codereader ask --no-model` answers from facts alone."


class EngineEnded(ModelError):
    """The process that runs the model ended unasked."""

    hint = (
        "Ask again; if it ends again, try --device cpu or another model. `codereader ask --no-model` answers from "
        "facts alone."
    )


class EngineUnusable(EngineEnded):
    """The process that runs the model cannot be started, or says what nobody understands: no other plan helps."""


class OutOfMemory(CodereaderError):
    """The system gives this program no more memory, or no further thread, for something other than a model."""

    exit_code = ExitCode.NO_MEMORY
    hint = (
        "Close other programs, raise the limit if one is set (`ulimit -v`, a container's), or read less: a subfolder, "
        "--include, a smaller --budget or --ctx."
    )
