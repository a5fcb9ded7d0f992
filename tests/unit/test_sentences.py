"""Prose is cut where a reader would cut it, however it was split on its way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.answer.prose.sentences import Bit, Piece, Sentences


def pieces(parts: list[str]) -> tuple[str, list[tuple[int, Piece]]]:
    """Return the text that was handed out and each piece with the place it ended at."""
    sentences = Sentences()
    text, found = "", []
    for event in [one for part in parts for one in sentences.feed(part)] + list(sentences.flush()):
        if isinstance(event, Bit):
            text += event.text
        else:
            found.append((len(text), event))
    return text, found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One in inode.c. Two e.g. here at v6.1. Three!", ["One in inode.c.", "Two e.g. here at v6.1.", "Three!"]),
        ("See `a. b` now. Next", ["See `a. b` now.", "Next"]),
        ("A line\nthat goes on.\n\nNext", ["A line\nthat goes on.", "Next"]),
        ("- one\n- two. three\n  1. four", ["one", "two.", "three", "four"]),
        ("これは一つ。二つ。", ["これは一つ。", "二つ。"]),
        ("It is **bold.** Then", ["It is **bold.**", "Then"]),
        ("It calls `f`. [core.c:3] Next", ["It calls `f`. [core.c:3]", "Next"]),
        ("It calls `f`. [core.c](core.c:3) is next", ["It calls `f`.", "[core.c](core.c:3) is next"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text, expected):
    """File names, code, numbers and abbreviations do not end a sentence; list items and blank lines do."""
    assert expected == [piece.text for _, piece in pieces([text])[1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## A heading", ["heading"]),
        ("The parts are:\n- a thing", ["intro", "sentence"]),
        ("**Entry points**\nThey are few.", ["intro", "sentence"]),
        ("| a | b |\n|---|---|\n| c | d |", ["row", "rule", "row"]),
        ("Text.\n```c\nint a. b;\n```\nMore.", ["sentence", "fence", "sentence"]),
    ],
)
def test_each_piece_of_markdown_is_told_from_the_others(text, expected):
    """Headings, introductions, rows of tables, ruled lines and code are no sentences."""
    assert expected == [piece.kind for _, piece in pieces([text])[1]]


PROSE = (
    "# Title\n\nIn short:\n\n1. `a_b` e.g. calls x.c. Then\nsoft. [core.c:3, x.c:4] **Bold.** 12 lines\n",
    "| a | `b. c` |\n|---|\n\n```\ncode. here\n``` not\n```\nAfter! 函数。はい。」 done...\n  - x\n> quote. more",
)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(PROSE) | st.text(alphabet="`~\n .:#|-*[]()1a。!", max_size=90),
    st.lists(st.integers(1, 7), min_size=1, max_size=9),
)
def test_the_split_of_the_prose_changes_no_sentence(text, sizes):
    """The text comes out whole, and every piece ends at the same place, however the model split it."""
    parts, at = [], 0
    while at < len(text):
        parts.append(text[at : at + sizes[len(parts) % len(sizes)]])
        at += len(parts[-1])

    assert pieces([text]) == pieces(parts)
    assert text == pieces(parts)[0]
