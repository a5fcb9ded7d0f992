"""Chat templates: what stands around the user's message, and what a bad template can do."""

from __future__ import annotations

import pytest

from codereader.model.gguf import read_header
from codereader.model.template import ANSWER, Frame, frame_of, render_frame
from tests.gguf_files import bundled_model, llama_metadata, write_gguf

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NO_SYSTEM = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "[INST] {{ m.content }} [/INST]{% endfor %}"
)


def test_message_is_framed_by_system_text_and_answer_start():
    """The head holds the system text, the tail ends the message and starts the answer."""
    frame = render_frame(CHATML, "Be brief.", "", "")

    assert (
        Frame("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n")
        == frame
    )


def test_without_system_text_only_the_user_speaks():
    """No system text, no empty system message."""
    assert "<|im_start|>user\n" == render_frame(CHATML, "", "", "").head


def test_template_without_system_role_gets_it_in_the_message():
    """Where the template refuses a system message its text begins the user's."""
    assert Frame("<s>[INST] Be brief.\n\n", " [/INST]") == render_frame(NO_SYSTEM, "Be brief.", "<s>", "</s>")


def test_no_template_gives_a_plain_frame_and_a_note():
    """A model without a template is prompted in plain words, and that is said."""
    assert Frame("Be brief.\n\n", ANSWER, "the model has no chat template") == render_frame(None, "Be brief.", "", "")


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{% for", "unexpected"),
        ("{{ nothing.at.all }}", "undefined"),
        ("{{ messages.__class__.__mro__ }}", "unsafe"),
        ("{{ cycler.__init__.__globals__ }}", "unsafe"),
        ("{% include 'secret' %}", "no loader"),
        ("{{ 'a' * 1000000000 }}", "not allowed"),
        ("{{ 9 ** 999999999 }}", "not allowed"),
        ("{{ range(99999999) | list }}", "range"),
        ("{% for i in range(9999) %}{{ 'a'.ljust(9999) }}{% endfor %}", "too much"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "recursion"),
        ("{% for i in [1] %}" * 30 + "{% endfor %}" * 30, "nested"),
        ("x" * (1 << 20) + "x", "too long"),
        ("no message", "drops or repeats"),
        ("{{ messages[-1].content }}{{ messages[-1].content }}", "drops or repeats"),
    ],
)
def test_bad_template_falls_back_with_its_reason(template, reason):
    """A template that is broken, hostile or loses the message never stops an answer; the note says what is wrong."""
    frame = render_frame(template, "Be brief.", "", "")

    assert ("Be brief.\n\n", ANSWER) == (frame.head, frame.tail)
    assert reason in frame.note


def test_template_sees_no_clock():
    """A template that asks for today's date gets the same one every day."""
    asks = "{{ strftime_now('%Y') }} {{ messages[-1].content }}"
    may_ask = "{% if strftime_now is defined %}now{% else %}fixed{% endif %} {{ messages[-1].content }}"

    assert "2025 " == render_frame(asks, "", "", "").head
    assert "fixed " == render_frame(may_ask, "", "", "").head


def test_template_may_loop_break_mark_and_print_json():
    """What templates use beyond plain Jinja works: break, generation marks, JSON without escapes, no tools."""
    template = (
        "{% for m in messages %}{% if loop.index > 5 %}{% break %}{% endif %}"
        "{% generation %}{{ {'a': '<é>'} | tojson }}{% endgeneration %}{% endfor %}"
        "{% for tool in tools %}{% endfor %}{{ messages[-1].content }}"
    )

    assert Frame('{"a": "<é>"}', "") == render_frame(template, "", "", "")


def model(folder, **metadata):
    """Write a model with three tokens and a template that writes BOS."""
    facts = llama_metadata() | {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": ["<unk>", "<s>", "</s>"],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.chat_template": "{{ bos_token }}{{ messages[-1].content }}{{ eos_token }}",
    }
    return read_header(write_gguf(folder / "m.gguf", facts | metadata))


def test_bos_stands_once(tmp_path):
    """Whether the template, the vocabulary or both ask for BOS, there is one; else none."""
    without = "{{ messages[-1].content }}"

    assert Frame("<s>", "</s>") == frame_of(model(tmp_path))
    assert "<s>" == frame_of(model(tmp_path, **{"tokenizer.chat_template": without})).head
    quiet = {"tokenizer.chat_template": without, "tokenizer.ggml.add_bos_token": False}
    assert "" == frame_of(model(tmp_path, **quiet)).head


def test_bos_outside_the_vocabulary_is_ignored(tmp_path):
    """A header that points beyond its own tokens does no harm."""
    assert "" == frame_of(model(tmp_path, **{"tokenizer.ggml.bos_token_id": 77})).head


def test_smollm2_is_framed_as_llama_cpp_python_does():
    """The bundled model's frame is what llama-cpp-python's own formatter renders."""
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    header = read_header(bundled_model())
    frame = frame_of(header, "Be brief.")
    formatter = Jinja2ChatFormatter(template=header.chat_template, bos_token="<|im_start|>", eos_token="<|im_end|>")
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is inode.c?"}]

    assert formatter(messages=messages).prompt == f"{frame.head}What is inode.c?{frame.tail}"
    assert "" == frame.note
