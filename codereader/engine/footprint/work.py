"""Operations that evaluating a token costs, predicted from a model's header.

Operations are floating-point ones, a multiplication and an addition counting two. Knows nothing of machines.
"""

from __future__ import annotations

from dataclasses import dataclass

from codereader.engine.footprint.cells import window_length, windowed_layers
from codereader.engine.footprint.weights import block_number, is_expert
from codereader.model.gguf import ModelHeader


@dataclass(frozen=True, slots=True)
class Work:
    """Operations of one token by what it is multiplied with. `rest` and `experts` have one entry a layer."""

    rest: tuple[float, ...]
    experts: tuple[float, ...]
    """Those of the routed experts that one token uses."""
    output: float


def work(header: ModelHeader) -> Work:
    """Return two operations a weight that one token is multiplied with, of routed experts those that it uses."""
    rest, experts = [0.0] * header.block_count, [0.0] * header.block_count
    output = table = 0.0
    used = expert_share(header)
    for tensor in header.tensors:
        if len(tensor.shape) < 2:
            continue
        number = block_number(tensor.name)
        if number is not None and number < header.block_count:
            if is_expert(tensor.name):
                experts[number] += 2 * tensor.elements * used
            else:
                rest[number] += 2 * tensor.elements
        elif tensor.name == "output.weight":
            output = 2.0 * tensor.elements
        elif tensor.name == "token_embd.weight":
            table = 2.0 * tensor.elements
    return Work(tuple(rest), tuple(experts), output or table)


def attention_operations(header: ModelHeader, tokens: int) -> tuple[float, ...]:
    """Return the operations a layer of one token of a prompt of *tokens*, on average: it sees half of them.

    4 x heads x key_length a token seen. A windowed layer sees no more than its window; one without a cache nothing.
    """
    window = window_length(header)
    everything, near = _seen(tokens, tokens), _seen(tokens, window or tokens)
    windowed = windowed_layers(header)
    return tuple(
        4.0 * heads * header.key_length * (near if layer < len(windowed) and windowed[layer] else everything)
        for layer, heads in enumerate(_attending(header))
    )


def widest_operations(header: ModelHeader) -> int:
    """Return floating-point operations a token of the largest matrix inside a layer: the longest that cannot stop."""
    inside = (tensor for tensor in header.tensors if block_number(tensor.name) is not None)
    return max((2 * int(tensor.elements * share_used(header, tensor.name)) for tensor in inside), default=0)


def share_used(header: ModelHeader, name: str) -> float:
    """Return the share of the tensor called *name* that one token is multiplied with: of experts those it uses."""
    return expert_share(header) if is_expert(name) else 1.0


def expert_share(header: ModelHeader) -> float:
    """Return the share of the routed experts that one token uses; 1 where there are none."""
    if not header.expert_count:
        return 1.0
    return min(1.0, header.expert_used_count / header.expert_count)


def _attending(header: ModelHeader) -> tuple[int, ...]:
    """Return the attention heads of each layer, 0 for layers that keep no keys."""
    heads, kept = header.head_counts, header.kv_head_counts
    return tuple(count if layer >= len(kept) or kept[layer] else 0 for layer, count in enumerate(heads))


def _seen(tokens: int, window: int) -> float:
    """Return how many tokens one of *tokens* sees on average, at most *window* of them."""
    if tokens <= window:
        return tokens / 2
    return window - window * window / (2 * tokens)
