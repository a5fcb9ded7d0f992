"""Which blocks leave a full folder, whatever hangs on what."""

from __future__ import annotations

import os
import time

from hypothesis import given
from hypothesis import strategies as st

from codereader.engine.state.container import Kind
from codereader.engine.state.shelf import NS_A_TOKEN, Item, ancestors, is_block_name, is_old, leaving, name_of, survey
from tests.state_blocks import blocks, chain


@st.composite
def shelves(draw):
    """Return blocks of random ages that hang on earlier ones, on none, or on one that is not there."""
    found = []
    for number in range(draw(st.integers(0, 12))):
        parent = f"{draw(st.integers(0, max(0, number - 1))) if draw(st.booleans()) else 99:032x}"
        kind = draw(st.sampled_from(Kind))
        item = Item(f"{number:02}", f"{number:032x}", parent, kind, draw(st.integers(1, 9)), draw(st.integers(0, 5)))
        found.append(item)
    return tuple(found)


@given(shelves(), st.integers(0, 60), st.sets(st.integers(0, 12)))
def test_nothing_leaves_that_others_need(found, needed, kept_numbers):
    """Whatever stays has all that it hangs on, as far as it was there; what is in use stays."""
    kept = {f"{number:032x}" for number in kept_numbers}

    gone = leaving(found, needed, kept)

    if gone is None:
        free = sum(item.bytes for item in leaving(found, 0, kept) or ())
        assert free < needed
        return
    nodes = {item.node for item in gone}
    assert len(gone) == len(nodes)
    assert not kept & {item.key for item in gone}
    assert not [item for item in found if item.needs in nodes and item.node not in nodes]
    assert needed <= sum(item.bytes for item in gone)
    assert not gone or needed > sum(item.bytes for item in gone[:-1])


def test_none_leave_where_there_is_room():
    """Nothing is deleted without need."""
    item = Item("a", "0" * 32, "1" * 32, Kind.ROWS, 5, 0)

    assert () == leaving((item,), 0, set())
    assert () == leaving((item,), -7, set())


def test_what_was_used_later_than_the_new_one_stays():
    """Nothing leaves for what is worth less."""
    found = tuple(Item(str(used), f"{used:032x}", "f" * 32, Kind.ROWS, 5, used) for used in range(4))

    assert ["0", "1"] == [item.name for item in leaving(found, 10, set(), below=2) or ()]
    assert leaving(found, 11, set(), below=2) is None


def test_of_equals_the_name_decides():
    """The same folder gives the same answer in every process."""
    found = tuple(Item(name, name * 32, "f" * 32, Kind.ROWS, 5, 0) for name in "cab")

    assert ["a", "b"] == [item.name for item in leaving(found, 10, set()) or ()]


def test_names_tell_what_hangs_on_what(tmp_path):
    """A listing of the folder is enough to know each prompt's blocks, from its beginning on."""
    wanted = blocks(range(12))
    for block in wanted:
        (tmp_path / name_of(block.link, block.kind)).write_bytes(b"12345")
    (tmp_path / "other.block").write_bytes(b"1")
    (tmp_path / "0123456789abcdef.draft").write_bytes(b"123")

    found = survey(tmp_path)

    assert (3, 18) == (len(found.items), found.taken)
    assert {link.key.hex()[:32] for link in chain(range(12))} == ancestors(found.items, wanted[-1].link)


def test_names_that_go_in_circles_end():
    """A hostile folder in which blocks name each other as parents is walked once."""
    one, other = "0" * 32, "1" * 32
    found = (Item("a", one, other, Kind.ROWS, 5, 0), Item("b", other, one, Kind.ROWS, 5, 0))
    link = chain(range(4))[0]

    assert one in ancestors(found, type(link)(4, 8, link.key, bytes(16) + bytes(16)))
    assert ["a", "b"] == [item.name for item in leaving(found, 10, set()) or ()]


def test_what_hangs_on_a_circle_leaves_before_it():
    """Blocks that need each other are of no use, and take no room for ever: not even with two parents each."""
    one, other, third = "0" * 32, "1" * 32, "2" * 32
    pairs = {"a": (one, other), "b": (other, one), "c": (third, one), "d": (one, third), "e": ("3" * 32, third)}
    found = tuple(Item(name, *pair, Kind.ROWS, 5, 9 - number) for number, (name, pair) in enumerate(pairs.items()))

    gone = [item.name for item in leaving(found, 25, set()) or ()]

    assert (5, "e") == (len(gone), gone[0])
    assert leaving(found, 25, {one}) is None


def test_depth_counts_as_age():
    """A block far down in its prompt leaves before another prompt's first one that was used somewhat earlier."""
    found = tuple(Item(str(used), f"{used:032x}", "f" * 32, Kind.ROWS, 5, used * NS_A_TOKEN) for used in range(4))
    starts = {"3": 10, "2": 1}

    gone = leaving(found, 20, set(), start_of=lambda item: starts.get(item.name, 0))

    assert ["3", "0", "1", "2"] == [item.name for item in gone or ()]


def test_only_our_names_are_ours():
    """Another program's files are no blocks, and no states of an older version."""
    assert [True, False, False] == [
        is_block_name(name) for name in (name_of(chain(range(4))[0], Kind.WINDOW), "model.gguf", "0-0-rows.block")
    ]
    assert [True, False] == [is_old(name) for name in ("0" * 16 + "-" + "a" * 32 + ".kv", "notes.kv")]


def test_a_clock_that_went_wrong_keeps_nothing_for_ever(tmp_path):
    """What was used in a time that is yet to come goes first, else it would push out all that is used now."""
    old, new = blocks(range(4)), blocks(range(4, 8))
    for block, when in ((old[0], time.time() + 1e8), (new[0], time.time())):
        path = tmp_path / name_of(block.link, block.kind)
        path.write_bytes(b"12345")
        os.utime(path, (when, when))

    gone = leaving(survey(tmp_path).items, 1, set())

    assert [name_of(old[0].link, old[0].kind)] == [item.name for item in gone or ()]
