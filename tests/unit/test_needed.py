"""What a text must hold before a pattern is tried on it."""

from __future__ import annotations

import re

import pytest

from codereader.facts.questions.needed import may_fit, needs
from codereader.facts.questions.patterns import languages, mark


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        (r"\bwho calls\b", (("who calls",),)),
        (r"colou?r", (("colo",), ("r",))),
        (r"(?:call|invoke)s?\b.* of", (("call", "invoke"), (" of",))),
        (r"(?:a|b?)c", (("c",),)),
        (r"(?:really )?slow", (("slow",),)),
        (r"(?=later)now", (("now",),)),
        (r"(?P<t>call|run)s (?P=t)", (("call", "run"), ("s ",))),
        (r"(?<!not )done", (("done",),)),
        (r"[abc]d{2}e\.", (("e",),)),
        (r"one|two", (("one", "two"),)),
        (r"one|.*", ()),
        (r"Kconfig", (("kconfig",),)),
    ],
)
def test_plain_words_are_read_off_an_expression(expression, found) -> None:
    """What must stand in a text is told, what may be absent is not."""
    assert found == needs(expression)


def test_no_pattern_turns_a_text_away_that_it_fits() -> None:
    """Every pattern of every language compiles, and a text put together from its own words passes when it fits."""
    patterns = [one for language in languages() for _, ways in language.intents for one in ways]
    letters = re.compile(r"[a-zぁ-んァ-ヶー一-龠々]+")
    texts = [" ".join([mark(0, "symbol"), *letters.findall(one.text), mark(1, "symbol")]) for one in patterns]
    texts += ["who calls it", "Where Is X Used", "ſtruct \u212aconfig", mark(0, "symbol") + "を呼び出しているのは"]

    wrong = [
        (one.text, text)
        for one in patterns
        for text in texts
        if one.compiled(marked_alone=False).search(text) and not one.search(text, text.casefold(), marked_alone=False)
    ]

    assert [] == wrong


def test_a_text_without_a_word_of_each_group_is_turned_away() -> None:
    """All groups count, and in each any word."""
    found = needs(r"(?:call|invoke)s? of")

    assert [True, True, False, False] == [may_fit(found, t) for t in ("call of", "invokes of", "call", "runs of")]
