"""Operations and bytes that evaluating a token costs, predicted from a model's header.

Operations are floating-point ones, a multiplication and an addition counting two. Knows nothing of machines.
"""

from __future__ import annotations

from codereader.engine.footprint.weights import block_number, is_expert
from codereader.model.gguf import ModelHeader


def prefill_operations(header: ModelHeader, prompt_tokens: int) -> float:
    """Return floating-point operations a prompt token: 2 a weight used, and 4 x heads x key_length a token it sees."""
    attention = 4 * sum(header.head_counts) * header.key_length * prompt_tokens / 2
    return 2 * _weights_used(header) + attention


def widest_operations(header: ModelHeader) -> int:
    """Return floating-point operations a token of the largest matrix inside a layer: the longest that cannot stop."""
    inside = (tensor for tensor in header.tensors if block_number(tensor.name) is not None)
    return max((2 * int(tensor.elements * share_used(header, tensor.name)) for tensor in inside), default=0)


def share_used(header: ModelHeader, name: str) -> float:
    """Return the share of the tensor called *name* that one token is multiplied with: of experts those it uses."""
    if not is_expert(name) or not header.expert_count:
        return 1.0
    return header.expert_used_count / header.expert_count


def _weights_used(header: ModelHeader) -> float:
    """Return the number of weights one token is multiplied with: of experts only those that are used."""
    multiplied = (tensor for tensor in header.tensors if len(tensor.shape) > 1 and tensor.name != "token_embd.weight")
    return sum(tensor.elements * share_used(header, tensor.name) for tensor in multiplied)
