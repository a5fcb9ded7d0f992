"""Dry runs: llama.cpp's own sizes of a plan, in a process whose end is an error message."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codereader.cancel import Cancelled, CancelToken
from codereader.engine.plan import HOST, Plan, Share
from codereader.engine.trial import run, sizing
from codereader.engine.trial.measured import Held, Measured
from codereader.engine.trial.run import dry_run, dry_runs
from codereader.engine.trial.wire import plan_from_json, plan_to_json, result_from_line, result_to_line
from codereader.errors import ModelError, ModelNotFound, ModelTooLarge, ModelUnreadable
from codereader.model.hollow import write_hollow
from codereader.model.known import known_header
from tests.gguf_files import Value, bundled_model, llama_metadata, write_gguf

PLAN = Plan(
    context=512,
    gpu_layers=0,
    cache_type_k="f16",
    cache_type_v="f16",
    micro_batch=64,
    threads=1,
    flash_attention=True,
    shares=(Share(HOST, 0, 0, 0, 0, 3),),
)


@pytest.fixture
def replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return what lets the process of a dry run do something else."""

    def replace_it(code: str) -> None:
        (tmp_path / "another_child.py").write_text(f"def main():\n    {code}\n")
        monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
        monkeypatch.setattr(run, "_CHILD", "another_child")

    return replace_it


def test_a_real_model_is_sized_without_being_loaded() -> None:
    """The bundled model at 8,192 tokens: its weights, 180 MiB of cache, a row of logits."""
    measured = dry_run(bundled_model(), replace(PLAN, context=8192, micro_batch=512))

    assert (HOST,) == tuple(part.name for part in measured.parts)
    assert 180 << 20 == measured.host.cache
    assert 80 << 20 < measured.host.weights < 110 << 20
    assert 4 * 49_152 == pytest.approx(measured.host.output, abs=1 << 14)


def test_a_model_that_is_not_here_is_sized_from_its_header(tmp_path: Path) -> None:
    """Scout at 10,485,760 tokens: 256 GiB of cache on any machine."""
    header = known_header("llama-4-scout")
    assert header
    plan = replace(PLAN, context=10_485_760, cache_type_k="q8_0", cache_type_v="q8_0", micro_batch=128)

    measured = dry_run(write_hollow(tmp_path, header), plan)

    assert 255 < measured.host.cache / (1 << 30) < 257


def test_one_process_sizes_several_plans_and_says_which_are_refused(tmp_path: Path) -> None:
    """A plan that cannot be is one error among the results."""
    path = small(tmp_path)

    first, refused, last = dry_runs(path, (PLAN, replace(PLAN, micro_batch=0), replace(PLAN, context=1024)))

    assert isinstance(refused, ModelUnreadable)
    assert "zero" in str(refused)
    assert isinstance(first, Measured)
    assert isinstance(last, Measured)
    assert 2 * first.host.cache == last.host.cache


def test_a_file_that_is_no_model_is_refused_with_llama_cpps_reason(tmp_path: Path) -> None:
    """A broken file is an error that names it."""
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + b"\xff" * 100)

    with pytest.raises(ModelUnreadable, match=r"broken\.gguf"):
        dry_run(path, PLAN)


def test_a_relative_path_is_the_callers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process stands in another folder, which is nobody's business."""
    path = small(tmp_path)
    monkeypatch.chdir(tmp_path)

    assert dry_run(path, PLAN) == dry_run(Path(path.name), PLAN)


def test_a_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    """No file, no dry run."""
    with pytest.raises(ModelNotFound):
        dry_run(tmp_path / "none.gguf", PLAN)


def test_a_model_that_ends_llama_cpp_is_an_error_message(tmp_path: Path) -> None:
    """More experts used than there are: an assertion of llama.cpp, which ends its process and not this one."""
    path = small(tmp_path, {"llama.expert_count": 4, "llama.expert_used_count": 9})

    with pytest.raises(ModelError, match="n_expert"):
        dry_run(path, PLAN)


def test_a_model_that_always_ends_llama_cpp_is_not_tried_for_every_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty plans cost three starts."""
    path = small(tmp_path, {"llama.expert_count": 4, "llama.expert_used_count": 9})
    starts = []
    started = run._started

    def counted(*files: Any) -> Any:
        starts.append(files)
        return started(*files)

    monkeypatch.setattr(run, "_started", counted)

    results = dry_runs(path, (PLAN,) * 20)

    assert 20 == len(results)
    assert all(isinstance(result, ModelError) for result in results)
    assert 3 == len(starts)


def test_a_dry_run_is_cancelled_at_once(tmp_path: Path, replaced: Callable[[str], None]) -> None:
    """Ctrl-C ends the process, even where that never answers."""
    replaced("import time; time.sleep(600)")
    cancel = CancelToken()
    threading.Timer(0.2, cancel.cancel).start()

    with pytest.raises(Cancelled):
        dry_run(small(tmp_path), PLAN, cancel)


def test_a_dry_run_that_takes_too_long_is_an_error(
    tmp_path: Path, replaced: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that hangs is ended."""
    replaced("import time; time.sleep(600)")
    monkeypatch.setattr(run, "LIMIT_SECONDS", 0.2)

    with pytest.raises(ModelError, match="took more than"):
        dry_run(small(tmp_path), PLAN)


def test_the_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    """A process whose input ends does not live on."""
    with (
        (tmp_path / "said").open("wb") as said,
        (tmp_path / "errors").open("wb") as errors,
        run._started(tmp_path, said, errors) as process,
    ):
        run._ask(process, small(tmp_path), (PLAN,) * 1000)
        assert process.stdin
        process.stdin.close()

        assert 0 == process.wait(20)


def test_what_the_process_says_is_not_trusted(tmp_path: Path, replaced: Callable[[str], None]) -> None:
    """Words that are no answer are an error, not a traceback."""
    replaced("import sys; sys.stdin.readline(); print('[' * 100000)")

    with pytest.raises(ModelError, match="cannot be read"):
        dry_run(small(tmp_path), PLAN)


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "{}",
        '{"parts": []}',
        '{"parts": [1]}',
        '{"parts": [{"name": "host", "weights": -1, "cache": 0, "compute": 0, "output": 0}]}',
        '{"parts": [{"name": "host", "weights": 1e9, "cache": 0, "compute": 0, "output": 0}]}',
        '{"parts": [{"name": 5, "weights": 1, "cache": 0, "compute": 0, "output": 0}]}',
        '{"error": "SystemExit"}',
        '{"error": ["ModelError"], "message": "", "hint": ""}',
    ],
)
def test_answers_of_another_shape_are_refused(line: str) -> None:
    """Only what a dry run can say is taken."""
    with pytest.raises(ValueError, match=r"^(not |no parts)"):
        result_from_line(line.encode())


def test_answers_and_plans_travel_unchanged() -> None:
    """A plan, sizes and an error are the same at the other end; escape sequences are shown."""
    plan = replace(PLAN, cpu_experts=(1, 2), notes=("a note",), shares=(Share("CUDA0", 1, 2, 3, 4, 5), *PLAN.shares))
    measured = Measured((Held("CUDA0", 1, 2, 3), Held(HOST, 4, 5, 6, 7)))

    assert plan == plan_from_json(json.loads(json.dumps(plan_to_json(plan))))
    assert measured == result_from_line(result_to_line(measured).encode())
    error = result_from_line(result_to_line(ModelTooLarge("no \x1b[31m memory", "hint")).encode())
    assert isinstance(error, ModelTooLarge)
    assert "no \\x1b[31m memory" == str(error)


def test_sizes_are_read_from_the_log_where_llama_cpp_cannot_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the map of sizes has another layout, the log's rounded numbers do."""
    header = known_header("gpt-oss-20b")
    assert header
    path = write_hollow(tmp_path, header)
    plan = replace(PLAN, context=131_072, micro_batch=512, shares=(Share(HOST, 123, 0, 0, 0, 25),))
    exact = next(iter(sizing.size_up(path, (plan,))))
    monkeypatch.setattr(sizing, "breakdown", lambda _context: None)

    logged = next(iter(sizing.size_up(path, (plan,))))

    assert isinstance(exact, Measured)
    assert isinstance(logged, Measured)
    assert 123 == logged.host.weights
    assert logged.host.cache == pytest.approx(exact.host.cache, abs=1 << 15)
    assert logged.host.compute == pytest.approx(exact.host.compute, abs=1 << 14)


def small(folder: Path, more: Mapping[str, Value] | None = None) -> Path:
    """Write a Llama of two layers that llama.cpp takes, unless *more* spoils it."""
    width, inner, words = 64, 128, 256
    tensors = [("token_embd.weight", (width, words), "F16"), ("output_norm.weight", (width,), "F32")]
    for layer in range(2):
        shapes = {
            "attn_norm": (width,), "attn_q": (width, width), "attn_k": (width, 16), "attn_v": (width, 16),
            "attn_output": (width, width), "ffn_norm": (width,), "ffn_gate": (width, inner), "ffn_up": (width, inner),
            "ffn_down": (inner, width),
        }  # fmt: skip
        tensors += [
            (f"blk.{layer}.{name}.weight", shape, "F16" if len(shape) > 1 else "F32") for name, shape in shapes.items()
        ]
    metadata = llama_metadata(
        llama__feed_forward_length=inner,
        llama__attention__layer_norm_rms_epsilon=1e-5,
        llama__vocab_size=words,
        tokenizer__ggml__model="no_vocab",
    )
    return write_gguf(folder / "small.gguf", {**metadata, **(more or {})}, tensors)
