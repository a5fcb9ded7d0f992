"""Loads that run out of memory go on with less, and say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from codereader.cancel import Cancelled, CancelToken
from codereader.engine.echo import EchoEngine, echo_plan
from codereader.engine.plan import GPU_MARGIN, HOST, Plan, Share
from codereader.engine.protocol import EngineEvent, Finished, Piece, Prompt, Sampling, Told
from codereader.engine.retreat import AIMS, THE_WORK_SPACE, RetreatingEngine, ran_out
from codereader.errors import EngineEnded, EngineUnusable, ModelError, ModelTooLarge, ModelUnreadable

PROMPT = Prompt((1, 2), (3,))
CARD = Share("CUDA0", 100, 10, 10, 200, layers=5)
FIRST = replace(echo_plan(4096), gpu_layers=5, shares=(CARD, Share(HOST, 10, 0, 10, 1000)))


class Picky(EchoEngine):
    """An engine that loads batches of at most *bears* tokens, and answers with at most *speaks*."""

    def __init__(self, plan: Plan, log: list[str], bears: int, speaks: int, error: type[ModelError]) -> None:
        super().__init__("so it is", plan.context)
        self._given, self._log, self._bears, self._speaks, self._error = plan, log, bears, speaks, error

    @property
    def plan(self) -> Plan:
        return self._given

    def load(self, cancel, progress=None, tell=None) -> None:
        self._log.append(f"load {self._given.micro_batch}")
        cancel.check()
        if self._given.micro_batch > self._bears:
            raise self._error("there is not enough memory on CUDA0 for the weights", "buy some")

    def generate(self, prompt, sampling, cancel, enough=None) -> Iterator[EngineEvent]:
        for event in super().generate(prompt, sampling, cancel, enough):
            if isinstance(event, Piece) and self._given.micro_batch > self._speaks:
                raise EngineEnded("the engine ended")
            yield event

    def close(self) -> None:
        self._log.append(f"close {self._given.micro_batch}")


def half(plan: Plan, short: str, most: int) -> tuple[Plan, str] | None:
    """Half the batch, down to 64."""
    if plan.micro_batch <= 64:
        return None
    smaller = replace(plan, micro_batch=plan.micro_batch // 2)
    return smaller, f"batches of {smaller.micro_batch} for {short}"


def engine(log: list[str], bears: int = 4096, speaks: int = 4096, error=ModelTooLarge, ladder=half):
    """An engine that starts with batches of 512."""
    return RetreatingEngine(FIRST, ladder, lambda plan: Picky(plan, log, bears, speaks, error))


def told(engine: RetreatingEngine) -> list[str]:
    """What a load tells."""
    said: list[str] = []
    engine.load(CancelToken(), None, said.append)
    return said


def test_a_load_that_fits_is_left_alone():
    """Nothing is said, nothing is changed."""
    log: list[str] = []
    made = engine(log)

    assert ([], FIRST, ["load 512"]) == (told(made), made.plan, log)


def test_a_load_that_runs_out_of_memory_goes_down_the_ladder():
    """Each step is told with what ran out; what failed is closed before the next is tried; the plan is the real one."""
    log: list[str] = []
    made = engine(log, bears=128)

    said = told(made)

    assert [
        "CUDA0 ran out of memory: batches of 256 for CUDA0",
        "CUDA0 ran out of memory: batches of 128 for CUDA0",
    ] == said
    assert ["load 512", "close 512", "load 256", "close 256", "load 128"] == log
    assert 128 == made.plan.micro_batch


def test_an_engine_that_dies_while_it_loads_is_tried_smaller():
    """A crash of the engine's process counts as a load that failed."""
    made = engine([], bears=256, error=EngineEnded)

    assert ["the engine ended: batches of 256 for CUDA0"] == told(made)


def test_an_engine_that_no_plan_can_help_is_tried_once():
    """One that cannot be started, or says nonsense, would do so with a smaller plan too."""
    log: list[str] = []

    with pytest.raises(EngineUnusable):
        told(engine(log, bears=256, error=EngineUnusable))
    assert ["load 512", "close 512"] == log


def test_at_the_end_of_the_ladder_the_first_error_is_told_with_what_was_tried():
    """The first failure is the one to mend; its class, words and hint stay."""
    made = engine([], bears=1)

    with pytest.raises(ModelTooLarge) as caught:
        told(made)

    assert str(caught.value) == (
        "there is not enough memory on CUDA0 for the weights "
        "(3 smaller plans failed too; the last: CUDA0 ran out of memory: batches of 64 for CUDA0)"
    )
    assert "buy some" == caught.value.hint


def test_at_the_end_of_the_ladder_a_way_out_is_named():
    """What would fit is asked for the last plan that failed, with what it had of the device that ran out."""
    asked: list[tuple[int, str, int]] = []

    def way_out(plan: Plan, short: str, had: int) -> str:
        asked.append((plan.micro_batch, short, had))
        return "Pass --ctx 2048."

    class Failing(Picky):
        def load(self, *arguments) -> None:
            raise ModelTooLarge("there is not enough memory on CUDA0 for a context of 5 tokens", "buy some")

    made = RetreatingEngine(FIRST, half, lambda plan: Failing(plan, [], 0, 0, ModelTooLarge), way_out)

    with pytest.raises(ModelTooLarge) as caught:
        told(made)

    assert "Pass --ctx 2048." == caught.value.hint
    assert [(64, "CUDA0", 100)] == asked


def test_a_crash_has_no_way_out_in_a_smaller_context():
    """Nothing says that memory was what it lacked."""
    made = RetreatingEngine(
        FIRST,
        half,
        lambda plan: Picky(plan, [], 1, 1, EngineEnded),
        lambda plan, short, had: "Pass --ctx 2048.",
    )

    with pytest.raises(EngineEnded) as caught:
        told(made)

    assert "buy some" == caught.value.hint


@pytest.mark.parametrize(
    ("message", "goals"),
    [
        ("there is not enough memory on CUDA0 for the weights", [105, 60, 0]),
        ("there is not enough memory on CUDA0 for a context of 5 tokens", [105, 100, 0]),
        (f"there is not enough memory on CUDA0 for {THE_WORK_SPACE} of a context of 5 tokens", [110, 110, 0]),
    ],
)
def test_each_load_asks_for_less_but_for_what_was_there(message, goals):
    """What a load got before it failed will be there again; beyond that is guessed, and the last takes least."""
    asked: list[int] = []

    def same(plan: Plan, short: str, most: int) -> tuple[Plan, str]:
        asked.append(most)
        return plan, "again"

    class Failing(EchoEngine):
        def load(self, *arguments) -> None:
            raise ModelTooLarge(message)

    with pytest.raises(ModelTooLarge, match="3 smaller plans failed too"):
        told(RetreatingEngine(FIRST, same, lambda plan: Failing()))

    assert goals == asked


def test_an_engine_that_keeps_dying_is_tried_twice_more():
    """Where nothing says that memory ran out it is the last step, the CPU, that may help."""
    log: list[str] = []
    asked: list[int] = []

    def noted(plan: Plan, short: str, most: int) -> tuple[Plan, str] | None:
        asked.append(most)
        return half(plan, short, most)

    with pytest.raises(EngineEnded):
        told(engine(log, bears=1, error=EngineEnded, ladder=noted))

    assert ["load 512", "load 256", "load 128"] == [line for line in log if line.startswith("load")]
    assert [60, 0] == asked


def test_cards_that_run_out_one_after_the_other_are_all_relieved():
    """Four cards that are short are not worth four loads."""
    cards = (CARD, replace(CARD, name="CUDA1"))
    asked: list[tuple[str, int]] = []

    def same(plan: Plan, short: str, most: int) -> tuple[Plan, str]:
        asked.append((short, most))
        return plan, "again"

    class Failing(EchoEngine):
        def load(self, *arguments) -> None:
            raise ModelTooLarge(f"there is not enough memory on CUDA{min(1, len(asked))} for the weights")

    with pytest.raises(ModelTooLarge):
        told(RetreatingEngine(replace(FIRST, shares=cards), same, lambda plan: Failing()))

    assert [("CUDA0", 105), ("", 120), ("", 0)] == asked


def test_what_a_card_turned_out_not_to_have_is_known():
    """So that the next plan does not ask for it again: the card's free memory less the margin and what it bears."""
    first = replace(FIRST, shares=(replace(CARD, free=GPU_MARGIN + 500), FIRST.shares[-1]))

    def smaller(plan: Plan, short: str, most: int) -> tuple[Plan, str]:
        return replace(plan, micro_batch=64, shares=(replace(CARD, weights=60), FIRST.shares[-1])), "less"

    made = RetreatingEngine(first, smaller, lambda plan: Picky(plan, [], 64, 4096, ModelTooLarge))
    before = made.lacking
    told(made)

    assert ({}, {"CUDA0": 420}) == (before, made.lacking)


def test_without_steps_the_error_stands_alone():
    """An engine that cannot do with less fails as it would."""
    made = engine([], bears=1, ladder=lambda plan, short, most: None)

    with pytest.raises(ModelTooLarge) as caught:
        told(made)

    assert "there is not enough memory on CUDA0 for the weights" == str(caught.value)


def test_an_endless_ladder_ends():
    """However many steps are offered, only so many loads are tried."""
    log: list[str] = []

    def endless(plan: Plan, short: str, most: int) -> tuple[Plan, str]:
        return plan, "again"

    with pytest.raises(ModelTooLarge):
        told(engine(log, bears=1, ladder=endless))

    assert 1 + len(AIMS) == log.count("load 512")


def test_other_errors_are_not_retried():
    """A file that cannot be read is no better in smaller batches."""
    log: list[str] = []

    with pytest.raises(ModelUnreadable):
        told(engine(log, bears=1, error=ModelUnreadable))

    assert ["load 512", "close 512"] == log


def test_a_cancelled_load_stops_the_ladder():
    """Ctrl-C between two tries is obeyed, and nothing stays allocated."""
    log: list[str] = []
    cancel = CancelToken()
    made = engine(log, bears=1)

    with pytest.raises(Cancelled):
        made.load(cancel, None, lambda said: cancel.cancel())

    assert ["load 512", "close 512", "load 256", "close 256"] == log


def test_an_answer_that_dies_before_its_first_word_is_begun_again_with_less():
    """What runs out of memory in the prompt is loaded smaller, and the answer comes whole."""
    log: list[str] = []
    made = engine(log, speaks=128)
    told(made)

    events = list(made.generate(PROMPT, Sampling(), CancelToken()))

    assert "so it is" == "".join(event.text for event in events if isinstance(event, Piece))
    assert isinstance(events[-1], Finished)
    told_of = [event for event in events if isinstance(event, Told)]
    assert [Told(f"the engine ended: batches of {size} for ") for size in (256, 128)] == told_of
    assert ["load 512", "close 512", "load 256", "close 256", "load 128"] == log


def test_each_step_of_an_answer_is_told_before_it_is_tried():
    """Loads take minutes, and the person sees nothing else of them."""
    log: list[str] = []
    made = engine(log, bears=512, speaks=128)
    told(made)
    answer = made.generate(PROMPT, Sampling(), CancelToken())

    for size in (256, 128):
        while not isinstance(next(answer), Told):
            pass
        assert f"load {size}" not in log


def test_an_answer_that_dies_half_way_is_an_error():
    """Words that the person has read are not said again."""

    class Dying(EchoEngine):
        def generate(self, *arguments) -> Iterator[EngineEvent]:
            yield Piece("half")
            raise EngineEnded("the engine ended")

    made = RetreatingEngine(FIRST, half, lambda plan: Dying())
    told(made)

    with pytest.raises(EngineEnded):
        list(made.generate(PROMPT, Sampling(), CancelToken()))


def test_an_engine_that_is_not_loaded_does_not_answer():
    """The same error as of any engine."""
    with pytest.raises(ValueError, match="not loaded"):
        list(engine([]).generate(PROMPT, Sampling(), CancelToken()))


def test_closing_twice_is_harmless():
    """Before a load, after it, and again."""
    log: list[str] = []
    made = engine(log)
    made.close()
    told(made)
    made.close()
    made.close()

    assert ["load 512", "close 512"] == log


@pytest.mark.parametrize(
    ("message", "device"),
    [
        ("there is not enough memory on CUDA0 for the 3 GiB of x.gguf: no", "CUDA0"),
        ("there is not enough memory on the host for the 3 GiB of x.gguf: no", HOST),
        ("there is not enough memory on CUDA01 for the 3 GiB of x.gguf: no", ""),
        ("there is not enough memory for the 3 GiB of x.gguf: no", ""),
        ("the engine's process was killed", ""),
    ],
)
def test_the_device_that_ran_out_is_read_from_the_error(message, device):
    """Where the error does not say, nobody guesses."""
    assert device == ran_out(message, FIRST)


def test_without_devices_it_is_the_host_that_ran_out():
    """There is nothing else."""
    assert HOST == ran_out("there is not enough memory for the weights", echo_plan(10))
