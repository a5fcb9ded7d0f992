"""The bytes in which llama.cpp writes a sequence, cut and made loadable by their own markings.

Little-endian, as src/llama-kv-cache.cpp and src/llama-memory-recurrent.cpp of llama.cpp 0.3.36's vendored tree write:

    head     magic, number of the sequence                                     8 bytes
    part     1 (streams), cells, then of each cell its position, its number of sequences, for some models 12 bytes
             more, and 4 bytes a sequence; then, where there are cells, the rows of all layers
    part     the same again of the layers with a window, where the memory has such
    state    cells (0 or 1), position, 0, and the recurrent layers' state, where the memory has such

Positions are those of tokens, from 0; ranges of them are half-open. Knows no context and no file.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass
from typing import Literal

Bytes = bytes | bytearray | memoryview

_HEAD = 8
_PAIR = struct.Struct("<II")
_EMPTY_PART = struct.pack("<II", 1, 0)
_CELL_WIDTHS = (8, 20)
"""Bytes of a cell before its sequences: a position and a number, for some models 12 bytes more."""

Kind = Literal["rows", "windowed", "recurrent", "hybrid"]


@dataclass(frozen=True, slots=True)
class Layout:
    """What a memory is made of. `head` and `tail` are what stands around the rows of a piece of it.

    `rows`: every layer keeps every position. `windowed`: some keep only the last ones. `recurrent`: none keeps any,
    all have one state. `hybrid`: some keep every position, the others have one state.
    """

    kind: Kind
    head: bytes
    tail: bytes

    @property
    def has_rows(self) -> bool:
        """Whether some layers keep every position."""
        return self.kind != "recurrent"

    @property
    def has_window(self) -> bool:
        """Whether there is a part that is true at one position alone: a window or a state."""
        return self.kind != "rows"


def layout_of(whole: Bytes, partial: Bytes, *, recurrent: bool, hybrid: bool) -> Layout | None:
    """Return what a memory is that writes *whole* of an empty sequence, and *partial* when asked for the last part.

    None for kinds of memory that cannot be cut here: several caches in one, as DeepSeek 3.2 and 4 have.
    """
    head, rest, tail = bytes(whole[:_HEAD]), bytes(whole[_HEAD:]), bytes(partial[_HEAD:])
    if recurrent:
        return Layout("recurrent", head, b"") if rest == tail else None
    if rest == _EMPTY_PART and tail == _EMPTY_PART and not hybrid:
        return Layout("rows", head, b"")
    if rest != _EMPTY_PART + tail:
        return None
    if hybrid:
        return None if tail.startswith(_EMPTY_PART) else Layout("hybrid", head, tail)
    return Layout("windowed", head, tail) if tail == _EMPTY_PART else None


def room_for(start: int, end: int) -> int:
    """Return how many bytes `adopt` needs in front of what llama.cpp writes of positions [start, end)."""
    return 4 * (end - start)


def adopt(buffer: bytearray, start: int, end: int, layout: Layout, cut: int) -> bool:
    """Turn what llama.cpp wrote into *buffer*, behind `room_for` bytes, into what loads as the same cells.

    Of no sequence that it counts among its own, it writes cells of no sequence, and loads only those of one. The last
    *cut* bytes make room for the layout's tail. The rows stay where they are: no more than the cells is copied.
    False, and *buffer* is of no use, where the cells are not, in their order, those of all positions up to *end*, from
    *start* on or later.
    """
    room = room_for(start, end)
    at = room + _HEAD + _PAIR.size
    if len(buffer) - cut < at:
        return False
    streams, cells = _PAIR.unpack_from(buffer, room + _HEAD)
    if streams != 1 or not 0 < cells <= end - start:
        return False
    width = _width(buffer, at, end - cells, cells, 0)
    if not width:
        return False
    old = bytes(buffer[at : at + cells * width])
    made = layout.head + _PAIR.pack(streams, cells) + _of_sequence_0(old, width)
    spare = at + len(old) - len(made)
    buffer[spare : at + len(old)] = made
    buffer[len(buffer) - cut :] = layout.tail
    del buffer[:spare]
    return True


def covers(blob: Bytes, start: int, end: int, *, whole: bool = False) -> bool:
    """Whether the first part of *blob* is, in their order, cells of all positions up to *end*, from *start* or later.

    With *whole*, from *start*. Such a piece is one that `adopted` made; what it holds for them is not looked at.
    """
    if len(blob) < _HEAD + _PAIR.size:
        return False
    streams, cells = _PAIR.unpack_from(blob, _HEAD)
    if streams != 1 or not (end - start if whole else 1) <= cells <= end - start:
        return False
    return bool(_width(blob, _HEAD + _PAIR.size, end - cells, cells, 1))


def state_at(blob: Bytes, end: int) -> bool:
    """Whether *blob* is a recurrent state behind position *end* - 1."""
    if len(blob) < _HEAD + 12:
        return False
    cells, position, sequences = struct.unpack_from("<IiI", blob, _HEAD)
    return (cells, position, sequences) == (1, end - 1, 0)


def _of_sequence_0(cells: bytes, width: int) -> bytes:
    """Return *cells* that are of no sequence, *width* bytes each, as cells of sequence 0 alone."""
    step = width // 4
    old = array("I", cells)
    made = array("I", bytes(len(cells) + 4 * (len(old) // step)))
    for word in range(step):
        made[word :: step + 1] = old[word::step]
    made[1 :: step + 1] = array("I", (1,)) * (len(old) // step)
    return made.tobytes()


def _width(blob: Bytes, at: int, first: int, cells: int, sequences: int) -> int:
    """Return the bytes of a cell before its *sequences*, if from byte *at* on the *cells* at positions from *first* on
    follow each other, else 0."""
    positions, counts = array("I", range(first, first + cells)), array("I", (sequences,)) * cells
    for width in _CELL_WIDTHS:
        whole = width + 4 * sequences
        end = at + cells * whole
        if end > len(blob):
            continue
        words = array("I", bytes(memoryview(blob)[at:end]))
        step = whole // 4
        if words[::step] == positions and words[1::step] == counts:
            return width
    return 0
