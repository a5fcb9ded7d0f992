"""llama.cpp's own parser takes the line that `plan` prints for its server, and reads the plan out of it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.plan import HOST, Plan, Share
from codereader.fronts.plans.flags import server_flags
from codereader.fronts.plans.planned import Asked, Planned
from codereader.model.gguf import read_header
from tests.gguf_files import bundled_model

GIB = 1 << 30

PARSER = """
import ctypes, json, pathlib, sys
import llama_cpp
folder = pathlib.Path(llama_cpp.__file__).parent.parent / "lib"
common = ctypes.CDLL(str(next(iter(sorted(folder.glob("libllama-common*"))))))
held = ctypes.create_string_buffer(1 << 18)
common._ZN13common_paramsC1Ev(held)
words = [word.encode() for word in sys.argv[1:]]
parse = common._Z19common_params_parseiPPcR13common_params13llama_examplePFviS0_E
parse.restype = ctypes.c_bool
SERVER = 12
if not parse(len(words), (ctypes.c_char_p * (len(words) + 1))(*words, None), held, SERVER, None):
    sys.exit("llama.cpp does not take these flags")
contexts = common._Z30common_context_params_to_llamaRK13common_params
contexts.restype = llama_cpp.llama_context_params
models = common._Z28common_model_params_to_llamaR13common_params
models.restype = llama_cpp.llama_model_params
context, model = contexts(held), models(held)
class Override(ctypes.Structure):
    _fields_ = [("pattern", ctypes.c_char_p), ("kind", ctypes.c_void_p)]
patterns, at = [], 0
overrides = ctypes.cast(model.tensor_buft_overrides, ctypes.POINTER(Override))
while overrides and overrides[at].pattern:
    patterns.append(overrides[at].pattern.decode())
    at += 1
print(json.dumps({
    "context": context.n_ctx, "batch": context.n_batch, "micro_batch": context.n_ubatch,
    "sequences": context.n_seq_max, "types": [context.type_k, context.type_v], "full_window": context.swa_full,
    "flash": context.flash_attn_type, "layers": model.n_gpu_layers, "patterns": patterns,
    "split": [model.tensor_split[at] for at in range(4)],
}))
"""
"""What llama-server does with its arguments, through the library that holds its parser."""


def read(plan: Plan, devices: int) -> dict:
    """Return what llama.cpp reads out of the flags for *plan*."""
    header = read_header(bundled_model())
    cards = tuple(Device(f"CUDA{n}", "a card", "gpu", 20 * GIB, 20 * GIB) for n in range(devices))
    machine = Machine(cards, 90 * GIB, 96 * GIB, 8, 8, can_offload=True, name="a box")
    line = server_flags(Planned("here", header, machine, Asked(4000, 96), (plan,), str(bundled_model())), plan)
    words = [sys.executable, "-c", PARSER, *shlex.split(line)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


def a_plan(layers: tuple[int, ...], **changes: object) -> Plan:
    """Return a plan with so many *layers* on each card."""
    cards = tuple(Share(f"CUDA{n}", GIB, GIB, GIB, 20 * GIB, layers=count) for n, count in enumerate(layers))
    usual = {
        "context": 4096,
        "gpu_layers": sum(layers),
        "cache_type_k": "q8_0",
        "cache_type_v": "q8_0",
        "micro_batch": 4096,
        "threads": 2,
        "flash_attention": True,
        "shares": (*cards, Share(HOST, GIB, 0, GIB, 90 * GIB)),
    }
    return Plan(**(usual | changes))


@pytest.fixture(autouse=True)
def _has_parser() -> None:
    """Skip where the library with the parser is not installed, or its names are those of another compiler."""
    import llama_cpp

    if sys.platform == "win32":
        pytest.skip("Microsoft's compiler gives the parser another name")
    if not list((Path(llama_cpp.__file__).parent.parent / "lib").glob("libllama-common*")):
        pytest.skip("this llama-cpp-python was installed without libllama-common, which parses the server's flags")


def test_the_server_reads_the_plan() -> None:
    """Context, cache, batches, layers and the split over cards arrive as they were planned."""
    row = read(a_plan((13, 12, 6), full_window=True, mmap=False), devices=3)

    assert (4096, 4096, 4096, 1) == (row["context"], row["batch"], row["micro_batch"], row["sequences"])
    assert ([8, 8], True, 1) == (row["types"], row["full_window"], row["flash"])
    assert (31, [13.0, 12.0, 6.0, 0.0]) == (row["layers"], row["split"])


@pytest.mark.parametrize(
    ("experts", "count"), [((0, 1, 2), 3), (tuple(range(30)), 1), ((4, 9), 1), ((), 0)], ids=["n", "all", "some", "no"]
)
def test_the_server_reads_which_experts_stay(experts: tuple[int, ...], count: int) -> None:
    """The first layers, all of them, any of them: as many patterns as llama.cpp makes of that flag."""
    row = read(a_plan((31,), cpu_experts=experts, cache_type_k="f16", cache_type_v="f16"), devices=1)

    assert (count, [1, 1]) == (len(row["patterns"]), row["types"])
