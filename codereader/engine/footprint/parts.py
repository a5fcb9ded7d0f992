"""What the steps of every layer are made of: shapes, a graph to add results to, and where they are computed.

Written after src/llama-graph.cpp of llama.cpp. Widths are 32-bit numbers a token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from codereader.engine.footprint.scratch import Graph

Shapes = Mapping[str, tuple[int, ...]]
"""Shapes of a layer's tensors by name, without ``blk.N.`` and ``.weight``; a bias keeps its ``.bias``."""


Finish = Callable[[], int]
"""Adds what is left of the steps that were begun, and returns their result: llama.cpp puts off what is read late."""


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
    turns: bool = True
    """Whether queries and keys are turned by position, and so are results of their own."""
    residual_first: bool = False
    """Whether results are added to the residual, and not the residual to them."""
    mixes_first: bool = False
    """Whether attention ends before a feed-forward part that is parallel to it begins."""
    is_parallel: bool = False
    """Whether the feed-forward part reads what the attention reads though it has a norm of its own."""


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
    vectors: Callable[[], int] = lambda: -1
    """Gives what tokens have for each layer beside the residual, all layers in one; -1 where they have nothing."""
    cache: int = -1
    """The name of the layer's cache where that lies elsewhere too and is copied; -1 where it is not."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, and the graph that its steps are added to."""

    graph: Graph
    shapes: Shapes
    facts: Facts
    tokens: int
    width: int
    mask: int
    where: Where

    def has(self, name: str) -> bool:
        """Whether the layer has the tensor *name*."""
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
        norms = ("ffn_norm", "post_attention_norm", "attn_output_norm")
        return self.feeds_forward and (self.facts.is_parallel or not any(map(self.has, norms)))

    @property
    def is_normed_after(self) -> bool:
        """Whether both halves are normalized after they were evaluated, and not before (OLMo 2, EXAONE 4)."""
        return self.has("post_attention_norm") and self.has("post_ffw_norm") and not self.has("ffn_norm")

    @property
    def feeds_forward(self) -> bool:
        """Whether the layer has a second half."""
        return self.has("ffn_down") or self.has("ffn_down_exps")

    def new(self, width: float, *sources: int) -> int:
        """Add a result of *width* numbers a token."""
        return self.graph.new(4 * self.tokens * width, *sources)

    def over(self, width: float, *sources: int) -> int:
        """Add a result that may be written over what it is made of."""
        return self.graph.over(4 * self.tokens * width, *sources)

    def normed(self, source: int, width: int = 0) -> int:
        """Normalize *source*, which others read too."""
        return self.over(width or self.width, self.new(width or self.width, source))

    def first_normed(self, residual: int) -> int:
        """Normalize what the layer reads, where the layer before was computed if that is another device."""
        if not self.where.before:
            return self.normed(residual)
        self.graph.home = self.where.before
        result = self.new(self.width, residual)
        self.graph.home = self.where.home
        return self.over(self.width, result)

    def normed_over(self, source: int) -> int:
        """Normalize what nothing else reads."""
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
        """Add the bias of the matrices *name*, if they have one."""
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
        return self.over(self.width, *self.ordered(result, residual))

    def ordered(self, result: int, residual: int) -> tuple[int, int]:
        """Return both in the order in which they are added: a sum may be written over the first that it can be."""
        return (residual, result) if self.facts.residual_first else (result, residual)

    def hand_over(self, *sources: int) -> None:
        """Let the next layer's device go on with *sources*, if this layer is the host's."""
        if self.where.home == 0 and self.where.next:
            self.graph.home = self.where.next
            self.graph.fetch(*sources, *self.where.next_inputs)
