"""Plans for a machine by what earlier runs taught about it, and what a run teaches the next plan.

The seam between planning and the profile on disk: who plans a run of a model, runs it and tells how it went needs only
this. Rates are tokens a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from codereader.engine.embedded.buffers import Buffers, extra_bytes
from codereader.engine.hardware.machine import Machine
from codereader.engine.learning.learned import NOTHING, Learned
from codereader.engine.learning.profile import Placement, learned, placement_of, record_bytes, record_run
from codereader.engine.plan import Need, Plan, Preferences
from codereader.engine.planning.planner import DEFAULTS, plan, plans
from codereader.engine.planning.sized import Sized
from codereader.engine.protocol import Engine, Usage
from codereader.engine.trial.measuring import sized
from codereader.model.gguf import ModelHeader


class Taught:
    """The plans of one model on one machine, corrected by the profile in *cache*, which is read once a placement.

    Which plan is best rests on the planner's rates and on probes that somebody asked for, so that runs do not change
    it: saved state is of one plan and of one base, whose budget follows from the predicted rate. What the plans promise
    is corrected by every run. A machine that is only described has no profile: its plans are the planner's.
    """

    def __init__(self, cache: Path, machine: Machine, header: ModelHeader) -> None:
        self.header = header
        self.machine = machine
        self._cache = cache
        self._known: dict[tuple[Placement, bool], Learned] = {}

    def plans(self, need: Need, preferences: Preferences = DEFAULTS) -> tuple[Plan, ...]:
        """Return how the model can run, best first, each by what is known of where it runs. Raises as `plans`."""
        _, probed = self._best(need, preferences)
        made = plans(self.header, self.machine, need, preferences, probed, self._sized)
        return tuple(self._corrected(one, probed, need) for one in made)

    def plan(self, need: Need, preferences: Preferences = DEFAULTS) -> Plan:
        """Return the best plan, without what changes would buy. Raises as `plans`."""
        best, probed = self._best(need, preferences)
        return self._corrected(best, probed, need)

    def pace(self, need: Need) -> float:
        """Return the prefill rate for *need* that no run changes, only a probe. Raises as `plans`."""
        return self._best(need, DEFAULTS)[0].prefill_rate

    def learn(self, planned: Plan, engine: Engine, usage: Usage, *, probe: bool = False) -> bool:
        """Keep how *engine*, started with *planned*, one of `plans`, really ran; return whether rates count.

        Never raises.

        Rates count where it ran as planned; of an engine that knows what it takes, bytes count too, and what a device
        turned out not to have.
        """
        counts = False
        if engine.plan == planned:
            known = self._learned(placement_of(self.header, planned))
            counts = record_run(self._cache, self.machine, self.header, planned, usage, known, probe=probe)
        held: Buffers | None = getattr(engine, "buffers", None)
        if held is not None:
            self._learn_bytes(engine.plan, held, getattr(engine, "lacking", {}))
        return counts

    def _learn_bytes(self, plan: Plan, held: Buffers, lacking: Mapping[str, int]) -> None:
        """Keep by how much the bytes were off; where they were once and no longer are, that too."""
        before = self._learned(placement_of(self.header, plan)).extra_bytes
        found = {**dict.fromkeys(before, 0), **extra_bytes(plan, held), **lacking}
        if found != before:
            record_bytes(self._cache, self.machine, self.header, found)

    def _best(self, need: Need, preferences: Preferences) -> tuple[Plan, Learned]:
        """Return the plan that runs do not change, and what it was made with."""
        best = plan(self.header, self.machine, need, preferences, sized=self._sized)
        probed = self._learned(placement_of(self.header, best), probes=True)
        if probed == NOTHING:
            return best, probed
        return plan(self.header, self.machine, need, preferences, probed, self._sized), probed

    @cached_property
    def _sized(self) -> Sized | None:
        """What a dry run finds of a model whose sizes no formula foresees. Raises: ModelError."""
        return sized(self.header, self.machine.physical_cores)

    def _corrected(self, plan: Plan, made_with: Learned, need: Need) -> Plan:
        """Return *plan* with the rates that runs like it showed."""
        known = self._learned(placement_of(self.header, plan))
        if (known.prefill, known.decode) == (1.0, 1.0):
            return plan
        prefill = plan.prefill_rate / made_with.prefill * known.prefill
        decode = plan.decode_rate / made_with.decode * known.decode
        seconds = need.prompt_tokens / prefill + need.answer_tokens / decode if prefill and decode else plan.seconds
        said = f"{plan.assumption}; corrected by {_whose(known.runs)}"
        return replace(plan, prefill_rate=prefill, decode_rate=decode, seconds=seconds, assumption=said)

    def _learned(self, place: Placement, *, probes: bool = False) -> Learned:
        if (place, probes) not in self._known:
            self._known[place, probes] = learned(self._cache, self.machine, self.header, place, probes=probes)
        return self._known[place, probes]


def _whose(runs: int) -> str:
    """Return whose runs corrected a prediction: *runs* of the model's own, else those of models of its size."""
    if not runs:
        return "what models of its size showed here"
    return "a run here" if runs == 1 else f"{runs} runs here"
