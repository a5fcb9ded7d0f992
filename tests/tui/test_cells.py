"""Text in the cells of a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from codereader.fronts.tui.cells import apart, clipped, marked, padded, shortened

TEXTS = st.text(st.sampled_from("ab é你好\u0301-_.…İẞ"), max_size=30)


@given(TEXTS, st.integers(0, 40))
def test_cut_text_fits_and_short_text_stays(text: str, width: int) -> None:
    """No more cells than there are; what fits is not touched; padding fills exactly."""
    for cut in (shortened(text, width), clipped(text, width)):
        assert cell_len(cut) <= width
        assert cell_len(text) > width or text == cut
    assert width == cell_len(padded(text, width))


def test_a_long_name_keeps_its_end() -> None:
    """The middle goes, so that the ending that tells files apart stays; of a sentence the end goes."""
    assert "nf_conntrack…dler.c" == shortened("nf_conntrack_protocol_handler.c", 19)
    assert "what a context…" == clipped("what a context window holds", 16)


@given(TEXTS, st.lists(st.sampled_from(["a", "b", "ab", "é", "你", " "]), max_size=3))
def test_marking_loses_nothing(text: str, words: list[str]) -> None:
    """The parts are the text; what is marked holds only what is looked for."""
    parts = list(marked(text, words, "muted"))

    assert text == "".join(part for part, _ in parts)
    assert all(set(part.lower()) <= set("".join(words)) for part, kind in parts if kind == "match")


def test_every_place_of_a_word_is_marked_in_any_case() -> None:
    """Words overlap into one mark."""
    parts = list(marked("SockSocket", ["sock", "cke"], ""))

    assert [("SockSocke", "match"), ("t", "")] == parts


def test_leading_spaces_stand_apart() -> None:
    """Programs that make pictures of a screen drop spaces that a text begins with."""
    assert [["  ", "a "], ["a"], ["  "], []] == [list(apart(text)) for text in ("  a ", "a", "  ", "")]
