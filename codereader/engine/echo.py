"""An engine without weights, for tests and `--model echo`: it says what it was told to say, a word at a time.

Deterministic: durations are 0. Its "tokens" of answer are words with the space behind them. It reasons where it was
told to say so in marks, as models do; a grammar changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from codereader.cancel import CancelToken
from codereader.engine.plan import Plan
from codereader.engine.protocol import (
    EngineEvent,
    Finished,
    LoadProgress,
    Prefill,
    Prompt,
    Sampling,
    Tell,
    Usage,
)
from codereader.engine.reply import Reply
from codereader.errors import BudgetTooSmall

_WORD = re.compile(r"\s*\S+\s*|\s+")

Answer = str | Callable[[Prompt], str]


def echo_plan(context: int, rate: float = 0.0) -> Plan:
    """Return the plan of an engine without a model: *context* tokens, read at *rate* tokens a second."""
    return Plan(
        context=context,
        gpu_layers=0,
        cache_type_k="f16",
        cache_type_v="f16",
        micro_batch=512,
        threads=1,
        flash_attention=False,
        shares=(),
        prefill_rate=rate,
        processor="no model",
    )


def describe(prompt: Prompt) -> str:
    """Return the default answer: what was received, and nothing about the source."""
    return (
        f"The echo engine was given {len(prompt):,} tokens ({len(prompt.base):,} of base, {len(prompt.tail):,} of "
        "tail) and runs no model."
    )


class EchoEngine:
    """Answers every prompt with *answer*, a text or a function of the prompt. `context` is tokens, 0 for no bound."""

    def __init__(self, answer: Answer = describe, context: int = 0) -> None:
        self._answer = answer
        self._context = context
        self._recalled: tuple[int, ...] = ()

    @property
    def plan(self) -> Plan:
        """A plan in name only."""
        return echo_plan(self._context)

    def load(
        self,
        cancel: CancelToken,
        progress: LoadProgress | None = None,
        tell: Tell | None = None,  # noqa: ARG002 - nothing of note can happen
    ) -> None:
        """Report all of nothing as loaded. Raises: Cancelled."""
        cancel.check()
        if progress is not None:
            progress(1.0)

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken, enough: CancelToken | None = None
    ) -> Iterator[EngineEvent]:
        """Yield one `Prefill` a part, the words, one `Finished`; the base of the last call counts as reused.

        Raises: Cancelled; BudgetTooSmall; ValueError for an empty prompt or `max_tokens` below 1.
        """
        self._check(prompt, sampling)
        total, base = len(prompt), len(prompt.base)
        reused = base if prompt.base == self._recalled else 0
        for done in (base, total):
            cancel.check()
            yield Prefill(done, total, reused, 0.0)
        self._recalled = prompt.base
        words = _WORD.findall(self._answer if isinstance(self._answer, str) else self._answer(prompt))
        reply, said = Reply(sampling), 0
        while said < len(words) and not reply.is_full:
            cancel.check()
            if reply.is_spent:
                words, said = _WORD.findall(_behind_reasoning("".join(words[said:]), sampling)), 0
                yield from reply.close()
                continue
            yield from reply.hear(words[said])
            said += 1
            if enough is not None and enough.cancelled:
                yield Finished("enough", self._usage(total, reused, reply))
                return
        yield from reply.end()
        yield Finished("stop" if said == len(words) else "max tokens", self._usage(total, reused, reply))

    def close(self) -> None:
        """Forget the last base."""
        self._recalled = ()

    def _check(self, prompt: Prompt, sampling: Sampling) -> None:
        if not len(prompt):
            raise ValueError("the prompt is empty")
        if sampling.max_tokens < 1:
            raise ValueError(f"max_tokens is {sampling.max_tokens}, not 1 or more")
        if self._context and len(prompt) >= self._context:
            raise BudgetTooSmall(
                f"the prompt has {len(prompt):,} tokens and the context window {self._context:,}: "
                "there is no room for an answer"
            )

    def _usage(self, prompt_tokens: int, reused: int, reply: Reply) -> Usage:
        used = prompt_tokens + reply.tokens
        size = self._context or used
        usage = Usage(0.0, prompt_tokens, reused, 0.0, reply.tokens, 0.0, 0.0, 0.0, used, size, "no model")
        return replace(usage, reasoning_tokens=reply.reasoning_tokens)


def _behind_reasoning(text: str, sampling: Sampling) -> str:
    """Return what the answer in *text* says once its reasoning is ended early; nothing if it never ends."""
    return text.partition(sampling.reasoning.marks.end)[2] if sampling.reasoning else text
