"""From one box of a diagram to the next in a direction, as arrow keys move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

Direction = Literal["up", "down", "left", "right"]


class Framed(Protocol):
    """A box: its first and last column and line."""

    @property
    def key(self) -> str:
        """What it is called."""

    @property
    def left(self) -> int:
        """The first column."""

    @property
    def right(self) -> int:
        """The last column."""

    @property
    def top(self) -> int:
        """The first line."""


def neighbour(frames: Sequence[Framed], key: str, direction: Direction) -> str:
    """Return the key of the box beside *key* in its row, or the nearest one of the row above or below; else *key*."""
    here = next((one for one in frames if one.key == key), None)
    if here is None:
        return frames[0].key if frames else key
    if direction in ("left", "right"):
        row = sorted((one for one in frames if one.top == here.top), key=lambda one: one.left)
        at = row.index(here) + (1 if direction == "right" else -1)
        return row[at].key if 0 <= at < len(row) else key
    ahead = [one.top for one in frames if (one.top > here.top if direction == "down" else one.top < here.top)]
    if not ahead:
        return key
    line = min(ahead) if direction == "down" else max(ahead)
    row = [one for one in frames if one.top == line]
    return min(row, key=lambda one: (abs(one.left + one.right - here.left - here.right), one.left)).key
