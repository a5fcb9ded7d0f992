"""The way to llama.cpp: the one place that imports its binding, after saying what its library reads as it is loaded.

Both rooms that use it (model, engine) come through here, whichever is first. Also says on which processors threads of
ours and of the library may run. Knows nothing of models.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from codereader.errors import ModelError

SPINS = 5_000
"""How often a thread looks for work before it sleeps, at each of the thousand barriers of a token.

GNU OpenMP's own 300,000 starve the other threads when the machine has anything else to do. Measured on two cores with
two other busy processes: 23 tokens a second of answer with this number, 1.4 without; on idle cores no difference.
"""

HINT = (
    "Install it again: `python -m pip install --force-reinstall --no-cache-dir llama-cpp-python`; on Linux it needs "
    "the system's libgomp. `codereader ask --no-model` answers from facts alone."
)


T = TypeVar("T")

_VERSION = re.compile(r"""^__version__ = ["']([^"'\\]+)["']""", re.MULTILINE)


def llama() -> Any:
    """Return the module `llama_cpp`, its library loaded. Raises: ModelError where that cannot be loaded."""
    _prepare()
    return _loaded(lambda: importlib.import_module("llama_cpp"))


def functions_only() -> None:
    """Load the C functions of the binding as if they were all of it: the rest takes 0.25 s, and nothing here needs it.

    For a process that is ours alone: who imports `llama_cpp` there finds no class `Llama`. Raises: ModelError.
    """
    _prepare()
    if "llama_cpp" not in sys.modules:
        _loaded(_load_functions)


def _load_functions() -> None:
    spec = importlib.util.find_spec("llama_cpp")
    if spec is None or spec.origin is None:
        raise ImportError("there is no package llama_cpp")
    package = sys.modules["llama_cpp"] = importlib.util.module_from_spec(spec)
    try:
        functions = importlib.import_module("llama_cpp.llama_cpp")
    except BaseException:
        del sys.modules["llama_cpp"]
        raise
    public = {name: value for name, value in vars(functions).items() if not name.startswith("_")}
    vars(package).update(public, __version__=_version(Path(spec.origin)))


def _version(package: Path) -> str:
    """Return the version that *package* states, without running it."""
    stated = _VERSION.search(package.read_text("utf-8"))
    if stated:
        return stated[1]
    from importlib.metadata import version

    return version("llama_cpp_python")


def _loaded(load: Callable[[], T]) -> T:
    try:
        return load()
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise ModelError(f"cannot load the llama.cpp library: {why}", HINT) from error


def processors() -> tuple[int, ...]:
    """Return the numbers of the logical processors that this process may run on, at least one, ascending."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def _prepare() -> None:
    """Set what the libraries read once, as they are loaded. A person's own settings stand.

    Where an assertion of ggml fails the process ends; without GGML_NO_BACKTRACE it would first run a debugger.
    """
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    if not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys():
        os.environ["GOMP_SPINCOUNT"] = str(SPINS)
