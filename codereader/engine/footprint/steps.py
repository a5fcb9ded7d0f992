"""The steps in which llama.cpp evaluates one layer, by the tensors that the layer has.

Written after src/llama-graph.cpp and src/models/ of llama.cpp, with flash attention: what is computed in which order,
how wide each result is, and what may be written over what. A layer is described by the shapes of its tensors alone, so
that an architecture made of the same parts needs nothing of its own. Widths are 32-bit numbers a token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

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
    experts_used: int = 0
    inner: int = 0
    """Channels of a recurrent layer (ssm.inner_size)."""
    state: int = 0
    """Numbers of state that each of them has (ssm.state_size)."""
    groups: int = 0
    rotates: bool = False
    """Whether queries, keys and values are rotated against the loss of a quantized cache."""
    weighs_first: bool = False
    """Whether the input of experts is weighed instead of their output (Llama 4)."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a layer is evaluated: homes of a `Graph`."""

    home: int = 0
    experts: int = 0
    """Where its routed experts are evaluated."""
    before: int = 0
    """The device that hands over to this one with this layer, 0 if none does: it computes the first norm."""
    inputs: tuple[int, ...] = ()
    """What the device will read beside the residual, where it takes over with this layer."""
    next: int = 0
    """Where the next layer is evaluated: a device takes over from the host as soon as no weights of the host follow."""
    next_inputs: tuple[int, ...] = ()
    """What a device will read that takes over at the end of this layer, or that goes on after its experts."""
    lent: Mapping[str, int] = field(default_factory=dict)
    """Bytes by name of the tensors that lie elsewhere and are copied to where they are used, each time."""
    cache: int = 0
    """Bytes of the layer's cache where that lies elsewhere too and is copied."""


def attends(shapes: Shapes) -> bool:
    """Whether a layer of these *shapes* reads a cache of keys, and so a mask. Delta nets name their input like it."""
    return "attn_q" in shapes or "attn_kv_a_mqa" in shapes or ("attn_qkv" in shapes and "ssm_conv1d" not in shapes)


def evaluate(
    graph: Graph, shapes: Shapes, facts: Facts, tokens: int, width: int, residual: int, mask: int, where: Where
) -> int:
    """Add the steps of one layer, which reads *residual* and *mask*; return the next residual.

    *residual* has *width* numbers a token.
    """
    graph.home = where.home
    graph.fetch(residual, *where.inputs)
    return _Layer(graph, shapes, facts, tokens, width, mask, where).evaluate(residual)


@dataclass(frozen=True, slots=True)
class _Layer:
    graph: Graph
    shapes: Shapes
    facts: Facts
    tokens: int
    width: int
    mask: int
    where: Where

    def evaluate(self, residual: int) -> int:
        mixed, normed = self.mixer(residual)
        if mixed is None and not self.feeds_forward:
            return residual
        if mixed is None:
            return self.added(self.feed(self.normed(residual)), residual)
        if self.has("post_attention_norm") and self.has("ffn_norm"):
            mixed = self.normed_over(mixed)
        if not self.feeds_forward:
            return self.added(mixed, residual)
        if self.is_parallel:
            return self.added(self.added(self.feed(normed), mixed), residual)
        both = self.over(self.width, mixed, residual)
        return self.added(self.feed(self.normed(both)), both)

    # -- shapes -------------------------------------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        return name in self.shapes

    def length(self, name: str, axis: int) -> int:
        """Return the length of the tensor *name* along *axis*; 1 where it has no such axis, 0 where there is none."""
        if name not in self.shapes:
            return 0
        return self.shapes[name][axis] if axis < len(self.shapes[name]) else 1

    def out(self, name: str) -> int:
        """Return how many numbers a token the matrix *name* gives, 0 where there is none."""
        return self.length(name, 1)

    @property
    def is_parallel(self) -> bool:
        """Whether the feed-forward part reads what the attention reads (Phi-2, GPT-NeoX, Command R)."""
        return self.feeds_forward and not any(self.has(name) for name in ("ffn_norm", "post_attention_norm"))

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

    def first_normed(self, residual: int) -> int:
        if not self.where.before:
            return self.normed(residual)
        self.graph.home = self.where.before
        result = self.new(self.width, residual)
        self.graph.home = self.where.home
        return self.over(self.width, result)

    def normed_over(self, source: int) -> int:
        return self.over(self.width, self.over(self.width, source))

    def times(self, name: str, source: int) -> int:
        """Multiply by the matrix *name* and add its bias."""
        return self.biased(name, self.out(name), self.product(name, self.out(name), source))

    def product(self, name: str, width: int, *sources: int) -> int:
        """Multiply by the matrices *name*, which may have to be copied here first."""
        if name not in self.where.lent:
            return self.new(width, *sources)
        lent = self.graph.new(self.where.lent[name])
        if name == "ffn_down_exps" and not self.has(f"{name}.bias"):
            self.graph.fetch(*self.where.next_inputs)
        return self.new(width, *sources, lent)

    def biased(self, name: str, width: int, source: int) -> int:
        bias = f"{name}.bias"
        if not self.has(bias):
            return source
        lent = (self.graph.new(self.where.lent[bias]),) if bias in self.where.lent else ()
        if lent and name == "ffn_down_exps":
            self.graph.fetch(*self.where.next_inputs)
        return self.over(width, source, *lent)

    def added(self, result: int, residual: int) -> int:
        """Add at the end of the layer."""
        self.hand_over(result, residual)
        return self.over(self.width, result, residual)

    def hand_over(self, *sources: int) -> None:
        """Let the next layer's device go on with *sources*, if this layer is the host's."""
        if self.where.home == 0 and self.where.next:
            self.graph.home = self.where.next
            self.graph.fetch(*sources, *self.where.next_inputs)

    # -- attention and what stands in its place -----------------------------------------------------------------------

    def mixer(self, residual: int) -> tuple[int | None, int]:
        """Return the result of the layer's first half, if it has one, and what that half read."""
        parts = self.mixers()
        if not parts:
            return None, residual
        normed = self.first_normed(residual) if self.has("attn_norm") else residual
        result = parts[0](normed)
        for part in parts[1:]:
            result = self.over(self.width, result, part(normed))
        return result, normed

    def mixers(self) -> list[Callable[[int], int]]:
        """Return what the layer mixes its tokens by; Falcon-H1 has two of them beside each other."""
        found: list[Callable[[int], int]] = []
        if attends(self.shapes):
            found.append(self.latent_attention if self.has("attn_kv_a_mqa") else self.attention)
        if self.has("ssm_conv1d"):
            found.append(self.recurrent)
        elif self.has("shortconv.conv"):
            found.append(self.short_convolution)
        return found

    def attention(self, normed: int) -> int:
        heads = self.facts.key_value_heads
        key, value = heads * self.facts.head, heads * self.facts.value
        query = (self.out("attn_qkv") - key - value) if self.has("attn_qkv") else self.out("attn_q")
        every = self.times("attn_qkv", normed) if self.has("attn_qkv") else -1
        queries = self.graph.view(self.part("attn_q", every, normed))
        gate = -1
        if self.has("attn_output") and self.length("attn_output", 0) * 2 == query:
            gate, query = self.graph.view(queries), query // 2
        queries = self.rotated(self.turned("attn_q_norm", queries, query), query)
        stored = []
        if every >= 0 or self.has("attn_k"):
            keys = self.graph.view(self.part("attn_k", every, normed))
            stored.append(self.rotated(self.turned("attn_k_norm", keys, key), key))
        if every >= 0 or self.has("attn_v"):
            stored.append(self.rotated(self.graph.view(self.part("attn_v", every, normed)), value))
        return self.attend(queries, stored, query, gate)

    def part(self, name: str, every: int, normed: int) -> int:
        """Return queries, keys or values: *every* has them all where one matrix gives them."""
        return every if every >= 0 else self.times(name, normed)

    def turned(self, norm: str, source: int, width: int) -> int:
        """Normalize where the layer does, and turn by position."""
        if self.has(norm):
            return self.over(width, self.normed(source, width))
        return self.new(width, source)

    def rotated(self, source: int, width: int) -> int:
        """Rotate against the loss of a quantized cache."""
        return self.new(width, self.graph.view(source)) if self.facts.rotates else source

    def attend(self, queries: int, stored: Sequence[int], query: int, gate: int) -> int:
        """Store keys and values, attend, and multiply by the output matrix."""
        for one in stored:
            self.new(0, self.graph.view(one))
        width = self.length("attn_output", 0) if self.has("attn_output") else query
        result = self.rotated(self.attended(width, queries), width)
        if gate >= 0:
            result = self.over(width, self.graph.view(result), self.over(width, self.new(width, gate)))
        return self.times("attn_output", self.graph.view(result)) if self.has("attn_output") else result

    def attended(self, width: int, queries: int) -> int:
        queries = self.graph.view(queries)
        cache = self.where.cache
        lent = (self.graph.new(cache),) if cache else ()
        return self.new(width, queries, self.mask, *lent)

    def latent_attention(self, normed: int) -> int:
        """DeepSeek's: keys and values from one small vector, folded into the query where ``attn_k_b`` is split off."""
        if self.has("attn_q_a"):
            queries = self.times("attn_q_b", self.normed_small("attn_q_a", normed))
            query = self.out("attn_q_b")
        else:
            queries, query = self.times("attn_q", normed), self.out("attn_q")
        small = self.out("attn_kv_a_mqa")
        if not self.has("attn_k_b"):
            return self.unfolded_attention(normed, queries, query)
        inner, rank, heads = (self.length("attn_k_b", axis) for axis in range(3))
        absorbed = self.new(heads * rank, self.graph.view(queries))
        turned = self.new(query - heads * inner, self.graph.view(queries))
        queries = self.new(heads * (rank + query // max(1, heads) - inner), self.graph.view(absorbed), turned)
        both = self.new(small, normed)
        values = self.normed(self.graph.view(both), rank)
        keys = self.new(small, self.graph.view(values), self.new(small - rank, self.graph.view(both)))
        self.new(0, self.graph.view(keys))
        result = self.attended(heads * rank, queries)
        width = self.length("attn_output", 0)
        result = self.new(width, self.graph.view(result))
        result = self.new(width, self.graph.view(result))
        return self.times("attn_output", self.graph.view(result))

    def unfolded_attention(self, normed: int, queries: int, query: int) -> int:
        """Latent attention as plain attention, every head with keys and values of its own."""
        small, pair = self.out("attn_kv_a_mqa"), self.out("attn_kv_b")
        rank = self.length("attn_kv_b", 0)
        queries = self.new(query, self.graph.view(queries))
        both = self.new(small, normed)
        result = self.new(pair, self.normed(self.graph.view(both), rank))
        values = self.new(self.length("attn_output", 0), self.graph.view(result))
        turned = self.new(small - rank, self.graph.view(both))
        keys = self.new(
            query, self.graph.view(result), self.new(query * (small - rank) // max(1, self.facts.head), turned)
        )
        return self.attend(queries, (keys, values), query, -1)

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
        kernel = self.length("ssm_conv1d", 0)
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
        step = self.new(max(0, small - 2 * self.facts.state), self.graph.view(narrow))
        step = self.over(inner, self.new(inner, step))
        first, last = (self.new(self.facts.state, self.graph.view(narrow)) for _ in range(2))
        scanned = self.scanned(self.graph.view(moved), step, first, last)
        return self.gated_output(scanned, moved, both)

    def mamba2(self, normed: int) -> int:
        inner, channels = self.facts.inner, self.facts.inner + 2 * self.facts.groups * self.facts.state
        both = self.new(self.out("ssm_in"), normed)
        _, moved = self.convolved(channels, both)
        moved = self.over(channels, self.over(channels, moved))
        heads = max(0, self.out("ssm_in") - inner - channels)
        step = self.over(heads, self.new(heads, self.graph.view(both)))
        scanned = self.scanned(self.graph.view(moved), step)
        return self.gated_output(scanned, self.graph.view(moved), both)

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
        width = self.length("shortconv.conv", 1)
        kernel = self.length("shortconv.conv", 0)
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
            for name, suffix in (("ffn_down_shexp", "_shexp"), ("ffn_down", "")):
                if self.has(name):
                    result = self.beside(result, self.dense(normed, suffix))
                    break
        else:
            result = self.dense(normed, "")
        if self.has("post_ffw_norm"):
            result = self.normed_over(result)
        return result

    def beside(self, result: int, other: int) -> int:
        if not self.has("post_ffw_norm"):
            self.hand_over(result, other)
        return self.over(self.width, result, other)

    def dense(self, normed: int, suffix: str) -> int:
        inner = self.length(f"ffn_down{suffix}", 0)
        up = f"ffn_up{suffix}"
        if self.has(f"ffn_gate{suffix}"):
            result = self.new(inner, self.times(f"ffn_gate{suffix}", normed), self.times(up, normed))
        elif self.out(up) == 2 * inner:
            result = self.new(inner, self.times(up, normed))
        else:
            result = self.over(inner, self.times(up, normed))
        return self.times(f"ffn_down{suffix}", result)

    def experts(self, normed: int) -> int:
        inner, width, count = (self.length("ffn_down_exps", axis) for axis in range(3))
        used = self.facts.experts_used
        scores = self.new(count, normed)
        chances, order = self.new(count, scores), self.new(count, scores)
        weights = self.over(used, self.over(used, self.new(used, chances, self.graph.view(order))))
        source, chosen = normed, self.graph.view(order)
        if self.facts.weighs_first:
            source = self.over(used * width, self.new(used * width, normed), weights)
        self.graph.home = self.where.experts
        down = self.expert("ffn_down_exps", width, self.activated(source, chosen, inner), chosen)
        self.graph.home = self.where.home
        if not any(self.has(name) for name in ("ffn_down_shexp", "ffn_down", "post_ffw_norm")):
            self.hand_over(down, weights)
        if self.where.experts != self.where.home:
            self.graph.fetch(down, *self.where.next_inputs)
        if not self.facts.weighs_first:
            down = self.over(used * width, down, weights)
        return self.summed(down, width)

    def activated(self, source: int, chosen: int, inner: int) -> int:
        """Return the inner numbers of the chosen experts."""
        every = self.facts.experts_used * inner
        if self.has("ffn_gate_up_exps"):
            both = self.expert("ffn_gate_up_exps", 2 * inner, source, chosen)
            return self.new(every, self.graph.view(both), self.graph.view(both))
        if not self.has("ffn_gate_exps"):
            return self.over(every, self.expert("ffn_up_exps", inner, source, chosen))
        gate = self.expert("ffn_gate_exps", inner, source, chosen)
        return self.new(every, gate, self.expert("ffn_up_exps", inner, source, chosen))

    def expert(self, name: str, width: int, source: int, chosen: int) -> int:
        every = self.facts.experts_used * width
        return self.biased(name, every, self.product(name, every, source, chosen))

    def summed(self, down: int, width: int) -> int:
        """Add up what each expert gave."""
        parts = [self.graph.view(down) for _ in range(self.facts.experts_used)]
        result = self.new(width, *parts[:2])
        for part in parts[2:]:
            result = self.over(width, result, part)
        return result
