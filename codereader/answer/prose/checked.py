"""The prose as it is let through: its evidence numbers filled in, its claims marked, its sentences judged.

What comes out, and in which order, depends on the prose alone and never on how the model split it. With *only_verified*
a sentence is held back until it is judged, and one that has not been verified is dropped; headings, introductions and
the marks of lists pass with the first sentence that they stand for. Knows nothing of models and terminals.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from codereader.answer.checks.statement import Checker, Judging
from codereader.answer.event import Citation, Judged, Mark, Statement, Token
from codereader.answer.prose.filled import Filled, Filler
from codereader.answer.prose.kept import Kept
from codereader.answer.prose.marked import MarkedStream
from codereader.answer.prose.sentences import Bit, Piece, Sentences
from codereader.facts.fact import Fact
from codereader.index.view import IndexView

DRIFT = 8
"""So many sentences in a row without one that was verified are a drift, unless said otherwise."""


@dataclass(slots=True)
class Tally:
    """How many sentences were judged, and how. `dropped` counts those that were not let through.

    `statements` holds all of them, in order.
    """

    verified: int = 0
    no_evidence: int = 0
    contradicted: int = 0
    dropped: int = 0
    statements: list[Statement] = field(default_factory=list)

    def add(self, statement: Statement) -> None:
        """Count *statement*."""
        self.statements.append(statement)
        self.verified += statement.verdict == "verified"
        self.no_evidence += statement.verdict == "no evidence"
        self.contradicted += statement.verdict == "contradicted"


class CheckedStream:
    """Splits streamed prose into tokens, marks on its claims, and a verdict right behind each sentence.

    *evidence* are the facts that the prompt numbered from 1; *checker* is that of another answer about
    the view, whose work it shares. Holds back at most the last unfinished step, a few hundred
    characters; with *only_verified* the last unfinished sentence. `tally` and `drifts` are of what was fed so far;
    *drift* sentences in a row without one that was verified are a drift.
    """

    def __init__(
        self,
        view: IndexView,
        evidence: Sequence[Fact] = (),
        *,
        only_verified: bool = False,
        checker: Checker | None = None,
        drift: int = DRIFT,
    ) -> None:
        checker = checker or Checker(view)
        self.tally = Tally()
        self._evidence = evidence
        self._filler = Filler(evidence)
        self._marked = MarkedStream(checker.citer)
        self._sentences = Sentences()
        self._judging = Judging(checker)
        self._kept = Kept() if only_verified else None
        self._last: deque[bool] = deque(maxlen=drift)
        self._fed = self._passed = self._shown = 0
        self._waiting: deque[tuple[int, Mark]] = deque()
        self._citations: list[Citation] = []
        self._numbers: deque[tuple[int, tuple[int, ...]]] = deque()

    @property
    def drifts(self) -> bool:
        """Whether none of the last *drift* sentences was verified."""
        return len(self._last) == self._last.maxlen and not any(self._last)

    def feed(self, text: str) -> Iterator[Token | Mark | Judged]:
        """Yield what can be let through after *text*. Raises: StoreError."""
        yield from self._fill(text, final=False)

    def flush(self) -> Iterator[Token | Mark | Judged]:
        """Yield what is still held back, at the end of the prose. Raises: StoreError."""
        yield from self._fill("", final=True)
        yield from self._events(self._marked.flush())
        for bit in self._sentences.flush():
            yield from self._bit(bit)

    def _fill(self, text: str, *, final: bool) -> Iterator[Token | Mark | Judged]:
        for part in self._filler.feed(text, final=final):
            if isinstance(part, Filled):
                yield from self._filled(part)
            else:
                self._fed += len(part)
                yield from self._events(self._marked.feed(part))

    def _filled(self, part: Filled) -> Iterator[Token | Mark | Judged]:
        self._numbers.append((self._fed, part.numbers))
        self._fed += len(part.text)
        yield from self._events(self._marked.feed(part.text))
        for number in part.numbers:
            if not 1 <= number <= len(self._evidence):
                why = f"there are {len(self._evidence)} numbered facts"
                yield from self._mark(Mark(Citation(f"[{number}]", "not found", why=why)))

    def _events(self, events: Iterator[Token | Mark]) -> Iterator[Token | Mark | Judged]:
        for event in events:
            if isinstance(event, Mark):
                yield from self._mark(event)
                continue
            self._passed += len(event.text)
            for bit in self._sentences.feed(event.text):
                yield from self._bit(bit)

    def _mark(self, mark: Mark) -> Iterator[Token | Mark | Judged]:
        if self._shown < self._passed:
            self._waiting.append((self._passed, mark))
        else:
            yield from self._out(mark)

    def _bit(self, bit: Bit | Piece) -> Iterator[Token | Mark | Judged]:
        if isinstance(bit, Piece):
            yield from self._ended(bit)
            return
        at, end = 0, self._shown + len(bit.text)
        while self._waiting and self._waiting[0][0] <= end:
            place, mark = self._waiting.popleft()
            upto = len(bit.text) - (end - place)
            if upto > at:
                yield from self._token(bit.text[at:upto], bit.is_gap)
                at = upto
            yield from self._out(mark)
        if at < len(bit.text):
            yield from self._token(bit.text[at:], bit.is_gap)

    def _token(self, text: str, is_gap: bool) -> Iterator[Token | Mark | Judged]:
        self._shown += len(text)
        if self._kept is None:
            yield Token(text)
        elif is_gap:
            self._kept.gap(text)
        else:
            self._kept.hold(Token(text))

    def _out(self, mark: Mark) -> Iterator[Mark]:
        self._citations.append(mark.citation)
        if self._kept is None:
            yield mark
        else:
            self._kept.hold(mark)

    def _ended(self, piece: Piece) -> Iterator[Token | Mark | Judged]:
        facts = tuple(self._facts())
        statement = self._judging.judge(piece, tuple(self._citations), facts)
        clean = all(citation.verdict == "verified" for citation in self._citations)
        self._citations = []
        if statement is not None:
            self.tally.add(statement)
            self._last.append(statement.verdict == "verified")
        if self._kept is not None:
            passed = yield from self._kept.end(piece, statement, clean=clean)
            self.tally.dropped += statement is not None and not passed
        elif statement is not None:
            yield Judged(statement)

    def _facts(self) -> Iterator[Fact]:
        """Yield the facts whose numbers stand in the piece that ends here."""
        while self._numbers and self._numbers[0][0] < self._shown:
            _, numbers = self._numbers.popleft()
            yield from (self._evidence[one - 1] for one in numbers if 1 <= one <= len(self._evidence))
