"""Every command and flag has help and documentation; documented examples and examples/ run; start-up stays light."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from codereader import __version__
from codereader.errors import ExitCode
from codereader.fronts.cli import COMMANDS, group

ROOT = Path(__file__).parents[2]
HEAVY = "llama_cpp tiktoken tree_sitter sqlite3 rich textual jinja2 numpy psutil hypothesis".split()


def commands() -> list[tuple[str, click.Command]]:
    """Return every command with its name, subcommands included."""
    found: list[tuple[str, click.Command]] = []
    context = click.Context(group)
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {sub}", command.commands[sub]) for sub in command.commands]
    return found


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_every_command_and_flag_is_documented(name: str, command: click.Command) -> None:
    """docs/commands.md names each command and each of its flags, and --help explains each."""
    text = (ROOT / "docs" / "commands.md").read_text()

    assert command.help
    if not isinstance(command, click.Group):
        assert f"## codereader {name}" in text
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert all(f"`{flag}" in text for flag in parameter.opts), parameter.opts


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_answers_to_help(name: str, run) -> None:
    """--help prints to stdout and exits 0."""
    result = run(*name.split(), "--help")

    assert (ExitCode.OK, "") == (result.code, result.stderr)
    assert "Usage: codereader" in result.stdout


def test_the_version_is_printed(run) -> None:
    """--version names the program and its version."""
    result = run("--version")

    assert (ExitCode.OK, f"codereader {__version__}\n") == (result.code, result.stdout)


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_a_cold_start_imports_nothing_heavy(flag: str) -> None:
    """Start-up may import click; everything heavy waits for the command that needs it."""
    code = (
        "import sys\nfrom codereader.fronts.cli import run\n"
        f"run([{flag!r}])\nprint(*[m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "" == done.stderr.strip()


def test_brief_needs_no_model_library(tmp_path: Path) -> None:
    """Facts come without llama.cpp, tiktoken or jinja2 being imported."""
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    code = (
        "import sys\nfrom codereader.fronts.cli import run\n"
        f"run(['brief', {str(tmp_path)!r}])\n"
        "print(*[m for m in ('llama_cpp', 'tiktoken', 'jinja2', 'numpy') if m in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)

    assert "" == done.stderr.strip()
    assert "main" in done.stdout


def test_a_mistyped_command_gets_a_suggestion(run) -> None:
    """One sentence, exit 2, and the near name."""
    result = run("aks", ".", "why")

    assert (ExitCode.USAGE, "") == (result.code, result.stdout)
    assert "ask" in result.stderr


def test_bare_invocation_shows_help(run) -> None:
    """Nothing given: the help, on stderr, exit 2."""
    result = run()

    assert ExitCode.USAGE == result.code
    assert "Commands:" in result.stderr


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_examples_run(example: Path, tmp_path: Path) -> None:
    """Each example prints something on a small tree and fails on nothing."""
    (tmp_path / "a.c").write_text("/* a thing */\nint main(void) { return 0; }\n")

    done = subprocess.run([sys.executable, str(example), str(tmp_path)], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)
    assert "a.c" in done.stdout


def test_the_json_documentation_names_every_key(run, tmp_path: Path) -> None:
    """docs/json.md and what is printed agree on the keys of the first level."""
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    text = (ROOT / "docs" / "json.md").read_text()
    calls = {
        "ask": ["ask", tmp_path, "why", "--model", "echo"],
        "brief": ["brief", tmp_path],
        "pack": ["pack", tmp_path, "--budget", "1000"],
        "index": ["index", tmp_path],
        "plan": ["plan"],
        "models": ["models", "list"],
        "doctor": ["doctor"],
    }
    for name, arguments in calls.items():
        printed = json.loads(run(*arguments, "--format", "json").stdout)
        block = re.search(rf"^    {name}\b(.*?)(?=^    \w|^\S)", text, re.MULTILINE | re.DOTALL)
        assert block
        words = set(re.findall(r"\w+", block[1]))
        assert set(printed) - {"schema"} <= words, name
