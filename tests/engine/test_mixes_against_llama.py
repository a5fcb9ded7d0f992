"""The quantization mixes of known models are those that llama.cpp's own quantizer would make."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from codereader.model.gguf import FILE_TYPES, ModelHeader
from codereader.model.known import known_header
from codereader.model.known.mix import MIXES
from tests.hollow import write_hollow

CHOOSE = r"""
import ctypes, json, re, sys
import llama_cpp as llama

row = re.compile(r"\[ *\d+/ *\d+\] +(\S+) +- \[.*?\], type = +(\w+), size = +[\d.]+ MiB(?: -> +[\d.]+ MiB \((\w+)\))?")
lines = []
heard = llama.llama_log_callback(lambda level, text, data: lines.append(text.decode("utf-8", "replace")))
llama.llama_log_set(heard, None)
llama.llama_backend_init()
for path in sys.argv[2:]:
    for number in json.loads(sys.argv[1]):
        lines.clear()
        settings = llama.llama_model_quantize_default_params()
        settings.ftype, settings.dry_run, settings.nthread = number, True, 1
        failed = llama.llama_model_quantize(path.encode(), b"", ctypes.byref(settings))
        found = {one[1]: (one[3] or one[2]).upper() for one in row.finditer("".join(lines))}
        print(json.dumps([path, number, {} if failed else found]), flush=True)
"""
"""A program that asks the quantizer which types it would choose; it reads no weight and writes nothing."""

MODELS = (
    "deepseek-v2-lite", "falcon-h1-7b", "gemma-3-270m", "gemma-4-26b-a4b", "glm-4.5-air", "granite-4.0-h-tiny",
    "lfm2-8b-a1b", "llama-3.3-70b", "llama-4-scout", "mixtral-8x7b", "nemotron-nano-9b-v2", "phi-4", "qwen2.5-coder-7b",
    "qwen3.5-4b", "qwen3-coder-30b-a3b", "smollm2-135m",
)  # fmt: skip
"""Tied and not, dense and with experts, 8 of them and more, rows that are no multiple of 256, 70 billion weights."""

NUMBERS = {word: number for number, word in FILE_TYPES.items()}


def header(name: str) -> ModelHeader:
    found = known_header(name)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, str]]:
    """The type of each tensor by model and mix, as the quantizer chooses it for a file of BF16."""
    folder = tmp_path_factory.mktemp("hollow")
    paths = {str(write_hollow(folder, header(f"{name}:BF16"))): name for name in MODELS}
    numbers = json.dumps([NUMBERS[mix] for mix in MIXES])
    command = [sys.executable, "-c", CHOOSE, numbers, *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for path in paths:
        Path(path).unlink()
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {(paths[path], FILE_TYPES[number]): types for path, number, types in rows}


@pytest.mark.parametrize("name", MODELS)
def test_mixes_are_what_the_quantizer_makes(name: str, chosen: dict[tuple[str, str], dict[str, str]]) -> None:
    """Every mix, tensor by tensor."""
    ours = {mix: {tensor.name: tensor.kind for tensor in header(f"{name}:{mix}").tensors} for mix in MIXES}

    assert [] == [mix for mix in MIXES if chosen[name, mix] != ours[mix]]
