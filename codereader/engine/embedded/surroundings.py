"""What the bits of an evaluation depend on beside its tokens, read from a loaded model and the plan it runs by."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

from codereader import native
from codereader.engine.embedded import library
from codereader.engine.hardware.devices import device_handle
from codereader.engine.plan import Plan
from codereader.engine.state.environment import environment

llama_cpp = native.llama()

_TEXT_BYTES = 256


def key_of(path: Path, model: Any, plan: Plan) -> bytes | None:
    """Return the key of all of it, None where the model at *path* cannot be read any more.

    Of the model every part counts, and with it its own RoPE and YaRN factors, which nothing here overrides; of the
    engine its version, its files and the processor's instructions that it uses; of the plan where layers and experts
    run, and all that cuts sums into other parts.
    """
    settings = {
        "binding": llama_cpp.__version__,
        "llama.cpp": llama_cpp.llama_version(),
        "libraries": _libraries(),
        "features": llama_cpp.llama_print_system_info(),
        "layers": (plan.gpu_layers, plan.cpu_experts, [(share.name, share.layers) for share in plan.shares]),
        "devices": [_description(name) for name in plan.devices],
        "cache": (plan.cache_type_k, plan.cache_type_v, plan.flash_attention, plan.full_window),
        "batch": (plan.micro_batch, plan.threads),
        "repacks": plan.repacks,
        "long rope": plan.context > _first_context(model),
    }
    try:
        return environment(path, settings)
    except OSError:
        return None


def label_of(model: Any) -> str:
    """Return what *model* calls itself, for people, or its architecture."""
    return _metadata(model, "general.name") or _metadata(model, "general.architecture")


def _libraries() -> list[tuple[str, int]]:
    """Return the names of the engine's files and their sizes: another build is hardly ever as long."""
    folder = Path(llama_cpp.__file__).parent / "lib"
    return sorted((file.name, file.stat().st_size) for file in folder.glob("*") if file.is_file())


def _description(name: str) -> str:
    """Return what a device says that it is."""
    handle = device_handle(name)
    if handle is None:
        return ""
    raw: bytes | None = library.ggml("ggml_backend_dev_description", ctypes.c_char_p, ctypes.c_void_p)(handle)
    return (raw or b"").decode("utf-8", "replace")


def _first_context(model: Any) -> int:
    """Return the context that a model of the LongRoPE kind was first trained for; beyond it other factors hold."""
    architecture = _metadata(model, "general.architecture")
    written = _metadata(model, f"{architecture}.rope.scaling.original_context_length")
    return int(written) if written.isdecimal() else int(llama_cpp.llama_model_n_ctx_train(model))


def _metadata(model: Any, key: str) -> str:
    """Return one value of the model's metadata as text, empty where it is missing."""
    buffer = ctypes.create_string_buffer(_TEXT_BYTES)
    length = llama_cpp.llama_model_meta_val_str(model, key.encode(), buffer, _TEXT_BYTES)
    return buffer.value.decode("utf-8", "replace") if length >= 0 else ""
