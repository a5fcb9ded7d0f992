"""Rows of a file as a terminal can show them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codereader.fronts.text import safe
from codereader.fronts.tui.source.document import LONGEST, Document, columns, decoded, shown

ROW = st.text("ab\t漢é\x1b\u202e \u0301\x07_", max_size=20).map(str.encode) | st.binary(max_size=12)


def test_tabs_reach_to_the_next_stop_behind_wide_characters_too():
    """A tab is as wide as an editor shows it."""
    assert "a       b" == shown(b"a\tb", 8).text
    assert "漢      b" == shown("漢\tb".encode(), 8).text
    assert "        x" == shown(b"\tx", 8).text


def test_what_a_terminal_would_obey_is_shown_as_an_escape():
    """A file cannot colour the screen, turn the text around or ring a bell."""
    assert r"\x1b[31mred\u202e\x07" == shown("\x1b[31mred\u202e\x07".encode(), 8).text
    assert r"caf\xe9" == shown(b"caf\xe9", 8).text


def test_rows_end_without_their_line_breaks():
    """A file from Windows looks like any other, and a byte order mark is not shown."""
    document = Document(b"\xef\xbb\xbfone\r\ntwo\r\n")

    assert [b"one", b"two"] == [document.raw(row) for row in range(document.count)]


def test_an_empty_file_has_one_row():
    """There is a place for the cursor to stand."""
    document = Document(b"")

    assert 1 == document.count
    assert b"" == document.raw(0)


def test_a_line_of_megabytes_is_cut_and_says_so():
    """What is not shown is counted, and no character is cut in two."""
    document = Document("é".encode() * LONGEST + b"\n")

    assert "é" * (LONGEST // 2) == document.text(0)
    assert LONGEST == document.left(0)


@given(st.lists(ROW.filter(lambda raw: b"\n" not in raw), min_size=1, max_size=8), st.sampled_from([4, 8]))
def test_widths_are_those_of_what_is_shown(rows, tab):
    """The view is as wide as its widest row, whatever stands in it."""
    document = Document(b"\n".join(rows) + b"\n", tab)

    assert [shown(document.raw(row), tab).width for row in range(document.count)] == document.widths()


@given(ROW.filter(lambda raw: b"\n" not in raw))
def test_every_character_has_its_place(raw):
    """A click on any cell finds the character that stands there."""
    made = shown(raw, 8)
    text = decoded(raw)

    assert len(text) + 1 == len(made.starts) == len(columns(raw))
    assert raw == text.encode("utf-8", "surrogateescape")
    assert made.text == safe(made.text)
    for column, one in enumerate(text):
        if made.cell(column + 1) > made.cell(column):
            assert column == made.column(made.cell(column)), one


def test_the_word_at_the_cursor():
    """Also where the cursor stands right behind it."""
    document = Document(b"  ops->sendmsg(sock_1);\n")

    assert ("sendmsg", 7) == document.word(0, 9)
    assert ("sock_1", 15) == document.word(0, 21)
    assert document.word(0, 0) is None
