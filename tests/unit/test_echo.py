"""The engine without weights."""

from __future__ import annotations

import pytest

from codereader.cancel import Cancelled, CancelToken
from codereader.engine.echo import EchoEngine
from codereader.engine.protocol import Engine, Finished, Piece, Prefill, Prompt, Sampling
from codereader.errors import BudgetTooSmall

PROMPT = Prompt(base=(1, 2, 3), tail=(4,))


def run(engine: Engine, prompt: Prompt = PROMPT, **sampling: int) -> list[object]:
    engine.load(CancelToken())
    return list(engine.generate(prompt, Sampling(**sampling), CancelToken()))


def text_of(events: list[object]) -> str:
    return "".join(event.text for event in events if isinstance(event, Piece))


def test_it_says_what_it_was_given_and_nothing_of_the_source():
    """The default answer counts tokens and says that no model ran."""
    said = text_of(run(EchoEngine()))

    assert "The echo engine was given 4 tokens (3 of base, 1 of tail) and runs no model." == said


@pytest.mark.parametrize("answer", ["  two  spaces\nand a line\n", "", "\n", "one"])
def test_pieces_join_to_exactly_the_answer(answer):
    """No white space is lost between the words."""
    assert answer == text_of(run(EchoEngine(answer)))


def test_an_answer_can_depend_on_the_prompt():
    """A function is given the prompt."""
    assert "1 2 3 4" == text_of(run(EchoEngine(lambda prompt: " ".join(map(str, (*prompt.base, *prompt.tail))))))


def test_it_stops_at_the_limit():
    """No more words than asked, and the reason says so."""
    events = run(EchoEngine("one two three"), max_tokens=2)

    assert "one two " == text_of(events)
    assert ("max tokens", 2) == (events[-1].reason, events[-1].usage.completion_tokens)


def test_the_same_call_gives_the_same_events():
    """Two fresh engines cannot be told apart, durations included."""
    assert run(EchoEngine()) == run(EchoEngine())


def test_a_second_question_reuses_the_base():
    """The base of the call before counts as reused until the engine is closed."""
    engine = EchoEngine()

    reused = [run(engine)[-1].usage.reused_tokens for _ in range(2)]
    engine.close()
    engine.close()
    reused.append(run(engine)[-1].usage.reused_tokens)

    assert [0, 3, 0] == reused


def test_events_come_in_the_order_of_the_protocol():
    """Progress first, then text, then one end."""
    kinds = [type(event) for event in run(EchoEngine("two words"))]

    assert [Prefill, Prefill, Piece, Piece, Finished] == kinds


def test_a_cancelled_run_stops():
    """Cancelling between two words ends the run."""
    cancel = CancelToken()
    events = EchoEngine("one two").generate(PROMPT, Sampling(), cancel)
    next(event for event in events if isinstance(event, Piece))
    cancel.cancel()

    with pytest.raises(Cancelled):
        next(events)


@pytest.mark.parametrize(
    ("prompt", "limit", "error"),
    [(Prompt((), ()), 1, ValueError), (PROMPT, 0, ValueError), (PROMPT, 1, BudgetTooSmall)],
)
def test_an_impossible_request_is_refused(prompt, limit, error):
    """An empty prompt, no room for an answer, and a prompt beyond the context are errors as with a real engine."""
    with pytest.raises(error):
        run(EchoEngine(context=4), prompt, max_tokens=limit)
