"""Bytes of a model's weights, by what they are and by where they can be placed.

Sums over the header's tensor table: exact. Where llama.cpp puts a tensor is told by its name (src/llama-arch.cpp, the
tensors' layers; src/llama-model-loader.cpp, `create_tensor`). Knows nothing of machines.
"""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass

from codereader.engine.footprint.cells import attending_layers, recurrent_layers, trunk_length
from codereader.model.container import Tensor
from codereader.model.gguf import ModelHeader


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes of one layer: `experts` are the routed ones, which one token uses few of; `rest` is everything else.

    `attention`, `dense`, `shared` and `recurrent` are parts of `rest`: matrices of attention, of the feed-forward
    network, of experts that every token uses, and of what replaces attention in recurrent layers.
    """

    rest: int
    experts: int = 0
    attention: int = 0
    dense: int = 0
    shared: int = 0
    recurrent: int = 0

    @property
    def total(self) -> int:
        """Bytes of the whole layer."""
        return self.rest + self.experts

    @property
    def other(self) -> int:
        """Bytes of norms, routers and whatever else the layer has."""
        return self.rest - self.attention - self.dense - self.shared - self.recurrent


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of the weights by where they can be placed. `blocks` has one entry a layer, the first layer first."""

    embedding: int
    """Input tables, which llama.cpp keeps in the host's memory."""
    blocks: tuple[Block, ...]
    output: int
    """What follows the last layer: on the last device that holds layers where all are on devices."""
    tied: int = 0
    """Bytes of the input table where it serves as the output too: a device that holds the output gets a copy.

    So does the host where it repacks the table's type for its processor. Only a dry run can tell.
    """
    unused: int = 0
    """Bytes that stand in the file and are not loaded: layers that draft several tokens at once."""

    @property
    def total(self) -> int:
        """Bytes of all that is loaded, each once."""
        return self.embedding + sum(block.total for block in self.blocks) + self.output

    @property
    def classes(self) -> dict[str, int]:
        """Bytes of all that is loaded by what it is, classes that the model lacks left out."""
        found = {
            "attention": sum(block.attention for block in self.blocks),
            "feed-forward": sum(block.dense for block in self.blocks),
            "shared experts": sum(block.shared for block in self.blocks),
            "routed experts": sum(block.experts for block in self.blocks),
            "recurrent": sum(block.recurrent for block in self.blocks),
            "norms and other": sum(block.other for block in self.blocks),
            "embeddings": self.embedding,
            "output": self.output,
        }
        return {name: size for name, size in found.items() if size}


_INPUT = frozenset({"per_layer_token_embd", "position_embd", "token_embd", "token_types"})
_FIRST_LAYER = frozenset({
    "hrm", "per_layer_model_proj", "per_layer_proj_norm", "rope_factors_long", "rope_factors_short", "rope_freqs",
    "token_embd_norm",
})  # fmt: skip
"""Tensors outside the layers, by the first word of their names: read by the host, or placed with the first layer."""

_DRAFTS_SKIPPED = frozenset({
    "bailingmoe2", "bailingmoe3", "cohere2moe", "deepseek2", "deepseek32", "deepseek4", "dots3note", "exaone-moe",
    "exaone4", "glm-dsa", "glm4", "glm4moe", "glm5-next", "hy_v3", "mimo2", "mistral4", "nemotron_h", "nemotron_h_moe",
    "qwen35", "qwen35moe", "qwen3next", "step35",
})  # fmt: skip
"""Architectures whose draft layers llama.cpp leaves in the file unless it is asked to load them (`load_mtp`)."""

_HEADS = ("nextn.embed_tokens", "nextn.shared_head_")
_NETWORK = ("exp_probs_b", "ffn_down", "ffn_gate", "ffn_up")
_DRAFTS_LOADED = {
    "cohere2moe": _HEADS,
    "deepseek32": ("exp_probs_b",),
    "glm-dsa": ("exp_probs_b",),
    "hy_v3": _HEADS + _NETWORK,
    "step35": (*_HEADS, *_NETWORK, "attn_gate", "attn_k_norm", "attn_q_norm"),
}
"""Parts of draft layers that are loaded all the same, by how their names begin."""

_RECURRENT_PARTS = ("channel_mix_", "shortconv.", "ssm_", "time_mix_")


def weights(header: ModelHeader) -> Weights:
    """Sort the header's tensors into blocks, input tables and output."""
    blocks = [Counter[str]() for _ in range(header.block_count)]
    trunk, attending = trunk_length(header), attending_layers(header)
    recurrent = [recurs and not attends for recurs, attends in zip(recurrent_layers(header), attending, strict=True)]
    embedding = output = unused = tied = 0
    names = {tensor.name for tensor in header.tensors}
    for tensor in header.tensors:
        number = _layer(header, tensor)
        if number is not None and number < header.block_count:
            if number >= trunk and not _draft_is_loaded(header, tensor.name):
                unused += tensor.bytes
            else:
                blocks[number][_kind_of(_part(tensor.name), recurs=recurrent[number])] += tensor.bytes
        elif _word(tensor.name) in _INPUT:
            embedding += tensor.bytes
            if tensor.name == "token_embd.weight" and "output.weight" not in names:
                tied = tensor.bytes
        else:
            output += tensor.bytes
    return Weights(embedding, tuple(map(_block, blocks)), output, tied, unused)


def is_expert(name: str) -> bool:
    """Whether the tensor called *name* holds routed experts: what ``--cpu-moe`` of llama.cpp's programs means."""
    return "_exps." in name or "_chexps." in name


@functools.lru_cache(maxsize=1 << 14)
def block_number(name: str) -> int | None:
    """Return the layer of a tensor called ``blk.<layer>.<part>``, None for the others.

    Encoders and decoders have ``enc.`` and ``dec.`` before.
    """
    head, _, rest = name.removeprefix("enc.").removeprefix("dec.").partition(".")
    digits = rest.partition(".")[0]
    return int(digits) if head == "blk" and digits.isdecimal() and len(digits) <= _DIGITS else None


_DIGITS = 9
"""Digits of a layer's number beyond which a name is not believed."""


def _layer(header: ModelHeader, tensor: Tensor) -> int | None:
    """Return the layer that *tensor* is placed with."""
    word = _word(tensor.name)
    if word == "token_embd_norm" and header.architecture in {"lfm2", "lfm2moe"}:
        return None
    return 0 if word in _FIRST_LAYER else block_number(tensor.name)


def _draft_is_loaded(header: ModelHeader, name: str) -> bool:
    part = name.split(".", 2)[-1]
    skipped = header.architecture in _DRAFTS_SKIPPED
    return not skipped or part.startswith(_DRAFTS_LOADED.get(header.architecture, ()))


@functools.lru_cache(maxsize=1 << 12)
def _kind_of(part: str, *, recurs: bool) -> str:
    """Return the field of a block that the tensor called *part* counts for beside `rest`: `rest` for none other."""
    if is_expert(part):
        return "experts"
    if part.startswith(_RECURRENT_PARTS) or (recurs and part.startswith("attn_") and "norm" not in part):
        return "recurrent"
    if "_shexp." in part and not part.startswith("ffn_gate_inp"):
        return "shared"
    if part.startswith(("attn_", "cross_attn_", "indexer")) and "norm" not in part:
        return "attention"
    return "dense" if part.startswith(("ffn_down.", "ffn_gate.", "ffn_up.")) else "rest"


def _block(counted: Counter[str]) -> Block:
    """Return the block of which so many bytes were *counted* of each kind."""
    rest = sum(size for kind, size in counted.items() if kind != "experts")
    return Block(**{**counted, "rest": rest})


def _part(name: str) -> str:
    """Return what stands behind the layer's number in the name of a tensor."""
    return name.removeprefix("enc.").removeprefix("dec.").split(".", 2)[-1]


def _word(name: str) -> str:
    return name.partition(".")[0]
