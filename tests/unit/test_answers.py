"""The events of an answer as people see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from codereader.answer.event import Citation, Mark, Token
from codereader.fronts.answers import AnswerText
from codereader.fronts.render import Output


def written(tmp_path: Path, *events: Token | Mark) -> str:
    file = tmp_path / "answer.md"
    with Output(file) as output:
        shown = AnswerText(output, intent="overview", is_cut=False, markdown=True)
        for event in (*events, Mark(Citation("x", "verified"))):
            shown.show(event)
    return file.read_text().removeprefix("## Answer\n\n")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<img src=http://a/b>", "&lt;img src=http://a/b>"),
        ("\\<img src=x>", "\\&lt;img src=x>"),
        ("a <!-- b", "a &lt;!-- b"),
        ("![a](http://b)", "!\\[a](http://b)"),
        ("`vector<int>` and `#include <linux/fs.h>`, a < b", "`vector<int>` and `#include <linux/fs.h>`, a < b"),
        ("ends with <", "ends with &lt;"),
    ],
)
def test_markdown_that_a_model_writes_loads_nothing(tmp_path: Path, said: str, shown: str) -> None:
    """Images and tags with attributes are shown letter by letter, however the model splits its words."""
    assert shown == written(tmp_path, Token(said))
    assert shown == written(tmp_path, *(Token(letter) for letter in said))


def test_a_mark_in_the_middle_does_not_let_a_tag_through(tmp_path: Path) -> None:
    """What was held back is written with its sign spelled out."""
    mark = Mark(Citation("img", "verified"))

    assert "&lt;img src=x>" == written(tmp_path, Token("<img"), mark, Token(" src=x>"))
