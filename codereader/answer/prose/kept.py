"""What of the prose is let through when only verified sentences are: they, and the structure around them.

A heading, an introduction (``The entry points are:``) and the ruled line of a table wait for the first sentence that
passes under them; the mark of a list item for the first of its own. What waits in vain is dropped with the rest.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from codereader.answer.event import Judged, Mark, Statement, Token
from codereader.answer.prose.sentences import Piece

_PRONOUNS = tuple(f"{word} " for word in "it its this these they their those that both he such".split())

Held = Token | Mark
Passed = Token | Mark | Judged


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A heading, an introduction or a ruled line that nothing has passed under yet. Depth 0 is a heading's."""

    depth: int
    kind: str
    gap: str
    held: tuple[Held, ...]


class Kept:
    """Holds the events of one piece of prose until its verdict is known."""

    def __init__(self) -> None:
        self._held: list[Held] = []
        self._gap = ""
        self._waiting: list[_Waiting] = []
        self._marker = ""
        self._break = ""
        self._any = False
        self._dropped_last = False

    def gap(self, text: str) -> None:
        """Take white space and marks of lists between two pieces."""
        self._gap += text

    def hold(self, event: Held) -> None:
        """Take an event of the piece."""
        self._held.append(event)

    def end(self, piece: Piece, statement: Statement | None, *, clean: bool) -> Generator[Passed, None, bool]:
        """Yield what passes now that *piece* has ended; return whether it did. *clean*: none of its claims failed."""
        held, gap = tuple(self._held), self._gap
        self._held, self._gap = [], ""
        self._note(gap)
        if statement is None and piece.kind in ("heading", "intro", "rule", "row"):
            self._wait(piece, held, clean=clean)
            return False
        leans = piece.text.lower().lstrip("*_").startswith(_PRONOUNS)
        if statement is None or statement.verdict != "verified" or (leans and self._dropped_last):
            self._dropped_last = True
            return False
        self._dropped_last = False
        if piece.kind != "row":
            self._waiting = [one for one in self._waiting if one.kind not in ("row", "rule")]
        for waiting in self._waiting:
            yield from self._let(waiting.gap, waiting.held)
        self._waiting = []
        yield from self._let(self._break + self._marker, held)
        self._break = self._marker = ""
        yield Judged(statement)
        return True

    def _note(self, gap: str) -> None:
        """Remember the strongest break since something passed, and the mark of the list item that begins."""
        newline = gap.rfind("\n")
        lines = gap.count("\n")
        if newline < 0 and not self._break:
            self._break = gap if self._any else ""
            if not self._any and gap.strip():
                self._marker = gap
            return
        if lines:
            self._marker = gap[newline + 1 :]
            self._dropped_last = self._dropped_last and not self._marker.strip()
            self._break = "\n\n" if lines > 1 or self._break.count("\n") > 1 else "\n"

    def _wait(self, piece: Piece, held: tuple[Held, ...], *, clean: bool) -> None:
        depth = len(piece.text) - len(piece.text.lstrip("#")) if piece.kind == "heading" else 9
        if piece.kind == "rule" and not (self._waiting and self._waiting[-1].kind == "row"):
            return
        if piece.kind in ("heading", "intro"):
            self._waiting = [one for one in self._waiting if one.depth < depth]
        if clean:
            self._waiting.append(_Waiting(depth, piece.kind, self._break + self._marker, held))
        self._break = self._marker = ""
        self._dropped_last = False

    def _let(self, gap: str, held: tuple[Held, ...]) -> Iterator[Held]:
        text = gap if self._any else gap.lstrip("\n")
        if text:
            yield Token(text)
        self._any = True
        yield from held
