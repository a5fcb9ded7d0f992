"""Plans for a machine by what earlier runs taught about it, and what a run teaches the next plan.

The seam between planning and the profile on disk: who plans a run of a model, runs it and tells how it went needs only
this. Rates are tokens a second.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from codereader.engine.hardware.machine import Machine
from codereader.engine.learned import NOTHING, Learned
from codereader.engine.plan import Need, Plan, Preferences
from codereader.engine.planning.planner import plans
from codereader.engine.profile import Placement, learned, placement_of, record_run
from codereader.engine.protocol import Usage
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

    def plans(self, need: Need, preferences: Preferences | None = None) -> tuple[Plan, ...]:
        """Return how the model can run, best first, each by what is known of where it runs. Raises as `plans`."""
        made, probed = self._chosen(need, preferences or Preferences())
        return tuple(self._corrected(plan, probed, need) for plan in made)

    def plan(self, need: Need) -> Plan:
        """Return the best plan. Raises as `plans`."""
        return self.plans(need)[0]

    def pace(self, need: Need) -> float:
        """Return the prefill rate for *need* that no run changes, only a probe. Raises as `plans`."""
        return self._chosen(need, Preferences())[0][0].prefill_rate

    def record(self, plan: Plan, usage: Usage, *, probe: bool = False) -> bool:
        """Keep how *plan*, one of `plans`, really ran; return whether that taught anything. Never raises."""
        known = self._learned(placement_of(self.header, plan))
        return record_run(self._cache, self.machine, self.header, plan, usage, known, probe=probe)

    def _chosen(self, need: Need, preferences: Preferences) -> tuple[tuple[Plan, ...], Learned]:
        """Return the plans that runs do not change, best first, and what they were made with."""
        made = plans(self.header, self.machine, need, preferences)
        probed = self._learned(placement_of(self.header, made[0]), probes=True)
        return (made if probed == NOTHING else plans(self.header, self.machine, need, preferences, probed)), probed

    def _corrected(self, plan: Plan, made_with: Learned, need: Need) -> Plan:
        """Return *plan* with the rates that runs like it showed."""
        known = self._learned(placement_of(self.header, plan))
        if (known.prefill, known.decode) == (made_with.prefill, made_with.decode):
            return plan
        prefill = plan.prefill_rate / made_with.prefill * known.prefill
        decode = plan.decode_rate / made_with.decode * known.decode
        seconds = need.prompt_tokens / prefill + need.answer_tokens / decode if prefill and decode else plan.seconds
        whose = f"{known.runs} of this model" if known.runs else "those of other models"
        said = f"{plan.assumption} Corrected by what runs here showed ({whose}).".strip()
        return replace(plan, prefill_rate=prefill, decode_rate=decode, seconds=seconds, assumption=said)

    def _learned(self, place: Placement, *, probes: bool = False) -> Learned:
        if (place, probes) not in self._known:
            self._known[place, probes] = learned(self._cache, self.machine, self.header, place, probes=probes)
        return self._known[place, probes]
