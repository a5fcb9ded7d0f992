"""One way to run a model on a machine, with what it takes: what plans are chosen among.

A `Chooser` holds what does not change while one question is planned, so that trying a way is cheap. Sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.learning.learned import Learned
from codereader.engine.plan import Need, Preferences, Share
from codereader.engine.planning.demand import Cache, Demand, Model, Reading, demand_of, reading_of, steps_of
from codereader.engine.planning.placement import HOST_ONLY, Placement, Room, placements, regardless, whole
from codereader.engine.planning.rates import CORE_OPERATIONS, Speed, Tokens, speed_of
from codereader.engine.planning.shares import computes_of, estimated, missing, room_of, shares_of

CONTEXT_STEP = 256
"""llama.cpp pads every context to a multiple of this many tokens."""

PLACING_STEP = 4096
"""Where the context follows from the prompt, layers are placed and ways compared for a multiple of so many tokens, of
short prompts for fewer: so that the next question, a little longer or shorter, is run in the same way and finds the
state that this one leaves."""

MICRO_BATCHES = (128, 256, 512, 1024, 2048, 4096)
"""Prompt tokens that may be evaluated at once on a device."""

COMPUTE_SHARE = 0.1
"""Part of a device that the scratch of a larger micro-batch may take."""

HOST_MICRO_BATCH, SMALLEST_MICRO_BATCH = 512, 64
"""The same on the CPU, where more gain nothing; below the smallest llama.cpp leaves its tiled attention kernel."""

STOP_SECONDS = 0.2
"""No single matrix product on the CPU may be predicted to take longer: between products is where a run can be stopped
without losing the loaded model."""

INEXACT = 0.03
"""A less precise cache must be faster by more than this share to be taken: it is where it makes room for more of the
model on devices, which is all that it gains."""

AWAY = 0.05
"""Experts left to the host must be faster by more than this share than none left, and whole layers left to it by as
much again than experts: what the host computes, and what is copied from it, is predicted worst of all."""

DOUBLED = 0.01
"""So must a micro-batch twice as large: more memory, and fewer places to take up a saved state."""

LEAST_DISK_RATE = 0.5
"""Tokens a second below which a model that does not fit the memory is not run from disk."""

_ENDLESS = 1 << 62


@dataclass(frozen=True, slots=True)
class Candidate:
    """A placement with its sizes and speed. `lacks` are the bytes that the machine is short of, 0 where it fits."""

    placement: Placement
    demand: Demand
    shares: tuple[Share, ...]
    speed: Speed
    seconds: float
    mmap: bool
    lacks: int = 0
    from_disk: int = 0
    rank: int = 0
    """Place of its cache's type among those that may be taken."""

    @property
    def may_fit(self) -> bool:
        """Whether it fits, or might once its scratch buffers are known exactly."""
        return self.lacks <= sum(share.compute for share in self.shares) // 2

    @property
    def cost(self) -> float:
        """The seconds, with what is less exact, larger or predicted worse held against them."""
        placed = self.placement
        doublings = max(0, self.demand.micro_batch.bit_length() - HOST_MICRO_BATCH.bit_length())
        away = ("whole", "experts", "layers").index(placed.kind) if placed.devices else 0
        return self.seconds * (1 + INEXACT * self.rank) * (1 + DOUBLED * doublings) * (1 + AWAY * away)

    @property
    def key(self) -> tuple[object, ...]:
        """What candidates are sorted by, the best first."""
        placed = self.placement
        names = tuple(device.name for device in placed.devices)
        return (
            self.cost, self.rank, len(placed.cpu_experts), -placed.gpu_layers, len(names), self.demand.micro_batch,
            names, placed.spans,
        )  # fmt: skip


@dataclass(slots=True)
class Chooser:
    """Makes candidates for one model, machine and need; keeps the sizes it has worked out."""

    model: Model
    machine: Machine
    need: Need
    preferences: Preferences
    learned: Learned
    context: int
    exact_context: bool
    """Whether the person gave the context."""
    widest: int
    """Operations a token of the largest product on the CPU."""
    micro_batches: tuple[int, ...] = MICRO_BATCHES
    """Those that are tried on devices."""
    _steps: float | None = None
    _demands: dict[tuple[int, int, Cache], Demand] = field(default_factory=dict)
    _readings: dict[tuple[Cache, int], Reading] = field(default_factory=dict, init=False)
    _enlarged: dict[tuple[int, Cache], Demand] = field(default_factory=dict, init=False)

    @property
    def tokens(self) -> Tokens:
        """What is evaluated."""
        return Tokens(self.need.prompt_tokens, self.need.answer_tokens)

    @property
    def compared(self) -> Tokens:
        """What is thought to be evaluated while ways are compared."""
        if self.exact_context:
            return self.tokens
        return Tokens(_rounded(self.need.prompt_tokens), self.need.answer_tokens)

    def demand(self, context: int, micro_batch: int, kind: str) -> Demand:
        """Return the sizes of a context with a cache of type *kind*."""
        return self.sized(context, micro_batch, Cache(kind, self.preferences.full_window))

    def sized(self, context: int, micro_batch: int, cache: Cache) -> Demand:
        """Return the sizes of a context, worked out once."""
        known = self._demands.get((context, micro_batch, cache))
        if known is None:
            if self._steps is None:
                self._steps = steps_of(self.model, self.context)
            known = demand_of(self.model, context, micro_batch, cache, self._steps)
            self._demands[context, micro_batch, cache] = known
        return known

    def reading(self, cache: Cache, tokens: Tokens) -> Reading:
        """Return what a token reads in the middle of the answer, worked out once."""
        known = self._readings.get((cache, tokens.prompt))
        if known is None:
            known = reading_of(self.model, tokens.prompt, tokens.prompt + tokens.answer // 2, cache)
            self._readings[cache, tokens.prompt] = known
        return known

    def on_host(self) -> Iterator[Candidate]:
        """Yield the candidates without any device."""
        micro_batch = self.preferences.micro_batch or self._host_micro_batch()
        for rank, kind in enumerate(self.preferences.cache_types):
            yield self.candidate(HOST_ONLY, self.demand(self.context, micro_batch, kind), rank, exact=False)

    def on_devices(self, devices: tuple[Device, ...], gpu_layers: int | None = None) -> Iterator[Candidate]:
        """Yield the candidates that use *devices*, those that fit them."""
        room = room_of(devices, self.machine, self.preferences.margin, self.learned)
        for rank, demand in self._demanded(devices):
            for placement in self._placed(demand, room, gpu_layers):
                yield self.candidate(placement, demand, rank, exact=False)

    def holds_whole(self, devices: tuple[Device, ...]) -> bool:
        """Whether *devices* hold the whole model."""
        room = room_of(devices, self.machine, self.preferences.margin, self.learned)
        return any(
            not self.candidate(placement, demand, rank, exact=False).lacks
            for rank, demand in self._demanded(devices)
            for placement in whole(self.model, demand, room)
        )

    def _demanded(self, devices: tuple[Device, ...]) -> Iterator[tuple[int, Demand]]:
        """Yield the types of cache and micro-batches that are worth a try on *devices*, with the rank of the type."""
        for rank, kind in enumerate(self.preferences.cache_types):
            for micro_batch in self._micro_batches():
                demand = self.demand(self.context, micro_batch, kind)
                if not self._is_wasteful(demand, devices):
                    yield rank, demand

    def settled(self, one: Candidate, gpu_layers: int | None = None) -> Candidate | None:
        """Return *one* with exact sizes, or what is better in the room that these leave; None where neither fits."""
        exact = self.candidate(one.placement, one.demand, one.rank)
        devices = one.placement.devices
        if not devices or (one.placement.whole and not exact.lacks):
            return None if exact.lacks else exact
        room = room_of(devices, self.machine, self.preferences.margin, self.learned)
        spare = (thought.used - is_.used for thought, is_ in zip(one.shares[:-1], exact.shares[:-1], strict=False))
        room = Room(devices, tuple(count + more for count, more in zip(room.bytes, spare, strict=False)))
        fitting = None if exact.lacks else exact
        for placement in self._placed(one.demand, room, gpu_layers):
            if placement != one.placement:
                other = self.candidate(placement, one.demand, one.rank)
                if not other.lacks and (fitting is None or other.key < fitting.key):
                    fitting = other
        return fitting

    def _placed(self, demand: Demand, room: Room, gpu_layers: int | None) -> tuple[Placement, ...]:
        """Return the placements that fit *room*, thought for a context a little longer unless the model fits whole."""
        if self._placing_context() == self.context:
            return tuple(placements(self.model, demand, room, gpu_layers))
        if gpu_layers is None and (found := tuple(whole(self.model, demand, room))):
            return found
        found = tuple(placements(self.model, self._roomy(demand), room, gpu_layers))
        if gpu_layers is None and found:
            return found
        tight = tuple(placements(self.model, demand, room, gpu_layers))
        return tight if tight and tight[0].whole else found or tight

    def _roomy(self, demand: Demand) -> Demand:
        """Return *demand* for the context that layers are placed for, worked out once."""
        key = (demand.micro_batch, demand.cache)
        if key not in self._enlarged:
            self._enlarged[key] = self.model.enlarged(demand, self._placing_context())
        return self._enlarged[key]

    def regardless(self, devices: tuple[Device, ...], gpu_layers: int | None = None) -> Iterator[Candidate]:
        """Yield candidates on *devices* as if these had all the memory that is needed."""
        room = Room(devices, (_ENDLESS,) * len(devices))
        for rank, kind in enumerate(self.preferences.cache_types):
            for micro_batch in (self.preferences.micro_batch or HOST_MICRO_BATCH,):
                demand = self.demand(self.context, micro_batch, kind)
                for placement in regardless(self.model, demand, room, gpu_layers):
                    yield self.candidate(placement, demand, rank, exact=False)

    def candidate(
        self, placement: Placement, demand: Demand, rank: int, *, exact: bool = True, tokens: Tokens | None = None
    ) -> Candidate:
        """Return *placement* with its sizes and its speed; not *exact* is faster and about right.

        *tokens* are what is evaluated, by default those of the need, or where it is not *exact* those compared with.
        """
        shares = self.shares(placement, demand, exact=exact)
        tokens = tokens or (self.tokens if exact else self.compared)
        lacks, short = missing(shares, self.preferences.margin)
        from_disk = short if not lacks and short <= shares[-1].weights else 0
        mmap = placement.whole or not placement.devices or bool(from_disk) or is_pooled(placement)
        speed = speed_of(
            self.model,
            demand,
            self.reading(demand.cache, tokens),
            placement,
            self.machine,
            tokens,
            mmap=mmap,
            from_disk=from_disk,
        )
        speed = Speed(speed.prompt / self.learned.prefill, speed.token / self.learned.decode)
        seconds = speed.prompt + self.need.answer_tokens * speed.token
        if from_disk and speed.token * LEAST_DISK_RATE <= 1:
            return Candidate(placement, demand, shares, speed, seconds, mmap, 0, from_disk, rank)
        return Candidate(placement, demand, shares, speed, seconds, mmap, lacks + short, 0, rank)

    def _placing_context(self) -> int:
        if self.exact_context:
            return self.context
        return _rounded(self.context)

    def _micro_batches(self) -> tuple[int, ...]:
        """Return the micro-batches that may be tried on devices, none far longer than the prompt."""
        if self.preferences.micro_batch:
            return (self.preferences.micro_batch,)
        longest = max(HOST_MICRO_BATCH, self.compared.prompt)
        return tuple(one for one in self.micro_batches if one <= longest)

    def shares(self, placement: Placement, demand: Demand, *, exact: bool = True) -> tuple[Share, ...]:
        """Return what each device holds, then the host."""
        computes = (computes_of if exact else estimated)(self.model, demand, placement)
        return shares_of(self.model, demand, placement, self.machine, self.learned, computes)

    def _is_wasteful(self, demand: Demand, devices: tuple[Device, ...]) -> bool:
        """Whether a micro-batch's scratch takes more than its part of the smallest device, and a smaller one could."""
        if self.preferences.micro_batch or demand.micro_batch == MICRO_BATCHES[0]:
            return False
        return demand.compute > COMPUTE_SHARE * min(device.free_bytes for device in devices)

    def _host_micro_batch(self) -> int:
        """Return the largest batch whose longest matrix product on the CPU ends within `STOP_SECONDS`."""
        second = CORE_OPERATIONS * self.machine.physical_cores
        micro_batch = HOST_MICRO_BATCH
        while micro_batch > SMALLEST_MICRO_BATCH and micro_batch * self.widest / second > STOP_SECONDS:
            micro_batch //= 2
        return micro_batch


def padded(tokens: int) -> int:
    """Return *tokens* as llama.cpp pads a context."""
    return max(1, -(-tokens // CONTEXT_STEP)) * CONTEXT_STEP


def _rounded(tokens: int) -> int:
    """Return *tokens* rounded up to a multiple of `PLACING_STEP`; fewer than that in steps of about a quarter."""
    step = PLACING_STEP if tokens > PLACING_STEP else max(CONTEXT_STEP, 1 << max(0, (tokens // 4).bit_length() - 1))
    return -(-tokens // step) * step


def is_pooled(placement: Placement) -> bool:
    """Whether a device of *placement* shares its memory with the host: weights lie there once, as they are mapped."""
    return any(device.shares_memory for device in placement.devices)
