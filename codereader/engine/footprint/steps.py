"""The steps in which llama.cpp evaluates one layer, by the tensors that the layer has.

Written after src/llama-graph.cpp and src/models/ of llama.cpp, with flash attention: what is computed in which order,
how wide each result is, and what may be written over what. A layer is described by the shapes of its tensors alone, so
that an architecture made of the same parts needs nothing of its own. Widths are 32-bit numbers a token.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from codereader.engine.footprint import recurrent
from codereader.engine.footprint.parts import Facts, Finish, Layer, Shapes, Where
from codereader.engine.footprint.scratch import Graph


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
    layer = _Steps(graph, shapes, facts, tokens, width, mask, where)
    return layer.with_inputs_of_its_own(layer.evaluate(residual))


class _Steps(Layer):
    __slots__ = ()

    def evaluate(self, residual: int) -> int:
        mixing, normed = self.mixer(residual)
        if mixing is None:
            return self.added(self.feed(self.normed(residual)), residual) if self.feeds_forward else residual
        if self.is_parallel:
            return self.fed_beside(mixing, normed, residual)
        aside = self.experts(self.normed(residual)) if self.has("ffn_norm_exps") else -1
        mixed = mixing()
        if self.has("post_attention_norm") and (self.has("ffn_norm") or self.is_normed_after):
            mixed = self.normed_over(mixed)
        if not self.feeds_forward:
            return self.added(mixed, residual)
        both = self.over(self.width, *self.ordered(mixed, residual))
        if aside >= 0:
            return self.added(aside, self.over(self.width, self.dense(self.normed(both), ""), both))
        return self.added(self.feed(both if self.is_normed_after else self.normed(both)), both)

    def fed_beside(self, mixing: Finish, normed: int, residual: int) -> int:
        """Add a feed-forward part that reads what the mixer read; the mixer ends when its result is needed."""
        if self.facts.mixes_first:
            mixed = mixing()
            return self.added(self.over(self.width, mixed, self.feed(normed)), residual)
        apart = self.has("ffn_norm") or self.has("attn_norm_2")
        fed = self.feed(self.normed(residual) if apart else normed)
        return self.added(self.over(self.width, fed, residual), mixing())

    def with_inputs_of_its_own(self, result: int) -> int:
        """Add what the layer makes of the token's vector that is for it alone (Gemma 4), where it has one."""
        small = self.out("inp_gate")
        if not small:
            return result
        gate = self.over(small, self.new(small, result))
        vectors = self.where.vectors()
        if vectors < 0:
            return result
        own = self.new(self.width, self.over(small, gate, self.graph.view(vectors)))
        return self.over(self.width, result, self.normed_over(own))

    # -- attention and what stands in its place -----------------------------------------------------------------------

    def mixer(self, residual: int) -> tuple[Finish | None, int]:
        """Begin the layer's first half, if it has one; return what ends it, and what that half reads."""
        parts = self.mixers()
        if not parts:
            return None, residual
        normed = self.first_normed(residual) if self.has("attn_norm") else residual
        begun = [part(normed if part is parts[0] else self.normed(residual)) for part in parts]
        return partial(self.mixed, begun), normed

    def mixed(self, begun: Sequence[Finish]) -> int:
        """End what was begun, and add it up."""
        result, *others = [end() for end in begun]
        for other in others:
            result = self.over(self.width, result, other)
        return result

    def mixers(self) -> list[Callable[[int], Finish]]:
        """Return what the layer mixes its tokens by; Falcon-H1 has two of them beside each other."""
        found: list[Callable[[int], Finish]] = []
        if attends(self.shapes):
            found.append(self.latent_attention if self.has("attn_kv_a_mqa") else self.attention)
        if self.has("ssm_conv1d"):
            found.append(partial(recurrent.mixed, self))
        elif self.has("shortconv.conv"):
            found.append(partial(recurrent.short_convolution, self))
        return found

    def attention(self, normed: int) -> Finish:
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
        return self.attend(queries, stored, query, gate, normed)

    def part(self, name: str, every: int, normed: int) -> int:
        """Return queries, keys or values: *every* has them all where one matrix gives them."""
        return every if every >= 0 else self.times(name, normed)

    def turned(self, norm: str, source: int, width: int) -> int:
        """Normalize where the layer does, and turn by position."""
        if self.has(norm):
            return self.over(width, self.normed(source, width))
        return self.new(width, source) if self.facts.turns else self.graph.view(source)

    def rotated(self, source: int, width: int) -> int:
        """Rotate against the loss of a quantized cache."""
        return self.new(width, self.graph.view(source)) if self.facts.rotates else source

    def attend(self, queries: int, stored: Sequence[int], query: int, gate: int, normed: int) -> Finish:
        """Store keys and values and attend; the output matrix ends it."""
        for one in stored:
            self.new(0, self.graph.view(one))
        width = self.length("attn_output", 0) if self.has("attn_output") else query
        return partial(self.output, self.attended(width, queries), gate, normed, width)

    def output(self, result: int, gate: int, normed: int, width: int) -> int:
        """Rotate back, shut the gate of attention, if it has one, and multiply by the output matrix."""
        result = self.rotated(result, width)
        if not self.has("attn_output"):
            return result
        if gate >= 0:
            result = self.over(width, self.graph.view(result), self.over(width, self.new(width, gate)))
        elif self.has("attn_gate"):
            opened = self.out("attn_gate")
            result = self.over(width, self.graph.view(result), self.over(opened, self.times("attn_gate", normed)))
        return self.times("attn_output", self.graph.view(result))

    def attended(self, width: int, queries: int) -> int:
        queries = self.graph.view(queries)
        cache = self.where.cache
        lent = (self.graph.given(cache),) if cache >= 0 else ()
        return self.new(width, queries, self.mask, *lent)

    def latent_attention(self, normed: int) -> Finish:
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
        return partial(self.times, "attn_output", self.graph.view(result))

    def unfolded_attention(self, normed: int, queries: int, query: int) -> Finish:
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
        return self.attend(queries, (keys, values), query, -1, normed)

    def normed_small(self, name: str, source: int) -> int:
        result = self.new(self.out(name), source)
        return self.over(self.out(name), self.over(self.out(name), result))

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
