"""What a model asks for, layer by layer: bytes to hold, bytes to read, operations to do.

`Model` is what the header alone says, `Demand` what a context, a micro-batch and a type of cache add. Sizes are bytes,
lengths tokens. Knows nothing of machines.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from codereader.engine.footprint.cache import layer_caches, window_length
from codereader.engine.footprint.compute import Placement as Homes
from codereader.engine.footprint.compute import compute_shares, scratch_bytes
from codereader.engine.footprint.weights import block_number, is_expert, weights
from codereader.engine.footprint.work import Work, attention_operations, expert_share, work
from codereader.engine.planning.sized import Sized
from codereader.errors import ModelUnreadable
from codereader.model.gguf import ModelHeader


@dataclass(frozen=True, slots=True)
class Model:
    """The bytes of a model's weights and the operations of one token. Tuples have one entry a layer."""

    header: ModelHeader
    rest: tuple[int, ...]
    experts: tuple[int, ...]
    embedding: int
    """Input tables: they stay with the host."""
    output: int
    tied: int
    """Bytes of the copy that a device with the output gets, where the input table serves as output too."""
    work: Work
    used: float
    """Share of the routed experts that one token uses."""
    largest_expert: int
    """Bytes of the largest tensor of routed experts: what a device needs beside, to have one copied there."""
    largest_tensor: int
    """The same of any tensor inside a layer."""
    sized: Sized | None = None
    """What dry runs found, for a model whose sizes no formula foresees."""

    @property
    def layers(self) -> int:
        """Layers, the output not counted."""
        return len(self.rest)

    def enlarged(self, demand: Demand, context: int) -> Demand:
        """Return *demand* for a larger context; what grows with it is taken to grow in proportion."""
        share = context / demand.context
        return replace(
            demand,
            context=context,
            caches=caches_of(self, context, demand.micro_batch, demand.cache),
            compute=int(demand.compute * share),
            inputs=int(demand.inputs * share),
            scratch=int(demand.scratch * share),
        )

    @property
    def expert_layers(self) -> tuple[int, ...]:
        """Layers that have routed experts, ascending."""
        return tuple(layer for layer, count in enumerate(self.experts) if count)


def model_of(header: ModelHeader, sized: Sized | None = None) -> Model:
    """Return what *header* says of bytes and operations; *sized* stands in for the formulas of the rest."""
    sizes = weights(header)
    inside = [tensor for tensor in header.tensors if block_number(tensor.name) is not None]
    return Model(
        header=header,
        rest=tuple(block.rest for block in sizes.blocks),
        experts=tuple(block.experts for block in sizes.blocks),
        embedding=sizes.embedding,
        output=sizes.output,
        tied=sizes.tied,
        work=work(header),
        used=expert_share(header),
        largest_expert=max((tensor.bytes for tensor in inside if is_expert(tensor.name)), default=0),
        largest_tensor=max((tensor.bytes for tensor in inside), default=0),
        sized=sized,
    )


@dataclass(frozen=True, slots=True)
class Cache:
    """How the cache is kept: one type for keys and values, and whether windowed layers keep everything."""

    kind: str
    full_window: bool = False


@dataclass(frozen=True, slots=True)
class Demand:
    """What a context adds. `caches` has one entry a layer."""

    context: int
    micro_batch: int
    cache: Cache
    caches: tuple[int, ...]
    compute: int
    """About the scratch buffer of a device, or of the host where it evaluates layers."""
    inputs: int
    """What of it are inputs of the graph, masks above all: all that the host needs where it evaluates no layer."""
    scratch: int
    """What CUDA takes beside for a quantized cache, once a device."""
    residual: int = 0
    """What one layer hands to the next, as f32."""


MEASURED_BATCH = 512
"""The micro-batch that a graph is laid out for where about right is enough: what its steps take grows with it."""


def steps_of(model: Model, context: int) -> float:
    """Return the bytes that the steps of a graph take for each token of a micro-batch. Raises: ModelUnreadable."""
    alone = buffers_of(model, context, MEASURED_BATCH, Cache("f16"), Homes((0,) * model.layers))[0]
    return max(0, alone - _inputs(model.header, context, MEASURED_BATCH)) / min(MEASURED_BATCH, context)


def demand_of(model: Model, context: int, micro_batch: int, cache: Cache, steps: float) -> Demand:
    """Return what *context* tokens evaluated *micro_batch* at a time ask for; *steps* is what `steps_of` says."""
    header = model.header
    inputs = _inputs(header, context, micro_batch)
    return Demand(
        context=context,
        micro_batch=micro_batch,
        cache=cache,
        caches=caches_of(model, context, micro_batch, cache),
        compute=inputs + int(steps * min(micro_batch, context)),
        inputs=inputs,
        scratch=scratch_bytes(header, context, cache.kind),
        residual=4 * min(micro_batch, context) * header.embedding_length,
    )


def buffers_of(model: Model, context: int, micro_batch: int, cache: Cache, homes: Homes) -> tuple[int, ...]:
    """Return the bytes of the scratch buffers that llama.cpp makes for layers at *homes*, the host's first.

    Raises: ModelUnreadable where the header's tensors make no layers.
    """
    if model.sized is not None:
        return (model.sized.compute_at(context),) * (1 + max((homes.output, *homes.homes), default=0))
    kind = cache.kind
    try:
        return compute_shares(
            model.header, context, micro_batch, homes, type_k=kind, type_v=kind, full_window=cache.full_window
        )
    except (LookupError, ArithmeticError, ValueError) as error:
        name = model.header.name
        raise ModelUnreadable(f"the tensors of {name} do not make layers that can be evaluated") from error


def caches_of(model: Model, context: int, micro_batch: int, cache: Cache) -> tuple[int, ...]:
    """Return the bytes of cache of each layer; of a model that was measured, all layers are taken to be alike."""
    if model.sized is not None:
        return (-(-model.sized.cache_at(context) // max(1, model.layers)),) * model.layers
    found = layer_caches(model.header, context, micro_batch, cache.kind, cache.kind, full_window=cache.full_window)
    return (*found, *(0,) * (model.layers - len(found)))[: model.layers]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one token reads and computes when *filled* tokens are in the context. Tuples have one entry a layer."""

    caches: tuple[int, ...]
    """Bytes of cache that it attends to."""
    attention: tuple[float, ...]
    """Operations of attention of a prompt token, on average over the prompt."""


def reading_of(model: Model, prompt: int, filled: int, cache: Cache) -> Reading:
    """Return what a token behind *filled* others reads, and what a token of a prompt of *prompt* computes."""
    attention = attention_operations(model.header, prompt)
    return Reading(
        caches_of(model, max(1, filled), 1, cache),
        (*attention, *(0.0,) * (model.layers - len(attention)))[: model.layers],
    )


def _inputs(header: ModelHeader, context: int, micro_batch: int) -> int:
    """Return the bytes of the graph's inputs: an f16 mask for each kind of layer, and the embedded tokens as f32."""
    window = window_length(header)
    masks = context + (min(context, -(-(window + micro_batch) // 256) * 256) if window else 0)
    return micro_batch * (2 * masks + 4 * header.embedding_length)
