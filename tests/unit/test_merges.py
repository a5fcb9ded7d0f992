"""From merges of pairs to ranks of tokens: equal to merging pair by pair, or refused."""

from __future__ import annotations

import itertools

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.model.merges import ALPHABET, LONGEST_TOKEN, merge_table, to_bytes

BYTES = list(ALPHABET)


def by_pairs(text, merges):
    """Tokenize *text* as the merge list says: lowest pair first, leftmost among equals."""
    ranks = {tuple(merge.split(" ")): rank for rank, merge in reversed(list(enumerate(merges)))}
    parts = list(text)
    while True:
        known = [(ranks[pair], at) for at, pair in enumerate(itertools.pairwise(parts)) if pair in ranks]
        if not known:
            return parts
        at = min(known)[1]
        parts[at : at + 2] = [parts[at] + parts[at + 1]]


def by_ranks(text, tokens, merges):
    """Tokenize *text* with tiktoken and the ranks that `merge_table` gives; None where it gives none."""
    table = merge_table(tokens, merges, whole_words=False)
    if table is None:
        return None
    encoding = tiktoken.Encoding(
        "test",
        pat_str="[\\s\\S]+",
        mergeable_ranks={word: rank for rank, word in enumerate(table.words)},
        special_tokens={},
    )
    return [tokens[table.ids[rank]] for rank in encoding.encode_ordinary(text)]


merge_lists = st.lists(
    st.tuples(st.text("abc", min_size=1, max_size=4), st.text("abc", min_size=1, max_size=4)).map(" ".join), max_size=14
)


@settings(max_examples=600, deadline=None)
@given(merge_lists, st.lists(st.text("abc", min_size=1, max_size=24), min_size=1, max_size=5))
def test_ranks_tokenize_as_merges_do(merges, texts):
    """Whatever the merges, also useless and oddly ordered ones, both ways give the same tokens."""
    tokens = list(
        dict.fromkeys([*BYTES, *(part for merge in merges for part in (*merge.split(" "), merge.replace(" ", "")))])
    )

    for text in texts:
        assert by_pairs(text, merges) == by_ranks(text, tokens, merges)


def test_a_merge_that_comes_before_its_parts_counts():
    """A pair may rank before the merges that make its parts, as 80 pairs of Llama 3 do."""
    merges = ["ab c", "a b", "abc d"]
    tokens = [*BYTES, "ab", "abc", "abcd"]

    assert ["abcd"] == by_ranks("abcd", tokens, merges)


def test_ids_serve_as_ranks_where_they_rise():
    """Tokens listed in order of their merges need no second numbering."""
    merges = ["a b", "ab c"]

    assert merge_table([*BYTES, "ab", "abc"], merges, whole_words=False).ordered
    assert not merge_table([*BYTES, "abc", "ab"], merges, whole_words=False).ordered


def test_whole_words_need_no_merge():
    """Where whole words count, a token that no merge makes is found alone, and only alone."""
    table = merge_table([*BYTES, "xyz", "<é>"], [], whole_words=True)

    assert b"xyz" == table.words[256]
    assert 258 == len(table.words)


@pytest.mark.parametrize(
    ("tokens", "merges", "whole_words"),
    [
        ([*BYTES, "ab"], ["a b", "ab c"], False),
        ([*BYTES, "ab", "cd", "abcd"], ["a b", "c d"], True),
        ([*BYTES, "a" * (LONGEST_TOKEN + 1)], [], False),
        ([*BYTES, "漢字"], ["漢 字"], False),
    ],
    ids=["a merge makes no token", "a whole word of two tokens", "a token too long", "not in the alphabet"],
)
def test_what_ranks_cannot_say_is_refused(tokens, merges, whole_words):
    """Vocabularies that ranks cannot express give no table instead of wrong tokens."""
    assert merge_table(tokens, merges, whole_words) is None


def test_missing_bytes_get_ids_beyond_the_vocabulary():
    """A byte without a token is numbered behind the last token."""
    table = merge_table(BYTES[1:], [], whole_words=False)

    assert (255, 255) == (table.size, table.ids[0])


def test_alphabet_stands_for_every_byte():
    """Each character of the alphabet is one byte, and nothing else is any."""
    assert bytes(range(256)) == to_bytes(ALPHABET)
    assert [None, None, None] == [to_bytes(" "), to_bytes("\xad"), to_bytes("漢")]
    assert b"hello world" == to_bytes("helloĠworld")
