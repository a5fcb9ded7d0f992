"""Which tokens share state: those that are equal from the first one on, cut into the same batches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereader.engine.state.chain import KEY_BYTES, belongs, links, packed, unpacked

HERE, ELSEWHERE = bytes(KEY_BYTES), bytes([1]) * KEY_BYTES
TOKENS = st.lists(st.integers(0, 3), max_size=40)


def test_a_prompt_is_cut_from_its_first_token_on():
    """Blocks are as long as a batch but for the last, and each names the one before."""
    chain = links(HERE, range(10), 4)

    assert [(0, 4), (4, 8), (8, 10)] == [(link.start, link.end) for link in chain]
    assert [HERE, chain[0].key, chain[1].key] == [link.parent for link in chain]


def test_an_edit_changes_all_blocks_from_there_on():
    """What stands before the first changed token is shared, nothing behind it."""
    one = links(HERE, [1, 2, 3, 4, 5, 6, 7, 8], 2)
    other = links(HERE, [1, 2, 3, 9, 5, 6, 7, 8], 2)

    assert [True, False, False, False] == [a == b for a, b in zip(one, other, strict=True)]


def test_nothing_is_shared_between_environments():
    """The same tokens under another model or setting have other keys."""
    one, other = links(HERE, range(8), 4), links(ELSEWHERE, range(8), 4)

    assert not {link.key for link in one} & {link.key for link in other}


def test_a_shorter_last_block_is_not_shared_with_a_longer_prompt():
    """Within a batch results depend on its length, so the end of one prompt is no block of another."""
    short, long = links(HERE, range(6), 4), links(HERE, range(8), 4)

    assert short[0] == long[0]
    assert short[1].key != long[1].key


def test_the_keys_are_the_same_everywhere_and_always():
    """Keys name files that other processes, systems and versions read."""
    assert "ddc7bb2e" == links(HERE, [1, -2, 70_000], 4)[0].key.hex()[:8]


@given(TOKENS, TOKENS, st.integers(1, 6))
def test_blocks_are_shared_exactly_as_far_as_tokens_and_cuts_are(one, other, step):
    """Two prompts share a block if and only if all tokens up to its end, and its end, are the same."""
    for first, second in zip(links(HERE, one, step), links(HERE, other, step), strict=False):
        same = one[: first.end] == other[: second.end] and first.end == second.end

        assert same == (first.key == second.key)


@given(st.lists(st.integers(-(1 << 31), (1 << 31) - 1)))
def test_token_ids_come_back_as_they_were(tokens):
    """Any int32 is kept."""
    assert tuple(tokens) == unpacked(packed(tokens))


def test_a_block_knows_its_own_tokens():
    """Other tokens, or fewer, are not those of the block."""
    link = links(HERE, [1, 2, 3], 4)[0]

    assert [True, False, False] == [belongs(link, tokens) for tokens in ([1, 2, 3], [1, 2, 4], [1, 2])]


@pytest.mark.parametrize(("environment", "step"), [(HERE, 0), (HERE[1:], 4), (b"", 4)])
def test_a_chain_needs_a_whole_key_and_a_step(environment, step):
    """A programmer's mistake is told as one."""
    with pytest.raises(ValueError, match="whole key"):
        links(environment, [1], step)


def test_no_tokens_are_no_blocks():
    """An empty prompt has an empty chain."""
    assert () == links(HERE, [], 4)
