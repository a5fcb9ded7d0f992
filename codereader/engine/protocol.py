"""What an engine is: the seam between planning a run and answering with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from codereader.cancel import CancelToken
from codereader.engine.plan import Plan
from codereader.model.reasoning import Marks

TOP_K = 40
TOP_P = 0.95
MIN_P = 0.05
"""The cuts that llama.cpp's own programs make by default, in this order, before a temperature above 0."""


SPARE = 32
"""Tokens that markers and the end of a reasoning take at most beside its budget."""

LONGEST_GRAMMAR = 1 << 16
"""Bytes of a grammar in UTF-8."""


@dataclass(frozen=True, slots=True)
class Reasoning:
    """How a model marks its reasoning, and how many tokens of it there may be.

    Once the budget is spent, the engine ends the reasoning in the model's name and the answer follows.
    """

    marks: Marks
    budget: int = 0


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. `max_tokens` is at least 1; `temperature` 0 is greedy; a `seed` makes sampling repeat.

    `max_tokens` bounds the answer, `reasoning` what is thought before it; None takes all for the answer. The answer,
    but not the reasoning, follows the `grammar` (GBNF, from its rule ``root``) if there is one.
    """

    max_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0
    reasoning: Reasoning | None = None
    grammar: str | None = None

    @property
    def most(self) -> int:
        """Tokens that are said at most, reasoning and what ends it included."""
        return self.max_tokens + (self.reasoning.budget + SPARE if self.reasoning else 0)


@dataclass(frozen=True, slots=True)
class Prompt:
    """Token ids of the answering model, in two parts that are never decoded in one batch.

    `base` is the stable prefix (system, pack, brief); `tail` is what this question adds (focus, facts, question).
    """

    base: tuple[int, ...]
    tail: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.base) + len(self.tail)


@dataclass(frozen=True, slots=True)
class Prefill:
    """Prompt evaluation moved on: `done` of `total` tokens, of which `reused` were evaluated by an earlier run.

    `from_disk` of those were read from disk, the others were still in memory.
    """

    done: int
    total: int
    reused: int
    seconds: float
    from_disk: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of the answer, whole UTF-8 characters only. `said` counts the tokens that were said up to its end."""

    text: str
    said: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Thought:
    """Text of the reasoning, which is no part of the answer. Otherwise as a `Piece`."""

    text: str
    said: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run cost. `processor` in local-model words (``100% CPU``, ``14%/86% CPU/GPU``).

    Durations are seconds of wall clock. `prompt_seconds` is spent on the prompt, saved state included, and
    `first_token_seconds` lasts from the call of `generate` to the first token; neither counts the load.
    `disk_tokens` of the `reused_tokens` were read from disk, the others were still in memory.
    `completion_tokens` does not count the token that ends an answer; `reasoning_tokens` of them are no part of it, with
    the markers around them. `total_seconds` is load and run together.
    `others` is the share of the cores that the run was to use which other programs took, 0 where it is not known.
    """

    load_seconds: float
    prompt_tokens: int
    reused_tokens: int
    prompt_seconds: float
    completion_tokens: int
    completion_seconds: float
    first_token_seconds: float
    total_seconds: float
    context_used: int
    context_size: int
    processor: str
    others: float = 0.0
    reasoning_tokens: int = 0
    disk_tokens: int = 0


Reason = Literal["stop", "repetition", "enough", "max tokens", "context full"]


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer ended, and why.

    The model stopped, it went round in circles, the caller had enough, the limit was reached, the context was full.
    """

    reason: Reason
    usage: Usage


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence for the person, about what an answer had to do other than planned before it could go on.

    The model is loaded anew next, and its prompt evaluated from the start.
    """

    text: str


EngineEvent = Prefill | Piece | Thought | Finished
"""What an answer consists of."""

LoadProgress = Callable[[float], None]
"""Called with the loaded share of the model's weights, 0 to 1."""

Tell = Callable[[str], None]
"""Called with one sentence for the person, about what a load had to do other than planned."""


class Engine(Protocol):
    """A model ready to answer. One class with three methods; closing twice is harmless."""

    @property
    def plan(self) -> Plan:
        """How the model runs: what was asked for until `load` has ended, from then on what is really used."""
        ...

    def load(self, cancel: CancelToken, progress: LoadProgress | None = None, tell: Tell | None = None) -> None:
        """Load weights and make the context that the plan asks for. Raises: ModelError, Cancelled."""
        ...

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken, enough: CancelToken | None = None
    ) -> Iterator[EngineEvent | Told]:
        """Yield `Prefill`..., `Thought` and `Piece`..., one `Finished`; `Told` before what begins again.

        The prompt is not empty; token ids are the model's own. *enough* ends the answer in good order after the piece
        during which it was set. Raises: ModelError, UsageError for a bad grammar, BudgetTooSmall when the prompt does
        not fit the context, Cancelled (within 250 ms).
        """
        ...

    def close(self) -> None:
        """Free the context and the weights."""
        ...
