"""Bytes of weights by class and place, from a header alone; tests/engine compares them with llama.cpp's own."""

from __future__ import annotations

import pytest

from codereader.engine.footprint.weights import Block, block_number, is_expert, weights
from codereader.model.gguf import ModelHeader, read_header
from tests.gguf_files import Value, bundled_model, write_gguf


@pytest.fixture
def header(tmp_path):
    """Make the header of a model with tensors of so many bytes, by name."""

    def make(architecture: str = "llama", tensors: dict[str, int] | None = None, **changes: Value) -> ModelHeader:
        keys: dict[str, Value] = {"block_count": 2} | {key.replace("__", "."): one for key, one in changes.items()}
        named = {"general.architecture": architecture} | {f"{architecture}.{key}": one for key, one in keys.items()}
        table = [(name, (size,), "I8") for name, size in (tensors or {}).items()]
        return read_header(write_gguf(tmp_path / "m.gguf", named, table))

    return make


def test_tensors_are_told_apart_by_what_they_are(header):
    """Attention, networks, shared and routed experts, norms and routers of each layer; tables and output beside."""
    sizes = weights(
        header(tensors={
            "token_embd.weight": 100, "output_norm.weight": 1, "output.weight": 200, "blk.0.attn_norm.weight": 2,
            "blk.0.attn_q.weight": 30, "blk.0.attn_q_norm.weight": 3, "blk.0.ffn_up.weight": 40,
            "blk.1.attn_qkv.weight": 31, "blk.1.ffn_gate_inp.weight": 4, "blk.1.ffn_gate_exps.weight": 500,
            "blk.1.ffn_down_exps.bias": 5, "blk.1.ffn_up_shexp.weight": 60, "blk.1.ffn_up_chexps.weight": 70,
        })
    )  # fmt: skip

    assert (Block(75, 0, attention=30, dense=40), Block(95, 575, attention=31, shared=60)) == sizes.blocks
    assert (100, 201, 0, 0) == (sizes.embedding, sizes.output, sizes.tied, sizes.unused)
    assert {
        "attention": 61, "feed-forward": 40, "shared experts": 60, "routed experts": 575, "norms and other": 9,
        "embeddings": 100, "output": 201,
    } == sizes.classes  # fmt: skip
    assert 1046 == sizes.total == sum(sizes.classes.values())


def test_a_layer_that_recurs_has_no_attention(header):
    """Of a hybrid, what stands where attention would is counted as recurrent, under whatever name."""
    sizes = weights(
        header(
            "qwen3next",
            {"blk.0.attn_qkv.weight": 10, "blk.0.ssm_out.weight": 20, "blk.1.attn_q.weight": 40},
            full_attention_interval=2,
        )
    )

    assert (Block(30, recurrent=30), Block(40, attention=40)) == sizes.blocks


def test_a_layer_may_attend_and_recur(header):
    """Of Falcon H1 every layer does both."""
    sizes = weights(header("falcon-h1", {"blk.0.attn_q.weight": 10, "blk.0.ssm_in.weight": 20}))

    assert Block(30, attention=10, recurrent=20) == sizes.blocks[0]


def test_what_is_applied_to_the_input_goes_with_the_first_layer(header):
    """Projections of Gemma 3n's tables and rope factors lie on the first layer's device, the tables on the host."""
    sizes = weights(
        header("gemma3n", {
            "token_embd.weight": 1, "per_layer_token_embd.weight": 2, "per_layer_model_proj.weight": 4,
            "per_layer_proj_norm.weight": 8, "rope_freqs.weight": 16, "altup_proj.weight": 32,
        })
    )  # fmt: skip

    assert (3, 28, 0, 32) == (sizes.embedding, sizes.blocks[0].rest, sizes.blocks[1].rest, sizes.output)


def test_one_name_means_two_things(header):
    """What llama.cpp calls the norm of the input is, in LFM2 alone, that of the output."""
    tensors = {"token_embd_norm.weight": 8, "output_norm.weight": 1}
    bloom, lfm2 = (weights(header(architecture, tensors)) for architecture in ("bloom", "lfm2"))

    assert [(8, 1), (0, 9)] == [(sizes.blocks[0].rest, sizes.output) for sizes in (bloom, lfm2)]


def test_a_tied_output_is_the_input_table(header):
    """Without an output of its own the table is counted once, and its copy beside."""
    sizes = weights(header(tensors={"token_embd.weight": 100, "position_embd.weight": 7, "output_norm.weight": 1}))

    assert (107, 1, 100, 108) == (sizes.embedding, sizes.output, sizes.tied, sizes.total)


def test_layers_that_only_draft_stay_in_the_file(header):
    """They are loaded only for architectures that llama.cpp has no choice for; of some, parts are all the same."""
    tensors = {
        "blk.0.attn_q.weight": 10, "blk.1.attn_q.weight": 20, "blk.1.nextn.embed_tokens.weight": 40,
    }  # fmt: skip

    for architecture, unused in (("glm4moe", 60), ("step35", 20), ("llama", 0)):
        sizes = weights(header(architecture, tensors, nextn_predict_layers=1))
        assert (unused, 70 - unused) == (sizes.unused, sizes.total)


def test_encoders_and_decoders_have_layers_of_one_number(header):
    """T5's halves are placed layer by layer, as llama.cpp does."""
    sizes = weights(header("t5", {"enc.blk.1.attn_q.weight": 10, "dec.blk.1.cross_attn_q.weight": 20}))

    assert (Block(0), Block(30, attention=30)) == sizes.blocks


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("blk.7.attn_q.weight", 7), ("blk.07.x", 7), ("output.weight", None), ("blk.-1.x", None), ("blk..x", None),
        ("blk.²", None), ("blk." + "9" * 5000, None), ("dec.blk.3.attn_q.weight", 3),
    ],
)  # fmt: skip
def test_the_number_of_a_layer_is_read_from_names(name, number):
    """Names that are no layer's have none, however they look."""
    assert number == block_number(name)


def test_routed_experts_are_told_from_shared_ones():
    """By name, biases and scales included."""
    assert [True, True, False, False] == [
        is_expert(f"blk.0.{part}")
        for part in ("ffn_up_exps.weight", "ffn_down_chexps.scale", "ffn_up_shexp.weight", "exp_probs_b.bias")
    ]


def test_a_real_file_is_counted_to_the_byte():
    """All tensors of the bundled model, as many bytes as llama.cpp says that it loads."""
    header = read_header(bundled_model())
    sizes = weights(header)

    assert 96_576_768 == sizes.total == sum(tensor.bytes for tensor in header.tensors)
    assert (sizes.embedding, 0) == (sizes.tied, sizes.unused)
