"""Numbers of evidence become places that the program fills in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.answer.prose.filled import Filled, Filler
from codereader.facts.fact import Fact

EVIDENCE = (
    Fact("a_b", "calls", "c_d", "a_b calls c_d", "core.c", 12),
    Fact("core.c", "is", "small", "core.c is small", "core.c"),
    Fact("all", "is", "well", "all is well"),
)


def filled(parts: list[str]) -> str:
    filler = Filler(EVIDENCE)
    found = [one for part in parts for one in filler.feed(part)] + list(filler.feed("", final=True))
    return "".join(one.text if isinstance(one, Filled) else one for one in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b calls c_d [1].", "a_b calls c_d [core.c:12]."),
        ("both [1, 2] and [1][3]", "both [core.c:12, core.c] and [core.c:12][whole scope]"),
        ("[1-2] or [fact 1]", "[core.c:12, core.c] or [core.c:12]"),
        ("a_b[1] as said", "a_b[core.c:12] as said"),
        ("an unknown [9]", "an unknown [9]"),
        ("`x[1]` and table_of[1] and argv[1]", "`x[1]` and table_of[1] and argv[1]"),
        ("```\ny = [1]\n```\n[1]", "```\ny = [1]\n```\n[core.c:12]"),
        ("see [core.c](core.c) and [note] and [", "see [core.c](core.c) and [note] and ["),
    ],
)
def test_a_number_becomes_the_place_of_its_fact(text, expected):
    """Numbers in brackets are replaced; code, links and what no fact has are left."""
    assert expected == filled([text])


@settings(deadline=None, max_examples=100)
@given(
    st.text(alphabet="[]123 ,-a_`\nfact", max_size=60),
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
)
def test_the_split_of_the_prose_changes_no_number(text, sizes):
    """What is filled in does not depend on how the model split its prose."""
    parts, at = [], 0
    while at < len(text):
        parts.append(text[at : at + sizes[len(parts) % len(sizes)]])
        at += len(parts[-1])

    assert filled([text]) == filled(parts)
