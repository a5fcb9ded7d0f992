"""Models are known by name before they are downloaded: their headers are those of the published files."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.errors import ModelNotFound
from codereader.model.gguf import ModelHeader, read_header
from codereader.model.known import KnownModel, known_header, known_model, known_names, near_names
from codereader.model.known.geometry import known_models
from tests.gguf_files import bundled_model
from tests.hollow import write_hollow


def known(name: str) -> ModelHeader:
    header = known_header(name)
    assert header is not None, name
    return header


def table(header: ModelHeader) -> set[tuple[str, tuple[int, ...], str, int]]:
    return {(tensor.name, tensor.shape, tensor.kind, tensor.bytes) for tensor in header.tensors}


def test_a_known_model_has_the_tensors_of_the_published_file() -> None:
    """Every tensor of the bundled 135M model: name, shape, type and bytes."""
    real = read_header(bundled_model())

    assert table(real) == table(known("SmolLM2-135M-Instruct.Q4_1.gguf"))


def test_a_known_model_says_what_the_published_file_says() -> None:
    """Every metadata value that is known stands in the file, but for the name that people read."""
    real, ours = read_header(bundled_model()), known("smollm2-135m:Q4_1")

    assert {**real.metadata, **ours.metadata, "general.name": real.name} == dict(real.metadata)


@pytest.mark.parametrize("model", known_models(), ids=lambda model: model.names[0])
def test_weights_are_as_many_as_published(model: KnownModel) -> None:
    """Billions of parameters, to the digits in which they are published."""
    digits = len(model.weights.partition(".")[2])

    assert model.weights == f"{known(model.names[0]).parameters / 1e9:.{digits}f}"


@pytest.mark.parametrize("model", [model for model in known_models() if model.size], ids=lambda model: model.names[0])
def test_sizes_agree_with_the_published_files(model: KnownModel) -> None:
    """To the digits that are written, and 15 MB more: a file holds its vocabulary beside the weights."""
    mix, amount, unit = model.size.split()
    bytes_ = {"GB": 1e9, "GiB": 1 << 30}[unit]
    last = bytes_ / 10 ** len(amount.partition(".")[2])

    assert float(amount) * bytes_ == pytest.approx(known(f"{model.names[0]}:{mix}").file_bytes, abs=15e6 + last / 2)


@pytest.mark.parametrize(
    "name",
    [
        "llama-4-scout", "LLAMA-4-SCOUT", "llama-4-scout:q4_k_m", "Llama-4-Scout-17B-16E-Instruct-Q4_K_M",
        "Llama-4-Scout-17B-16E-Instruct-Q4_K_M.gguf", "scout", "scout.gguf", "llama4:scout",
        "someone/Llama-4-Scout-17B-16E-Instruct-GGUF:Q4_K_M", "Llama 4 Scout", "Llama-4-Scout-17B-16E-Instruct",
        "meta-llama_Llama-4-Scout-17B-16E-Instruct-Q4_K_M-00001-of-00002.gguf", "scout:q4", "Scout Q4_K_M",
        "llama4-scout", "llama4:17b-scout-16e-instruct-q4_K_M", "Llama-4-Scout-17B-16E-Instruct.i1-Q4_K_M.gguf",
        "unsloth/Llama-4-Scout-17B-16E-Instruct-GGUF",
    ],
)  # fmt: skip
def test_names_are_taken_as_people_write_them(name: str) -> None:
    """Any case, with or without owner, ending, quantization and what every file's name says."""
    assert Path("Llama-4-Scout-17B-16E-Instruct-Q4_K_M") == known(name).path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hf.co/unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF:Q8_0", "Qwen3-Coder-30B-A3B-Instruct-Q8_0"),
        ("qwen3-coder:30b-a3b-q4_K_M", "Qwen3-Coder-30B-A3B-Instruct-Q4_K_M"),
        ("google_gemma-3-27b-it-Q6_K.gguf", "Gemma-3-27B-it-Q6_K"),
        ("Meta-Llama-3.1-8B-Instruct-Q4_K_M", "Llama-3.1-8B-Instruct-Q4_K_M"),
        ("llama3.3:70b-instruct-q4_K_M", "Llama-3.3-70B-Instruct-Q4_K_M"),
        ("Qwen3-30B-A3B-Instruct-2507-Q6_K", "Qwen3-30B-A3B-Instruct-2507-Q6_K"),
        ("gpt-oss-20b-mxfp4.gguf", "gpt-oss-20B-MXFP4"),
        ("DeepSeek-R1-0528-Q4_K_M", "DeepSeek-R1-0528-Q4_K_M"),
        ("gemma3:27b-it-qat", "Gemma-3-27B-it-Q4_0"),
        ("unsloth/gemma-3-27b-it-qat-GGUF:Q8_0", "Gemma-3-27B-it-Q8_0"),
        ("gemma 3", "Gemma-3-4B-it-Q4_K_M"),
        ("llama 3.1 8b", "Llama-3.1-8B-Instruct-Q4_K_M"),
        ("qwen3 coder 30b", "Qwen3-Coder-30B-A3B-Instruct-Q4_K_M"),
        ("gpt-oss:20b", "gpt-oss-20B-MXFP4"),
    ],
)
def test_names_of_files_and_of_other_programs_are_understood(name: str, expected: str) -> None:
    """What stands in a download's address, in a folder, or behind `ollama run`."""
    assert Path(expected) == known(name).path


def test_a_quantization_is_part_of_a_name() -> None:
    """The same weights in fewer or more bits."""
    mixes = ["F32", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q5_K_S", "Q4_K_M", "Q4_K_S", "Q3_K_M", "Q3_K_S", "Q2_K"]
    sizes = [known(f"qwen3-coder:30b:{mix}").file_bytes for mix in mixes]

    assert sorted(sizes, reverse=True) == sizes
    assert "Q8_0" == known("qwen3-coder:30b:Q8_0").quantization


def test_a_quantization_of_unknown_size_is_refused_with_those_that_are_known() -> None:
    """A published model in a mix that no rule predicts."""
    with pytest.raises(ModelNotFound, match="gpt-oss 20B is known, but not how large its Q4_K_M is") as caught:
        known_header("gpt-oss-20b:Q4_K_M")

    assert "Known are MXFP4; gpt-oss-20b:MXFP4 comes nearest." == caught.value.hint


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("scout:UD-Q4_K_XL", "Q4_K_M"), ("scout:IQ2_XXS", "Q2_K"), ("scout:Q6_K_L", "Q6_K"), ("scout:TQ1_0", "Q4_K_M")],
)
def test_the_quantization_that_comes_nearest_is_named(name: str, nearest: str) -> None:
    """Of as many bits; of the usual ones where none has."""
    with pytest.raises(ModelNotFound, match="is known, but not how large its") as caught:
        known_header(name)

    assert f"llama-4-scout:{nearest} comes nearest." in caught.value.hint


@pytest.mark.parametrize("name", ["", "nonsense", ":", "-", "q8_0", "/", "l", "\x1b[31m", "🦙", "a" * 10_000])
def test_what_is_no_known_model_is_none(name: str) -> None:
    """Names that mean nothing, or could mean several."""
    assert known_header(name) is None


@pytest.mark.parametrize(
    ("name", "tensors"),
    [
        ("qwen3.5-35b-a3b", 733), ("gemma-4-31b", 833), ("gemma-4-26b-a4b", 658), ("glm-4.5", 1761),
        ("glm-4.6", 1759), ("glm-4.5-air", 803), ("qwen3-coder-next", 843),
    ],
)  # fmt: skip
def test_tensors_are_as_many_as_loaders_found_in_the_published_files(name: str, tensors: int) -> None:
    """As their logs say."""
    assert tensors == len(known(name).tensors)


def test_no_name_means_two_models() -> None:
    """Neither as it is written nor in the other spelling that is taken for the same."""
    names = [(name, model.title) for model in known_models() for name in (*model.names, model.title)]

    assert [] == [(name, title) for name, title in names if known_model(name).title != title]


@pytest.mark.parametrize("model", known_models(), ids=lambda model: model.names[0])
def test_every_model_says_where_its_geometry_stands_and_what_it_was_compared_with(model: KnownModel) -> None:
    """Figures without a source are worth nothing: an owner, a model, the file; and whose text agrees with it."""
    assert re.fullmatch(r"[\w-]+/[\w.-]+: config\.json(, \w+)?", model.source)
    assert all(model.checked)
    assert model.checked


def test_a_mistyped_name_has_near_ones() -> None:
    """What was probably meant comes first."""
    assert "llama-4-scout" == near_names("lama-4-scot")[0]
    assert () == near_names("xyz")


def test_the_start_of_several_names_has_those_as_near_ones() -> None:
    """A family of which no model is the usual one."""
    assert ("granite-4.0-h-small", "granite-4.0-h-tiny") == near_names("granite4")
    assert {"glm-4.5", "glm-4.5-air", "glm-4.6"} == set(near_names("GLM"))


def test_every_known_model_is_found_by_the_name_it_is_listed_under() -> None:
    """And its header describes a model that can be planned for."""
    for name in known_names():
        header = known(name)

        assert header.block_count == len(
            {tensor.name.split(".")[1] for tensor in header.tensors if "blk." in tensor.name}
        )
        assert header.kv_head_counts
        assert header.embedding_length
        assert header.vocab_size
        assert header.context_length


def test_the_same_model_has_the_same_digest() -> None:
    """Digests tell models and mixes apart."""
    digests = [known(name).digest for name in ("scout", "llama4:scout", "scout:Q8_0", "gpt-oss-20b")]

    assert digests[0] == digests[1]
    assert 3 == len(set(digests))


def test_a_hollow_file_reads_back_as_the_header(tmp_path: Path) -> None:
    """Metadata, tensors and sizes; only the vocabulary is missing."""
    header = known("granite-4.0-h-tiny")
    back = read_header(write_hollow(tmp_path, header))

    assert table(header) == table(back)
    assert header.kv_head_counts == back.kv_head_counts
    assert header.vocab_size == back.vocab_size
    assert dict(header.metadata).items() <= dict(back.metadata).items()


def test_a_hollow_file_takes_little_disk(tmp_path: Path) -> None:
    """65 GB of weights that are one hole."""
    status = write_hollow(tmp_path, known("scout")).stat()

    assert status.st_size > 65e9
    assert getattr(status, "st_blocks", 0) * 512 < 1e6


@settings(deadline=None)
@given(
    st.text(max_size=40) | st.sampled_from(known_names()).flatmap(lambda name: st.text(max_size=9).map(name.__add__))
)
def test_no_name_breaks_anything(name: str) -> None:
    """Whatever somebody types is a known model, an unknown one, or a quantization that is not known."""
    near_names(name)
    with suppress(ModelNotFound):
        header = known_header(name)

        assert header is None or known_model(name)
