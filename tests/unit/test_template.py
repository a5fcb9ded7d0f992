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
GROWS = "{% set n = namespace(x='aa') %}{% for i in range(25) %}{% set n.x = ... %}{% endfor %}"
LASTS = "{% set n = namespace(x=1) %}{% for i in range(9999) %}{% for j in range(9999) %}...{% endfor %}{% endfor %}"
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
        ("{{ 'a'.ljust(999999999) }}", "unsafe"),
        ("{{ 'a'['zfill'](999999999) }}", "unsafe"),
        ("{{ '{:999999999}'.format(1) }}", "unsafe"),
        ("{{ ('{:999999999}' | attr('format'))(1) }}", "not allowed"),
        ("{{ (1).to_bytes(999999999, 'big') }}", "unsafe"),
        ("{{ '%999999999d' % 1 }}", "not allowed"),
        ("{{ [messages] * 999999999 }}", "not allowed"),
        ("{{ 'a' | center(1000000000) }}", "filter center is not allowed"),
        ("{{ 'a' | indent(1000000000) }}", "filter indent is not allowed"),
        ("{{ 'a' | wordwrap(1, true, 'b') }}", "filter wordwrap is not allowed"),
        ("{{ '%999999999d' | format(1) }}", "filter format is not allowed"),
        ("{{ ['a'] | map('center', 1000000000) | list }}", "filter center is not allowed"),
        ("{{ [1] | batch(999999999, 'a') | list }}", "filter batch is not allowed"),
        ("{{ {'a': 1} | tojson(indent=999999999) }}", "indents too far"),
        ("{{ lipsum(n=1000000) }}", "undefined"),
        ("{{ strftime_now('%Y' * 2) }}", "not allowed"),
        ("{{ strftime_now('%999999999Y' ~ '%%%%%%%%' ~ '%%%%%%%%' ~ '%%%%%%%%'  ~ '" + "%" * 99 + "') }}", "too long"),
        (GROWS.replace("...", "n.x ~ n.x"), "too long"),
        (GROWS.replace("...", "n.x + n.x"), "too long"),
        (GROWS.replace("...", "n.x.replace('a', n.x)"), "too long"),
        (GROWS.replace("...", "n.x | replace('a', n.x)"), "too long"),
        (GROWS.replace("...", "n.x.join(n.x | list)"), "it makes"),
        (GROWS.replace("...", "(n.x | list) + (n.x | list)") + "{{ n.x }}", "it makes"),
        (GROWS.replace("...", "[n.x, n.x]") + "{{ n.x }}", "prints too much"),
        (GROWS.replace("...", "[n.x, n.x]") + "{{ n.x | tojson }}", "prints too much"),
        (GROWS.replace("...", "[n.x, n.x]") + "{{ n.x | upper }}", "prints too much"),
        (GROWS.replace("...", "1 + (i + 9 if i == 0 else n.x) * n.x").replace("'aa'", "9"), "too large"),
        (
            GROWS.replace("{% set n.x = ... %}", "{% set y %}{{ n.x }}{{ n.x }}{% endset %}{% set n.x = y %}"),
            "it makes",
        ),
        ("{% set n = namespace(x=1) %}{{ n }}", "prints a Namespace"),
        (LASTS.replace("...", ""), "makes too much"),
        (LASTS.replace("...", "aaaa"), "makes too"),
        ("{% set x %}" + LASTS.replace("...", "a") + "{% endset %}", "makes too much"),
        (LASTS.replace("...", "{% set n.x = [n.x, 1, 2, 3] %}"), "makes too much"),
        ("{% set y = range(9999) | join %}" + LASTS.replace("...", "{% set n.x = [n.x, y[1:]] %}"), "makes too much"),
        (
            "{% set y = range(9999) | join %}" + LASTS.replace("...", "{% set n.x = [n.x, y | upper] %}"),
            "makes too much",
        ),
        ("{% set y = range(9999) | join %}" + LASTS.replace("...", "{% set n.x = [n.x, y.split('1')] %}"), "too much"),
        ("{% for x in [[]] recursive %}{{ loop(range(9999)) }}{% endfor %}", "recursion"),
        ("{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(99) }}", "makes too much"),
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
