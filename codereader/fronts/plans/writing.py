"""Write plans: as a page, as Markdown, as JSON; alone or several machines side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from codereader.fronts import shape
from codereader.fronts.plans import comparison, document
from codereader.fronts.plans.flags import server_flags
from codereader.fronts.plans.page import SHOWN, page
from codereader.fronts.plans.planned import Planned, model_name

if TYPE_CHECKING:
    from codereader.engine.hardware.machine import Machine
    from codereader.engine.learning.measure import Measurement
    from codereader.fronts.render import Output

__all__ = ["SHOWN", "compare_out", "plan_out"]


def plan_out(planned: Planned, out: Output, style: str, shown: int | None) -> None:
    """Write the plans for one machine; text and Markdown have *shown* of them at most (None: all)."""
    if style == "json":
        out.json({"schema": shape.SCHEMA, "model": model_row(planned), **machine_plans(planned)})
        return
    lines = document.page(planned, shown) if style == "markdown" else page(planned, out, shown)
    _write(lines, out)


def compare_out(made: Sequence[Planned], out: Output, style: str) -> None:
    """Write the best plans for several machines side by side."""
    if style == "json":
        rows = [{"model": model_row(one), **machine_plans(one)} for one in made]
        out.json({"schema": shape.SCHEMA, "machines": rows})
        return
    _write(document.comparison(made) if style == "markdown" else comparison.page(made, out), out)


def _write(lines: Iterable[str], out: Output) -> None:
    out.write("".join(f"{line}\n" for line in lines))


def model_row(planned: Planned) -> shape.Json:
    """Return the JSON of the model that was planned for."""
    header = planned.header
    return {
        "name": model_name(header),
        "path": planned.file or None,
        "architecture": header.architecture,
        "quantization": header.quantization,
        "parameters": header.parameters,
        "bytes": header.file_bytes,
        "layers": header.block_count,
        "context": header.context_length,
    }


def machine_plans(planned: Planned) -> shape.Json:
    """Return the JSON of a machine and its plans, the best first."""
    asked = planned.asked
    return {
        "name": planned.name,
        "machine": machine_row(planned.machine),
        "need": {
            "prompt_tokens": asked.prompt,
            "max_tokens": asked.answer,
            "exact": asked.exact,
            "about": asked.about or None,
        },
        "fits": planned.fits,
        "plans": [shape.plan(plan) for plan in planned.plans],
        "measured": measured_row(planned.measured) if planned.measured else None,
        "llama_server": server_flags(planned, planned.best),
    }


def measured_row(found: Measurement) -> shape.Json:
    """Return the JSON of what a short run showed, beside what had been predicted for it."""
    held = found.held.held.parts if found.held else ()
    return {
        "prompt_tokens": found.prompt_tokens,
        "answer_tokens": found.answer_tokens,
        "prefill_rate": round(found.prefill_rate, 2),
        "decode_rate": round(found.decode_rate, 2),
        "load_seconds": round(found.load_seconds, 2),
        "kept": found.kept,
        "devices": [
            {"name": one.name, "weights": one.weights, "cache": one.cache, "compute": one.compute + one.output}
            for one in held
        ],
        "predicted": shape.plan(found.plan),
    }


def machine_row(machine: Machine) -> shape.Json:
    """Return the JSON of a machine: bytes, and bytes or operations a second, 0 where they are not known."""
    return {
        "memory_available": machine.memory_available,
        "memory_total": machine.memory_total,
        "bandwidth": round(machine.bandwidth),
        "physical_cores": machine.physical_cores,
        "devices": [
            {
                "name": one.name,
                "description": one.description,
                "kind": one.kind,
                "free": one.free_bytes,
                "total": one.total_bytes,
                "bandwidth": round(one.bandwidth),
                "operations": round(one.operations),
                "link": round(one.link),
                "shares_memory": one.shares_memory,
            }
            for one in machine.devices
        ],
    }
