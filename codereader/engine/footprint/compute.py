"""Bytes of the scratch buffers that a graph is evaluated in, one a device.

The steps of the layers are laid out as ggml does it (`steps`, `scratch`); in front of them stand the graph's inputs,
masks above all. With flash attention and one row of logits. Knows nothing of machines.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from codereader.engine.footprint.cache import layer_caches, window_length
from codereader.engine.footprint.cells import windowed_layers
from codereader.engine.footprint.parts import Facts, Shapes, Where
from codereader.engine.footprint.scratch import Graph
from codereader.engine.footprint.steps import attends, evaluate
from codereader.engine.footprint.weights import block_number, is_expert
from codereader.model.gguf import ModelHeader

COPIES = 4
"""Copies of what goes between devices that work at the same time (ggml-backend.cpp, GGML_SCHED_MAX_COPIES)."""

LARGE_BATCH = 32
"""Tokens from which on a device evaluates what the host holds, if it does (ggml, GGML_OP_OFFLOAD_MIN_BATCH)."""

_MOST_EXPERTS = 512
"""Experts a token that are laid out (llama.cpp, LLAMA_MAX_EXPERTS)."""

_MOST_LAYERS = 512
"""Layers that are laid out, whatever a file has."""

_REPEATS = 3
"""Layers of a kind that are laid out after two of the same kinds: from then on holes lie where they lay before."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where layers are evaluated: homes, 0 being the host and n the nth device."""

    homes: tuple[int, ...]
    """One a layer."""
    output: int = 0
    host_experts: tuple[int, ...] = ()
    """Layers on devices whose routed experts the host holds."""
    borrows: bool = False
    """Whether the first device evaluates large batches of what the host holds, copied to it. RPC devices do not."""
    is_pipelined: bool = False
    """Whether devices work at the same time: several, nothing on the host, and all of them can (not over RPC)."""


_OWN_WAYS = frozenset({
    "arwkv7", "cogvlm", "deepseek32", "deepseek4", "dots3note", "gemma3n", "glm-dsa", "glm5-next", "grok", "hrm_text",
    "hy_v4", "mimo2", "minimax-01", "minimax-m3", "qwen4exp", "rwkv6", "rwkv6qwen2", "rwkv7", "t5",
})  # fmt: skip
"""Architectures whose steps are not those of `steps`: indexers, RWKV, several residuals, no flash attention, experts
for images."""


_UNTURNED = frozenset({"bloom", "gpt2", "jais", "mpt", "refact", "starcoder"})
"""Architectures that tell tokens' positions otherwise than by turning queries and keys."""

_RESIDUAL_FIRST = frozenset({"jamba", "lfm2", "lfm2moe"})
"""Architectures that add a layer's results to the residual, the others the residual to them."""


def unsized(header: ModelHeader) -> str:
    """Return '' or, in one sentence, why scratch buffers of this model cannot be predicted by formula."""
    if header.architecture in _OWN_WAYS:
        return f"The steps of the architecture {header.architecture!r} are not known well enough to size their results."
    return ""


def compute_bytes(
    header: ModelHeader, context: int, micro_batch: int, *,
    type_k: str = "f16", type_v: str = "f16", full_window: bool = False,
) -> int:  # fmt: skip
    """Return the bytes of the host's scratch buffer where it evaluates everything."""
    alone = Placement((0,) * header.block_count)
    sizes = compute_shares(header, context, micro_batch, alone, type_k=type_k, type_v=type_v, full_window=full_window)
    return sizes[0]


def compute_shares(
    header: ModelHeader, context: int, micro_batch: int, placement: Placement, *,
    type_k: str = "f16", type_v: str = "f16", full_window: bool = False,
) -> tuple[int, ...]:  # fmt: skip
    """Return the bytes of each home's scratch buffer, the host's first.

    Inputs (masks of micro_batch x cells x 2 bytes, positions, rotations) and what the layers' steps take at their
    fullest; `context` matters to the inputs alone.
    """
    tokens = min(context, micro_batch)
    rotates = _rotates(type_k, header.key_length), _rotates(type_v, header.value_length)
    whole = _padded(context, 256)
    near = whole if full_window else _padded(min(whole, window_length(header) + tokens), 256)
    masks = (2 * tokens * whole, 2 * tokens * near)
    caches: tuple[int, ...] = ()
    if placement.borrows and 0 in placement.homes and tokens >= LARGE_BATCH:
        caches = layer_caches(header, context, micro_batch, type_k, type_v, full_window=full_window)
    is_mixed = bool(placement.host_experts) if 0 not in placement.homes else placement.borrows
    steps = _steps(_Same(header), tokens, placement, any(rotates), caches, masks if is_mixed else (1, 1))
    rotations = (_rotation(header.key_length) if rotates[0] else 0) + (4 * 64 * 64 if rotates[1] else 0)
    everywhere, near_only = (rotations + (0 if is_mixed else mask) for mask in masks)
    copies = COPIES if placement.is_pipelined else 1
    inputs = (_inputs(header, (everywhere, near_only), home, placement) + 4 * tokens for home in range(len(steps)))
    embedded = copies * 4 * tokens * header.embedding_length
    sizes = [step + copies * block for step, block in zip(steps, inputs, strict=True)]
    return sizes[0] + embedded, *sizes[1:]


def _inputs(header: ModelHeader, kept: tuple[int, int], home: int, placement: Placement) -> int:
    """Return what of the inputs of layers that see everything and of windowed ones (*kept*) lies at *home*.

    The host has all of them, a device those of its layers.
    """
    masks = _masks(_Same(header))
    here = {masks[layer] for layer, at in enumerate(placement.homes) if home in (0, at)}
    return sum(kept[kind] for kind in here if kind is not None)


def _rotates(kind: str, length: int) -> bool:
    """Whether llama.cpp rotates keys or values of *length* numbers before it keeps them as *kind*."""
    return kind != "f16" and length > 0 and length % 64 == 0


def _rotation(length: int) -> int:
    """Return the bytes of the matrix that keys of *length* numbers are rotated by."""
    side = 64
    while length % (2 * side) == 0:
        side *= 2
    return 4 * side * side


@functools.lru_cache(maxsize=256)
def _steps(
    same: _Same, tokens: int, placement: Placement, rotates: bool, caches: tuple[int, ...], masks: tuple[int, int]
) -> tuple[int, ...]:
    """Return the bytes that the steps of all layers take at each home, and *masks* of both kinds of layers."""
    graph = _graph(same, tokens, placement, rotates, tuple(map(bool, caches)))
    homes = 1 + max((placement.output, *placement.homes), default=0)
    return graph.most_bytes(homes, {"everything": masks[0], "window": masks[1], **dict(enumerate(caches))})


@functools.lru_cache(maxsize=32)
def _graph(same: _Same, tokens: int, placement: Placement, rotates: bool, kept: tuple[bool, ...]) -> Graph:
    """Return the steps of all layers, which are the same whatever the context: masks and caches are given by name.

    Caches are those of layers, by their number, as far as *kept* says that they have one which is copied.
    """
    header, outline, kinds = same.header, _outline(same), _masks(same)
    heads = header.kv_head_counts
    width, graph = header.embedding_length, Graph(copies=COPIES if placement.is_pipelined else 1)
    ids = tuple((graph.new(16 * tokens), graph.given(mask)) for mask in ("everything", "window"))
    residual = graph.new(4 * tokens * width)
    vectors = _Vectors(graph, header, tokens, residual)
    ahead = _ahead(kinds, placement)
    for layer in _told(outline, kinds, placement, tokens):
        where = _where(outline[layer], placement, layer, tokens, kept)
        before = placement.homes[layer - 1] if layer else 0
        starts = layer == 0 or before != placement.homes[layer]
        where = replace(
            where,
            before=before if starts else 0,
            inputs=tuple(one for kind in ahead[layer] if starts and where.home for one in ids[kind]),
            next_inputs=tuple(one for kind in ahead[layer + 1] for one in ids[kind]),
            vectors=vectors.here,
        )
        mask = ids[kinds[layer] or 0][1]
        facts = _facts(same, heads[layer] if layer < len(heads) else 0, rotates)
        residual = evaluate(graph, outline[layer].shapes, facts, tokens, width, residual, mask, where)
    vectors.end()
    graph.home = placement.output
    graph.new(4 * header.vocab_size, graph.over(4 * width, graph.new(4 * width, residual)))
    keepers = {(home, kind) for home, kind in zip(placement.homes, kinds, strict=True) if kind is not None}
    for home, kind in sorted(keepers):
        graph.home = home
        graph.new(0, *ids[kind])
    return graph


class _Vectors:
    """What tokens have for each layer beside the residual (Gemma 4): looked up first, projected in the first layer."""

    __slots__ = ("_embedded", "_graph", "_looked_up", "_made", "_size")

    def __init__(self, graph: Graph, header: ModelHeader, tokens: int, embedded: int) -> None:
        numbers = header.number("embedding_length_per_layer_input") * header.block_count
        self._graph, self._embedded, self._made = graph, embedded, -1
        self._size = 4 * tokens * numbers if header.architecture == "gemma4" else 0
        self._looked_up = graph.new(self._size) if self._size else -1

    def here(self) -> int:
        """Return them, made the first time; -1 where there are none."""
        if self._size and self._made < 0:
            projected = self._graph.new(self._size, self._embedded)
            self._made = self._graph.new(self._size, self._graph.over(self._size, projected, self._looked_up))
        return self._made

    def end(self) -> None:
        """Let nothing take their place before the last layer."""
        if self._made >= 0:
            self._graph.new(0, self._graph.view(self._made))


def _ahead(kinds: Sequence[int | None], placement: Placement) -> list[tuple[int, ...]]:
    """Return for each layer which kinds of masks are read from there on until another home takes over; then ()."""
    found: list[tuple[int, ...]] = [()]
    homes = placement.homes
    for layer in reversed(range(len(kinds))):
        goes_on = layer not in placement.host_experts and homes[layer : layer + 1] == homes[layer + 1 : layer + 2]
        here = dict.fromkeys((kinds[layer], *(found[-1] if goes_on else ())))
        found.append(tuple(kind for kind in here if kind is not None))
    return found[::-1]


@dataclass(frozen=True, slots=True)
class _Outline:
    """One layer's tensors: shapes and bytes by name."""

    shapes: Shapes
    sizes: Mapping[str, int]
    experts: Mapping[str, int]
    """Those of `sizes` that are of routed experts."""
    alike: int
    """The first layer that has the same shapes."""


class _Same:
    """A header that equals only itself, so that what was found out about it can be kept."""

    __slots__ = ("header",)

    def __init__(self, header: ModelHeader) -> None:
        self.header = header

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.header is other.header

    def __hash__(self) -> int:
        return id(self.header)


@functools.lru_cache(maxsize=8)
def _outline(same: _Same) -> tuple[_Outline, ...]:
    header = same.header
    shapes: list[dict[str, tuple[int, ...]]] = [{} for _ in range(header.block_count)]
    sizes: list[dict[str, int]] = [{} for _ in range(header.block_count)]
    for tensor in header.tensors:
        number = block_number(tensor.name)
        if number is not None and number < header.block_count:
            name = tensor.name.split(".", 2)[2].removesuffix(".weight")
            shapes[number][name], sizes[number][name] = tuple(tensor.shape), tensor.bytes
    alike: dict[object, int] = {}
    return tuple(
        _Outline(
            has,
            bytes_,
            {name: size for name, size in bytes_.items() if is_expert(f"blk.0.{name}.weight")},
            alike.setdefault(tuple(has.items()), layer),
        )
        for layer, (has, bytes_) in enumerate(zip(shapes, sizes, strict=True))
    )


@functools.lru_cache(maxsize=8)
def _masks(same: _Same) -> tuple[int | None, ...]:
    """Return which mask each layer reads: 0 that of everything, 1 that of a window, None where it reads none."""
    windowed = windowed_layers(same.header)
    return tuple(
        int(layer < len(windowed) and windowed[layer]) if attends(one.shapes) else None
        for layer, one in enumerate(_outline(same))
    )


def _told(
    outline: tuple[_Outline, ...], kinds: Sequence[int | None], placement: Placement, tokens: int
) -> Iterator[int]:
    """Yield the numbers of the layers to lay out, ascending: of those that repeat only the first few.

    One repeats another where the two layers before it do as well: what these leave decides where its results go.
    """
    seen: dict[object, int] = {}
    before: tuple[object, ...] = ()
    for layer, (one, home) in enumerate(zip(outline[:_MOST_LAYERS], placement.homes, strict=False)):
        following = placement.homes[layer + 1] if layer + 1 < len(placement.homes) else placement.output
        lent = tuple(_lent(one, placement, layer, tokens).items())
        kind = (one.alike, lent, home, following, layer in placement.host_experts, kinds[layer])
        seen[before, kind] = seen.get((before, kind), 0) + 1
        if seen[before, kind] <= _REPEATS:
            yield layer
        before = *before[-1:], kind


def _lent(one: _Outline, placement: Placement, layer: int, tokens: int) -> Mapping[str, int]:
    """Return the bytes by name of the tensors of *layer* that the host holds and a device evaluates."""
    if not placement.borrows or tokens < LARGE_BATCH:
        return {}
    if placement.homes[layer] == 0:
        return one.sizes
    return one.experts if layer in placement.host_experts else {}


def _where(one: _Outline, placement: Placement, layer: int, tokens: int, kept: tuple[bool, ...]) -> Where:
    home = placement.homes[layer]
    borrows = placement.borrows and tokens >= LARGE_BATCH
    following = placement.homes[layer + 1] if layer + 1 < len(placement.homes) else placement.output
    lent = _lent(one, placement, layer, tokens)
    if home == 0 and borrows:
        return Where(1, 1, next=following, lent=lent, cache=layer if kept[layer] else -1)
    if home and layer in placement.host_experts:
        return Where(home, home if borrows else 0, next=following, lent=lent)
    return Where(home, home, next=following)


@functools.lru_cache(maxsize=64)
def _facts(same: _Same, key_value_heads: int, rotates: bool) -> Facts:
    header = same.header
    return Facts(
        head=header.key_length,
        value=header.value_length,
        key_value_heads=key_value_heads,
        experts_used=min(header.expert_used_count, header.expert_count, _MOST_EXPERTS),
        inner=header.number("ssm.inner_size"),
        state=header.number("ssm.state_size"),
        groups=header.number("ssm.group_count", 1),
        rotates=rotates,
        weighs_first=header.architecture == "llama4",
        turns=header.architecture not in _UNTURNED,
        residual_first=header.architecture in _RESIDUAL_FIRST,
        mixes_first=header.architecture == "phi2",
        is_parallel=header.metadata.get("gptneox.use_parallel_residual") is True,
    )


def scratch_bytes(header: ModelHeader, context: int, type_k: str) -> int:
    """Return the bytes a CUDA device takes beside, to hold one layer's quantized cache as f16; 0 for an f16 cache.

    2 x context x kv_heads x head length x 2 bytes, sized by the allocated context (llama.cpp, pull request 23907).
    No dry run on another backend shows them.
    """
    if type_k == "f16":
        return 0
    heads = max(header.kv_head_counts, default=0)
    return 2 * context * heads * header.key_length * 2


def _padded(count: int, step: int) -> int:
    return -(-count // step) * step
