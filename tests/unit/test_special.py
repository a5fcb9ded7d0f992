"""Tokens found by their text: which, when, and in what order they cut."""

from __future__ import annotations

from codereader.model.special import CONTROL, UNKNOWN, USER_DEFINED, Cutter, SpecialToken, special_tokens


def test_types_and_names_tell_what_is_special():
    """Control and unknown tokens wait to be asked for, user-defined ones do not; known names are control tokens."""
    found = special_tokens(
        ["a", "<unk>", "<|sys|>", "<tool>", "<|im_end|>", ""],
        [1, UNKNOWN, CONTROL, USER_DEFINED, USER_DEFINED, CONTROL],
    )

    assert {("<unk>", True), ("<|sys|>", True), ("<tool>", False), ("<|im_end|>", True)} == {
        (token.text, token.control) for token in found
    }


def test_types_may_be_missing():
    """A vocabulary that gives no types has only the control tokens known by name."""
    assert (SpecialToken("<|im_end|>", 1, True),) == special_tokens(["a", "<|im_end|>"], [])


def test_longer_texts_cut_first():
    """A longer token wins even where a shorter one begins earlier."""
    tokens = special_tokens(["ab", "bcd"], [USER_DEFINED, USER_DEFINED])

    assert ["a", 1, "x", 0] == Cutter(tokens).cut("abcdxab")


def test_nothing_is_lost_between_tokens():
    """Neighbouring tokens, and tokens at either end, leave no empty parts."""
    cutter = Cutter([SpecialToken("<>", 7, False)])

    assert [7, "a", 7, 7] == cutter.cut("<>a<><>")
    assert ["plain"] == cutter.cut("plain")
    assert [] == cutter.cut("")
    assert ["x"] == Cutter([]).cut("x")
