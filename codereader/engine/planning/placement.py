"""Where layers and experts can lie: on which devices, how many on each, which experts stay with the host.

llama.cpp gives the last `n_gpu_layers` of a model's layers, the output counted as one more, to devices in the order
in which they are listed, whole layers in the proportion of `tensor_split`; a layer's cache lies where the layer does.
Overrides keep single tensors with the host. Sizes are bytes. Knows nothing of speed but which device is faster.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from operator import add

from codereader.engine.hardware.machine import Device
from codereader.engine.planning.demand import Demand, Model

PIPELINE_COPIES = 4
"""Copies of a graph's inputs that are kept where several devices work on one prompt in turn (GGML_SCHED_MAX_COPIES)."""

_NO_OFFLOAD = ("RPC",)
"""Parts of ggml that never take over a product of weights that lie with the host."""

_NO_PIPELINE = ("Metal",)
"""Parts of ggml without the events that a pipeline needs."""

_NO_SCRATCH = ("RPC", "Metal", "Vulkan")
"""Parts of ggml that attend to a quantized cache as it is, without a copy as f16."""

_EVEN_STEPS = 20
"""Halvings after which an even split is even enough."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Layers from `first` on lie on `devices`, `spans` of them on each, the output being the last; the host has the
    others, and the routed experts of `cpu_experts`.
    """

    first: int
    devices: tuple[Device, ...] = ()
    spans: tuple[int, ...] = ()
    cpu_experts: tuple[int, ...] = ()

    @property
    def gpu_layers(self) -> int:
        """Layers on devices, the output counted as one."""
        return sum(self.spans)

    @property
    def whole(self) -> bool:
        """Whether every weight but the input table is on devices."""
        return self.first == 0 and bool(self.devices) and not self.cpu_experts

    @property
    def pipeline(self) -> bool:
        """Whether llama.cpp lets several devices work on one prompt in turn: whole models without overrides."""
        apt = all(device.backend not in _NO_PIPELINE for device in self.devices)
        return self.whole and len(self.devices) > 1 and apt

    @property
    def offloads(self) -> bool:
        """Whether products of a prompt with the host's weights are computed on the first device."""
        return bool(self.devices) and not self.whole and self.devices[0].backend not in _NO_OFFLOAD

    @property
    def borrowing(self) -> int:
        """How many devices, the first ones, compute prompts with weights that lie with the host."""
        return 0 if self.whole or not self.devices else _borrowing(self.first, self.spans, self.cpu_experts)

    @property
    def kind(self) -> str:
        """The kind of placement, in one word."""
        if not self.devices:
            return "host"
        if self.whole:
            return "whole"
        return "layers" if self.first else "experts"


@dataclass(frozen=True, slots=True)
class Room:
    """Devices to place layers on, in order, and the bytes of each that may be taken: margins are off already."""

    devices: tuple[Device, ...]
    bytes: tuple[int, ...]


HOST_ONLY = Placement(first=1 << 62)
"""Everything with the host."""


def placements(model: Model, demand: Demand, room: Room, gpu_layers: int | None = None) -> Iterator[Placement]:
    """Yield the placements on the devices of *room* that are worth a look, those with the most on devices first.

    *gpu_layers* is how many layers the person wants there, None for as many as are good.
    """
    space = _space_of(model, demand, room)
    if gpu_layers is not None:
        yield from _with_layers(space, max(0, model.layers + 1 - gpu_layers))
        return
    found = list(_with_layers(space, 0))
    yield from found
    if not any(one.whole for one in found):
        yield from _fewer_layers(space, experts_too=not found)


def whole(model: Model, demand: Demand, room: Room) -> Iterator[Placement]:
    """Yield the placements of the whole model on the devices of *room*, which all of them have to fit."""
    space = _space_of(model, demand, room)
    return (made for order in space.orders if (made := _place(space, order, 0, 0)))


def regardless(model: Model, demand: Demand, room: Room, gpu_layers: int | None = None) -> Iterator[Placement]:
    """Yield all layers on the devices of *room*, or *gpu_layers*, with and without experts, as evenly as can be."""
    first = 0 if gpu_layers is None else max(0, model.layers + 1 - gpu_layers)
    space = _space_of(model, demand, room)
    order = _Order(room, (1.0,) * len(room.devices))
    for end in (first, model.layers) if space.left(first, model.layers) else (first,):
        if made := _place(space, order, first, end):
            yield made


def compute_on(model: Model, demand: Demand, placement: Placement, number: int, borrowing: int | None = None) -> int:
    """Return the bytes of the scratch buffer of the placement's device *number*.

    A pipeline keeps further copies of the inputs and of what a device hands to the next. What is copied to a device for
    a product lies there too: to the first one a tensor of the host's, where whole layers stay with the host with its
    cache; to the first *borrowing* of them, those of `Placement.borrowing` where it is None, experts of their own.
    """
    taken = demand.compute
    if placement.pipeline:
        taken += (PIPELINE_COPIES - 1) * demand.inputs + (PIPELINE_COPIES * demand.residual if number else 0)
    if placement.offloads and number < (placement.borrowing if borrowing is None else borrowing):
        lent = model.largest_tensor + max(demand.caches, default=0) if placement.first and not number else 0
        taken += max(lent, model.largest_expert)
    return taken


def scratch_on(demand: Demand, device: Device) -> int:
    """Return the bytes of the f16 copy of a quantized cache on *device*."""
    return 0 if device.backend in _NO_SCRATCH else demand.scratch


@dataclass(frozen=True, slots=True)
class _Order:
    """One way to give layers to the devices of a room: each filled before the next, or as evenly as `rates` are."""

    room: Room
    rates: tuple[float, ...] = ()
    rooms: dict[tuple[bool, bool, int], list[int]] = field(default_factory=dict, compare=False)
    """Bytes that layers may take of each device, once worked out for a kind of placement."""
    fitting: dict[tuple[int, int], bool] = field(default_factory=dict, compare=False)
    """Whether layers fit, each device filled before the next, as far as that was tried."""


@dataclass(frozen=True, slots=True)
class _Space:
    """What placements for one demand are tried in: bytes up to each layer, and ways to fill the devices."""

    model: Model
    demand: Demand
    orders: tuple[_Order, ...]
    experts: tuple[int, ...]
    """Layers that have routed experts, ascending."""
    full: tuple[int, ...]
    """Bytes of the layers before each one, the output counted as the last."""
    bare: tuple[int, ...]
    """The same without routed experts."""

    def left(self, first: int, end: int) -> tuple[int, ...]:
        """Return the layers with experts from *first* up to *end*, which that is not among."""
        return self.experts[bisect_left(self.experts, first) : bisect_left(self.experts, end)]

    known: dict[tuple[int, int], tuple[tuple[int, ...], list[int]]] = field(default_factory=dict, compare=False)

    def loads(self, first: int, end: int) -> tuple[tuple[int, ...], list[int]]:
        """Return the layers from *first* up to *end* that have experts, *end* not included, which are to be left out.

        With them the bytes up to each layer from *first* on, counted from wherever. Worked out once.
        """
        if (first, end) not in self.known:
            less = self.bare[end] - self.full[end]
            bytes_ = [*self.bare[first:end], *[count + less for count in self.full[max(first, end) :]]]
            self.known[first, end] = self.left(first, end), bytes_
        return self.known[first, end]


def _space_of(model: Model, demand: Demand, room: Room) -> _Space:
    bare = list(map(add, model.rest, demand.caches))
    full = map(add, bare, model.experts)
    output = model.output + model.tied
    return _Space(
        model,
        demand,
        _orders(room),
        model.expert_layers,
        (0, *accumulate((*full, output))),
        (0, *accumulate((*bare, output))),
    )


def _with_layers(space: _Space, first: int) -> Iterator[Placement]:
    """Yield placements of the layers from *first* on: whole ones, else with as few experts as needed left out."""
    if first > space.model.layers:
        return
    whole = [made for order in space.orders if (made := _place(space, order, first, first))]
    yield from whole
    if not whole:
        for order in space.orders:
            if made := _fewest_experts(space, order, first):
                yield made


def _orders(room: Room) -> tuple[_Order, ...]:
    """Return the ways to fill *room*: evenly, and where devices differ also the fastest one first.

    Even is what takes as long on each device to read, and what takes as long to compute.
    """
    reading = tuple(device.bandwidth or 1.0 for device in room.devices)
    computing = tuple(device.operations or 1.0 for device in room.devices)
    if len(set(reading)) == len(set(computing)) == 1:
        return (_Order(room, reading),)
    order = sorted(range(len(reading)), key=lambda at: (-reading[at], -computing[at], at))
    fastest = Room(tuple(room.devices[at] for at in order), tuple(room.bytes[at] for at in order))
    even = _Order(room, reading)
    return _Order(fastest), even, replace(even, rates=computing)


def _fewest_experts(space: _Space, order: _Order, first: int) -> Placement | None:
    """Return the layers from *first* on with the experts of as few of them as possible left to the host.

    Those of the front layers go: they lie on the first device, which computes prompts with what is left to the host.
    """
    able = space.left(first, space.model.layers)
    best = _first_fitting(space, order, [(first, layer + 1) for layer in able])
    return best and _evened(space, order, *best)


def _fewer_layers(space: _Space, *, experts_too: bool) -> Iterator[Placement]:
    """Yield as many whole layers as fit and, with *experts_too*, as many as fit without their experts."""
    choices = [False, True] if experts_too and space.experts else [False]
    layers = space.model.layers
    for order in space.orders:
        for without in choices:
            end = layers if without else 0
            best = _first_fitting(space, order, [(first, max(first, end)) for first in range(1, layers + 1)])
            if best and (made := _evened(space, order, *best)):
                yield made


def _first_fitting(space: _Space, order: _Order, tried: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the first of *tried* that fits, each device filled before the next; None where none does.

    Each asks for less than the one before.
    """
    at = bisect_left(tried, True, key=lambda one: _fits(space, order, *one))
    return tried[at] if at < len(tried) else None


def _fits(space: _Space, order: _Order, first: int, end: int) -> bool:
    """Whether `_place` finds a filled placement; what it finds is kept for orders of the same room."""
    key = (first, end)
    if key not in order.fitting:
        order.fitting[key] = _place(space, order, first, end, is_even=False) is not None
    return order.fitting[key]


def _evened(space: _Space, order: _Order, first: int, end: int) -> Placement | None:
    """Return the placement as *order* says, filled where that does not fit."""
    return _place(space, order, first, end) or _place(space, order, first, end, is_even=False)


def _place(space: _Space, order: _Order, first: int, end: int, *, is_even: bool = True) -> Placement | None:
    """Return the layers from *first* on spread in *order*, those before *end* without experts; None: they do not fit.

    Not *is_even* fills each device before the next.
    """
    devices, (left, ends) = order.room.devices, space.loads(first, end)
    spans: tuple[int, ...] = ()
    for borrowing in range(1, 1 + len(devices)):
        rooms = _rooms(space, order, first, left, borrowing)
        filled = _greedy(ends, rooms)
        if filled is None:
            return None
        spans = _evenly(ends, rooms, order.rates, filled) if is_even and order.rates and len(rooms) > 1 else filled
        if (not first and not left) or _borrowing(first, spans, left) <= borrowing:
            break
    used = [(device, span) for device, span in zip(devices, spans, strict=True) if span]
    return Placement(first, tuple(device for device, _ in used), tuple(span for _, span in used), left)


def _rooms(space: _Space, order: _Order, first: int, left: tuple[int, ...], borrowing: int) -> list[int]:
    """Return what layers may take of each device where the first *borrowing* compute with what the host holds."""
    key = (first > 0, bool(left), borrowing)
    if key not in order.rooms:
        model, demand, room = space.model, space.demand, order.room
        trial = Placement(first, room.devices, (1,) * len(room.devices), left)
        order.rooms[key] = [
            count - compute_on(model, demand, trial, number, borrowing) - scratch_on(demand, device)
            for number, (device, count) in enumerate(zip(room.devices, room.bytes, strict=True))
        ]
    return order.rooms[key]


def _borrowing(first: int, spans: Sequence[int], left: Sequence[int]) -> int:
    """Return how many devices compute prompts with what the host holds: all up to the last of *left*."""
    return 1 + bisect_right(list(accumulate(spans)), max(left, default=first) - first)


def _evenly(
    ends: Sequence[int], rooms: Sequence[int], speeds: Sequence[float], best: tuple[int, ...]
) -> tuple[int, ...]:
    """Return how many items each device takes so that the slowest of them has as little to read as possible.

    *best* is a split that fits.
    """
    low, high = 0.0, max((ends[-1] - ends[0]) / speed for speed in speeds)
    for _ in range(_EVEN_STEPS):
        middle = (low + high) / 2
        made = _greedy(ends, [min(room, int(middle * speed)) for room, speed in zip(rooms, speeds, strict=True)])
        if made is None:
            low = middle
        else:
            best, high = made, middle
    return best


def _greedy(ends: Sequence[int], rooms: Sequence[int]) -> tuple[int, ...] | None:
    """Return how many items each room takes when each is filled before the next, None where some are left."""
    spans = []
    at = 0
    for room in rooms:
        end = max(at, bisect_right(ends, ends[at] + room, at) - 1)
        spans.append(end - at)
        at = end
    return tuple(spans) if at == len(ends) - 1 else None
