"""Write what comes in small pieces in few large ones, without ever holding all of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codereader.fronts.render import Output

BATCH = 1 << 18
"""Characters that are written at once, at least; the last write may be shorter."""


def stream(chunks: Iterable[str], out: Output) -> None:
    """Write *chunks* in their order. Raises: OutputError, ReaderGone."""
    held: list[str] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= BATCH:
            out.write("".join(held))
            held, size = [], 0
    out.write("".join(held))
