"""An engine whose llama.cpp runs in a process of its own: whatever happens there, this process lives on.

It says what the embedded engine says, byte for byte and count for count. The process runs ahead of who takes its
pieces: what it said after the caller had enough is dropped and not counted. A process that ended, or had to be ended
because it did not stop in time, is started anew by the next question. Nothing here imports llama.cpp.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from pathlib import Path
from time import perf_counter

from codereader.cancel import Cancelled, CancelToken
from codereader.config import state_budget
from codereader.engine.embedded.buffers import Buffers
from codereader.engine.hardware.busy import Watch
from codereader.engine.plan import Plan
from codereader.engine.process.child import LAST_SECONDS, Child, Run
from codereader.engine.process.messages import Row, buffers_of, event_of, not_understood, share_of, told_of
from codereader.engine.process.plain import to_plain
from codereader.engine.protocol import (
    EngineEvent,
    Finished,
    LoadProgress,
    Piece,
    Prefill,
    Prompt,
    Reason,
    Sampling,
    Tell,
    Thought,
    Usage,
)
from codereader.errors import EngineEnded, ModelError, ModelTooLarge, ModelUnreadable

STOP_SECONDS = 0.12
"""How long a process may take to stop when it is asked to; it is ended then."""


class RemoteEngine:
    """A GGUF model run by llama.cpp, elsewhere, as *plan* says. Evaluated bases outlive it in the folder *state*.

    *start* gives a new process, or one that was started before it was needed.
    """

    def __init__(self, plan: Plan, path: Path, state: Path | None = None, start: Callable[[], Child] = Child) -> None:
        self._plan = plan
        self._path = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as they are
        self._state = None if state is None else os.path.abspath(state)  # noqa: PTH100
        self._start = start
        self._child: Child | None = None
        self._is_loaded = False
        self._stopped_at = -inf
        """When an answer was stopped last (`perf_counter`): for a moment, some of it may not be on disk yet."""
        self._load_seconds = 0.0
        self._buffers: Buffers | None = None

    @property
    def plan(self) -> Plan:
        """How the model runs."""
        return self._plan

    @property
    def buffers(self) -> Buffers | None:
        """What the loaded model really takes, None before `load`."""
        return self._buffers

    @property
    def process_id(self) -> int | None:
        """The number of the process that holds the model, None where there is none."""
        return self._child.process_id if self._child else None

    def load(
        self,
        cancel: CancelToken,
        progress: LoadProgress | None = None,
        tell: Tell | None = None,
    ) -> None:
        """Load the model in a new process; a second call does nothing while that one lives.

        One that is stopped meanwhile is ended at once: nothing that it has done is of use.
        Raises: ModelNotFound, ModelUnreadable, ModelTooLarge, EngineEnded, ConfigError, Cancelled. No process is left
        then.
        """
        if self._child is not None and self._child.alive:
            return
        self._end()
        started = perf_counter()
        cancel.check()
        child = self._child = self._start()
        try:
            self._load(child, cancel, progress, tell)
        except EngineEnded as error:
            told = self._load_error(error, was_killed=child.was_killed)
            self._end()
            raise told from error
        except Cancelled:
            self._child = None
            child.kill()
            raise
        except BaseException:
            self._end()
            raise
        self._is_loaded = True
        self._load_seconds = perf_counter() - started

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken, enough: CancelToken | None = None
    ) -> Iterator[EngineEvent]:
        """Yield `Prefill` first and after each batch, `Thought` and `Piece` of text, one `Finished`.

        Raises: BudgetTooSmall when the prompt does not fit the context; ModelError when evaluation fails; EngineEnded
        when the process does; Cancelled; UsageError for a bad grammar; ValueError for an empty prompt, foreign token
        ids, `max_tokens` below 1 or an engine that is not loaded.
        """
        if not self._is_loaded:
            raise ValueError("the engine is not loaded")
        started = perf_counter()
        cancel.check()
        self.load(cancel)
        assert self._child is not None  # noqa: S101 - it was loaded
        asked = {"base": prompt.base, "tail": prompt.tail, "sampling": to_plain(sampling)}
        watch = Watch(self._child.process_id)
        with self._running(self._child, {"do": "generate", **asked}) as run:
            for event in _Answer(prompt, sampling, enough or CancelToken(), started).follow(run, cancel):
                match event:
                    case Finished(usage=usage):
                        yield replace(event, usage=self._own(usage, watch))
                    case _:
                        yield event

    def close(self) -> None:
        """End the process. Harmless when called twice or after a failed load.

        Of an answer that was just stopped the process still writes what it has evaluated: that is not waited for.
        """
        self._is_loaded = False
        child = self._child
        if child is not None and perf_counter() - self._stopped_at < LAST_SECONDS:
            self._child = None
            child.leave()
        self._end()

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.close()

    def _load(self, child: Child, cancel: CancelToken, progress: LoadProgress | None, tell: Tell | None) -> None:
        child.version(cancel)
        store = {"state": self._state, "budget": state_budget()}
        asked = {"plan": to_plain(self._plan), "path": str(self._path), **store}
        for row in child.ask({"do": "load", **asked}).rows(cancel):
            match row["event"]:
                case "loaded":
                    self._buffers = buffers_of(row)
                case "told":
                    (tell or _ignore)(told_of(row))
                case _:
                    (progress or _ignore)(share_of(row))

    def _load_error(self, error: EngineEnded, *, was_killed: bool) -> ModelError:
        """Return what it says of a model that its process ended while it loaded it."""
        message = f"cannot load {self._path}: {error}"
        if was_killed:
            return ModelTooLarge(message)
        if "GGML_ASSERT" in message:
            return ModelUnreadable(
                message, "Download the model again, or choose another one: `codereader models list`."
            )
        return type(error)(message)

    @contextmanager
    def _running(self, child: Child, request: Row) -> Iterator[Run]:
        """Give what answers *request*; a process that does not stop when that is left early is ended."""
        run = child.ask(request)
        try:
            yield run
        except (Cancelled, GeneratorExit, KeyboardInterrupt):
            self._stopped_at = perf_counter()
            raise
        finally:
            if not run.stop(STOP_SECONDS):
                self._child = None
                child.kill()

    def _own(self, usage: Usage, watch: Watch) -> Usage:
        """Return *usage* with what this process knows better: the load with all that it took, the plan, and others."""
        run = usage.total_seconds - usage.load_seconds
        return replace(
            usage,
            load_seconds=self._load_seconds,
            total_seconds=self._load_seconds + run,
            context_size=self._plan.context,
            processor=self._plan.processor,
            others=watch.others(self._plan.threads),
        )


class _Answer:
    """One answer as it comes: checked, cut where the caller had enough, its clock set to the caller's."""

    def __init__(self, prompt: Prompt, sampling: Sampling, enough: CancelToken, started: float) -> None:
        self._tokens = len(prompt)
        self._limit = sampling.most
        self._enough = enough
        self._started = started
        self._delay: float | None = None
        self._said = 0
        self._is_cut = False

    def follow(self, run: Run, cancel: CancelToken) -> Iterator[EngineEvent]:
        """Yield the events of *run*. Raises: EngineEnded for what no engine says, Cancelled."""
        for row in run.rows(cancel):
            event = event_of(row)
            self._check(event)
            match event:
                case Finished(reason, usage):
                    yield self._finished(reason, usage)
                case Piece() | Thought() if not self._is_cut:
                    yield event
                    if self._enough.cancelled:
                        self._is_cut = True
                        run.tell("enough")
                case Prefill():
                    yield event

    def _check(self, event: EngineEvent) -> None:
        """Hold *event* against what was asked; note what is counted."""
        match event:
            case Prefill(done, total, reused, seconds):
                fits = 0 <= reused <= total == self._tokens and 0 <= done <= total and seconds >= 0
                if self._delay is None:
                    self._delay = max(0.0, perf_counter() - self._started - seconds)
            case Piece(said=said) | Thought(said=said):
                fits = self._said <= said <= self._limit
                if not self._is_cut:
                    self._said = said
            case Finished(usage=usage):
                fits = self._said <= usage.completion_tokens <= self._limit and usage.prompt_tokens == self._tokens
                fits = fits and 0 <= usage.reasoning_tokens <= usage.completion_tokens
        if not fits:
            raise not_understood("its counts cannot be")

    def _finished(self, reason: Reason, usage: Usage) -> Finished:
        """Return the end, without the tokens that nobody heard and with the time that the way here took."""
        delay = self._delay or 0.0
        usage = replace(
            usage,
            prompt_seconds=usage.prompt_seconds + delay,
            first_token_seconds=usage.first_token_seconds + delay,
            total_seconds=usage.total_seconds + delay,
        )
        if not self._is_cut:
            return Finished(reason, usage)
        unheard = usage.completion_seconds * (1 - self._said / max(1, usage.completion_tokens))
        usage = replace(
            usage,
            completion_tokens=self._said,
            reasoning_tokens=min(self._said, usage.reasoning_tokens),
            completion_seconds=usage.completion_seconds - unheard,
            total_seconds=usage.total_seconds - unheard,
            context_used=usage.prompt_tokens + self._said - 1,
        )
        return Finished("enough", usage)


def _ignore(_: object) -> None:
    """Tell nobody."""
