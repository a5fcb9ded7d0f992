"""What is known before a model speaks: what the person wishes, and what the index has to say.

Sizes are tokens of the answering model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from codereader.engine.plan import Need
    from codereader.facts.fact import Brief
    from codereader.facts.questions.reply import Reply
    from codereader.facts.search.passages import Passage

DEFAULT_PATIENCE = 20.0
"""Seconds of prompt evaluation that a prompt may be predicted to take when nobody sized its pack."""

DEFAULT_TOKENS, FEW_TOKENS = 512, 128
"""Tokens of an answer at most where nobody says how many, and of a model that is too small to be trusted."""


DEFAULT_THINK = 1024
"""Tokens of reasoning at most of a model that is used to reason, where nobody says how many."""

LOOKED_INTO = 40
"""So many of the best files of a search are looked into for what a question needs: 98 % of the functions that answers
had to see stood in them (benchmarks/held.py)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person asked for. None means: choose.

    `think` are tokens of reasoning at most, 0 for none; `think_tokens` is how many there may be with the model's marks.
    `pins` are files and folders of the scope, in its own paths, that the model is to see whatever is asked.
    """

    budget: int | None = None
    ctx: int | None = None
    max_tokens: int = DEFAULT_TOKENS
    patience: float = DEFAULT_PATIENCE
    gpu_layers: int | Literal["auto"] = "auto"
    device: str = "auto"
    think: int | None = None
    think_tokens: int = 0
    pins: tuple[str, ...] = ()

    @property
    def said_tokens(self) -> int:
        """Tokens that may be said at most: the answer and the reasoning before it."""
        return self.max_tokens + self.think_tokens

    def need(self, prompt_tokens: int) -> Need:
        """Return what a prompt of this many tokens asks of the planner."""
        from codereader.engine.plan import Need

        return Need(prompt_tokens, self.said_tokens, self.ctx, self.gpu_layers, self.device)


@dataclass(frozen=True, slots=True)
class Known:
    """What the index has to say before a model speaks.

    `brief` is the same for every question; `reply` answers this one; `found` are definitions that have to do with it,
    best first; `places` are those (path, 1-based line) that it names or that answer it, each with what it is worth.
    """

    brief: Brief
    reply: Reply
    found: tuple[Passage, ...] = ()
    places: Mapping[tuple[str, int], float] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """The question as it was asked."""
        return self.reply.question.text
