"""``codereader doctor``: what a person learns about the machine, and what mends it."""

from __future__ import annotations

import importlib.metadata
import json
import os
from pathlib import Path

from codereader.errors import ExitCode

CRASH = "import codereader.engine.hardware.devices as d\nd.inventory = lambda: __import__('os').abort()\n"
"""What a driver does to the process that lists the devices; run where Python starts."""

CARD = """
import codereader.engine.hardware.seen as seen
seen.cards = lambda: (seen.Card("NVIDIA", "NVIDIA GeForce RTX 4090", "0000:01:00.0"),)
"""

BINDING = f"llama-cpp-python=={importlib.metadata.version('llama-cpp-python')}"


def startup(folder: Path, code: str) -> dict[str, str]:
    """Return the environment in which every Python begins with *code*."""
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])}


def test_doctor_shows_processor_memory_and_its_speed(run):
    """Cores, nodes where the system tells them, and what memory gives, as text and for programs."""
    row = json.loads(run("doctor", "--format", "json").stdout)
    text = run("doctor").stdout

    assert "GB/s measured" in text
    assert "usable" in text
    assert row["memory_bandwidth"] > 1e8
    assert 0 < row["memory_available"] <= row["memory_total"] <= row["memory_installed"]
    assert 1 <= row["physical_cores"] + row["efficiency_cores"] <= row["logical_cores"]
    assert ("cpu", row["memory_bandwidth"]) == (row["devices"][-1]["kind"], row["devices"][-1]["bandwidth"])
    assert row["trouble"] is None
    assert "CPU" in row["llama_cpp"]["backends"]


def test_doctor_survives_a_driver_that_crashes(run, tmp_path):
    """The process that lists devices dies; everything else is shown, and the trouble is told with what to try."""
    text = run("doctor", **startup(tmp_path, CRASH))
    row = json.loads(run("doctor", "--format", "json", **startup(tmp_path, CRASH)).stdout)

    assert ExitCode.OK == text.code
    assert "no model can run: listing the devices ended with" in text.stdout
    assert "driver" in text.stdout
    assert "SmolLM2" in text.stdout
    assert row["trouble"]
    assert [row["trouble"]] == [one["problem"].removeprefix("no model can run: ") for one in row["problems"]]


def test_doctor_says_how_to_build_for_a_card_that_is_not_used(run, tmp_path):
    """A card that the system shows and this llama.cpp cannot use brings one command."""
    text = run("doctor", **startup(tmp_path, CARD)).stdout
    row = json.loads(run("doctor", "--format", "json", **startup(tmp_path, CARD)).stdout)

    assert "NVIDIA GeForce RTX 4090 is there, but this llama.cpp is built without CUDA" in text
    assert "not used:    NVIDIA GeForce RTX 4090, at 0000:01:00.0\n" in text
    assert any("-DGGML_CUDA=on" in line and line.endswith(BINDING) for line in text.splitlines())
    assert "    (needs a C++ compiler and the CUDA toolkit (nvcc)" in text
    expected = [{"vendor": "NVIDIA", "name": "NVIDIA GeForce RTX 4090", "pci": "0000:01:00.0", "usable": False}]
    assert expected == row["cards"]
