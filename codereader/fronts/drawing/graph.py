"""What is drawn: boxes and the arrows between them. Knows neither rows nor characters."""

from __future__ import annotations

from dataclasses import dataclass

Pair = tuple[str, str]
"""The keys of the boxes where an arrow starts and ends."""


@dataclass(frozen=True, slots=True)
class Node:
    """A box that holds `lines` of text, safe for a terminal. `is_round` tells it from the others by its corners."""

    key: str
    lines: tuple[str, ...]
    is_round: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two boxes, with a short `label` at its head. `is_upward`: rather drawn from below."""

    start: str
    end: str
    label: str = ""
    is_upward: bool = False

    @property
    def pair(self) -> Pair:
        """The keys of both ends."""
        return self.start, self.end
