"""What the command line says is said in keys."""

from __future__ import annotations

import pytest

from codereader.answer.ask import ONLY_VERIFIED, TOO_SMALL
from codereader.fronts.answers import CUT
from codereader.fronts.inquiry import NO_MODEL, OTHER_MODELS
from codereader.fronts.tui.wording import in_keys
from codereader.pack.budget import _asked, _auto


@pytest.mark.parametrize(
    "text",
    [
        *(ONLY_VERIFIED, TOO_SMALL, NO_MODEL, OTHER_MODELS, *CUT.values()),
        *(_auto(6000, 8192, 3328, bound).note for bound in (3328, 3000, 9000)),
        _auto(3000, 8192, 3328, 9000).note,
        _asked(0, 6000, 8192).note,
        _asked(9000, 6000, 8192).note,
    ],
)
def test_no_flag_is_named_on_the_screen(text: str) -> None:
    """Somebody who looks at keys cannot pass flags."""
    assert "--" not in in_keys(text)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("(--all-prose shows all)", "(v shows all)"),
        (
            "about what is read within --patience (--patience S, --budget N or max take more)",
            "about what is read in the time that one waits (b among the answers takes more)",
        ),
        ("no file fits --budget 20 tokens, not even by name", "no file fits budget 20 tokens, not even by name"),
        ("Raise --budget or shorten the question.", "Raise it (b among the answers) or shorten the question."),
        ("a larger --ctx or a model trained for more", "a larger window (b) or a model trained for more"),
        ("i -- counts down", "i -- counts down"),
    ],
)
def test_a_key_stands_where_a_flag_stood(told: str, expected: str) -> None:
    """What is no flag stays as it is."""
    assert expected == in_keys(told)
