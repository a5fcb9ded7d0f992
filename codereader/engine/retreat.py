"""An engine that does not give up when memory runs out: it goes down a ladder of plans, and says each step.

Knows nothing of llama.cpp: it starts engines, and reads of their errors which device ran out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from codereader.cancel import CancelToken
from codereader.engine.embedded.buffers import Buffers
from codereader.engine.plan import GPU_MARGIN, HOST, Plan, Share
from codereader.engine.protocol import Engine, EngineEvent, LoadProgress, Piece, Prompt, Sampling, Tell, Thought, Told
from codereader.errors import EngineEnded, EngineUnusable, ModelError, ModelTooLarge

THE_HOST = "the host"
"""What an error calls the host's own memory."""

THE_WORK_SPACE = "the work space"
"""What an error calls what comes after weights and cache."""

AIMS = (7 / 8, 1 / 2, 0)
"""Part that the next load may take of what ran out, for each that is tried after the first: each may take minutes. The
last takes as little as can be. A load that ended for no reason that it gave skips an aim."""

Retreat = Callable[[Plan, str, int], tuple[Plan, str] | None]
"""Gives, for a plan that failed, the device that ran out ("" where that is not known) and the bytes that may be taken
of it, the next plan, with a sentence that says what changes; the smallest where none takes so little."""

WayOut = Callable[[Plan, str, int], str]
"""Gives, for a plan after which nothing smaller is left, the device that ran out and the bytes that it did have, what
a person can do; "" where nothing better is known than what the error says."""


class RetreatingEngine:
    """Runs a model as *first* says, or as a smaller plan, given by *retreat*, that the machine can really bear.

    *start* gives an engine for a plan. The next step is taken when a load, or an answer before its first word, ends
    because memory ran out or because the engine's process died. Where none is left the error hints at *way_out*.
    """

    def __init__(
        self,
        first: Plan,
        retreat: Retreat,
        start: Callable[[Plan], Engine],
        way_out: WayOut = lambda plan, short, had: "",  # noqa: ARG005
    ) -> None:
        self._plan = first
        self._retreat = retreat
        self._start = start
        self._way_out = way_out
        self._engine: Engine | None = None
        self._first = first
        self._first_error: ModelError | None = None
        self._tried: list[str] = []
        self._ran_out: set[str] = set()
        self._loads = 0

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
        for said in self._loading(cancel, progress, tell):
            if tell is not None:
                tell(said)

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken, enough: CancelToken | None = None
    ) -> Iterator[EngineEvent | Told]:
        """Yield what the engine says. One that runs out of memory before its first word is put by the next step.

        Each step is told before it is tried. Raises as the engine; ValueError for an engine that is not loaded.
        """
        if self._engine is None:
            raise ValueError("the engine is not loaded")
        while True:
            spoke = False
            try:
                for event in self._engine.generate(prompt, sampling, cancel, enough):
                    spoke = spoke or isinstance(event, Piece | Thought)
                    yield event
            except (ModelTooLarge, EngineEnded) as error:
                if spoke or isinstance(error, EngineUnusable) or len(prompt) >= self._plan.context:
                    raise
                self.close()
                yield Told(self._step_down(error))
                yield from map(Told, self._loading(cancel))
            else:
                return

    def _loading(
        self, cancel: CancelToken, progress: LoadProgress | None = None, tell: Tell | None = None
    ) -> Iterator[str]:
        """Load as `load` does; yield each step before it is tried."""
        while True:
            engine = self._engine = self._engine or self._start(self._plan)
            try:
                engine.load(cancel, progress, tell)
            except EngineUnusable:
                self.close()
                raise
            except (ModelTooLarge, EngineEnded) as error:
                self.close()
                yield self._step_down(error)
            except BaseException:
                self.close()
                raise
            else:
                return

    def close(self) -> None:
        """Free the engine in use. Harmless when called twice."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def _step_down(self, error: ModelTooLarge | EngineEnded) -> str:
        """Take the next plan and return what changes. Raises: where there is none, the first error with all tries."""
        self._first_error = self._first_error or error
        short = ran_out(str(error), self._plan)
        self._ran_out.add(short)
        step = self._next(short, str(error), is_memory=isinstance(error, ModelTooLarge))
        if step is None:
            raise self._gave_up(error, short) from error
        self._plan, change = step
        said = f"{_what_happened(error, short)}: {change}"
        self._tried.append(said)
        return said

    def _next(self, short: str, message: str, *, is_memory: bool) -> tuple[Plan, str] | None:
        """Return what is tried next: what surely fits where the last load tells, else ever less.

        Where one device runs out after another, all are relieved.
        """
        at = self._loads if is_memory else max(self._loads, min(self._loads + 1, len(AIMS) - 1))
        if at >= len(AIMS):
            return None
        self._loads = at + 1
        if len(self._ran_out) > 1:
            short, message = "", ""
        taken = sum(share.used for share in _shares(self._plan, short))
        had = had_before(message, self._plan, short)
        return self._retreat(self._plan, short, max(had, int(AIMS[at] * taken)) if AIMS[at] else 0)

    def _gave_up(self, last: ModelError, short: str) -> ModelError:
        """Return the first error with what was tried, and with a way out of the *last*."""
        first = self._first_error or last
        hint = first.hint
        if isinstance(last, ModelTooLarge):
            hint = self._way_out(self._plan, short, had_before(str(last), self._plan, short)) or hint
        if not self._tried:
            return type(first)(str(first), hint)
        tries = f"{len(self._tried)} smaller plan{'' if len(self._tried) == 1 else 's'} failed too"
        return type(first)(f"{first} ({tries}; the last: {self._tried[-1]})", hint)


def ran_out(message: str, plan: Plan) -> str:
    """Return which device of *plan* an error says ran out of memory: its name, HOST, or "" where it does not say."""
    if not plan.devices or f"not enough memory on {THE_HOST} " in message:
        return HOST
    return next((name for name in plan.devices if f"not enough memory on {name} " in message), "")


def had_before(message: str, plan: Plan, short: str) -> int:
    """Return the bytes of *short* that a load got before it failed: weights come first, then the cache."""
    shares = _shares(plan, short)
    if f" for {THE_WORK_SPACE} " in message:
        return sum(share.weights + share.cache for share in shares)
    return sum(share.weights for share in shares) if " for a context of " in message else 0


def _shares(plan: Plan, short: str) -> list[Share]:
    return [share for share in plan.shares if (share.name == short if short else share.name != HOST)]


def _what_happened(error: ModelError, short: str) -> str:
    if isinstance(error, EngineEnded):
        return "the engine ended"
    if not short:
        return "memory ran out"
    return f"{THE_HOST if short == HOST else short} ran out of memory"
