"""What runs taught shows in the next answer's plan, and costs nobody the state that was saved for their question."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codereader import config
from codereader.engine.hardware.devices import inventory
from codereader.engine.learning.profile import record_run
from codereader.engine.learning.taught import Taught
from codereader.engine.plan import Need
from codereader.engine.protocol import Usage
from codereader.model.gguf import read_header
from tests.gguf_files import bundled_model

FASTER = 3.0


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree of more tokens than the model's window holds."""
    for number in range(60):
        lines = "".join(f"\tstep_{number}_{line}(value + {line});\n" for line in range(12))
        (tmp_path / f"part_{number:02}.c").write_text(f"int part_{number}(int value)\n{{\n{lines}\treturn value;\n}}\n")
    return tmp_path


def ran_faster() -> None:
    """Leave behind what a run leaves that was so many times as fast as predicted."""
    header = read_header(bundled_model())
    machine = inventory()
    planned = Taught(config.cache_dir(), machine, header).plan(Need(2000, 100))
    seconds = 2000 / planned.prefill_rate / FASTER
    assert record_run(config.cache_dir(), machine, header, planned, Usage(0, 2000, 0, seconds, 0, 0, 0, 0, 0, 0, ""))


def test_a_question_keeps_its_base_when_runs_were_faster_than_predicted(tree: Path, run: Callable[..., Any]) -> None:
    """The same files, batches and context, so that what was evaluated is not evaluated again; the promise is better."""

    def dry(*flags: str) -> dict[str, Any]:
        asked = run("ask", tree, "explain structure", "--dry-run", "--format", "json", "--max-tokens", "16", *flags)
        assert 0 == asked.code, asked.stderr
        found: dict[str, Any] = json.loads(asked.stdout)
        return found

    patience = f"{3500 / dry()['plan']['prefill_rate']:.2f}"
    before = dry("--patience", patience)
    ran_faster()
    after = dry("--patience", patience)

    assert 1500 < before["pack"]["tokens"] < 4500
    assert before["pack"] == after["pack"]
    assert before["prompt_tokens"] == after["prompt_tokens"]
    same = ("context", "micro_batch", "threads", "cache_type_k", "cache_type_v")
    assert [before["plan"][key] for key in same] == [after["plan"][key] for key in same]
    assert pytest.approx(FASTER, rel=0.01) == after["plan"]["prefill_rate"] / before["plan"]["prefill_rate"]
