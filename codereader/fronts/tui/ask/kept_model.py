"""A model that stays loaded between questions, so that the next one need not load it and finds its state in memory.

Used by one thread at a time, but for `end`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from codereader.cancel import CancelToken
from codereader.engine.plan import Need, Plan
from codereader.engine.protocol import (
    Engine,
    EngineEvent,
    Finished,
    LoadProgress,
    Prompt,
    Sampling,
    Tell,
    Told,
    Usage,
)
from codereader.errors import ModelError

if TYPE_CHECKING:
    from codereader.answer.speaker import Speaker

SPARE = 4
"""A model is loaded with room for one part more of prompt for so many, so that a longer question finds room too."""


class KeptModel:
    """Runs `speaker`, which is the one given with this between it and its engines."""

    def __init__(self, speaker: Speaker) -> None:
        self._plan = speaker.plan
        self._start = speaker.start
        self._learn = speaker.learn
        self._need: Need | None = None
        self._held: Engine | None = None
        self._first: Plan | None = None
        self.speaker = replace(speaker, plan=self.plan, start=self.start, learn=self.learn)

    def plan(self, need: Need) -> Plan:
        """Return the plan for *need*. Raises: ModelError."""
        self._need = need
        return self._plan(need)

    def start(self, plan: Plan) -> Engine:
        """Return an engine for *plan*: the one that is loaded where that serves, else another in its place."""
        if self._held is not None and _serves(self._held.plan, plan):
            return _Lent(self._held, is_loaded=True)
        self.end()
        self._first = self._roomy(plan)
        self._held = self._start(self._first)
        return _Lent(self._held, is_loaded=False)

    def learn(self, _: Plan, engine: Engine, usage: Usage) -> None:
        """Keep how the engine ran, for the plan that it was started with."""
        if self._first is not None:
            self._learn(self._first, engine, usage)

    def end(self) -> None:
        """Free the model and end its process. Harmless when called twice, also while another thread uses it."""
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def _roomy(self, plan: Plan) -> Plan:
        """Return *plan* for a longer prompt too, where the model lies the same with it and nobody sized the window."""
        need = self._need
        if need is None or need.ctx is not None:
            return plan
        try:
            wider = self._plan(replace(need, prompt_tokens=need.prompt_tokens + need.prompt_tokens // SPARE))
        except ModelError:
            return plan
        return wider if _serves(wider, plan) else plan


def _serves(held: Plan, wanted: Plan) -> bool:
    """Whether a model that runs as *held* answers what *wanted* was made for just as well."""
    return held.context >= wanted.context and _setup(held) == _setup(wanted)


def _setup(plan: Plan) -> tuple[object, ...]:
    return plan.gpu_layers, plan.cpu_experts, plan.cache_type_k, plan.cache_type_v, plan.devices, plan.full_window


class _Lent:
    """An engine for one question: closing it leaves the model loaded."""

    def __init__(self, engine: Engine, *, is_loaded: bool) -> None:
        self._engine = engine
        self._is_loaded = is_loaded

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    @property
    def plan(self) -> Plan:
        return self._engine.plan

    def load(self, cancel: CancelToken, progress: LoadProgress | None = None, tell: Tell | None = None) -> None:
        self._engine.load(cancel, progress, tell)

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken, enough: CancelToken | None = None
    ) -> Iterator[EngineEvent | Told]:
        for event in self._engine.generate(prompt, sampling, cancel, enough):
            if isinstance(event, Finished) and self._is_loaded:
                usage = event.usage
                event = replace(
                    event,
                    usage=replace(
                        usage, load_seconds=0.0, total_seconds=max(0.0, usage.total_seconds - usage.load_seconds)
                    ),
                )
            yield event

    def close(self) -> None:
        """Keep the model for the next question."""
