"""Which places a question makes wanted, and how much: what it names, what answers it, and no word by chance."""

from __future__ import annotations

from codereader.answer.wanted import ANSWERING, BY_CHANCE, NAMED, seeds
from codereader.facts.fact import Brief, Fact, Section
from codereader.facts.questions.question import Question, Subject
from codereader.facts.questions.reply import Reply

BRIEF = Brief((Section("Entry points", (Fact("main", "is", "an entry", "main is an entry", "main.c", 9),)),), 0)
ANSWER = (Section("Callers", (Fact("a", "calls", "b", "a calls b", "a.c", 5), Fact("c", "calls", "b", "", "c.c", 1))),)


def reply(text: str, intent: str, *names: str, sections: tuple[Section, ...] = ANSWER) -> Reply:
    subjects = tuple(Subject(name, name, "symbol", "exact", ((f"{name}.c", 3),)) for name in names)
    return Reply(Question(text, intent, subjects, "en"), sections)


def test_what_is_named_is_worth_most_then_what_answers() -> None:
    """A fact at line 1 stands for a whole file and is no place."""
    assert {("b.c", 3): NAMED, ("a.c", 5): ANSWERING} == seeds(reply("who calls b?", "callers", "b"), BRIEF)


def test_the_brief_answers_a_question_about_everything() -> None:
    """`explain structure` names nothing: what the brief tells of is wanted."""
    assert {("main.c", 9): ANSWERING} == seeds(reply("explain structure", "overview", sections=()), BRIEF)


def test_what_a_search_found_is_no_answer_yet() -> None:
    """Its ranking is made anew, definition by definition."""
    assert {} == seeds(reply("how are fragments put together?", "search"), BRIEF)


def test_a_plain_word_of_a_long_question_names_nothing_for_sure() -> None:
    """`state` is a variable of the tree, and a word; with parentheses it is meant."""
    text = "how does evaluated state get to disk, and how is it found again when the next question comes"

    assert {("state.c", 3): NAMED * BY_CHANCE} == seeds(reply(text, "paths", "state"), BRIEF)
    assert NAMED == seeds(reply(text.replace("state", "state()"), "paths", "state"), BRIEF)["state.c", 3]


def test_a_long_question_asks_more_than_it_was_recognised_to_ask() -> None:
    """Facts beside a name that is meant count little, others nothing."""
    text = (
        "ring_put is slow when many writers come at once: who calls it, and which of the callers hold a lock meanwhile"
    )

    assert {("ring_put.c", 3): NAMED, ("a.c", 5): ANSWERING * BY_CHANCE} == seeds(
        reply(text, "callers", "ring_put"), BRIEF
    )
    assert {} == seeds(reply(text.replace("ring_put", "it"), "callers"), BRIEF)
