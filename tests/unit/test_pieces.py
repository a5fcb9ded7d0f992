"""Pieces of a sequence, by the bytes that llama.cpp writes: made loadable, or refused."""

from __future__ import annotations

import struct

import pytest

from codereader.engine.embedded.pieces import Layout, adopt, covers, layout_of, room_for, state_at

HEAD = b"magic..."
NO_CELLS = struct.pack("<II", 1, 0)
NO_STATE = struct.pack("<III", 0, 0, 2)
ROWS = b"rows of all layers"


def written(positions, more=b"", sequences=(), rows=ROWS):
    """Return a sequence as llama.cpp writes it, its cells those of *positions*."""
    names = struct.pack(f"<{len(sequences)}i", *sequences)
    cells = b"".join(struct.pack("<iI", position, len(sequences)) + more + names for position in positions)
    return HEAD + struct.pack("<II", 1, len(positions)) + cells + rows


def adopted(blob, start, end, layout, cut):
    """Return what *blob* becomes, None where it is refused."""
    buffer = bytearray(room_for(start, end)) + blob
    return buffer if adopt(buffer, start, end, layout, cut) else None


PLAIN = Layout("rows", HEAD, b"")


@pytest.mark.parametrize("more", [b"", b"twelve bytes"])
def test_cells_of_no_sequence_become_cells_of_one(more):
    """Positions, what some models add to them, and rows stay as they are."""
    made = adopted(written(range(64, 128), more), 64, 128, PLAIN, 0)

    assert written(range(64, 128), more, (0,)) == made
    assert covers(made, 64, 128, whole=True)


def test_what_follows_the_rows_is_replaced():
    """The window's part of a piece makes room for an empty one."""
    layout = Layout("windowed", HEAD, NO_CELLS)

    made = adopted(written(range(8)) + b"window", 0, 8, layout, len(b"window"))

    assert written(range(8), sequences=(0,)) + NO_CELLS == made


def test_a_window_may_begin_later_than_its_block():
    """Of a block longer than the window only the last cells are written."""
    made = adopted(written(range(40, 64)), 0, 64, PLAIN, 0)

    assert covers(made, 0, 64)
    assert not covers(made, 0, 64, whole=True)


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        HEAD,
        HEAD + NO_CELLS,
        written([0, 1, 3]),
        written([2, 1, 0]),
        written(range(1, 4), sequences=(0,)),
        written(range(4)),
        written(range(3), rows=b"")[:-1],
        HEAD + struct.pack("<II", 2, 3) + written(range(3))[16:],
        HEAD + struct.pack("<II", 1, 1 << 31) + written(range(3))[16:],
    ],
)
def test_cells_that_are_not_the_wanted_ones_are_refused(blob):
    """Too few, too many, out of order, of another sequence, cut short."""
    assert adopted(blob, 0, 3, PLAIN, 0) is None
    assert not covers(blob, 0, 3)


def test_a_state_tells_where_it_is_true():
    """One cell at the last position, and nothing else."""
    assert state_at(HEAD + struct.pack("<IiI", 1, 63, 0) + ROWS, 64)
    assert not state_at(HEAD + struct.pack("<IiI", 1, 62, 0) + ROWS, 64)
    assert not state_at(HEAD + struct.pack("<IiI", 0, 63, 0), 64)
    assert not state_at(HEAD, 64)


@pytest.mark.parametrize(
    ("kind", "rest", "tail", "flags"),
    [
        ("rows", NO_CELLS, NO_CELLS, {}),
        ("windowed", NO_CELLS + NO_CELLS, NO_CELLS, {}),
        ("recurrent", NO_STATE, NO_STATE, {"recurrent": True}),
        ("hybrid", NO_CELLS + NO_STATE, NO_STATE, {"hybrid": True}),
        (None, NO_CELLS + NO_CELLS, NO_CELLS + NO_CELLS, {}),
        (None, NO_CELLS + NO_CELLS + NO_STATE, NO_CELLS + NO_STATE, {"hybrid": True}),
        (None, NO_CELLS * 3, NO_CELLS * 2, {}),
        (None, NO_STATE, b"", {"recurrent": True}),
        (None, b"", b"", {}),
    ],
)
def test_a_memory_tells_its_kind_while_it_is_empty(kind, rest, tail, flags):
    """Several caches in one, or whatever else is not known, have no layout."""
    found = layout_of(HEAD + rest, HEAD + tail, **{"recurrent": False, "hybrid": False, **flags})

    assert kind == (found and found.kind)
