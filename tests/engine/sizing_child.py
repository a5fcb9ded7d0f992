"""What llama.cpp says that models take, in a process of its own: it ends the process where a model breaks a rule.

Reads a list of jobs as JSON from standard input, answers one line of JSON each. A model whose file holds metadata
alone is made up by llama.cpp with all tensors that the architecture can have.
"""

from __future__ import annotations

import ctypes
import json
import re
import sys

import llama_cpp

from codereader.engine.embedded.library import ggml

TYPES = {"f16": 1, "q8_0": 8, "q4_0": 2}
CACHE_SIZE = re.compile(r"^(?:llama_kv_cache|llama_memory_recurrent|llama_dsv4_comp_state): .*\bsize = +([0-9.]+) MiB")
WEIGHTS_SIZE = re.compile(r"(\S+) model buffer size = +([0-9.]+) MiB")
UNUSED = re.compile(r"model has unused tensor (\S+)")

log: list[str] = []


class _NoWeights(ctypes.Structure):
    _fields_ = (("no_alloc", ctypes.c_bool), ("context", ctypes.c_void_p))


read_metadata = ggml("gguf_init_from_file", ctypes.c_void_p, ctypes.c_char_p, _NoWeights)
name_of = ggml("ggml_get_name", ctypes.c_char_p, ctypes.c_void_p)


@llama_cpp.llama_log_callback
def _keep(_level, text, _data):
    log.append(text.decode("utf-8", "replace"))


def made_up(path, *, hollow):
    """Return a model made of the metadata at *path*, and its tensors' shapes by name."""
    shapes = {}

    @llama_cpp.llama_model_set_tensor_data_t
    def take(tensor, _data):
        address = ctypes.cast(tensor, ctypes.c_void_p).value
        lengths = list((ctypes.c_int64 * 4).from_address(address + 16))
        while len(lengths) > 1 and lengths[-1] == 1:
            lengths.pop()
        shapes[name_of(address).decode()] = lengths

    params = llama_cpp.llama_model_default_params()
    params.n_gpu_layers, params.load_mtp, params.no_alloc = 0, True, hollow
    found = read_metadata(path.encode(), _NoWeights(True, None))
    return llama_cpp.llama_model_init_from_user(found, take, None, params), shapes


def caches(model, settings):
    """Return the MiB of cache that a context takes with each of *settings*, None where it is refused."""
    found = []
    for context, micro_batch, type_k, type_v, full_window in settings:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch, params.n_seq_max = context, micro_batch, micro_batch, 1
        params.type_k, params.type_v, params.swa_full = TYPES[type_k], TYPES[type_v], full_window
        params.flash_attn_type, params.n_outputs_max = 1, 1
        log.clear()
        made = llama_cpp.llama_init_from_model(model, params)
        sizes = [float(size) for line in log if "buffer" not in line for size in CACHE_SIZE.findall(line)]
        found.append([sum(sizes), len(sizes)] if made else None)
        if made:
            llama_cpp.llama_free(made)
    return found


def loaded(path, gpu_layers):
    """Return the MiB of weights that loading the file at *path* takes by buffer, and the tensors that it left out."""
    params = llama_cpp.llama_model_default_params()
    params.n_gpu_layers, params.load_mode, params.use_extra_bufts = gpu_layers, 0, False
    model = llama_cpp.llama_model_load_from_file(path.encode(), params)
    sizes = {name: float(size) for line in log for name, size in WEIGHTS_SIZE.findall(line)}
    return {"loaded": bool(model), "weights": sizes, "unused": UNUSED.findall("".join(log))}, model


def answer(job):
    """Return what a job asks for."""
    log.clear()
    if job["do"] == "shapes":
        model, found = made_up(job["path"], hollow=False)
    elif job["do"] == "caches":
        model, _ = made_up(job["path"], hollow=True)
        found = caches(model, job["settings"]) if model else None
    else:
        found, model = loaded(job["path"], job.get("gpu_layers", 0))
        found["caches"] = caches(model, job["settings"]) if model else None
    if model:
        llama_cpp.llama_model_free(model)
    return found or {"errors": log[-2:]}


if __name__ == "__main__":
    llama_cpp.llama_log_set(_keep, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    for each in json.load(sys.stdin):
        sys.stdout.write(json.dumps(answer(each)) + "\n")
        sys.stdout.flush()
