"""Rows with two ends: what a thing is called at the left, where it stands at the right.

A right end that is too long keeps its own end, since that of a path tells most. Widths are cells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from rich.cells import cell_len, set_cell_size

from codereader.fronts.text import safe_line
from codereader.fronts.tui.cells import Part

SIGNS = {
    "file": "□", "function": "ƒ", "method": "ƒ", "struct": "S", "union": "U", "enum": "E", "enumerator": "e",
    "typedef": "T", "macro": "#", "variable": "v", "constant": "c", "class": "C", "interface": "I", "trait": "I",
    "module": "M", "property": "p", "option": "K", "heading": "§", "key": "k", "target": "t", "member": "m",
}  # fmt: skip
"""A letter for each kind, so that a list can be read without colour."""

BETWEEN = 2
"""Cells between both ends."""

LEFT_SHARE = 0.5
"""Part of the width that the left end keeps where both are too long."""


def two_ends(left: Sequence[Part], right: Sequence[Part], width: int) -> Iterator[Part]:
    """Yield both ends and what is between them, in *width* cells."""
    wanted, end = _width(left), _width(right)
    room = max(min(wanted, int(width * LEFT_SHARE)), width - BETWEEN - end) if end else width
    kept = list(_ending(right, width - room - BETWEEN))
    room = width - _width(kept) - BETWEEN if kept else width
    yield from _beginning(left, room)
    if kept:
        yield " " * BETWEEN, ""
        yield from kept


def lit_parts(text: str, lit: Collection[int], kind: str) -> Iterator[Part]:
    """Yield *text*, made safe, as parts of *kind*; the characters at the places *lit* as matches."""
    if not lit or safe_line(text) != text:  # escapes would move the places
        yield safe_line(text), kind
        return
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or (end in lit) != (start in lit):
            yield text[start:end], "match" if start in lit else kind
            start = end


def _width(parts: Sequence[Part]) -> int:
    return sum(cell_len(text) for text, _ in parts)


def _beginning(parts: Sequence[Part], width: int) -> Iterator[Part]:
    """Yield the beginning of *parts* in exactly *width* cells."""
    is_cut = _width(parts) > width
    left = width - is_cut
    for text, kind in parts:
        size = min(cell_len(text), left)
        left -= size
        if size > 0:
            yield set_cell_size(text, size), kind
    yield ("…" if is_cut and width > 0 else " " * max(0, left)), ""


def _ending(parts: Sequence[Part], width: int) -> Iterator[Part]:
    """Yield the end of *parts* in at most *width* cells; nothing where that says too little."""
    cut = _width(parts) - width
    if cut <= 0:
        yield from parts
        return
    if width < 4:
        return
    yield "…", "muted"
    cut += 1
    for text, kind in parts:
        start = 0
        while cut > 0 and start < len(text):
            cut -= cell_len(text[start])
            start += 1
        if text[start:]:
            yield text[start:], kind
