"""Predicted bytes of cache and weights beside what llama.cpp reports, for every architecture it writes text with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from codereader.engine.footprint import cells
from codereader.engine.footprint.cache import cache_bytes, refused, supported
from codereader.engine.footprint.weights import weights
from codereader.model.gguf import ModelHeader, read_header
from tests.engine.geometry import LAYERS, metadata
from tests.engine.rpc import Server, Unavailable, plugin, with_cards
from tests.gguf_files import Value, bundled_model, write_gguf

MIB = 1 << 20
ROUNDING = 0.005
"""MiB by which each size in the log is off."""

Setting = tuple[int, int, str, str, bool]

SETTINGS: list[Setting] = [
    (8192, 128, "f16", "f16", False),
    (131_072, 2048, "q8_0", "q8_0", False),
    (100_000, 512, "q8_0", "f16", True),
]
"""Context, micro-batch, types of keys and values, and whether windows keep the whole context."""

SHORT: list[Setting] = [(1024, 64, "f16", "f16", False)]
LONG: list[Setting] = [
    (1 << 20, 512, "q4_0", "q4_0", False),
    (10_485_760, 256, "q8_0", "q8_0", False),
]
"""Settings that take llama.cpp a second each, whatever the model: not for every architecture."""

LONG_TRIED = ("deepseek2", "gpt-oss", "granitehybrid", "llama4")

BROKEN = frozenset({"plm", "rwkv6qwen2"})
"""Architectures of which this llama.cpp ends the process instead of making up a model."""

ARCHITECTURES = sorted(
    (cells._PLAIN | cells._WINDOWS.keys() | cells._RECURRENT | cells._HYBRID | cells._LATENT | cells._INDEXED) - BROKEN
)

DRAFTED = (
    "bailingmoe3", "cohere2moe", "deepseek2", "deepseek32", "deepseek4", "glm-dsa", "glm4moe", "glm5-next", "hy_v3",
    "jamba", "kimi-linear", "lfm2", "llama", "mimo2", "minimax-m3", "qwen35", "qwen35moe", "qwen3next", "step35",
)  # fmt: skip
NEVER_DRAFTED = ("bailingmoe2", "dots3note", "exaone-moe", "exaone4", "glm4")
"""Of these llama.cpp loads no draft layer, even when asked to."""

VARIANTS: list[tuple[str, dict[str, Value | None]]] = [
    *((name, {"nextn_predict_layers": 1}) for name in DRAFTED),
    ("cohere2", {"attention.sliding_window": 5000}),
    ("deci", {"attention.head_count": [4, 0, 4, 4, 4, 4], "attention.head_count_kv": [4, 0, 0, 2, 2, 4]}),
    ("deepseek2", {
        "attention.key_length_mla": None, "attention.value_length_mla": None, "attention.head_count_kv": 4,
        "attention.key_length": 192, "attention.value_length": 128,
    }),
    ("exaone4", {"block_count": 30}),
    ("exaone4", {"attention.sliding_window": None}),
    ("falcon-h1", {"ssm.group_count": 1}),
    ("gemma2", {"attention.sliding_window": None}),
    ("gemma3", {"attention.sliding_window_pattern": 3}),
    ("gemma3", {"attention.sliding_window_pattern": [True, False]}),
    ("gemma3", {"attention.sliding_window": 0}),
    ("gemma3n", {"block_count": 12}),
    ("glm-dsa", {"context_length": 1 << 20}),
    ("glm-dsa", {"attention.indexer.types": [1, 0, 0, 1, 0, 1]}),
    ("hy_v4", {"attention.indexer.top_k": 0}),
    ("laguna", {"attention.sliding_window": None}),
    ("lfm2", {"attention.sliding_window": None}),
    ("llama", {"block_count": 1}),
    ("llama4", {"attention.sliding_window": 0}),
    ("llama4", {"attention.sliding_window": None}),
    ("llama4", {"attention.sliding_window_pattern": 0}),
    ("mamba", {"attention.head_count": 0, "attention.head_count_kv": None}),
    ("mamba2", {"attention.head_count": None, "attention.head_count_kv": None}),
    ("minimax-01", {"full_attention_interval": None}),
    ("minimax-m3", {"leading_dense_block_count": 3}),
    ("openelm", {
        "attention.head_count": [4, 4, 2, 2, 1, 4], "attention.head_count_kv": [4, 2, 2, 2, 1, 2],
        "feed_forward_length": [256, 512, 768, 512, 256, 512], "attention.key_length": 64,
    }),
    ("plamo2", {
        "attention.head_count": [0, 4, 4, 4, 4, 4], "attention.head_count_kv": [0, 2, 0, 4, 0, 2],
        "attention.key_length": 64, "attention.value_length": 64,
    }),
    ("qwen3", {"attention.key_length": 80, "attention.value_length": 80}),
    ("qwen35", {"full_attention_interval": None}),
    ("qwen3next", {"attention.recurrent_layers": [1, 1, 0, 1, 0, 0]}),
    ("smallthinker", {"attention.sliding_window": 0}),
    ("smallthinker", {"attention.sliding_window": None}),
]  # fmt: skip
"""Keys that change the cache, given, left out or taking another form."""


def ask(jobs: list[dict[str, object]], environment: Mapping[str, str] = os.environ) -> list[object]:
    """Return what llama.cpp answers to *jobs*, in a process with *environment*."""
    environment = {**environment, "GGML_NO_BACKTRACE": "1"}
    child = Path(__file__).with_name("sizing_child.py")
    done = subprocess.run(
        [sys.executable, child], input=json.dumps(jobs), capture_output=True, text=True, check=False, env=environment
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(jobs) == len(answers), f"llama.cpp ended at {jobs[len(answers)]}: {done.stderr[-500:]}"
    return answers


def wrong(header: ModelHeader, answers: object, settings: Sequence[Setting] = SETTINGS) -> list[object]:
    """Return the settings for which the prediction is not what llama.cpp reports, with both."""
    assert isinstance(answers, list), answers
    found: list[object] = []
    for setting, answer in zip(settings, answers, strict=True):
        context, micro_batch, type_k, type_v, full_window = setting
        predicted = cache_bytes(header, context, micro_batch, type_k, type_v, full_window=full_window) / MIB
        if (answer is None) != bool(refused(header, type_k, type_v)):
            found.append((setting, answer, refused(header, type_k, type_v)))
        elif answer is not None and abs(predicted - answer[0]) > max(ROUNDING * answer[1], answer[0] / 1000):
            found.append((setting, answer[0], predicted))
    return found


def test_the_cache_of_every_architecture_is_what_llama_makes(tmp_path):
    """Whatever the types of keys and values, with windows trimmed and whole."""
    models = [(name, {}) for name in ARCHITECTURES] + VARIANTS
    paths = [tmp_path / f"{number}.gguf" for number in range(len(models))]
    for path, (name, changes) in zip(paths, models, strict=True):
        write_gguf(path, metadata(name, changes))

    answers = ask([{"do": "caches", "path": str(path), "settings": SETTINGS} for path in paths])

    headers = [read_header(path) for path in paths]
    assert [""] * len(models) == [supported(header) for header in headers]
    checked = zip(models, map(wrong, headers, answers), strict=True)
    assert [] == [(*model, differences) for model, differences in checked if differences]


def test_the_cache_of_ten_million_tokens_is_what_llama_makes(tmp_path):
    """A million and ten million tokens, one model of each kind of cache."""
    paths = [write_gguf(tmp_path / name, metadata(name)) for name in LONG_TRIED]

    answers = ask([{"do": "caches", "path": str(path), "settings": LONG} for path in paths])

    checked = zip(LONG_TRIED, paths, answers, strict=True)
    assert [] == [(name, found) for name, path, answer in checked if (found := wrong(read_header(path), answer, LONG))]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """The shapes of all tensors that a model of an architecture can have, draft layers too, by its name."""
    folder = tmp_path_factory.mktemp("shapes")
    names = sorted({*DRAFTED[:8], *NEVER_DRAFTED, "hy_v3", "mimo2", "qwen35moe", "qwen3next", "step35", *OTHERS})
    for name in names:
        write_gguf(folder / name, metadata(name, _drafting(name)))
    found = ask([{"do": "shapes", "path": str(folder / name)} for name in names])
    return {
        name: {key: tuple(shape) for key, shape in answer.items() if not key.endswith("scale")}
        for name, answer in zip(names, found, strict=True)
    }


OTHERS = (
    "falcon-h1", "gemma3n", "gpt-oss", "granitehybrid", "jamba", "lfm2", "llama4", "mamba2", "nemotron_h", "qwen35",
    "rwkv6", "t5",
)  # fmt: skip
"""Architectures with tensors outside the layers, or with parts of their own."""


def _drafting(name: str) -> dict[str, Value | None]:
    drafts = {} if name in NEVER_DRAFTED or name in OTHERS else {"nextn_predict_layers": 1}
    return drafts | ({"block_count": LAYERS} if name == "exaone4" else {})


def _with_a_draft(name: str, tensors: dict[str, tuple[int, ...]]) -> tuple[dict[str, Value], dict]:
    """Return metadata and *tensors* with a draft layer appended: attention as in the last layer, a network of its own.

    The network is dense where the first layer's is; of Bailing it is the last layer's, with a norm more. There are no
    rope factors: of EXAONE llama.cpp counts them once more for the draft layer, and loads no such file.
    """
    draft, network = f"blk.{LAYERS}.", f"blk.{LAYERS - 1 if name == 'bailingmoe2' else 0}."
    attention = f"blk.{LAYERS - 1}."
    extra = {}
    for key, shape in tensors.items():
        part = key.split(".", 2)[-1]
        of_the_network = part.startswith(("exp_probs", "ffn_")) and part != "ffn_norm.weight"
        if key.startswith(network if of_the_network else attention) and not part.startswith("indexer"):
            extra[draft + part] = shape
    extra |= {f"{draft}nextn.eh_proj.weight": (512, 256), f"{draft}nextn.enorm.weight": (256,)}
    extra |= {f"{draft}nextn.hnorm.weight": (256,)}
    if name == "bailingmoe2":
        extra[f"{draft}layer_output_norm.weight"] = (256,)
    found = {key: shape for key, shape in (tensors | extra).items() if key != "rope_freqs.weight"}
    return metadata(name, {"block_count": LAYERS + 1, "nextn_predict_layers": 1}), found


def test_the_weights_that_llama_loads_are_those_counted(tmp_path, shapes):
    """To the padding between tensors, with draft layers left in the file, and the cache of a model that has some."""
    paths = [tmp_path / f"{name}.gguf" for name in shapes]
    for path, (name, tensors) in zip(paths, shapes.items(), strict=True):
        keys, found = metadata(name, _drafting(name)), tensors
        if name in NEVER_DRAFTED:
            keys, found = _with_a_draft(name, tensors)
        write_gguf(path, keys, [(key, one, "F16" if len(one) > 1 else "F32") for key, one in found.items()])

    answers = ask([{"do": "load", "path": str(path), "settings": SHORT} for path in paths])

    for path, answer in zip(paths, answers, strict=True):
        header = read_header(path)
        sizes, bytes_of = weights(header), {tensor.name: tensor.bytes for tensor in header.tensors}
        assert answer["loaded"], path.name
        assert sizes.total + sizes.unused == sum(bytes_of.values())
        assert sizes.total == sum(sizes.classes.values())
        assert sizes.unused == pytest.approx(sum(bytes_of[name] for name in answer["unused"]), abs=32), path.name
        assert sizes.total / MIB == pytest.approx(sum(answer["weights"].values()), rel=1e-3), path.name
        assert [] == wrong(header, answer["caches"], SHORT), path.name


def test_a_real_model_takes_what_is_counted_for_it():
    """The buffers that loading the bundled model fills, weights and cache, to a thousandth."""
    header = read_header(bundled_model())

    (answer,) = ask([{"do": "load", "path": str(bundled_model()), "settings": SHORT}])

    assert {"CPU": weights(header).total / MIB} == pytest.approx(answer["weights"], rel=1e-3)
    assert [] == wrong(header, answer["caches"], SHORT)


@pytest.fixture(scope="module")
def card() -> Iterator[Mapping[str, str]]:
    """The environment of a process that sees a card of 4 GiB."""
    try:
        made = plugin()
    except Unavailable as why:
        if os.environ.get("CI") and sys.platform == "linux":
            pytest.fail(str(why))
        pytest.skip(str(why))
    server = Server(made)
    yield with_cards(made, {server.endpoint: 4 << 30})
    server.kill()


@pytest.mark.parametrize("gpu_layers", [99, 4])
def test_a_card_holds_what_is_counted_for_it(tmp_path, shapes, card, gpu_layers):
    """Its last layers, the output and the copy of a tied table; input tables and the other layers stay on the host."""
    names = ("falcon-h1", "gemma3n", "lfm2", "qwen35", "t5")
    paths = [tmp_path / f"{name}.gguf" for name in names]
    for path, name in zip(paths, names, strict=True):
        found = {key: one for key, one in shapes[name].items() if key != "output.weight"}
        tensors = [(key, one, "F16" if len(one) > 1 else "F32") for key, one in found.items()]
        write_gguf(path, metadata(name, _drafting(name)), tensors)

    jobs = [{"do": "load", "path": str(path), "gpu_layers": gpu_layers, "settings": []} for path in paths]
    answers = ask(jobs, card)

    for path, answer in zip(paths, answers, strict=True):
        sizes = weights(read_header(path))
        first = max(0, len(sizes.blocks) + 1 - gpu_layers)
        there = sum(block.total for block in sizes.blocks[first:]) + sizes.output + sizes.tied
        here = sizes.embedding + sum(block.total for block in sizes.blocks[:first])
        held = {name.startswith("RPC"): size for name, size in answer["weights"].items()}
        assert sizes.tied > 0
        assert {True: there / MIB, False: here / MIB} == pytest.approx(held, abs=2 * ROUNDING), path.name
