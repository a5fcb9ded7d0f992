"""What runs teach is kept: the next prediction is nearer, and nothing on disk can break it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from codereader.engine.hardware.machine import Build, Device, Machine
from codereader.engine.learning import profile
from codereader.engine.learning.learned import NOTHING
from codereader.engine.learning.profile import learned, machine_key, placement_of, record_bytes, record_run
from codereader.engine.plan import HOST, Plan, Share
from codereader.engine.protocol import Usage
from codereader.model.gguf import ModelHeader
from codereader.model.known import known_header

MACHINE = Machine(
    (Device("CPU", "host memory", "cpu", 8 << 30, 16 << 30),), 8 << 30, 16 << 30, 4, 8, build=Build("1", "2", "3")
)


def model(name: str = "smollm2-135m") -> ModelHeader:
    header = known_header(name)
    assert header is not None
    return header


def plan(prefill: float = 100.0, decode: float = 10.0, layers: int = 0, experts: tuple[int, ...] = ()) -> Plan:
    return Plan(
        context=8192,
        gpu_layers=layers,
        cache_type_k="f16",
        cache_type_v="f16",
        micro_batch=512,
        threads=4,
        flash_attention=True,
        shares=(Share(HOST, 1, 1, 1, 8 << 30),),
        cpu_experts=experts,
        prefill_rate=prefill,
        decode_rate=decode,
    )


def usage(
    prefill: float = 100.0, decode: float = 10.0, *, prompt: int = 1000, answer: int = 100, reused: int = 0
) -> Usage:
    """A run at these rates in tokens a second."""
    return Usage(0, prompt, reused, prompt / prefill, answer, answer / decode, 0, 0, 0, 0, "")


def test_a_machine_that_never_ran_anything_has_learned_nothing(tmp_path: Path) -> None:
    """And nothing is written by looking."""
    assert NOTHING == learned(tmp_path / "cache", MACHINE, model(), "cpu")
    assert not (tmp_path / "cache").exists()


def test_the_next_prediction_is_what_the_last_run_showed(tmp_path: Path) -> None:
    """Twice as fast in prefill, half as fast in decode."""
    assert record_run(tmp_path, MACHINE, model(), plan(), usage(200.0, 5.0))

    known = learned(tmp_path, MACHINE, model(), "cpu")
    assert pytest.approx((2.0, 0.5)) == (known.prefill, known.decode)
    assert 1 == known.runs


def test_answers_that_were_predicted_from_another_speed_of_memory_teach_nothing(tmp_path: Path) -> None:
    """What memory gives may be measured only after the first run; the rate of a prompt does not follow from it."""
    record_run(tmp_path, MACHINE, model(), plan(), usage(200.0, 5.0))

    measured = replace(MACHINE, bandwidth=20e9, bandwidth_measured=True)
    known = learned(tmp_path, measured, model(), "cpu")
    assert pytest.approx((2.0, 1.0)) == (known.prefill, known.decode)
    record_run(tmp_path, measured, model(), plan(), usage(200.0, 8.0))
    factors = [learned(tmp_path, replace(measured, bandwidth=rate), model(), "cpu").decode for rate in (19e9, 40e9)]
    assert pytest.approx([0.8, 1.0]) == factors


def test_corrected_plans_teach_the_same_as_uncorrected_ones(tmp_path: Path) -> None:
    """A factor is always over the uncorrected prediction, so a right prediction does not undo itself."""
    record_run(tmp_path, MACHINE, model(), plan(), usage(200.0, 5.0))
    known = learned(tmp_path, MACHINE, model(), "cpu")
    for _ in range(3):
        record_run(tmp_path, MACHINE, model(), plan(200.0, 5.0), usage(200.0, 5.0), known)

    again = learned(tmp_path, MACHINE, model(), "cpu")
    assert pytest.approx((2.0, 0.5)) == (again.prefill, again.decode)


@pytest.mark.parametrize(
    ("ran", "predicted"),
    [
        (usage(prompt=63, answer=15), plan()),
        (usage(prompt=5000, reused=4000, answer=3), plan()),
        (usage(1e6, 1e6), plan()),
        (usage(1e-3, 1e-3), plan()),
        (usage(), plan(0.0, 0.0)),
        (replace(usage(), prompt_seconds=0.0, completion_seconds=0.0), plan()),
    ],
    ids=["short", "reused", "too fast", "too slow", "no prediction", "no time"],
)
def test_what_says_nothing_about_speed_is_not_kept(tmp_path: Path, ran: Usage, predicted: Plan) -> None:
    """Short runs, prompts that were partly on disk, clocks that jumped."""
    assert not record_run(tmp_path, MACHINE, model(), predicted, ran)
    assert NOTHING == learned(tmp_path, MACHINE, model(), "cpu")


@pytest.mark.parametrize(
    ("layers", "others", "kept"),
    [(0, 0.1, True), (0, 0.2, False), (10, 0.2, False), (31, 0.2, True), (31, 0.6, False)],
    ids=["cpu, quiet", "cpu, busy", "mixed, busy", "card, busy", "card, very busy"],
)
def test_a_run_beside_the_work_of_others_is_not_kept(tmp_path: Path, layers: int, others: float, kept: bool) -> None:
    """It would say how fast what was left of the machine is; a card needs little of the processors."""
    disturbed = replace(usage(5.0, 1.0), others=others)

    assert kept == record_run(tmp_path, MACHINE, model(), plan(layers=layers), disturbed)
    assert kept == (tmp_path / "profile").exists()


def test_a_reused_prompt_still_teaches_about_the_answer(tmp_path: Path) -> None:
    """The answer is written anew every time."""
    record_run(tmp_path, MACHINE, model(), plan(), usage(1.0, 20.0, reused=900))

    known = learned(tmp_path, MACHINE, model(), "cpu")
    assert (1.0, 2.0) == (known.prefill, pytest.approx(known.decode))


def test_a_busy_machine_does_not_spoil_what_quiet_runs_showed(tmp_path: Path) -> None:
    """Two of six runs beside a build of something else, at a fifth of the speed."""
    for rate in (150.0, 30.0, 148.0, 30.0, 152.0, 150.0):
        record_run(tmp_path, MACHINE, model(), plan(), usage(rate))

    assert pytest.approx(1.5, rel=0.03) == learned(tmp_path, MACHINE, model(), "cpu").prefill


def test_one_quiet_run_is_enough_after_a_busy_one(tmp_path: Path) -> None:
    """The very first run may be the one that was disturbed."""
    for rate in (20.0, 100.0):
        record_run(tmp_path, MACHINE, model(), plan(), usage(rate))

    assert pytest.approx(1.0) == learned(tmp_path, MACHINE, model(), "cpu").prefill


def test_a_machine_that_changed_is_learned_anew_in_time(tmp_path: Path) -> None:
    """Only the newest runs count."""
    for rate in [100.0] * 12 + [50.0] * 9:
        record_run(tmp_path, MACHINE, model(), plan(), usage(rate))

    assert pytest.approx(0.5) == learned(tmp_path, MACHINE, model(), "cpu").prefill


def test_long_runs_weigh_more_than_short_ones(tmp_path: Path) -> None:
    """Sixty tokens more or less are soon a factor of two."""
    for rate, tokens in ((100.0, 10_000), (190.0, 70), (200.0, 80)):
        record_run(tmp_path, MACHINE, model(), plan(), usage(rate, prompt=tokens))

    assert pytest.approx(1.0) == learned(tmp_path, MACHINE, model(), "cpu").prefill


def test_a_new_model_profits_from_what_others_showed(tmp_path: Path) -> None:
    """The middle of the other models of its size on this machine, until it ran itself."""
    for name, rate in (("qwen3-4b", 80.0), ("llama-3.2-3b", 120.0), ("gemma-3-1b", 400.0)):
        record_run(tmp_path, MACHINE, model(name), plan(), usage(rate))
    other = learned(tmp_path, MACHINE, model("gemma-3-4b"), "cpu")

    assert pytest.approx(1.2) == other.prefill
    assert 0 == other.runs
    record_run(tmp_path, MACHINE, model("gemma-3-4b"), plan(), usage(90.0))
    assert pytest.approx(0.9) == learned(tmp_path, MACHINE, model("gemma-3-4b"), "cpu").prefill


def test_a_tiny_model_says_nothing_about_a_large_one(tmp_path: Path) -> None:
    """It waits for other things: the first runs of many people are those of the bundled 135M model."""
    record_run(tmp_path, MACHINE, model("smollm2-135m"), plan(), usage(30.0))

    assert NOTHING == learned(tmp_path, MACHINE, model("qwen3-coder-30b"), "cpu")
    assert pytest.approx(0.3) == learned(tmp_path, MACHINE, model("gemma-3-270m"), "cpu").prefill


def test_what_the_processor_showed_says_nothing_about_the_card(tmp_path: Path) -> None:
    """Each place is learned for itself."""
    record_run(tmp_path, MACHINE, model(), plan(), usage(200.0))
    record_run(tmp_path, MACHINE, model(), plan(layers=31), usage(30.0))

    factors = [learned(tmp_path, MACHINE, model(), place).prefill for place in ("cpu", "mixed", "gpu")]
    assert pytest.approx([2.0, 1.0, 0.3]) == factors


def test_where_a_plan_runs() -> None:
    """All layers and the output on devices, some of it, nothing."""
    header = model()

    assert "gpu" == placement_of(header, plan(layers=31))
    assert "mixed" == placement_of(header, plan(layers=30))
    assert "mixed" == placement_of(header, plan(layers=31, experts=(0,)))
    assert "cpu" == placement_of(header, plan())


def test_another_machine_starts_anew(tmp_path: Path) -> None:
    """Another card, more memory, another llama.cpp; free memory comes and goes."""
    record_run(tmp_path, MACHINE, model(), plan(), usage(200.0))
    card = Device("CUDA0", "RTX 4090", "gpu", 20 << 30, 24 << 30, "CUDA")
    others = [
        replace(MACHINE, devices=(card, *MACHINE.devices)),
        replace(MACHINE, memory_total=32 << 30),
        replace(MACHINE, physical_cores=8),
        replace(MACHINE, build=Build("1", "newer", "3")),
    ]

    assert [NOTHING] * len(others) == [learned(tmp_path, one, model(), "cpu") for one in others]
    assert 2.0 == pytest.approx(learned(tmp_path, replace(MACHINE, memory_available=1), model(), "cpu").prefill)


def test_a_machine_that_is_only_described_teaches_and_learns_nothing(tmp_path: Path) -> None:
    """It is not here."""
    described = replace(MACHINE, name="a Mac that somebody thinks of buying")

    assert not record_run(tmp_path, described, model(), plan(), usage(200.0))
    assert not record_bytes(tmp_path, described, model(), {HOST: 1 << 20})
    record_run(tmp_path, MACHINE, model(), plan(), usage(200.0))
    assert NOTHING == learned(tmp_path, described, model(), "cpu")


def test_bytes_are_learned_by_device_and_model(tmp_path: Path) -> None:
    """The most that was seen of late; another model has others."""
    record_bytes(tmp_path, MACHINE, model(), {"CUDA0": 300, HOST: -50})
    record_bytes(tmp_path, MACHINE, model(), {"CUDA0": 200, HOST: -70})

    assert {"CUDA0": 300, HOST: -50} == learned(tmp_path, MACHINE, model(), "gpu").extra_bytes
    assert {} == learned(tmp_path, MACHINE, model("gemma-3-1b"), "gpu").extra_bytes


def test_runs_do_not_change_what_a_probe_showed(tmp_path: Path) -> None:
    """Runs correct what is promised; what somebody asked to be measured is kept beside."""
    record_run(tmp_path, MACHINE, model(), plan(), usage(300.0))
    assert NOTHING == learned(tmp_path, MACHINE, model(), "cpu", probes=True)

    record_run(tmp_path, MACHINE, model(), plan(), usage(50.0), probe=True)
    record_run(tmp_path, MACHINE, model(), plan(), usage(200.0), probe=True)
    record_run(tmp_path, MACHINE, model(), plan(), usage(300.0))

    assert pytest.approx(2.0) == learned(tmp_path, MACHINE, model(), "cpu", probes=True).prefill
    assert NOTHING == learned(tmp_path, MACHINE, model("gemma-3-1b"), "cpu", probes=True)


def test_a_probe_puts_an_end_to_what_was_measured_before(tmp_path: Path) -> None:
    """Who asks for a measurement wants it believed, however long the runs were that said something else."""
    for _ in range(9):
        record_run(tmp_path, MACHINE, model(), plan(), usage(10.0, prompt=9000))
    record_run(tmp_path, MACHINE, model(), plan(), usage(90.0, prompt=512), probe=True)
    known = learned(tmp_path, MACHINE, model(), "cpu")

    assert (pytest.approx(0.9), 1) == (known.prefill, known.runs)
    record_run(tmp_path, MACHINE, model(), plan(), usage(110.0))
    assert 2 == learned(tmp_path, MACHINE, model(), "cpu").runs


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"{", b"null", b"[]", b"\xff\xfe", b"{}", b"[" * 4000, b'{"schema": 2}', b'{"schema": 1}',
        b'{"schema": 1, "model": 3, "placement": "cpu"}',
        b'{"schema": 1, "model": "x", "parameters": 1, "placement": "moon"}',
        b'{"schema": 1, "model": "x", "parameters": 1, "placement": "cpu", "prefill": NaN}',
        b'{"schema": 1, "model": "x", "parameters": 1, "placement": "cpu", "prefill": 1e300}',
        b'{"schema": 1, "model": "x", "parameters": 1, "placement": "cpu", "prefill": -1}',
        b'{"schema": 1, "model": "x", "parameters": 1, "placement": "cpu", "prefill": "2"}',
        b'{"schema": 1, "model": "x", "parameters": 1, "placement": "cpu", "prefill_tokens": -5}',
        b'{"schema": 1, "model": "x", "parameters": 1, "placement": "cpu", "extra_bytes": {"CUDA0": 1e9}}',
        b'{"schema": 1, "model": "x", "parameters": 1, "placement": "cpu", "extra_bytes": [1]}',
        b'{"schema": 1, "model": "x", "parameters": 1, "placement": "cpu", "surprise": 1}',
        b'{"schema": 1, "model": "x", "parameters": 1, "placement": "cpu", "prefill_tokens": ' + b"9" * 3000 + b"}",
    ],
)  # fmt: skip
def test_a_damaged_measurement_is_forgotten(tmp_path: Path, damage: bytes) -> None:
    """The others still count."""
    record_run(tmp_path, MACHINE, model(), plan(), usage(200.0))
    (tmp_path / "profile" / f"{machine_key(MACHINE)}-99999999999999999999-ab.json").write_bytes(
        damage.replace(b'"x"', json.dumps(model().digest).encode())
    )

    assert pytest.approx(2.0) == learned(tmp_path, MACHINE, model(), "cpu").prefill


def test_a_profile_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest measurements leave, of whatever machine."""
    monkeypatch.setattr(profile, "MOST_FILES", 5)
    for number in range(8):
        record_run(tmp_path, replace(MACHINE, physical_cores=number + 1), model(), plan(), usage(200.0))

    left = [learned(tmp_path, replace(MACHINE, physical_cores=number + 1), model(), "cpu").runs for number in range(8)]
    assert [0, 0, 0, 1, 1, 1, 1, 1] == left


def test_a_clock_that_was_ahead_does_not_stop_the_learning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it wrote counts as the oldest, so it leaves first and does not outweigh what comes after."""
    monkeypatch.setattr(profile, "MOST_FILES", 3)
    monkeypatch.setattr(profile, "RECENT", 2)
    with monkeypatch.context() as ahead:
        ahead.setattr(time, "time_ns", lambda: 4 * 10**18)
        for _ in range(3):
            record_run(tmp_path, MACHINE, model(), plan(), usage(900.0))
    first = learned(tmp_path, MACHINE, model(), "cpu").prefill
    for _ in range(2):
        record_run(tmp_path, MACHINE, model(), plan(), usage(200.0))

    assert pytest.approx([9.0, 2.0]) == [first, learned(tmp_path, MACHINE, model(), "cpu").prefill]
    assert 3 == len(list((tmp_path / "profile").iterdir()))


def test_another_driver_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the kind of card that is there; without such a card nobody looks."""
    monkeypatch.setattr(profile, "_DRIVERS", {"CUDA": tmp_path / "version"})
    card = Device("CUDA0", "RTX 4090", "gpu", 20 << 30, 24 << 30, "CUDA")
    machines = MACHINE, replace(MACHINE, devices=(card, *MACHINE.devices))
    keys = []
    for version in ("550.54", "570.86"):
        (tmp_path / "version").write_text(version)
        keys.append([machine_key(machine) for machine in machines])

    assert [True, False] == [before == after for before, after in zip(*keys, strict=True)]


def test_drafts_of_processes_that_died_are_cleared(tmp_path: Path) -> None:
    """Those of an hour ago; one that is just being written stays."""
    folder = tmp_path / "profile"
    folder.mkdir()
    (folder / "old.tmp").touch()
    os.utime(folder / "old.tmp", (0, 0))
    (folder / "new.tmp").touch()
    record_run(tmp_path, MACHINE, model(), plan(), usage(200.0))

    assert ["new.tmp"] == [path.name for path in folder.glob("*.tmp")]


def test_a_cache_that_cannot_be_written_costs_only_the_learning(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "profile").write_text("in the way")

    assert not record_run(tmp_path, MACHINE, model(), plan(), usage(200.0))
    assert NOTHING == learned(tmp_path, MACHINE, model(), "cpu")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_only_the_owner_may_read_the_profile(tmp_path: Path) -> None:
    """Which models somebody runs is theirs to tell."""
    record_run(tmp_path / "cache", MACHINE, model(), plan(), usage(200.0))
    (written,) = (tmp_path / "cache" / "profile").iterdir()

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (written.parent, written)]
    assert [0o700, 0o600] == modes


def test_several_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    """Four at once, each with ten measurements."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path;"
        "from tests.unit.test_profile import *;"
        "[record_run(Path(sys.argv[1]), MACHINE, model(), plan(), usage(200.0)) for _ in range(10)]"
    )
    root = str(Path(__file__).parents[2])
    running = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path), root]) for _ in range(4)]

    assert [0] * 4 == [one.wait() for one in running]
    assert 40 == learned(tmp_path, MACHINE, model(), "cpu").runs
