"""What a llama.cpp context holds of one sequence, taken out and put back piece by piece.

Sequence 0 is the one that is evaluated. Sequence 1 is a second name for some of its cells while pieces are cut or
joined: llama.cpp gives every cell a set of names, and loading a piece replaces only what sequence 0 alone names. All
of that is bookkeeping; no data moves but that of the piece. Positions are those of tokens, from 0.

What a piece of each kind of memory is, and where it is true:

- rows: the cells of [start, end) in the layers that keep every position. True behind any cells of [0, start).
- windowed: rows, and what the windowed layers keep of the same positions. Of a window of n tokens the pieces of the
  last n make a checkpoint; of chunks of n (Llama 4) those since the chunk began, and at a chunk's end none: there one
  cell is kept, to mark where the sequence ends.
- recurrent: one state, true at one position only; nothing of it can be cut.
- hybrid: rows, and one state.

Where a windowed layer's cells lie decides in which order they are summed, hence bits. They are put in the order of
their positions wherever an evaluation may be taken up again (`settle`), after an evaluation and after a load alike.
"""

from __future__ import annotations

import ctypes
import hashlib
from typing import Any

from codereader import native
from codereader.engine.embedded.pieces import Bytes, Layout, adopt, covers, layout_of, room_for, state_at

llama_cpp = native.llama()

_PARTIAL = llama_cpp.LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY
"""Write or load only the part that is true at one position: the window, or the recurrent state."""

_WHOLE = 0


class Cells:
    """The memory of one context, which is empty when this is made. `layout` is None where nothing can be cut."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._memory = llama_cpp.llama_get_memory(context)
        model = llama_cpp.llama_get_model(context)
        self._window = int(llama_cpp.llama_model_n_swa(model))
        self._chunked = _architecture(model) == "llama4"
        whole, partial = self._written(0, _WHOLE), self._written(0, _PARTIAL)
        recurrent, hybrid = llama_cpp.llama_model_is_recurrent(model), llama_cpp.llama_model_is_hybrid(model)
        self.layout = layout_of(whole, partial, recurrent=recurrent, hybrid=hybrid)
        self.dimensions = hashlib.sha256(f"{_shape(model)} {len(whole)} ".encode() + whole + partial).digest()
        """32 bytes that differ where a memory is made of other parts."""

    def first_needed(self, end: int) -> int:
        """Return the first position whose cell windowed layers keep once *end* tokens are there and settled."""
        if not self._chunked:
            return max(0, end - self._window)
        return end - (end % self._window or 1)

    def chunk(self, end: int) -> tuple[int, int] | None:
        """Return the positions of the chunk that ends at *end*, of which windowed layers need nothing from then on."""
        return (end - self._window, end) if self._chunked and end and end % self._window == 0 else None

    def clear(self) -> None:
        """Forget everything."""
        llama_cpp.llama_memory_clear(self._memory, True)

    def holds(self, end: int) -> bool:
        """Whether the sequence ends before *end* and begins where it must, as far as llama.cpp tells."""
        first = llama_cpp.llama_memory_seq_pos_min(self._memory, 0)
        last = llama_cpp.llama_memory_seq_pos_max(self._memory, 0)
        kind = self.layout.kind if self.layout else "rows"
        wanted = {"rows": 0, "windowed": self.first_needed(end)}.get(kind, first)
        return bool(last == end - 1 and first == wanted)

    def first(self) -> int:
        """Return the first position that all layers hold, -1 where there is none."""
        return int(llama_cpp.llama_memory_seq_pos_min(self._memory, 0))

    def cut(self, start: int, end: int) -> tuple[bytearray | None, bytearray | None]:
        """Return the rows of these positions, and what windowed layers keep of them; None for what cannot be cut.

        *end* is where the sequence ends. Raises: MemoryError.
        """
        layout = self._known_layout()
        self._unname()
        self._name(start, end)
        rows = self._written(1, _WHOLE, room_for(start, end))
        partial = self._written_bytes(1, _PARTIAL) - len(layout.head) if layout.has_window else 0
        self._unname()
        window = None
        if layout.kind == "windowed":
            window = self.window(end - 1, end) if self.chunk(end) else self._window_of(rows, partial, start, end)
        return (rows if adopt(rows, start, end, layout, partial) else None), window

    def window(self, start: int, end: int) -> bytearray | None:
        """Return what windowed layers keep of these positions. *end* is where the sequence ends."""
        self._unname()
        self._name(start, end)
        blob = self._written(1, _PARTIAL, room_for(start, end))
        self._unname()
        return blob if adopt(blob, start, end, self._windows, 0) else None

    def state(self) -> bytearray:
        """Return the recurrent layers' state. Raises: MemoryError."""
        return self._written(0, _PARTIAL)

    def state_bytes(self) -> int:
        """Return how long `state` is."""
        return self._written_bytes(0, _PARTIAL)

    def keep(self, end: int) -> None:
        """Keep the first *end* positions, and let rows be added behind them; no state is left, and no true window."""
        self._unname()
        if end:
            self._name(0, end)
            llama_cpp.llama_memory_seq_rm(self._memory, 0, -1, -1)
        else:
            llama_cpp.llama_memory_clear(self._memory, False)  # the cells alone: to blank the cache takes long

    def add(self, rows: Bytes, start: int, end: int) -> bool:
        """Add a piece behind what is there; return whether it is. Comes after `keep`, ends with `done`."""
        if not covers(rows, start, end, whole=True) or not self._load(rows, _WHOLE):
            return False
        self._name(-1, -1)
        return True

    def done(self) -> None:
        """Make one sequence of what was kept and added."""
        llama_cpp.llama_memory_seq_rm(self._memory, 0, -1, -1)
        self._rejoin()

    def settle(self, end: int) -> bool:
        """Put the windowed layers' cells in the order of their positions, and none but those; return whether it went.

        In front of the first wrap they lie so already. Raises: MemoryError.
        """
        start = self.first_needed(end)
        if not start:
            return True
        blob = self.window(start, end)
        return blob is not None and self._load(blob, _PARTIAL)

    def rewind(self, used: int) -> None:
        """Let the next cells of windowed layers go in from the front. *used* is where the sequence ends."""
        blob = self.window(used - 1, used) if used else None
        if blob is not None:
            self._load(blob, _PARTIAL)

    def add_window(self, window: Bytes, start: int, end: int) -> bool:
        """Load what windowed layers keep of a piece behind what was loaded; return whether it is there."""
        if not covers(window, start, end) or not self._load(window, _PARTIAL):
            return False
        self._name(-1, -1)
        return True

    def join_window(self) -> None:
        """Make one window of what was added."""
        self._rejoin()

    def load_state(self, state: Bytes, start: int, end: int) -> bool:  # noqa: ARG002 - called as `add_window` is
        """Load the recurrent layers' state behind *end* tokens; return whether it is there."""
        return state_at(state, end) and self._load(state, _PARTIAL)

    def _known_layout(self) -> Layout:
        assert self.layout is not None  # noqa: S101 - nobody cuts what has no layout
        return self.layout

    @property
    def _windows(self) -> Layout:
        """The layout of a window's pieces."""
        return Layout("rows", self._known_layout().head, b"")

    def _window_of(self, whole: bytearray, partial: int, start: int, end: int) -> bytearray | None:
        """Return the last *partial* bytes of what llama.cpp wrote of a piece as a piece of the window."""
        blob = bytearray(room_for(start, end)) + self._windows.head + whole[len(whole) - partial :]
        return blob if adopt(blob, start, end, self._windows, 0) else None

    def _name(self, start: int, end: int) -> None:
        """Name these cells of sequence 0 as sequence 1's also; -1 stands for either end."""
        llama_cpp.llama_memory_seq_cp(self._memory, 0, 1, start, end)

    def _unname(self) -> None:
        """Forget sequence 1. Of hybrid memories llama.cpp removes only what it counts among its sequences."""
        if self.layout is not None and self.layout.kind == "hybrid":
            llama_cpp.llama_memory_seq_keep(self._memory, 0)
        else:
            llama_cpp.llama_memory_seq_rm(self._memory, 1, -1, -1)

    def _rejoin(self) -> None:
        """Make sequence 1's cells sequence 0's."""
        llama_cpp.llama_memory_seq_cp(self._memory, 1, 0, -1, -1)
        self._unname()

    def _written_bytes(self, sequence: int, flags: int) -> int:
        return int(llama_cpp.llama_state_seq_get_size_ext(self._context, sequence, flags))

    def _written(self, sequence: int, flags: int, room: int = 0) -> bytearray:
        """Return *room* bytes and what llama.cpp writes of a sequence; empty where it does not. Raises: MemoryError."""
        size = self._written_bytes(sequence, flags)
        blob = bytearray(room + size)
        target = (ctypes.c_uint8 * size).from_buffer(blob, room)
        written = llama_cpp.llama_state_seq_get_data_ext(self._context, target, size, sequence, flags)
        return blob if written == size else bytearray()

    def _load(self, blob: Bytes, flags: int) -> bool:
        """Load a piece as sequence 0; return whether llama.cpp read all of it."""
        source = (ctypes.c_uint8 * len(blob)).from_buffer(blob)
        return bool(llama_cpp.llama_state_seq_set_data_ext(self._context, source, len(blob), 0, flags) == len(blob))


def _shape(model: Any) -> tuple[int, ...]:
    """Return the lengths that a memory's cells have to do with."""
    asked = (llama_cpp.llama_model_n_layer, llama_cpp.llama_model_n_embd, llama_cpp.llama_model_n_head_kv)
    return (*(int(ask(model)) for ask in asked), int(llama_cpp.llama_model_n_swa(model)))


def _architecture(model: Any) -> str:
    """Return the name of the model's architecture."""
    room = ctypes.create_string_buffer(64)
    length = llama_cpp.llama_model_meta_val_str(model, b"general.architecture", room, len(room))
    return room.value.decode("utf-8", "replace") if length >= 0 else ""
