"""A llama.cpp that does not load, and what is set before it does."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ASK = """
import os, sys
from codereader.errors import ModelError
from codereader.engine.hardware.devices import inventory
print(inventory().devices[-1].kind)
for module in {modules!r}:
    try:
        __import__(module)
    except ModelError as error:
        print(error.exit_code, error, "|", error.hint)
"""

ROOMS = ["codereader.model.llama_vocabulary", "codereader.engine.embedded.llama", "codereader.engine.embedded.library"]


@pytest.mark.parametrize(
    ("raised", "why"),
    [
        ("OSError('libgomp.so.1: cannot open shared object file')", "libgomp.so.1: cannot open shared object file"),
        ("RuntimeError('Failed to load shared library')", "Failed to load shared library"),
        ("ImportError('not built\\nfor here')", "not built for here"),
        ("AttributeError()", "AttributeError"),
    ],
)
def test_a_library_that_does_not_load_is_one_sentence_and_a_way_out(tmp_path, raised, why):
    """Whichever room asks first, the error is the model's, with the command that mends it; only the CPU is left."""
    (tmp_path / "llama_cpp").mkdir()
    (tmp_path / "llama_cpp" / "__init__.py").write_text(f"raise {raised}")

    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n" + ASK.format(modules=ROOMS)],
        capture_output=True,
        text=True,
        check=True,
    )

    kind, *sentences = done.stdout.splitlines()
    assert ("cpu", "", 3) == (kind, done.stderr, len(sentences))
    assert all(one.startswith(f"4 cannot load the llama.cpp library: {why} | ") for one in sentences)
    assert all("pip install --force-reinstall" in one for one in sentences)


@pytest.mark.parametrize("module", ROOMS)
def test_whichever_room_comes_first_threads_soon_sleep(tmp_path, module):
    """What the library reads as it is loaded is set by then; a person's own wish stands."""
    (tmp_path / "llama_cpp.py").write_text(
        "import os; print(os.environ.get('GOMP_SPINCOUNT'), os.environ['GGML_NO_BACKTRACE'])\nraise ImportError"
    )
    ours = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "GGML_NO_BACKTRACE")
    bare = {name: value for name, value in os.environ.items() if name not in ours}
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\ntry:\n  import {module}\nexcept Exception: pass"

    said = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=bare | wish).stdout
        for wish in ({}, {"GOMP_SPINCOUNT": "7"}, {"OMP_WAIT_POLICY": "active"})
    ]

    assert ["5000 1\n", "7 1\n", "None 1\n"] == said


def test_the_functions_alone_are_the_same_library(tmp_path):
    """A process of ours loads a third of the binding, and every room works as with the whole."""
    code = (
        "import sys; from codereader import native; native.functions_only()\n"
        "from codereader.engine.embedded import buffers, library, llama\n"
        "from codereader.engine.embedded.version import version\n"
        "library.start(); print(len(buffers.owners()) >= 0, version())\n"
        "print(sorted({'numpy', 'jinja2', 'diskcache', 'llama_cpp.llama'} & sys.modules.keys()))\n"
    )
    whole = "from codereader.engine.embedded.version import version; print(version())"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    asked = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=True)

    assert [f"True {asked.stdout.strip()}", "[]"] == done.stdout.splitlines()


def test_functions_that_are_not_there_are_one_sentence(tmp_path):
    """A binding that was installed in part is told as one that does not load."""
    (tmp_path / "llama_cpp").mkdir()
    (tmp_path / "llama_cpp" / "__init__.py").write_text("")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from codereader import native\nfrom codereader.errors import ModelError\n"
        "try:\n    native.functions_only()\nexcept ModelError as error:\n    print(error, 'llama_cpp' in sys.modules)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("cannot load the llama.cpp library: No module named 'llama_cpp.llama_cpp'")
    assert done.stdout.endswith("False\n")
