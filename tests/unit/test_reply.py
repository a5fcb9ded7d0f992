"""What is said is counted token by token, reasoning apart from the answer, each within its bounds."""

from __future__ import annotations

from dataclasses import replace

from codereader.engine.protocol import SPARE, Piece, Reasoning, Sampling, Thought
from codereader.engine.reply import Reply
from codereader.model.reasoning import CHANNELS, TAGS

THINK = TAGS[0]


def said(reply: Reply, *words: str) -> list[Piece | Thought]:
    return [event for word in words for event in reply.hear(word)]


def test_without_marks_all_is_answer():
    """No reasoning is looked for where nobody says how it is marked."""
    reply = Reply(Sampling(2))

    assert [Piece("<think>"), Piece("a")] == said(reply, "<think>", "a")
    assert (2, 0, True) == (reply.tokens, reply.reasoning_tokens, reply.is_full)


def test_reasoning_and_its_markers_are_counted_apart():
    """The answer has all its tokens left when the reasoning ends."""
    reply = Reply(Sampling(2, reasoning=Reasoning(THINK, 9)))

    assert [Thought("a "), Thought("b"), Piece("c")] == said(reply, "<think>", "a ", "b", "</think>", "c")
    assert (5, 4, False) == (reply.tokens, reply.reasoning_tokens, reply.is_full)
    said(reply, "d")
    assert reply.is_full


def test_spent_budget_shows_while_it_reasons():
    """Reasoning that goes on beyond its budget is to be closed; a second block too."""
    reply = Reply(Sampling(9, reasoning=Reasoning(THINK, 2)))

    said(reply, "<think>")
    assert not reply.is_spent
    said(reply, "a")
    assert reply.is_spent
    reply.close()
    assert (False, True) == (reply.is_spent, reply.is_answering)
    said(reply, "b\n", "<think>")
    assert reply.is_spent


def test_prompt_that_opened_the_reasoning_may_allow_none():
    """With a budget of 0 it is spent before the first token."""
    assert Reply(Sampling(reasoning=Reasoning(replace(THINK, is_open=True)))).is_spent


def test_reasoning_leaves_room_for_the_answer():
    """In a context that is nearly full the budget is what the answer leaves of it."""
    sampling = Sampling(10, reasoning=Reasoning(replace(THINK, is_open=True), 1000))
    reply = Reply(sampling, room=10 + SPARE + 1)

    assert not reply.is_spent
    said(reply, "a")
    assert reply.is_spent


def test_endless_markers_end_all_the_same():
    """A model that only opens messages or reasoning runs into the limit of what may be said."""
    for marks in (CHANNELS, THINK):
        sampling = Sampling(5, reasoning=Reasoning(marks, 3))
        reply = Reply(sampling)
        while not reply.is_full:
            said(reply, marks.begin)

        assert sampling.most == reply.tokens


def test_markers_that_are_tokens_are_told_from_text():
    """What merely reads like one is said."""
    reply = Reply(Sampling(reasoning=Reasoning(THINK, 9)), THINK.markers)

    assert [Piece("<think>")] == said(reply, "<think>")
    assert [] == Reply(Sampling(reasoning=Reasoning(THINK, 9)), THINK.markers).hear("", "<think>")


def test_end_releases_what_was_held_back():
    """The beginning of a marker that never came is text."""
    reply = Reply(Sampling(reasoning=Reasoning(THINK, 9)))

    assert [Piece("a ")] == said(reply, "a <thi")
    assert [Piece("<thi")] == reply.end()
