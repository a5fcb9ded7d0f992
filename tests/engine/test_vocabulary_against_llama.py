"""Token ids from tiktoken against those of llama.cpp itself, one by one."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings

from codereader.model.gguf import read_header, read_numbers, read_strings
from codereader.model.llama_vocabulary import LlamaVocabulary
from codereader.model.merges import ALPHABET
from codereader.model.pretokenizer import PRE_TOKENIZERS
from codereader.model.vocabulary import LONGEST_SPACE, BytePairVocabulary, adds_bos, open_vocabulary
from tests.engine.raw import Raw
from tests.gguf_files import bundled_model, llama_metadata, write_gguf
from tests.tricky_text import PIECES, TRICKY, all_characters, texts

FOR_LLAMA = """
default deepseek-llm deepseek-coder deepseek-v3 spark2_5 youtu falcon jais-2 minicpm5 bloom viking chameleon exaone-moe
granite-embed-multi-97m tiny_aya superbpe bailingmoe seed-coder afmoe laguna ufakzeka roberta-bpe
"""
"""Pre-tokenizers that llama.cpp knows and that are left to it, one name for each that it tells apart."""


@pytest.fixture(scope="module")
def smollm() -> tuple[BytePairVocabulary, LlamaVocabulary]:
    """The bundled model's vocabulary, on tiktoken and in llama.cpp."""
    ours = open_vocabulary(bundled_model())
    assert isinstance(ours, BytePairVocabulary)
    return ours, LlamaVocabulary(read_header(bundled_model()), cut_runs=False)


@pytest.fixture(scope="module")
def families(tmp_path_factory) -> list[tuple[str, BytePairVocabulary, LlamaVocabulary]]:
    """Each way to cut, over a vocabulary in which the end of any character and the start of any other may merge."""
    letters = sorted({character for piece in PIECES for character in piece if character.isascii()})
    ends = [*map(ord, letters), *range(0x80, 0xC0)]
    starts = [*map(ord, letters), *range(0xC2, 0xF5)]
    merges = [f"{ALPHABET[end]} {ALPHABET[start]}" for end in ends for start in starts]
    random.Random(1).shuffle(merges)
    facts = llama_metadata() | {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": [*ALPHABET, *(merge.replace(" ", "") for merge in merges)],
        "tokenizer.ggml.merges": merges,
    }
    names = {cutter: name for name, cutter in reversed(PRE_TOKENIZERS.items())}
    found = []
    for name in names.values():
        path = write_gguf(tmp_path_factory.mktemp("pairs") / "m.gguf", facts | {"tokenizer.ggml.pre": name})
        ours = open_vocabulary(path)
        assert isinstance(ours, BytePairVocabulary)
        found.append((name, ours, LlamaVocabulary(read_header(path), cut_runs=False)))
    return found


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


@settings(max_examples=200, deadline=None)
@given(texts())
def test_any_text_gives_the_same_ids(smollm, text):
    """Random text of all scripts, and of the characters on which pre-tokenizers differ."""
    ours, llama = smollm

    assert llama.encode(text) == ours.encode(text)
    assert llama.encode(text, special=True) == ours.encode(text, special=True)


@settings(max_examples=300, deadline=None)
@given(texts())
def test_every_family_cuts_any_text_as_llama_does(families, text):
    """Where any two neighbours may merge, the same ids mean the same cuts, for each way to cut that we know."""
    for name, ours, llama in families:
        assert (name, llama.encode(text)) == (name, ours.encode(text))


def test_every_character_is_of_the_kind_that_llama_takes_it_for(families):
    """Letters, marks, numbers and white space are those of llama.cpp's tables, not of a newer or an older Unicode."""
    (ours, llama) = next((ours, llama) for name, ours, llama in families if name == "qwen35")
    lines = [f"a{one}1 {one}{one}b\n" for one in all_characters()]
    texts = ["".join(lines[at : at + 4096]) for at in range(0, len(lines), 4096)]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        expected = list(pool.map(llama.encode, texts))

    assert [] == [number for number, text in enumerate(texts) if ours.encode(text) != expected[number]]


@pytest.mark.parametrize("line", ["0x1f, " * 170_000, "static int foo " * 70_000, "\u4e2d" * 350_000, "9" * 1_000_000])
def test_a_line_of_a_megabyte_gives_the_same_ids(smollm, line):
    """Data and minified code are one line of any length."""
    ours, llama = smollm

    assert llama.encode(line) == ours.encode(line)


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


def test_files_of_linux_net_give_the_same_ids(smollm, linux):
    """Token for token on every fourth file of real source, and the counts that a pack uses are the same."""
    ours, llama = smollm
    paths, texts = zip(*list(sources(linux / "net"))[::4], strict=True)

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
    assert Raw(path).adds_bos == adds_bos(read_header(path))


@pytest.mark.parametrize("pre", FOR_LLAMA.split())
def test_other_pre_tokenizers_are_left_to_llama(pieces, tmp_path, pre):
    """Those that only llama.cpp knows are its own ids, one text after the other or many at once."""
    path = write_gguf(tmp_path / "m.gguf", pieces | {"tokenizer.ggml.pre": pre})
    raw = Raw(path)
    real = [*TRICKY, "".join(TRICKY[:20])]

    vocabulary = open_vocabulary(path)

    assert isinstance(vocabulary, LlamaVocabulary)
    assert raw.adds_bos == adds_bos(read_header(path))
    assert [raw.tokens(text) for text in real] == [vocabulary.encode(text) for text in real]
    assert [raw.tokens(text, special=True) for text in real] == [vocabulary.encode(text, special=True) for text in real]
    assert [len(raw.tokens(text)) for text in real] == vocabulary.count_many(real)


def test_a_pre_tokenizer_of_llama_survives_a_very_long_word(pieces, tmp_path):
    """One that would overflow the stack of the process is cut, and stands for the same text."""
    path = write_gguf(tmp_path / "m.gguf", pieces | {"tokenizer.ggml.pre": "deepseek-llm"})

    vocabulary = open_vocabulary(path)

    assert vocabulary.exact
    assert "static int x = 5;" == decoded(path, vocabulary.encode("static int x = 5;"))
    assert 100_000 < sum(vocabulary.count_many(["é" * 300_000]))


def decoded(path: Path, ids: list[int]) -> str:
    """Return the text that *ids* stand for, by the token texts of *path*."""
    tokens = read_strings(read_header(path), "tokenizer.ggml.tokens")
    return b"".join(tokens[number] for number in ids).decode().replace("Ġ", " ")
