"""Open a model and make its context, with every failure of llama.cpp as one sentence.

Owns the C parameters, for a real load and for a dry run alike. The handles that it returns are freed by the caller.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path
from typing import Any

from codereader import native
from codereader.cancel import CancelToken
from codereader.engine.embedded import library
from codereader.engine.embedded.buffers import owner, owners, read_buffers
from codereader.engine.embedded.guard import Guard
from codereader.engine.hardware.devices import device_handle, free_bytes
from codereader.engine.hardware.host import host_memory
from codereader.engine.plan import HOST, Plan, Share, size
from codereader.engine.protocol import LoadProgress
from codereader.engine.retreat import THE_HOST, THE_WORK_SPACE
from codereader.engine.state.environment import parts
from codereader.errors import ModelError, ModelNotFound, ModelTooLarge, ModelUnreadable

llama_cpp = native.llama()

_CACHE_TYPES = {
    "f16": llama_cpp.GGML_TYPE_F16,
    "q8_0": llama_cpp.GGML_TYPE_Q8_0,
    "q4_0": llama_cpp.GGML_TYPE_Q4_0,
}

_SMALL_PARTS = 128 << 20
"""Bytes that a context takes beside its cache and work space, with room to spare."""


class _Override(ctypes.Structure):
    """llama.h's `llama_model_tensor_buft_override`: tensors whose names match go to that type of buffer."""

    _fields_ = (("pattern", ctypes.c_char_p), ("buffer_type", ctypes.c_void_p))


def open_model(path: Path, plan: Plan, cancel: CancelToken, progress: LoadProgress | None) -> Any:
    """Return llama.cpp's handle of the model at *path*.

    Raises: ModelNotFound, ModelUnreadable, ModelTooLarge, Cancelled, and whatever *progress* raised.
    """
    if not path.is_file():
        raise ModelNotFound(f"there is no model file at {path}")
    library.forget_log()
    _check_memory(path, plan)
    before = identity(path)
    guard = Guard(cancel, progress)
    parameters = model_parameters(plan)
    parameters.progress_callback = guard.on_progress
    model = llama_cpp.llama_model_load_from_file(os.fsencode(path), parameters)
    if not model:
        guard.raise_if_stopped()
        raise _load_error(path, plan)
    try:
        guard.raise_if_stopped()
        _check_it_generates(path, model)
        if path.exists() and identity(path) != before:
            raise ModelUnreadable(f"{path} was replaced while it was loaded", hint="Ask again when it is complete.")
    except BaseException:
        llama_cpp.llama_model_free(model)
        raise
    return model


def make_context(path: Path, model: Any, plan: Plan) -> Any:
    """Return llama.cpp's handle of a context for one sequence. Raises: ModelTooLarge, ModelUnreadable."""
    library.forget_log()
    if plan.gpu_layers == 0 and not _can_allocate(plan.cache_bytes + plan.compute_bytes + _SMALL_PARTS):
        raise _context_too_large(path, plan, HOST, "the system refused to allocate so much")
    context = llama_cpp.llama_init_from_model(model, context_parameters(plan))
    if not context:
        raise _context_error(path, plan)
    return context


def identity(path: Path) -> tuple[tuple[int, int, int, int], ...]:
    """Return what tells the files of a model from others that take their place. Raises: ModelNotFound."""
    try:
        found = [part.stat() for part in (path, *parts(path))]
    except OSError as error:
        raise ModelNotFound(f"there is no model file at {path} any more") from error
    return tuple((status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns) for status in found)


def _check_memory(path: Path, plan: Plan) -> None:
    """Raise ModelTooLarge where a device, or the host, no longer has what the plan takes of it.

    On a device the cache comes after all weights were read, minutes later where they are large. Systems promise more
    memory than they have, and end some process when it is used.
    """
    for share in plan.shares:
        on_host = share.name == HOST
        used = plan.host_bytes if on_host else share.used
        free = host_memory().available if on_host else free_bytes(share.name)
        if free is None or used <= free:
            continue
        error = _weights_too_large if used == share.used and share.weights > free else _context_too_large
        raise error(path, plan, share.name, f"{size(free)} are available now, {size(used - free)} too little")


def model_parameters(plan: Plan) -> Any:
    """Return llama.cpp's `llama_model_params` that place the weights as *plan* says: whole layers, and experts apart.

    What it points to lives as long as it does. Raises: ModelError when a device has gone.
    """
    parameters = llama_cpp.llama_model_default_params()
    devices, split, overrides = _device_list(plan), _split(plan), _expert_overrides(plan)
    parameters.n_gpu_layers = _gpu_layers(plan)
    parameters.split_mode = llama_cpp.LLAMA_SPLIT_MODE_LAYER
    parameters.devices = ctypes.cast(devices, ctypes.c_void_p)
    parameters.tensor_split = split
    parameters.tensor_buft_overrides = ctypes.cast(overrides, ctypes.c_void_p) if overrides else None
    parameters.load_mode = llama_cpp.LLAMA_LOAD_MODE_AUTO if plan.mmap else llama_cpp.LLAMA_LOAD_MODE_NONE
    parameters.use_extra_bufts = plan.repacks
    parameters.kept_alive = (devices, split, overrides)
    return parameters


def context_parameters(plan: Plan) -> Any:
    """Return llama.cpp's `llama_context_params` of a context for one sequence and one row of logits."""
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx = plan.context
    parameters.n_batch = parameters.n_ubatch = plan.micro_batch
    parameters.n_seq_max = 1
    parameters.n_outputs_max = 1
    parameters.n_threads = parameters.n_threads_batch = plan.threads
    parameters.type_k, parameters.type_v = _CACHE_TYPES[plan.cache_type_k], _CACHE_TYPES[plan.cache_type_v]
    parameters.flash_attn_type = _flash_attention(plan)
    parameters.swa_full = plan.full_window
    parameters.offload_kqv = parameters.op_offload = bool(plan.devices)
    parameters.no_perf = True
    return parameters


def _gpu_layers(plan: Plan) -> int:
    """Return how many layers llama.cpp puts on devices, -1 for all.

    It runs some architectures with more layers than their headers count.
    """
    host = next((share for share in plan.shares if share.name == HOST), None)
    return -1 if plan.devices and host is not None and not host.layers else plan.gpu_layers


def _flash_attention(plan: Plan) -> int:
    """Return how llama.cpp is to attend. On devices it looks whether they can, and its log says if they cannot."""
    if not plan.flash_attention:
        return int(llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED)
    return int(llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO if plan.devices else llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED)


def _device_list(plan: Plan) -> Any:
    """Return a NULL-terminated array of the devices that may be used. Raises: ModelError when one has gone."""
    handles = []
    for name in plan.devices:
        handle = device_handle(name)
        if handle is None:
            raise ModelError(f"the device {name} is not there any more", hint="`codereader doctor` lists devices.")
        handles.append(handle)
    return (ctypes.c_void_p * (len(handles) + 1))(*handles, None)


def _split(plan: Plan) -> Any:
    """Return the layers that each device takes, in as many numbers as llama.cpp reads.

    It divides their running sum by their total, and a layer's number by the layers on devices: where the two totals are
    one number, no layer is rounded to another device (llama.cpp, src/llama-model.cpp).
    """
    layers = [share.layers for share in plan.shares if share.name in plan.devices]
    return (ctypes.c_float * max(len(layers), llama_cpp.llama_max_devices()))(*layers)


def _expert_overrides(plan: Plan) -> Any:
    """Return the rule that keeps experts of some layers in the host's memory, and its end; None where there are none.

    One rule for all layers: llama.cpp tries each rule as a regular expression on each tensor.
    """
    if not plan.cpu_experts or not plan.devices:
        return None
    layers = "|".join(map(str, plan.cpu_experts))
    pattern = rf"^blk\.({layers})\.ffn_(gate|up|down|gate_up)_(ch)?exps\.".encode()
    host = library.ggml("ggml_backend_cpu_buffer_type", ctypes.c_void_p)()
    return (_Override * 2)(_Override(pattern, host))


def _check_it_generates(path: Path, model: Any) -> None:
    """Raise ModelUnreadable for a model that does not write text from left to right."""
    if llama_cpp.llama_model_is_diffusion(model):
        kind = "a diffusion model"
    elif llama_cpp.llama_model_has_encoder(model) or not llama_cpp.llama_model_has_decoder(model):
        kind = "a model with an encoder"
    else:
        return
    raise ModelUnreadable(f"{path} is {kind}, which cannot answer questions", hint="Choose a chat model.")


def _load_error(path: Path, plan: Plan) -> ModelError:
    why = library.last_error()
    if library.ran_out_of_memory():
        return _weights_too_large(path, plan, _short(plan), why)
    return ModelUnreadable(f"llama.cpp cannot load {path}: {why}", hint=_mend(why))


def _mend(why: str) -> str:
    if "unknown model architecture" in why or "unknown pre-tokenizer" in why:
        return "This model is newer than the installed llama-cpp-python: upgrade that package or choose another model."
    return "Download the model again, or choose another one: `codereader models list`."


def _can_allocate(count: int) -> bool:
    """Whether this process could take *count* bytes now. Nothing is kept or touched.

    llama.cpp ends the process when one of its small allocations fails; asking before leaves that to rare races.
    """
    try:
        mmap.mmap(-1, count).close()
    except (OSError, OverflowError):
        return False
    return True


def _context_error(path: Path, plan: Plan) -> ModelError:
    why = library.last_error()
    if library.ran_out_of_memory():
        return _context_too_large(path, plan, _short(plan), why)
    return ModelUnreadable(f"llama.cpp cannot make a context of {plan.context:,} tokens for {path}: {why}")


def _short(plan: Plan) -> str:
    """Return the device that ran out, or HOST, as far as the log tells; empty where it does not."""
    failed = library.buffer_that_failed()
    return owner(failed, owners()) if failed and plan.devices else ""


def _weights_too_large(path: Path, plan: Plan, short: str, why: str) -> ModelTooLarge:
    where, shares = _of(plan, short)
    count = sum(share.weights for share in shares)
    return ModelTooLarge(
        f"there is not enough memory{where} for the {size(count)} of {path}{' planned there' if where else ''}: {why}",
        _way_out(plan, short),
    )


def _context_too_large(path: Path, plan: Plan, short: str, why: str) -> ModelTooLarge:
    where, shares = _of(plan, short)
    cache = sum(share.cache for share in shares)
    compute = sum(share.compute + share.scratch for share in shares)
    what = f"{THE_WORK_SPACE} of " if _has_cache(short) else ""
    return ModelTooLarge(
        f"there is not enough memory{where} for {what}a context of {plan.context:,} tokens with {path} "
        f"({size(cache)} cache and {size(compute)} work space): {why}",
        _way_out(plan, short),
    )


def _way_out(plan: Plan, short: str) -> str:
    """Return what a person can do about memory that ran out on the device *short*, the host, or nobody knows where."""
    if short in plan.devices:
        return f"Close what else uses {short}, or pass a smaller --ctx, or --device cpu; `codereader plan` shows more."
    return (
        "Close other programs, or pass a smaller --ctx or a smaller model; `codereader plan` shows what each would "
        "take, `codereader ask --no-model` answers from facts alone."
    )


def _has_cache(short: str) -> bool:
    """Whether the log tells that *short* had the memory for its cache."""
    return bool(short) and read_buffers(library.log(), owners()).held.of(short).cache > 0


def _of(plan: Plan, short: str) -> tuple[str, tuple[Share, ...]]:
    """Return which memory *short* is, in the words that `retreat.ran_out` knows, and the parts planned there."""
    if not short or not plan.devices:
        return "", plan.shares
    shares = tuple(share for share in plan.shares if share.name == short)
    return f" on {THE_HOST if short == HOST else short}", shares
