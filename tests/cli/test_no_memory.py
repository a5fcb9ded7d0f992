"""Memory that runs out outside of a model: one sentence, what to do, and an exit code of its own."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from codereader.fronts.cli import group, run


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        ImportError("libopenblas.so: failed to map segment from shared object"),
        RuntimeError("can't start new thread"),
    ],
)
def test_memory_that_runs_out_is_no_bug(monkeypatch, capsys, error):
    """Whoever says it: Python, the system, the loader of libraries."""

    def fails(**_):
        raise error

    monkeypatch.setattr(group, "main", fails)

    assert 71 == run(["map", "."])
    told = capsys.readouterr().err
    assert "memory that this program may use ran out during `codereader map`" in told
    assert "ulimit -v" in told
    assert "bug" not in told


@pytest.mark.parametrize("error", [RuntimeError("dictionary changed size"), OSError(errno.EIO, "I/O"), ValueError()])
def test_other_errors_stay_bugs(monkeypatch, capsys, error):
    """With a log that can be reported."""

    def fails(**_):
        raise error

    monkeypatch.setattr(group, "main", fails)

    assert 70 == run(["map", "."])
    assert "a bug stopped this command" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to a limit on its addresses")
def test_a_real_limit_is_told_as_such(tmp_path: Path):
    """A process that gets no more memory in the midst of reading a tree."""
    (tmp_path / "a.c").write_text("int f(void)\n{\n\treturn 1;\n}\n")
    code = (
        "import resource, sys\n"
        "def hungry(*_, **__):\n"
        "    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "    return bytearray(1 << 31)\n"
        "import codereader.reader as reader\n"
        "reader.Reader.brief = hungry\n"
        "from codereader.fronts.cli import run\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    env = {**os.environ, "CODEREADER_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-c", code, "brief", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)

    assert (71, "") == (done.returncode, done.stdout)
    assert "`codereader brief`" in done.stderr
    assert "Traceback" not in done.stderr
