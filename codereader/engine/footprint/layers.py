"""The steps in which llama.cpp evaluates one layer, by the tensors that the layer has.

Written after src/llama-graph.cpp and src/models/ of llama.cpp, with flash attention: what is computed in which order,
how wide each result is, and what may be written over what. A layer is described by the shapes of its tensors alone, so
that an architecture made of the same parts needs nothing of its own. Widths are 32-bit numbers a token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from codereader.engine.footprint.scratch import Graph

Shapes = Mapping[str, tuple[int, ...]]
"""Shapes of a layer's tensors by name, without ``blk.N.`` and ``.weight``; a bias keeps its ``.bias``."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the shapes of a layer do not say."""

    head: int
    """Numbers of one head's key."""
    value: int
    """Numbers of one head's value."""
    key_value_heads: int
    experts_used: int
    state: int
    """Numbers of state a channel of a recurrent layer has (ssm.state_size)."""
    groups: int
    inner: int
    """Channels of a recurrent layer (ssm.inner_size)."""
    rotates: bool
    """Whether queries, keys and values are rotated against the loss of a quantized cache."""
    weighs_first: bool
    """Whether the input of experts is weighed instead of their output (Llama 4)."""


def evaluate(graph: Graph, shapes: Shapes, facts: Facts, tokens: int, residual: int, width: int) -> int:
    """Add the steps of one layer that reads *residual*, *width* numbers a token; return the next residual."""
    layer = _Layer(graph, shapes, facts, tokens, width)
    return layer.evaluate(residual)


@dataclass(frozen=True, slots=True)
class _Layer:
    graph: Graph
    shapes: Shapes
    facts: Facts
    tokens: int
    width: int

    def evaluate(self, residual: int) -> int:
        mixed, normed = self.mixer(residual)
        if mixed is not None:
            mixed = self.normed_over(mixed) if self.normalizes_after else mixed
            residual_or_both = mixed if self.is_parallel else self.over(self.width, mixed, residual)
        else:
            residual_or_both = residual
        if not self.feeds_forward:
            return residual_or_both
        if self.is_parallel and mixed is not None:
            fed = self.feed(normed if normed is not None else residual)
            return self.over(self.width, self.over(self.width, fed, mixed), residual)
        fed = self.feed(self.normed(residual_or_both))
        return self.over(self.width, fed, residual_or_both)

    # -- shapes -------------------------------------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        return name in self.shapes

    def out(self, name: str) -> int:
        """Return how many numbers a token the matrix *name* gives, 0 where there is none."""
        shape = self.shapes.get(name, ())
        return shape[1] if len(shape) > 1 else 0

    @property
    def is_parallel(self) -> bool:
        """Whether the feed-forward part reads what the attention reads (Phi-2, GPT-NeoX, Command R)."""
        return self.feeds_forward and not any(self.has(name) for name in ("ffn_norm", "post_attention_norm"))

    @property
    def normalizes_after(self) -> bool:
        return self.has("post_attention_norm") and (self.has("ffn_norm") or self.has("post_ffw_norm"))

    @property
    def feeds_forward(self) -> bool:
        return self.has("ffn_down") or self.has("ffn_down_exps")

    # -- steps --------------------------------------------------------------------------------------------------------

    def new(self, width: float, *sources: int) -> int:
        return self.graph.new(4 * self.tokens * width, *sources)

    def over(self, width: float, *sources: int) -> int:
        return self.graph.over(4 * self.tokens * width, *sources)

    def normed(self, source: int, width: int = 0) -> int:
        """Normalize *source*, which others read too."""
        return self.over(width or self.width, self.new(width or self.width, source))

    def normed_over(self, source: int) -> int:
        return self.over(self.width, self.over(self.width, source))

    def times(self, name: str, source: int) -> int:
        """Multiply by the matrix *name* and add its bias."""
        result = self.new(self.out(name), source)
        return self.over(self.out(name), result) if self.has(f"{name}.bias") else result

    # -- attention and what stands in its place -----------------------------------------------------------------------

    def mixer(self, residual: int) -> tuple[int | None, int | None]:
        """Return the result of the layer's first half, if it has one, and what that half read."""
        for name, steps in self.mixers().items():
            if self.has(name):
                normed = self.normed(residual) if self.has("attn_norm") else residual
                return steps(normed), normed
        return None, None

    def mixers(self) -> dict[str, Callable[[int], int]]:
        return {
            "ssm_conv1d": self.recurrent,
            "shortconv.conv": self.short_convolution,
            "attn_kv_a_mqa": self.latent_attention,
            "attn_qkv": self.attention,
            "attn_q": self.attention,
        }

    def attention(self, normed: int) -> int:
        heads = self.facts.key_value_heads
        key, value = heads * self.facts.head, heads * self.facts.value
        query = (self.out("attn_qkv") - key - value) if self.has("attn_qkv") else self.out("attn_q")
        gated = self.has("attn_output") and self.shapes["attn_output"][0] * 2 == query
        if self.has("attn_qkv"):
            every = self.times("attn_qkv", normed)
            queries, keys, values = (self.graph.view(every) for _ in range(3))
        else:
            queries = self.times("attn_q", normed)
            keys = values = -1
        gate = self.graph.view(queries) if gated else -1
        query = query // 2 if gated else query
        queries = self.turned("attn_q_norm", self.graph.view(queries), query)
        if keys < 0:
            keys = self.graph.view(self.times("attn_k", normed)) if self.has("attn_k") else -1
        if keys >= 0:
            keys = self.turned("attn_k_norm", keys, key)
        if values < 0:
            values = self.graph.view(self.times("attn_v", normed)) if self.has("attn_v") else -1
        return self.attend(queries, keys, values, (query, key, value), gate)

    def turned(self, norm: str, source: int, width: int) -> int:
        """Normalize where the layer does, and turn by position."""
        if self.has(norm):
            return self.over(width, self.normed(source, width))
        return self.new(width, source)

    def attend(self, queries: int, keys: int, values: int, widths: tuple[int, int, int], gate: int) -> int:
        """Store keys and values, attend, and multiply by the output matrix."""
        query, key, value = widths
        if self.facts.rotates:
            queries = self.new(query, queries)
            keys = self.new(key, keys) if keys >= 0 else -1
            values = self.new(value, values) if values >= 0 else -1
        for one in (keys, values):
            if one >= 0:
                self.new(0, self.graph.view(one))
        width = self.shapes["attn_output"][0] if self.has("attn_output") else query
        result = self.new(width, self.graph.view(queries))
        if self.facts.rotates:
            result = self.new(width, self.graph.view(result))
        if gate >= 0:
            result = self.over(width, self.graph.view(result), self.over(width, self.new(width, gate)))
        return self.times("attn_output", self.graph.view(result)) if self.has("attn_output") else result

    def latent_attention(self, normed: int) -> int:
        """DeepSeek's: keys and values from one small vector, absorbed into the query where ``attn_k_b`` is split off."""
        if self.has("attn_q_a"):
            queries = self.times("attn_q_b", self.normed_small("attn_q_a", normed))
            query = self.out("attn_q_b")
        else:
            queries, query = self.times("attn_q", normed), self.out("attn_q")
        small = self.out("attn_kv_a_mqa")
        if not self.has("attn_k_b"):
            return self.unfolded_attention(normed, queries, query)
        inner, rank, heads = self.shapes["attn_k_b"][0], self.shapes["attn_k_b"][1], self.shapes["attn_k_b"][2]
        absorbed = self.new(heads * rank, self.graph.view(queries))
        turned = self.new(query - heads * inner, self.graph.view(queries))
        queries = self.new(heads * (rank + query // heads - inner), self.graph.view(absorbed), turned)
        both = self.new(small, normed)
        values = self.normed(self.graph.view(both), rank)
        keys = self.new(small, self.graph.view(values), self.new(small - rank, self.graph.view(both)))
        self.new(0, self.graph.view(keys))
        result = self.new(heads * rank, self.graph.view(queries))
        width = self.shapes["attn_output"][0]
        result = self.new(width, self.graph.view(result))
        result = self.new(width, self.graph.view(result))
        return self.times("attn_output", self.graph.view(result))

    def unfolded_attention(self, normed: int, queries: int, query: int) -> int:
        """Latent attention as plain attention, every head with keys and values of its own."""
        small, pair = self.out("attn_kv_a_mqa"), self.out("attn_kv_b")
        rank = self.shapes["attn_kv_b"][0]
        queries = self.new(query, self.graph.view(queries))
        both = self.new(small, normed)
        result = self.new(pair, self.normed(self.graph.view(both), rank))
        value = self.shapes["attn_output"][0]
        values = self.new(value, self.graph.view(result))
        turned = self.new(small - rank, self.graph.view(both))
        keys = self.new(query, self.graph.view(result), self.new(query * (small - rank) // self.facts.head, turned))
        return self.attend(queries, keys, values, (query, query, value), -1)

    def normed_small(self, name: str, source: int) -> int:
        result = self.new(self.out(name), source)
        return self.over(self.out(name), self.over(self.out(name), result))

    # -- recurrent layers ---------------------------------------------------------------------------------------------

    def recurrent(self, normed: int) -> int:
        if self.has("ssm_x"):
            return self.mamba(normed)
        if self.has("ssm_beta_alpha") or self.has("ssm_beta") or self.has("ssm_ba"):
            return self.delta_net(normed)
        return self.mamba2(normed)

    def convolved(self, channels: int, source: int) -> tuple[int, int]:
        """Return the input of a convolution, the state before it first, and its result."""
        kernel = self.shapes["ssm_conv1d"][0]
        state = self.graph.new(4 * (kernel - 1) * channels)
        row = self.graph.new(4 * (self.tokens + kernel - 1) * channels, self.graph.view(state), self.graph.view(source))
        self.new(0, self.graph.view(row))
        return row, self.new(channels, row)

    def mamba(self, normed: int) -> int:
        inner = self.facts.inner
        both = self.new(2 * inner, self.graph.view(normed))
        _, moved = self.convolved(inner, both)
        moved = self.over(inner, self.over(inner, moved))
        small = self.out("ssm_x")
        narrow = self.new(small, moved)
        step = self.new(small - 2 * self.facts.state, self.graph.view(narrow))
        step = self.over(inner, self.new(inner, step))
        first, last = (self.new(self.facts.state, self.graph.view(narrow)) for _ in range(2))
        scanned = self.scanned(self.graph.view(moved), step, first, last)
        return self.gated_output(scanned, moved, both)

    def mamba2(self, normed: int) -> int:
        inner, channels = self.facts.inner, self.facts.inner + 2 * self.facts.groups * self.facts.state
        both = self.new(self.out("ssm_in"), normed)
        _, moved = self.convolved(channels, both)
        moved = self.over(channels, self.over(channels, moved))
        heads = self.out("ssm_in") - inner - channels
        step = self.over(heads, self.new(heads, self.graph.view(both)))
        scanned = self.scanned(self.graph.view(moved), step)
        result = self.gated_output(scanned, self.graph.view(moved), both)
        return result

    def scanned(self, *sources: int) -> int:
        """Return what a scan gives: its output, and the state behind it."""
        inner = self.facts.inner
        return self.graph.new(4 * inner * (self.tokens + self.facts.state), *sources)

    def gated_output(self, scanned: int, moved: int, both: int) -> int:
        inner = self.facts.inner
        self.new(0, self.graph.view(scanned))
        gate = self.new(inner, self.graph.view(both))
        skipped = self.new(inner, moved)
        result = self.over(inner, self.graph.view(scanned), skipped)
        result = self.new(inner, gate, result)
        if self.has("ssm_norm"):
            result = self.normed(self.graph.view(result), inner)
        return self.times("ssm_out", self.graph.view(result))

    def delta_net(self, normed: int) -> int:
        """Gated delta net: Qwen3-Next and its followers."""
        inner, key = self.facts.inner, self.facts.groups * self.facts.state
        channels = inner + 2 * key
        if self.has("attn_qkv"):
            mixed = self.graph.view(self.new(channels, normed))
            gate = self.new(inner, normed) if self.has("attn_gate") else -1
        else:
            every = self.graph.view(self.new(self.out("ssm_in"), normed))
            gate = self.new(inner, every)
            pair = self.new(2 * key, self.new(key, every), self.new(key, every))
            mixed = self.graph.view(self.new(channels, pair, self.new(inner, every)))
        state = self.graph.new(4 * inner * self.facts.state)
        _, moved = self.convolved(channels, mixed)
        moved = self.over(channels, moved)
        queries, keys = (self.repeated(self.new(key, self.graph.view(moved)), key) for _ in range(2))
        scanned = self.scanned(queries, keys, self.graph.view(moved), self.graph.view(state))
        self.new(0, self.graph.view(scanned))
        result = self.normed(self.graph.view(scanned), inner)
        shut = self.new(inner, self.graph.view(gate)) if gate >= 0 else result
        return self.times("ssm_out", self.graph.view(self.over(inner, result, shut)))

    def repeated(self, source: int, key: int) -> int:
        """Repeat keys for each head of values that shares them."""
        if key == self.facts.inner:
            return source
        return self.graph.view(self.new(self.facts.inner, self.graph.view(source)))

    def short_convolution(self, normed: int) -> int:
        """LFM2's: three projections, a convolution of one of them times another."""
        width = self.shapes["shortconv.conv"][-1]
        kernel = self.shapes["shortconv.conv"][0]
        every = self.new(3 * width, self.graph.view(normed))
        product = self.new(width, self.graph.view(every), self.graph.view(every))
        state = self.graph.new(4 * (kernel - 1) * width)
        row = self.graph.new(4 * (self.tokens + kernel - 1) * width, state, self.graph.view(product))
        self.new(0, self.graph.view(row))
        result = self.new(width, self.graph.view(every), self.new(width, row))
        return self.times("shortconv.out_proj", self.graph.view(result))

    # -- feed-forward -------------------------------------------------------------------------------------------------

    def feed(self, normed: int) -> int:
        """Return the result of the layer's second half, which reads *normed*."""
        if self.has("ffn_down_exps"):
            result = self.experts(normed)
            if self.has("ffn_down_shexp"):
                result = self.over(self.width, result, self.dense(normed, "_shexp"))
            elif self.has("ffn_down"):
                result = self.over(self.width, result, self.dense(normed, ""))
        else:
            result = self.dense(normed, "")
        if self.has("post_ffw_norm"):
            result = self.normed_over(result)
        return result

    def dense(self, normed: int, suffix: str) -> int:
        inner = self.shapes[f"ffn_down{suffix}"][0]
        up = f"ffn_up{suffix}"
        if self.has(f"ffn_gate{suffix}"):
            result = self.new(inner, self.times(f"ffn_gate{suffix}", normed), self.times(up, normed))
        elif self.out(up) == 2 * inner:
            result = self.new(inner, self.times(up, normed))
        else:
            result = self.over(inner, self.times(up, normed))
        return self.times(f"ffn_down{suffix}", result)

    def experts(self, normed: int) -> int:
        used, (inner, width, count) = self.facts.experts_used, self.shapes["ffn_down_exps"]
        scores = self.new(count, normed)
        chances = self.new(count, scores)
        order = self.new(count, scores)
        weights = self.over(used, self.over(used, self.new(used, chances, self.graph.view(order))))
        chosen = self.graph.view(order)
        source = normed
        if self.facts.weighs_first:
            source = self.over(used * width, self.new(used * width, normed), weights)
        if self.has("ffn_gate_up_exps"):
            both = self.biased("ffn_gate_up_exps", self.new(2 * used * inner, source, chosen), 2 * inner)
            result = self.new(used * inner, self.graph.view(both), self.graph.view(both))
        elif self.has("ffn_gate_exps"):
            gate = self.biased("ffn_gate_exps", self.new(used * inner, source, chosen), inner)
            up = self.biased("ffn_up_exps", self.new(used * inner, source, chosen), inner)
            result = self.new(used * inner, gate, up)
        else:
            result = self.over(used * inner, self.new(used * inner, source, chosen))
        down = self.biased("ffn_down_exps", self.new(used * width, result, chosen), width)
        if not self.facts.weighs_first:
            down = self.over(used * width, down, weights)
        return self.summed(down, width)

    def summed(self, down: int, width: int) -> int:
        """Add up what each expert gave."""
        parts = [self.graph.view(down) for _ in range(self.facts.experts_used)]
        result = self.new(width, *parts[:2])
        for part in parts[2:]:
            result = self.over(width, result, part)
        return result

    def biased(self, name: str, source: int, width: int) -> int:
        used = self.facts.experts_used
        return self.over(used * width, source) if self.has(f"{name}.bias") else source
