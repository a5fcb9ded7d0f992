"""A plan from what was chosen: every figure filled in, every choice said in words."""

from __future__ import annotations

from codereader.engine.plan import Plan, size
from codereader.engine.planning.candidate import Candidate, Chooser
from codereader.engine.planning.changes import changes_of
from codereader.engine.planning.choice import devices_of
from codereader.engine.planning.limits import assumption_of, limit_of
from codereader.engine.planning.reach import reach


def explained(chooser: Chooser, chosen: Candidate, *, best: bool, changes: bool = True) -> Plan:
    """Return the plan of *chosen*.

    Only the *best* one is told how many tokens it holds, and with *changes* what these would buy: that takes planning
    again.
    """
    need, demand, placement = chooser.need, chosen.demand, chosen.placement
    speed = chosen.speed
    held = reach(chooser, chosen) if best and placement.devices else 0
    return Plan(
        context=demand.context,
        gpu_layers=placement.gpu_layers,
        cache_type_k=demand.cache.kind,
        cache_type_v=demand.cache.kind,
        micro_batch=demand.micro_batch,
        threads=chooser.preferences.threads or chooser.machine.physical_cores,
        flash_attention=True,
        shares=chosen.shares,
        cpu_experts=placement.cpu_experts,
        full_window=demand.cache.full_window,
        mmap=chosen.mmap,
        repacks=not chosen.from_disk,
        prefill_rate=_digits(need.prompt_tokens / speed.prompt if speed.prompt else 0.0),
        decode_rate=_digits(1 / speed.token if speed.token else 0.0),
        seconds=_digits(chosen.seconds),
        processor=_processor(chosen),
        notes=_notes(chooser, chosen),
        limit=limit_of(chooser, chosen),
        assumption=assumption_of(chooser, chosen),
        changes=changes_of(chooser, chosen, held) if best and changes else (),
        gpu_tokens=held,
        kind=placement.kind,
        lacks=chosen.lacks,
        from_disk=chosen.from_disk,
    )


def _digits(number: float) -> float:
    """Return *number* to four digits that matter, so that plans compare and print alike everywhere."""
    return float(f"{number:.4g}")


def _processor(chosen: Candidate) -> str:
    """Return who computes, by bytes of weights, in local-model words."""
    if not chosen.placement.devices:
        return "100% CPU"
    if chosen.placement.whole:
        return "100% GPU"
    on_devices = sum(share.weights for share in chosen.shares[:-1])
    everything = on_devices + chosen.shares[-1].weights
    device = min(99, max(1, round(100 * on_devices / max(1, everything))))
    return f"{100 - device}%/{device}% CPU/GPU"


def _notes(chooser: Chooser, chosen: Candidate) -> tuple[str, ...]:
    need, header = chooser.need, chooser.model.header
    notes = []
    wanted = need.ctx if need.ctx is not None else need.prompt_tokens + need.answer_tokens
    if 0 < header.context_length < wanted:
        notes.append(
            f"the context of {wanted:,} tokens is larger than the {header.context_length:,} that {header.name} "
            f"was trained for: expect worse answers"
        )
    if chosen.demand.context < need.prompt_tokens + need.answer_tokens:
        room = chosen.demand.context - need.prompt_tokens
        notes.append(
            f"--ctx leaves {room:,} tokens for the answer, which may be cut; {need.answer_tokens:,} were asked"
        )
    if need.gpu_layers not in ("auto", 0) and not devices_of(chooser.machine, need):
        notes.append("--gpu-layers has no effect: there is no device that can hold layers of a model")
    elif need.gpu_layers != "auto" and chosen.placement.cpu_experts:
        notes.append(
            f"--gpu-layers {need.gpu_layers} fits only with the experts of {len(chosen.placement.cpu_experts)} of "
            "these layers left to the host"
        )
    if chosen.from_disk:
        notes.append(f"{size(chosen.from_disk)} of the weights will be read from disk again and again: this is slow")
    return tuple(notes)
