"""What a question would cost: tokens of the answering model, held against what they have to fit in."""

from __future__ import annotations

from dataclasses import dataclass

NEARLY = 0.85
"""From this share of the room on, people are warned."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A pinned file or folder: `tokens` in full, and what is `missing` of it, "" where all of it is sent."""

    path: str
    tokens: int
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """The parts of a prompt, and the `room` that they share.

    `base` are instructions, files and facts that every question shares; `question` is the text with its frame, `answer`
    what may be said. `rate` is that at which prompts are read, in tokens a second, 0 where unknown. `is_exact` says
    whether the question was counted in the model's vocabulary.
    """

    base: int
    pins: tuple[Pin, ...]
    question: int
    answer: int
    room: int
    rate: float = 0.0
    is_exact: bool = True

    @property
    def pinned(self) -> int:
        """Tokens of all pins in full."""
        return sum(pin.tokens for pin in self.pins)

    @property
    def total(self) -> int:
        """Tokens that would be taken."""
        return self.base + self.pinned + self.question + self.answer

    @property
    def over(self) -> int:
        """Tokens for which there is no room."""
        return max(0, self.total - self.room)

    @property
    def is_near(self) -> bool:
        """Whether hardly anything is left."""
        return self.total >= NEARLY * self.room

    @property
    def seconds(self) -> float:
        """How long pins and question are read for, 0 where that is not known: the base was, as a rule, read before."""
        return (self.pinned + self.question) / self.rate if self.rate else 0.0
