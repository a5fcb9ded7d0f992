"""An engine that does not give up when memory runs out: it goes down a ladder of plans, and says each step.

Knows nothing of llama.cpp: it starts engines, and reads of their errors which device ran out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from codereader.cancel import CancelToken
from codereader.engine.embedded.buffers import Buffers
from codereader.engine.plan import GPU_MARGIN, HOST, Plan
from codereader.engine.protocol import Engine, EngineEvent, LoadProgress, Piece, Prompt, Sampling, Tell
from codereader.errors import EngineEnded, ModelError, ModelTooLarge

THE_HOST = "the host"
"""What an error calls the host's own memory."""

MOST_STEPS = 20
"""Loads that are tried after the first. A ladder is shorter than that, unless one device after the other runs out."""

MOST_ENDS = 2
"""Ends in a row of the engine's process, for no reason that it gave, after which only the last step is tried."""

Retreats = Callable[[Plan, str], Iterator[tuple[Plan, str]]]
"""Gives, for a plan that failed and the device that ran out ("" where that is not known), smaller plans in the order in
which to try them, each with a sentence that says what changes."""


class RetreatingEngine:
    """Runs a model as *first* says, or as the first of its *retreats* that the machine can really bear.

    *start* gives an engine for a plan. The next step is taken when a load, or an answer before its first word, ends
    because memory ran out or because the engine's process died.
    """

    def __init__(self, first: Plan, retreats: Retreats, start: Callable[[Plan], Engine]) -> None:
        self._plan = first
        self._retreats = retreats
        self._start = start
        self._engine: Engine | None = None
        self._steps: Iterator[tuple[Plan, str]] = iter(())
        self._short: str | None = None
        self._first = first
        self._first_error: ModelError | None = None
        self._tried: list[str] = []
        self._ran_out: set[str] = set()
        self._ends = 0

    @property
    def plan(self) -> Plan:
        """How the model runs: the first plan, or the step of the ladder that is in use."""
        return self._plan

    @property
    def buffers(self) -> Buffers | None:
        """What the loaded model really takes, None where it is not loaded or its engine does not know."""
        found: Buffers | None = getattr(self._engine, "buffers", None)
        return found

    @property
    def tried(self) -> tuple[str, ...]:
        """The steps that were taken, a sentence each."""
        return tuple(self._tried)

    @property
    def lacking(self) -> dict[str, int]:
        """Return by device that ran out how much less it had than the first plan was told, the usual margin aside."""
        before = {share.name: share for share in self._first.shares if share.name != HOST}
        after = {share.name: share.weights + share.cache + share.compute for share in self._plan.shares}
        unsure = "" in self._ran_out and len(before) == 1
        names = sorted(before) if unsure else sorted(self._ran_out & before.keys())
        return {name: max(0, before[name].free - GPU_MARGIN - after.get(name, 0)) for name in names}

    def load(self, cancel: CancelToken, progress: LoadProgress | None = None, tell: Tell | None = None) -> None:
        """Load as planned, or as much smaller as it must be; each step is told before it is tried.

        Raises: what the first failure was, with all that was tried, when no step is left; any other error of the
        engine at once; Cancelled. Nothing stays allocated then.
        """
        while True:
            engine = self._engine = self._engine or self._start(self._plan)
            try:
                engine.load(cancel, progress, tell)
            except (ModelTooLarge, EngineEnded) as error:
                self.close()
                self._step_down(error, tell)
            except BaseException:
                self.close()
                raise
            else:
                return

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken, enough: CancelToken | None = None
    ) -> Iterator[EngineEvent]:
        """Yield what the engine says. One that runs out of memory before its first word is put by the next step.

        Raises as the engine; ValueError for an engine that is not loaded.
        """
        if self._engine is None:
            raise ValueError("the engine is not loaded")
        while True:
            spoke = False
            try:
                for event in self._engine.generate(prompt, sampling, cancel, enough):
                    spoke = spoke or isinstance(event, Piece)
                    yield event
            except (ModelTooLarge, EngineEnded) as error:
                if spoke or len(prompt) >= self._plan.context:
                    raise
                self.close()
                self._step_down(error, None)
                self.load(cancel)
            else:
                return

    def close(self) -> None:
        """Free the engine in use. Harmless when called twice."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def _step_down(self, error: ModelTooLarge | EngineEnded, tell: Tell | None) -> None:
        """Take the next plan. Raises: the first error, with what was tried, where there is none."""
        self._first_error = self._first_error or error
        short = ran_out(str(error), self._plan) or self._short or ""
        self._ran_out.add(short)
        if short != self._short:
            self._short, self._steps = short, self._retreats(self._plan, short)
        step = None if len(self._tried) >= MOST_STEPS else self._next(error)
        if step is None:
            raise self._gave_up(error) from error
        self._plan, change = step
        said = f"{_what_happened(error, short)}: {change}"
        self._tried.append(said)
        if tell is not None:
            tell(said)

    def _next(self, error: ModelTooLarge | EngineEnded) -> tuple[Plan, str] | None:
        """Return the next step, or the last of all where the engine keeps ending without a word of memory."""
        self._ends = self._ends + 1 if isinstance(error, EngineEnded) else 0
        steps = list(islice(self._steps, None if self._ends > MOST_ENDS else 1))
        return steps[-1] if steps else None

    def _gave_up(self, last: ModelError) -> ModelError:
        first = self._first_error or last
        if not self._tried:
            return first
        tries = f"{len(self._tried)} smaller plan{'' if len(self._tried) == 1 else 's'} failed too"
        return type(first)(f"{first} ({tries}; the last: {self._tried[-1]})", first.hint)


def ran_out(message: str, plan: Plan) -> str:
    """Return which device of *plan* an error says ran out of memory: its name, HOST, or "" where it does not say."""
    if not plan.devices or f"not enough memory on {THE_HOST} " in message:
        return HOST
    return next((name for name in plan.devices if f"not enough memory on {name} " in message), "")


def _what_happened(error: ModelError, short: str) -> str:
    if isinstance(error, EngineEnded):
        return "the engine ended"
    if not short:
        return "memory ran out"
    return f"{THE_HOST if short == HOST else short} ran out of memory"
