"""Small models of any architecture with random weights, made in memory: what they say is noise, but always the same."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np

from codereader.engine.embedded import library
from tests.engine.geometry import metadata
from tests.gguf_files import Value, write_gguf

CACHE_TYPES = {"f16": 1, "q8_0": 8, "q4_0": 2}
_WHOLE_NUMBERS = 26


class _NoWeights(ctypes.Structure):
    _fields_ = (("no_alloc", ctypes.c_bool), ("context", ctypes.c_void_p))


def make_model(folder: Path, architecture: str, changes: dict[str, Value | None] | None = None) -> Any:
    """Return llama.cpp's handle of a model of *architecture*, for the caller to free; *folder* takes its header."""
    library.start()
    path = write_gguf(folder / f"{architecture}.gguf", metadata(architecture, changes))
    read = library.ggml("gguf_init_from_file", ctypes.c_void_p, ctypes.c_char_p, _NoWeights)
    name_of = library.ggml("ggml_get_name", ctypes.c_char_p, ctypes.c_void_p)
    length = library.ggml("ggml_nbytes", ctypes.c_size_t, ctypes.c_void_p)
    put = library.ggml(
        "ggml_backend_tensor_set", None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t
    )
    random = np.random.default_rng(7)

    @llama_cpp.llama_model_set_tensor_data_t
    def fill(tensor: int, _data: object) -> None:
        size = length(tensor)
        numbers = _numbers(name_of(tensor).decode(), ctypes.c_int32.from_address(tensor).value, size // 4, random)
        put(tensor, numbers.ctypes.data, 0, size)

    parameters = llama_cpp.llama_model_default_params()
    parameters.n_gpu_layers = 0
    model = llama_cpp.llama_model_init_from_user(
        read(str(path).encode(), _NoWeights(True, None)), fill, None, parameters
    )
    assert model, library.log()[-3:]
    return model


def _numbers(name: str, kind: int, count: int, random: np.random.Generator) -> Any:
    """Return the values of one tensor, such that a model's sums stay small and its states fade."""
    if kind == _WHOLE_NUMBERS:
        return np.zeros(count, np.int32)
    if name.endswith("norm.weight"):
        return np.ones(count, np.float32)
    values = random.standard_normal(count).astype(np.float32)
    return -np.abs(values) if name.endswith("ssm_a") else values * np.float32(0.05)


def make_context(
    model: Any, tokens: int, step: int, keys: str = "f16", values: str = "f16", *, flash: bool = True
) -> Any:
    """Return a context of one thread that takes *step* tokens at a time, for the caller to free."""
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx, parameters.n_batch, parameters.n_ubatch = tokens, step, step
    parameters.n_seq_max = parameters.n_outputs_max = 1
    parameters.n_threads = parameters.n_threads_batch = 1
    parameters.type_k, parameters.type_v = CACHE_TYPES[keys], CACHE_TYPES[values]
    parameters.flash_attn_type, parameters.swa_full = int(flash), False
    parameters.offload_kqv = parameters.op_offload = False
    context = llama_cpp.llama_init_from_model(model, parameters)
    assert context, library.log()[-3:]
    return context
