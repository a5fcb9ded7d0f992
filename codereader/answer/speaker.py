"""A model that can be asked: its vocabulary, its frame, and how to plan and start it.

The seam between what is said and what runs it. `reader` makes one from a GGUF file; tests make one from the
echo engine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from codereader.engine.plan import Need, Plan
from codereader.engine.protocol import Engine, Usage
from codereader.model.counter import Vocabulary
from codereader.model.template import Frame

TRUSTED_PARAMETERS = 1_000_000_000
"""Models with fewer weights than this write prose that cannot be relied on (tried: a 135M model invents structs)."""

ECHO_CONTEXT = 1 << 16
"""Context of the echo engine, in bytes."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A model ready to be planned for. `trained_context` is in its own tokens, 0 where unknown.

    `hash` tells it from others by content; `engine` says in words which program runs it, once it was started. `pace` is
    the prefill rate that budgets are worked out with, where it differs from the plan's. `learn` hears how a plan ran;
    `rest` is called once the answer is told, for what nobody should wait for.
    """

    name: str
    vocabulary: Vocabulary
    frame: Frame
    trained_context: int
    trusted: bool
    plan: Callable[[Need], Plan] = field(repr=False)
    start: Callable[[Plan], Engine] = field(repr=False)
    hash: str = ""
    engine: Callable[[], str] = field(repr=False, default=lambda: "")
    pace: Callable[[Need], float] | None = field(repr=False, default=None)
    learn: Callable[[Plan, Engine, Usage], None] = field(repr=False, default=lambda planned, engine, usage: None)  # noqa: ARG005
    rest: Callable[[], None] = field(repr=False, default=lambda: None)

    def reading(self, need: Need) -> float:
        """Return tokens of prompt a second for *need*: the same run after run, so budgets stay. Raises as `plan`."""
        return self.pace(need) if self.pace else self.plan(need).prefill_rate


class Bytes:
    """The echo engine's vocabulary: a token a byte of UTF-8, so that counts are easy to foresee."""

    name = "bytes"
    exact = True

    def encode(self, text: str, *, special: bool = False) -> list[int]:  # noqa: ARG002 - bytes have no control tokens
        """Return the bytes of *text*."""
        return list(text.encode("utf-8", "replace"))

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the number of bytes of each text."""
        return [len(text.encode("utf-8", "replace")) for text in texts]


def echo(answer: str | None = None) -> Speaker:
    """Return a speaker without a model, for tests and for trying the way to one: it says *answer*."""
    from codereader.engine.echo import EchoEngine, echo_plan

    return Speaker(
        name="echo",
        vocabulary=Bytes(),
        frame=Frame("", "\nAnswer:\n"),
        trained_context=ECHO_CONTEXT,
        trusted=True,
        plan=lambda need: echo_plan(need.ctx or need.prompt_tokens + need.answer_tokens, float(ECHO_CONTEXT)),
        start=lambda plan: EchoEngine(answer, plan.context) if answer else EchoEngine(context=plan.context),
        hash=hashlib.sha256((answer or "").encode("utf-8", "surrogateescape")).hexdigest(),
        engine=lambda: "echo",
    )
