"""Reasoning is told from the answer, however a model marks it and however its text comes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereader.model.reasoning import CHANNELS, TAGS, Marks, Splitter, find_marks, without_reasoning

THINK = TAGS[0]
OPEN = replace(THINK, is_open=True)
ANALYSIS = "<|channel|>analysis<|message|>"
ANSWER = "<|start|>assistant<|channel|>final<|message|>"


def split(text: str, marks: Marks = THINK, step: int = 0, tokens: tuple[str, ...] = ()) -> tuple[str, str]:
    """Return reasoning and answer of *text*, fed in pieces of *step* characters, or whole."""
    splitter = Splitter(marks, tokens)
    pieces = [text[at : at + step] for at in range(0, len(text), step)] if step else [text]
    parts = [part for piece in pieces for part in splitter.feed(piece)]
    parts += splitter.flush()
    return (
        "".join(part.text for part in parts if part.is_thought),
        "".join(part.text for part in parts if not part.is_thought),
    )


@pytest.mark.parametrize("step", [0, 1, 3])
@pytest.mark.parametrize(
    ("said", "thought", "answer"),
    [
        ("plain", "", "plain"),
        (" two\n spaces ", "", " two\n spaces "),
        ("\n", "", "\n"),
        ("<think>\nhm\n</think>\n\nIt is so.", "hm\n", "It is so."),
        ("\n<think>\n\n</think>\n\nIt is so.", "", "It is so."),
        ("<think>never closed", "never closed", ""),
        ("<think>a<think>b</think>c", "a<think>b", "c"),
        ("<think><think>a</think>b", "a", "b"),
        ("<think>a</think><think>b</think>c", "ab", "c"),
        ("So.\n<think>wait</think>\nNo.", "wait", "So.\nNo."),
        ("a</think>b", "", "ab"),
        ("The tag `<think>` and `</think>` close.", "", "The tag `<think>` and `</think>` close."),
        ("Beside <think> in a line", "", "Beside <think> in a line"),
        ("```\n<think>\n</think>\n```\nend", "", "```\n<think>\n</think>\n```\nend"),
        ("```\na\n```\n<think>b</think>c", "b", "```\na\n```\nc"),
        ("a < b <thin > <", "", "a < b <thin > <"),
        ("<think>a < b </thin", "a < b </thin", ""),
    ],
)
def test_tags_are_told_from_what_is_said(said, thought, answer, step):
    """Opened and closed, empty, never closed, nested, repeated, stray, quoted, and cut anywhere."""
    assert (thought, answer) == split(said, step=step)


@pytest.mark.parametrize("step", [0, 1, 5])
def test_prompt_may_have_opened_the_reasoning(step):
    """Where the prompt ends with the opening tag all up to the closing one is reasoning, a second opening included."""
    assert ("hm", "So.") == split("hm</think>\nSo.", OPEN, step)
    assert ("hm", "So.") == split("<think>hm</think>So.", OPEN, step)
    assert ("never closed", "") == split("\nnever closed", OPEN, step)


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize(
    ("said", "thought", "answer"),
    [
        (f"{ANALYSIS}hm<|end|>{ANSWER}So.<|return|>", "hm", "So."),
        ("<|channel|>final<|message|>So.<|return|>", "", "So."),
        (f"{ANALYSIS}one<|end|><|start|>assistant{ANALYSIS}two<|end|>{ANSWER}So.", "onetwo", "So."),
        (f"<|channel|>commentary to=x <|constrain|>json<|message|>{{}}<|call|>{ANSWER}So.", "{}", "So."),
        ("<|message|>So.", "", "So."),
        (f"{ANALYSIS}stopped inside", "stopped inside", ""),
        (f"{ANALYSIS}hm<|end|><|start|>assistant", "hm", ""),
        (f"{ANALYSIS}hm{ANSWER}So.", "hm", "So."),
        ("No heading at all.", "", "No heading at all."),
        ("No heading.\nTwo lines.", "", "No heading.\nTwo lines."),
        ("x" * 100, "", "x" * 100),
        ("<|channel|>final No marker of a message.\n", "", "No marker of a message.\n"),
        ("<|channel|>analysis It goes on\n", "It goes on\n", ""),
    ],
)  # fmt: skip
def test_channels_are_told_from_each_other(said, thought, answer, step):
    """Only what is said in the final channel is the answer; headings are nothing; without any all is the answer."""
    assert (thought, answer) == split(said, CHANNELS, step)


def test_answer_may_be_open_already():
    """Where the prompt begins the final message, the answer needs no heading."""
    assert ("", "So.") == split("So.<|return|>", replace(CHANNELS, is_answering=True))


def test_text_that_reads_like_a_marker_stays_text_where_markers_are_tokens():
    """An answer about gpt-oss quotes its markers; only the tokens themselves end it."""
    splitter = Splitter(CHANNELS, CHANNELS.markers)
    for heading in ("<|channel|>", "final", "<|message|>"):
        parts = list(splitter.mark(heading) if heading in CHANNELS.markers else splitter.feed(heading))
        assert [] == parts

    (said,) = splitter.feed("It ends with <|end|> there.")
    assert ("It ends with <|end|> there.", False) == (said.text, said.is_thought)
    assert splitter.is_answering
    assert [] == list(splitter.mark("<|return|>"))
    assert not splitter.is_answering


def test_reasoning_can_be_ended_from_outside():
    """Who spends the budget ends it; what was held back as the start of a marker is said first."""
    splitter = Splitter(OPEN)
    parts = [*splitter.feed("hm </thi"), *splitter.close(), *splitter.feed("\nSo.")]

    assert [("hm ", True), ("</thi", True), ("So.", False)] == [(part.text, part.is_thought) for part in parts]


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "a", "`", "\n", "```", " ", "</thi", *CHANNELS.markers])),
    st.integers(1, 9),
    st.sampled_from([THINK, OPEN, CHANNELS, replace(CHANNELS, is_answering=True)]),
)
def test_how_text_is_cut_changes_nothing(words, step, marks):
    """Whatever is said, in pieces of any length, comes out as if it came at once."""
    text = "".join(words)

    assert split(text, marks) == split(text, marks, step)


@pytest.mark.parametrize("marks", TAGS)
def test_marks_are_found_in_templates(marks):
    """A template that writes or strips a tag tells which; one that ends in it has opened the reasoning."""
    template = f"{{% if x %}}{marks.begin}{marks.end}{{% endif %}}"

    assert replace(marks, thinks=True) == find_marks(template, "<|assistant|>")
    assert replace(marks, thinks=True, is_open=True) == find_marks(template, f"<|assistant|>{marks.begin}\n")
    assert marks == find_marks(template, f"<|assistant|>{marks.begin}\n\n{marks.end}\n\n")


def test_template_without_reasoning_has_the_commonest_tags():
    """What the template does not say a model may do all the same; it is not counted on."""
    assert TAGS[0] == find_marks("{{ messages }}", "<|assistant|>")


@pytest.mark.parametrize(
    ("marks", "tail", "closed"),
    [
        (OPEN, "<think>\n", "<think>\n\n</think>\n\n"),
        (THINK, "assistant\n", "assistant\n"),
        (CHANNELS, "<|start|>assistant", ANSWER),
        (replace(CHANNELS, is_answering=True), ANSWER, ANSWER),
    ],
)
def test_prompt_can_leave_reasoning_out(marks, tail, closed):
    """An open one is closed, and of channels the final one is begun."""
    assert closed == without_reasoning(marks, tail)
