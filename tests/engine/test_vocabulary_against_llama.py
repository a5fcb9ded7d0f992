"""Token ids from tiktoken against those of llama.cpp itself, one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereader.model.gguf import read_header, read_numbers, read_strings
from codereader.model.llama_vocabulary import LlamaVocabulary
from codereader.model.pretokenizer import PRE_TOKENIZERS
from codereader.model.vocabulary import LONGEST_SPACE, BytePairVocabulary, open_vocabulary
from tests.gguf_files import bundled_model, llama_metadata, write_gguf

TRICKY = [
    "",
    " ",
    "\n",
    "hello world",
    "  two  spaces   three    four",
    "trailing space ",
    "tab\tand\t\ttabs\t",
    "windows\r\nlines\r\n\r\n  \r\n\tend\r",
    "x = 12345 + 0x7fff - 3.14e-10;  // 007",
    "a   1\n   22\n\t\t333   ",
    "indent:\n        return 0;\n    }\n",
    "don't won't it's I'M YOU'RE we'Ve they'll he'D 'S 'tis",
    "snake_case camelCase PascalCase SCREAMING_CASE HTTPServer2x",
    "ÄÖÜ äöü ß Ñandú Ångström İstanbul ǅ ſ K ﬁ",
    "Привет, мир! Καλημέρα κόσμε. שלום עולם. مرحبا بالعالم",
    "你好，世界。こんにちは世界、カタカナ。안녕하세요 세계",
    "हिन्दी में देवनागरी ไทย ภาษาไทย ᠮᠣᠩᠭᠣᠯ",
    "e\u0301 n\u0303 a\u0308\u0301 z\u0335\u0336 \u0301lead",
    "emoji 😀😃 👩‍👩‍👧‍👦 🇩🇪🇫🇷 👍🏽 ❤️ 1️⃣",
    "zero\u200bwidth\u200djoin\ufeffbom\u2060word\u00ad",
    "spaces:\u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\u0085\x0b\x0c|",
    "digits ٣٤٥ १२३ ½ ² Ⅷ ① 𝟙𝟚𝟛",
    "control \x00 \x01\x02 \x1b[31m \x7f \x9f",
    "\ufffd\ufffe\uffff \U0010ffff \ue000",
    "<|im_start|>system\nignore<|im_end|> <|endoftext|> <s> </s> <|eot_id|> [INST]",
    "<fim_prefix><fim_middle> <repo_name> <file_sep> <|im_end",
    "#define X(a,b) ((a)>>(b))\\\n\t->list[i++] != *p && ~q;",
    "//" + "-" * 300 + "\n/*" + "*" * 99 + "*/",
    "=" * 1000 + "\n" + " " * 1000 + "x",
    "a" * 3000 + " " + "ab" * 2000 + " " + "9" * 500,
    "\n" * 500 + "\t" * 500 + "\r\n" * 200,
    "ab\n\n\ncd\n \n  \n\t\nef",
    "1 2  3   4\n5\n\n6\t7\t\t8",
]


@pytest.fixture(scope="module")
def smollm() -> tuple[BytePairVocabulary, LlamaVocabulary]:
    """The bundled model's vocabulary, on tiktoken and in llama.cpp."""
    ours = open_vocabulary(bundled_model())
    assert isinstance(ours, BytePairVocabulary)
    return ours, LlamaVocabulary(read_header(bundled_model()), cut_runs=False)


@pytest.fixture(scope="module")
def pieces() -> dict[str, object]:
    """The bundled model's first 2,252 tokens, and the 2,000 merges that make them, for any pre-tokenizer to cut."""
    header = read_header(bundled_model())
    merges = [text.decode() for text in read_strings(header, "tokenizer.ggml.merges")][:2000]
    size = 17 + 235 + len(merges)
    return llama_metadata() | {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": [text.decode() for text in read_strings(header, "tokenizer.ggml.tokens")][:size],
        "tokenizer.ggml.token_type": read_numbers(header, "tokenizer.ggml.token_type")[:size],
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    }


@pytest.mark.parametrize("text", TRICKY)
def test_tricky_text_gives_the_same_ids(smollm, text):
    """Digits, white space, scripts, marks, control characters and look-alikes of control tokens."""
    ours, llama = smollm

    assert llama.encode(text) == ours.encode(text)
    assert llama.encode(text, special=True) == ours.encode(text, special=True)
    assert [len(llama.encode(text))] == ours.count_many([text]) == llama.count_many([text])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(codec="utf-8"), max_size=60)
    | st.text(" \t\r\n019aZ'_-</.é中\u0301😀", max_size=60)
    | st.lists(st.sampled_from(["<|im_start|>", "<|im_end|>", "<|", "im_end", " ", "\n", "5", "x"])).map("".join)
)
def test_any_text_gives_the_same_ids(smollm, text):
    """Random text of all scripts, and of the characters on which pre-tokenizers differ."""
    ours, llama = smollm

    assert llama.encode(text) == ours.encode(text)
    assert llama.encode(text, special=True) == ours.encode(text, special=True)


def test_every_character_gives_the_same_ids(smollm):
    """Every character of Unicode between letters, digits, spaces and itself; of the empty planes, every 97th."""
    ours, llama = smollm
    codes = [*range(0xD800), *range(0xE000, 0x40000), *range(0x40000, 0xE0000, 97), *range(0xE0000, 0xE0400)]
    lines = [f"a{chr(code)}1 {chr(code)}{chr(code)}b\n" for code in codes]
    texts = ["".join(lines[at : at + 4096]) for at in range(0, len(lines), 4096)]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        expected = list(pool.map(llama.encode, texts))

    assert [] == [number for number, text in enumerate(texts) if ours.encode(text) != expected[number]]


def test_very_long_runs_of_one_kind_give_the_same_ids(smollm):
    """Runs that would overflow tiktoken's regular expressions are counted all the same."""
    ours, llama = smollm
    length = LONGEST_SPACE + 7

    for text in ("a" * length, " " * length + "x", "\n" * length + "5", "-" * length):
        assert llama.encode(text) == ours.encode(text)


def test_a_million_spaces_are_counted(smollm):
    """A megabyte of white space, on which tiktoken alone panics, is counted."""
    ours, _ = smollm

    assert 0 < ours.count_many([" " * 1_000_000 + "x"])[0] < 1_000_000


def sources(root: Path) -> Iterator[tuple[Path, str]]:
    """Return the files below *root* with their text, by path."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path, path.read_bytes().decode("utf-8", "replace")


def test_every_file_of_linux_net_gives_the_same_ids(smollm, linux):
    """Token for token on real source, and the counts that a pack uses are the same."""
    ours, llama = smollm
    paths, texts = zip(*sources(linux / "net"), strict=True)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        expected = list(pool.map(llama.encode, texts))
    differ = [path for path, text, ids in zip(paths, texts, expected, strict=True) if ours.encode(text) != ids]

    assert [] == differ
    assert list(map(len, expected)) == ours.count_many(texts)


@pytest.mark.parametrize("pre", sorted(PRE_TOKENIZERS))
def test_every_pre_tokenizer_cuts_as_llama_does(pieces, tmp_path, pre):
    """Each name that we claim to know cuts tricky text and real source as llama.cpp does under that name."""
    path = write_gguf(tmp_path / "m.gguf", pieces | {"tokenizer.ggml.pre": pre})
    ours = open_vocabulary(path, tmp_path.parent / "cache")
    llama = LlamaVocabulary(read_header(path), cut_runs=False)
    real = [Path(__file__).read_text(encoding="utf-8"), *TRICKY, "".join(TRICKY)]

    assert isinstance(ours, BytePairVocabulary)
    assert [llama.encode(text) for text in real] == [ours.encode(text) for text in real]


def test_unknown_pre_tokenizers_are_left_to_llama(pieces, tmp_path):
    """A pre-tokenizer that only llama.cpp knows is exact too, and survives a very long word."""
    path = write_gguf(tmp_path / "m.gguf", pieces | {"tokenizer.ggml.pre": "deepseek-llm"})

    vocabulary = open_vocabulary(path)

    assert isinstance(vocabulary, LlamaVocabulary)
    assert vocabulary.exact
    assert "static int x = 5;" == decoded(path, vocabulary.encode("static int x = 5;"))
    assert 100_000 < sum(vocabulary.count_many(["é" * 300_000]))


def decoded(path: Path, ids: list[int]) -> str:
    """Return the text that *ids* stand for, by the token texts of *path*."""
    tokens = read_strings(read_header(path), "tokenizer.ggml.tokens")
    return b"".join(tokens[number] for number in ids).decode().replace("Ġ", " ")
