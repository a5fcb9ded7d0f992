"""What README shows is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from codereader.errors import ExitCode
from codereader.fronts.cli import group

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def shown_commands() -> list[str]:
    """Return the command lines that README shows, in code blocks and in the table."""
    found = re.findall(r"(?:^    |&& |`)(codereader [a-z][^`\n]*)", README, re.MULTILINE)
    return sorted(set(found))


@pytest.mark.parametrize("line", shown_commands())
def test_each_command_line_names_a_command_and_flags_that_exist(line: str) -> None:
    """A flag that was renamed cannot stay in README."""
    words = shlex.split(line.replace("|", " "))[1:]
    context = click.Context(group)
    command = group.get_command(context, words[0])

    assert command is not None
    known = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("-")} <= known


SHOWN = re.findall(
    r'^    codereader ask \./linux/(\S+) "([^"]+)"\n\n```text\n(.*?)```', README, re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize(("folder", "question", "block"), SHOWN, ids=[one[0] for one in SHOWN])
def test_the_first_screen_is_real(run, linux: Path, folder: str, question: str, block: str) -> None:
    """Every line of the output that README shows is printed for the tree and the question that it names."""
    shown = [line for line in block.splitlines() if line.strip() not in ("", "...")]

    result = run("ask", linux / folder, question, "--no-model")

    assert ExitCode.OK == result.code
    printed = {without_numbers(line) for line in result.stdout.splitlines()}
    assert [] == [line for line in shown if without_numbers(line) not in printed]


def test_the_first_screen_shows_two_questions() -> None:
    """The blocks above are found."""
    assert 2 == len(SHOWN)


def without_numbers(line: str) -> str:
    """Return *line* as it reads in any release of that kernel: a patch may move a line."""
    return re.sub(r"\d+", "N", line)


def test_readme_links_lead_somewhere() -> None:
    """Every relative link is a file."""
    links = re.findall(r"\]\(((?!http)[^)#]+)\)", README)

    assert links
    assert [] == [link for link in links if not (ROOT / link).is_file()]
