"""Bytes of the cache by layer, from a header alone; tests/engine compares them with llama.cpp's own."""

from __future__ import annotations

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.engine.footprint import cells
from codereader.engine.footprint.cache import cache_bytes, layer_caches, refused, supported
from codereader.engine.footprint.weights import weights
from codereader.errors import ModelUnreadable
from codereader.model.gguf import ModelHeader, read_header
from tests.gguf_files import Value, write_gguf

MIB = 1 << 20


@pytest.fixture
def header(tmp_path):
    """Make the header of a model with 4 layers, 8 heads of which 2 have keys and values, and rows of 64."""

    def make(architecture: str = "llama", **changes: Value) -> ModelHeader:
        keys: dict[str, Value] = {
            "block_count": 4, "context_length": 1 << 17, "embedding_length": 512, "attention.head_count": 8,
            "attention.head_count_kv": 2,
        }  # fmt: skip
        keys |= {key.replace("__", "."): value for key, value in changes.items()}
        named = {f"{architecture}.{key}": value for key, value in keys.items()}
        return read_header(write_gguf(tmp_path / "m.gguf", {"general.architecture": architecture, **named}))

    return make


ROW = 2 * 2 * 64 * 2
"""Bytes of a token's keys and values in one layer, as f16."""


def test_each_layer_keeps_keys_and_values_of_the_context(header):
    """In steps of 256 tokens, in order, smaller where they are quantized."""
    llama = header()

    assert (1024 * ROW,) * 4 == layer_caches(llama, 1000, 512, "f16", "f16")
    assert 4 * 1024 * ROW * 34 // 64 == cache_bytes(llama, 1024, 512, "q8_0", "q8_0")
    assert 4 * 1024 * ROW * 18 // 64 == cache_bytes(llama, 1024, 512, "q4_0", "q4_0")
    assert 4 * 1024 * (ROW // 2 * 34 // 64 + ROW // 2) == cache_bytes(llama, 1024, 512, "q8_0", "f16")


def test_layers_may_have_different_numbers_of_heads(header):
    """A layer without heads keeps nothing."""
    mixed = header(attention__head_count_kv=[2, 0, 1, 4])

    assert (1024 * ROW, 0, 512 * ROW, 2048 * ROW) == layer_caches(mixed, 1024, 512, "f16", "f16")


def test_a_window_keeps_itself_and_one_batch(header):
    """Of gpt-oss every second layer sees everything; a window kept whole costs what the context costs."""
    model = header("gpt-oss", attention__sliding_window=128)

    assert (768 * ROW, 8192 * ROW) * 2 == layer_caches(model, 8192, 512, "f16", "f16")
    assert (8192 * ROW,) * 4 == layer_caches(model, 8192, 512, "f16", "f16", full_window=True)
    assert (512 * ROW,) * 4 == layer_caches(model, 512, 2048, "f16", "f16")
    assert (True, False, True, False) == cells.windowed_layers(model)


def test_keys_of_windowed_layers_may_be_shorter(header):
    """Where the file names other lengths for them."""
    model = header(
        "gemma4", attention__sliding_window=512, attention__sliding_window_pattern=[True, True, True, False],
        attention__key_length_swa=32, attention__value_length_swa=32,
    )  # fmt: skip

    assert (1024 * ROW // 2,) * 3 + (8192 * ROW,) == layer_caches(model, 8192, 512, "f16", "f16")


def test_layers_that_share_a_cache_have_none(header):
    """The last layers of Gemma 4 read what earlier ones keep."""
    model = header("gemma4", attention__shared_kv_layers=3)

    assert (256 * ROW, 0, 0, 0) == layer_caches(model, 256, 128, "f16", "f16")


def test_latent_attention_keeps_one_row_of_keys(header):
    """DeepSeek keeps 576 numbers a token and no values, and takes one type for both."""
    latent = header(
        "deepseek2", attention__head_count_kv=1, attention__key_length=576, attention__value_length=512,
        attention__key_length_mla=192, attention__value_length_mla=128,
    )  # fmt: skip

    assert (1024 * 576 * 2,) * 4 == layer_caches(latent, 1024, 512, "f16", "f16")
    assert ("", "") == (refused(latent, "f16", "f16"), refused(latent, "q8_0", "q8_0"))
    assert "one type for keys and values, not q8_0 and f16" in refused(latent, "q8_0", "f16")


def test_a_low_rank_alone_is_no_latent_cache(header):
    """MiniCPM3 compresses keys in its weights and caches them whole."""
    whole = header("minicpm3", attention__kv_lora_rank=256)

    assert (1024 * ROW,) * 4 == layer_caches(whole, 1024, 512, "f16", "f16")


def test_a_recurrent_state_does_not_grow(header):
    """Mamba 2 keeps a state of 32-bit numbers, whatever the context and the types."""
    mamba = header(
        "mamba2", ssm__conv_kernel=4, ssm__inner_size=1024, ssm__state_size=128, ssm__group_count=8,
    )  # fmt: skip
    state = 4 * (3 * (1024 + 2 * 8 * 128) + 128 * 1024)

    assert (state,) * 4 == layer_caches(mamba, 1024, 512, "f16", "f16")
    assert (state,) * 4 == layer_caches(mamba, 1 << 20, 512, "q8_0", "q8_0")


def test_a_hybrid_keeps_states_and_a_cache(header):
    """Of Granite's hybrids the layers with key/value heads attend, the others keep a state."""
    model = header(
        "granitehybrid", attention__head_count_kv=[0, 0, 2, 0], ssm__conv_kernel=4, ssm__inner_size=1024,
        ssm__state_size=128, ssm__group_count=1,
    )  # fmt: skip
    state = 4 * (3 * (1024 + 2 * 128) + 128 * 1024)

    assert (state, state, 1024 * ROW, state) == layer_caches(model, 1024, 512, "f16", "f16")


def test_layers_that_only_draft_keep_nothing(header):
    """A layer that predicts several tokens at once is not evaluated, and needs no cache."""
    assert (1024 * ROW,) * 3 + (0,) == layer_caches(header(nextn_predict_layers=1), 1024, 512, "f16", "f16")


def test_rows_that_no_block_divides_cannot_be_quantized(header):
    """Phi's heads of 80 numbers take no q8_0; neither does Grok's value cache, without flash attention."""
    odd = header(attention__key_length=80, attention__value_length=64)

    assert ("", "A q8_0 cache packs 32 numbers together, which keys of 80 numbers cannot be.") == (
        refused(odd, "f16", "q8_0"), refused(odd, "q8_0", "f16"),
    )  # fmt: skip
    assert "Grok" in refused(header("grok"), "f16", "q8_0")


@pytest.mark.parametrize(
    ("architecture", "reason"),
    [
        ("llama5", "How llama.cpp keeps the context of the architecture 'llama5' is not known."),
        ("bert", "A model of the architecture bert is an encoder: it writes no text."),
        ("llada", "A model of the architecture llada is a diffusion model: it writes no text."),
        ("qwen3", ""),
    ],
)
def test_what_cannot_be_predicted_says_why(header, architecture, reason):
    """One sentence, or none."""
    assert reason == supported(header(architecture))


def test_loops_through_the_same_layers_are_left_to_a_dry_run(header):
    """A model that evaluates its layers several times keeps several caches a layer."""
    assert "several times over" in supported(header("nanbeige", num_loops=2))
    assert "" == supported(header("nanbeige", num_loops=1))


KEYS = (
    "attention.compress_ratios", "attention.head_count", "attention.head_count_kv", "attention.indexer.key_length",
    "attention.indexer.types", "attention.key_length", "attention.key_length_mla", "attention.key_length_swa",
    "attention.recurrent_layers", "attention.shared_kv_layers", "attention.sliding_window",
    "attention.sliding_window_pattern", "attention.value_length", "attention.value_length_mla", "block_count",
    "context_length", "embedding_length", "feed_forward_length", "full_attention_interval", "kda.head_dim",
    "leading_dense_block_count", "nextn_predict_layers", "num_loops", "ple.layers", "shortconv.l_cache",
    "ssm.conv_kernel", "ssm.inner_size", "ssm.state_size", "token_shift_count", "wkv.head_size",
)  # fmt: skip
WHOLE = st.integers(-(2**31), 2**31 - 1) | st.integers(0, 9)
VALUES = (
    WHOLE | st.integers(-(2**63), 2**64 - 1) | st.floats(width=32) | st.booleans() | st.text(max_size=5)
    | st.lists(WHOLE, max_size=9) | st.lists(st.floats(width=32), max_size=5) | st.lists(st.booleans(), max_size=9)
    | st.lists(st.text(max_size=3), max_size=3)
)  # fmt: skip
ARCHITECTURES = sorted(cells._WINDOWS.keys() | cells._HYBRID | cells._RECURRENT | cells._LATENT | cells._INDEXED)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([*ARCHITECTURES, "llama", "graniteswitch", "nowhere"]),
    st.dictionaries(st.sampled_from(KEYS), VALUES),
)
def test_hostile_metadata_gives_sizes_or_a_reason(architecture, keys):
    """Values of any type, missing, negative, endless or not numbers at all: no crash, and no size below nothing."""
    named: dict[str, Value] = {f"{architecture}.{key}": value for key, value in keys.items()}
    named = {"general.architecture": architecture, f"{architecture}.block_count": 3, **named}
    tensors = [(f"blk.{number}.attn_q.weight", (32, 2), "Q8_0") for number in range(9)]
    with TemporaryDirectory() as folder, contextlib.suppress(ModelUnreadable):
        made = read_header(write_gguf(Path(folder) / "m.gguf", named, tensors))

        caches = layer_caches(made, 10_485_760, 2048, "q8_0", "q4_0")
        assert made.block_count == len(caches)
        assert min(caches, default=0) >= 0
        assert isinstance(refused(made, "q8_0", "q8_0") + supported(made), str)
        assert sum(tensor.bytes for tensor in made.tensors) == weights(made).total + weights(made).unused
