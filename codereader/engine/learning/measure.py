"""Run a model briefly on this machine and keep what that shows: `codereader plan --measure`.

The model is loaded as it would be for the prompt that is planned for, with the whole context, so that real bytes stand
against predicted ones. Of the prompt only a short piece is evaluated, and a short answer written: rates are held
against those predicted for that piece. Bytes, tokens, seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from codereader.cancel import CancelToken
from codereader.engine.embedded.buffers import Buffers
from codereader.engine.learning.profile import SHORTEST_ANSWER, is_disturbed, placement_of
from codereader.engine.learning.taught import Taught
from codereader.engine.plan import Need, Plan, Preferences
from codereader.engine.planning.planner import DEFAULTS
from codereader.engine.protocol import Engine, Finished, Piece, Prefill, Prompt, Sampling, Usage
from codereader.errors import ModelError

PROMPT_TOKENS, LEAST_PROMPT_TOKENS = 512, 128
ANSWER_TOKENS = 32
"""What is evaluated and written."""

PROBE_SECONDS = 10.0
"""A slow machine evaluates fewer tokens of prompt, down to the least, if all would be predicted to take longer."""

WARM_TOKENS = 32
"""What is evaluated before, so that the first reading of the weights is not taken for the speed of the machine."""

TRIES = 2
"""Answers that end early are asked for again, of another piece of text."""

Step = Callable[[str, int, int], None]
"""Called with a stage (``load`` in %, ``prefill`` and ``speak`` in tokens), what is done and the total."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a probe found. Rates are tokens a second, 0 where nothing could be measured."""

    plan: Plan
    """How the model ran, with the rates that were predicted for the piece of text, by what was known before."""
    held: Buffers | None
    """What it really took, by device; None from an engine that does not know."""
    prompt_tokens: int
    answer_tokens: int
    prefill_rate: float
    decode_rate: float
    load_seconds: float
    kept: bool
    """Whether later plans know the rates."""
    disturbed: float
    """The share of the cores that other programs took, 0 where it was too little to matter."""


def measure(
    taught: Taught,
    need: Need,
    text: Sequence[int],
    start: Callable[[Plan], Engine],
    cancel: CancelToken,
    step: Step,
    preferences: Preferences = DEFAULTS,
) -> Measurement:
    """Run the model of *taught* as it would be for *need* and *preferences*, and keep what that shows.

    *text* are at least `LEAST_PROMPT_TOKENS` token ids of what the model may be given to read. *start* gives an engine
    that keeps no state. Raises: ModelError, BudgetTooSmall, Cancelled; the engine is closed then.
    """
    planned, tokens = _planned(taught, need, preferences)
    with closing(start(planned)) as engine:
        engine.load(cancel, lambda share: step("load", round(share * 100), 100))
        _run(engine, _piece(text, len(text) // 2, WARM_TOKENS), 1, cancel, _silent)
        usage = _usage(engine, text, tokens, cancel, step)
        kept = taught.learn(planned, engine, usage, probe=True)
        return Measurement(
            plan=engine.plan,
            held=getattr(engine, "buffers", None),
            prompt_tokens=usage.prompt_tokens,
            answer_tokens=usage.completion_tokens,
            prefill_rate=_rate(usage.prompt_tokens, usage.prompt_seconds),
            decode_rate=_rate(usage.completion_tokens, usage.completion_seconds),
            load_seconds=usage.load_seconds,
            kept=kept,
            disturbed=usage.others if is_disturbed(usage, placement_of(taught.header, planned)) else 0.0,
        )


def measure_file(
    taught: Taught,
    path: Path,
    need: Need,
    cache: Path,
    cancel: CancelToken,
    step: Step,
    preferences: Preferences = DEFAULTS,
) -> Measurement:
    """Measure the GGUF file at *path*, in a process of its own, on text of this program. Raises as `measure`."""
    from codereader.engine.process.remote import RemoteEngine
    from codereader.model.vocabulary import vocabulary_of

    with cancel.anywhere():
        text = vocabulary_of(taught.header, cache).encode(Path(__file__).read_text("utf-8"))
    return measure(taught, need, text, lambda plan: RemoteEngine(plan, path), cancel, step, preferences)


def _planned(taught: Taught, need: Need, preferences: Preferences) -> tuple[Plan, int]:
    """Return the plan for *need*, with rates predicted for the tokens of a prompt that are evaluated, and these."""
    wanted = taught.plan(need, preferences)
    same = replace(
        preferences, cache_types=(wanted.cache_type_k,), micro_batch=wanted.micro_batch, threads=wanted.threads
    )
    room = wanted.context - ANSWER_TOKENS - 1
    piece = Need(min(LEAST_PROMPT_TOKENS, room), ANSWER_TOKENS, wanted.context, wanted.gpu_layers, need.device)
    in_time = int(taught.plan(piece, same).prefill_rate * PROBE_SECONDS)
    tokens = max(piece.prompt_tokens, min(PROMPT_TOKENS, room, in_time))
    return taught.plan(replace(piece, prompt_tokens=tokens), same), tokens


def _usage(engine: Engine, text: Sequence[int], tokens: int, cancel: CancelToken, step: Step) -> Usage:
    """Return what reading *tokens* of *text* and answering them cost: of the first answer that is long enough."""
    usage = _run(engine, _piece(text, 0, tokens), ANSWER_TOKENS, cancel, step)
    for number in range(1, TRIES):
        if usage.completion_tokens >= SHORTEST_ANSWER:
            break
        usage = _run(engine, _piece(text, number, tokens), ANSWER_TOKENS, cancel, step)
    return usage


def _run(engine: Engine, piece: tuple[int, ...], answer: int, cancel: CancelToken, step: Step) -> Usage:
    """Let the engine answer *piece* and return what that cost."""
    written = 0
    for event in engine.generate(Prompt(piece[:-1], piece[-1:]), Sampling(answer), cancel):
        match event:
            case Prefill(done=done, total=total):
                step("prefill", done, total)
            case Piece():
                written += 1
                step("speak", written, answer)
            case Finished(usage=usage):
                return usage
    raise ModelError("the model ended its answer without saying what it cost", "This is a fault of codereader.")


def _piece(text: Sequence[int], start: int, count: int) -> tuple[int, ...]:
    """Return *count* tokens of *text* from *start*, from its beginning again where it ends."""
    return tuple(text[(start + number) % len(text)] for number in range(count))


def _rate(tokens: int, seconds: float) -> float:
    return tokens / seconds if seconds > 0 else 0.0


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nothing."""
