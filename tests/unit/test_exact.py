"""Plans for this machine carry the sizes that its llama.cpp gives them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from codereader.engine.hardware.machine import Machine
from codereader.engine.plan import HOST, Need, Plan, Preferences
from codereader.engine.planning.planner import plan
from codereader.engine.trial.exact import exact
from codereader.engine.trial.run import dry_run
from codereader.model.gguf import read_header
from codereader.model.known import known_header
from tests.hollow import write_hollow

MACHINE = Machine(devices=(), memory_available=64 << 30, memory_total=64 << 30, physical_cores=2, logical_cores=2)


def planned(folder: Path) -> tuple[Plan, Path]:
    """Return the plan for a hollow SmolLM2 and where it lies."""
    header = known_header("smollm2-135m")
    assert header
    path = write_hollow(folder, header)
    return plan(read_header(path), MACHINE, Need(2_000, 100), Preferences()), path


def test_the_sizes_are_those_of_the_dry_run(tmp_path: Path) -> None:
    """What a formula was wrong about, here made wrong, is put right."""
    made, path = planned(tmp_path)
    wrong = replace(made, shares=(replace(made.shares[0], compute=1, cache=2),))

    found = exact(wrong, path)

    held = dry_run(path, made).host
    assert ("dry run", (held.weights, held.cache, held.compute)) == (
        found.sizes,
        (found.shares[0].weights, found.shares[0].cache, found.shares[0].compute),
    )


def test_a_file_that_llama_cpp_refuses_leaves_the_formula(tmp_path: Path) -> None:
    """The plan stays as it is, and says where its sizes come from."""
    made, path = planned(tmp_path)
    path.write_bytes(b"GGUF")

    assert made == exact(made, path)
    assert made.sizes == "formula"


def test_what_lacks_only_by_the_dry_run_is_noted(tmp_path: Path) -> None:
    """Nobody is told that a plan fits which llama.cpp sizes larger than the memory."""
    made, path = planned(tmp_path)
    tight = replace(made, shares=(replace(made.shares[0], compute=0, free=made.shares[0].weights),))

    found = exact(tight, path)

    assert [f"more on {HOST} than there is" in note for note in found.notes[-1:]] == [True]
