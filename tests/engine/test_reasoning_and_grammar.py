"""Reasoning and grammars in a real engine: the tiny model, made to say what a reasoning model says."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from codereader.cancel import CancelToken
from codereader.engine.embedded import voice as voice_module
from codereader.engine.embedded.grammar import Grammar
from codereader.engine.process.remote import RemoteEngine
from codereader.engine.protocol import LONGEST_GRAMMAR, Finished, Piece, Prompt, Reasoning, Sampling, Thought
from codereader.errors import UsageError
from codereader.model.reasoning import TAGS, Marks

THINK = replace(TAGS[0], is_open=True)
TOKENS = Marks("tags", "<issue_start>", "<issue_closed>", "<issue_closed>")
"""Control tokens of the tiny model, as marks."""

COLOURS = r"""
root ::= "[" item ("," item)* "]"
item ::= "\"" [a-z]+ "\""
"""


@pytest.fixture
def prompt(tiny):
    return Prompt((), tiny.question("Name three colours."))


def heard(events):
    """Return reasoning, answer, why it ended, tokens, and tokens of reasoning."""
    thought = "".join(event.text for event in events if isinstance(event, Thought))
    answer = "".join(event.text for event in events if isinstance(event, Piece))
    end = events[-1]
    assert isinstance(end, Finished)
    return thought, answer, end.reason, end.usage.completion_tokens, end.usage.reasoning_tokens


@pytest.fixture
def says(monkeypatch, tiny):
    """Let the model choose the tokens of a text instead, each as its own id, then end."""

    def script(*texts: str) -> None:
        tokens = [token for text in texts for token in (tiny.tokens(text) if text else (None,))]

        class Scripted:
            def __init__(self, context: object, sampling: Sampling) -> None:
                self._left = iter([*tokens, None, None])

            def choose(self, *, by_grammar: bool, free: int | None = None) -> int | None:
                return next(self._left)

            def close(self) -> None:
                pass

        monkeypatch.setattr(voice_module, "Sampler", Scripted)

    return script


@pytest.mark.parametrize("kind", ["embedded", "remote"])
def test_spent_reasoning_is_closed_and_the_answer_follows(tiny, engine, prompt, kind):
    """The budget holds to the token, what closes it is added, and the answer has all its own tokens."""
    asked = engine
    if kind == "remote":
        asked = RemoteEngine(tiny.plan(), tiny.path)
        asked.load(CancelToken())
    sampling = {"max_tokens": 6, "reasoning": Reasoning(THINK, 8)}

    thought, answer, reason, tokens, of_reasoning = heard(tiny.run(asked, prompt, **sampling))
    asked is engine or asked.close()

    closing = len(tiny.tokens(THINK.closing))
    assert thought
    assert answer
    assert "think" not in thought + answer
    assert ("max tokens", 8 + closing + 6, 8 + closing) == (reason, tokens, of_reasoning)


def test_both_engines_think_and_say_the_same(tiny, engine, prompt):
    """Whether llama.cpp runs here or in its own process changes no event."""
    remote = RemoteEngine(tiny.plan(), tiny.path)
    remote.load(CancelToken())
    sampling = {"max_tokens": 5, "reasoning": Reasoning(THINK, 5), "temperature": 0.8, "seed": 3}

    events = [
        [e for e in tiny.run(one, prompt, **sampling) if isinstance(e, Piece | Thought)] for one in (engine, remote)
    ]
    remote.close()

    assert events[0] == events[1]
    assert [e.said for e in events[0]] == [e.said for e in events[1]]


def test_reasoning_that_stops_without_an_answer_is_closed(tiny, engine, prompt, says):
    """A model that ends in the midst of its reasoning is made to answer, once."""
    says("hm hm", "", "So.")

    assert ("hm hm\n", "So.", "stop") == heard(tiny.run(engine, prompt, max_tokens=9, reasoning=Reasoning(THINK, 99)))[
        :3
    ]


def test_reasoning_that_goes_round_in_circles_is_closed(tiny, engine, prompt, says):
    """Repetition ends the reasoning, not the answer."""
    says("hm " * 200)

    thought, answer, reason, _, of_reasoning = heard(
        tiny.run(engine, prompt, max_tokens=9, reasoning=Reasoning(THINK, 500))
    )

    assert thought.startswith("hm hm")
    assert answer
    assert "max tokens" == reason
    assert of_reasoning < 200


def test_markers_that_are_control_tokens_are_seen(tiny, engine, prompt, says):
    """Tokens that write nothing open and close reasoning; text that reads like them is said."""
    says("<issue_start>", "hm", "<issue_closed>", "Quoted: ")

    assert ("hm", "Quoted: ", "stop") == heard(tiny.run(engine, prompt, max_tokens=9, reasoning=Reasoning(TOKENS, 99)))[
        :3
    ]


def test_marker_in_several_tokens_is_seen(tiny, engine, prompt, says):
    """Where the vocabulary has no token for a tag, its letters are one."""
    says("<think>", "hm", "</think>", "So.")

    assert ("hm", "So.") == heard(tiny.run(engine, prompt, max_tokens=30, reasoning=Reasoning(TAGS[0], 99)))[:2]


def test_answer_follows_the_grammar(tiny, engine, prompt):
    """What comes out is of its form, greedy and seeded, the same each time."""
    for more in ({}, {"temperature": 0.8, "seed": 3}):
        first, second = (heard(tiny.run(engine, prompt, max_tokens=40, grammar=COLOURS, **more)) for _ in range(2))

        assert first == second
        assert first[1].startswith('["')
        assert set(first[1]) <= set('[]",abcdefghijklmnopqrstuvwxyz')


def test_grammar_holds_for_the_answer_alone(tiny, engine, prompt):
    """Reasoning is free, and the answer behind it is bound."""
    thought, answer, *_ = heard(
        tiny.run(engine, prompt, max_tokens=9, reasoning=Reasoning(THINK, 9), grammar='root ::= "yes" | "no"')
    )

    assert " " in thought
    assert answer in ("yes", "no")


def test_checking_the_chosen_token_first_changes_no_greedy_answer(tiny, engine, prompt, monkeypatch):
    """The answer is the one that holding every token against the grammar first would give."""
    lazy = heard(tiny.run(engine, prompt, max_tokens=24, grammar=COLOURS))
    allows = Grammar.allows
    refused = iter([False, True] * 1000)
    monkeypatch.setattr(Grammar, "allows", lambda self, token: next(refused) and allows(self, token))
    monkeypatch.setattr("codereader.engine.embedded.grammar.LIKELIEST", 1)

    assert lazy == heard(tiny.run(engine, prompt, max_tokens=24, grammar=COLOURS))


@pytest.mark.parametrize(
    ("grammar", "words"),
    [
        ("root ::= (", "expecting ')'"),
        (" ", "empty"),
        ('a ::= "x"', "'root'"),
        ('root ::= root "x"', "left recursion"),
        ("root ::= b", "Undefined rule identifier 'b'"),
        ("\x1b[31m", r"\x1b[31m"),
        ("root ::= " + "(" * 20_000 + '"a"' + ")" * 20_000, "brackets within each other"),
        ('root ::= "a"{1000000}', "repetitions"),
        ("x" * (LONGEST_GRAMMAR + 1), "longer than 65,536 bytes"),
        ('root ::= "a\0"', "no text"),
    ],
)
def test_bad_grammar_is_one_sentence(tiny, engine, prompt, grammar, words, capfd):
    """It says what is wrong, printable, and llama.cpp prints nothing of it."""
    with pytest.raises(UsageError) as error:
        tiny.run(engine, prompt, grammar=grammar)

    assert words in str(error.value)
    assert str(error.value).isprintable()
    assert ("", "") == capfd.readouterr()


def test_brackets_in_literals_group_nothing(tiny, engine, prompt):
    """A grammar may speak of as many brackets as it likes."""
    grammar = 'root ::= "' + "(" * 300 + '" [((((] # ' + "(" * 300

    assert "((((" in heard(tiny.run(engine, prompt, max_tokens=4, grammar=grammar))[1]


def test_bad_grammar_travels_from_the_process_and_spares_it(tiny, prompt):
    """The process says what is wrong and answers the next question."""
    remote = RemoteEngine(tiny.plan(), tiny.path)
    remote.load(CancelToken())
    number = remote.process_id

    with pytest.raises(UsageError, match=r"expecting '\)'"):
        tiny.run(remote, prompt, grammar="root ::= (")

    assert "a" == tiny.text(tiny.run(remote, prompt, max_tokens=3, grammar='root ::= "a"'))
    assert number == remote.process_id
    remote.close()


def test_file_descriptor_of_errors_is_given_back(tiny, engine, prompt):
    """Catching what llama.cpp prints leaves standard error where it was."""
    before = os.fstat(2).st_ino

    tiny.run(engine, prompt, max_tokens=1, grammar='root ::= "a"')

    assert before == os.fstat(2).st_ino
