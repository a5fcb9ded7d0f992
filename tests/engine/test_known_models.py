"""llama.cpp accepts the header of every model that is known by name, and counts in it what its publisher counted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from codereader.model.gguf import ModelHeader
from codereader.model.known import known_header, known_names
from codereader.model.known.geometry import known_models
from tests.hollow import write_hollow

COUNT = """
import ctypes, json, sys
import llama_cpp as llama

silent = llama.llama_log_callback(lambda level, text, data: None)
llama.llama_log_set(silent, None)
llama.llama_backend_init()
settings = llama.llama_model_default_params()
settings.no_alloc, settings.load_mode, settings.n_gpu_layers = True, 0, 0
for path in sys.argv[1:]:
    model = llama.llama_model_load_from_file(path.encode(), settings)
    counts = [llama.llama_model_size(model), llama.llama_model_n_params(model)] if model else None
    print(json.dumps([path, counts]), flush=True)
    if model:
        llama.llama_model_free(model)
"""
"""A program that loads models without their weights. One that llama.cpp aborts ends it: those after it fail too."""


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int] | None]:
    """Bytes and number of weights as llama.cpp counts them, by name; None for what it does not load."""
    folder = tmp_path_factory.mktemp("hollow")
    paths = {str(write_hollow(folder, header(name))): name for name in known_names()}
    done = subprocess.run([sys.executable, "-c", COUNT, *paths], capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    for path in paths:
        Path(path).unlink()
    return {paths[path]: counts for path, counts in rows}


def header(name: str) -> ModelHeader:
    found = known_header(name)
    assert found is not None
    return found


def test_the_files_name_their_models_once() -> None:
    """As many usual names as models."""
    assert len(known_models()) == len(set(known_names()))


@pytest.mark.parametrize("name", known_names())
def test_llama_cpp_loads_what_is_known(name: str, counted: dict[str, list[int] | None]) -> None:
    """All tensors that the architecture needs, each with the shape that its metadata ask for; the bytes it counts."""
    ours = header(name)

    assert [sum(tensor.bytes for tensor in ours.tensors), ours.parameters] == counted.get(name)
