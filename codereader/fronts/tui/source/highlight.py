"""What each byte of a source text is: a keyword, a comment, the name that a definition gives.

Read from the captures of a language's ``highlights.scm``; a capture is one of `KINDS`, ``@plain`` takes away what is
around it, and an end narrows it to some texts: ``@constant.upper`` (``GFP_KERNEL``), ``@type.capital`` (``Reader``).
Offsets are bytes. Knows no terminal and no colour, and never raises for content.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Query

QUERY = "highlights.scm"

KINDS = (
    "plain", "operator", "string", "property", "constant", "type", "function", "definition", "label", "number",
    "attribute", "escape", "keyword", "preprocessor", "heading", "comment",
)  # fmt: skip
"""What a byte may be, by its number. Of two captures of the same node the later kind counts."""

LARGEST = 4 << 20
"""Larger texts, in bytes, stay plain: their tree would take some twenty times as much memory."""

_RANKS = {kind: rank for rank, kind in enumerate(KINDS)}
_RUN = re.compile(rb"([^\0])\1*", re.DOTALL)
_UPPER = re.compile(rb"_*[A-Z][A-Z0-9_]+")
_CAPITAL = re.compile(rb"_*[A-Z][A-Za-z0-9_]*[a-z][A-Za-z0-9_]*")
_TESTS: Mapping[str, Callable[[bytes], object]] = {"upper": _UPPER.fullmatch, "capital": _CAPITAL.fullmatch}


class Painter:
    """A text that was parsed to be painted. One thread at a time may use it."""

    def __init__(self, data: bytes, root: Node, query: Query) -> None:
        self._data = data
        self._root = root
        self._query = query

    def paint(self, start: int, end: int) -> bytes:
        """Return the numbers in `KINDS` of the bytes from *start* to *end*.

        It holds the interpreter for about a millisecond a kilobyte, so ask for a few kilobytes at a time.
        """
        found = sorted(self._found(start, end), key=lambda one: (one[0] - one[1], one[2], one[0]))
        painted = bytearray(end - start)
        for first, last, rank in found:
            first, last = max(first, start) - start, min(last, end) - start
            painted[first:last] = bytes((rank,)) * (last - first)
        return bytes(painted)

    def _found(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Yield what is captured between *start* and *end*: where it begins and ends, and the rank of its kind."""
        from tree_sitter import QueryCursor

        from codereader.index.grammar import DEEPEST_START

        cursor = QueryCursor(self._query)
        cursor.set_byte_range(start, end)
        cursor.set_max_start_depth(DEEPEST_START)
        for name, nodes in cursor.captures(self._root).items():
            kind, _, narrowed = name.partition(".")
            rank, test = _RANKS.get(kind), _TESTS.get(narrowed)
            for first, last in _places(nodes) if rank is not None else ():
                if first < end and last > start and (test is None or test(self._data[first:last])):
                    yield first, last, rank or 0


def _places(nodes: Sequence[Node]) -> Iterator[tuple[int, int]]:
    return ((node.start_byte, node.end_byte) for node in nodes)


def painter(data: bytes, language: str) -> Painter | None:
    """Return what paints *data*, written in *language*; None where it stays plain. Takes a second a few megabytes."""
    from codereader.index.grammar import UnusableError, query_of, root_of
    from codereader.source.languages import language as find_language

    known = find_language(language)
    if known is None or len(data) > LARGEST:
        return None
    try:
        query = query_of(known, QUERY)
        root = root_of(data, known) if query is not None else None
    except UnusableError:
        return None
    return Painter(data, root, query) if root is not None and query is not None else None


def runs(painted: bytes) -> list[tuple[int, int, int]]:
    """Return the stretches of one kind, but for the plain ones: where each begins and ends, and its number."""
    return [(*match.span(), match[1][0]) for match in _RUN.finditer(painted)]
