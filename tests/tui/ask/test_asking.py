"""Questions on a thread of their own: what they tell, how they stop, what stays loaded between them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest

from codereader.answer import speaker as speakers
from codereader.answer.event import Done, Note, Token
from codereader.answer.speaker import Speaker, echo
from codereader.cancel import CancelToken
from codereader.engine.echo import EchoEngine, echo_plan
from codereader.engine.plan import Plan
from codereader.engine.protocol import EngineEvent, Prefill, Prompt, Sampling
from codereader.fronts import inquiry
from codereader.fronts.tui.ask.asking import Asking, Choice, Failed, Stopped, Turn
from codereader.fronts.tui.ask.kept_model import KeptModel
from codereader.reader import Reader

PATIENCE = 60
ECHO = Choice("echo")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "a.c").write_text(
        "int helper_step(void)\n{\n\treturn 1;\n}\n\nint main(void)\n{\n\treturn helper_step();\n}\n"
    )
    return root


class Told:
    """Answers questions and collects what is told, as the screen does."""

    def __init__(self, tree: Path) -> None:
        self._flag = Flag()
        cache = tree.parent / "cache"
        self.asking = Asking(lambda cancel: Reader(tree, cache=cache, cancel=cancel), cache, lambda _: self._flag.set())

    def ask(self, question: str, choice: Choice = ECHO, *, stop_at: str = "") -> list[Any]:
        """Return what the answer told, in order; stop it at the first progress of a stage."""
        turn = self.asking.ask(question, choice)
        items: list[Any] = []
        while not items or not isinstance(items[-1], Done | Failed | Stopped):
            assert self._flag.wait(PATIENCE)
            self._flag.clear()
            turn.is_told = False
            while turn.items:
                items.append(turn.items.popleft())
                if getattr(items[-1], "stage", None) == stop_at:
                    self.asking.stop()
        return items


@pytest.fixture
def told(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    monkeypatch.setenv("CODEREADER_ECHO", "The function `main` calls `helper_step` [1]. It does.")
    told = Told(tree)
    yield told
    told.asking.close()


def test_an_answer_tells_facts_then_what_is_sent_then_prose(told: Told) -> None:
    """The last item holds the whole answer, with all facts and a record that can be replayed."""
    items = told.ask("who calls helper_step?")
    kinds = [type(item).__name__ for item in items]

    assert kinds.index("FactSection") < kinds.index("Sent") < kinds.index("Token") < kinds.index("Done")
    assert "calls `helper_step`" in "".join(item.text for item in items if isinstance(item, Token))
    answer = items[-1].answer
    assert answer.record.spoken.model == "echo"
    assert answer.brief.sections


def test_without_a_model_the_facts_are_the_answer(told: Told) -> None:
    """One note says why nobody speaks."""
    items = told.ask("who calls helper_step?", Choice(has_model=False))

    assert items[-1].answer.model is None
    assert [item.text for item in items if isinstance(item, Note)] == ["no model is asked, so the facts are the answer"]


def test_a_question_about_nothing_there_is_one_sentence(told: Told) -> None:
    """And the hint says what is near."""
    failed = told.ask("who calls uzed_nowhere_at_all?")[-1]

    assert isinstance(failed, Failed)
    assert "uzed_nowhere_at_all" in failed.text


def test_a_model_that_is_not_there_is_one_sentence(told: Told) -> None:
    """The next question, with one that is, works."""
    assert isinstance(told.ask("who calls helper_step?", Choice("nowhere.gguf"))[-1], Failed)
    assert isinstance(told.ask("who calls helper_step?")[-1], Done)


def test_a_bug_is_one_sentence(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback goes over the screen, and the thread lives on."""
    with monkeypatch.context() as broken:
        broken.setattr(inquiry, "gather", lambda *_: 1 // 0)
        failed = told.ask("who calls helper_step?")[-1]

    assert failed.text == "a bug: ZeroDivisionError: integer division or modulo by zero"
    assert isinstance(told.ask("who calls helper_step?")[-1], Done)


class Endless(EchoEngine):
    """Reads its first prompt until it is told to stop."""

    stopped = False

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken, enough: CancelToken | None = None
    ) -> Iterator[EngineEvent]:
        yield Prefill(1, len(prompt), 0, 0.0)
        while not self.stopped:
            self.stopped = cancel.cancelled
        cancel.check()
        yield from super().generate(prompt, sampling, cancel, enough)


def test_stopping_ends_the_answer_and_the_next_question_works(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was told before stays; the answer that was stopped says nothing more."""
    engine = Endless()
    with monkeypatch.context() as endless:
        endless.setattr(speakers, "echo", lambda answer: replace(echo(answer), start=lambda _: engine))
        items = told.ask("who calls helper_step?", stop_at="prefill")

    assert isinstance(items[-1], Stopped)
    assert not told.asking.is_busy
    assert not told.asking.stop()
    assert isinstance(told.ask("who calls helper_step?")[-1], Done)


def test_a_new_question_stops_the_one_before(told: Told) -> None:
    """One question is answered at a time."""
    first: Turn = told.asking.ask("who calls helper_step?", ECHO)
    items = told.ask("who calls main?")

    assert first.is_over
    assert isinstance(items[-1], Done)


def test_closing_ends_the_thread_and_refuses_work(told: Told) -> None:
    """Nothing is left behind, and what is asked later is cancelled at once."""
    told.ask("who calls helper_step?")
    told.asking.close()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(told.asking.weigh("who", ECHO))


def test_a_model_that_rests_answers_again(told: Told) -> None:
    """It is freed, and started anew by the next question."""
    told.ask("who calls helper_step?")
    told.asking.rest()

    assert isinstance(told.ask("who calls helper_step?")[-1], Done)


def test_the_cost_of_a_question_is_counted_in_the_model_s_tokens(told: Told, tree: Path) -> None:
    """Longer questions cost more; a pin of what is sent anyway costs nothing; without a model there is no cost."""

    async def weigh(text: str, **choice: Any) -> Any:
        return await told.asking.weigh(text, Choice("echo", **choice))

    short, longer = asyncio.run(weigh("who")), asyncio.run(weigh("who is it"))

    assert longer.question - short.question == len(" is it")
    assert longer.base == short.base
    assert [pin.tokens for pin in asyncio.run(weigh("who", pins=("a.c",))).pins] == [0]
    assert asyncio.run(weigh("who", has_model=False)) is None


def test_a_plan_is_made_beside_the_model_in_use(told: Told) -> None:
    """Looking at how another would run changes nothing."""
    told.ask("who calls helper_step?")
    name, ready = asyncio.run(told.asking.plan("who calls helper_step?", Choice("echo", budget=4_000)))

    assert name == "echo"
    assert ready is not None
    assert told.asking.model_name == "echo"


def kept(start: Callable[[Plan], Any], plan: Callable[..., Plan]) -> tuple[KeptModel, Speaker]:
    model = KeptModel(replace(echo("so"), start=start, plan=plan))
    return model, model.speaker


def test_a_model_stays_loaded_while_the_next_question_fits_its_window() -> None:
    """It is loaded with some room to spare, and anew only for what needs more."""
    started: list[int] = []

    def start(plan: Plan) -> EchoEngine:
        started.append(plan.context)
        return EchoEngine("so", plan.context)

    model, speaker = kept(start, lambda need: echo_plan(need.prompt_tokens + need.answer_tokens))
    from codereader.engine.plan import Need

    for tokens in (1_000, 1_200, 900, 5_000):
        engine = speaker.start(speaker.plan(Need(tokens, 100)))
        engine.close()
    model.end()
    model.end()

    assert started == [1_350, 6_350]
