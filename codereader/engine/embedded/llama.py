"""The embedded engine: llama.cpp in this process, with a decode loop of our own.

One engine serves one thread at a time. Greedy answers depend on the plan and the prompt alone: the same bytes
whether the base was evaluated, recalled from this context or read from disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from codereader import native
from codereader.cancel import CancelToken
from codereader.engine.embedded import library
from codereader.engine.embedded.buffers import Buffers, owners, read_buffers, remarks
from codereader.engine.embedded.guard import Guard
from codereader.engine.embedded.keeping import Kept
from codereader.engine.embedded.loading import identity, make_context, open_model
from codereader.engine.embedded.memory import Memory
from codereader.engine.embedded.surroundings import key_of, label_of
from codereader.engine.embedded.voice import Voice
from codereader.engine.plan import Plan
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
from codereader.engine.reply import Reply
from codereader.engine.state.store import StateStore
from codereader.errors import BudgetTooSmall, ModelError

llama_cpp = native.llama()

_SLOW_TOKEN_SECONDS = 0.05
"""Answer tokens that take longer are evaluated under the abort callback, which costs about 0.5 ms a token."""

_PIECE_BYTES = 256
_NO_CALLBACK = llama_cpp.ggml_abort_callback()


class LlamaEngine:
    """A GGUF model run by llama.cpp as *plan* says. With *state*, evaluated bases outlive the process."""

    def __init__(self, plan: Plan, path: Path, state: StateStore | None = None) -> None:
        self._plan = plan
        self._path = path
        self._state = state
        self._model: Any = None
        self._context: Any = None
        self._memory: Memory | None = None
        self._load_seconds = 0.0
        self._buffers: Buffers | None = None

    @property
    def buffers(self) -> Buffers | None:
        """What the loaded model really takes, None before `load`."""
        return self._buffers

    @property
    def plan(self) -> Plan:
        """How the model runs."""
        return self._plan

    def load(self, cancel: CancelToken, progress: LoadProgress | None = None, tell: Tell | None = None) -> None:
        """Load weights and make the context; a second call does nothing.

        Raises: ModelNotFound, ModelUnreadable, ModelTooLarge, Cancelled. Nothing stays allocated then.
        """
        if self._memory is not None:
            return
        started = perf_counter()
        cancel.check()
        library.start()
        try:
            before = identity(self._path)
            self._model = open_model(self._path, self._plan, cancel, progress)
            lines = library.log()
            self._context = make_context(self._path, self._model, self._plan)
            self._buffers = read_buffers((*lines, *library.log()), owners())
            self._memory = Memory(self._context, self._plan.micro_batch, self._kept(before))
        except BaseException:
            self.close()
            raise
        self._load_seconds = perf_counter() - started
        if tell is not None:
            for remark in remarks(self._plan, self._buffers):
                tell(remark)

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken, enough: CancelToken | None = None
    ) -> Iterator[EngineEvent]:
        """Yield `Prefill` first and after each batch, `Thought` and `Piece` of text, one `Finished`.

        Raises: BudgetTooSmall when the prompt does not fit the context; ModelError when evaluation fails; Cancelled;
        UsageError for a bad grammar; ValueError for an empty prompt, foreign token ids, `max_tokens` below 1 or an
        engine that is not loaded.
        """
        memory = self._checked(prompt, sampling)
        cancel.check()
        run = _Run(self._context, memory, cancel, perf_counter())
        voice = Voice(self._context, sampling, self._plan.context - len(prompt))
        try:
            yield from run.prefill(_with_tail(prompt))
            yield from run.answer(voice, enough or CancelToken())
            run.finish_writing()
            yield Finished(run.reason, self._usage(run, voice.reply))
        finally:
            run.watch(on=False)
            voice.close()

    def close(self) -> None:
        """Free the context and the weights. Harmless when called twice or after a failed load."""
        memory, self._memory = self._memory, None
        if memory is not None:
            memory.close()
        context, self._context = self._context, None
        model, self._model = self._model, None
        if context:
            llama_cpp.llama_free(context)
        if model:
            llama_cpp.llama_model_free(model)

    def _checked(self, prompt: Prompt, sampling: Sampling) -> Memory:
        """Return the memory, once the request is known to be possible."""
        if self._memory is None:
            raise ValueError("the engine is not loaded")
        if not len(prompt):
            raise ValueError("the prompt is empty")
        if sampling.max_tokens < 1:
            raise ValueError(f"max_tokens is {sampling.max_tokens}, not 1 or more")
        known = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self._model))
        if not all(0 <= token < known for part in (prompt.base, prompt.tail) for token in part):
            raise ValueError(f"the prompt holds token ids that are not among the model's {known:,}")
        if len(prompt) >= self._plan.context:
            raise BudgetTooSmall(
                f"the prompt has {len(prompt):,} tokens and the context window {self._plan.context:,}: "
                "there is no room for an answer"
            )
        return self._memory

    def _kept(self, loaded: object) -> Kept | None:
        """Return where state is kept on disk, None where none is to be, or where another file than was *loaded* lies
        at the model's place by now: its key would be the one of that."""
        if self._state is None:
            return None
        key = key_of(self._path, self._model, self._plan)
        if key is None or not self._path.exists() or identity(self._path) != loaded:
            return None
        held = sum(part.cache for part in self._buffers.held.parts) if self._buffers else 0
        positions = int(llama_cpp.llama_n_ctx(self._context))
        return Kept(self._state, key, label=label_of(self._model), memory_bytes=held, positions=positions)

    def _usage(self, run: _Run, reply: Reply) -> Usage:
        total = perf_counter() - run.started
        return Usage(
            load_seconds=self._load_seconds,
            prompt_tokens=run.prompt_tokens,
            reused_tokens=run.reused,
            disk_tokens=run.memory.from_disk,
            prompt_seconds=run.prompt_seconds,
            completion_tokens=reply.tokens,
            completion_seconds=total - run.first_token_seconds,
            first_token_seconds=run.first_token_seconds,
            total_seconds=self._load_seconds + total,
            context_used=run.memory.used,
            context_size=self._plan.context,
            processor=self._plan.processor,
            reasoning_tokens=reply.reasoning_tokens,
        )


class _Run:
    """One call of `generate`: its clock, its counts, and the abort callback while something slow is evaluated."""

    def __init__(self, context: Any, memory: Memory, cancel: CancelToken, started: float) -> None:
        self.memory = memory
        self.started = started
        self.prompt_tokens = self.reused = 0
        self.prompt_seconds = self.first_token_seconds = 0.0
        self.reason: Reason = "max tokens"
        self._context = context
        self._guard = Guard(cancel)

    def watch(self, *, on: bool) -> None:
        """Let llama.cpp ask between the steps of a graph whether to stop, or not."""
        llama_cpp.llama_set_abort_callback(self._context, self._guard.on_abort if on else _NO_CALLBACK, None)

    def prefill(self, prompt: Prompt) -> Iterator[Prefill]:
        """Bring the prompt into the memory, its tail in batches of its own.

        Where llama.cpp cannot go on from what was read from disk, that is dropped and all is evaluated, once.
        """
        self.prompt_tokens = len(prompt)
        self.watch(on=True)
        try:
            yield from self._prefill(prompt)
        except ModelError:
            if not self.memory.distrust():
                raise
            yield from self._prefill(prompt)

    def _prefill(self, prompt: Prompt) -> Iterator[Prefill]:
        stopped = self._guard.raise_if_stopped
        self.reused = self.memory.recall(prompt.base)
        yield self._reached(self.reused)
        for done in self.memory.extend(prompt.base, self.reused, stopped):
            yield self._reached(done)
        for done in self.memory.append(prompt.tail, stopped):
            self.prompt_seconds = perf_counter() - self.started
            yield self._reached(len(prompt.base) + done)

    def finish_writing(self) -> None:
        """Wait until what was evaluated of the base is on disk. Raises: Cancelled."""
        self.memory.flush(self._guard.raise_if_stopped)

    def answer(self, voice: Voice, enough: CancelToken) -> Iterator[Piece | Thought]:
        """Say token after token, and yield their text as soon as its characters are whole; sets `reason`."""
        token = voice.next()
        self.first_token_seconds = perf_counter() - self.started
        self.watch(on=False)
        while token is not None:
            yield from voice.hear(token)
            if enough.cancelled:
                self.reason = "enough"
                return
            if not voice.goes_on():
                break
            if self.memory.used >= llama_cpp.llama_n_ctx(self._context):
                voice.reason = "context full"
                break
            self._evaluate_one(token, voice.reply)
            token = voice.next()
        self.reason = voice.reason
        yield from voice.end()

    def _evaluate_one(self, token: int, reply: Reply) -> None:
        """Evaluate one token of the answer; where that is slow, let the next one be stopped half way."""
        started = perf_counter()
        self.memory.decode((token,), self._guard.raise_if_stopped)
        if reply.tokens == 1 and perf_counter() - started > _SLOW_TOKEN_SECONDS:
            self.watch(on=True)

    def _reached(self, done: int) -> Prefill:
        return Prefill(done, self.prompt_tokens, self.reused, perf_counter() - self.started, self.memory.from_disk)


def _with_tail(prompt: Prompt) -> Prompt:
    """Return *prompt* with at least one token in its tail: a recalled state has no logits to sample from."""
    return prompt if prompt.tail else Prompt(prompt.base[:-1], prompt.base[-1:])
