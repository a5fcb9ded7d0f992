"""One reply as it is said, token by token: reasoning apart from the answer, each counted and bounded.

Knows text and counts; which token reads how, and how one is chosen, others know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from codereader.engine.protocol import SPARE, Piece, Sampling, Thought
from codereader.model.reasoning import Part, Splitter


class Reply:
    """What was said so far. *tokens* are the markers of reasoning that are tokens of the model.

    With *room*, tokens that the context has left, reasoning leaves enough of them for the answer.
    """

    def __init__(self, sampling: Sampling, tokens: Collection[str] = (), room: int | None = None) -> None:
        reasoning = sampling.reasoning
        self._splitter = None if reasoning is None else Splitter(reasoning.marks, tokens)
        self._limit = sampling.max_tokens
        self._budget = 0 if reasoning is None else reasoning.budget
        if room is not None:
            self._budget = max(0, min(self._budget, room - sampling.max_tokens - SPARE))
        self.tokens = 0
        self.reasoning_tokens = 0

    @property
    def is_thinking(self) -> bool:
        """Whether what comes next is reasoning."""
        return self._splitter is not None and self._splitter.is_thinking

    @property
    def is_answering(self) -> bool:
        """Whether what comes next is the answer's, and not what leads to it."""
        return self._splitter is None or self._splitter.is_answering

    @property
    def is_spent(self) -> bool:
        """Whether reasoning goes on that has had all its tokens."""
        return self.is_thinking and self.reasoning_tokens >= self._budget

    @property
    def is_full(self) -> bool:
        """Whether the answer has had all its tokens."""
        return self.tokens - self.reasoning_tokens >= self._limit

    def hear(self, text: str, marker: str = "", *, is_forced: bool = False) -> list[Piece | Thought]:
        """Return what one more token adds: *text*, or *marker* if it is one. *is_forced*: it closes the reasoning."""
        answered = self.is_answering and not is_forced
        parts: Iterable[Part]
        if self._splitter is None:
            parts = [Part(text, False)] if text else []
        else:
            parts = list(self._splitter.mark(marker) if marker else self._splitter.feed(text))
        self.tokens += 1
        if not (answered and self.is_answering) and self.reasoning_tokens < self._budget + SPARE:
            self.reasoning_tokens += 1
        return list(self._events(parts))

    def close(self) -> list[Piece | Thought]:
        """Take the reasoning for ended."""
        return [] if self._splitter is None else list(self._events(self._splitter.close()))

    def end(self, text: str = "") -> list[Piece | Thought]:
        """Return what the end of the last token's *text* adds, and what was held back."""
        if self._splitter is None:
            return [Piece(text, self.tokens)] if text else []
        return list(self._events([*self._splitter.feed(text), *self._splitter.flush()]))

    def _events(self, parts: Iterable[Part]) -> Iterator[Piece | Thought]:
        for part in parts:
            yield Thought(part.text, self.tokens) if part.is_thought else Piece(part.text, self.tokens)
