"""A short probe shows how fast a model is here and what it takes, and the next plan knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from codereader.cancel import Cancelled, CancelToken
from codereader.engine.embedded.buffers import Buffers
from codereader.engine.hardware.machine import Build, Device, Machine
from codereader.engine.learning.measure import ANSWER_TOKENS, LEAST_PROMPT_TOKENS, PROMPT_TOKENS, Measurement, measure
from codereader.engine.learning.taught import Taught
from codereader.engine.plan import HOST, Need, Plan, Preferences
from codereader.engine.protocol import (
    EngineEvent,
    Finished,
    LoadProgress,
    Piece,
    Prefill,
    Prompt,
    Sampling,
    Tell,
    Usage,
)
from codereader.engine.trial.measured import Held, Measured
from codereader.errors import ModelTooLarge
from codereader.fronts.plans import words
from codereader.model.gguf import ModelHeader
from codereader.model.known import known_header

HERE = Machine((Device("CPU", "host", "cpu", 64 << 30, 96 << 30),), 64 << 30, 96 << 30, 8, 16, build=Build("1", "2"))
TEXT = range(1000, 2200)
NEED = Need(100_000, 500)


def model(name: str = "qwen3-coder:30b") -> ModelHeader:
    header = known_header(name)
    assert header is not None
    return header


class Stub:
    """An engine that needs a fixed time a token and remembers what it was given; *lengths* are those of its answers."""

    def __init__(
        self, plan: Plan, prefill: float = 0.01, decode: float = 0.1, lengths: tuple[int, ...] = (), others: float = 0.0
    ) -> None:
        self.plan = plan
        self.others = others
        self.prefill, self.decode, self.lengths = prefill, decode, list(lengths)
        self.prompts: list[Prompt] = []
        self.closed = False
        parts = [Held(share.name, share.weights, share.cache, share.compute) for share in plan.shares]
        self.buffers = Buffers(Measured(tuple(parts)), (), mapped=False, flash_attention=True)

    def load(self, cancel: CancelToken, progress: LoadProgress | None = None, tell: Tell | None = None) -> None:
        cancel.check()
        if progress:
            progress(1.0)

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken, enough: CancelToken | None = None
    ) -> Iterator[EngineEvent]:
        self.prompts.append(prompt)
        count = min(sampling.max_tokens, self.lengths.pop(0) if self.lengths else sampling.max_tokens)
        yield Prefill(0, len(prompt), 0, 0.0)
        for _ in range(count):
            cancel.check()
            yield Piece("x")
        took = len(prompt) * self.prefill, count * self.decode
        yield Finished("stop", Usage(1.5, len(prompt), 0, took[0], count, took[1], 0, 0, 0, 0, "", self.others))

    def close(self) -> None:
        self.closed = True


def probe(taught: Taught, **more: object) -> tuple[Measurement, Stub, list[tuple[str, int, int]]]:
    """Measure with a stub; return what was found, the stub, and the steps that were told."""
    made: list[Stub] = []
    steps: list[tuple[str, int, int]] = []

    def start(plan: Plan) -> Stub:
        made.append(Stub(plan, **more))
        return made[-1]

    found = measure(taught, NEED, TEXT, start, CancelToken(), lambda *step: steps.append(step))
    return found, made[0], steps


def test_a_probe_says_what_was_predicted_and_what_was_found(tmp_path: Path) -> None:
    """Rates of the same piece of text, bytes of the whole context."""
    found, stub, steps = probe(Taught(tmp_path, HERE, model()))

    assert (pytest.approx(100.0), pytest.approx(10.0)) == (found.prefill_rate, found.decode_rate)
    assert ANSWER_TOKENS == found.answer_tokens
    assert 1.5 == found.load_seconds
    assert found.plan.context >= 100_500
    assert found.held is not None
    assert found.plan.cache_bytes == found.held.held.of(HOST).cache
    assert stub.closed
    assert ["load", "prefill", "speak"] == list(dict.fromkeys(stage for stage, _, _ in steps))
    assert ("speak", ANSWER_TOKENS, ANSWER_TOKENS) == steps[-1]


def test_the_next_plan_knows_what_a_probe_showed(tmp_path: Path) -> None:
    """By the factor by which the prediction for the piece was off; budgets too."""
    before = Taught(tmp_path, HERE, model())
    found, _, _ = probe(before)
    factor = 100.0 / found.plan.prefill_rate
    after = Taught(tmp_path, HERE, model())

    assert pytest.approx(factor * before.plan(NEED).prefill_rate, rel=2e-3) == after.plan(NEED).prefill_rate
    assert pytest.approx(factor * before.pace(NEED), rel=2e-3) == after.pace(NEED)


def test_a_second_probe_confirms_the_first(tmp_path: Path) -> None:
    """What is predicted after a probe is what the same probe finds again."""
    probe(Taught(tmp_path, HERE, model()))
    found, _, _ = probe(Taught(tmp_path, HERE, model()))

    assert pytest.approx((found.prefill_rate, found.decode_rate), rel=0.01) == (
        found.plan.prefill_rate,
        found.plan.decode_rate,
    )


def test_a_probe_runs_the_plan_of_the_prompt_that_is_planned_for(tmp_path: Path) -> None:
    """The same context, cache and batch as the whole prompt would get."""
    taught = Taught(tmp_path, HERE, model())
    wanted = taught.plan(NEED)
    found, _, _ = probe(taught)

    def settings(plan: Plan) -> tuple[object, ...]:
        return plan.context, plan.cache_type_k, plan.micro_batch, plan.gpu_layers, plan.cpu_experts, plan.shares

    assert settings(wanted) == settings(found.plan)


def test_a_slow_machine_reads_less(tmp_path: Path) -> None:
    """A probe takes seconds, not minutes."""
    slow = replace(HERE, physical_cores=1)
    big = Taught(tmp_path, slow, model("gemma-3-27b"))
    _, many, _ = probe(Taught(tmp_path, HERE, model("smollm2-135m")))
    few, _, _ = probe(big)

    assert PROMPT_TOKENS == len(many.prompts[-1])
    assert LEAST_PROMPT_TOKENS == few.prompt_tokens


def test_no_prompt_is_a_beginning_of_another(tmp_path: Path) -> None:
    """Nothing of what is timed was evaluated before; an answer that ended at once is asked for again."""
    found, stub, _ = probe(Taught(tmp_path, HERE, model()), lengths=(1, 3, 32))
    starts = [prompt.base[0] for prompt in stub.prompts]

    assert 3 == len(starts) == len(set(starts))
    assert 32 == found.answer_tokens


def test_a_model_that_says_nothing_still_shows_how_fast_it_reads(tmp_path: Path) -> None:
    """Its answers end at once."""
    found, _, _ = probe(Taught(tmp_path, HERE, model()), lengths=(0, 0, 0))
    after = Taught(tmp_path, HERE, model()).plan(NEED)

    assert 0 == found.decode_rate
    assert pytest.approx(Taught(tmp_path / "none", HERE, model()).plan(NEED).decode_rate, rel=1e-3) == after.decode_rate
    assert "; corrected by a run here" in after.assumption


def test_a_probe_on_a_busy_machine_is_told_and_not_kept(tmp_path: Path) -> None:
    """It would leave every later plan too slow; the person hears why."""
    before = Taught(tmp_path, HERE, model()).plan(NEED)
    busy, _, _ = probe(Taught(tmp_path, HERE, model()), others=0.48)
    after = Taught(tmp_path, HERE, model()).plan(NEED)
    quiet, _, _ = probe(Taught(tmp_path, HERE, model()), others=0.02)

    assert (False, 0.48) == (busy.kept, busy.disturbed)
    assert (pytest.approx(100.0), pytest.approx(10.0)) == (busy.prefill_rate, busy.decode_rate)
    assert before == after
    assert (True, 0.0) == (quiet.kept, quiet.disturbed)
    busy_words, quiet_words = (next(words.measured(found)) for found in (busy, quiet))
    assert busy_words.endswith("the machine was busy with other work (48 % of its processors): measured, not kept")
    assert quiet_words.endswith("; kept for later plans")


def test_a_probe_can_be_stopped(tmp_path: Path) -> None:
    """Between tokens; the engine is freed and nothing is kept."""
    taught, cancel, made = Taught(tmp_path, HERE, model()), CancelToken(), []

    def start(plan: Plan) -> Stub:
        made.append(Stub(plan))
        return made[-1]

    def step(stage: str, done: int, total: int) -> None:
        if stage == "speak":
            cancel.cancel()

    with pytest.raises(Cancelled):
        measure(taught, NEED, TEXT, start, cancel, step)

    assert made[0].closed
    assert not (tmp_path / "profile").exists()


def test_a_model_that_does_not_load_is_told_as_such(tmp_path: Path) -> None:
    """The engine's own error, and the engine is closed."""
    made = []

    class Full(Stub):
        def load(self, *_: object, **__: object) -> None:
            raise ModelTooLarge("no memory")

    def start(plan: Plan) -> Stub:
        made.append(Full(plan))
        return made[-1]

    with pytest.raises(ModelTooLarge, match="no memory"):
        measure(Taught(tmp_path, HERE, model()), NEED, TEXT, start, CancelToken(), lambda *_: None)

    assert made[0].closed


def test_preferences_are_those_of_the_plan(tmp_path: Path) -> None:
    """A cache type that somebody asked for is the one that is measured."""
    plans = []

    def start(plan: Plan) -> Stub:
        plans.append(plan)
        return Stub(plan)

    wish = Preferences(cache_types=("q8_0",), micro_batch=256)
    measure(Taught(tmp_path, HERE, model()), NEED, TEXT, start, CancelToken(), lambda *_: None, wish)

    assert ("q8_0", 256) == (plans[0].cache_type_v, plans[0].micro_batch)
