"""The person's own editor, at a line of a file. The file is only named to it; nothing here writes one."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from codereader.errors import UsageError
from codereader.fronts.tui.terminal import screen_descriptor

if TYPE_CHECKING:
    from textual.app import App

_PLUS = frozenset(
    {"vi", "vim", "nvim", "view", "nvi", "vis", "gvim", "mvim", "nano", "pico", "emacs", "emacsclient", "mg", "jed",
     "joe", "jmacs", "ne", "micro", "kak", "mcedit", "zile", "ed", "e3", "amp", "tilde", "gedit", "gnome-text-editor"}
)  # fmt: skip
"""Editors that take ``+LINE FILE``."""

_COLON = frozenset({"hx", "helix", "subl", "sublime_text", "zed", "zeditor", "lapce", "mate-open", "atom"})
"""Editors that take ``FILE:LINE``."""

_GOTO = frozenset({"code", "codium", "code-insiders", "cursor", "windsurf", "positron"})
"""Editors that take ``--goto FILE:LINE``."""

_LINE = frozenset({"kate", "kwrite", "mate", "idea", "pycharm", "clion", "goland", "webstorm", "rider"})
"""Editors that take ``--line LINE FILE``."""

_WAITING = {"--goto": "--wait", "subl": "--wait", "zed": "--wait", "mate": "--wait"}
"""Flags with which an editor of windows ends when the file is closed."""

_HINT = "Set VISUAL or EDITOR to a program that is installed, as in EDITOR=vim."


def editor_command(path: str, line: int, environment: Mapping[str, str]) -> list[str]:
    """Return the command that opens *path* at the 1-based *line* in what ``VISUAL`` or ``EDITOR`` names.

    An editor that is not known is given the file alone. Raises: UsageError where there is no editor.
    """
    written = environment.get("VISUAL") or environment.get("EDITOR") or ""
    try:
        words = shlex.split(written, posix=os.name != "nt")
    except ValueError as error:
        raise UsageError(f"cannot read the name of the editor {written!r}: {error}", _HINT) from None
    words = words or _usual()
    program = shutil.which(words[0], path=environment.get("PATH"))
    if program is None:
        raise UsageError(f"the editor {words[0]} is not installed", _HINT)
    name = Path(words[0]).name.lower().removesuffix(".exe").removesuffix(".cmd")
    return [program, *words[1:], *_place(name, words[1:], path, line)]


def _usual() -> list[str]:
    for name in ("notepad",) if os.name == "nt" else ("nvim", "vim", "nano", "vi"):
        if shutil.which(name):
            return [name]
    raise UsageError("no editor is named by VISUAL or EDITOR", _HINT)


def _place(name: str, given: list[str], path: str, line: int) -> list[str]:
    """Return how an editor is told a line of a file, and to wait where it would not."""
    if path.startswith("-"):
        path = os.path.join(os.curdir, path)  # noqa: PTH118  # keeps the dot
    if name in _PLUS:
        return [f"+{line}", path]
    flag = "--goto" if name in _GOTO else name
    wait = [_WAITING[flag]] if flag in _WAITING and not {"-w", "--wait"} & set(given) else []
    if name in _GOTO:
        return [*wait, "--goto", f"{path}:{line}"]
    if name in _COLON:
        return [*wait, f"{path}:{line}"]
    if name in _LINE:
        return [*wait, "--line", str(line), path]
    return [path]


def open_in_editor(app: App[object], path: str, line: int, run: Callable[[list[str]], int] | None = None) -> None:
    """Give the screen to the person's editor until it ends. *path* is absolute.

    Raises: UsageError where there is no editor, it cannot be started, or this screen cannot be given away.
    """
    from textual.app import SuspendNotSupported

    command = editor_command(path, line, os.environ)
    try:
        with app.suspend():
            (run or _run)(command)
    except SuspendNotSupported:
        raise UsageError("an editor cannot be opened from here: this screen cannot be given away") from None
    except OSError as error:
        raise UsageError(f"cannot start the editor {command[0]}: {error.strerror or error}", _HINT) from None


def _run(command: list[str]) -> int:
    screen = screen_descriptor()  # descriptors 1 and 2 do not lead to the terminal
    return subprocess.run(command, check=False, stdout=screen, stderr=screen).returncode  # noqa: S603  # the person's own command, without a shell
