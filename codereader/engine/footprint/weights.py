"""Bytes of a model's weights, by what they are and by where they can be placed.

Sums over the header's tensor table: exact. Knows nothing of machines.
"""

from __future__ import annotations

from dataclasses import dataclass

from codereader.model.gguf import ModelHeader


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes of one layer: `experts` are the routed ones, which one token uses few of; `rest` is everything else."""

    rest: int
    experts: int = 0

    @property
    def total(self) -> int:
        """Bytes of the whole layer."""
        return self.rest + self.experts


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of the weights by where they can be placed. `blocks` has one entry a layer, the first layer first."""

    embedding: int
    """Input tables, which llama.cpp keeps in the host's memory."""
    blocks: tuple[Block, ...]
    output: int
    tied: int = 0
    """Bytes of the input table where it serves as the output too: a device that holds the output gets a copy."""

    @property
    def total(self) -> int:
        """Bytes of all of them, each once."""
        return self.embedding + sum(block.total for block in self.blocks) + self.output


def weights(header: ModelHeader) -> Weights:
    """Sort the header's tensors into blocks, input tables and output."""
    rest, experts = [0] * header.block_count, [0] * header.block_count
    embedding = output = 0
    sizes = {tensor.name: tensor.bytes for tensor in header.tensors}
    tied = 0 if "output.weight" in sizes else sizes.get("token_embd.weight", 0)
    for tensor in header.tensors:
        number = block_number(tensor.name)
        if number is not None and number < header.block_count:
            (experts if is_expert(tensor.name) else rest)[number] += tensor.bytes
        elif tensor.name.startswith(("token_embd", "per_layer_token_embd", "position_embd", "token_types")):
            embedding += tensor.bytes
        else:
            output += tensor.bytes
    return Weights(embedding, tuple(map(Block, rest, experts)), output, tied)


def is_expert(name: str) -> bool:
    """Whether the tensor called *name* holds routed experts: what ``--cpu-moe`` of llama.cpp's programs means."""
    return "_exps." in name or "_chexps." in name


def block_number(name: str) -> int | None:
    """Return the layer of a tensor called ``blk.<layer>.<part>``, None for the others."""
    head, _, rest = name.partition(".")
    digits = rest.partition(".")[0]
    return int(digits) if head == "blk" and digits.isdecimal() else None
