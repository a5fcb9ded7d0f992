"""Judge one sentence of the prose: what it says of the tree is held against the index.

``contradicted`` where the index rules something of it out, ``verified`` where all that it says and names was found so,
else ``no evidence``. Headings, introductions to lists and prose that only connects are not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codereader.answer.cite import Citer
from codereader.answer.event import Citation, Statement
from codereader.answer.sentences import Piece
from codereader.facts.fact import Fact
from codereader.facts.graph.edges import Edges
from codereader.index.view import IndexView


class Checker:
    """Holds sentences against one indexed scope."""

    def __init__(self, view: IndexView, citer: Citer, edges: Callable[[], Edges | None] | None = None) -> None:
        self._view = view
        self._citer = citer
        self._edges = edges


class Judging:
    """Judges the sentences of one answer in their order."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker

    def judge(self, piece: Piece, citations: Sequence[Citation], facts: Sequence[Fact]) -> Statement | None:
        """Return the verdict on *piece*, None where it is nothing to be judged. Raises: StoreError."""
        if piece.kind not in ("sentence", "row"):
            return None
        for citation in citations:
            if citation.verdict == "not found":
                return Statement(piece.text, "contradicted", f"{citation.text}: {citation.why}")
        if facts:
            return Statement(piece.text, "no evidence", f"it cites a fact on {facts[0].subject}")
        return Statement(piece.text, "no evidence", "nothing of it could be looked up")
