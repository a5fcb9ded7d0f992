"""The frames of the families of models, from templates written here that render what each family publishes.

Where llama.cpp knows a family by itself it is the judge.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from codereader.model.gguf import read_header
from codereader.model.merges import ALPHABET
from codereader.model.template import Frame, frame_of, render_frame
from codereader.model.vocabulary import open_vocabulary
from tests.gguf_files import llama_metadata, write_gguf

SYSTEM = "Be brief."
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA3 = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{{ m.content | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
LLAMA4 = (
    LLAMA3.replace("<|start_header_id|>", "<|header_start|>")
    .replace("<|end_header_id|>", "<|header_end|>")
    .replace("<|eot_id|>", "<|eot|>")
)
GEMMA2 = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('there is no system role') }}{% endif %}"
    "{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
GEMMA3 = (
    "{{ bos_token }}{% set before = '' %}{% set turns = messages %}"
    "{% if messages[0].role == 'system' %}{% set before = messages[0].content ~ '\n\n' %}"
    "{% set turns = messages[1:] %}{% endif %}"
    "{% for m in turns %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ before if loop.first else '' }}{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
MISTRAL1 = (
    "{% set before = '' %}{% if messages[0].role == 'system' %}{% set before = messages[0].content ~ '\n\n' %}"
    "{% set turns = messages[1:] %}{% else %}{% set turns = messages %}{% endif %}{{ bos_token }}"
    "{% for m in turns %}{% if m.role == 'user' %} [INST] {{ before if loop.last else '' }}{{ m.content }} [/INST]"
    "{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)
MISTRAL3 = MISTRAL1.replace("%} [INST] ", "%}[INST] ").replace("}} [/INST]", "}}[/INST]")
MISTRAL7 = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}[SYSTEM_PROMPT] {{ m.content }}[/SYSTEM_PROMPT]"
    "{% elif m.role == 'user' %}[INST] {{ m.content }}[/INST]{% else %} {{ m.content }}{{ eos_token }}"
    "{% endif %}{% endfor %}"
)
QWEN3 = CHATML.replace(
    "assistant\n{% endif %}",
    "assistant\n{% if enable_thinking is defined and enable_thinking is false %}"
    "<think>\n\n</think>\n\n{% endif %}{% endif %}",
)
DEEPSEEK = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}{% elif m.role == 'user' %}"
    "<｜User｜>{{ m.content }}{% else %}<｜Assistant｜>{{ m.content.split('</think>')[-1] }}{{ eos_token }}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<｜Assistant｜>...{% endif %}"
)
DEEPSEEK_V3 = DEEPSEEK.replace("...", "").replace(".split('</think>')[-1]", "")
DEEPSEEK_R1 = DEEPSEEK.replace("...", "<think>\n")
DEEPSEEK_V31 = DEEPSEEK.replace("...", "{{ '<think>' if thinking is defined and thinking else '</think>' }}")
HARMONY = (
    "<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\n"
    "Knowledge cutoff: 2024-06\nCurrent date: {{ strftime_now('%Y-%m-%d') }}\n\n"
    "Reasoning: {{ reasoning_effort if reasoning_effort is defined else 'medium' }}\n\n"
    "# Valid channels: analysis, commentary, final. Channel must be included for every message.<|end|>"
    "{% for m in messages %}{% if m.role == 'system' %}<|start|>developer<|message|># Instructions\n\n"
    "{{ m.content }}\n\n<|end|>{% elif m.role == 'user' %}<|start|>user<|message|>{{ m.content }}<|end|>"
    "{% else %}<|start|>assistant<|channel|>final<|message|>{{ m.content }}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)
HARMONY_HEAD = (
    "<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\n"
    "Knowledge cutoff: 2024-06\nCurrent date: 2025-01-01\n\nReasoning: {}\n\n"
    "# Valid channels: analysis, commentary, final. Channel must be included for every message.<|end|>"
    "<|start|>developer<|message|># Instructions\n\nBe brief.\n\n<|end|><|start|>user<|message|>"
)


@dataclass(frozen=True)
class Family:
    """A template, the text of BOS, and what stands around the user's message. `judge` is llama.cpp's name for it."""

    template: str
    bos: str
    head: str
    tail: str
    judge: str = ""


FAMILIES = {
    "ChatML": Family(
        CHATML,
        "",
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n",
        "chatml",
    ),
    "Llama 3": Family(
        LLAMA3,
        "<|begin_of_text|>",
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        "llama3",
    ),
    "Llama 4": Family(
        LLAMA4,
        "<|begin_of_text|>",
        "<|begin_of_text|><|header_start|>system<|header_end|>\n\nBe brief.<|eot|>"
        "<|header_start|>user<|header_end|>\n\n",
        "<|eot|><|header_start|>assistant<|header_end|>\n\n",
        "llama4",
    ),
    "Gemma 2": Family(
        GEMMA2,
        "<bos>",
        "<bos><start_of_turn>user\nBe brief.\n\n",
        "<end_of_turn>\n<start_of_turn>model\n",
        "gemma",
    ),
    "Gemma 3": Family(
        GEMMA3,
        "<bos>",
        "<bos><start_of_turn>user\nBe brief.\n\n",
        "<end_of_turn>\n<start_of_turn>model\n",
        "gemma",
    ),
    "Mistral v1": Family(MISTRAL1, "<s>", "<s> [INST] Be brief.\n\n", " [/INST]", "mistral-v1"),
    "Mistral v3": Family(MISTRAL3, "<s>", "<s>[INST] Be brief.\n\n", "[/INST]", "mistral-v3"),
    "Mistral v7": Family(
        MISTRAL7, "<s>", "<s>[SYSTEM_PROMPT] Be brief.[/SYSTEM_PROMPT][INST] ", "[/INST]", "mistral-v7"
    ),
    "Qwen3": Family(
        QWEN3,
        "",
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n",
        "chatml",
    ),
    "DeepSeek V3": Family(
        DEEPSEEK_V3,
        "<｜begin▁of▁sentence｜>",
        "<｜begin▁of▁sentence｜>Be brief.<｜User｜>",
        "<｜Assistant｜>",
    ),
    "DeepSeek R1": Family(
        DEEPSEEK_R1,
        "<｜begin▁of▁sentence｜>",
        "<｜begin▁of▁sentence｜>Be brief.<｜User｜>",
        "<｜Assistant｜><think>\n",
    ),
    "DeepSeek V3.1": Family(
        DEEPSEEK_V31,
        "<｜begin▁of▁sentence｜>",
        "<｜begin▁of▁sentence｜>Be brief.<｜User｜>",
        "<｜Assistant｜></think>",
    ),
    "gpt-oss": Family(HARMONY, "", HARMONY_HEAD.format("medium"), "<|end|><|start|>assistant"),
}


@pytest.fixture(params=FAMILIES)
def family(request):
    """Each of the families."""
    return FAMILIES[request.param]


def test_family_is_framed_as_it_was_trained(family):
    """System text, message and the start of the answer stand between the family's own control tokens."""
    frame = render_frame(family.template, SYSTEM, family.bos, "</s>")

    assert (family.head, family.tail, "") == (frame.head, frame.tail, frame.note)


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.judge])
def test_llama_cpp_frames_the_family_the_same(name):
    """What llama.cpp itself writes for the family, which leaves BOS to the tokenizer, is the same text."""
    family = FAMILIES[name]
    frame = render_frame(family.template, SYSTEM, family.bos, "</s>")

    assert (
        _llama_cpp(family.judge, SYSTEM, "What is a.c?")
        == f"{frame.head.removeprefix(family.bos)}What is a.c?{frame.tail}"
    )


@pytest.mark.parametrize(
    ("template", "think", "tail"),
    [
        (QWEN3, None, "<|im_end|>\n<|im_start|>assistant\n"),
        (QWEN3, 500, "<|im_end|>\n<|im_start|>assistant\n"),
        (QWEN3, 0, "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"),
        (DEEPSEEK_R1, 500, "<｜Assistant｜><think>\n"),
        (DEEPSEEK_R1, 0, "<｜Assistant｜><think>\n\n</think>\n\n"),
        (DEEPSEEK_V31, None, "<｜Assistant｜></think>"),
        (DEEPSEEK_V31, 500, "<｜Assistant｜><think>"),
        (DEEPSEEK_V31, 0, "<｜Assistant｜></think>"),
        (HARMONY, 500, "<|end|><|start|>assistant"),
        (HARMONY, 0, "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ],
)
def test_reasoning_is_asked_for_in_the_words_of_the_template(template, think, tail):
    """Templates that know a switch are told; a prompt that leaves reasoning open all the same ends it at once."""
    assert tail == render_frame(template, SYSTEM, "", "", think).tail


@pytest.mark.parametrize(
    ("think", "effort"), [(None, "medium"), (0, "low"), (1024, "low"), (4000, "medium"), (9000, "high")]
)
def test_more_tokens_are_more_effort(think, effort):
    """Gpt-oss is told a word for how long to reason."""
    assert HARMONY_HEAD.format(effort) == render_frame(HARMONY, SYSTEM, "", "", think).head


@pytest.mark.parametrize(
    ("template", "think", "begin", "is_open", "thinks"),
    [
        (QWEN3, None, "<think>", False, True),
        (QWEN3, 0, "<think>", False, False),
        (DEEPSEEK_R1, None, "<think>", True, True),
        (DEEPSEEK_R1, 0, "<think>", False, False),
        (DEEPSEEK_V31, None, "<think>", False, False),
        (DEEPSEEK_V31, 99, "<think>", True, True),
        (HARMONY, None, "<|channel|>", False, True),
        (HARMONY, 0, "<|channel|>", False, False),
        (LLAMA3, None, "<think>", False, False),
    ],
)
def test_frame_tells_whether_and_how_the_model_reasons(template, think, begin, is_open, thinks):
    """The engine and the planner know what to expect of the answer."""
    marks = render_frame(template, SYSTEM, "", "", think).marks

    assert (begin, is_open, thinks) == (marks.begin, marks.is_open, marks.thinks)


def test_template_that_cannot_take_a_switch_is_used_without():
    """A template that refuses what it is told about reasoning is not told."""
    picky = "{% if thinking is defined %}{{ raise_exception('what') }}{% endif %}{{ messages[-1].content }}"

    assert Frame("Be brief.\n\n", "") == render_frame(picky, SYSTEM, "", "", 0)


CONTROL, USER_DEFINED = 3, 4
TOKENS = {
    "Qwen3": {"<|im_start|>": CONTROL, "<|im_end|>": CONTROL, "<think>": USER_DEFINED, "</think>": USER_DEFINED},
    "DeepSeek R1": {
        "<｜begin▁of▁sentence｜>": CONTROL,
        "<｜User｜>": USER_DEFINED,
        "<｜Assistant｜>": USER_DEFINED,
        "<think>": USER_DEFINED,
        "</think>": USER_DEFINED,
    },
    "gpt-oss": dict.fromkeys(("<|start|>", "<|message|>", "<|channel|>", "<|end|>", "<|return|>", "<|call|>"), CONTROL),
    "Llama 4": dict.fromkeys(("<|begin_of_text|>", "<|header_start|>", "<|header_end|>", "<|eot|>"), CONTROL),
}


def write_family(path, name: str, tokens: dict[str, int]):
    """Write a model of bytes and *tokens* whose template is the family's and that begins with BOS if that has one."""
    family = FAMILIES[name]
    ids = {text: 256 + number for number, text in enumerate(tokens)}
    bos = {"tokenizer.ggml.bos_token_id": ids[family.bos], "tokenizer.ggml.add_bos_token": True} if family.bos else {}
    return write_gguf(
        path,
        llama_metadata()
        | {
            "tokenizer.ggml.model": "gpt2",
            "tokenizer.ggml.pre": "gpt-2",
            "tokenizer.ggml.tokens": [*ALPHABET, *tokens, "qz"],
            "tokenizer.ggml.token_type": [*[1] * 256, *tokens.values(), 1],
            "tokenizer.ggml.merges": ["q z"],
            "tokenizer.chat_template": family.template,
        }
        | bos,
    ), ids


@pytest.mark.parametrize("name", TOKENS)
def test_control_tokens_are_tokens_and_source_text_is_none(name, tmp_path):
    """The frame's markers are one id each, BOS once; the same markers in a source file are letters."""
    tokens = TOKENS[name]
    path, ids = write_family(tmp_path / "m.gguf", name, tokens)
    frame = frame_of(read_header(path), SYSTEM, 500)
    vocabulary = open_vocabulary(path)
    kept = [text for text in tokens if tokens[text] == CONTROL or "think" in text]
    source = f"a {' '.join(kept)} {frame.tail.strip()}" if name != "DeepSeek R1" else f"a {' '.join(kept)}"

    around = [*vocabulary.encode(frame.head, special=True), *vocabulary.encode(frame.tail, special=True)]

    spelled = "".join(ALPHABET[one] if one < 256 else "" for one in around)
    assert not any(text in spelled for text in kept)
    assert (1 if FAMILIES[name].bos else 0) == sum(one == ids.get(FAMILIES[name].bos) for one in around)
    assert list(source.encode()) == vocabulary.encode(source)
    assert [len(source.encode())] == vocabulary.count_many([source])


def test_llama_cpp_finds_no_markers_in_source_text_either(tmp_path):
    """Where llama.cpp tokenizes, tags that it would find anywhere are cut from text, and found in the frame."""
    from codereader.model.llama_vocabulary import LlamaVocabulary

    path, ids = write_family(tmp_path / "m.gguf", "Qwen3", TOKENS["Qwen3"])
    vocabulary = LlamaVocabulary(read_header(path), cut_runs=True)

    assert list(b"a <think> b</think>") == vocabulary.encode("a <think> b</think>")
    assert [ids["<think>"], *b"x", ids["</think>"]] == vocabulary.encode("<think>x</think>", special=True)


def test_bos_that_a_template_writes_twice_stands_once(tmp_path):
    """A template and a file that both insist on BOS get one."""
    path, _ = write_family(tmp_path / "m.gguf", "Llama 4", TOKENS["Llama 4"])
    header = read_header(path)
    bos = FAMILIES["Llama 4"].bos
    twice = write_gguf(
        tmp_path / "n.gguf", dict(header.metadata) | {
            "tokenizer.ggml.tokens": [*ALPHABET, *TOKENS["Llama 4"]],
            "tokenizer.ggml.token_type": [*[1] * 256, *TOKENS["Llama 4"].values()],
            "tokenizer.ggml.merges": [],
            "tokenizer.chat_template": "{{ bos_token }}" + LLAMA4,
        },
    )  # fmt: skip

    assert frame_of(header, SYSTEM) == frame_of(read_header(twice), SYSTEM)
    assert frame_of(header, SYSTEM).head.startswith(bos + "<|header_start|>")


def _llama_cpp(name: str, system: str, user: str) -> str:
    """Return the prompt that llama.cpp's own code writes for a family of models."""
    import llama_cpp

    said: Sequence[tuple[str, str]] = [("system", system), ("user", user)]
    messages = (llama_cpp.llama_chat_message * len(said))(*((role.encode(), text.encode()) for role, text in said))
    room = ctypes.create_string_buffer(4096)
    length = llama_cpp.llama_chat_apply_template(name.encode(), messages, len(said), True, room, len(room))
    assert 0 < length < len(room)
    return room.raw[:length].decode()
